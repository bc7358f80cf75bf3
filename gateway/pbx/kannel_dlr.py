"""Kannel's `dlr-url` of a sendsms request: a GET of that address, its escapes replaced wherever they stand; any 2xx accepts.

The escapes are those of the webhook format; `%d` is 4 (buffered) as long as nobody knows whether the network took the text. What
looks like an escape is one, as in Kannel: `%D0` of an encoded letter must come as `%%D0`.
"""

from __future__ import annotations

from gateway.pbx import kannel
from gateway.pbx.facts import facts_of, numbers
from gateway.pbx.options import choice
from gateway.pbx.request import Format, Hook, HttpRequest
from gateway.pbx.spelling import AGENT
from gateway.records import Event, EventType


def compose(event: Event, hook: Hook, at: float) -> HttpRequest | None:
    facts = facts_of(event, hook)
    if facts.kind not in kannel.BITS:
        return None
    return HttpRequest("GET", kannel.filled(hook.url, facts, hook), (AGENT,), b"")


def told_by(mask: int) -> tuple[EventType, ...]:
    """The events that a dlr-mask asks for."""
    return tuple(kind for kind, bit in kannel.BITS.items() if bit & mask)


FORMAT = Format(
    compose,
    frozenset(kannel.BITS),
    (choice("signing", ("none",)), numbers(), choice("charset", ("UTF-8", "UTF-16BE"))),
    ("none",),
    kannel.hear,
)
