"""Taking the words out of a message that has ended, here and in the forwards that carry it. Jobs for the writer; each takes `db`.

The row stays: counts, limits and late reports need it. A message without recipient and text was erased whole.
"""

from __future__ import annotations

from peewee import SqliteDatabase

from gateway.errors import Conflict, NotFound
from gateway.records import Message, Status
from gateway.store import callbacks, progress, smpp

_UNDER_WAY = (Status.QUEUED, Status.SENDING, Status.UNKNOWN)


def redact(db: SqliteDatabase, public_id: str, of_key: int | None) -> Message:
    """Its text is gone. `of_key` is who must have sent it, or None. Raises NotFound, or Conflict while it may still leave."""
    row_id = _ended(db, public_id, of_key)
    # Nobody need be told any more what it said.
    db.execute_sql("UPDATE messages SET text = '', raw = NULL, data = NULL, claimed = 1 WHERE id = ?", (row_id,))
    db.execute_sql("UPDATE parts SET text = '' WHERE message_id = ?", (row_id,))
    db.execute_sql("UPDATE incomingparts SET text = '', raw = '', data = NULL WHERE message_id = ?", (row_id,))
    smpp.forget_text(db, public_id)
    _forwards(db, public_id, "json_remove(json_set(data, '$.text', ''), '$.raw', '$.data')")
    return progress.fetch(db, row_id)


def erase(db: SqliteDatabase, public_id: str, of_key: int | None) -> None:
    """Its text is gone, and with whom it was exchanged. Attempts keep the number: late reports are matched by it."""
    redact(db, public_id, of_key)
    db.execute_sql("UPDATE messages SET recipient = '', sender = '', client_ref = NULL WHERE public_id = ?", (public_id,))
    smpp.forget_message(db, public_id)
    callbacks.forget_message(db, public_id)
    _forwards(db, public_id, "json_set(data, '$.to', '', '$.from', '', '$.client_ref', NULL)")


def _ended(db: SqliteDatabase, public_id: str, of_key: int | None) -> int:
    row = db.execute_sql("SELECT id, status, key_id FROM messages WHERE public_id = ?", (public_id,)).fetchone()
    if row is None or of_key not in (None, row[2]):
        raise NotFound(f"this key sent no message {public_id}")
    if row[1] in _UNDER_WAY:
        raise Conflict(f"the message is {row[1]} and still needs its text; cancel it first")
    return int(row[0])


def _forwards(db: SqliteDatabase, public_id: str, changed: str) -> None:
    # Ids are of one length and tame: whatever holds one between quotes is about that message.
    db.execute_sql(f"UPDATE forwards SET data = {changed} WHERE instr(data, ?)", (f'"{public_id}"',))
