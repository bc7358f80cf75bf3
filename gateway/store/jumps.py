"""Puts times right that we set by a wall clock which jumped, or which began years ago. Jobs for the writer; each takes `db` first.

Times that clients gave stay as given.
"""

from __future__ import annotations

from dataclasses import dataclass

from peewee import SqliteDatabase

from gateway.store import progress

# How many attempts to look back for those that still wait for their report.
_LOOK_BACK = 20_000
_OURS = "status = 'queued' AND ready = 0 AND (send_at IS NULL OR due_at <> send_at)"
_NOT_GIVEN = "status = 'queued' AND expires_at IS NOT NULL AND expiry_given = 0"


@dataclass(frozen=True, slots=True)
class Waits:
    """The longest times, in seconds, that we ever set ourselves: a row that waits for longer was written by another clock."""

    retry: float
    settle: float
    expire: float


def shift(db: SqliteDatabase, seconds: float, looked_at: float, now: float, waits: Waits) -> None:
    """The wall clock jumped by `seconds`, after `looked_at`: move along what we set by it. Times that clients gave stay as given.

    Forward, a row is moved only if it can be of the old time: not what was written since the jump, nor what an earlier run left
    when the clock was right already.
    """
    if seconds > 0:
        soon = looked_at + min(seconds, waits.retry)
        db.execute_sql(
            f"UPDATE messages SET due_at = due_at + ? WHERE {_OURS} AND due_at > ? AND due_at <= ?", (seconds, looked_at, soon)
        )
        db.execute_sql(
            "UPDATE messages SET settle_at = settle_at + ? WHERE status = 'unknown' AND settle_at <= ?",
            (seconds, looked_at + waits.settle),
        )
        db.execute_sql(
            f"UPDATE messages SET expires_at = expires_at + ? WHERE {_NOT_GIVEN} AND expires_at <= ?",
            (seconds, looked_at + waits.expire),
        )
        db.execute_sql(
            "UPDATE incomingparts SET arrived_at = arrived_at + ? WHERE message_id IS NULL AND arrived_at <= ?",
            (seconds, looked_at),
        )
        # Reports are matched by time as well: to a clock put right by years, what left a minute ago would be too old.
        db.execute_sql(
            "UPDATE attempts SET started_at = started_at + ? WHERE id > (SELECT MAX(id) FROM attempts) - ? AND started_at <= ?"
            " AND state IN ('sent', 'unknown')"
            " AND EXISTS (SELECT 1 FROM parts p WHERE p.id = part_id AND p.status IN ('sent', 'unknown', 'queued'))",
            (seconds, _LOOK_BACK, looked_at),
        )
    else:
        db.execute_sql(f"UPDATE messages SET due_at = due_at + ? WHERE {_OURS} AND due_at > ?", (seconds, now))
        db.execute_sql(
            "UPDATE incomingparts SET arrived_at = arrived_at + ? WHERE message_id IS NULL AND arrived_at > ?", (seconds, now)
        )
    db.execute_sql("UPDATE idempotency SET created_at = created_at + ?", (seconds,))
    bound(db, now, waits)


def bound(db: SqliteDatabase, now: float, waits: Waits) -> None:
    """Nothing waits for longer than we ever let it wait. At start-up too: a clock without a battery may begin years ago."""
    db.execute_sql(f"UPDATE messages SET due_at = ? WHERE {_OURS} AND due_at > ?", (now + waits.retry, now + waits.retry))
    # What stands in front was due already: it may have to step back into its line.
    db.execute_sql(f"UPDATE messages SET due_at = ? WHERE {progress.AT_THE_FRONT} AND due_at > ?", (now, now))
    db.execute_sql(
        "UPDATE messages SET settle_at = ? WHERE status = 'unknown' AND settle_at > ?", (now + waits.settle, now + waits.settle)
    )
    db.execute_sql(
        f"UPDATE messages SET expires_at = MAX(?, COALESCE(send_at, 0)) + ? WHERE {_NOT_GIVEN}"
        " AND expires_at > MAX(?, COALESCE(send_at, 0)) + ?",
        (now, waits.expire, now, waits.expire),
    )
    db.execute_sql("UPDATE incomingparts SET arrived_at = ? WHERE message_id IS NULL AND arrived_at > ?", (now, now))
    db.execute_sql("UPDATE idempotency SET created_at = ? WHERE created_at > ?", (now, now))
