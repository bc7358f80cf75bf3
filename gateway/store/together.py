"""Several changes in one commit: a store as one job of the writer sees it, for those who otherwise commit by themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from peewee import SqliteDatabase

from gateway.store.keys import Keys
from gateway.store.webhooks import Webhooks

T = TypeVar("T")


class Together:
    """What runs here runs now, in the transaction of that job, and reads see what was written before in it.

    Offers what `core.keys`, `core.webhooks` and `core.limits` ask of a store, and nothing more.
    """

    def __init__(self, db: SqliteDatabase) -> None:
        self._db = db
        self.writer = self
        self.keys = Keys(self.read)
        self.webhooks = Webhooks(self.read)

    def run(self, job: Callable[[SqliteDatabase], T]) -> T:
        return job(self._db)

    def read(self, query: Callable[[SqliteDatabase], T]) -> T:
        return query(self._db)
