"""What Wildix calls to send over the GSM trunk of another PBX: `/api/v1/originate/sms` by Basic, with number and message."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, Response

from gateway.records import SendRequest
from gateway.web.answers import answer
from gateway.web.compat.entry import Entry
from gateway.web.compat.reading import fields, listed, password
from gateway.web.compat.refused import Refused, Why, wrong
from gateway.web.doors import Doors

_STATUS = {
    Why.ADDRESS: 403,
    Why.CREDENTIALS: 401,
    Why.SCOPE: 403,
    Why.CONTENT: 403,
    Why.METHOD: 405,
    Why.LARGE: 413,
    Why.FAST: 429,
    Why.BUSY: 503,
    Why.INTERNAL: 500,
}


def blueprint(doors: Doors) -> Blueprint:
    entry = Entry("wildix", doors, _say)
    bp = entry.blueprint()

    @bp.route("/api/v1/originate/sms", methods=["GET", "POST"])
    def send() -> Response:
        key = entry.key(password(), "send")
        given = fields()
        recipients = listed(given.get("number", ""))
        if not recipients:
            raise Refused(Why.MISSING, "Number should not be empty", "number")
        if not given.get("message"):
            raise Refused(Why.MISSING, "Message should not be empty", "message")
        at = _moment(given.get("postpone", ""))
        entry.accept([SendRequest(one, given["message"], send_at=at) for one in recipients], key)
        return answer({"type": "result", "result": "Success"})

    return bp


def _moment(written: str) -> float | None:
    """As 14/07/2014 15:35, in UTC."""
    if not written:
        return None
    try:
        return datetime.strptime(written, "%d/%m/%Y %H:%M").replace(tzinfo=UTC).timestamp()
    except ValueError as fault:
        raise wrong("postpone", "is not written as 14/07/2014 15:35") from fault


def _say(refused: Refused) -> Response:
    headers = {"WWW-Authenticate": 'Basic realm="simrack", charset="UTF-8"'} if refused.why is Why.CREDENTIALS else None
    return answer({"type": "error", "reason": refused.detail, "result": None}, _STATUS.get(refused.why, 400), headers)
