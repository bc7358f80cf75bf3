"""Named rows that stand in an order which people choose: routes, inbound rules. Positions count from 1 without gaps.

Everything that changes rows is a job for the writer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Generic, Protocol, TypeVar

from peewee import IntegrityError, SqliteDatabase

from gateway.errors import Conflict, NotFound


class Named(Protocol):
    @property
    def name(self) -> str: ...


Rule = TypeVar("Rule", bound=Named)


class Ordered(Generic[Rule]):
    """One table. Its first columns are name and position; `write` gives the values of the others, `read` makes a rule of all."""

    def __init__(
        self, table: str, noun: str, others: Sequence[str], write: Callable[[Rule], Sequence[Any]], read: Callable[[Any], Rule]
    ) -> None:
        self._noun = noun
        self._write = write
        self._read = read
        columns = ", ".join(("name", "position", *others))
        self._names_of = f"SELECT name FROM {table} ORDER BY position"
        self._all = f"SELECT {columns} FROM {table} ORDER BY position"
        self._one = f"SELECT {columns} FROM {table} WHERE name = ?"
        self._insert = f"INSERT INTO {table} ({columns}) VALUES ({','.join('?' * (len(others) + 2))})"
        self._update = f"UPDATE {table} SET {', '.join(f'{column} = ?' for column in others)} WHERE name = ?"
        self._renumber = f"UPDATE {table} SET position = ? WHERE name = ? AND position <> ?"
        self._delete = f"DELETE FROM {table}"

    def all_of(self, db: SqliteDatabase) -> list[Rule]:
        return [self._read(row) for row in db.execute_sql(self._all).fetchall()]

    def found(self, db: SqliteDatabase, name: str) -> Rule:
        """Raises NotFound."""
        row = db.execute_sql(self._one, (name,)).fetchone()
        if row is None:
            raise NotFound(f"there is no {self._noun} {name}")
        return self._read(row)

    def add(self, db: SqliteDatabase, rule: Rule, position: int | None = None) -> Rule:
        """At `position`, or behind the others. Raises Conflict for a name in use."""
        try:
            db.execute_sql(self._insert, (rule.name, len(self._names(db)) + 1, *self._write(rule)))
        except IntegrityError as fault:
            words = f"the name {rule.name!r} belongs to another {self._noun} already; change that, or choose another name"
            raise Conflict(words) from fault
        return self.found(db, rule.name) if position is None else self.move(db, rule.name, position)

    def change(self, db: SqliteDatabase, name: str, rule: Rule) -> Rule:
        """Everything but its name and its position. Raises NotFound."""
        db.execute_sql(self._update, (*self._write(rule), name))
        return self.found(db, name)

    def move(self, db: SqliteDatabase, name: str, position: int) -> Rule:
        """The others keep their order; beyond the end means last. Raises NotFound."""
        self.found(db, name)
        names = [one for one in self._names(db) if one != name]
        names.insert(max(position - 1, 0), name)
        self._number(db, names)
        return self.found(db, name)

    def remove(self, db: SqliteDatabase, name: str) -> None:
        db.execute_sql(f"{self._delete} WHERE name = ?", (name,))
        self._number(db, self._names(db))

    def reset(self, db: SqliteDatabase) -> None:
        db.execute_sql(self._delete)

    def _names(self, db: SqliteDatabase) -> list[str]:
        return [str(name) for (name,) in db.execute_sql(self._names_of).fetchall()]

    def _number(self, db: SqliteDatabase, names: Sequence[str]) -> None:
        for position, name in enumerate(names, start=1):
            db.execute_sql(self._renumber, (position, name, position))
