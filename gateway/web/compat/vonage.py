"""Vonage's (Nexmo's) SMS API: `/sms/json` and `/sms/xml`, by Basic, by api_key and api_secret, or signed. HTTP 200, whatever comes.

`callback` is called with what becomes of its text, unless status-report-req says no. Binary texts are refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from xml.sax.saxutils import escape, quoteattr

from flask import Blueprint, Response, request

from gateway.core import callbacks
from gateway.records import Callback, Key, Message, SendRequest
from gateway.web.answers import answer
from gateway.web.compat import vonage_signature
from gateway.web.compat.entry import Entry
from gateway.web.compat.reading import fields, international, minutes, moment, password, truth, whole
from gateway.web.compat.refused import Refused, Why, missing, wrong
from gateway.web.doors import Doors

# Status and sentence of each; the sentence of a value is that of the value.
_ERRORS = {
    Why.ADDRESS: ("4", "Bad Credentials"),
    Why.CREDENTIALS: ("4", "Bad Credentials"),
    Why.SCOPE: ("8", "This key may not send"),
    Why.MISSING: ("2", ""),
    Why.TO: ("3", ""),
    Why.RULE: ("7", "Number barred"),
    Why.FROM: ("15", ""),
    Why.TEXT: ("6", ""),
    Why.LONG: ("12", "Message too long"),
    Why.CONTENT: ("6", ""),
    Why.CALLBACK: ("23", "Invalid Callback URL"),
    Why.CONFLICT: ("14", "Invalid Signature"),
    Why.FAST: ("1", "Throughput Rate Exceeded"),
    Why.BUSY: ("1", "Throughput Rate Exceeded"),
    Why.INTERNAL: ("5", "Internal Error"),
}
_SHORTEST_TTL, _LONGEST_TTL = 20_000, 604_800_000
_LONGEST_REF = 100
_API_KEY = re.compile(r"[!-~]{1,64}")  # anything else that a client calls itself is not told back


def blueprint(doors: Doors) -> Blueprint:
    entry = Entry("vonage", doors, _say)
    bp = entry.blueprint()

    def send() -> Response:
        given = fields()
        key = _key(entry, given)
        wanted = replace(_wanted(given, doors.clock.now()), callback=_callback(given, key, doors))
        once = entry.once(wanted.client_ref, wanted.to, wanted.from_, wanted.text)
        message = entry.accept([wanted], key, once)[0]
        return _answered([_part(message)] * message.parts)

    for form in ("json", "xml"):
        bp.add_url_rule(f"/sms/{form}", view_func=send, methods=["GET", "POST"])
    return bp


def _key(entry: Entry, given: Mapping[str, str]) -> Key:
    if "sig" not in given:
        return entry.key(password() or given.get("api_secret"), "send")
    settings, store = entry.doors.settings.doors, entry.doors.store
    if not settings.vonage_secret or given.get("api_key") != settings.vonage_key:
        raise Refused(Why.CONFLICT, "no requests are signed with this api_key; see [doors] vonage_key")
    if not vonage_signature.fits(given, settings.vonage_secret, entry.doors.clock.now()):
        raise Refused(Why.CONFLICT, "the signature does not fit")
    key = store.keys.get(settings.vonage_key)
    if key is None or key.revoked_at is not None:
        raise Refused(Why.CREDENTIALS, f"there is no key {settings.vonage_key}")
    return entry.allowed(key, "send")


def _wanted(given: Mapping[str, str], now: float) -> SendRequest:
    if given.get("type", "text") not in ("text", "unicode") or given.get("udh") or given.get("body"):
        raise wrong("type", "binary texts are not offered")
    for name in ("to", "from", "text"):
        if not given.get(name):
            raise missing(name)
    if len(given.get("client-ref", "")) > _LONGEST_REF:
        raise wrong("client-ref", f"is longer than {_LONGEST_REF} characters")
    ttl = given.get("ttl")
    seconds = whole("ttl", ttl, _SHORTEST_TTL, _LONGEST_TTL) / 1000 if ttl else None
    return SendRequest(
        international(given["to"].strip()),
        given["text"],
        international(given["from"].strip()),
        expires_at=None if seconds is None else moment(now + seconds),
        validity_minutes=None if seconds is None else minutes(seconds // 60),
        flash=given.get("message-class") == "0",
        report=_wants_report(given),
        client_ref=given.get("client-ref") or None,
    )


def _callback(given: Mapping[str, str], key: Key, doors: Doors) -> Callback | None:
    if not given.get("callback") or not _wants_report(given):
        return None
    login = request.authorization
    called = given.get("api_key") or (login.username if login is not None and login.type == "basic" else None) or ""
    if not _API_KEY.fullmatch(called):
        called = key.name
    return callbacks.vonage(given["callback"], called, doors.settings.doors.vonage_callbacks)


def _wants_report(given: Mapping[str, str]) -> bool:
    return truth(given["status-report-req"]) if "status-report-req" in given else True


def _part(message: Message) -> dict[str, str]:
    shown = {
        "to": message.to.removeprefix("+"),
        "message-id": message.id,
        "status": "0",
        "remaining-balance": "0.00",
        "message-price": "0.0000",
        "network": "00000",
    }
    return shown if message.client_ref is None else {**shown, "client-ref": message.client_ref}


def _say(refused: Refused) -> Response:
    status, sentence = _ERRORS.get(refused.why, ("3", ""))
    return _answered([{"status": status, "error-text": sentence or refused.detail}])


def _answered(parts: list[dict[str, str]]) -> Response:
    if not request.path.endswith("/xml"):
        return answer({"message-count": str(len(parts)), "messages": parts})
    names = {"message-id": "messageId", "remaining-balance": "remainingBalance", "message-price": "messagePrice",
             "client-ref": "clientRef", "error-text": "errorText"}  # fmt: skip
    rows = "".join(
        "<message>" + "".join(f"<{names.get(n, n)}>{escape(v)}</{names.get(n, n)}>" for n, v in part.items()) + "</message>"
        for part in parts
    )
    body = f"<?xml version='1.0' encoding='UTF-8' ?><mt-submission-response><messages count={quoteattr(str(len(parts)))}>{rows}"
    return Response(body + "</messages></mt-submission-response>", content_type="application/xml; charset=utf-8")
