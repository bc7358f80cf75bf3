"""Incoming texts: each part kept for good before it may leave the SIM, recognised when it comes twice, joined when complete.

Jobs for the writer; each takes `db` first. How texts of parts are joined is handed in.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from peewee import SqliteDatabase

from gateway.records import Concat, Encoding, IncomingPart, Message
from gateway.store import conversations, progress, rows

Join = Callable[[Sequence["Piece"]], str]
NewId = Callable[[], str]


@dataclass(frozen=True, slots=True)
class Piece:
    """What joining needs of a part."""

    text: str
    encoding: Encoding
    concat: Concat | None


def fingerprint(part: IncomingPart) -> str:
    """Recognises a second copy of one part: SIM, sender, service-centre timestamp, concatenation, payload - never text alone.

    Two genuine "OK" differ in their timestamp, or in the number a box gave them. A part that could not be decoded is known by
    its octets.
    """
    if part.flaws or part.service_time is None:
        facts: tuple[object, ...] = (part.sim, part.raw)
    else:
        payload = (part.encoding.value, part.text, part.data, part.ports)
        facts = (part.sim, part.sender, part.service_time.isoformat(), part.concat, payload)
        facts += (part.serial,) if part.serial else ()
    return hashlib.sha256(repr(facts).encode("utf-8", "surrogatepass")).hexdigest()


def keep(
    db: SqliteDatabase,
    part: IncomingPart,
    own_number: str,
    join: Join,
    new_id: NewId,
    now: float,
    sender: str | None = None,
) -> Message | None:
    """Keep one part, its sender spelled as `sender`; a second copy is known by what the network told. Returns the message it made
    complete; None when parts are missing or it was kept before."""
    seen = fingerprint(part)
    part = part if sender is None else replace(part, sender=sender)
    added = db.execute_sql(
        "INSERT OR IGNORE INTO incomingparts (fingerprint, channel, sim, arrived_at, raw, sender, service_time, text, data,"
        " encoding, concat_reference, concat_wide, concat_total, concat_number, flaws) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
        (seen, part.channel, part.sim, now, part.raw, part.sender,
         None if part.service_time is None else part.service_time.isoformat(), _storable(part.text), part.data or None,
         part.encoding.value, *_concat(part.concat), rows.column(part.flaws)),
    )  # fmt: skip
    if added.rowcount == 0:
        return None
    if part.sender:
        conversations.note(db, part.sender, part.sim, now)  # answers go out by the SIM that was written to
    if part.concat is None or not 1 <= part.concat.number <= part.concat.total or part.concat.total == 1:
        return _become_message(db, [_row(db, added.lastrowid)], own_number, join, new_id, now)
    group = _complete_group(db, part, added.lastrowid)
    return None if group is None else _become_message(db, group, own_number, join, new_id, now)


def hand_on_incomplete(
    db: SqliteDatabase, older_than: float, own_number: Callable[[str], str], join: Join, new_id: NewId, now: float
) -> list[Message]:
    """Parts whose others did not come in time become messages flagged incomplete."""
    stale = db.execute_sql(
        "SELECT sim, sender, concat_reference, concat_wide, concat_total, MAX(arrived_at), channel FROM incomingparts"
        " WHERE message_id IS NULL GROUP BY sim, sender, concat_reference, concat_wide, concat_total HAVING MAX(arrived_at) <= ?",
        (older_than,),
    ).fetchall()
    messages = []
    for sim, sender, reference, wide, total, _, channel in stale:
        group = db.execute_sql(
            f"{_SELECT} WHERE message_id IS NULL AND sim = ? AND sender = ? AND concat_reference IS ? AND concat_wide IS ?"
            " AND concat_total IS ? ORDER BY concat_number, id",
            (sim, sender, reference, wide, total),
        ).fetchall()
        messages.append(_become_message(db, group, own_number(channel), join, new_id, now, incomplete=True))
    return messages


def stale_at(db: SqliteDatabase) -> float | None:
    """When the newest part of the group that has waited longest arrived; None while nothing waits."""
    row = db.execute_sql(
        "SELECT MIN(newest) FROM (SELECT MAX(arrived_at) AS newest FROM incomingparts WHERE message_id IS NULL"
        " GROUP BY sim, sender, concat_reference, concat_wide, concat_total)"
    ).fetchone()
    found: float | None = row[0]
    return found


_SELECT = (
    "SELECT id, channel, sender, text, data, encoding, concat_reference, concat_wide, concat_total, concat_number, flaws, raw,"
    " service_time, arrived_at FROM incomingparts"
)


def _row(db: SqliteDatabase, part_id: int) -> tuple[Any, ...]:
    row: tuple[Any, ...] = db.execute_sql(f"{_SELECT} WHERE id = ?", (part_id,)).fetchone()
    return row


def _complete_group(db: SqliteDatabase, part: IncomingPart, part_id: int) -> list[tuple[Any, ...]] | None:
    """The parts that make this one's message whole, in order; None while any is missing.

    Two long texts may carry one reference at the same time: of several parts with one number, the one nearest in time belongs.
    """
    assert part.concat is not None
    waiting = db.execute_sql(
        f"{_SELECT} WHERE message_id IS NULL AND sim = ? AND sender = ? AND concat_reference = ? AND concat_wide = ?"
        " AND concat_total = ? ORDER BY id",
        (part.sim, part.sender, part.concat.reference, part.concat.wide, part.concat.total),
    ).fetchall()
    mine = next(row for row in waiting if row[0] == part_id)
    group = []
    for number in range(1, part.concat.total + 1):
        same = [mine] if number == mine[9] else [row for row in waiting if row[9] == number]
        if not same:
            return None
        group.append(min(same, key=lambda row: (_apart(row, mine), row[0])))
    return group


def _apart(one: tuple[Any, ...], other: tuple[Any, ...]) -> float:
    if one[12] and other[12]:
        return abs((datetime.fromisoformat(one[12]) - datetime.fromisoformat(other[12])).total_seconds())
    return float(abs(one[13] - other[13]))


def _become_message(
    db: SqliteDatabase,
    group: Sequence[tuple[Any, ...]],
    own_number: str,
    join: Join,
    new_id: NewId,
    now: float,
    *,
    incomplete: bool = False,
) -> Message:
    pieces = [Piece(_stored(row[3]), Encoding(row[5]), _concat_of(row)) for row in group]
    flaws = tuple(dict.fromkeys(flaw for row in group for flaw in rows.words(row[10])))
    data = b"".join(bytes(row[4]) for row in group if row[4])
    keep_raw = bool(flaws or data or incomplete)
    message_id = db.execute_sql(
        "INSERT INTO messages (public_id, direction, status, recipient, sender, text, encoding, parts, channel, created_at,"
        " incomplete, flaws, raw, data) VALUES (?,'in','received',?,?,?,?,?,?,?,?,?,?,?)",
        (new_id(), own_number, group[0][2], join(pieces), group[0][5], group[0][8] or 1, group[0][1], now, incomplete,
         rows.column(flaws), rows.column(tuple(row[11] for row in group)) if keep_raw else None, data or None),
    ).lastrowid  # fmt: skip
    for row in group:
        db.execute_sql("UPDATE incomingparts SET message_id = ? WHERE id = ?", (message_id, row[0]))
    return progress.fetch(db, message_id)


def _concat(concat: Concat | None) -> tuple[int | None, bool | None, int | None, int | None]:
    return (None, None, None, None) if concat is None else (concat.reference, concat.wide, concat.total, concat.number)


def _concat_of(row: tuple[Any, ...]) -> Concat | None:
    return None if row[6] is None else Concat(row[6], row[8], row[9], bool(row[7]))


def _storable(text: str) -> str | bytes:
    """Half a surrogate pair (its other half is in the next part) is not text to SQLite: such a piece is kept as octets."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")
    return text


def _stored(text: str | bytes) -> str:
    return text if isinstance(text, str) else text.decode("utf-8", "surrogatepass")
