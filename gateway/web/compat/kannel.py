"""Kannel's sendsms: the same parameters, the same sentences. A bearerbox may use it as its HTTP SMSC.

dlr-url is called for what dlr-mask asks for, and for nothing without one. Binary texts are refused.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import parse_qsl

from flask import Blueprint, Response, request

from gateway.core import callbacks
from gateway.records import SendRequest
from gateway.web.compat.entry import Entry
from gateway.web.compat.reading import listed, minutes, whole
from gateway.web.compat.refused import Refused, Why, wrong
from gateway.web.doors import Doors

_ACCEPTED = "0: Accepted for delivery"
_DENIED = (403, "Authorization failed for sendsms")
_NOT_ROUTABLE = (403, "Not routable. Do not try again.")
_LATER = (503, "Temporal failure, try again later.")
_SENTENCES = {
    Why.ADDRESS: _DENIED,
    Why.CREDENTIALS: _DENIED,
    Why.SCOPE: _DENIED,
    Why.TO: _NOT_ROUTABLE,
    Why.RULE: _NOT_ROUTABLE,
    Why.FROM: _NOT_ROUTABLE,
    Why.CALLBACK: (400, "DLR-URL field misformed, rejected"),
    Why.FAST: _LATER,
    Why.BUSY: _LATER,
    Why.INTERNAL: _LATER,
}
# Other spellings that the documents of Kannel and its clients use.
_ALIASES = {
    "user": "username",
    "pass": "password",
    "dlrmask": "dlr-mask",
    "dlrurl": "dlr-url",
}
_CHARSETS = {"utf-8", "utf-16-be", "utf-16-le", "utf-16", "iso8859-1", "iso8859-15", "cp1252", "ascii"}
_MOST_FIELDS = 100
_LONGEST_MINUTES = 525_600  # a year


def blueprint(doors: Doors) -> Blueprint:
    entry = Entry("kannel", doors, _say)
    bp = entry.blueprint()

    @bp.route("/cgi-bin/sendsms", methods=["GET", "POST"])
    def send() -> Response:
        given = _given()
        key = entry.key(_text(given.get("password", b""), "utf-8"), "send")
        entry.accept(_wanted(given, doors), key)
        return _sentence(202, _ACCEPTED)

    return bp


def _given() -> dict[str, bytes]:
    """The parameters by their usual names, as octets: what they spell depends on one of them."""
    found = _octets(request.query_string)
    kind = request.mimetype
    if request.method == "POST" and kind == "application/x-www-form-urlencoded":
        found |= _octets(request.get_data(cache=True, parse_form_data=False))
    elif request.method == "POST" and kind == "text/plain":
        prefix = "X-Kannel-"
        for name, value in request.headers.items():
            if name.lower().startswith(prefix.lower()):
                found[_usual(name[len(prefix) :])] = value.encode("latin-1", "replace")
        found["text"] = request.get_data()
    elif request.method == "POST":
        raise Refused(Why.BODY, "Invalid content-type")
    return found


def _octets(encoded: bytes) -> dict[str, bytes]:
    # Latin-1 keeps every octet; what a later one of the same name says counts.
    try:
        pairs = parse_qsl(encoded.decode("latin-1"), keep_blank_values=True, encoding="latin-1", max_num_fields=_MOST_FIELDS)
    except ValueError as fault:
        raise Refused(Why.BODY, "Charset or body misformed, rejected") from fault
    return {_usual(name): value.encode("latin-1") for name, value in pairs}


def _usual(name: str) -> str:
    return _ALIASES.get(name.lower(), name.lower())


def _wanted(given: Mapping[str, bytes], doors: Doors) -> list[SendRequest]:
    if "to" not in given:
        raise Refused(Why.MISSING, "Missing receiver number, rejected", "to")
    said = {name: _text(value, "utf-8") for name, value in given.items() if name != "text"}
    # Several are divided by blanks, and a plus sign that was not escaped is a blank as well.
    recipients = listed(re.sub(r"(^| ) (?=[1-9])", r"\1+", said["to"]), " ")
    if not recipients:
        raise Refused(Why.MISSING, "Empty receiver number not allowed, rejected", "to")
    coding = whole("Coding", said.get("coding") or 0, 0, 2)
    if coding == 1 or given.get("udh"):
        raise wrong("udh" if given.get("udh") else "coding", "binary texts are not offered")
    text = _text(given.get("text", b""), said.get("charset") or ("utf-16-be" if coding == 2 else "utf-8"))
    if not text:
        raise Refused(Why.MISSING, "Empty text not allowed, rejected", "text")
    now = doors.clock.now()
    deferred, validity = (said.get(name) for name in ("deferred", "validity"))
    smsc = said.get("smsc") or None
    pools = {pool.name for pool in doors.pools.find()}
    mask = whole("dlr-mask", said.get("dlr-mask") or 0, 0, 63)
    wanted = SendRequest(
        "",
        text,
        _sender(said.get("from", "")),
        channel=smsc if smsc in doors.settings.channel_names else None,
        pool=smsc if smsc in pools and smsc not in doors.settings.channel_names else None,
        priority=whole("priority", said.get("priority") or 0, 0, 3),
        send_at=now + 60 * whole("deferred", deferred, 1, _LONGEST_MINUTES) if deferred not in (None, "", "0") else None,
        validity_minutes=minutes(whole("validity", validity, 0, 10**6)) if validity else None,
        flash=said.get("mclass") == "0",
        report="dlr-mask" not in said or bool(mask & 3),
        callback=callbacks.kannel(said["dlr-url"], mask) if mask and said.get("dlr-url") else None,
    )
    if smsc and not (wanted.channel or wanted.pool):
        raise Refused(Why.TO, f"there is no channel or pool {smsc!r}", "smsc")
    return [replace(wanted, to=recipient) for recipient in recipients]


def _sender(written: str) -> str | None:
    return ("+" + written[1:] if written.startswith(" ") else written).strip() or None


def _text(octets: bytes, charset: str) -> str:
    try:
        name = codecs.lookup("utf-16-be" if charset.lower().replace("-", "") == "ucs2" else charset).name
    except (LookupError, ValueError) as fault:
        raise Refused(Why.BODY, "Charset or body misformed, rejected") from fault
    if name not in _CHARSETS:
        raise Refused(Why.BODY, "Charset or body misformed, rejected")
    try:
        return octets.decode(name)
    except UnicodeDecodeError as fault:
        raise Refused(Why.BODY, "Charset or body misformed, rejected") from fault


def _say(refused: Refused) -> Response:
    if refused.why in _SENTENCES:
        return _sentence(*_SENTENCES[refused.why])
    ours = refused.why in (Why.VALUE, Why.LONG, Why.CONTENT, Why.TEXT)
    return _sentence(400, f"{refused.detail}, rejected" if ours else refused.detail)


def _sentence(status: int, text: str) -> Response:
    return Response(text, status, content_type="text/html; charset=utf-8")
