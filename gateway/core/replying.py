"""Sends back what a webhook's answer asks for (TwiML), through the same door as every other text. Reads no answers itself."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Sequence

from gateway.core.sending import Sending
from gateway.errors import BadValue, IdempotencyMismatch
from gateway.records import Forward, Key, SendRequest

log = logging.getLogger("simrack.replying")

# Nobody's key: what is counted and shared by key leaves these out, as it does the gateway's own texts.
_KEY = Key(0, "webhooks", frozenset({"send"}), 0.0)


class Replying:
    def __init__(self, sending: Sending) -> None:
        self._sending = sending

    async def reply(self, row: Forward, texts: Sequence[str]) -> None:
        """Queue the texts to who wrote, over the channel that received. Each once, however often the event is posted."""
        await asyncio.get_running_loop().run_in_executor(None, self._send, row, texts)

    def _send(self, row: Forward, texts: Sequence[str]) -> None:
        writer, channel = str(row.data.get("from") or ""), row.data.get("channel")
        for number, text in enumerate(texts):
            request = SendRequest(
                to=writer, text=text, channel=None if channel is None else str(channel), client_ref=f"reply:{row.event_id}"
            )
            once = (f"reply:{row.webhook}:{row.event_id}:{number}", hashlib.sha256(text.encode(errors="replace")).hexdigest())
            try:
                self._sending.accept(request, _KEY, once)
            except IdempotencyMismatch:
                log.info("webhook %s answered event %s with another text before; that one stands", row.webhook, row.event_id)
            except BadValue as fault:
                log.warning("the reply of webhook %s to event %s cannot be sent: %s", row.webhook, row.event_id, fault)
