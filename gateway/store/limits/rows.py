"""Rows of limits. Checks nothing; `core.limits` did.

A subject stands here as counters know it: "key:ID" with the number of the key. People call keys by name.
"""

from __future__ import annotations

from typing import Any

from peewee import SqliteDatabase

from gateway.errors import NotFound
from gateway.records import Counted, Limit, Per

_COLUMNS = "id, subject, counted, per, most, zone, reset_day, gap_from, gap_to, hours, first, factor, days"


def all_of(db: SqliteDatabase) -> list[Limit]:
    return [_limit(row) for row in db.execute_sql(f"SELECT {_COLUMNS} FROM limits ORDER BY id").fetchall()]


def found(db: SqliteDatabase, limit_id: int) -> Limit:
    """Raises NotFound."""
    row = db.execute_sql(f"SELECT {_COLUMNS} FROM limits WHERE id = ?", (limit_id,)).fetchone()
    if row is None:
        raise NotFound(f"there is no limit {limit_id}")
    return _limit(row)


def insert(db: SqliteDatabase, limit: Limit) -> Limit:
    """Under a new number, whatever the record says."""
    columns = _COLUMNS.removeprefix("id, ")
    new = db.execute_sql(f"INSERT INTO limits ({columns}) VALUES (?,?,?,?,?,?,?,?,?,?,?,?)", _values(limit)).lastrowid
    return found(db, new)


def update(db: SqliteDatabase, limit: Limit) -> None:
    columns = _COLUMNS.removeprefix("id, ").replace(", ", " = ?, ")
    db.execute_sql(f"UPDATE limits SET {columns} = ? WHERE id = ?", (*_values(limit), limit.id))


def delete(db: SqliteDatabase, limit_id: int) -> None:
    db.execute_sql("DELETE FROM limits WHERE id = ?", (limit_id,))


def _values(limit: Limit) -> tuple[Any, ...]:
    per = None if limit.per is None else limit.per.value
    return (
        *(limit.subject, limit.counted.value, per, limit.most, limit.zone, limit.reset_day),
        *(*limit.gap_s, limit.hours, limit.first, limit.factor, limit.days),
    )


def _limit(row: tuple[Any, ...]) -> Limit:
    return Limit(
        id=row[0],
        subject=row[1],
        counted=Counted(row[2]),
        per=None if row[3] is None else Per(row[3]),
        most=row[4],
        zone=row[5],
        reset_day=row[6],
        gap_s=(row[7], row[8]),
        hours=row[9],
        first=row[10],
        factor=row[11],
        days=row[12],
    )
