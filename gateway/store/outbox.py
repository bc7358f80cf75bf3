"""The queue of outgoing messages: taken in, ordered, cancelled, expired. Jobs for the writer; each takes `db` first.

`ready` is 1 for a message that is due and first in line for its recipient and lane (any channel, one pool, one channel): texts
to one person keep their order, and a thousand texts to one number cannot stand in the way of the others. What happens on the
air is in `air`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from peewee import SqliteDatabase

from gateway.errors import Conflict, IdempotencyMismatch, NotFound
from gateway.records import Encoding, Message, MessageError, OnUnknown, Part, Status
from gateway.store import callbacks, lanes, progress
from gateway.store.callbacks import NewCallback

# Idempotency keys are kept this long (seconds); the API says so.
IDEMPOTENCY_KEPT_S = 48 * 3600


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A message that passed every check, ready to be stored. `parts` carry no reference yet when they are several."""

    public_id: str
    recipient: str
    sender: str
    text: str
    encoding: Encoding
    parts: tuple[Part, ...]
    lane: str = ""
    priority: int = 0
    send_at: float | None = None
    expires_at: float | None = None
    expiry_given: bool = False
    validity_minutes: int | None = None
    flash: bool = False
    report: bool = True
    on_unknown: OnUnknown = OnUnknown.RESEND
    client_ref: str | None = None
    key_id: int = 0  # 0 is the gateway itself
    campaign: str | None = None
    route: str | None = None  # the name of the route that chose the lane
    sticky: str = ""  # the lane whose channels keep conversations together, if any
    callback: NewCallback | None = None
    extension: str | None = None  # who sends, at the PBX
    warnings: tuple[str, ...] = ()  # are told, not stored


@dataclass(frozen=True, slots=True)
class Once:
    """An Idempotency-Key with the fingerprint of the request that came with it."""

    key_id: int
    value: str
    fingerprint: str


def add(db: SqliteDatabase, messages: Sequence[NewMessage], now: float, once: Once | None = None) -> list[str] | None:
    """Queue the messages. Returns None when they are new; the earlier ids when `once` was seen with the same fingerprint.

    Raises IdempotencyMismatch when it was seen with another.
    """
    if once is not None:
        earlier = seen(db, once)
        if earlier is not None:
            return earlier
        db.execute_sql(
            "INSERT INTO idempotency (key_id, idempotency_key, fingerprint, message_ids, created_at) VALUES (?,?,?,?,?)",
            (once.key_id, once.value, once.fingerprint, json.dumps([m.public_id for m in messages]), now),
        )
    for message in messages:
        _insert(db, message, now)
    return None


def seen(db: SqliteDatabase, once: Once) -> list[str] | None:
    """The ids of the messages that were queued under this key; None for a new one. Raises IdempotencyMismatch."""
    row = db.execute_sql(
        "SELECT fingerprint, message_ids FROM idempotency WHERE key_id = ? AND idempotency_key = ?", (once.key_id, once.value)
    ).fetchone()
    if row is None:
        return None
    if row[0] != once.fingerprint:
        raise IdempotencyMismatch("this Idempotency-Key was used with another request; use a new key for a new request")
    return list(json.loads(row[1]))


def _insert(db: SqliteDatabase, m: NewMessage, now: float) -> None:
    due_at = now if m.send_at is None else m.send_at
    ready = due_at <= now and _takes_the_front(db, m.recipient, m.lane, m.priority)
    message_id = db.execute_sql(
        "INSERT INTO messages (public_id, direction, status, recipient, sender, text, encoding, parts, client_ref, key_id,"
        " created_at, lane, priority, due_at, ready, expires_at, expiry_given, send_at, validity_minutes, flash, report,"
        " on_unknown, campaign, route, sticky, extension)"
        " VALUES (?,'out','queued',?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
        (m.public_id, m.recipient, m.sender, m.text, m.encoding.value, len(m.parts), m.client_ref, m.key_id,
         now, m.lane, m.priority, due_at, ready, m.expires_at, m.expiry_given, m.send_at, m.validity_minutes, m.flash, m.report,
         m.on_unknown.value, m.campaign, m.route, m.sticky, m.extension),
    ).lastrowid  # fmt: skip
    if m.callback is not None:
        callbacks.add(db, m.public_id, m.key_id, m.callback, now)
    if ready and m.sticky:
        progress.prefer(db, message_id, m.lane)
    reference = _next_reference(db) if len(m.parts) > 1 else None
    for number, part in enumerate(m.parts, start=1):
        db.execute_sql(
            "INSERT INTO parts (message_id, number, status, text, encoding, concat_reference, locking, single)"
            " VALUES (?,?,'queued',?,?,?,?,?)",
            (message_id, number, part.text, part.encoding.value, reference, part.locking, part.single),
        )


def _takes_the_front(db: SqliteDatabase, recipient: str, lane: str, priority: int) -> bool:
    """True if a new message may leave before all others in its line; then it takes the place of a lower one."""
    for message_id, status, theirs in db.execute_sql(
        f"SELECT id, status, priority FROM messages WHERE recipient = ? AND lane = ? AND {progress.AT_THE_FRONT}", (recipient, lane)
    ).fetchall():
        if status == Status.SENDING or theirs >= priority:
            return False
        db.execute_sql("UPDATE messages SET ready = 0 WHERE id = ?", (message_id,))
    return True


def _next_reference(db: SqliteDatabase) -> int:
    """The next concatenation reference, 0-255: two long texts to one person carry one reference only 256 long texts apart."""
    row = db.execute_sql("SELECT value FROM marks WHERE name = 'concat_reference'").fetchone()
    reference = (int(row[0]) + 1) % 256 if row else 0
    db.execute_sql("INSERT OR REPLACE INTO marks (name, value) VALUES ('concat_reference', ?)", (str(reference),))
    return reference


@dataclass(frozen=True, slots=True)
class Due:
    """How far due messages were called: to this moment, and of those due at it to this one."""

    at: float
    id: int = 2**63 - 1


def call_due(db: SqliteDatabase, after: float | Due, now: float, most: int = 2000) -> Due | None:
    """Let what became due in (after, now] stand in line. Returns where to go on; None when nothing is left."""
    start = after if isinstance(after, Due) else Due(after)
    rows = db.execute_sql(
        "SELECT recipient, lane, due_at, id FROM messages INDEXED BY messages_due WHERE status = 'queued' AND ready = 0"
        " AND due_at >= ? AND (due_at > ? OR id > ?) AND due_at <= ? ORDER BY due_at, id LIMIT ?",
        (start.at, start.at, start.id, now, most),
    ).fetchall()
    for recipient, lane in dict.fromkeys((row[0], row[1]) for row in rows):
        progress.call_next(db, recipient, lane, now)
    return Due(rows[-1][2], rows[-1][3]) if len(rows) == most else None


def next_moment(db: SqliteDatabase, now: float) -> float | None:
    """When something next becomes due, expires, or an unknown outcome has been waited for long enough."""
    moments = db.execute_sql(
        "SELECT (SELECT MIN(due_at) FROM messages WHERE status = 'queued' AND ready = 0 AND due_at > ?),"
        " (SELECT MIN(expires_at) FROM messages WHERE status = 'queued' AND expires_at IS NOT NULL),"
        " (SELECT MIN(settle_at) FROM messages WHERE status = 'unknown')",
        (now,),
    ).fetchone()
    return min((moment for moment in moments if moment is not None), default=None)


def expire(db: SqliteDatabase, now: float) -> list[Message]:
    """End queued messages whose time is over."""
    ended = db.execute_sql(
        "SELECT id, recipient, lane FROM messages WHERE status = 'queued' AND expires_at IS NOT NULL AND expires_at <= ? LIMIT 500",
        (now,),
    ).fetchall()
    return [_end(db, message_id, (recipient, lane), Status.EXPIRED, _expired(lane), now) for message_id, recipient, lane in ended]


def _expired(lane: str) -> MessageError:
    numbers = " or ".join(lanes.numbers_of(lane))
    channel = f"no channel with the number {numbers}" if numbers else "no channel"
    return MessageError("expired", f"{channel} could send it before it expired", "look at the channels, or give it more time")


def cancel(db: SqliteDatabase, public_id: str, now: float, key_id: int | None = None) -> Message:
    """End a message that has not left. Raises NotFound, or Conflict when it has left or is leaving.

    With `key_id` there are only messages which that key sent.
    """
    row = db.execute_sql("SELECT id, recipient, lane, status, key_id FROM messages WHERE public_id = ?", (public_id,)).fetchone()
    if row is None or key_id not in (None, row[4]):
        raise NotFound(f"no message {public_id}")
    message_id, recipient, lane, status, _ = row
    if status == Status.CANCELLED:
        return progress.fetch(db, message_id)
    some_left = db.execute_sql("SELECT 1 FROM parts WHERE message_id = ? AND status <> 'queued'", (message_id,)).fetchone()
    if status != Status.QUEUED or some_left:
        raise Conflict(f"the message is {status} and cannot be called back")
    return _end(db, message_id, (recipient, lane), Status.CANCELLED, MessageError("cancelled", "cancelled by request"), now)


def _end(
    db: SqliteDatabase, message_id: int, line: tuple[str, str], status: Status, error: MessageError, now: float
) -> Message:
    progress.set_status(db, message_id, Status.QUEUED, status)
    db.execute_sql(
        "UPDATE messages SET ready = 0, error_code = ?, error_reason = ?, error_advice = ? WHERE id = ?",
        (error.code, error.reason, error.advice, message_id),
    )
    progress.call_next(db, *line, now)
    return progress.fetch(db, message_id)


def queued_at(db: SqliteDatabase, client_ref: str) -> float | None:
    """When the newest message with this reference of its client was queued."""
    found: float | None = db.execute_sql("SELECT MAX(created_at) FROM messages WHERE client_ref = ?", (client_ref,)).fetchone()[0]
    return found


def forget_idempotency(db: SqliteDatabase, before: float) -> None:
    db.execute_sql("DELETE FROM idempotency WHERE created_at < ?", (before,))


def queued(db: SqliteDatabase) -> int:
    """How many messages wait to be sent, now or later."""
    return int(db.execute_sql("SELECT COUNT(*) FROM messages INDEXED BY messages_line WHERE status = 'queued'").fetchone()[0])


def sizes(db: SqliteDatabase) -> dict[str, int]:
    """How many outgoing messages are in each status that still waits for something."""
    waiting = ("queued", "sending", "unknown")
    found = dict.fromkeys(waiting, 0)
    for status, count in db.execute_sql(_SIZES).fetchall():
        found[status] = count
    return found


_SIZES = (
    "SELECT status, COUNT(*) FROM messages WHERE status IN ('queued', 'sending') GROUP BY status"
    " UNION ALL SELECT 'unknown', COUNT(*) FROM messages WHERE status = 'unknown'"
)
