"""Forgetting what was said, on a client's wish: the text alone, or whom it went to as well. Only of messages that have ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.records import Key, Message
from gateway.store import erasing

if TYPE_CHECKING:
    from gateway.store import Store


class Erasing:
    """Called from the web's threads; returns after the commit. Without scope admin a key reaches what it sent, and nothing else."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def redact(self, public_id: str, key: Key) -> Message:
        """Raises NotFound, or Conflict while it may still leave."""
        return self._store.writer.run(lambda db: erasing.redact(db, public_id, _only(key)))

    def erase(self, public_id: str, key: Key) -> None:
        """Raises NotFound, or Conflict while it may still leave."""
        self._store.writer.run(lambda db: erasing.erase(db, public_id, _only(key)))


def _only(key: Key) -> int | None:
    return None if key.may("admin") else key.id
