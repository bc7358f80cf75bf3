"""Forgetting what was said, on a client's wish: the text alone, or whom it went to as well. Only of messages that have ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.records import Message
from gateway.store import erasing

if TYPE_CHECKING:
    from gateway.store import Store


class Erasing:
    """Called from the web's threads; returns after the commit."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def redact(self, public_id: str) -> Message:
        """Raises NotFound, or Conflict while it may still leave."""
        return self._store.writer.run(lambda db: erasing.redact(db, public_id))

    def erase(self, public_id: str) -> None:
        """Raises NotFound, or Conflict while it may still leave."""
        self._store.writer.run(lambda db: erasing.erase(db, public_id))
