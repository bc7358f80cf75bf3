"""`/guides/`: the built-in guides as plain pages that need no network, their Markdown and their files. Public; no secret.

{address} and {host} become what the browser asked for; nothing of the configuration is shown.
"""

from __future__ import annotations

import hashlib
import html
import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Any

from apiflask import APIBlueprint
from flask import Blueprint, Response, request
from markdown_it import MarkdownIt
from markdown_it.token import Token

from gateway import guides
from gateway.web.problems import Problem

_STYLE = """
:root{color-scheme:light dark;--ink:#1a1a1a;--paper:#fff;--line:#ccc;--soft:#f2f2f2;--link:#0645ad}
@media(prefers-color-scheme:dark){:root{--ink:#e6e6e6;--paper:#161616;--line:#444;--soft:#242424;--link:#8ab4f8}}
*{box-sizing:border-box}
body{margin:0 auto;padding:1rem;max-width:44rem;color:var(--ink);background:var(--paper);font:1rem/1.5 system-ui,sans-serif;
overflow-wrap:break-word}
a{color:var(--link)}
h1{font-size:1.5rem}h2{font-size:1.2rem;margin-top:2rem;border-bottom:1px solid var(--line)}
pre,code{font-family:ui-monospace,monospace;font-size:.9rem;background:var(--soft)}
code{padding:.1em .25em;overflow-wrap:anywhere}
pre{padding:.75rem;border:1px solid var(--line);white-space:pre-wrap}pre code{padding:0}
.wide{overflow-x:auto}
table{border-collapse:collapse}th,td{border:1px solid var(--line);padding:.35rem .5rem;text-align:left;vertical-align:top}
td:first-child code{overflow-wrap:normal}
""".strip()
_STYLE_HASH = b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_HEADERS = {
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "private, no-cache",  # pages differ by the Host that was asked for
}
_HOST = re.compile(r"([A-Za-z0-9]([A-Za-z0-9.-]{0,252}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\])(:[0-9]{1,5})?")
_UNKNOWN_HOST = "simrack.example.net"
_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")


def blueprint() -> Blueprint:
    bp = APIBlueprint("guides", __name__, url_prefix="/guides", enable_openapi=False)

    @bp.get("/")
    def index() -> Response:
        pages = {name: guides.page(name) or "" for name in guides.names()}
        lines = [f"- [{guides.title(page)}]({name}.md)" for name, page in pages.items()]
        return _shown("Guides", "\n".join(["# Guides", "", "What to type where, for each phone system:", "", *lines]))

    @bp.get("/<name>")
    def page(name: str) -> Response:
        found = guides.page(name)
        if found is None:
            raise Problem(404, f"there is no guide {name}; /guides/ lists them")
        return _shown(guides.title(found), f"[All guides](./)\n\n{guides.filled(found, _values())}")

    @bp.get("/<name>.md")
    def markdown(name: str) -> Response:
        found = guides.page(name)
        if found is None:
            raise Problem(404, f"there is no guide {name}; /guides/ lists them")
        return Response(guides.filled(found, _values()), headers=_HEADERS, content_type="text/markdown; charset=utf-8")

    @bp.get("/files/<name>")
    def file(name: str) -> Response:
        found = guides.file(name)
        if found is None:
            raise Problem(404, f"there is no file {name}; the guides name them")
        return Response(guides.filled(found, _values()), headers=_HEADERS, content_type="text/plain; charset=utf-8")

    return bp


def _shown(title: str, markdown: str) -> Response:
    body = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{html.escape(title)} - simrack</title><style>{_STYLE}</style></head>"
        f"<body>{_MARKDOWN.render(markdown)}</body></html>\n"
    )
    return Response(body, headers=_HEADERS, content_type="text/html; charset=utf-8")


def _values() -> Mapping[str, str]:
    """Where the browser found us. A Host that is no plain name or address is shown nowhere."""
    host = request.host if _HOST.fullmatch(request.host) else _UNKNOWN_HOST
    secure = request.is_secure or request.headers.get("X-Forwarded-Proto") == "https"
    return {"address": f"{'https' if secure else 'http'}://{host}", "host": re.sub(r":[0-9]+$", "", host)}


def _link(renderer: Any, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
    """Pages name each other as files, so that the Markdown can be read where it lies."""
    target = str(tokens[at].attrs.get("href", ""))
    if re.fullmatch(r"[a-z0-9-]+\.md", target):
        tokens[at].attrs["href"] = target.removesuffix(".md")
    return str(renderer.renderToken(tokens, at, options, env))


_MARKDOWN.add_render_rule("link_open", _link)
_MARKDOWN.add_render_rule("table_open", lambda *_: '<div class="wide"><table>\n')
_MARKDOWN.add_render_rule("table_close", lambda *_: "</table></div>\n")
