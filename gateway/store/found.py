"""The part of a message that may leave next, and how it leaves: as a part, or with the whole text. Jobs; each takes `db` first."""

from __future__ import annotations

from typing import NamedTuple

from peewee import SqliteDatabase

from gateway.records import Concat, Encoding, OutgoingPart, Part


class Found(NamedTuple):
    """A part that may leave, with what its message says. In the order of `_COLUMNS`."""

    message_id: int
    part_id: int
    number: int
    text: str
    encoding: str
    concat_reference: int | None
    wide: int
    locking: int
    single: int
    recipient: str
    flash: int
    report: int
    validity_minutes: int | None
    on_unknown: str
    tries: int
    unknowns: int
    avoid: str
    total: int
    status: str
    lane: str
    reference: int | None
    sim: str | None
    pinned: str | None
    wants: str
    sticky: str
    key_id: int
    priority: int
    whole_text: str
    whole_encoding: str


_COLUMNS = (
    "m.id, p.id, p.number, p.text, p.encoding, p.concat_reference, p.concat_wide, p.locking, p.single, m.recipient, m.flash,"
    " m.report, m.validity_minutes, m.on_unknown, m.tries, m.unknowns, m.avoid, m.parts, m.status, m.lane, p.reference, p.sim,"
    " m.pinned, m.wants, m.sticky, m.key_id, m.priority, m.text, m.encoding"
)
_NEXT_PART = (
    f"SELECT {_COLUMNS} FROM messages m JOIN parts p ON p.message_id = m.id"
    " WHERE m.id = ? AND p.status = 'queued' ORDER BY p.number LIMIT 1"
)


def next_part(db: SqliteDatabase, message_id: int) -> Found | None:
    row = db.execute_sql(_NEXT_PART, (message_id,)).fetchone()
    return None if row is None else Found(*row)


def must_begin_anew(db: SqliteDatabase, found: Found, sim: str, whole: bool) -> bool:
    """A phone would never join the parts: some left, or are leaving, from another number, or the channel takes only whole texts."""
    if found.number == 1:
        return False
    if whole:
        return True
    row = db.execute_sql(
        "SELECT 1 FROM parts WHERE message_id = ? AND sim <> ? AND status IN ('sending', 'sent', 'delivered', 'undelivered')"
        " LIMIT 1",
        (found.message_id, sim),
    ).fetchone()
    return row is not None


def anew(db: SqliteDatabase, found: Found) -> Found | None:
    """The message begins again, whole, once none of it is on the air."""
    if on_the_air(db, found.message_id):
        return None
    db.execute_sql("UPDATE parts SET status = 'queued', reference = NULL WHERE message_id = ?", (found.message_id,))
    return next_part(db, found.message_id)


def on_the_air(db: SqliteDatabase, message_id: int) -> bool:
    sql = "SELECT 1 FROM parts WHERE message_id = ? AND status = 'sending' LIMIT 1"
    return db.execute_sql(sql, (message_id,)).fetchone() is not None


def open_parts(db: SqliteDatabase, found: Found) -> list[tuple[int, int]]:
    if found.total == 1:
        return [(found.part_id, found.number)]
    rows: list[tuple[int, int]] = db.execute_sql(
        "SELECT id, number FROM parts WHERE message_id = ? AND status = 'queued' ORDER BY number", (found.message_id,)
    ).fetchall()
    return rows


def outgoing(found: Found, attempt_id: int, pieces: int, sim: str, whole: bool) -> OutgoingPart:
    if whole and found.total > 1:
        part = Part(found.whole_text, Encoding(found.whole_encoding), None, found.locking, found.single)
    else:
        single = found.total == 1 or found.concat_reference is None
        concat = None if single else Concat(found.concat_reference or 0, found.total, found.number, bool(found.wide))
        part = Part(found.text, Encoding(found.encoding), concat, found.locking, found.single)
    return OutgoingPart(
        attempt_id=attempt_id,
        recipient=found.recipient,
        part=part,
        flash=bool(found.flash),
        report=bool(found.report),
        validity_minutes=found.validity_minutes,
        reject_duplicates=found.unknowns > 0,
        reference=found.reference if found.unknowns > 0 and found.sim == sim else None,  # a count of the SIM that sent it
        parts=pieces,
    )
