"""Jasmin's HTTP API: `/send` with user and password, `/secure/send` with Basic and JSON; answered `Success "id"` or `Error "…"`.

dlr with dlr-url has that address called for what dlr-level asks for. Binary content is refused.
"""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, Response, request

from gateway.core import callbacks
from gateway.records import Callback, Key, SendRequest
from gateway.web.answers import answer
from gateway.web.compat.entry import Entry
from gateway.web.compat.reading import fields, minutes, password, plus, truth, whole
from gateway.web.compat.refused import Refused, Why, wrong
from gateway.web.doors import Doors

_STATUS = {
    Why.ADDRESS: 403,
    Why.CREDENTIALS: 403,
    Why.SCOPE: 403,
    Why.TO: 412,
    Why.CONTENT: 412,
    Why.RULE: 412,
    Why.FROM: 412,
    Why.METHOD: 405,
    Why.LARGE: 413,
    Why.FAST: 403,
    Why.BUSY: 503,
    Why.INTERNAL: 500,
}
_SENTENCES = {
    Why.CREDENTIALS: "Authentication failure",
    Why.FAST: "User throughput exceeded",
    Why.CALLBACK: "Argument [dlr-url] has an invalid value.",
}
_HEX_CODINGS = {0: "ascii", 3: "latin-1", 8: "utf-16-be"}


def blueprint(doors: Doors) -> Blueprint:
    entry = Entry("jasmin", doors, _say)
    bp = entry.blueprint()

    def accepted(key: Key, given: Mapping[str, str]) -> str:
        message = entry.accept([_wanted(given)], key)[0]
        return f'Success "{message.id}"'

    @bp.route("/send", methods=["GET", "POST"])
    def send() -> Response:
        given = fields()
        for name in ("username", "password"):
            _require(given, name)
        return Response(accepted(entry.key(given["password"], "send"), given), content_type="text/plain; charset=utf-8")

    @bp.post("/secure/send")
    def secure_send() -> Response:
        return answer({"data": accepted(entry.key(password(), "send"), fields())})

    return bp


def _wanted(given: Mapping[str, str]) -> SendRequest:
    _require(given, "to")
    if not given.get("content") and not given.get("hex-content"):
        raise Refused(Why.MISSING, "content or hex-content not present.", "content")
    coding = whole("coding", given.get("coding") or 0, 0, 14)
    if coding in (2, 4) or given.get("udh"):
        raise wrong("coding", "binary content is not offered")
    validity = given.get("validity-period")
    dlr = given.get("dlr", "no").lower() == "yes" or truth(given.get("dlr", ""))
    return SendRequest(
        plus(given["to"]).strip(),
        _content(given, coding),
        plus(given.get("from", "")).strip() or None,
        priority=whole("priority", given.get("priority") or 0, 0, 3),
        validity_minutes=minutes(whole("validity-period", validity, 0, 10**6)) if validity else None,
        report=dlr,
        callback=_callback(given) if dlr and given.get("dlr-url") else None,
    )


def _callback(given: Mapping[str, str]) -> Callback:
    method = (given.get("dlr-method") or "POST").lower()
    if method not in ("get", "post"):
        raise wrong("dlr-method", "is neither GET nor POST")
    return callbacks.jasmin(given["dlr-url"], whole("dlr-level", given.get("dlr-level") or 1, 1, 3), method)


def _content(given: Mapping[str, str], coding: int) -> str:
    if given.get("content"):
        return given["content"]
    if coding not in _HEX_CODINGS:
        raise wrong("coding", "hex-content is read with coding 0, 3 and 8")
    try:
        return bytes.fromhex(given["hex-content"]).decode(_HEX_CODINGS[coding])
    except ValueError as fault:
        raise wrong("hex-content", "does not spell a text in this coding") from fault


def _require(given: Mapping[str, str], name: str) -> None:
    if not given.get(name):
        raise Refused(Why.MISSING, f"Mandatory argument [{name}] is not found.", name)


def _say(refused: Refused) -> Response:
    status = _STATUS.get(refused.why, 400)
    detail = _SENTENCES.get(refused.why, refused.detail)
    said = f'Error "{detail}"'
    if request.path.startswith("/secure/"):
        return answer({"message": said}, status)
    return Response(said, status, content_type="text/plain; charset=utf-8")
