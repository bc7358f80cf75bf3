"""Counts texts towards their limits. Jobs for the writer, which hands them the rules; each takes `db` first.

A text counts in every calendar window that overlaps the time from its claim to its outcome: in the one it is claimed in, in the
one its outcome is known in, and, for as long as it is on the air, in every window between. So whichever moment of that time the
network saw it, no window ever holds more than a limit allows.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from peewee import SqliteDatabase

from gateway.records import Counted
from gateway.store.limits import counters
from gateway.store.limits.book import Book, utc_day
from gateway.store.limits.counters import Place
from gateway.store.limits.room import Rooms


class Ledger:
    """One for each job that claims texts. `reopens` is the earliest moment at which something that it closed may open again."""

    def __init__(self, db: SqliteDatabase, book: Book, now: float) -> None:
        self._db = db
        self._book = book
        self._now = now
        self._free = book.empty
        self._rooms = Rooms(db, book, now)
        self.reopens: float | None = None

    def closed(self, subject: str) -> bool:
        """May nothing more leave for it now?"""
        if self._free:
            return False
        shut = self._rooms.of(subject).shut
        if shut is None:
            return False
        self._note(shut[1])
        return True

    def until(self, subject: str) -> float | None:
        """When what is closed opens again; None when no time says so."""
        shut = self._rooms.of(subject).shut
        return None if shut is None or shut[1] == math.inf else shut[1]

    def admits(self, subjects: Sequence[str], recipient: str, parts: int) -> bool:
        """May this very text leave? A recipient who is counted already may be texted on."""
        if self._free:
            return True
        refusals = [found for one in subjects if (found := self._rooms.refusal(one, recipient, parts)) is not None]
        if not refusals:
            return True
        self._note(max(until for _, until in refusals))
        return False

    def full_of_people(self, subjects: Sequence[str]) -> bool:
        """May only those be texted who were texted before?"""
        return not self._free and any(budget.left < 1 for one in subjects for budget in self._rooms.of(one).recipients)

    def strangers(self, subjects: Sequence[str], recipients: Sequence[str]) -> set[str]:
        """Those of them to whom nothing may leave, since no more people may be texted. Where many are asked of, this is quicker."""
        if self._free:
            return set()
        found = set[str]()
        for subject in subjects:
            for budget in self._rooms.of(subject).recipients:
                if budget.left < 1:
                    found |= self._rooms.unknown(subject, budget.window, recipients)
                    self._note(budget.window.end)
        return found

    def charge(self, message_id: int, subjects: Sequence[str], recipient: str, texts: int, parts: int) -> None:
        """It is claimed: `texts` is 1 with the first part of a message, `parts` all that are to go now or after it."""
        db, now = self._db, self._now
        counters.add(db, _places(self._book, subjects, now), texts, parts)
        db.execute_sql("UPDATE messages SET charged_at = ? WHERE id = ?", (now, message_id))
        if self._free:
            return
        for subject in subjects:
            for one in self._book.peopled(subject, now):
                counters.add_recipient(db, subject, one, recipient, parts)
            if _gapped(self._book, subject):
                counters.begin_gap(db, subject, now, message_id)
            self._rooms.forget(subject)

    def _note(self, until: float) -> None:
        if until != math.inf and (self.reopens is None or until < self.reopens):
            self.reopens = until


def refund(
    db: SqliteDatabase, book: Book, message_id: int, subjects: Sequence[str], recipient: str, texts: int, parts: int
) -> None:
    """It certainly did not go: it is taken off the windows in which it was charged."""
    charged_at = db.execute_sql("SELECT charged_at FROM messages WHERE id = ?", (message_id,)).fetchone()[0]
    if charged_at is None:
        return
    counters.take(db, _places(book, subjects, charged_at), texts, parts)
    for subject in subjects:
        for one in book.peopled(subject, charged_at):
            counters.take_recipient(db, subject, one, recipient, parts)


def refund_rest(db: SqliteDatabase, book: Book, message_id: int) -> None:
    """A message leaves the air with parts that did not go: they were charged with its first one."""
    row = db.execute_sql(
        "SELECT a.sim, a.pool, m.key_id, m.recipient, MIN(p.number), COUNT(*) FROM messages m"
        " JOIN parts p ON p.message_id = m.id AND p.status = 'queued'"
        " JOIN attempts a ON a.id = (SELECT MAX(o.id) FROM parts q JOIN attempts o ON o.part_id = q.id WHERE q.message_id = m.id)"
        " WHERE m.id = ? GROUP BY m.id",
        (message_id,),
    ).fetchone()
    if row is not None:
        sim, pool, key_id, recipient, first, parts = row
        refund(db, book, message_id, (f"sim:{sim}", f"pool:{pool}", f"key:{key_id}"), recipient, int(first == 1), parts)


def ended(db: SqliteDatabase, book: Book, message_id: int, subjects: Sequence[str], recipient: str, parts: int, now: float) -> None:
    """It was sent, or nobody knows: where that is another window than it was charged in, it counts there too.

    `parts` are this part and those of its message behind it. Before and after the status of the part is written.
    """
    charged_at = db.execute_sql("SELECT charged_at FROM messages WHERE id = ?", (message_id,)).fetchone()[0]
    if charged_at is None or (book.empty and utc_day(charged_at) == utc_day(now)):
        return
    for subject in subjects:
        if subject.startswith("sim:") and _gapped(book, subject):
            counters.begin_gap(db, subject, now, message_id)
    crossed = [(subject, one) for subject, one in _places(book, subjects, now) if not one.holds(charged_at)]
    if not crossed:
        return
    texts, open_parts = _not_over(db, message_id, parts)
    counters.add(db, crossed, texts, open_parts)
    for subject in subjects:
        for one in book.peopled(subject, now):
            if not one.holds(charged_at):
                counters.add_recipient(db, subject, one, recipient, open_parts)
    db.execute_sql("UPDATE messages SET charged_at = ? WHERE id = ?", (now, message_id))


def used_today(db: SqliteDatabase, sims: Sequence[str], now: float) -> dict[str, int]:
    """Texts of each SIM since midnight (UTC)."""
    subjects = [f"sim:{sim}" for sim in sims]
    rows = db.execute_sql(
        f"SELECT subject, texts FROM counters WHERE per = 'day' AND start = ? AND subject IN ({','.join('?' * len(subjects))})",
        (utc_day(now), *subjects),
    ).fetchall()
    return dict.fromkeys(sims, 0) | {subject.removeprefix("sim:"): texts for subject, texts in rows}


def _not_over(db: SqliteDatabase, message_id: int, parts: int) -> tuple[int, int]:
    """Texts and parts that were on the air until this outcome: outcomes are not always written in the order of the parts."""
    row = db.execute_sql(
        "SELECT MIN(p.number), COUNT(*) FROM messages m JOIN parts p ON p.message_id = m.id"
        " WHERE m.id = ? AND (p.status IN ('queued', 'sending') OR p.number > m.parts - ?)",
        (message_id, parts),
    ).fetchone()
    return int(row[0] == 1), row[1]


def _places(book: Book, subjects: Sequence[str], moment: float) -> list[Place]:
    return [(subject, one) for subject in subjects for one in book.windows(subject, moment)]


def _gapped(book: Book, subject: str) -> bool:
    return any(rule.limit.counted is Counted.GAP for rule in book.rules(subject))
