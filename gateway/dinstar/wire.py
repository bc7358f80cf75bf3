"""The questions a box understands and what its answers say (document "Dinstar GSM Gateway HTTP API", v201910). Pure.

Answers are read generously: numbers may come as strings, unknown fields are passed over, a row that makes no sense is left out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from urllib.parse import urlencode

from gateway.dinstar.faults import Garbled
from gateway.records import Refused, Word

MOST_ASKED = 32  # user_ids in one query_sms_result
MOST_USSD = 60  # bytes

TIME = "%Y-%m-%d %H:%M:%S"

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    path: str  # with its query
    body: bytes = b""

    @property
    def call(self) -> str:
        """For people and logs."""
        return self.path.partition("?")[0].rpartition("/")[2]


class Result(StrEnum):
    SENDING = "SENDING"
    SENT_OK = "SENT_OK"
    FAILED = "FAILED"
    DELIVERED = "DELIVERED"


@dataclass(frozen=True, slots=True)
class TextResult:
    """What became of one text; `user_id` is the attempt. Port -1: the box does not say."""

    user_id: int
    port: int
    number: str
    time: str  # by the box's clock
    status: Result
    parts: int
    parts_sent: int
    reference: int


@dataclass(frozen=True, slots=True)
class DeliverStatus:
    """The network's word on one part."""

    port: int
    number: str
    time: str
    reference: int
    status: int


@dataclass(frozen=True, slots=True)
class PortInfo:
    port: int
    kind: str
    imei: str
    imsi: str
    iccid: str
    smsc: str
    number: str
    reg: str
    signal: int | None


# Questions


def results(user_ids: Sequence[int]) -> Request:
    return _post("query_sms_result", {"user_id": list(user_ids)})


def deliver_statuses(ports: Sequence[int], after: str) -> Request:
    return _post("query_sms_deliver_status", {"port": list(ports)} | ({"time_after": after} if after else {}))


def incoming(after: int) -> Request:
    """Never `unread`: reading marks texts as read on the box, and an answer that is lost would lose them."""
    return _get("query_incoming_sms", {"flag": "all", "incoming_sms_id": after})


def port_info() -> Request:
    """Of all ports: a question that names a port which is not there is refused as a whole."""
    return _get("get_port_info", {"info_type": "port,type,imei,imsi,iccid,smsc,number,reg,signal"})


def set_port(port: int, action: str, param: str = "") -> Request:
    return _get("set_port_info", {"port": port, "action": action} | ({"param": param} if param else {}))


def send_ussd(port: int, code: str) -> Request:
    return _post("send_ussd", {"text": code, "port": [port], "command": "send"})


def cancel_ussd(port: int) -> Request:
    return _post("send_ussd", {"text": "", "port": [port], "command": "cancel"})


def ussd_reply(port: int) -> Request:
    return _get("query_ussd_reply", {"port": port})


def _post(call: str, document: Document) -> Request:
    # Escaped, as the clients do that such boxes are known to understand.
    return Request("POST", f"/api/{call}", json.dumps(document).encode())


def _get(call: str, query: Mapping[str, object]) -> Request:
    return Request("GET", f"/api/{call}?{urlencode(query, safe=',')}")


# Answers


def document(body: bytes) -> Document:
    """Raises Garbled for anything but a JSON object."""
    try:
        read = json.loads(body)
    except (ValueError, RecursionError) as fault:
        raise Garbled(f"the answer is no JSON: {body[:60]!r}") from fault
    if not isinstance(read, dict):
        raise Garbled(f"the answer is no JSON object: {body[:60]!r}")
    return read


def error_code(answer: Document) -> int:
    """Raises Garbled when there is none."""
    code = whole(answer.get("error_code"))
    if code is None:
        raise Garbled("the answer holds no error_code")
    return code


def serial_number(answer: Document) -> str:
    return text(answer.get("sn"))


def text_results(rows: object) -> list[TextResult]:
    """The newest last."""
    found = []
    for row in tables(rows):
        user_id, status = whole(row.get("user_id")), text(row.get("status")).upper()
        if user_id and status in list(Result):
            counts = (whole(row.get(name)) or 0 for name in ("count", "succ_count", "ref_id"))
            found.append(TextResult(user_id, _port(row), text(row.get("number")), text(row.get("time")), Result(status), *counts))
    return sorted(found, key=lambda result: result.time)


def delivery(rows: object) -> list[DeliverStatus]:
    found = []
    for row in tables(rows):
        reference, status = whole(row.get("ref_id")), whole(row.get("status_code"))
        if reference is not None and status is not None and 0 <= status < 256:
            found.append(DeliverStatus(_port(row), text(row.get("number")), text(row.get("time")), reference, status))
    return found


def ports(rows: object) -> list[PortInfo]:
    return [
        PortInfo(
            port=_port(row),
            kind=text(row.get("type")),
            imei=text(row.get("imei")),
            imsi=text(row.get("imsi")),
            iccid=text(row.get("iccid")),
            smsc=text(row.get("smsc")),
            number=text(row.get("number")),
            reg=text(row.get("reg")).upper(),
            signal=whole(row.get("signal")),
        )
        for row in tables(rows)
        if _port(row) >= 0
    ]


def ussd_status(answer: Document, port: int) -> int | None:
    """200 sent, 486 busy, 503 not registered."""
    return next((whole(row.get("status")) for row in tables(answer.get("result")) if _port(row) == port), None)


def ussd_text(rows: object, port: int) -> str:
    """What the network answered, without blanks around it; empty while it has not."""
    return next((text(row.get("text")) for row in tables(rows) if _port(row) == port), "")


def tables(rows: object) -> Iterator[Document]:
    if isinstance(rows, list):
        yield from (row for row in rows if isinstance(row, dict))


def whole(value: object) -> int | None:
    if isinstance(value, str) and value.strip().lstrip("-").isdecimal():
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def text(value: object) -> str:
    """A short field. JSON may hold halves of surrogate pairs, which can be kept nowhere, and would be asked for again for ever."""
    if isinstance(value, str):
        return value.strip().encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return str(value) if isinstance(value, int) else ""


def _port(row: Document) -> int:
    port = whole(row.get("port"))
    return -1 if port is None else port


def moment(time: str) -> datetime | None:
    """A time of the box's clock, whose zone nobody says: read as UTC."""
    try:
        return datetime.strptime(time, TIME).replace(tzinfo=UTC)
    except ValueError:
        return None


def canonical(facts: Document) -> str:
    """One spelling for the same facts, to recognise them by. What ends in half a character has only escapes for it."""
    spelt = json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    try:
        spelt.encode()
    except UnicodeEncodeError:
        return json.dumps(facts, sort_keys=True, separators=(",", ":"))
    return spelt


# What error_code says of a text that was not taken.
ACCEPTED = frozenset({200, 202})
_WORDS: dict[int, tuple[Word, str, str]] = {
    400: (Word.ELSEWHERE, "the box does not understand this text or its recipient", "look at its firmware: 1102 or newer"),
    404: (Word.ELSEWHERE, "the box does not know what was asked of it", "look at its firmware: 1102 or newer"),
    413: (Word.ELSEWHERE, "the text is too long for the box", "send it by a modem, or shorten it"),
    500: (Word.LATER, "the box failed and does not say why", ""),
    550: (
        Word.CHANNEL,
        "the box says that this port may not send",
        "look at the port's limits and whether it is blocked, on the pages of the box",
    ),
}
_OTHER = (Word.LATER, "the box refused it with a code that its document does not name", "")


def refusal(code: int) -> Refused:
    """What to do about a text that the box did not take."""
    word, reason, advice = _WORDS.get(code, _OTHER)
    return Refused(word, f"dinstar:{code}", f"{reason} (error_code {code})", advice)
