"""What formats read of an event: one flat record, with numbers spelt as the receiver wants them. Composes nothing.

A test event is told as a received text from and to a number that is nobody's, where a format knows messages only.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from gateway.numbers import dialled
from gateway.pbx.options import Option, choice
from gateway.pbx.request import Hook
from gateway.records import Event, EventType

NOBODY = "+12025550100"  # of the range kept free for stories

RECEIVED = EventType.MESSAGE_RECEIVED
SENT = EventType.MESSAGE_SENT
DELIVERED = EventType.MESSAGE_DELIVERED
UNDELIVERED = EventType.MESSAGE_UNDELIVERED
FAILED = EventType.MESSAGE_FAILED
UNKNOWN = EventType.MESSAGE_UNKNOWN
REPORTS = frozenset({SENT, DELIVERED, UNDELIVERED, FAILED})

# Our words for the spellings that `gateway.numbers.dialled` knows.
_STYLES = {"+e164": "e164", "e164": "plain", "00": "00", "national": "national"}


def numbers(default: str = "+e164") -> Option:
    return choice("numbers", tuple(_STYLES), "how numbers are written, +49… or 49… or 0049… or 0…", default)


@dataclass(frozen=True, slots=True)
class Facts:
    kind: EventType
    event_id: str
    id: str  # of the message
    from_: str
    to: str
    text: str
    channel: str
    at: float  # of the event
    parts: int
    encoding: str
    flash: bool
    client_ref: str
    status: str
    code: str
    reason: str
    extension: str  # whom an incoming text is for, or who sent it

    @property
    def phone(self) -> str:
        """The number of the person, whichever way the text went."""
        return self.from_ if self.kind is RECEIVED else self.to

    @property
    def own(self) -> str:
        """The number of our SIM."""
        return self.to if self.kind is RECEIVED else self.from_

    def stamp(self, form: str) -> str:
        """The time of the event in UTC."""
        return datetime.fromtimestamp(self.at, UTC).strftime(form)


def facts_of(event: Event, hook: Hook) -> Facts:
    data, kind = event.data, event.type
    from_, to = _word(data, "from"), _word(data, "to")
    if kind is EventType.WEBHOOK_TEST:
        kind, from_, to = RECEIVED, NOBODY, NOBODY
    error = data.get("error")
    error = error if isinstance(error, Mapping) else {}
    parts = data.get("parts")
    return Facts(
        kind=kind,
        event_id=event.id,
        id=_word(data, "id") or event.id,
        from_=spelt(from_, hook),
        to=spelt(to, hook),
        text=whole_text(_word(data, "text")),
        channel=_word(data, "channel"),
        at=event.created_at,
        parts=parts if isinstance(parts, int) else 1,
        encoding=_word(data, "encoding"),
        flash=data.get("flash") is True,
        client_ref=whole_text(_word(data, "client_ref")),
        status=_word(data, "status"),
        code=_word(error, "code"),
        reason=_word(error, "reason") or _word(data, "reason"),
        extension=_word(data, "extension"),
    )


def spelt(number: str, hook: Hook) -> str:
    return dialled(number, _STYLES[hook.options.get("numbers", "+e164")], hook.country) if number else ""


def whole_text(text: str) -> str:
    """Without halves of surrogate pairs, which no UTF-8 can carry."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def number_of(name: str) -> int:
    """A whole number below 2^31 for a name, the same each time, for receivers whose ids are numbers."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big") >> 1


def _word(data: Mapping[str, Any], name: str) -> str:
    value = data.get(name)
    return "" if value is None else str(value)
