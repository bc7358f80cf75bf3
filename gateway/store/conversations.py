"""Which SIM a person heard from, or wrote to, last: so that a conversation keeps one number. Jobs for the writer, and a query."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from peewee import SqliteDatabase


def note(db: SqliteDatabase, person: str, sim: str, now: float) -> None:
    db.execute_sql("INSERT OR REPLACE INTO conversations (recipient, sim, at) VALUES (?,?,?)", (person, sim, now))


def channel_of(db: SqliteDatabase, lane: str, person: str) -> str:
    """Which of the channels that serve this lane holds the SIM of the conversation with this person; empty for none."""
    row = db.execute_sql(
        "SELECT s.channel FROM conversations c JOIN sims s ON s.id = c.sim JOIN members b ON b.lane = ? AND b.channel = s.channel"
        " WHERE c.recipient = ? ORDER BY c.at DESC LIMIT 1",
        (lane, person),
    ).fetchone()
    return "" if row is None else str(row[0])


def forget(db: SqliteDatabase, before: float) -> None:
    db.execute_sql("DELETE FROM conversations WHERE at < ?", (before,))


def set_members(db: SqliteDatabase, lanes: Mapping[str, Iterable[str]]) -> None:
    """Which channels serve each lane that keeps conversations together. Texts that wait for another are free of it."""
    db.execute_sql("DELETE FROM members")
    for lane, channels in lanes.items():
        for channel in channels:
            db.execute_sql("INSERT INTO members (lane, channel) VALUES (?,?)", (lane, channel))
    db.execute_sql(
        "UPDATE messages SET wants = '' WHERE status = 'queued' AND ready = 1 AND COALESCE(pinned, wants) <> '' AND wants <> ''"
        " AND NOT EXISTS (SELECT 1 FROM members b WHERE b.lane = sticky AND b.channel = wants)"
    )
