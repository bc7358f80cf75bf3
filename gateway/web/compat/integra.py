"""The form by which programs send over uContact Integra: destination, message, campaign, agent, source; answered OK or ERROR.

There is no session to begin and end here: the key stands in Authorization, bare as Integra's token does, or as Basic, or in `api`.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qsl

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
    Why.FAST: 429,
    Why.BUSY: 503,
    Why.INTERNAL: 500,
}
_PATH = "/Integra/resources/SMS/SendSMS"
_FIELDS = re.compile(r"(destination|message|campaign|agent|source|api)=")


def blueprint(doors: Doors) -> Blueprint:
    entry = Entry("integra", doors, _say)
    bp = entry.blueprint()

    # Slashes are letters of the text there, two of them as well.
    @bp.route(f"{_PATH}/<path:pairs>", methods=["GET", "POST"], merge_slashes=False)
    @bp.route(_PATH, methods=["GET", "POST"])
    def send(pairs: str = "") -> Response:
        given = _in_path() | fields() if pairs else fields()
        key = entry.key(password() or bearer() or request.headers.get("Authorization", "").strip() or given.get("api"), "send")
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


def _in_path() -> dict[str, str]:
    """`destination=…&message=…&api=…` behind the last slash, escaped as in a query; read where & and %26 are still two things."""
    written, mark, query = request.environ.get("REQUEST_URI", "").partition(f"{_PATH}/")[2].partition("?")
    if mark and not _FIELDS.match(query):  # a question mark of the text, not escaped
        written += f"%3F{query}"
    return dict(parse_qsl(written, keep_blank_values=True))


def _extension(agent: str) -> str | None:
    """An agent may be named in a way that no extension is; only a key with rules for its extensions minds."""
    return agent if re.fullmatch(EXTENSION, agent) else None


def _say(refused: Refused) -> Response:
    # The word alone is what clients compare; what was wrong stands in a header, for people.
    reason = refused.detail.encode("ascii", "replace").decode().replace("\n", " ").replace("\r", " ")
    status = _STATUS.get(refused.why, 400)
    return Response("ERROR", status, {"X-Reason": reason}, content_type="text/plain; charset=utf-8")
