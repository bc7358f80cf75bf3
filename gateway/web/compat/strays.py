"""Whose language answers what no view of a door has seen: an unknown path below a door's own, or another method for a known one.

Only open doors are asked, so what nobody claims stays with our own API.
"""

from __future__ import annotations

import re
from typing import cast

from flask import Response, current_app, request
from werkzeug.exceptions import HTTPException

from gateway.web.compat.entry import OPENED, Entry

# What a client of a door may look for and no other door has.
_CLAIMS = {
    door: re.compile(paths)
    for door, paths in {
        "telnyx": r"/compat/(telnyx|3cx|yeastar|bicom)(/|$)",
        "plain": r"/api/send(/|$)",
        "integra": r"/Integra/",
        "kannel": r"/cgi-bin/",
        "twilio": r"(/api/laml)?/2010-04-01/",
        "vonage": r"/sms/",
        "smseagle": r"(/index\.php)?/(http_api|jsonrpc)/|/api/v2/",
        "smsgate": r"/3rdparty/",
        "wildix": r"/api/v1/",
        "playsms": r"/index\.php$",
        "jasmin": r"/send(/|$)|/secure/",
        "dinstar": r"/api/(send|query|get|set|stop)_",
    }.items()
}


def answered(fault: HTTPException) -> Response | None:
    """None where no door that is open has to do with the path."""
    for entry in cast(list[Entry], current_app.extensions.get(OPENED, [])):
        if _CLAIMS[entry.door].match(request.path):
            return entry.stray(fault)
    return None
