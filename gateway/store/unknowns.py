"""Settles what nobody answered: after a restart, after a wait, by a late answer, or by a person. Jobs for the writer.

How long to wait and how often to try again is decided above and handed in.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from peewee import SqliteDatabase

from gateway.errors import Conflict, NotFound
from gateway.records import Message, MessageError, OnUnknown, Refused, Status
from gateway.store import lanes, limits, progress, reports, turns
from gateway.store.airmarks import EarlierMarks
from gateway.store.claims import subjects

INTERRUPTED = MessageError(
    "interrupted",
    "the gateway was stopped while this text was on the air; it may or may not have gone",
    "ask the recipient, then settle it: resend or failed",
)
GIVEN_UP = MessageError(
    "unknown", "nobody answered, and nobody answered when it was sent again", "ask the recipient whether it arrived"
)


def recover(db: SqliteDatabase, marks: EarlierMarks, settle_at: Callable[[OnUnknown], float | None], now: float) -> list[Message]:
    """At start-up: every attempt left open becomes unknown, except those that certainly never left.

    Returns the messages whose status clients are told of. Afterwards no message is `sending`.
    """
    unknown: set[int] = set()
    gone: set[int] = set()
    unanswered: list[tuple[int, int]] = []
    charged = _Charged(db, now)
    for attempt_id, message_id, part_id, channel in db.execute_sql(
        "SELECT id, message_id, part_id, channel FROM attempts WHERE state = 'claimed' ORDER BY id"
    ).fetchall():
        left = not marks.certainly_never_left(channel, attempt_id)
        charged.settle(attempt_id, left)
        db.execute_sql(
            "UPDATE attempts SET state = ?, ended_at = ?, reason = ? WHERE id = ?",
            ("unknown" if left else "released", now, "the gateway was stopped" if left else None, attempt_id),
        )
        db.execute_sql("UPDATE parts SET status = ? WHERE id = ?", ("unknown" if left else "queued", part_id))
        if left:
            unknown.add(message_id)
            unanswered.append((attempt_id, part_id))
    for message_id, recipient, lane, on_unknown, channel in db.execute_sql(
        "SELECT id, recipient, lane, on_unknown, channel FROM messages WHERE status = 'sending'"
    ).fetchall():
        charged.settle_rest(message_id)
        if message_id in unknown:
            _now_unknown(db, message_id, settle_at(OnUnknown(on_unknown)))
        elif _all_gone(db, message_id):
            progress.follow_parts(db, message_id, now)
            gone.add(message_id)
        else:
            _back_in_line(db, message_id, channel, now)
        progress.call_next(db, recipient, lane, now)
    for attempt_id, part_id in unanswered:
        reports.match_unanswered(db, attempt_id, part_id, now)
    return [progress.fetch(db, message_id) for message_id in sorted(unknown | gone)]


class _Charged:
    """Puts right at start-up what limits and turns counted for attempts that were open when the process ended."""

    def __init__(self, db: SqliteDatabase, now: float) -> None:
        self._db = db
        self._now = now
        self._book = limits.load(db)

    def settle(self, attempt_id: int, left: bool) -> None:
        """What may have left counts from its claim until now; what never left does not, and its turn is given back."""
        message_id, sim, channel, pool, turn, recipient, key_id, lane = self._db.execute_sql(
            "SELECT a.message_id, a.sim, a.channel, a.pool, a.turn, a.recipient, m.key_id, m.lane"
            " FROM attempts a JOIN messages m ON m.id = a.message_id WHERE a.id = ?",
            (attempt_id,),
        ).fetchone()
        if left:
            whose = subjects(sim, pool, key_id)
            limits.ended(self._db, self._book, message_id, whose, recipient, 1, self._now)
        else:
            turns.give_back(self._db, lane, channel, turn)

    def settle_rest(self, message_id: int) -> None:
        """Parts that never left, claimed or not, were charged with the first one."""
        limits.refund_rest(self._db, self._book, message_id)


def _all_gone(db: SqliteDatabase, message_id: int) -> bool:
    row = db.execute_sql("SELECT 1 FROM parts WHERE message_id = ? AND status = 'queued' LIMIT 1", (message_id,)).fetchone()
    return row is None


def _now_unknown(db: SqliteDatabase, message_id: int, settle_at: float | None) -> None:
    progress.set_status(db, message_id, Status.SENDING, Status.UNKNOWN)
    db.execute_sql(
        "UPDATE messages SET settle_at = ?, unknowns = unknowns + 1, error_code = ?, error_reason = ?, error_advice = ?"
        " WHERE id = ?",
        (settle_at, INTERRUPTED.code, INTERRUPTED.reason, INTERRUPTED.advice, message_id),
    )


def _back_in_line(db: SqliteDatabase, message_id: int, channel: str, now: float) -> None:
    progress.set_status(db, message_id, Status.SENDING, Status.QUEUED)
    some_gone = db.execute_sql("SELECT 1 FROM parts WHERE message_id = ? AND status <> 'queued' LIMIT 1", (message_id,)).fetchone()
    db.execute_sql(
        "UPDATE messages SET due_at = ?, ready = 0, pinned = ? WHERE id = ?", (now, channel if some_gone else None, message_id)
    )


def settle_due(db: SqliteDatabase, ready: Collection[str], most_unknowns: int, now: float) -> list[Message]:
    """Waiting is over: send again what may be sent again. Returns the messages that were given up instead.

    A repeated text goes over the same channel where that is ready, so that TP-RD and the reference mean something.
    """
    given_up = []
    for message_id, recipient, lane, channel, unknowns in db.execute_sql(
        "SELECT id, recipient, lane, channel, unknowns FROM messages WHERE status = 'unknown' AND settle_at <= ?", (now,)
    ).fetchall():
        if unknowns > most_unknowns:
            given_up.append(_give_up(db, message_id, GIVEN_UP))
        else:
            _send_again(db, message_id, channel if channel in ready else None, now)
        progress.call_next(db, recipient, lane, now)
    return given_up


def _send_again(db: SqliteDatabase, message_id: int, channel: str | None, now: float) -> None:
    progress.set_status(db, message_id, Status.UNKNOWN, Status.QUEUED)
    gone = db.execute_sql(
        "SELECT 1 FROM parts WHERE message_id = ? AND status IN ('sent', 'delivered', 'undelivered') LIMIT 1", (message_id,)
    ).fetchone()
    if gone and channel is None:
        # Parts that went over a channel which is away do not join with parts of another sender: all of them go anew.
        db.execute_sql("UPDATE parts SET status = 'queued', reference = NULL WHERE message_id = ?", (message_id,))
    db.execute_sql("UPDATE parts SET status = 'queued' WHERE message_id = ? AND status = 'unknown'", (message_id,))
    db.execute_sql(
        "UPDATE messages SET due_at = ?, ready = 0, pinned = ?, settle_at = NULL WHERE id = ?", (now, channel, message_id)
    )


def _give_up(db: SqliteDatabase, message_id: int, error: MessageError) -> Message:
    progress.set_status(db, message_id, Status.UNKNOWN, Status.FAILED)
    db.execute_sql("UPDATE parts SET status = 'failed' WHERE message_id = ? AND status = 'unknown'", (message_id,))
    db.execute_sql(
        "UPDATE messages SET settle_at = NULL, error_code = ?, error_reason = ?, error_advice = ? WHERE id = ?",
        (error.code, error.reason, error.advice, message_id),
    )
    return progress.fetch(db, message_id)


def answered_late(db: SqliteDatabase, attempt_id: int, reference: int, now: float) -> list[Message]:
    """The modem or box answered after we had stopped waiting: the text went. Returns the message if that changed it."""
    told = []
    for each, part_id, message_id in _stood_for(db, attempt_id):
        status = _status_of_part(db, part_id)
        if status == Status.QUEUED:
            progress.went_after_all(db, part_id)
            status = _status_of_part(db, part_id)
        if status != Status.UNKNOWN:
            continue
        recipient, lane, channel = db.execute_sql(
            "SELECT recipient, lane, channel FROM messages WHERE id = ?", (message_id,)
        ).fetchone()
        db.execute_sql("UPDATE attempts SET state = 'sent', reference = ? WHERE id = ?", (reference, each))
        db.execute_sql("UPDATE parts SET status = 'sent', reference = ?, sent_at = ? WHERE id = ?", (reference, now, part_id))
        changed = progress.follow_parts(db, message_id, now)
        reports.match_earlier(db, each, part_id, now)
        message = progress.fetch(db, message_id)
        if message.status is Status.QUEUED:
            db.execute_sql("UPDATE messages SET due_at = ?, ready = 0, pinned = ? WHERE id = ?", (now, channel, message_id))
        elif changed:
            told.append(message)
        progress.call_next(db, recipient, lane, now)
    return told


def refused_late(db: SqliteDatabase, attempt_id: int, refusal: Refused, now: float) -> bool:
    """A box says, after we had called the outcome unknown, that the text did not go. True if it is sent anew at once.

    Only a message of which nothing went: its other parts, if any, are what this attempt stood for.
    """
    pieces = _stood_for(db, attempt_id)
    if not pieces:
        return False
    message_id = pieces[0][2]
    status, recipient, lane = db.execute_sql("SELECT status, recipient, lane FROM messages WHERE id = ?", (message_id,)).fetchone()
    for each, _, _ in pieces:
        db.execute_sql(
            "UPDATE attempts SET state = 'refused', word = ?, code = ?, reason = ? WHERE id = ?",
            (refusal.word.value, refusal.code, refusal.reason, each),
        )
    if status != Status.UNKNOWN:
        return False
    _send_again(db, message_id, None, now)
    # It is no repetition: nothing of it went.
    db.execute_sql("UPDATE messages SET unknowns = MAX(0, unknowns - 1) WHERE id = ?", (message_id,))
    progress.call_next(db, recipient, lane, now)
    return True


def _stood_for(db: SqliteDatabase, attempt_id: int) -> list[tuple[int, int, int]]:
    """(attempt, part, message) of this unknown attempt and those that were put on the air with it, as one whole text."""
    found: list[tuple[int, int, int]] = db.execute_sql(
        "SELECT o.id, o.part_id, o.message_id FROM attempts a JOIN attempts o ON o.message_id = a.message_id"
        " AND o.channel = a.channel AND o.started_at = a.started_at AND o.state = 'unknown' AND o.id BETWEEN a.id - 254 AND a.id"
        " WHERE a.id = ? AND a.state = 'unknown' ORDER BY o.id",
        (attempt_id,),
    ).fetchall()
    return found


def _status_of_part(db: SqliteDatabase, part_id: int) -> str:
    return str(db.execute_sql("SELECT status FROM parts WHERE id = ?", (part_id,)).fetchone()[0])


def decide(
    db: SqliteDatabase, public_id: str, again: bool, ready: Collection[str], now: float, key_id: int | None = None
) -> Message:
    """A person's word on an unknown outcome: send it again, or call it failed. With `key_id` there are only messages which that key
    sent."""
    sql = "SELECT id, status, recipient, lane, channel, key_id FROM messages WHERE public_id = ?"
    row = db.execute_sql(sql, (public_id,)).fetchone()
    if row is None or key_id not in (None, row[5]):
        raise NotFound(f"no message {public_id}")
    message_id, status, recipient, lane, channel, _ = row
    if status != Status.UNKNOWN:
        raise Conflict(f"the message is {status}; only an unknown outcome can be settled")
    if not again:
        return _give_up(db, message_id, MessageError("settled", "called failed by a person"))
    _send_again(db, message_id, channel if channel in ready else None, now)
    progress.call_next(db, recipient, lane, now)
    return progress.fetch(db, message_id)


def unpin(db: SqliteDatabase, channels: Collection[str], now: float) -> int:
    """Free the messages that wait for these channels to send their remaining parts: another channel sends them whole.

    Those that are held wait on: the parts that went must not go twice.
    """
    freed = 0
    for message_id, pinned, recipient, lane in db.execute_sql(
        "SELECT id, pinned, recipient, lane FROM messages WHERE status = 'queued' AND pinned IS NOT NULL AND on_unknown <> 'hold'"
    ).fetchall():
        if pinned in channels and not lanes.is_bound(lane):
            db.execute_sql("UPDATE parts SET status = 'queued', reference = NULL WHERE message_id = ?", (message_id,))
            db.execute_sql("UPDATE messages SET pinned = NULL WHERE id = ?", (message_id,))
            progress.call_next(db, recipient, lane, now)
            freed += 1
    return freed


def unpin_absent(db: SqliteDatabase, configured: Collection[str], now: float) -> int:
    """At start-up: free the messages that wait for channels which the configuration no longer names."""
    pinned = db.execute_sql("SELECT DISTINCT pinned FROM messages WHERE status = 'queued' AND pinned IS NOT NULL").fetchall()
    return unpin(db, {channel for (channel,) in pinned if channel not in configured}, now)
