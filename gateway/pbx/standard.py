"""Our own format: the Standard Webhooks 1.0.0 envelope and signature. Every other format may take over its headers."""

from __future__ import annotations

from gateway.clock import isoformat
from gateway.pbx.request import Format, Hook, HttpRequest
from gateway.pbx.signing import BODY_SIGNINGS, STANDARD, options, signed
from gateway.pbx.spelling import json_post
from gateway.records import Event, EventType


def compose(event: Event, hook: Hook, at: float) -> HttpRequest:
    envelope = {"type": event.type.value, "timestamp": isoformat(event.created_at), "data": event.data}
    return signed(json_post(hook.url, envelope), event, hook, at)


_SIGNINGS = (STANDARD, *(one for one in BODY_SIGNINGS if one != STANDARD))

FORMAT = Format(compose, frozenset(EventType), options(_SIGNINGS), _SIGNINGS)
