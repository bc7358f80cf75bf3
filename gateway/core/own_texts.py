"""Texts that the gateway sends of its own, to keep a SIM alive or to ask for a balance: queued like any other, and marked."""

from __future__ import annotations

from gateway.core.identifiers import new_id
from gateway.pdu.split import split
from gateway.records import OnUnknown
from gateway.store import Database, lanes, outbox
from gateway.store.outbox import NewMessage

_EXPIRES_AFTER_S = 24 * 3600.0


def queue(db: Database, channel: str, to: str, text: str, ref: str, now: float) -> None:
    """A job: one text over this channel and no other, without a report. It ends by itself, whatever becomes of it."""
    parts = split(text)
    message = NewMessage(
        public_id=new_id("msg", now),
        recipient=to,
        sender="",
        text=text,
        encoding=parts[0].encoding,
        parts=parts,
        lane=lanes.of_channel(channel),
        expires_at=now + _EXPIRES_AFTER_S,
        report=False,
        on_unknown=OnUnknown.RESEND,
        client_ref=ref,
    )
    outbox.add(db, [message], now)
