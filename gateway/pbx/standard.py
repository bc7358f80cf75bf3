"""Our own format: the Standard Webhooks 1.0.0 envelope and signature. Every other format may take over its headers."""

from __future__ import annotations

import json

from gateway.clock import isoformat
from gateway.pbx.request import HttpRequest
from gateway.pbx.signature import sign
from gateway.records import Event


def request(event: Event, url: str, secret: str, at: float) -> HttpRequest:
    """`webhook-id` is the same on each retry; timestamp and signature belong to this attempt."""
    body = _body(event)
    timestamp = int(at)
    headers = (
        ("Content-Type", "application/json"),
        ("User-Agent", "simrack"),
        ("webhook-id", event.id),
        ("webhook-timestamp", str(timestamp)),
        ("webhook-signature", sign(secret, event.id, timestamp, body)),
    )
    return HttpRequest("POST", url, headers, body)


def _body(event: Event) -> bytes:
    envelope = {"type": event.type, "timestamp": isoformat(event.created_at), "data": event.data}
    # Escaped to ASCII: a text may hold half a surrogate pair, which JSON can carry and UTF-8 cannot.
    return json.dumps(envelope, separators=(",", ":")).encode()
