"""One address for URL templates: `/api/send?to=…&text=…` by GET or POST, with a key or Basic, answered by a line of text.

For uContact URLSMS and URLPOSTSMS, Vodia "GET", Asterisk CURL() and scripts. Its names are chosen in the configuration.
"""

from __future__ import annotations

from flask import Blueprint, Response

from gateway.records import SendRequest
from gateway.settings.door import PLAIN_FIELDS
from gateway.web.compat.entry import Entry
from gateway.web.compat.reading import bearer, fields, password, plus, truth
from gateway.web.compat.refused import Refused, Why, missing
from gateway.web.doors import Doors

_STATUS = {
    Why.ADDRESS: 403,
    Why.CREDENTIALS: 401,
    Why.SCOPE: 403,
    Why.CONTENT: 403,
    Why.RULE: 403,
    Why.NOT_FOUND: 404,
    Why.METHOD: 405,
    Why.LARGE: 413,
    Why.FAST: 429,
    Why.BUSY: 503,
    Why.INTERNAL: 500,
}


def blueprint(doors: Doors) -> Blueprint:
    entry = Entry("plain", doors, _say)
    bp = entry.blueprint()
    names = {name: doors.settings.doors.plain_names.get(name, name) for name in PLAIN_FIELDS}

    @bp.route("/api/send", methods=["GET", "POST"])
    def send() -> Response:
        written = fields()
        given = {name: written[theirs] for name, theirs in names.items() if written.get(theirs)}
        key = entry.key(given.get("key") or password() or bearer(), "send")
        for name in ("to", "text"):
            if name not in given:
                raise missing(names[name])
        wanted = SendRequest(
            plus(given["to"]).strip(),
            given["text"],
            plus(given["from"]) if "from" in given else None,
            channel=given.get("channel"),
            pool=given.get("pool"),
            flash=truth(given.get("flash", "")),
            client_ref=given.get("ref"),
            extension=given.get("extension"),
        )
        message = entry.accept([wanted], key, entry.once(wanted.client_ref, wanted.to, wanted.text))[0]
        return _line(f"OK {message.id}", 200)

    return bp


def _say(refused: Refused) -> Response:
    response = _line(f"ERROR {refused.detail}", _STATUS.get(refused.why, 400))
    if refused.why is Why.CREDENTIALS:
        response.headers["WWW-Authenticate"] = 'Basic realm="simrack", charset="UTF-8"'
    return response


def _line(text: str, status: int) -> Response:
    return Response(" ".join(text.split()) + "\n", status, content_type="text/plain; charset=utf-8")
