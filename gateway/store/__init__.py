"""The only state that survives: one SQLite file, one thread that writes it, readers with their own connections.

Rows stay inside this package, records leave it. Rules about texts and channels are made above.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from peewee import SqliteDatabase

from gateway.clock import Clock
from gateway.errors import SimrackError, StorageFull
from gateway.settings import StoreSettings
from gateway.store import database
from gateway.store.balances import Balances
from gateway.store.forwards import Forwards
from gateway.store.keys import Keys
from gateway.store.messages import Messages
from gateway.store.sims import Sims
from gateway.store.webhooks import Webhooks
from gateway.store.writer import Writer

# What a job or a query is handed; opaque above the store.
Database = SqliteDatabase

T = TypeVar("T")

_ROOM_ASKED_EVERY_S = 1.0


class Store:
    """Open it with `Store.open`. `writer` changes it; `read` and the named readers look at it from any thread."""

    def __init__(self, path: Path, settings: StoreSettings, clock: Clock, lock: database.ServingLock | None) -> None:
        self.path = path
        self._settings = settings
        self._clock = clock
        self._lock = lock
        self._readers = database.connect(path)
        self.writer = Writer(database.connect(path))
        self.messages = Messages(self.read)
        self.keys = Keys(self.read)
        self.webhooks = Webhooks(self.read)
        self.forwards = Forwards(self.read)
        self.sims = Sims(self.read)
        self.balances = Balances(self.read)
        self._room = True
        self._room_asked_at = -_ROOM_ASKED_EVERY_S

    @classmethod
    def open(cls, settings: StoreSettings, clock: Clock, *, serving: bool) -> Store:
        """Create, back up and migrate as needed. `serving` takes the lock of the one gateway (raises AlreadyRunning)."""
        path = Path(settings.path)
        database.prepare(path)
        lock = database.ServingLock(path) if serving else None
        opening = database.connect(path)
        try:
            database.migrate(opening, path, settings.backups)
        except SimrackError:
            if lock is not None:
                lock.release()
            raise
        finally:
            opening.close()
        return cls(path, settings, clock, lock)

    def read(self, query: Callable[[SqliteDatabase], T]) -> T:
        """Run `query` on this thread's own read connection."""
        return query(self._readers)

    def require_room(self) -> None:
        """Raises StorageFull while the disk holds less than its reserve: what is accepted must also fit when it is sent."""
        now = self._clock.monotonic()
        if now - self._room_asked_at >= _ROOM_ASKED_EVERY_S:
            self._room_asked_at = now
            self._room = shutil.disk_usage(self.path.parent).free >= self._settings.reserve_mb * 1_000_000
        if not self._room:
            raise StorageFull(
                f"less than {self._settings.reserve_mb} MB are free beside {self.path}; free some space, nothing was lost"
            )

    def backup(self, target: Path) -> None:
        database.backup(self.path, target)

    def close(self) -> None:
        self.writer.close()
        self._readers.close()
        if self._lock is not None:
            self._lock.release()


__all__ = ["Database", "Store"]
