"""A message as clients read it, in answers and webhooks alike: one spelling for both. Makes plain values, no JSON text."""

from __future__ import annotations

from gateway.clock import isoformat, moment
from gateway.records import Attempt, Direction, Message


def message_json(message: Message) -> dict[str, object]:
    """Fields that make no sense for the message's direction are left out; those not known yet are null."""
    error = message.error
    shown: dict[str, object] = {
        "id": message.id,
        "direction": message.direction.value,
        "status": message.status.value,
        "to": message.to,
        "from": message.from_,
        "text": message.text,
        "encoding": message.encoding.value,
        "parts": message.parts,
        "channel": message.channel,
        "client_ref": message.client_ref,
        "created_at": isoformat(message.created_at),
        "sent_at": moment(message.sent_at),
        "delivered_at": moment(message.delivered_at),
        "error": None if error is None else {"code": error.code, "reason": error.reason, "advice": error.advice},
        "flash": message.flash,
        "extension": message.extension,
    }
    if message.direction is Direction.OUT:
        shown["priority"] = message.priority
        shown["send_at"] = moment(message.send_at)
        shown["expires_at"] = moment(message.expires_at)
        shown["on_unknown"] = None if message.on_unknown is None else message.on_unknown.value
        shown["campaign"] = message.campaign
        shown["pool"] = message.pool
        shown["route"] = message.route
        shown["reference"] = message.reference
        if message.warnings:
            shown["warnings"] = list(message.warnings)
        return shown
    shown["inbound"] = message.inbound
    shown["claimed"] = message.claimed
    shown["serial"] = message.serial
    shown["incomplete"] = message.incomplete
    shown["flaws"] = list(message.flaws)
    if message.flaws or message.data:
        shown["raw"] = list(message.raw)
    if message.data:
        shown["data"] = message.data.hex().upper()
    return shown


def attempt_json(attempt: Attempt) -> dict[str, object]:
    return {
        "part": attempt.part,
        "channel": attempt.channel,
        "sim": attempt.sim,
        "started_at": isoformat(attempt.started_at),
        "ended_at": moment(attempt.ended_at),
        "outcome": attempt.outcome,
        "reference": attempt.reference,
        "word": None if attempt.word is None else attempt.word.value,
        "code": attempt.code,
        "reason": attempt.reason,
        "why": attempt.why,
    }
