"""What becomes of parts that were claimed: sent, refused, unknown, or given back. Jobs for the writer; each takes `db` first.

The attempt row is written by `binding`, before the air; its outcome by `record`, after it. What a refusal means for the message
is decided above and handed in as a `Verdict`; this module keeps rows true and refuses impossible steps.
"""

from __future__ import annotations

from dataclasses import dataclass

from peewee import SqliteDatabase

from gateway.records import Message, MessageError, Outcome, Refused, Sent, Status, Unknown
from gateway.store import conversations, limits, progress, reports, turns
from gateway.store.claims import Claim

# How many attempts of all channels to look back for the newest one of a channel.
_LOOK_BACK = 2000


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a message whose part did not go out.

    `status` is queued (at `due_at`), failed, or unknown (until `settle_at`; None waits for a report or a person).
    `restart` sends all parts anew, free of the channel that sent some of them.
    """

    status: Status
    error: MessageError
    due_at: float | None = None
    avoid: str = ""
    settle_at: float | None = None
    restart: bool = False
    counts: bool = True  # towards the tries a message has; being moved to another channel does not


def release(db: SqliteDatabase, claim: Claim, book: limits.Book, now: float) -> None:
    """Give back a claim that never began, and with it its turn and its place under the limits."""
    for attempt_id, part_id in claim.pieces:
        _end_attempt(db, attempt_id, "released", now)
        db.execute_sql("UPDATE parts SET status = 'queued' WHERE id = ?", (part_id,))
    if claim.first or not claim.follows:
        _uncharge(db, claim, book)  # a part that follows was charged with the first, and is given back with it
    turns.give_back(db, claim.lane, claim.channel, claim.step)
    row = db.execute_sql("SELECT status FROM messages WHERE id = ?", (claim.message_id,)).fetchone()
    others = db.execute_sql(
        "SELECT 1 FROM parts WHERE message_id = ? AND status = 'sending' LIMIT 1", (claim.message_id,)
    ).fetchone()
    if row[0] == Status.SENDING and others is None:
        progress.set_status(db, claim.message_id, Status.SENDING, Status.QUEUED)
        progress.call_next(db, claim.outgoing.recipient, claim.lane, now)


def _uncharge(db: SqliteDatabase, claim: Claim, book: limits.Book, *, gone: int = 0) -> None:
    """The parts that were charged and did not go, after `gone` of them, stand free again under the limits."""
    limits.refund(
        db, book, claim.message_id, claim.subjects, claim.outgoing.recipient, int(claim.first and not gone), claim.left - gone
    )


def put_back(db: SqliteDatabase, message_id: int, channel: str, now: float) -> None:
    """Its channel fell away between two parts: the message waits for it in the queue, until it is freed of it."""
    row = db.execute_sql("SELECT status, recipient, lane FROM messages WHERE id = ?", (message_id,)).fetchone()
    open_parts = db.execute_sql(
        "SELECT COUNT(*) FROM parts WHERE message_id = ? AND status = 'sending'", (message_id,)
    ).fetchone()[0]
    if row[0] != Status.SENDING or open_parts:
        return
    limits.refund_rest(db, limits.load(db), message_id)
    progress.set_status(db, message_id, Status.SENDING, Status.QUEUED)
    db.execute_sql("UPDATE messages SET due_at = ?, ready = 0, pinned = ? WHERE id = ?", (now, channel, message_id))
    progress.call_next(db, row[1], row[2], now)


def record(
    db: SqliteDatabase, claim: Claim, outcome: Outcome, verdict: Verdict | None, book: limits.Book, now: float
) -> list[Message]:
    """Write what came of an attempt. `verdict` goes with every outcome but Sent.

    Returns the message once for each status it took that clients are told of: sent, unknown or failed, and after sent what
    a report that came first made of it.
    """
    if isinstance(outcome, Sent):
        return _sent(db, claim, outcome.reference, book, now)
    assert verdict is not None
    if isinstance(outcome, Unknown):
        return _unknown(db, claim, outcome, verdict, book, now)
    return _refused(db, claim, outcome, verdict, book, now)


def _sent(db: SqliteDatabase, claim: Claim, reference: int, book: limits.Book, now: float) -> list[Message]:
    for attempt_id, part_id in claim.pieces:
        _end_attempt(db, attempt_id, "sent", now, reference=reference)
        db.execute_sql("UPDATE parts SET status = 'sent', reference = ?, sent_at = ? WHERE id = ?", (reference, now, part_id))
    limits.ended(db, book, claim.message_id, claim.subjects, claim.outgoing.recipient, claim.left, now)
    if claim.sticky:
        conversations.note(db, claim.outgoing.recipient, claim.sim, now)
    told = []
    if not _parts_to_go(db, claim.message_id) and progress.follow_parts(db, claim.message_id, now):
        told.append(progress.fetch(db, claim.message_id))
    for attempt_id, part_id in claim.pieces:
        if reports.match_earlier(db, attempt_id, part_id, now):
            told.append(progress.fetch(db, claim.message_id))
    progress.call_next(db, claim.outgoing.recipient, claim.lane, now)
    return told


def _parts_to_go(db: SqliteDatabase, message_id: int) -> bool:
    """Asked of the rows: the outcome of an earlier part may be written after that of the last."""
    row = db.execute_sql(
        "SELECT 1 FROM parts WHERE message_id = ? AND status IN ('queued', 'sending') LIMIT 1", (message_id,)
    ).fetchone()
    return row is not None


def _unknown(
    db: SqliteDatabase, claim: Claim, outcome: Unknown, verdict: Verdict, book: limits.Book, now: float
) -> list[Message]:
    likely = None if len(claim.pieces) > 1 else _likely_reference(db, claim)
    for attempt_id, part_id in claim.pieces:
        _end_attempt(db, attempt_id, "unknown", now, reason=outcome.reason, code=verdict.error.code)
        db.execute_sql("UPDATE parts SET status = 'unknown', reference = ? WHERE id = ?", (likely, part_id))
    limits.ended(db, book, claim.message_id, claim.subjects, claim.outgoing.recipient, claim.left, now)
    if claim.more_parts:
        _uncharge(db, claim, book, gone=len(claim.pieces))
    _stop_message(db, claim.message_id, verdict, Status.UNKNOWN, now)
    if verdict.status is Status.FAILED:
        progress.set_status(db, claim.message_id, Status.UNKNOWN, Status.FAILED)
        db.execute_sql("UPDATE parts SET status = 'failed' WHERE message_id = ? AND status = 'unknown'", (claim.message_id,))
    db.execute_sql(
        "UPDATE messages SET settle_at = ?, unknowns = unknowns + 1 WHERE id = ?", (verdict.settle_at, claim.message_id)
    )
    told = [progress.fetch(db, claim.message_id)]
    for attempt_id, part_id in claim.pieces:
        if reports.match_unanswered(db, attempt_id, part_id, now):
            told.append(progress.fetch(db, claim.message_id))
    progress.call_next(db, claim.outgoing.recipient, claim.lane, now)
    return told


def _likely_reference(db: SqliteDatabase, claim: Claim) -> int | None:
    """TP-MR that the unanswered text probably carried: a SIM counts up by one (23.040 clause 9.2.3.6). Used when repeating it."""
    row = db.execute_sql(
        "SELECT reference FROM attempts WHERE id BETWEEN ? AND ? AND channel = ? AND sim = (SELECT sim FROM attempts WHERE id = ?)"
        " AND state = 'sent' ORDER BY id DESC LIMIT 1",
        (claim.outgoing.attempt_id - _LOOK_BACK, claim.outgoing.attempt_id, claim.channel, claim.outgoing.attempt_id),
    ).fetchone()
    return None if row is None or row[0] is None else (int(row[0]) + 1) % 256


def _refused(
    db: SqliteDatabase, claim: Claim, outcome: Refused, verdict: Verdict, book: limits.Book, now: float
) -> list[Message]:
    failed = verdict.status is Status.FAILED
    for attempt_id, part_id in claim.pieces:
        _end_attempt(db, attempt_id, "refused", now, word=outcome.word.value, code=outcome.code, reason=outcome.reason)
        db.execute_sql("UPDATE parts SET status = ? WHERE id = ?", ("failed" if failed else "queued", part_id))
    _uncharge(db, claim, book)
    _stop_message(db, claim.message_id, verdict, verdict.status, now)
    if not failed:
        _queue_again(db, claim, verdict, now)
    progress.call_next(db, claim.outgoing.recipient, claim.lane, now)
    return [progress.fetch(db, claim.message_id)] if failed else []


def _queue_again(db: SqliteDatabase, claim: Claim, verdict: Verdict, now: float) -> None:
    part_gone = db.execute_sql(
        "SELECT 1 FROM parts WHERE message_id = ? AND status IN ('sent', 'delivered', 'undelivered') LIMIT 1", (claim.message_id,)
    ).fetchone()
    if verdict.restart and part_gone:
        db.execute_sql("UPDATE parts SET status = 'queued', reference = NULL WHERE message_id = ?", (claim.message_id,))
        part_gone = None
    db.execute_sql(
        "UPDATE messages SET tries = tries + ?, due_at = ?, avoid = ?, pinned = ? WHERE id = ?",
        (verdict.counts, verdict.due_at, verdict.avoid, claim.channel if part_gone else None, claim.message_id),
    )


def _stop_message(db: SqliteDatabase, message_id: int, verdict: Verdict, status: Status, now: float) -> None:
    """A part did not go out: the message leaves the air, and a claim of the part behind it is void."""
    progress.set_status(db, message_id, Status.SENDING, status)
    db.execute_sql(
        "UPDATE attempts SET state = 'released', ended_at = ? WHERE state = 'claimed' AND message_id = ?", (now, message_id)
    )
    db.execute_sql("UPDATE parts SET status = 'queued' WHERE message_id = ? AND status = 'sending'", (message_id,))
    db.execute_sql(
        "UPDATE messages SET error_code = ?, error_reason = ?, error_advice = ? WHERE id = ?",
        (verdict.error.code, verdict.error.reason, verdict.error.advice, message_id),
    )


def _end_attempt(
    db: SqliteDatabase,
    attempt_id: int,
    state: str,
    now: float,
    *,
    reference: int | None = None,
    word: str | None = None,
    code: str | None = None,
    reason: str | None = None,
) -> None:
    db.execute_sql(
        "UPDATE attempts SET state = ?, ended_at = ?, reference = ?, word = ?, code = ?, reason = ? WHERE id = ?",
        (state, now, reference, word, code, reason, attempt_id),
    )
