"""How requests are put together: JSON bodies, forms and queries in one spelling for all formats. Signs nothing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from urllib.parse import urlencode

from gateway.pbx.request import HttpRequest

Pairs = Sequence[tuple[str, str]]

AGENT = ("User-Agent", "simrack")
FORM = "application/x-www-form-urlencoded"


def json_post(url: str, content: object) -> HttpRequest:
    return HttpRequest("POST", url, (("Content-Type", "application/json"), AGENT), json_text(content).encode())


def json_text(content: object) -> str:
    # Escaped to ASCII: a text may hold half a surrogate pair, which JSON can carry and UTF-8 cannot.
    return json.dumps(content, separators=(",", ":"))


def form_post(url: str, fields: Pairs) -> HttpRequest:
    return HttpRequest("POST", url, (("Content-Type", FORM), AGENT), urlencode(fields).encode())


def query_get(url: str, query: str) -> HttpRequest:
    """`query` is encoded already, and follows what the URL holds of its own."""
    joint = "" if not query else "&" if "?" in url else "?"
    return HttpRequest("GET", f"{url}{joint}{query}", (AGENT,), b"")
