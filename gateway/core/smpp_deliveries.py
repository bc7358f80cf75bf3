"""What waits for SMPP clients, receipts and incoming texts, and what became of it. Speaks no SMPP."""

from __future__ import annotations

from collections.abc import Collection

from gateway.records import SmppDelivery
from gateway.store import Store, smpp


class SmppDeliveries:
    def __init__(self, store: Store) -> None:
        self._store = store

    def waiting(self, key_id: int, without: Collection[str], limit: int) -> list[SmppDelivery]:
        """In order, but for these conversations."""
        return self._store.read(lambda db: smpp.waiting(db, key_id, without, limit))

    async def done(self, delivery: SmppDelivery) -> None:
        """The client has it, or refused it for good. Returns when that is on disk."""
        await self._store.writer.arun(lambda db: smpp.done(db, delivery.id))

    async def failed(self, delivery: SmppDelivery) -> None:
        await self._store.writer.arun(lambda db: smpp.failed(db, delivery.id))
