"""Pools that people changed or made: kept as settings are written. Knows no channel and no strategy."""

from __future__ import annotations

import json

from peewee import SqliteDatabase

from gateway.settings import PoolSettings


def find(db: SqliteDatabase) -> list[PoolSettings]:
    rows = db.execute_sql("SELECT name, channels, strategy, weights, accept, hint FROM pools ORDER BY name").fetchall()
    return [PoolSettings(row[0], tuple(json.loads(row[1])), row[2], json.loads(row[3]), row[4], row[5]) for row in rows]


def keep(db: SqliteDatabase, pool: PoolSettings) -> None:
    db.execute_sql(
        "INSERT OR REPLACE INTO pools (name, channels, strategy, weights, accept, hint) VALUES (?,?,?,?,?,?)",
        (pool.name, json.dumps(pool.channels), pool.strategy, json.dumps(dict(pool.weights)), pool.accept, pool.hint),
    )


def remove(db: SqliteDatabase, name: str) -> None:
    db.execute_sql("DELETE FROM pools WHERE name = ?", (name,))


def texts_wait(db: SqliteDatabase, name: str) -> bool:
    """Is a text queued, on the air, or perhaps to be sent again, that may leave only by this pool?"""
    row = db.execute_sql(
        "SELECT 1 FROM messages WHERE status IN ('queued', 'sending', 'unknown') AND (lane = ? OR (lane > ? AND lane < ?)) LIMIT 1",
        (f"pool:{name}", f"pool:{name}@", f"pool:{name}A"),
    ).fetchone()
    return row is not None
