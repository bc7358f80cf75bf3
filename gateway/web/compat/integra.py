"""The form by which programs send over uContact Integra: destination, message, campaign, agent, source; answered OK or ERROR.

There is no session to begin and end here: the key stands in Authorization, bare as Integra's token does, or as Basic.
"""

from __future__ import annotations

import re

from flask import Blueprint, Response, request

from gateway.core.inbound.checks import EXTENSION
from gateway.records import SendRequest
from gateway.web.compat.entry import Entry
from gateway.web.compat.reading import bearer, fields, password, plus
from gateway.web.compat.refused import Refused, Why, missing
from gateway.web.doors import Doors

_STATUS = {
    Why.ADDRESS: 403,
    Why.CREDENTIALS: 401,
    Why.SCOPE: 403,
    Why.CONTENT: 403,
    Why.RULE: 403,
    Why.BUSY: 503,
    Why.INTERNAL: 500,
}


def blueprint(doors: Doors) -> Blueprint:
    entry = Entry("integra", doors, _say)
    bp = entry.blueprint()

    @bp.route("/Integra/resources/SMS/SendSMS", methods=["GET", "POST"])
    def send() -> Response:
        key = entry.key(password() or bearer() or request.headers.get("Authorization", "").strip(), "send")
        given = fields()
        for name in ("destination", "message"):
            if not given.get(name):
                raise missing(name)
        source = plus(given.get("source", "")) or None
        by_channel = source in doors.settings.channel_names
        wanted = SendRequest(
            plus(given["destination"]).strip(),
            given["message"],
            from_=None if by_channel else source,
            channel=source if by_channel else None,
            campaign=given.get("campaign") or None,
            extension=_extension(given.get("agent", "")),
        )
        entry.accept([wanted], key)
        return Response("OK", content_type="text/plain; charset=utf-8")

    return bp


def _extension(agent: str) -> str | None:
    """An agent may be named in a way that no extension is; only a key with rules for its extensions minds."""
    return agent if re.fullmatch(EXTENSION, agent) else None


def _say(refused: Refused) -> Response:
    # The word alone is what clients compare; what was wrong stands in a header, for people.
    reason = refused.detail.encode("ascii", "replace").decode().replace("\n", " ").replace("\r", " ")
    status = _STATUS.get(refused.why, 400)
    return Response("ERROR", status, {"X-Reason": reason}, content_type="text/plain; charset=utf-8")
