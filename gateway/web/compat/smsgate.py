"""android-sms-gateway (SMSGate) as its clients know it, `/3rdparty/v1`: send, look up, list, call back. The id a client chose is
its reference here; used again it is refused (409). Tokens are not given out: keys are ours.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, Response, request

from gateway.clock import isoformat
from gateway.errors import IdempotencyMismatch
from gateway.records import ChannelFacts, ChannelState, Direction, Key, Message, SendRequest, Status
from gateway.store.messages import MessageFilter
from gateway.web.answers import answer
from gateway.web.compat import smsgate_device, smsgate_webhooks
from gateway.web.compat.entry import Entry
from gateway.web.compat.reading import bearer, document, iso, moment, password, whole
from gateway.web.compat.refused import Refused, Why, missing, wrong
from gateway.web.doors import Doors

_STATUS = {
    Why.ADDRESS: 403,
    Why.CREDENTIALS: 401,
    Why.SCOPE: 403,
    Why.CONTENT: 403,
    Why.RULE: 403,
    Why.NOT_FOUND: 404,
    Why.CONFLICT: 409,
    Why.METHOD: 405,
    Why.LARGE: 413,
    Why.FAST: 429,
    Why.ABSENT: 501,
    Why.BUSY: 503,
    Why.INTERNAL: 500,
}
_STATE = {
    Status.QUEUED: "Pending",
    Status.SENDING: "Processed",
    Status.UNKNOWN: "Processed",
    Status.SENT: "Sent",
    Status.DELIVERED: "Delivered",
    Status.CANCELLED: "Cancelled",
}
_FAILED = "Failed"
_STATES = {
    state: tuple(one for one in Status if one is not Status.RECEIVED and _STATE.get(one, _FAILED) == state)
    for state in (*dict.fromkeys(_STATE.values()), _FAILED)
}
# The state of several recipients together is the first of these that one of them has.
_WORST = ("Pending", "Processed", "Failed", "Cancelled", "Sent", "Delivered")
_MOST_RECIPIENTS = 100
_MOST_COUNTED = 100_000
_ID = re.compile(r"[A-Za-z0-9._~:-]{1,36}")


def blueprint(doors: Doors) -> Blueprint:
    entry = Entry("smsgate", doors, _say)
    bp = entry.blueprint("/3rdparty/v1")

    def known(ref: str, key: Key) -> list[Message]:
        """What this key sent under an id: one message of theirs is as many of ours as it has recipients."""
        wanted = MessageFilter(direction=Direction.OUT, client_ref=ref, key_id=key.id)
        return list(reversed(doors.store.messages.find(wanted, None, _MOST_RECIPIENTS).messages))

    def found(ref: str, key: Key) -> list[Message]:
        messages = known(ref, key)
        if not messages:
            raise Refused(Why.NOT_FOUND, f"there is no message {ref}")
        return messages

    def send() -> Response:
        key = entry.key(password() or bearer(), "send")
        given = document()
        wanted = _wanted(given, doors)
        ref = wanted[0].client_ref or ""
        # Never the same fingerprint twice: of two requests at once with this id one does not fit, whatever they hold.
        once = (f"smsgate {ref}", secrets.token_hex(16)) if given.get("id") else None
        if given.get("id") and known(ref, key):
            raise Refused(Why.CONFLICT, f"a message with the id {ref!r} exists already")
        try:
            messages = entry.accept(wanted, key, once)
        except IdempotencyMismatch as fault:
            raise Refused(Why.CONFLICT, f"a message with the id {ref!r} exists already") from fault
        return answer(_shown(ref, messages), 202, {"Location": f"/3rdparty/v1/messages/{ref}"})

    def listed() -> Response:
        key = entry.key(password() or bearer(), "read")
        limit = whole("limit", request.args.get("limit") or 50, 1, 100)
        offset = whole("offset", request.args.get("offset") or 0, 0, _MOST_COUNTED)
        wanted = _listed(request.args, entry.only(key))
        page = doors.store.messages.find(wanted, None, limit, offset)
        total = {"X-Total-Count": str(doors.store.messages.count(wanted, _MOST_COUNTED))}
        return answer([_shown(message.client_ref or message.id, [message]) for message in page.messages], headers=total)

    for path in ("/messages", "/message"):
        bp.add_url_rule(path, f"send_{path[1:]}", send, methods=["POST"])
        bp.add_url_rule(path, f"list_{path[1:]}", listed, methods=["GET"])

    @bp.get("/messages/<ref>")
    def get(ref: str) -> Response:
        return answer(_shown(ref, found(ref, entry.key(password() or bearer(), "read"))))

    @bp.delete("/messages/<ref>")
    def cancel(ref: str) -> Response:
        key = entry.key(password() or bearer(), "send")
        cancelled = [doors.sending.cancel(message.id, key) for message in found(ref, key)]
        return answer(_shown(ref, cancelled), 202)

    smsgate_webhooks.add_to(bp, entry, doors)
    smsgate_device.add_to(bp, entry, doors)

    @bp.get("/devices")
    def devices() -> Response:
        entry.key(password() or bearer(), "read")
        now = isoformat(doors.clock.now())
        return answer([_device(facts, now) for facts in doors.channels()])

    return bp


def _listed(asked: Mapping[str, str], key_id: int | None) -> MessageFilter:
    if asked.get("sort") == "created_at":
        raise wrong("sort", "is not offered; the newest stand first")
    state = asked.get("state")
    if state and state not in _STATES:
        raise wrong("state", f"is none of {', '.join(_STATES)}")
    return MessageFilter(
        direction=Direction.OUT,
        channel=asked.get("deviceId") or None,
        since=iso(asked, "from"),
        until=iso(asked, "to"),
        among=_STATES[state] if state else None,
        key_id=key_id,
    )


def _wanted(given: Mapping[str, Any], doors: Doors) -> list[SendRequest]:
    recipients = given.get("phoneNumbers")
    text = given.get("textMessage")
    text = text.get("text") if isinstance(text, dict) else given.get("message")
    if given.get("isEncrypted") or given.get("dataMessage") or given.get("mmsMessage"):
        raise wrong("message", "encrypted texts, data and MMS are not offered")
    if not isinstance(text, str) or not text:
        raise missing("textMessage")
    if not isinstance(recipients, list) or not recipients or not all(isinstance(one, str) for one in recipients):
        raise missing("phoneNumbers")
    if len(recipients) > _MOST_RECIPIENTS:
        raise wrong("phoneNumbers", f"names more than {_MOST_RECIPIENTS}")
    ref = given.get("id") or secrets.token_urlsafe(15)
    if not isinstance(ref, str) or not _ID.fullmatch(ref):
        raise wrong("id", "is no id; use up to 36 letters, digits and -._~:")
    return [
        SendRequest(
            one.strip(),
            text,
            channel=_channel(given, doors),
            # -128 … 127 there, -10 … 10 here
            priority=whole("priority", given.get("priority") or 0, -128, 127) * 10 // 128,
            send_at=iso(given, "scheduleAt"),
            expires_at=_end(given, doors.clock.now()),
            report=given.get("withDeliveryReport") is not False,
            client_ref=ref,
        )
        for one in dict.fromkeys(recipients)
    ]


def _channel(given: Mapping[str, Any], doors: Doors) -> str | None:
    """A device is a channel; a SIM's number counts the channels in the order of the configuration, from 1."""
    if given.get("deviceId"):
        return str(given["deviceId"])
    if given.get("simNumber") is None:
        return None
    names = doors.settings.channel_names
    return names[whole("simNumber", given["simNumber"], 1, len(names)) - 1]


def _end(given: Mapping[str, Any], now: float) -> float | None:
    if given.get("ttl") is not None:
        return moment(now + whole("ttl", given["ttl"], 5, 10**9))
    return iso(given, "validUntil")


def _shown(ref: str, messages: Sequence[Message]) -> dict[str, Any]:
    states = [_STATE.get(message.status, _FAILED) for message in messages]
    first = messages[0]
    told = {"Pending": first.created_at, "Sent": first.sent_at, "Delivered": first.delivered_at}
    return {
        "id": ref,
        "deviceId": first.channel or "",
        "state": next(state for state in _WORST if state in states),
        "isHashed": False,
        "isEncrypted": False,
        "recipients": [
            {"phoneNumber": message.to, "state": state, "error": message.error.reason if message.error else None}
            for message, state in zip(messages, states, strict=True)
        ],
        "states": {state: isoformat(at) for state, at in told.items() if at is not None},
    }


def _device(facts: ChannelFacts, now: str) -> dict[str, Any]:
    return {
        "id": facts.name,
        "name": facts.number or facts.name,
        "createdAt": now,
        "updatedAt": now,
        "lastSeen": now,
        "deletedAt": None if facts.state is ChannelState.READY else now,
    }


def _say(refused: Refused) -> Response:
    detail = f"QueueLimitExceeded: {refused.detail}" if refused.why is Why.BUSY else refused.detail
    headers = {"WWW-Authenticate": 'Basic realm="simrack", charset="UTF-8"'} if refused.why is Why.CREDENTIALS else None
    return answer({"message": detail}, _STATUS.get(refused.why, 400), headers)
