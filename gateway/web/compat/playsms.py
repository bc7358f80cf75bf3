"""playSMS webservices: `index.php?app=ws` with op=pv to send and op=ds for what became of it, in JSON. The token h is the key."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response

from gateway.clock import isoformat
from gateway.records import Direction, Key, Message, SendRequest, Status
from gateway.store.messages import MessageFilter
from gateway.web.answers import answer
from gateway.web.compat.entry import Entry
from gateway.web.compat.reading import fields, listed, plus
from gateway.web.compat.refused import Refused, Why, wrong
from gateway.web.doors import Doors

# It answers errors with HTTP 200; these are its own numbers.
_ERRORS = {
    Why.ADDRESS: "100",
    Why.CREDENTIALS: "100",
    Why.SCOPE: "100",
    Why.MISSING: "201",
    Why.NOT_FOUND: "400",
}
_DELIVERY = {Status.QUEUED: "0", Status.SENDING: "0", Status.SENT: "1", Status.UNKNOWN: "1", Status.DELIVERED: "3"}
_FAILED = "2"
_MOST = 100


def blueprint(doors: Doors) -> Blueprint:
    entry = Entry("playsms", doors, _say)
    bp = entry.blueprint()

    @bp.route("/index.php", methods=["GET", "POST"])
    def webservice() -> Response:
        given = fields()
        if given.get("app") != "ws" or given.get("op") not in ("pv", "ds"):
            entry.key(given.get("h"), "send")
            raise Refused(Why.VALUE, "unknown operation", "op")
        return _send(entry, given) if given["op"] == "pv" else _delivery(entry, given, doors)

    return bp


def _send(entry: Entry, given: Mapping[str, str]) -> Response:
    key = entry.key(given.get("h"), "send")
    recipients = listed(given.get("to", ""))
    if not recipients or not given.get("msg"):
        raise Refused(Why.MISSING, "destination number or message is empty", "to" if not recipients else "msg")
    if given.get("schedule"):
        raise wrong("schedule", "is not offered here; its time has no zone")
    if given.get("format", "json").lower() != "json":
        raise wrong("format", "is not offered here; JSON is")
    footer = "" if given.get("nofooter") else given.get("footer", "")
    text = given["msg"] + (f" {footer}" if footer else "")
    sender = plus(given.get("from", "")).strip() or None
    messages = entry.accept([SendRequest(one, text, sender, flash=given.get("type") == "flash") for one in recipients], key)
    return answer({"data": [_accepted(message) for message in messages], "error_string": None})


def _accepted(message: Message) -> dict[str, str]:
    return {"status": "OK", "error": "0", "smslog_id": message.id, "queue": message.id, "to": message.to}


def _delivery(entry: Entry, given: Mapping[str, str], doors: Doors) -> Response:
    key = entry.key(given.get("h"), "read")
    named = given.get("smslog_id") or given.get("queue")
    if named:
        one = entry.found(named, key) if named.isascii() else None
        messages = [one] if one is not None and one.direction is Direction.OUT else []
    else:
        count = int(given["c"]) if given.get("c", "").isdecimal() and len(given["c"]) < 5 else _MOST
        page = doors.store.messages.find(_asked(entry, given, key), None, min(max(count, 1), _MOST))
        messages = list(page.messages)
    if not messages:
        raise Refused(Why.NOT_FOUND, "no delivery status available")
    return answer({"data": [_status(message) for message in messages], "error_string": None})


def _asked(entry: Entry, given: Mapping[str, str], key: Key) -> MessageFilter:
    """src and dst are numbers, dt a day or a second in UTC, last the smslog_id after which texts came."""
    numbers = {name: entry.kept(plus(given[name])) for name in ("src", "dst") if given.get(name)}
    since = until = after = None
    if given.get("dt"):
        since, until = _span(given["dt"].strip())
    if given.get("last"):
        after = entry.found(given["last"], key) if given["last"].isascii() else None
        if after is None:
            raise wrong("last", "is no smslog_id of a text of this key")
    return MessageFilter(
        direction=Direction.OUT,
        from_=numbers.get("src"),
        to=numbers.get("dst"),
        since=since,
        until=until,
        after=None if after is None else after.id,
        key_id=entry.only(key),
    )


def _span(written: str) -> tuple[float, float]:
    try:
        moment = datetime.fromisoformat(written).replace(tzinfo=UTC).timestamp()
    except (ValueError, OverflowError) as fault:
        raise wrong("dt", "is no date such as 2026-11-21 or 2026-11-21 20:03:04") from fault
    return moment, moment + (86_400 if len(written) <= len("2026-11-21") else 1)


def _status(message: Message) -> dict[str, Any]:
    return {
        "smslog_id": message.id,
        "src": message.from_,
        "dst": message.to,
        "msg": message.text,
        "dt": isoformat(message.created_at)[:19].replace("T", " "),
        "update": isoformat(message.delivered_at or message.sent_at or message.created_at)[:19].replace("T", " "),
        "status": _DELIVERY.get(message.status, _FAILED),
    }


def _say(refused: Refused) -> Response:
    number = "101" if refused.field == "op" else _ERRORS.get(refused.why, "200")
    sentence = "authentication failed" if number == "100" else refused.detail
    return answer({"status": "ERR", "error": number, "error_string": sentence})
