"""Jasmin's DLR of a /send request: its fields as a query or a form; accepted by the words `ACK/Jasmin` alone.

Source: Jasmin's "HTTP API", chapter "Receiving DLR". `level` is that of the report itself: 1 the network's acceptance, 2 the
phone's. A text that no network took is told at the level that was asked for, at level 1 if it was both. `id_smsc` repeats our id.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from gateway.pbx.facts import DELIVERED, FAILED, REPORTS, SENT, UNDELIVERED, Facts, facts_of
from gateway.pbx.options import choice, whole
from gateway.pbx.request import Format, Heard, Hook, HttpRequest
from gateway.pbx.spelling import form_post, query_get
from gateway.records import Event, EventType

_ACCEPTED = "ACK/Jasmin"
_AT_NETWORK = {SENT: "ESME_ROK", FAILED: "ESME_RSUBMITFAIL"}
_AT_PHONE = {DELIVERED: "DELIVRD", UNDELIVERED: "UNDELIV", FAILED: "UNDELIV"}
_LEVELS = {1: (SENT, FAILED), 2: (DELIVERED, UNDELIVERED, FAILED), 3: (SENT, DELIVERED, UNDELIVERED, FAILED)}
_STAMP = "%y%m%d%H%M"
_SHOWN_OF_TEXT = 20


def compose(event: Event, hook: Hook, at: float) -> HttpRequest | None:
    facts = facts_of(event, hook)
    if facts.kind not in REPORTS:
        return None
    level = 1 if facts.kind in _AT_NETWORK and hook.options["level"] != 2 else 2
    fields = _at_network(facts) if level == 1 else _at_phone(facts, event.data)
    if hook.options["method"] == "get":
        return query_get(hook.url, urlencode(fields))
    return form_post(hook.url, tuple(fields.items()))


def told_by(level: int) -> tuple[EventType, ...]:
    """The events that a dlr-level asks for."""
    return _LEVELS[level]


def hear(hook: Hook, body: str) -> Heard:
    return Heard() if body.strip() == _ACCEPTED else Heard(f"it was not answered by {_ACCEPTED}")


def _at_network(facts: Facts) -> dict[str, str]:
    return {"id": facts.id, "message_status": _AT_NETWORK[facts.kind], "level": "1", "connector": facts.channel}


def _at_phone(facts: Facts, data: Mapping[str, Any]) -> dict[str, str]:
    done = facts.kind is DELIVERED
    return {
        "id": facts.id,
        "id_smsc": facts.id,
        "message_status": "EXPIRED" if facts.status == "expired" else _AT_PHONE[facts.kind],
        "level": "2",
        "connector": facts.channel,
        "subdate": _sent(data, facts),
        "donedate": facts.stamp(_STAMP),
        "sub": "001",
        "dlvrd": "001" if done else "000",
        "err": "000" if done else "001",
        "text": facts.text[:_SHOWN_OF_TEXT],
    }


def _sent(data: Mapping[str, Any], facts: Facts) -> str:
    sent = data.get("sent_at")
    return datetime.fromisoformat(sent).astimezone(UTC).strftime(_STAMP) if isinstance(sent, str) else facts.stamp(_STAMP)


FORMAT = Format(
    compose,
    REPORTS,
    (
        choice("signing", ("none",)),
        choice("method", ("post", "get"), "form or query"),
        whole("level", 1, 1, 3, "1 the network's acceptance, 2 the phone's, 3 both"),
    ),
    ("none",),
    hear,
)
