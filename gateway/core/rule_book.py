"""What people do with a list of rules that stand in order (routes, inbound rules): add, change, move, remove, reset, audited.

Checks no rule; whoever holds the list did, and is told when it has changed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, Generic, TypeVar

from gateway.clock import Clock
from gateway.store import Database, Store, audit
from gateway.store.ordered import Ordered, Rule

T = TypeVar("T")


class RuleBook(Generic[Rule]):
    """Called from the web's threads; each call returns after its commit. `renew` reads the rules anew then, one change at a time;
    `require(db, rule)` is asked inside the commit, and raises what is wrong with a rule beside what the database holds."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        rows: Ordered[Rule],
        kind: str,
        renew: Callable[[], None],
        require: Callable[[Database, Rule], None] = lambda db, rule: None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._rows = rows
        self._kind = kind
        self._renew = renew
        self._require = require
        self._changing = threading.Lock()  # so that rules read later are not replaced by rules read earlier

    def add(self, rule: Rule, by: str, position: int | None) -> Rule:
        def job(db: Database) -> Rule:
            self._require(db, rule)
            added = self._rows.add(db, rule, position)
            self._note(db, by, "add", None, added)
            return added

        return self._change(job)

    def change(self, name: str, rule: Rule, by: str) -> Rule:
        def job(db: Database) -> Rule:
            before = self._rows.found(db, name)
            self._require(db, rule)
            after = self._rows.change(db, name, rule)
            self._note(db, by, "change", before, after)
            return after

        return self._change(job)

    def move(self, name: str, position: int, by: str) -> Rule:
        def job(db: Database) -> Rule:
            before = self._rows.found(db, name)
            after = self._rows.move(db, name, position)
            self._note(db, by, "move", before, after)
            return after

        return self._change(job)

    def remove(self, name: str, by: str) -> None:
        def job(db: Database) -> None:
            before = self._rows.found(db, name)
            self._rows.remove(db, name)
            self._note(db, by, "remove", before, None)

        self._change(job)

    def reset(self, by: str) -> int:
        """Remove all. How many there were; each stands in the audit."""

        def job(db: Database) -> int:
            before = self._rows.all_of(db)
            self._rows.reset(db)
            for rule in before:
                self._note(db, by, "reset", rule, None)
            return len(before)

        return self._change(job)

    def _change(self, job: Callable[[Database], T]) -> T:
        with self._changing:
            result = self._store.writer.run(job)
            self._renew()
        return result

    def _note(self, db: Database, by: str, action: str, before: Rule | None, after: Rule | None) -> None:
        name = (before or after).name  # type: ignore[union-attr]
        audit.note(db, self._clock.now(), by, f"{self._kind}.{action}", f"{self._kind}:{name}", _as_row(before), _as_row(after))


def _as_row(rule: Any) -> dict[str, Any] | None:
    """As the API spells its fields: what is `from_` here, since Python keeps the word, is `from` there."""
    return None if rule is None else {name.rstrip("_"): value for name, value in asdict(rule).items()}
