"""Rows of SMPP: who wants receipts, segments of texts that are not whole yet, and what waits until a client acknowledges it.

Jobs for the writer and queries for readers; each takes `db` first. PDUs are made elsewhere.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from peewee import SqliteDatabase

from gateway.records import Direction, Message, SmppAddress, SmppDelivery, SmppWish, Status
from gateway.store import rows

# What a message ends as, in the words of receipts. `sent` is no end: its report may come, and if not nobody knows.
STATES = {
    Status.DELIVERED: "DELIVRD",
    Status.UNDELIVERED: "UNDELIV",
    Status.FAILED: "UNDELIV",
    Status.EXPIRED: "EXPIRED",
    Status.CANCELLED: "DELETED",
    Status.BLOCKED: "REJECTD",
}
RECEIPT, TEXT = "receipt", "text"

# Who hears of incoming texts: accounts that may read.
_READERS = (
    "SELECT id FROM keys WHERE smpp_hash IS NOT NULL AND revoked_at IS NULL"
    " AND (instr(scopes, 'read') OR instr(scopes, 'admin')) ORDER BY id"
)
_INSERT = "INSERT INTO smppdeliveries (key_id, message, conversation, kind, data, queued_at) VALUES (?,?,?,?,?,?)"
# A wish whose message has not ended after so long (its report never came) is forgotten.
WISHES_KEPT_S = 30 * 86400.0
_FORGOTTEN_AT_ONCE = 2000


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment of a long text. `message` is the id that the whole will have; `line` tells which texts it may belong to."""

    message: str
    number: int  # 1-based
    total: int
    key_id: int
    line: str
    octets: bytes
    wish: SmppWish | None
    arrived_at: float


def wish(db: SqliteDatabase, message: str, key_id: int, wish: SmppWish, now: float) -> None:
    """Note, in the commit that queues a message, that its client wants a receipt."""
    db.execute_sql(
        "INSERT OR REPLACE INTO smppwishes (message, key_id, failures_only, source, destination, asked_at) VALUES (?,?,?,?,?,?)",
        (message, key_id, wish.failures_only, _address(wish.source), _address(wish.destination), now),
    )


def tell(db: SqliteDatabase, message: Message, now: float) -> bool:
    """Queue what SMPP clients hear of a message's present status, in the commit that made it so. True if a text waits for one."""
    if message.direction is Direction.IN:
        return _tell_text(db, message, now)
    if message.status in STATES:
        error = message.error
        _tell_end(db, message.id, message.to, STATES[message.status], _code_of("" if error is None else error.code), now)
    return False


def give_up(db: SqliteDatabase, segment: Segment, now: float) -> None:
    """A text whose segments did not all come: forget them. Who wants a receipt hears that it was not delivered."""
    drop(db, segment.message)
    if segment.wish is not None:
        wish(db, segment.message, segment.key_id, segment.wish, segment.arrived_at)
        _tell_end(db, segment.message, segment.wish.destination.number, "UNDELIV", 0, now, segment.arrived_at)


def keep(db: SqliteDatabase, segment: Segment) -> None:
    db.execute_sql(
        "INSERT OR REPLACE INTO smppsegments (message, number, total, key_id, line, octets, wish, arrived_at)"
        " VALUES (?,?,?,?,?,?,?,?)",
        (segment.message, segment.number, segment.total, segment.key_id, segment.line, segment.octets,
         None if segment.wish is None else _wish(segment.wish), segment.arrived_at),
    )  # fmt: skip


def drop(db: SqliteDatabase, message: str) -> None:
    db.execute_sql("DELETE FROM smppsegments WHERE message = ?", (message,))


def segments(db: SqliteDatabase) -> list[Segment]:
    """All that wait for others."""
    found = db.execute_sql(
        "SELECT message, number, total, key_id, line, octets, wish, arrived_at FROM smppsegments ORDER BY arrived_at, number"
    ).fetchall()
    return [Segment(row[0], row[1], row[2], row[3], row[4], bytes(row[5]), _wish_of(row[6]), row[7]) for row in found]


def owned(db: SqliteDatabase, message: str, key_id: int) -> Message | None:
    """An outgoing message, if this key sent it."""
    row = db.execute_sql(
        f"SELECT {rows.MESSAGE_COLUMNS} FROM messages WHERE public_id = ? AND key_id = ? AND direction = 'out'", (message, key_id)
    ).fetchone()
    return None if row is None else rows.message(row)


def waiting(db: SqliteDatabase, key_id: int, without: Collection[str], limit: int) -> list[SmppDelivery]:
    """What waits for an account, in order, but for these conversations."""
    marks = ",".join("?" * len(without))
    found = db.execute_sql(
        "SELECT id, key_id, message, conversation, kind, data, queued_at, tries FROM smppdeliveries WHERE key_id = ?"
        f" AND conversation NOT IN ({marks}) ORDER BY id LIMIT ?",
        (key_id, *without, limit),
    ).fetchall()
    return [SmppDelivery(row[0], row[1], row[2], row[3], row[4], json.loads(row[5]), row[6], row[7]) for row in found]


def done(db: SqliteDatabase, row_id: int) -> None:
    """It was acknowledged, or refused for good."""
    db.execute_sql("DELETE FROM smppdeliveries WHERE id = ?", (row_id,))


def failed(db: SqliteDatabase, row_id: int) -> None:
    db.execute_sql("UPDATE smppdeliveries SET tries = tries + 1 WHERE id = ?", (row_id,))


def forget(db: SqliteDatabase, before: float, wishes_before: float) -> int:
    """Give up what has waited for clients since before a time; how many rows that were. Texts stay among the messages."""
    db.execute_sql("DELETE FROM smppwishes WHERE asked_at < ?", (wishes_before,))
    gone = db.execute_sql(
        "DELETE FROM smppdeliveries WHERE id IN (SELECT id FROM smppdeliveries WHERE queued_at < ? ORDER BY id LIMIT ?)",
        (before, _FORGOTTEN_AT_ONCE),
    )
    return int(gone.rowcount)


def forget_text(db: SqliteDatabase, message: str) -> None:
    """The text of this message is taken out: nobody gets it any more."""
    db.execute_sql("DELETE FROM smppdeliveries WHERE message = ? AND kind = ?", (message, TEXT))


def forget_message(db: SqliteDatabase, message: str) -> None:
    """Whom it went to or came from is taken out as well: no receipt may tell."""
    db.execute_sql("DELETE FROM smppdeliveries WHERE message = ?", (message,))
    db.execute_sql("DELETE FROM smppwishes WHERE message = ?", (message,))


def shift(db: SqliteDatabase, seconds: float, now: float) -> None:
    """The wall clock jumped by `seconds`: what waits has not waited for longer, or shorter, because of that."""
    db.execute_sql("UPDATE smppdeliveries SET queued_at = MIN(queued_at + ?, ?)", (seconds, now))
    db.execute_sql("UPDATE smppwishes SET asked_at = MIN(asked_at + ?, ?)", (seconds, now))


def _tell_text(db: SqliteDatabase, message: Message, now: float) -> bool:
    readers = db.execute_sql(_READERS).fetchall()
    if readers:
        data = json.dumps({"text": message.text, "octets": message.data.hex(), "from": message.from_, "to": message.to})
        for (key_id,) in readers:
            db.execute_sql(_INSERT, (key_id, message.id, message.from_, TEXT, data, now))
    return bool(readers)


def _tell_end(
    db: SqliteDatabase, message: str, other: str, state: str, code: int, now: float, submitted_at: float | None = None
) -> None:
    row = db.execute_sql(
        "SELECT key_id, failures_only, source, destination, asked_at FROM smppwishes WHERE message = ?", (message,)
    ).fetchone()
    if row is None:
        return
    db.execute_sql("DELETE FROM smppwishes WHERE message = ?", (message,))
    if row[1] and state == "DELIVRD":
        return
    data: Mapping[str, object] = {
        "state": state,
        "code": code,
        "submitted_at": row[4] if submitted_at is None else submitted_at,
        "done_at": now,
        "source": json.loads(row[2]),
        "destination": json.loads(row[3]),
    }
    db.execute_sql(_INSERT, (row[0], message, other, RECEIPT, json.dumps(data), now))


def _code_of(error: str) -> int:
    """The number in a code such as cms:21 or report:70, as the three digits of a receipt can show it."""
    digits = error.rpartition(":")[2]
    return int(digits) % 1000 if digits.isascii() and digits.isdigit() else 0


def _address(address: SmppAddress) -> str:
    return json.dumps([address.ton, address.npi, address.number])


def _wish(wish: SmppWish) -> str:
    return json.dumps([wish.failures_only, _address(wish.source), _address(wish.destination)])


def _wish_of(column: Any) -> SmppWish | None:
    if column is None:
        return None
    failures_only, source, destination = json.loads(column)
    return SmppWish(failures_only, SmppAddress(*json.loads(source)), SmppAddress(*json.loads(destination)))
