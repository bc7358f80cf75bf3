"""Rows of routes in their order. Checks nothing; `core.routing.checks` did.

Everything that changes rows is a job for the writer. Positions count from 1 without gaps.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from peewee import IntegrityError, SqliteDatabase

from gateway.errors import Conflict, NotFound

_COLUMNS = (
    "name, position, enabled, to_prefix, country, operator, to_pattern, sender, key, priority_min, priority_max, campaign,"
    " hours, zone, pool, refuse"
)


@dataclass(frozen=True, slots=True)
class Route:
    """All conditions that are made must hold. Then a text goes to `pool`, or is refused with the words of `refuse`."""

    name: str
    position: int = 0
    enabled: bool = True
    to_prefix: tuple[str, ...] = ()  # one of them
    country: str = ""
    operator: str = ""
    to_pattern: str = ""
    from_: str = ""
    key: str = ""
    priority_min: int | None = None
    priority_max: int | None = None
    campaign: str = ""
    hours: str = ""
    zone: str = "UTC"
    pool: str = ""
    refuse: str = ""


def all_of(db: SqliteDatabase) -> list[Route]:
    return [_route(row) for row in db.execute_sql(f"SELECT {_COLUMNS} FROM routes ORDER BY position").fetchall()]


def found(db: SqliteDatabase, name: str) -> Route:
    """Raises NotFound."""
    row = db.execute_sql(f"SELECT {_COLUMNS} FROM routes WHERE name = ?", (name,)).fetchone()
    if row is None:
        raise NotFound(f"there is no route {name}")
    return _route(row)


def add(db: SqliteDatabase, route: Route, position: int | None = None) -> Route:
    """At `position`, or behind the others. Raises Conflict for a name in use."""
    names = _names(db)
    try:
        db.execute_sql(
            f"INSERT INTO routes ({_COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
            (route.name, len(names) + 1, *_values(route)),
        )
    except IntegrityError as fault:
        raise Conflict(f"a route named {route.name!r} exists already; change it, or choose another name") from fault
    return found(db, route.name) if position is None else move(db, route.name, position)


def change(db: SqliteDatabase, name: str, route: Route) -> Route:
    """Everything but its name and its position. Raises NotFound."""
    columns = " = ?, ".join(_COLUMNS.split(", ")[2:]) + " = ?"
    db.execute_sql(f"UPDATE routes SET {columns} WHERE name = ?", (*_values(route), name))
    return found(db, name)


def move(db: SqliteDatabase, name: str, position: int) -> Route:
    """The others keep their order; beyond the end means last. Raises NotFound."""
    found(db, name)
    names = [one for one in _names(db) if one != name]
    names.insert(max(position - 1, 0), name)
    _number(db, names)
    return found(db, name)


def remove(db: SqliteDatabase, name: str) -> None:
    db.execute_sql("DELETE FROM routes WHERE name = ?", (name,))
    _number(db, _names(db))


def reset(db: SqliteDatabase) -> None:
    db.execute_sql("DELETE FROM routes")


def _names(db: SqliteDatabase) -> list[str]:
    return [str(name) for (name,) in db.execute_sql("SELECT name FROM routes ORDER BY position").fetchall()]


def _number(db: SqliteDatabase, names: Sequence[str]) -> None:
    for position, name in enumerate(names, start=1):
        db.execute_sql("UPDATE routes SET position = ? WHERE name = ? AND position <> ?", (position, name, position))


def _values(route: Route) -> tuple[Any, ...]:
    r = route
    return (
        *(int(r.enabled), json.dumps(r.to_prefix), r.country, r.operator, r.to_pattern, r.from_, r.key),
        *(r.priority_min, r.priority_max, r.campaign, r.hours, r.zone, r.pool, r.refuse),
    )


def _route(row: tuple[Any, ...]) -> Route:
    return Route(row[0], row[1], bool(row[2]), tuple(json.loads(row[3])), *row[4:])
