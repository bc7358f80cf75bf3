"""Who changed what, and what it was before. Rows are only ever added.

`note` is a job for the writer and takes `db` first, beside the change itself; `Audit` reads.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from peewee import SqliteDatabase

KINDS = ("channel", "connect", "inbound", "key", "limit", "message", "pool", "route", "webhook")


@dataclass(frozen=True, slots=True)
class Entry:
    id: int
    at: float
    who: str  # the name of a client key, or the command that did it at the box
    what: str  # the kind of thing, and what was done to it: limit.reset
    subject: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None


def note(
    db: SqliteDatabase,
    now: float,
    who: str,
    what: str,
    subject: str,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    assert what.partition(".")[0] in KINDS, what
    db.execute_sql(
        "INSERT INTO audit (at, who, what, subject, before, after) VALUES (?,?,?,?,?,?)",
        (now, who, what, subject, _json(before), _json(after)),
    )


class Audit:
    """What API and command line may look at."""

    def __init__(self, read: Callable[[Callable[[SqliteDatabase], Any]], Any]) -> None:
        self._read = read

    def page(self, kind: str, before: int | None, most: int) -> list[Entry]:
        """Entries about one kind of thing, or about all if `kind` is empty; newest first. `before` is the last id that was seen."""
        first, beyond = (f"{kind}.", f"{kind}/") if kind else ("", "~")
        rows = self._read(
            lambda db: db.execute_sql(
                "SELECT id, at, who, what, subject, before, after FROM audit WHERE what >= ? AND what < ? AND id < ?"
                " ORDER BY id DESC LIMIT ?",
                (first, beyond, before if before is not None else 2**62, most),
            ).fetchall()
        )
        return [Entry(row[0], row[1], row[2], row[3], row[4], _mapping(row[5]), _mapping(row[6])) for row in rows]


def _json(content: Mapping[str, Any] | None) -> str | None:
    return None if content is None else json.dumps(content, ensure_ascii=False, sort_keys=True)


def _mapping(column: str | None) -> Mapping[str, Any] | None:
    found: Mapping[str, Any] | None = None if column is None else json.loads(column)
    return found
