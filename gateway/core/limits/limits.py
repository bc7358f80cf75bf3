"""The limits as they are now: made, changed, removed and set back by people while the gateway runs. Claims no text.

A change is durable before it is told, leaves an audit row, and holds from the next claim on.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from dataclasses import asdict, replace
from threading import Lock
from typing import TypeVar

from gateway.clock import Clock
from gateway.core.limits.checks import checked
from gateway.core.limits.subjects import Names, names
from gateway.errors import Conflict, NotFound
from gateway.records import Counted, Limit, Per
from gateway.store import Database, Store, audit
from gateway.store.limits import Book, Rooms, load, rows, upkeep

MOST_LIMITS = 1000
T = TypeVar("T")


class Limits:
    """`book` is what jobs that claim texts are handed; it is replaced as a whole. `wake` lets the dispatch look again."""

    def __init__(self, store: Store, clock: Clock, wake: Callable[[], None]) -> None:
        self._store = store
        self._clock = clock
        self._wake = wake
        self._changing = Lock()
        self.book: Book = store.read(load)

    def names(self) -> Names:
        keys = self._store.keys.all()
        return self._store.read(lambda db: names(db, keys))

    def look_again(self) -> None:
        """Take over what another program changed in the database, as `simrack connect` does."""
        if tuple(self._store.read(rows.all_of)) != self.book.limits:
            self._commit(lambda db: None)

    def all(self) -> list[Limit]:
        """As people know them: keys by name."""
        known = self.names()
        return [_shown(limit, known) for limit in self.book.limits]

    def get(self, limit_id: int) -> Limit:
        """Raises NotFound."""
        return _shown(self._store.read(lambda db: rows.found(db, limit_id)), self.names())

    def add(self, wanted: Limit, by: str, pools: Collection[str]) -> Limit:
        """Under a new number. Raises BadValue naming the field, and Conflict for a subject that there is not."""
        known = self.names()
        new = _judged(wanted, known, pools)

        def job(db: Database) -> Limit:
            if len(rows.all_of(db)) >= MOST_LIMITS:
                raise Conflict(f"there are {MOST_LIMITS} limits already; remove some, or use sim:* and key:*")
            made = rows.insert(db, new)
            self._note(db, known, by, "add", None, made)
            return made

        return _shown(self._commit(job), known)

    def change(self, limit_id: int, wanted: Limit, by: str, pools: Collection[str]) -> Limit:
        """What it says instead. What is counted already stays counted."""
        self.get(limit_id)  # before its fields are judged
        known = self.names()
        new = replace(_judged(wanted, known, pools), id=limit_id)

        def job(db: Database) -> Limit:
            before = rows.found(db, limit_id)
            rows.update(db, new)
            self._note(db, known, by, "change", before, new)
            return new

        return _shown(self._commit(job), known)

    def remove(self, limit_id: int, by: str) -> None:
        """Raises NotFound."""
        known = self.names()

        def job(db: Database) -> None:
            before = rows.found(db, limit_id)
            rows.delete(db, limit_id)
            self._note(db, known, by, "remove", before, None)

        self._commit(job)

    def reset(self, limit_id: int, by: str, subject: str | None = None) -> int:
        """What it counted in the present windows counts no more; the audit keeps what it was. Returns for how many subjects.

        `subject` is one of those that a limit for all has. Raises Conflict for a limit that counts nothing.
        """
        known, now = self.names(), self._clock.now()

        def job(db: Database) -> int:
            limit = rows.found(db, limit_id)
            if limit.counted in (Counted.HOURS, Counted.SHARE):
                raise Conflict(f"limit {limit_id} is about {limit.counted}: it counts nothing that could be set back")
            whose = self._whose(db, limit, known, subject)
            if not whose:
                audit.note(db, now, by, "limit.reset", known.shown(limit.subject), {"limit": limit_id})
            for one in whose:
                rule = next(rule for rule in self.book.rules(one) if rule.limit.id == limit_id)
                before = upkeep.reset(db, self.book, rule, one, now)
                audit.note(db, now, by, "limit.reset", known.shown(one), {"limit": limit_id, **before})
            return len(whose)

        return self._commit(job)

    def left_today(self, sim: str) -> int | None:
        """Texts that limits by the day leave this SIM; None where no limit says how many."""
        book, now, subject = self.book, self._clock.now(), f"sim:{sim}"
        counted = (Counted.TEXTS, Counted.WARMUP)
        rules = [rule for rule in book.rules(subject) if rule.limit.counted in counted and rule.per is Per.DAY]
        if not rules:
            return None

        def query(db: Database) -> float:
            rooms = Rooms(db, book, now)
            return min(budget.left for rule in rules if (budget := rooms.budget(subject, rule)) is not None)

        left = self._store.read(query)
        return None if left == math.inf else int(left)

    def _whose(self, db: Database, limit: Limit, known: Names, wanted: str | None) -> list[str]:
        """The subjects of a limit that have no rule of their own instead of it."""
        found = [one for one in upkeep.counted_subjects(db, limit) if limit in self._rules_of(one)]
        if wanted is None:
            return found
        one = known.counted(wanted)
        if one.endswith(":*") and one == limit.subject:
            return found
        if one not in (limit.subject, *found) and f"{one.partition(':')[0]}:*" != limit.subject:
            raise Conflict(f"limit {limit.id} is about {known.shown(limit.subject)}, not about {wanted}")
        if limit not in self._rules_of(one):
            raise Conflict(f"{wanted} has a limit of its own instead of limit {limit.id}; reset that one")
        return [one]

    def _rules_of(self, subject: str) -> list[Limit]:
        return [rule.limit for rule in self.book.rules(subject)]

    def _note(self, db: Database, known: Names, by: str, action: str, before: Limit | None, after: Limit | None) -> None:
        fields = [None if one is None else asdict(_shown(one, known)) for one in (before, after)]
        about = after or before
        assert about is not None
        audit.note(db, self._clock.now(), by, f"limit.{action}", known.shown(about.subject), *fields)

    def _commit(self, job: Callable[[Database], T]) -> T:
        """Run a change of rules. The jobs behind it in the writer's line must know the new rules, so it hands them over itself;
        should the commit fail, the old ones come back."""

        def whole(db: Database) -> T:
            before = self.book
            result = job(db)
            after = load(db)
            upkeep.adopt(db, before, after, self._clock.now())
            self.book = after
            return result

        committed = False
        with self._changing:
            try:
                result = self._store.writer.run(whole)
                committed = True
            finally:
                if not committed:
                    self.book = self._store.read(load)
        self._wake()
        return result


def _judged(wanted: Limit, known: Names, pools: Collection[str]) -> Limit:
    """Raises Conflict for a subject that there is not: NotFound is of the limit itself."""
    new = checked(wanted)
    try:
        return replace(new, subject=known.counted(new.subject, pools))
    except NotFound as fault:
        raise Conflict(str(fault), fault.field) from fault


def _shown(limit: Limit, known: Names) -> Limit:
    return replace(limit, subject=known.shown(limit.subject))
