"""What a subject may still send now, read from the counters and from what is on the air. Changes no row."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from peewee import SqliteDatabase

from gateway.clock import EARLIEST_PLAUSIBLE
from gateway.records import Counted
from gateway.store.limits import counters, flying
from gateway.store.limits.book import BUDGETS, Book, Rule
from gateway.store.limits.counters import Count
from gateway.store.limits.windows import Window

# A clock may be set back by so much, and gaps that began before it was still hold.
_AHEAD_S = 60.0


@dataclass(frozen=True, slots=True)
class Budget:
    """A rule that counts, in the present window of a subject."""

    rule: Rule
    window: Window
    used: int
    most: float

    @property
    def left(self) -> float:
        return max(0, self.most - self.used)


@dataclass(frozen=True, slots=True)
class Room:
    """`shut` says until when nothing leaves at all, and by which rule: the one that opens last. The budgets are of the others."""

    shut: tuple[Rule, float] | None = None
    parts: tuple[Budget, ...] = ()
    recipients: tuple[Budget, ...] = ()


FREE = Room()


class Rooms:
    """Looks at one moment; what it has read it does not read again."""

    def __init__(self, db: SqliteDatabase, book: Book, now: float) -> None:
        self._db = db
        self._book = book
        self._now = now
        self._rooms: dict[str, Room] = {}
        self._air = flying.Air(db)
        self._known: dict[tuple[str, Window, str], bool] = {}
        self._first_seen: dict[str, float] = {}

    def of(self, subject: str) -> Room:
        room = self._rooms.get(subject)
        if room is None:
            rules = self._book.rules(subject)
            room = self._rooms[subject] = self._made(subject, rules) if rules else FREE
        return room

    def forget(self, subject: str) -> None:
        """Something was counted for it."""
        self._rooms.pop(subject, None)

    def refusal(self, subject: str, recipient: str, parts: int) -> tuple[Rule, float] | None:
        """The rule that keeps this text from leaving, and until when; infinite where it never will. None if it may leave."""
        room = self.of(subject)
        if room.shut is not None:
            return room.shut
        for budget in room.parts:
            if budget.left < parts:
                return budget.rule, math.inf if parts > budget.most else budget.window.end
        for budget in room.recipients:
            if budget.left < 1 and not self._knows(subject, budget.window, recipient):
                return budget.rule, budget.window.end
        return None

    def unknown(self, subject: str, one: Window, recipients: Sequence[str]) -> set[str]:
        """Those of them who are not counted in this window."""
        known = counters.known(self._db, subject, one, recipients)
        return {*recipients} - known - {text.recipient for text in self._air.reaching(subject, one)}

    def refusals(self, subject: str, recipient: str, parts: int) -> list[tuple[Rule, float]]:
        """Every rule that says no, for a person who asks why; `recipient` may be empty, for anybody who is not counted yet."""
        rules = self._book.rules(subject)
        return [(rule, until) for rule in rules if (until := self._until(subject, rule, recipient, parts)) is not None]

    def budget(self, subject: str, rule: Rule) -> Budget | None:
        """What is used and left; None for a rule that does not count."""
        return self._budget(subject, rule) if rule.limit.counted in BUDGETS else None

    def gap_ends(self, subject: str, rule: Rule) -> float | None:
        """When the gap is over; None if it is. One that began long after now was written by a clock that ran ahead."""
        last = counters.last_gap(self._db, subject)
        if last is None or last[0] > self._now + _AHEAD_S:
            return None
        ends = last[0] + rule.gap(last[1])
        return ends if ends > self._now else None

    def first_seen(self, subject: str) -> float:
        """When a SIM began. A date from before any clock was right tells nothing; its first text may."""
        found = self._first_seen.get(subject)
        if found is None:
            found = self._first_seen[subject] = _first_seen(self._db, subject.partition(":")[2], self._now)
        return found

    def _made(self, subject: str, rules: Sequence[Rule]) -> Room:
        shut: tuple[Rule, float] | None = None
        for rule in rules:
            if rule.limit.counted is not Counted.RECIPIENTS:
                until = self._until(subject, rule, "", 1)
                if until is not None and (shut is None or until > shut[1]):
                    shut = rule, until
        parts = [self._budget(subject, rule) for rule in rules if rule.limit.counted is Counted.PARTS]
        recipients = [self._budget(subject, rule) for rule in rules if rule.limit.counted is Counted.RECIPIENTS]
        return Room(shut, tuple(parts), tuple(recipients))

    def _until(self, subject: str, rule: Rule, recipient: str, parts: int) -> float | None:
        """Until when this rule says no; infinite where it always will."""
        if rule.limit.counted is Counted.HOURS:
            return rule.opens(self._now)
        if rule.limit.counted is Counted.GAP:
            return self.gap_ends(subject, rule)
        if rule.limit.counted not in BUDGETS:
            return None
        budget = self._budget(subject, rule)
        wanted = parts if rule.limit.counted is Counted.PARTS else 1
        if budget.left >= wanted:
            return None
        if rule.limit.counted is Counted.RECIPIENTS and recipient and self._knows(subject, budget.window, recipient):
            return None
        return math.inf if wanted > budget.most else float(budget.window.end)

    def _budget(self, subject: str, rule: Rule) -> Budget:
        one = self._book.window(rule, self._now)
        count = self._count(subject, one)
        counted = rule.limit.counted
        most = rule.most(self.first_seen(subject) if counted is Counted.WARMUP else 0.0, self._now)
        if counted is Counted.RECIPIENTS:
            return Budget(rule, one, count.recipients, most)
        return Budget(rule, one, count.parts if counted is Counted.PARTS else count.texts, most)

    def _count(self, subject: str, one: Window) -> Count:
        texts, parts, recipients = counters.read(self._db, subject, one)
        reaching = self._air.reaching(subject, one)
        texts += sum(text.texts for text in reaching)
        parts += sum(text.parts for text in reaching)
        people = {text.recipient for text in reaching}
        recipients += sum(not counters.knows(self._db, subject, one, recipient) for recipient in people)
        return Count(texts, parts, recipients)

    def _knows(self, subject: str, one: Window, recipient: str) -> bool:
        asked = (subject, one, recipient)
        found = self._known.get(asked)
        if not found:
            found = counters.knows(self._db, subject, one, recipient) or any(
                text.recipient == recipient for text in self._air.reaching(subject, one)
            )
            self._known[asked] = found
        return found


def _first_seen(db: SqliteDatabase, sim: str, now: float) -> float:
    row = db.execute_sql("SELECT first_seen FROM sims WHERE id = ? AND first_seen >= ?", (sim, EARLIEST_PLAUSIBLE)).fetchone()
    if row is None:
        row = db.execute_sql(
            "SELECT MIN(started_at) FROM attempts WHERE sim = ? AND started_at >= ?", (sim, EARLIEST_PLAUSIBLE)
        ).fetchone()
    return now if row is None or row[0] is None else float(row[0])
