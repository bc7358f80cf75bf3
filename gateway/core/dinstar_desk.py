"""What the Dinstar door lets its clients do beyond sending: read what came in, each key for itself, and call a request back.

Called from the web's threads; returns after the commit.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING

from gateway.clock import Clock
from gateway.core.reporting import announce
from gateway.errors import Conflict, NotFound
from gateway.store import dinstar_door, outbox
from gateway.store.dinstar_door import Incoming

if TYPE_CHECKING:
    from gateway.store import Database, Store

# Numbers in one request (the box's own limit is this as well).
MOST_NUMBERS = 128


class DinstarDesk:
    def __init__(self, store: Store, clock: Clock, wake: Callable[[], None]) -> None:
        self._store = store
        self._clock = clock
        self._wake = wake

    def task_of(self, public_ids: Sequence[str]) -> int:
        """The number of a request that became these messages. Their rows follow each other, so it says where, and how many."""
        message = self._store.messages.get(public_ids[0])
        assert message is not None
        return message.serial * MOST_NUMBERS + len(public_ids) - 1

    def stop(self, task: int, key_id: int) -> None:
        """What has not left of a request does not leave. Raises NotFound for one that this key did not make."""
        first, others = divmod(task, MOST_NUMBERS)

        def job(db: Database) -> None:
            public_ids = dinstar_door.task(db, key_id, first, others + 1)
            if len(public_ids) <= others:
                raise NotFound(f"there is no task {task}")
            now = self._clock.now()
            for public_id in public_ids:
                try:
                    announce(db, outbox.cancel(db, public_id, now), now)
                except Conflict:
                    continue  # it has left

        self._store.writer.run(job)
        self._wake()

    def unread(self, key_id: int, channels: Collection[str], whole: bool, after: int, most: int) -> list[Incoming]:
        """What this key has not been told yet, oldest first; from now on it has. `whole`: these are all the channels there are."""

        def job(db: Database) -> list[Incoming]:
            found = self._untold(db, key_id, channels, after, most)
            if found:
                dinstar_door.mark(db, key_id, None if whole else channels, found[-1].serial)
            return found

        # Most of the time there is nothing, and nothing to write.
        if not self._store.read(lambda db: self._untold(db, key_id, channels, after, 1)):
            return []
        return self._store.writer.run(job)

    def _untold(self, db: Database, key_id: int, channels: Collection[str], after: int, most: int) -> list[Incoming]:
        marks = dinstar_door.read_to(db, key_id, channels)
        spans = {channel: (max(after, mark), dinstar_door.NO_END) for channel, mark in marks.items()}
        return dinstar_door.incoming(db, spans, most, newest=False)
