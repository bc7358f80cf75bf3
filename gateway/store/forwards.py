"""Rows of forwards: one event for one webhook until it is accepted. Row numbers only grow, and are the order.

Jobs and queries for the writer and for readers; each takes `db` first. When to post and give up is decided elsewhere.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from peewee import SqliteDatabase

from gateway.errors import BadValue
from gateway.records import Event, EventType, Forward, ForwardState
from gateway.store import webhooks

_INSERTED = "event_id, webhook_id, event_type, conversation, data, created_at, queued_at, state, next_at"
_COLUMNS = (
    "f.id, w.public_id, f.event_id, f.event_type, f.conversation, f.data, f.created_at, f.queued_at, f.state, f.tries,"
    " f.next_at, f.last_status, f.last_error, f.finished_at, f.url, f.handed"
)
_FROM = f"SELECT {_COLUMNS} FROM forwards f JOIN webhooks w ON w.id = f.webhook_id"

# Events have tame names, so a quoted one is found in the JSON list exactly when it is an element; channels may have any name.
_ENQUEUE = f"""
    INSERT INTO forwards ({_INSERTED})
    SELECT ?, id, ?, ?, ?, ?, ?, 'pending', ? FROM webhooks INDEXED BY webhooks_made
    WHERE receiver IS NULL AND enabled = 1 AND (instr(events, '"*"') OR instr(events, ?)) AND NOT instr(untold, ?)
    AND (channels = '[]' OR ? IN (SELECT value FROM json_each(channels)))
    ORDER BY id"""

# Whoever is named hears it, whatever it subscribed to.
_ENQUEUE_NAMED = f"""
    INSERT INTO forwards ({_INSERTED})
    SELECT ?, id, ?, ?, ?, ?, ?, 'pending', ? FROM webhooks
    WHERE receiver IS NULL AND enabled = 1 AND NOT instr(untold, ?) AND public_id IN (SELECT value FROM json_each(?))
    ORDER BY id"""

_REPLAY = f"""
    INSERT INTO forwards ({_INSERTED}, url, handed)
    SELECT event_id, webhook_id, event_type, conversation, data, created_at, ?, 'pending', ?, url,
        CASE state WHEN 'dead' THEN handed END FROM forwards
    WHERE id = ?"""

# Bound on one housekeeping commit, so that it never holds up the others for long.
_FORGOTTEN_AT_ONCE = 2000
# Bound on the variables of one statement.
_IDS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Accepted:
    id: int
    at: float
    status: int | None  # of HTTP


@dataclass(frozen=True, slots=True)
class Failed:
    """A posting that will be tried again at `next_at` (wall time; a hint for the next start)."""

    id: int
    next_at: float
    status: int | None
    error: str


@dataclass(frozen=True, slots=True)
class Dead:
    """A posting that will not be tried again unless a person replays it."""

    id: int
    at: float
    status: int | None
    error: str


@dataclass(frozen=True, slots=True)
class Handed:
    """A part of it was taken; `mark` says which, to the wire that handed it over."""

    id: int
    mark: str


Result = Accepted | Failed | Dead | Handed


@dataclass(frozen=True, slots=True)
class ForwardPage:
    forwards: tuple[Forward, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Backlog:
    """How much waits for a webhook, and since when the oldest does."""

    webhook: str
    pending: int
    dead: int
    oldest: float | None
    callback: bool  # it stands for a receiver of callbacks


class Forwards:
    """What API, console and metrics may look at."""

    def __init__(self, read: Callable[[Callable[[SqliteDatabase], Any]], Any]) -> None:
        self._read = read

    def of(self, webhook: str, state: ForwardState | None = None, cursor: str | None = None, limit: int = 50) -> ForwardPage:
        """Newest first. Raises NotFound, and BadValue for a cursor that is none."""
        found: ForwardPage = self._read(lambda db: page(db, webhook, state, cursor, limit))
        return found

    def backlogs(self) -> list[Backlog]:
        found: list[Backlog] = self._read(backlogs)
        return found


def enqueue(db: SqliteDatabase, event: Event) -> int:
    """A row for each webhook that wants this event; how many. Runs in the transaction that makes the event true."""
    at = event.created_at
    row = (event.id, event.type.value, event.conversation, _json(event.data), at, at, at)
    quoted = f'"{event.type.value}"'
    cursor = db.execute_sql(_ENQUEUE, (*row, quoted, quoted, event.channel))
    return int(cursor.rowcount)


def enqueue_named(db: SqliteDatabase, event: Event, names: Sequence[str]) -> int:
    """A row for each webhook of these (public ids) that is there, enabled, and can express this event; how many."""
    at = event.created_at
    row = (event.id, event.type.value, event.conversation, _json(event.data), at, at, at)
    cursor = db.execute_sql(_ENQUEUE_NAMED, (*row, f'"{event.type.value}"', _json(list(names))))
    return int(cursor.rowcount)


def enqueue_for(db: SqliteDatabase, public_id: str, event: Event) -> None:
    """A row for this webhook alone, whatever it subscribed to. Raises NotFound."""
    row_id, at = webhooks.row_id_of(db, public_id), event.created_at
    db.execute_sql(
        f"INSERT INTO forwards ({_INSERTED}) VALUES (?,?,?,?,?,?,?,'pending',?)",
        (event.id, row_id, event.type.value, event.conversation, _json(event.data), at, at, at),
    )


def beyond(db: SqliteDatabase, after: int | None) -> tuple[int, set[int]]:
    """The newest row, and the webhooks that rows beyond row `after` are for; without it, none are named."""
    if after is None:
        (newest,) = db.execute_sql("SELECT max(id) FROM forwards").fetchone()
        return newest or 0, set()
    rows = db.execute_sql("SELECT webhook_id, max(id) FROM forwards WHERE id > ? GROUP BY webhook_id", (after,)).fetchall()
    return max((row[1] for row in rows), default=after), {row[0] for row in rows}


def pending(db: SqliteDatabase, webhook_row: int, after: int, limit: int) -> list[Forward]:
    """What waits for a webhook, in order, from beyond row `after`."""
    query = f"{_FROM} WHERE f.webhook_id = ? AND f.state = 'pending' AND f.id > ? ORDER BY f.id LIMIT ?"
    return [_forward(row) for row in db.execute_sql(query, (webhook_row, after, limit)).fetchall()]


def pending_in(db: SqliteDatabase, webhook_row: int, conversation: str, after: int, upto: int, limit: int) -> list[Forward]:
    """What waits for a webhook in one conversation, in order, beyond row `after` and not beyond row `upto`."""
    query = (
        f"{_FROM} WHERE f.webhook_id = ? AND f.conversation = ? AND f.state = 'pending' AND f.id > ? AND f.id <= ?"
        " ORDER BY f.id LIMIT ?"
    )
    return [_forward(row) for row in db.execute_sql(query, (webhook_row, conversation, after, upto, limit)).fetchall()]


def record(db: SqliteDatabase, results: Sequence[Result]) -> None:
    """Write down what became of postings. An acceptance always holds; the rest only concerns what is still pending."""
    for result in results:
        match result:
            case Accepted(row_id, at, status):
                db.execute_sql(
                    "UPDATE forwards SET state = 'accepted', tries = tries + 1, last_status = ?, last_error = NULL,"
                    " finished_at = ? WHERE id = ?",
                    (status, at, row_id),
                )
            case Failed(row_id, next_at, status, error):
                db.execute_sql(
                    "UPDATE forwards SET tries = tries + 1, next_at = ?, last_status = ?, last_error = ?"
                    " WHERE id = ? AND state = 'pending'",
                    (next_at, status, error, row_id),
                )
            case Dead(row_id, at, status, error):
                db.execute_sql(
                    "UPDATE forwards SET state = 'dead', tries = tries + 1, finished_at = ?, last_status = ?,"
                    " last_error = ? WHERE id = ? AND state = 'pending'",
                    (at, status, error, row_id),
                )
            case Handed(row_id, mark):
                db.execute_sql("UPDATE forwards SET handed = ? WHERE id = ? AND state = 'pending'", (mark, row_id))


def bury(db: SqliteDatabase, webhook_row: int, at: float, reason: str, queued_before: float | None = None) -> int:
    """Give up what waits for a webhook, or only what has waited since before a time; how many."""
    cursor = db.execute_sql(
        "UPDATE forwards SET state = 'dead', finished_at = ?, last_error = ?"
        " WHERE webhook_id = ? AND state = 'pending' AND (? IS NULL OR queued_at <= ?)",
        (at, reason, webhook_row, queued_before, queued_before),
    )
    return int(cursor.rowcount)


def retire(db: SqliteDatabase, webhook_row: int, last: Dead) -> int:
    """The webhook wants no more, as it said to `last`: disable it and give up all that waits for it; how many."""
    webhooks.disable(db, webhook_row, last.error)
    record(db, [last])
    return 1 + bury(db, webhook_row, last.at, last.error)


def forget_accepted(db: SqliteDatabase, before: float) -> None:
    """Delete what was accepted before this time; what is dead stays until it is replayed or its webhook is removed."""
    db.execute_sql(
        "DELETE FROM forwards WHERE id IN (SELECT id FROM forwards WHERE state = 'accepted' AND finished_at < ? LIMIT ?)",
        (before, _FORGOTTEN_AT_ONCE),
    )


def replay(
    db: SqliteDatabase,
    public_id: str,
    now: float,
    *,
    ids: Sequence[str] | None = None,
    since: float | None = None,
    until: float | None = None,
) -> int:
    """Put events at the end of the line again, as new rows with their old event ids; how many.

    `ids` (of events) takes them whatever became of them; without it, the dead ones of a time range, or all dead ones.
    """
    webhook_row = webhooks.row_id_of(db, public_id)
    rows = _finished(db, webhook_row, ids) if ids is not None else _dead(db, webhook_row, since, until)
    for row_id in rows:
        db.execute_sql(_REPLAY, (now, now, row_id))
        db.execute_sql("DELETE FROM forwards WHERE id = ?", (row_id,))
    return len(rows)


def page(db: SqliteDatabase, public_id: str, state: ForwardState | None, cursor: str | None, limit: int) -> ForwardPage:
    webhook_row = webhooks.row_id_of(db, public_id)
    before = _row_of(cursor)
    values: tuple[int | str, ...]
    if state is None:
        # The plus keeps SQLite from sorting all rows of the webhook: it walks backward from the newest instead.
        chosen, values = "+f.webhook_id = ?", (webhook_row,)
    else:
        chosen, values = "f.webhook_id = ? AND f.state = ?", (webhook_row, state.value)
    if before is not None:
        chosen, values = chosen + " AND f.id < ?", (*values, before)
    rows = db.execute_sql(f"{_FROM} WHERE {chosen} ORDER BY f.id DESC LIMIT ?", (*values, limit + 1)).fetchall()
    forwards = tuple(_forward(row) for row in rows[:limit])
    return ForwardPage(forwards, str(forwards[-1].id) if len(rows) > limit else None)


def backlogs(db: SqliteDatabase) -> list[Backlog]:
    """For each webhook, for metrics and health."""
    rows = db.execute_sql(
        "SELECT w.public_id,"
        " (SELECT count(*) FROM forwards WHERE webhook_id = w.id AND state = 'pending'),"
        " (SELECT count(*) FROM forwards WHERE webhook_id = w.id AND state = 'dead'),"
        " (SELECT queued_at FROM forwards WHERE webhook_id = w.id AND state = 'pending' ORDER BY id LIMIT 1),"
        " w.receiver IS NOT NULL FROM webhooks w ORDER BY w.id"
    ).fetchall()
    return [Backlog(row[0], row[1], row[2], row[3], bool(row[4])) for row in rows]


def _finished(db: SqliteDatabase, webhook_row: int, ids: Sequence[str]) -> list[int]:
    found: list[int] = []
    for start in range(0, len(ids), _IDS_AT_ONCE):
        some = ids[start : start + _IDS_AT_ONCE]
        marks = ",".join("?" * len(some))
        query = f"SELECT id FROM forwards WHERE webhook_id = ? AND state <> 'pending' AND event_id IN ({marks})"
        found += _numbers(db.execute_sql(query, (webhook_row, *some)).fetchall())
    return sorted(found)


def _dead(db: SqliteDatabase, webhook_row: int, since: float | None, until: float | None) -> list[int]:
    query = "SELECT id FROM forwards WHERE webhook_id = ? AND state = 'dead'"
    values: list[float] = [webhook_row]
    if since is not None:
        query, values = query + " AND created_at >= ?", [*values, since]
    if until is not None:
        query, values = query + " AND created_at < ?", [*values, until]
    return _numbers(db.execute_sql(query + " ORDER BY id", values).fetchall())


def _numbers(rows: Iterable[tuple[Any, ...]]) -> list[int]:
    return [row[0] for row in rows]


def _row_of(cursor: str | None) -> int | None:
    if cursor is None:
        return None
    if not re.fullmatch(r"[0-9]{1,18}", cursor):
        raise BadValue("cursor", "not a cursor of this list", "take next_cursor of the page before, or leave it out")
    return int(cursor)


def _forward(row: tuple[Any, ...]) -> Forward:
    return Forward(
        id=row[0],
        webhook=row[1],
        event_id=row[2],
        event_type=EventType(row[3]),
        conversation=row[4],
        data=json.loads(row[5]),
        created_at=row[6],
        queued_at=row[7],
        state=ForwardState(row[8]),
        tries=row[9],
        next_at=row[10],
        last_status=row[11],
        last_error=row[12],
        finished_at=row[13],
        url=row[14],
        handed=row[15],
    )


def _json(data: object) -> str:
    return json.dumps(data, separators=(",", ":"))
