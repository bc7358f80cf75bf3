"""Binds a text, or a part of one, to a channel: the attempt row is written before the air, limits and turns are charged. Chooses
nothing."""

from __future__ import annotations

from peewee import SqliteDatabase

from gateway.records import OnUnknown, Status
from gateway.store import found, lanes, limits, progress, turns
from gateway.store.claims import Claim, Offer, Want
from gateway.store.found import Found


def bind(db: SqliteDatabase, ledger: limits.Ledger, want: Want, part: Found, offer: Offer | None, now: float) -> Claim:
    """`offer` is None for a part that follows another: its turn is taken already, and it is charged, unless it begins anew."""
    if part.status == Status.QUEUED:
        progress.set_status(db, part.message_id, Status.QUEUED, Status.SENDING)
        db.execute_sql(
            "UPDATE messages SET channel = ?, ready = 0, sender = ? WHERE id = ?", (want.channel, want.number, part.message_id)
        )
    pool = lanes.pool_of(part.lane)
    step = offer.step if offer is not None and part.number == 1 else 0.0
    why = "goes on with its message" if offer is None else _why(part, want, offer)
    parts = found.open_parts(db, part) if want.whole else ((part.part_id, part.number),)
    pieces = [(_attempt(db, want, part, one, now, (why, pool, step if one[1] == 1 else 0)), one[0]) for one in parts]
    left = part.total - part.number + 1
    made = Claim(
        channel=want.channel,
        sim=want.sim,
        message_id=part.message_id,
        pieces=tuple(pieces),
        outgoing=found.outgoing(part, pieces[-1][0], len(pieces), want.sim, want.whole),
        on_unknown=OnUnknown(part.on_unknown),
        tries=part.tries,
        unknowns=part.unknowns,
        avoid=part.avoid,
        first=part.number == 1,
        left=left,
        lane=part.lane,
        pool=pool,
        key_id=part.key_id,
        priority=part.priority,
        sticky=bool(part.sticky),
        follows=offer is None,
        step=step,
    )
    if offer is not None or made.first:
        ledger.charge(part.message_id, made.subjects, part.recipient, int(made.first), left)
    if offer is not None:
        turns.take(db, part.lane, want.channel, offer.turn, step)
    return made


def _attempt(
    db: SqliteDatabase, want: Want, part: Found, piece: tuple[int, int], now: float, because: tuple[str, str, float]
) -> int:
    """The row of an attempt to send this piece (part, number), `because` of (why, pool, turn)."""
    part_id, number = piece
    db.execute_sql("UPDATE parts SET status = 'sending', channel = ?, sim = ? WHERE id = ?", (want.channel, want.sim, part_id))
    made = db.execute_sql(
        "INSERT INTO attempts (message_id, part_id, number, channel, sim, recipient, state, started_at, why, pool, turn)"
        " VALUES (?,?,?,?,?,?,'claimed',?,?,?,?)",
        (part.message_id, part_id, number, want.channel, want.sim, part.recipient, now, *because),
    )
    return int(made.lastrowid)


def _why(part: Found, want: Want, offer: Offer) -> str:
    if part.pinned == want.channel:
        return "sent a part of this message before"
    if part.wants == want.channel:
        return "sticky: the number of this conversation"
    return offer.why
