"""The webhooks of android-sms-gateway (SMSGate): `sms:received`, `sms:sent`, `sms:delivered`, `sms:failed` with X-Signature.

Sources: android-sms-gateway docs-web features/webhooks.md and server. The signing key is the secret: hex HMAC-SHA256 over body and
X-Timestamp. Older clients read `phoneNumber`, newer ones `sender` or `recipient`: both are there. SMSGate tells a delivery once
per part; here it is told once per message. Uncertain: `partsCount`; a SIM beyond the third has the number 3.
"""

from __future__ import annotations

from datetime import UTC, datetime

from gateway.pbx.facts import DELIVERED, FAILED, RECEIVED, REPORTS, SENT, UNDELIVERED, Facts, facts_of, numbers
from gateway.pbx.options import port_of, ports, text
from gateway.pbx.request import Format, Hook, HttpRequest
from gateway.pbx.signing import BODY_SIGNINGS, options, signed
from gateway.pbx.spelling import json_post
from gateway.records import Event

_KINDS = {
    RECEIVED: "sms:received",
    SENT: "sms:sent",
    DELIVERED: "sms:delivered",
    UNDELIVERED: "sms:failed",
    FAILED: "sms:failed",
}
_MOST_SIMS = 3
_SIGNINGS = ("sms-gate", *(one for one in BODY_SIGNINGS if one != "sms-gate"))


def compose(event: Event, hook: Hook, at: float) -> HttpRequest | None:
    facts = facts_of(event, hook)
    if facts.kind not in _KINDS:
        return None
    content = {
        "deviceId": hook.options["device_id"],
        "event": _KINDS[facts.kind],
        "id": facts.event_id,
        "webhookId": hook.id,
        "payload": _payload(facts, port_of(facts.channel, hook.options["ports"], 1, _MOST_SIMS)),
    }
    return signed(json_post(hook.url, content), event, hook, at)


def _payload(facts: Facts, sim: int) -> dict[str, object]:
    moment = datetime.fromtimestamp(facts.at, UTC).isoformat(timespec="milliseconds")
    if facts.kind is RECEIVED:
        return {
            "messageId": facts.id,
            "message": facts.text,
            "sender": facts.from_,
            "phoneNumber": facts.from_,
            "recipient": facts.to,
            "simNumber": sim,
            "receivedAt": moment,
        }
    both = {"messageId": facts.id, "sender": facts.from_, "recipient": facts.to, "phoneNumber": facts.to, "simNumber": sim}
    if facts.kind is SENT:
        return {**both, "partsCount": facts.parts, "sentAt": moment}
    if facts.kind is DELIVERED:
        return {**both, "deliveredAt": moment}
    return {**both, "failedAt": moment, "reason": facts.reason or facts.code or facts.status}


FORMAT = Format(
    compose,
    REPORTS | {RECEIVED},
    (
        *options(_SIGNINGS),
        numbers(),
        text("device_id", "simrack", r"^[!-~]{1,64}$", "1 to 64 printable ASCII characters: told as deviceId"),
        ports(1, _MOST_SIMS),
    ),
    _SIGNINGS,
)
