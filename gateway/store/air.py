"""What happens to parts on the air: claimed for a channel, sent, refused, unknown. Jobs for the writer; each takes `db` first.

The attempt row is written by `claim`, before the air; its outcome by `record`, after it. What a refusal means for the message
is decided above and handed in as a `Verdict`; this module keeps rows true and refuses impossible steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from peewee import SqliteDatabase

from gateway.records import (
    Concat,
    Encoding,
    Message,
    MessageError,
    OnUnknown,
    Outcome,
    OutgoingPart,
    Part,
    Refused,
    Sent,
    Status,
    Unknown,
)
from gateway.store import progress, reports

# How many attempts of all channels to look back for the newest one of a channel.
_LOOK_BACK = 2000


@dataclass(frozen=True, slots=True)
class Want:
    """A channel that could send now. `lanes` are the lanes it serves; `goes_on_with` a message whose next part it owes.

    `able` names for each lane, as a JSON list of ",NAME,", every channel that could send its texts now; without it no text is
    taken that avoids this channel.
    """

    channel: str
    sim: str
    lanes: tuple[str, ...]
    number: str = ""  # its own number, if known
    goes_on_with: int | None = None
    able: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Claim:
    """A part bound to a channel, its attempt row committed."""

    channel: str
    message_id: int
    part_id: int
    outgoing: OutgoingPart
    on_unknown: OnUnknown
    tries: int  # times the message was refused before
    unknowns: int  # times its outcome was unknown before
    avoid: str
    more_parts: bool  # further parts of the same message are still to be claimed
    lane: str
    follows: bool  # claimed because the channel sent the part before it


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


def claim(db: SqliteDatabase, wants: Sequence[Want], now: float) -> list[Claim]:
    """Bind the best ready message to each wanting channel, in the order of `wants`. Channels that find nothing get nothing."""
    claims = []
    for want in wants:
        found = _owed_part(db, want) if want.goes_on_with is not None else _best(db, want)
        if found is not None and _begun_by_another_sim(db, want, found):
            found = _anew(db, found)
        if found is not None:
            claims.append(_claim(db, want, found, now))
    return claims


_FOUND = (
    "m.id, p.id, p.number, p.text, p.encoding, p.concat_reference, p.concat_wide, p.locking, p.single, m.recipient, m.flash,"
    " m.report, m.validity_minutes, m.on_unknown, m.tries, m.unknowns, m.avoid, m.parts, m.status, m.lane, p.reference, p.sim"
)
_NEXT_PART = (
    f"SELECT {_FOUND} FROM messages m JOIN parts p ON p.message_id = m.id"
    " WHERE m.id = ? AND p.status = 'queued' ORDER BY p.number LIMIT 1"
)


def _owed_part(db: SqliteDatabase, want: Want) -> tuple[Any, ...] | None:
    row: tuple[Any, ...] | None = db.execute_sql(_NEXT_PART, (want.goes_on_with,)).fetchone()
    return row if row is not None and row[18] == Status.SENDING else None


_SOMEBODY = '[",?,"]'  # no channel has this name, so no text avoids it


def _best(db: SqliteDatabase, want: Want) -> tuple[Any, ...] | None:
    """A text that avoids this channel is taken all the same once it avoids every channel that is left: it would wait for ever."""
    best: tuple[int, int] | None = None
    for lane, able in zip(want.lanes, want.able or (_SOMEBODY,) * len(want.lanes), strict=True):
        row = db.execute_sql(
            "SELECT priority, id FROM messages WHERE lane = ? AND status = 'queued' AND ready = 1"
            " AND (pinned IS NULL OR pinned = ?) AND (avoid = '' OR instr(avoid, ?) = 0"
            " OR NOT EXISTS (SELECT 1 FROM json_each(?) WHERE instr(avoid, value) = 0)) ORDER BY priority DESC, id LIMIT 1",
            (lane, want.channel, f",{want.channel},", able),
        ).fetchone()
        if row is not None and (best is None or (-row[0], row[1]) < best):
            best = (-row[0], row[1])
    if best is None:
        return None
    found: tuple[Any, ...] = db.execute_sql(_NEXT_PART, (best[1],)).fetchone()
    return found


def _begun_by_another_sim(db: SqliteDatabase, want: Want, found: tuple[Any, ...]) -> bool:
    """Did parts of this message leave from another number? A phone would never join them with the rest."""
    if found[2] == 1:
        return False
    row = db.execute_sql(
        "SELECT 1 FROM parts WHERE message_id = ? AND status IN ('sent', 'delivered', 'undelivered') AND sim <> ? LIMIT 1",
        (found[0], want.sim),
    ).fetchone()
    return row is not None


def _anew(db: SqliteDatabase, found: tuple[Any, ...]) -> tuple[Any, ...] | None:
    """The SIM of the channel was changed between two parts: the message begins again, whole, once none of it is on the air."""
    on_the_air = db.execute_sql("SELECT 1 FROM parts WHERE message_id = ? AND status = 'sending' LIMIT 1", (found[0],)).fetchone()
    if on_the_air:
        return None
    db.execute_sql("UPDATE parts SET status = 'queued', reference = NULL WHERE message_id = ?", (found[0],))
    first: tuple[Any, ...] = db.execute_sql(_NEXT_PART, (found[0],)).fetchone()
    return first


def _claim(db: SqliteDatabase, want: Want, found: tuple[Any, ...], now: float) -> Claim:
    (message_id, part_id, number, text, encoding, reference, wide, locking, single, recipient, flash, report, validity,
     on_unknown, tries, unknowns, avoid, total, status, lane, earlier, sim) = found  # fmt: skip
    if status == Status.QUEUED:
        progress.set_status(db, message_id, Status.QUEUED, Status.SENDING)
        db.execute_sql(
            "UPDATE messages SET channel = ?, ready = 0, sender = ? WHERE id = ?", (want.channel, want.number, message_id)
        )
    db.execute_sql(
        "UPDATE parts SET status = 'sending', channel = ?, sim = ? WHERE id = ?", (want.channel, want.sim, part_id)
    )
    attempt_id = db.execute_sql(
        "INSERT INTO attempts (message_id, part_id, number, channel, sim, recipient, state, started_at)"
        " VALUES (?,?,?,?,?,?,'claimed',?)",
        (message_id, part_id, number, want.channel, want.sim, recipient, now),
    ).lastrowid
    concat = None if total == 1 or reference is None else Concat(reference, total, number, bool(wide))
    outgoing = OutgoingPart(
        attempt_id=attempt_id,
        recipient=recipient,
        part=Part(text, Encoding(encoding), concat, locking, single),
        flash=bool(flash),
        report=bool(report),
        validity_minutes=validity,
        reject_duplicates=unknowns > 0,
        reference=earlier if unknowns > 0 and sim == want.sim else None,  # a count of the SIM that sent it
    )
    return Claim(
        channel=want.channel,
        message_id=message_id,
        part_id=part_id,
        outgoing=outgoing,
        on_unknown=OnUnknown(on_unknown),
        tries=tries,
        unknowns=unknowns,
        avoid=avoid,
        more_parts=number < total,
        lane=lane,
        follows=want.goes_on_with is not None,
    )


def release(db: SqliteDatabase, claim: Claim, now: float) -> None:
    """Give back a claim that never began."""
    _end_attempt(db, claim.outgoing.attempt_id, "released", now)
    db.execute_sql("UPDATE parts SET status = 'queued' WHERE id = ?", (claim.part_id,))
    row = db.execute_sql("SELECT status FROM messages WHERE id = ?", (claim.message_id,)).fetchone()
    others = db.execute_sql(
        "SELECT 1 FROM parts WHERE message_id = ? AND status = 'sending' LIMIT 1", (claim.message_id,)
    ).fetchone()
    if row[0] == Status.SENDING and others is None:
        progress.set_status(db, claim.message_id, Status.SENDING, Status.QUEUED)
        progress.call_next(db, claim.outgoing.recipient, claim.lane, now)


def put_back(db: SqliteDatabase, message_id: int, channel: str, now: float) -> None:
    """Its channel fell away between two parts: the message waits for it in the queue, until it is freed of it."""
    row = db.execute_sql("SELECT status, recipient, lane FROM messages WHERE id = ?", (message_id,)).fetchone()
    open_parts = db.execute_sql(
        "SELECT COUNT(*) FROM parts WHERE message_id = ? AND status = 'sending'", (message_id,)
    ).fetchone()[0]
    if row[0] != Status.SENDING or open_parts:
        return
    progress.set_status(db, message_id, Status.SENDING, Status.QUEUED)
    db.execute_sql("UPDATE messages SET due_at = ?, ready = 0, pinned = ? WHERE id = ?", (now, channel, message_id))
    progress.call_next(db, row[1], row[2], now)


def record(db: SqliteDatabase, claim: Claim, outcome: Outcome, verdict: Verdict | None, now: float) -> list[Message]:
    """Write what came of an attempt. `verdict` goes with every outcome but Sent.

    Returns the message once for each status it took that clients are told of: sent, unknown or failed, and after sent what
    a report that came first made of it.
    """
    if isinstance(outcome, Sent):
        return _sent(db, claim, outcome.reference, now)
    assert verdict is not None
    if isinstance(outcome, Unknown):
        return _unknown(db, claim, outcome, verdict, now)
    return _refused(db, claim, outcome, verdict, now)


def _sent(db: SqliteDatabase, claim: Claim, reference: int, now: float) -> list[Message]:
    _end_attempt(db, claim.outgoing.attempt_id, "sent", now, reference=reference)
    db.execute_sql(
        "UPDATE parts SET status = 'sent', reference = ?, sent_at = ? WHERE id = ?", (reference, now, claim.part_id)
    )
    told = []
    if not _parts_to_go(db, claim.message_id) and progress.follow_parts(db, claim.message_id, now):
        told.append(progress.fetch(db, claim.message_id))
    if reports.match_earlier(db, claim.outgoing.attempt_id, claim.part_id, now):
        told.append(progress.fetch(db, claim.message_id))
    progress.call_next(db, claim.outgoing.recipient, claim.lane, now)
    return told


def _parts_to_go(db: SqliteDatabase, message_id: int) -> bool:
    """Asked of the rows: the outcome of an earlier part may be written after that of the last."""
    row = db.execute_sql(
        "SELECT 1 FROM parts WHERE message_id = ? AND status IN ('queued', 'sending') LIMIT 1", (message_id,)
    ).fetchone()
    return row is not None


def _unknown(db: SqliteDatabase, claim: Claim, outcome: Unknown, verdict: Verdict, now: float) -> list[Message]:
    _end_attempt(db, claim.outgoing.attempt_id, "unknown", now, reason=outcome.reason, code=verdict.error.code)
    db.execute_sql(
        "UPDATE parts SET status = 'unknown', reference = ? WHERE id = ?", (_likely_reference(db, claim), claim.part_id)
    )
    _stop_message(db, claim.message_id, verdict, Status.UNKNOWN, now)
    if verdict.status is Status.FAILED:
        progress.set_status(db, claim.message_id, Status.UNKNOWN, Status.FAILED)
        db.execute_sql("UPDATE parts SET status = 'failed' WHERE id = ?", (claim.part_id,))
    db.execute_sql(
        "UPDATE messages SET settle_at = ?, unknowns = unknowns + 1 WHERE id = ?", (verdict.settle_at, claim.message_id)
    )
    told = [progress.fetch(db, claim.message_id)]
    if reports.match_unanswered(db, claim.outgoing.attempt_id, claim.part_id, now):
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


def _refused(db: SqliteDatabase, claim: Claim, outcome: Refused, verdict: Verdict, now: float) -> list[Message]:
    _end_attempt(
        db, claim.outgoing.attempt_id, "refused", now, word=outcome.word.value, code=outcome.code, reason=outcome.reason
    )
    failed = verdict.status is Status.FAILED
    db.execute_sql("UPDATE parts SET status = ? WHERE id = ?", ("failed" if failed else "queued", claim.part_id))
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
