"""How many turns each channel took in each lane: remembered across restarts. Written by claims and by what gives them back."""

from __future__ import annotations

from peewee import SqliteDatabase


def find(db: SqliteDatabase) -> dict[tuple[str, str], float]:
    """By (lane, channel)."""
    return {(lane, channel): turn for lane, channel, turn in db.execute_sql("SELECT lane, channel, turn FROM turns").fetchall()}


def take(db: SqliteDatabase, lane: str, channel: str, before: float, step: float) -> None:
    """`before` is the count as it is known to whoever counts along: a channel that came back may have been moved up."""
    if step:
        db.execute_sql("INSERT OR REPLACE INTO turns (lane, channel, turn) VALUES (?,?,?)", (lane, channel, before + step))


def give_back(db: SqliteDatabase, lane: str, channel: str, step: float) -> None:
    if step:
        db.execute_sql("UPDATE turns SET turn = turn - ? WHERE lane = ? AND channel = ?", (step, lane, channel))
