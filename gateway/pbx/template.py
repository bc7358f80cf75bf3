"""Any other receiver: method, target, headers and body are templates with named placeholders such as {from} and {text}.

No vendor's form. A value is escaped for the place it stands in: as a URL in the target and in forms, for JSON, for XML, and without
line ends in headers. The target replaces path and query of the webhook's URL and never its host. A body that is a JSON object or
array is JSON whatever the values are; a body that is text is written as `content_type` says. `{secret}` is the webhook's secret.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, quote_plus, urlsplit
from xml.sax.saxutils import escape as xml_escape

from gateway.clock import isoformat
from gateway.errors import BadValue
from gateway.pbx.facts import facts_of, numbers
from gateway.pbx.options import TOKEN, Option, choice, text
from gateway.pbx.request import Format, Heard, Hook, HttpRequest
from gateway.pbx.signing import BODY_SIGNINGS, options, signed
from gateway.pbx.spelling import AGENT, FORM, json_text
from gateway.records import Event, EventType

PLACEHOLDERS = (
    *("event", "event_id", "id", "from", "to", "text", "channel", "status", "client_ref", "code", "reason", "extension"),
    *("time", "timestamp", "secret"),
)
_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
_REMEDY = f"placeholders are {', '.join(f'{{{name}}}' for name in PLACEHOLDERS)}"
_LONGEST_BODY = 10_000
_MOST_HEADERS = 20
_HEADER_NAME = re.compile(TOKEN)
_HEADER_VALUE = re.compile(r"^[ -~]{0,500}$")
_OURS = frozenset(
    ("connection", "content-length", "content-type", "expect", "host", "te", "trailer", "transfer-encoding", "upgrade")
)
_BODY = {name: f"{{{name}}}" for name in ("event", "event_id", "id", "from", "to", "text", "channel", "status", "time")}


def compose(event: Event, hook: Hook, at: float) -> HttpRequest | None:
    values, options = _values(event, hook, at), hook.options
    url = hook.url
    if options["target"]:
        split = urlsplit(hook.url)
        url = f"{split.scheme}://{split.netloc}{_filled(options['target'], values, lambda value: quote(value, safe=''))}"
    headers = [(name, _filled(value, values, _one_line).strip()) for name, value in options["headers"].items()]
    method = options["method"]
    if method == "GET":
        return signed(HttpRequest(method, url, (AGENT, *headers), b""), event, hook, at)
    kind, body = _body(options["body"], options["content_type"].strip(), values)
    return signed(HttpRequest(method, url, (("Content-Type", kind), AGENT, *headers), body.encode()), event, hook, at)


def _values(event: Event, hook: Hook, at: float) -> dict[str, str]:
    facts = facts_of(event, hook)
    return {
        "event": event.type.value,
        "event_id": event.id,
        "id": facts.id,
        "from": facts.from_,
        "to": facts.to,
        "text": facts.text,
        "channel": facts.channel,
        "status": facts.status or str(event.data.get("state", "")),
        "client_ref": facts.client_ref,
        "code": facts.code,
        "reason": facts.reason,
        "extension": facts.extension,
        "time": isoformat(event.created_at),
        "timestamp": str(int(at)),
        "secret": hook.secret,
    }


def _body(body: Any, content_type: str, values: dict[str, str]) -> tuple[str, str]:
    if not isinstance(body, str):
        return content_type or "application/json", json_text(_filled_within(body, values))
    kind = content_type or FORM
    return kind, _filled(body, values, _escape_for(kind))


def _escape_for(kind: str) -> Callable[[str], str]:
    if "json" in kind:
        return lambda value: json.dumps(value)[1:-1]
    if "xml" in kind:
        return lambda value: xml_escape(value, {'"': "&quot;", "'": "&apos;"})
    return quote_plus if kind.startswith(FORM) else str


def _filled_within(content: Any, values: dict[str, str]) -> Any:
    if isinstance(content, str):
        return _filled(content, values, str)
    if isinstance(content, list):
        return [_filled_within(one, values) for one in content]
    if isinstance(content, dict):
        return {name: _filled_within(one, values) for name, one in content.items()}
    return content


def _filled(template: str, values: dict[str, str], escape: Callable[[str], str]) -> str:
    return _PLACEHOLDER.sub(lambda found: escape(values[found[1]]) if found[1] in values else found[0], template)


def _one_line(value: str) -> str:
    return "".join(sign if " " <= sign <= "~" else quote(sign) for sign in value)


def hear(hook: Hook, body: str) -> Heard:
    wanted = hook.options["expect"]
    return Heard() if wanted in body else Heard(f"the answer does not hold {wanted!r}")


# Checks of what people write.


def require_known_placeholders(given: dict[str, Any]) -> None:
    """Raises BadValue for a placeholder that means nothing."""
    for name in ("target", "headers", "body"):
        for word in _PLACEHOLDER.findall(json.dumps(given.get(name, ""))):
            if word not in PLACEHOLDERS:
                raise BadValue(f"options/{name}", f"{{{word}}} means nothing", _REMEDY)


def _are_headers(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and len(value) <= _MOST_HEADERS
        and all(
            _HEADER_NAME.search(name) and name.lower() not in _OURS and isinstance(one, str) and _HEADER_VALUE.search(one)
            for name, one in value.items()
        )
        and not any(text.endswith("\n") for text in (*value, *value.values()))
    )


def _is_body(value: Any) -> bool:
    return isinstance(value, str | dict | list) and len(json.dumps(value)) <= _LONGEST_BODY


_HEADERS = Option(
    "headers",
    {},
    f"names and values of up to {_MOST_HEADERS} headers, not {', '.join(sorted(_OURS))}; {_REMEDY}",
    {
        "type": "object",
        "maxProperties": _MOST_HEADERS,
        "propertyNames": {"pattern": TOKEN},
        "additionalProperties": {"type": "string", "pattern": _HEADER_VALUE.pattern},
    },
    _are_headers,
)
_BODY_OPTION = Option(
    "body",
    _BODY,
    f"a JSON object or array, or text; at most {_LONGEST_BODY} characters of JSON; not sent with GET; {_REMEDY}",
    {"type": ["string", "object", "array"]},
    _is_body,
)

FORMAT = Format(
    compose,
    frozenset(EventType),
    (
        *options(BODY_SIGNINGS),
        numbers(),
        choice("method", ("POST", "PUT", "PATCH", "GET")),
        text("target", "", r'^(/[!"$-~]{0,1000})?$', f"path and query, from '/' on, instead of those of the URL; {_REMEDY}"),
        _HEADERS,
        _BODY_OPTION,
        text("content_type", "", r"^([ -~]{1,100})?$", "how a body of text is written; without it, a form, and JSON for an object"),
        text("expect", "", r"^[^\x00]{0,200}$", "what an answer must hold to be an acceptance, as ACK/Jasmin"),
    ),
    BODY_SIGNINGS,
    hear,
)
