"""SMSEagle's read_sms for texts that were sent: what became of them, under the numbers that sending answered. Own texts only.

Rows have the columns of Gammu's database, as SMSEagle shows them. Times are UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from gateway.records import Encoding, Key, Message, Status
from gateway.store.messages import MessageFilter
from gateway.web.compat.entry import Entry
from gateway.web.compat.reading import plus, whole
from gateway.web.compat.refused import wrong

_WAITING = (Status.QUEUED, Status.SENDING)
_FOLDERS = {
    "outbox": _WAITING,
    "sentitems": tuple(status for status in Status if status not in (*_WAITING, Status.RECEIVED)),
}
_STATUS = {
    Status.QUEUED: "Reserved",
    Status.SENDING: "Reserved",
    Status.SENT: "SendingOK",
    Status.DELIVERED: "DeliveryOK",
    Status.UNDELIVERED: "DeliveryFailed",
    Status.UNKNOWN: "DeliveryUnknown",
}
_FAILED = "SendingError"
_USUALLY, _MOST = 100, 1000
_LARGEST = 2**53
_NOTHING = "No data to display"


def read(entry: Entry, key: Key, given: Mapping[str, Any]) -> object:
    folder = given.get("folder")
    if folder not in _FOLDERS:
        raise wrong("folder", f"is none of {', '.join(_FOLDERS)}; received texts leave by webhook")
    wanted = MessageFilter(
        among=_FOLDERS[folder],
        to=entry.kept(plus(str(given.get("to") or ""))),
        first_serial=_number(given, "idfrom"),
        last_serial=_number(given, "idto"),
        key_id=entry.only(key),
    )
    page = entry.doors.store.messages.find(wanted, None, whole("limit", given.get("limit") or _USUALLY, 1, _MOST))
    extended = given.get("responsetype") == "extended"
    if not page.messages:
        return {"error_text": _NOTHING, "status": "error"} if extended else _NOTHING
    rows = [_row(message) for message in reversed(page.messages)]
    return {"messages": rows, "status": "ok"} if extended else rows


def _number(given: Mapping[str, Any], name: str) -> int | None:
    return whole(name, given[name], 0, _LARGEST) if given.get(name) not in (None, "") else None


def _row(message: Message) -> dict[str, str | None]:
    return {
        "ID": str(message.serial),
        "InsertIntoDB": _moment(message.created_at),
        "SendingDateTime": _moment(message.sent_at),
        "DeliveryDateTime": _moment(message.delivered_at),
        "DestinationNumber": message.to,
        "TextDecoded": message.text,
        "Coding": "Unicode_No_Compression" if message.encoding is Encoding.UCS2 else "Default_No_Compression",
        "Class": "0" if message.flash else "-1",
        "SenderID": message.channel or "",
        "Status": _STATUS.get(message.status, _FAILED),
        "oid": message.client_ref,
    }


def _moment(seconds: float | None) -> str | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")
