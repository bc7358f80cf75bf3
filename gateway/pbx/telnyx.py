"""The Telnyx v2 envelope, which 3CX ("Generic"), Yeastar P-Series ("General") and FreePBX SMS Connector (`provider=telnyx`) take.

Sources: the public connectors of 3CX (httpSMS, EC-SH, REST_Connector_3CX) and Yeastar, providers of simontelephonics/smsconnector,
Telnyx "Receiving Webhooks for Messaging". 3CX reads a failure as `message.sent` with `sending_failed`, as here. Signatures: 3CX
wants none (its URL is the secret), Yeastar `hmac-sha256` in X-Signature-256; Telnyx's own Ed25519 is not offered. Uncertain:
whether Yeastar reads reports at all, and which inbound form Bicom takes. `meta`, which none of the three reads, is left out.
"""

from __future__ import annotations

from gateway.clock import isoformat
from gateway.pbx.facts import DELIVERED, FAILED, RECEIVED, REPORTS, SENT, UNDELIVERED, Facts, facts_of, numbers
from gateway.pbx.request import Format, Hook, HttpRequest
from gateway.pbx.signing import BODY_SIGNINGS, options, signed
from gateway.pbx.spelling import json_post
from gateway.records import Event

_REPORTS = {
    SENT: ("message.sent", "sent"),
    FAILED: ("message.sent", "sending_failed"),
    DELIVERED: ("message.finalized", "delivered"),
    UNDELIVERED: ("message.finalized", "delivery_failed"),
}
REPORTED = tuple(_REPORTS)


def compose(event: Event, hook: Hook, at: float) -> HttpRequest | None:
    facts = facts_of(event, hook)
    if facts.kind is RECEIVED:
        kind, payload = "message.received", _received(facts)
    elif facts.kind in _REPORTS:
        kind, payload = _REPORTS[facts.kind][0], _report(facts, _REPORTS[facts.kind][1])
    else:
        return None
    data = {"event_type": kind, "id": facts.event_id, "occurred_at": isoformat(facts.at), "record_type": "event"}
    return signed(json_post(hook.url, {"data": {**data, "payload": payload}}), event, hook, at)


def _received(facts: Facts) -> dict[str, object]:
    return {
        "id": facts.id,
        "type": "SMS",
        "direction": "inbound",
        "record_type": "message",
        "received_at": isoformat(facts.at),
        "text": facts.text,
        "from": {"phone_number": facts.from_},
        "to": [{"phone_number": facts.to}],
    }


def _report(facts: Facts, status: str) -> dict[str, object]:
    errors = [{"code": facts.code, "title": facts.reason}] if facts.code or facts.reason else []
    return {
        "id": facts.id,
        "type": "SMS",
        "direction": "outbound",
        "record_type": "message",
        "completed_at": isoformat(facts.at),
        "text": facts.text,
        "from": {"phone_number": facts.from_},
        "to": [{"phone_number": facts.to, "status": status}],
        "errors": errors,
    }


FORMAT = Format(compose, REPORTS | {RECEIVED}, (*options(BODY_SIGNINGS), numbers()), BODY_SIGNINGS)
