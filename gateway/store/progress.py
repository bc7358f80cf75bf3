"""Moves a message along its life, one allowed step at a time: it follows its parts, and stands in line for its recipient.

Jobs for the writer; each takes `db` first.
"""

from __future__ import annotations

from peewee import SqliteDatabase

from gateway.records import Message, Status
from gateway.store import lanes, rows, steps

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
    if after is before or not steps.STEPS[before]:
        return False  # it is over (expired after its first part, say): what still becomes of its parts is theirs alone
    if after not in steps.STEPS[before] and Status.SENT in steps.STEPS[before]:
        # A report can say in one breath that the text was taken and what became of it.
        _arrive(db, message_id, before, Status.SENT, now)
        before = Status.SENT
    _arrive(db, message_id, before, after, now)
    return True


def went_after_all(db: SqliteDatabase, part_id: int) -> None:
    """The outcome of this part was unknown, it waits to be sent again, and now we hear that it went: call it back.

    Only the last open part of a message: while others are to be sent anew, over another channel perhaps, they must go together.
    """
    row = db.execute_sql(
        "SELECT m.id, p.status FROM parts p JOIN messages m ON m.id = p.message_id WHERE p.id = ? AND m.status = 'queued'"
        " AND NOT EXISTS (SELECT 1 FROM parts o WHERE o.message_id = m.id AND o.id <> p.id AND o.status = 'queued')",
        (part_id,),
    ).fetchone()
    if row is None or row[1] != Status.QUEUED:
        return
    # The step through `sending` is the attempt whose outcome nobody told.
    set_status(db, row[0], Status.QUEUED, Status.SENDING)
    set_status(db, row[0], Status.SENDING, Status.UNKNOWN)
    db.execute_sql("UPDATE messages SET ready = 0, pinned = NULL WHERE id = ?", (row[0],))
    db.execute_sql("UPDATE parts SET status = 'unknown' WHERE id = ?", (part_id,))


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
    called = db.execute_sql(
        "UPDATE messages SET ready = 1, wants = '' WHERE id = (SELECT id FROM messages WHERE recipient = ? AND lane = ?"
        " AND status = 'queued' AND due_at <= ? ORDER BY priority DESC, id LIMIT 1) AND NOT EXISTS (SELECT 1 FROM messages"
        f" WHERE recipient = ? AND lane = ? AND {AT_THE_FRONT}) RETURNING id, sticky, pinned",
        (recipient, lane, now, recipient, lane),
    )
    for message_id, sticky, pinned in called.fetchall():
        if pinned is not None:
            follow_sim(db, message_id, lane)
        elif sticky:
            prefer(db, message_id, lane)


def follow_sim(db: SqliteDatabase, message_id: int, lane: str) -> None:
    """Let the rest of a message go by the channel that holds the SIM its first parts left from, wherever that was put; not by one
    that the lane leaves out."""
    for channel, number in db.execute_sql(_BEGUN_WITH, (message_id,)).fetchall():
        if lanes.may_follow(lane, channel, number):
            db.execute_sql("UPDATE messages SET pinned = ? WHERE id = ?", (channel, message_id))


_BEGUN_WITH = (
    "SELECT DISTINCT s.channel, s.number FROM parts p JOIN sims s ON s.id = p.sim WHERE p.message_id = ? AND s.channel <> ''"
    " AND p.status IN ('sent', 'delivered', 'undelivered') LIMIT 1"
)


def prefer(db: SqliteDatabase, message_id: int, lane: str) -> None:
    """Let a message that is ready in this lane want the channel of its conversation: the one that holds the SIM which this
    recipient heard from, or wrote to, last, of those that may send it and did not refuse it."""
    for channel, number in db.execute_sql(_CONVERSATIONS, (message_id,)).fetchall():
        if lanes.serves(lane, channel, number):
            db.execute_sql("UPDATE messages SET wants = ? WHERE id = ?", (channel, message_id))
            return


_CONVERSATIONS = (
    "SELECT s.channel, s.number FROM messages m JOIN conversations c ON c.recipient = m.recipient JOIN sims s ON s.id = c.sim"
    " JOIN members b ON b.lane = m.sticky AND b.channel = s.channel WHERE m.id = ?"
    " AND instr(m.avoid, ',' || s.channel || ',') = 0 ORDER BY c.at DESC"
)
