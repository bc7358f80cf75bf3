"""Reading messages and attempts, for the API and the console. Changes nothing."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from peewee import SqliteDatabase

from gateway.errors import BadValue
from gateway.records import Attempt, Direction, Message, Status
from gateway.store import rows

T = TypeVar("T")
# What a cursor of the list of messages looks like; the API publishes it. What it means is nobody else's business.
CURSOR = r"m[0-9]{1,18}"

_MOVED = "CASE direction WHEN 'in' THEN created_at ELSE sent_at END"

Read = Callable[[Callable[[SqliteDatabase], Any]], Any]


@dataclass(frozen=True, slots=True)
class MessageFilter:
    direction: Direction | None = None
    status: Status | None = None
    to: str | None = None
    from_: str | None = None
    since: float | None = None
    until: float | None = None
    after: str | None = None  # the id of a message; those accepted later
    first_serial: int | None = None
    last_serial: int | None = None
    moved_since: float | None = None  # when it left, or came in
    moved_until: float | None = None
    among: tuple[Status, ...] | None = None
    client_ref: str | None = None
    channel: str | None = None
    campaign: str | None = None
    key_id: int | None = None
    seen_by: int | None = None  # the key whose own texts these are, beside incoming ones
    claimed: bool | None = None  # of incoming texts alone


@dataclass(frozen=True, slots=True)
class Page:
    messages: tuple[Message, ...]
    next_cursor: str | None


class Messages:
    def __init__(self, read: Read) -> None:
        self._read = read

    def get(self, public_id: str, seen_by: int | None = None) -> Message | None:
        """`seen_by` is the key that must have sent it, unless it came in."""
        conditions, values = _conditions(MessageFilter(seen_by=seen_by))
        where = " AND ".join(["public_id = ?", *conditions])

        def query(db: SqliteDatabase) -> Message | None:
            row = db.execute_sql(f"SELECT {rows.MESSAGE_COLUMNS} FROM messages WHERE {where}", (public_id, *values)).fetchone()
            return None if row is None else rows.message(row)

        found: Message | None = self._read(query)
        return found

    def attempts(self, public_id: str) -> list[Attempt]:
        """Oldest first."""

        def query(db: SqliteDatabase) -> list[Attempt]:
            found = db.execute_sql(
                f"SELECT {rows.ATTEMPT_COLUMNS} FROM attempts WHERE part_id IN (SELECT id FROM parts WHERE message_id ="
                " (SELECT id FROM messages WHERE public_id = ?)) ORDER BY id",
                (public_id,),
            )
            return [rows.attempt(row) for row in found.fetchall()]

        attempts: list[Attempt] = self._read(query)
        return attempts

    def count(self, wanted: MessageFilter, most: int) -> int:
        """How many there are, counted to `most`."""
        conditions, values = _conditions(wanted)
        where = f"WHERE {' AND '.join(conditions)}" if conditions else ""

        def query(db: SqliteDatabase) -> int:
            sql = f"SELECT count(*) FROM (SELECT 1 FROM messages {where} LIMIT ?)"
            return int(db.execute_sql(sql, (*values, most)).fetchone()[0])

        found: int = self._read(query)
        return found

    def find(self, wanted: MessageFilter, cursor: str | None, limit: int, offset: int = 0) -> Page:
        """Newest first. `cursor` is a former page's `next_cursor`; a broken one raises BadValue."""
        conditions, values = _conditions(wanted)
        if cursor is not None:
            conditions.append("id < ?")
            values.append(_position(cursor))
        where = f"WHERE {' AND '.join(conditions)}" if conditions else ""

        def query(db: SqliteDatabase) -> list[tuple[Any, ...]]:
            sql = f"SELECT {rows.MESSAGE_COLUMNS}, id FROM messages {where} ORDER BY id DESC LIMIT ? OFFSET ?"
            return list(db.execute_sql(sql, (*values, limit + 1, offset)).fetchall())

        found = self._read(query)
        page = tuple(rows.message(row) for row in found[:limit])
        return Page(page, _cursor(found[limit - 1][-1]) if len(found) > limit else None)


def _conditions(wanted: MessageFilter) -> tuple[list[str], list[object]]:
    given = {
        "direction = ?": wanted.direction,
        "status = ?": wanted.status,
        "recipient = ?": wanted.to,
        "sender = ?": wanted.from_,
        "created_at >= ?": wanted.since,
        "created_at < ?": wanted.until,
        "id > (SELECT id FROM messages WHERE public_id = ?)": wanted.after,
        "id >= ?": wanted.first_serial,
        "id <= ?": wanted.last_serial,
        f"{_MOVED} >= ?": wanted.moved_since,
        f"{_MOVED} < ?": wanted.moved_until,
        "client_ref = ?": wanted.client_ref,
        "channel = ?": wanted.channel,
        "campaign = ?": wanted.campaign,
        "key_id = ?": wanted.key_id,
        "(direction = 'in' OR key_id = ?)": wanted.seen_by,
    }
    used = {condition: value for condition, value in given.items() if value is not None}
    conditions = list(used)
    values: list[object] = list(used.values())
    if wanted.among is not None:
        conditions.append(f"status IN ({', '.join('?' * len(wanted.among))})")
        values += wanted.among
    if wanted.claimed is not None:
        # Written out: the index of what is unclaimed serves no parameter.
        conditions += ["direction = 'in'", f"claimed = {int(wanted.claimed)}"]
    return conditions, values


def _cursor(position: int) -> str:
    return f"m{position}"


def _position(cursor: str) -> int:
    if not re.fullmatch(CURSOR, cursor):
        raise BadValue("cursor", "not a cursor of this list", "take next_cursor of the page before, or leave it out")
    return int(cursor[1:])
