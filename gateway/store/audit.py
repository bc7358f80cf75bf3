"""Who changed what, and what it was before. Rows are only ever added.

`note` is a job for the writer and takes `db` first, beside the change itself; `Audit` reads.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from peewee import SqliteDatabase


@dataclass(frozen=True, slots=True)
class Entry:
    """`before` and `after` are JSON, and empty where there was, or is, nothing."""

    id: int
    at: float
    who: str  # the name of a client key
    what: str  # the kind of thing and what was done to it, as "limit reset"
    subject: str
    before: str
    after: str


def note(db: SqliteDatabase, who: str, what: str, subject: str, before: str, after: str, now: float) -> None:
    db.execute_sql(
        "INSERT INTO audit (at, who, what, subject, before, after) VALUES (?,?,?,?,?,?)", (now, who, what, subject, before, after)
    )


class Audit:
    """What API and command line may look at."""

    def __init__(self, read: Callable[[Callable[[SqliteDatabase], Any]], Any]) -> None:
        self._read = read

    def page(self, kind: str, before: int | None, most: int) -> list[Entry]:
        """Entries about one kind of thing, newest first; `before` is the id of the last one that was seen."""
        rows = self._read(
            lambda db: db.execute_sql(
                "SELECT id, at, who, what, subject, before, after FROM audit WHERE what >= ? AND what < ? AND id < ?"
                " ORDER BY id DESC LIMIT ?",
                (f"{kind} ", f"{kind}!", before if before is not None else 2**62, most),
            ).fetchall()
        )
        return [Entry(*row) for row in rows]
