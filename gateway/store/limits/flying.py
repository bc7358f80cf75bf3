"""Texts that are on the air just now. They count in every window that they overlap, not only in the one they were charged in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from peewee import SqliteDatabase

from gateway.store.limits.windows import Window


@dataclass(frozen=True, slots=True)
class Flying:
    """A message on its way: what of it the network may still see."""

    sim: str
    pool: str
    key_id: int
    recipient: str
    charged_at: float
    texts: int  # 1 while its first part is not over
    parts: int  # those that are not over

    def belongs_to(self, subject: str) -> bool:
        kind, _, name = subject.partition(":")
        return name == {"sim": self.sim, "pool": self.pool, "key": str(self.key_id)}[kind]


def all_of(db: SqliteDatabase) -> list[Flying]:
    """As many rows as channels are busy."""
    rows = db.execute_sql(
        "SELECT a.sim, a.pool, m.key_id, m.recipient, COALESCE(m.charged_at, 0), MIN(p.number) = 1, COUNT(*)"
        " FROM messages m INDEXED BY messages_air JOIN parts p ON p.message_id = m.id AND p.status IN ('queued', 'sending')"
        " JOIN attempts a ON a.id = (SELECT MAX(o.id) FROM parts q JOIN attempts o ON o.part_id = q.id WHERE q.message_id = m.id)"
        " WHERE m.status = 'sending' GROUP BY m.id"
    ).fetchall()
    return [Flying(*row) for row in rows]


def over_from(flying: list[Flying], subject: str, one: Window) -> Iterator[Flying]:
    """Those of a subject that were charged in another window and reach into this one."""
    return (text for text in flying if not one.holds(text.charged_at) and text.belongs_to(subject))
