"""The flat `{from, to, text}` of Telnyx v2, as 3CX "Generic", Yeastar "General" and Bicom "Custom" post it with a Bearer key.

The answer carries the id where each of them reads it. webhook_url hears what becomes of its text; media are not known here.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, Response, request

from gateway.clock import isoformat
from gateway.core import callbacks
from gateway.records import Encoding, Message, SendRequest, Status
from gateway.web.answers import answer
from gateway.web.compat.entry import Entry
from gateway.web.compat.reading import bearer, document
from gateway.web.compat.refused import Refused, Why, missing, wrong
from gateway.web.doors import Doors

_STATUS = {
    Status.QUEUED: "queued",
    Status.SENDING: "sending",
    Status.SENT: "sent",
    Status.DELIVERED: "delivered",
    Status.UNDELIVERED: "delivery_failed",
    Status.UNKNOWN: "delivery_unconfirmed",
    Status.RECEIVED: "delivered",
}
_ENCODING = {Encoding.GSM7: "GSM-7", Encoding.UCS2: "UCS-2", Encoding.DATA: "8bit"}
_ERRORS = {
    Why.ADDRESS: (403, "10010", "Authorization failed"),
    Why.CREDENTIALS: (401, "10009", "Authentication failed"),
    Why.SCOPE: (403, "10010", "Authorization failed"),
    Why.MISSING: (422, "10004", "Missing required parameter"),
    Why.TO: (422, "40310", "Invalid 'to' address"),
    Why.RULE: (403, "40310", "Invalid 'to' address"),
    Why.CONTENT: (403, "40009", "Invalid message body"),
    Why.LONG: (422, "40302", "Message too large"),
    Why.FROM: (422, "40305", "Invalid 'from' address"),
    Why.NOT_FOUND: (404, "10005", "Resource not found"),
    Why.METHOD: (405, "10015", "Bad Request"),
    Why.LARGE: (413, "10015", "Bad Request"),
    Why.BODY: (400, "10015", "Bad Request"),
    Why.FAST: (429, "10011", "Too many requests"),
    Why.BUSY: (429, "10011", "Too many requests"),
    Why.INTERNAL: (500, "10007", "Unexpected error"),
}
_TEXTS = ("text", "body", "message")
_PATHS = ("/compat/telnyx/v2/messages", "/compat/3cx", "/compat/yeastar", "/compat/bicom")


def blueprint(doors: Doors) -> Blueprint:
    entry = Entry("telnyx", doors, _say)
    bp = entry.blueprint()

    def send() -> Response:
        key = entry.key(bearer(), "send")
        message = entry.accept([_wanted()], key)[0]
        return answer({"data": _shown(message)})

    for path in _PATHS:
        bp.add_url_rule(path, view_func=send, methods=["POST"])

    @bp.get("/compat/telnyx/v2/messages/<message_id>")
    def get(message_id: str) -> Response:
        message = entry.found(message_id, entry.key(bearer(), "read"))
        if message is None:
            raise Refused(Why.NOT_FOUND, f"there is no message {message_id}")
        return answer({"data": _shown(message)})

    return bp


def _wanted() -> SendRequest:
    given = document()
    to, text = _number(given.get("to"), "to"), next((given[name] for name in _TEXTS if given.get(name)), None)
    if given.get("media_urls") or given.get("media"):
        raise wrong("media_urls", "pictures and files cannot be sent by SMS")
    if not to or not text:
        raise missing("text" if to else "to")
    if not isinstance(text, str):
        raise wrong("text", "is not text")
    report = given.get("webhook_url")
    if report and not isinstance(report, str):
        raise wrong("webhook_url", "is no address")
    return SendRequest(
        to,
        text,
        _number(given.get("from"), "from") or None,
        send_at=_moment(given.get("send_at")),
        callback=callbacks.telnyx(report) if report else None,
    )


def _number(given: Any, field: str) -> str:
    """`"+49…"`, `{"phone_number": "+49…"}`, or a list with one of these."""
    if isinstance(given, list):
        if len(given) > 1:
            raise wrong(field, "names several; send one message to each")
        given = given[0] if given else ""
    if isinstance(given, dict):
        given = given.get("phone_number")
    if given is not None and (isinstance(given, bool) or not isinstance(given, str | int)):
        raise wrong(field, "is not a number")
    return str(given or "").strip()


def _moment(given: Any) -> float | None:
    if not given:
        return None
    try:
        moment = datetime.fromisoformat(str(given))
        if moment.tzinfo is None:
            raise ValueError
        return moment.timestamp()
    except (ValueError, OverflowError) as fault:
        raise wrong("send_at", "is no moment with an offset") from fault


def _shown(message: Message) -> dict[str, Any]:
    status = _STATUS.get(message.status, "sending_failed")
    inner = {
        "record_type": "message",
        "direction": "inbound" if message.status is Status.RECEIVED else "outbound",
        "id": message.id,
        "type": "SMS",
        "from": {"phone_number": message.from_},
        "to": [{"phone_number": message.to, "status": status}],
        "text": message.text,
        "encoding": _ENCODING[message.encoding],
        "parts": message.parts,
        "media": [],
        "received_at": isoformat(message.created_at),
        "sent_at": None if message.sent_at is None else isoformat(message.sent_at),
        "completed_at": None if message.delivered_at is None else isoformat(message.delivered_at),
        "errors": [] if message.error is None else [{"code": message.error.code, "title": message.error.reason}],
    }
    return {**inner, "payload": inner}  # 3CX reads data.payload.id, Yeastar and the Telnyx libraries data.id


def _say(refused: Refused) -> Response:
    status, code, title = _ERRORS.get(refused.why, (422, "10015", "Bad Request"))
    error: dict[str, Any] = {"code": code, "title": title, "detail": refused.detail}
    field = "webhook_url" if refused.why is Why.CALLBACK else refused.field
    if field and request.method == "POST":
        error["source"] = {"pointer": f"/{field}"}
    return answer({"errors": [error]}, status)
