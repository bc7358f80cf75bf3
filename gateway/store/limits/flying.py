"""Texts that are on the air just now. They count in every window that they overlap, not only in the one they were charged in."""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

from peewee import SqliteDatabase

from gateway.store.limits.windows import Window

_AIR = "messages m INDEXED BY messages_air"
_ELSEWHERE = "(COALESCE(m.charged_at, 0) < ? OR m.charged_at >= ?)"


class Flying(NamedTuple):
    """A message on its way: what of it the network may still see."""

    sim: str
    pool: str
    key_id: int
    recipient: str
    charged_at: float
    texts: int  # 1 while its first part is not over
    parts: int  # those that are not over

    @property
    def subjects(self) -> tuple[str, str, str]:
        return f"sim:{self.sim}", f"pool:{self.pool}", f"key:{self.key_id}"


class Air:
    """Looks at one moment. Most of the time no text reaches into another window than it was charged in: then one look is all."""

    def __init__(self, db: SqliteDatabase) -> None:
        self._db = db
        self._charged: tuple[float, float] | None = None  # the first and the last of them; both 0 while nothing is on the air
        self._reaching: dict[Window, dict[str, list[Flying]]] = {}

    def reaching(self, subject: str, one: Window) -> list[Flying]:
        """The texts of a subject that were charged in another window and reach into this one."""
        if self._charged is None:
            self._charged = _span(self._db)
        first, last = self._charged
        if not last or (one.holds(first) and one.holds(last)):
            return []
        if one not in self._reaching:
            self._reaching[one] = _by_subject(all_of(self._db, _ELSEWHERE, one.start, one.end))
        return self._reaching[one].get(subject, [])


def all_of(db: SqliteDatabase, condition: str = "1", *values: object) -> list[Flying]:
    """As many rows as channels are busy."""
    rows = db.execute_sql(
        "SELECT a.sim, a.pool, m.key_id, m.recipient, COALESCE(m.charged_at, 0), MIN(p.number) = 1, COUNT(*)"
        f" FROM {_AIR} JOIN parts p ON p.message_id = m.id AND p.status IN ('queued', 'sending')"
        " JOIN attempts a ON a.id = (SELECT MAX(o.id) FROM parts q JOIN attempts o ON o.part_id = q.id WHERE q.message_id = m.id)"
        f" WHERE m.status = 'sending' AND {condition} GROUP BY m.id",
        values,
    ).fetchall()
    return list(map(Flying._make, rows))


def _span(db: SqliteDatabase) -> tuple[float, float]:
    """When the first and the last were charged."""
    first, last = db.execute_sql(
        f"SELECT MIN(COALESCE(m.charged_at, 0)), MAX(COALESCE(m.charged_at, 0)) FROM {_AIR} WHERE m.status = 'sending'"
    ).fetchone()
    return (first or 0.0), (last or 0.0)


def _by_subject(flying: list[Flying]) -> dict[str, list[Flying]]:
    found: dict[str, list[Flying]] = defaultdict(list)
    for text in flying:
        for subject in text.subjects:
            found[subject].append(text)
    return dict(found)
