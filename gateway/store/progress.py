"""Moves a message along its life, one allowed step at a time: it follows its parts, and stands in line for its recipient.

Jobs for the writer; each takes `db` first.
"""

from __future__ import annotations

from peewee import SqliteDatabase

from gateway.records import Message, Status
from gateway.store import rows, steps

# Exactly the condition of the index messages_front.
AT_THE_FRONT = "(status = 'sending' OR (status = 'queued' AND ready = 1))"


def set_status(db: SqliteDatabase, message_id: int, before: Status, after: Status) -> None:
    """Take one step; any step outside the table is refused."""
    steps.check(before, after)
    changed = db.execute_sql("UPDATE messages SET status = ? WHERE id = ? AND status = ?", (after.value, message_id, before.value))
    if changed.rowcount != 1:
        raise steps.ForbiddenStep(f"message {message_id} was not {before}")


def follow_parts(db: SqliteDatabase, message_id: int, now: float) -> bool:
    """Let the message become what its parts add up to. True if it changed."""
    parts = {Status(row[0]) for row in db.execute_sql("SELECT status FROM parts WHERE message_id = ?", (message_id,)).fetchall()}
    before = Status(db.execute_sql("SELECT status FROM messages WHERE id = ?", (message_id,)).fetchone()[0])
    after = steps.roll_up(parts)
    if after is before:
        return False
    if after not in steps.STEPS[before] and Status.SENT in steps.STEPS[before]:
        # A report can say in one breath that the text was taken and what became of it.
        _arrive(db, message_id, before, Status.SENT, now)
        before = Status.SENT
    _arrive(db, message_id, before, after, now)
    return True


def _arrive(db: SqliteDatabase, message_id: int, before: Status, after: Status, now: float) -> None:
    set_status(db, message_id, before, after)
    if after is Status.SENT:
        db.execute_sql(
            "UPDATE messages SET sent_at = ?, error_code = NULL, error_reason = NULL, error_advice = NULL WHERE id = ?",
            (now, message_id),
        )
    elif after is Status.DELIVERED:
        db.execute_sql(
            "UPDATE messages SET delivered_at = ?, sent_at = COALESCE(sent_at, ?), error_code = NULL, error_reason = NULL,"
            " error_advice = NULL WHERE id = ?",
            (now, now, message_id),
        )


def fetch(db: SqliteDatabase, message_id: int) -> Message:
    row = db.execute_sql(f"SELECT {rows.MESSAGE_COLUMNS} FROM messages WHERE id = ?", (message_id,)).fetchone()
    return rows.message(row)


def call_next(db: SqliteDatabase, recipient: str, lane: str, now: float) -> None:
    """Let the best due message of one line stand ready, unless one is ready or on its way already."""
    db.execute_sql(
        "UPDATE messages SET ready = 1 WHERE id = (SELECT id FROM messages WHERE recipient = ? AND lane = ? AND status = 'queued'"
        " AND due_at <= ? ORDER BY priority DESC, id LIMIT 1) AND NOT EXISTS (SELECT 1 FROM messages"
        f" WHERE recipient = ? AND lane = ? AND {AT_THE_FRONT})",
        (recipient, lane, now, recipient, lane),
    )
