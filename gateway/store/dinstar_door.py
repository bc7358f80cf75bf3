"""What the Dinstar door asks of the rows: what became of a key's texts, which reports came, what came in and how far it was read.

Queries, but for `mark`; each takes `db` first.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from peewee import SqliteDatabase

from gateway.records import Status
from gateway.store import lanes

# So many of the newest rows are looked at where nothing names them: a box forgets as well.
_LOOK_BACK = 50_000
_ALL = ""  # in place of a channel
NO_END = 2**62  # no serial is as large


@dataclass(frozen=True, slots=True)
class Asked:
    """What a key wants to hear of; None is anything. `numbers` are spelt as the store spells them."""

    key_id: int
    user_ids: Collection[str] | None = None
    numbers: Collection[str] | None = None
    channels: Collection[str] | None = None
    after: float | None = None
    before: float | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a text so far. `channel` is empty until one is chosen."""

    client_ref: str
    to: str
    status: Status
    channel: str
    at: float
    parts: int
    parts_gone: int
    reference: int
    imsi: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """The network's word on a part."""

    to: str
    channel: str
    at: float
    reference: int
    status: int
    imsi: str


@dataclass(frozen=True, slots=True)
class Incoming:
    serial: int
    channel: str
    sender: str
    at: float
    text: str


_GONE = "(SELECT COUNT(*) FROM parts p WHERE p.message_id = m.id AND p.status IN ('sent', 'delivered', 'undelivered'))"
_LAST = "FROM parts p {} WHERE p.message_id = m.id ORDER BY p.number DESC LIMIT 1"
_AT = "COALESCE(m.delivered_at, m.sent_at, m.created_at)"


def results(db: SqliteDatabase, asked: Asked, most: int) -> list[Result]:
    """The newest ones, oldest first."""
    conditions: list[tuple[str, Sequence[object]]] = [("m.direction = 'out' AND m.key_id = ?", (asked.key_id,))]
    index = ""
    if asked.numbers is not None:
        index = "INDEXED BY messages_recipient"
        conditions.append((f"m.recipient IN ({_marks(asked.numbers)})", tuple(asked.numbers)))
    if asked.user_ids is not None:
        index = "INDEXED BY messages_client_ref"
        conditions.append((f"m.client_ref IN ({_marks(asked.user_ids)})", tuple(asked.user_ids)))
    if not index:
        conditions.append(("m.id > (SELECT COALESCE(MAX(id), 0) FROM messages) - ?", (_LOOK_BACK,)))
    if asked.channels is not None:
        of_channels = [lanes.of_channel(channel) for channel in asked.channels]
        lane = f"substr(m.lane || '{lanes.FROM}', 1, instr(m.lane || '{lanes.FROM}', '{lanes.FROM}') - 1)"
        wanted = f"(m.channel IN ({_marks(asked.channels)}) OR (m.channel IS NULL AND {lane} IN ({_marks(of_channels)})))"
        conditions.append((wanted, (*asked.channels, *of_channels)))
    conditions += _times(asked, _AT)
    rows = db.execute_sql(
        f"SELECT COALESCE(m.client_ref, ''), m.recipient, m.status, m.channel, m.lane, {_AT}, m.parts, {_GONE},"
        f" (SELECT p.reference {_LAST.format('')}),"
        f" (SELECT s.imsi {_LAST.format('JOIN sims s ON s.id = p.sim')})"
        f" FROM messages m {index} WHERE {' AND '.join(condition for condition, _ in conditions)} ORDER BY m.id DESC LIMIT ?",
        (*_values(conditions), most),
    ).fetchall()
    return [_result(row) for row in reversed(rows)]


def deliveries(db: SqliteDatabase, asked: Asked, most: int) -> list[Delivery]:
    """The newest ones, oldest first."""
    conditions: list[tuple[str, Sequence[object]]] = [
        ("r.id > (SELECT COALESCE(MAX(id), 0) FROM reports) - ?", (_LOOK_BACK,)),
        ("m.key_id = ?", (asked.key_id,)),
        *_times(asked, "r.arrived_at"),
    ]
    if asked.numbers is not None:
        conditions.append((f"m.recipient IN ({_marks(asked.numbers)})", tuple(asked.numbers)))
    if asked.channels is not None:
        conditions.append((f"r.channel IN ({_marks(asked.channels)})", tuple(asked.channels)))
    rows = db.execute_sql(
        "SELECT m.recipient, r.channel, r.arrived_at, r.reference, r.status, COALESCE((SELECT imsi FROM sims WHERE id = r.sim), '')"
        " FROM reports r CROSS JOIN parts p ON p.id = r.part_id CROSS JOIN messages m ON m.id = p.message_id"
        f" WHERE {' AND '.join(condition for condition, _ in conditions)} ORDER BY r.id DESC LIMIT ?",
        (*_values(conditions), most),
    ).fetchall()
    return [Delivery(*row) for row in reversed(rows)]


def task(db: SqliteDatabase, key_id: int, first: int, count: int) -> list[str]:
    """The ids of the messages of one request, as far as this key sent them."""
    rows = db.execute_sql(
        "SELECT public_id FROM messages WHERE id >= ? AND id < ? AND key_id = ? AND direction = 'out' ORDER BY id",
        (first, first + count, key_id),
    )
    return [public_id for (public_id,) in rows.fetchall()]


# What came in


def incoming(db: SqliteDatabase, spans: Mapping[str, tuple[int, int]], most: int, *, newest: bool) -> list[Incoming]:
    """Of each channel those with serials in (after, up to], in order: the first of them, or the newest."""
    found: list[Incoming] = []
    for channel, (after, up_to) in spans.items():
        rows = db.execute_sql(
            f"SELECT id, channel, sender, created_at, text FROM messages INDEXED BY messages_in WHERE {_OF_CHANNEL}"
            f" AND NOT ({_ERASED}) ORDER BY id {'DESC' if newest else ''} LIMIT ?",
            (channel, after, up_to, most),
        )
        found += [Incoming(*row) for row in rows.fetchall()]
    found.sort(key=lambda one: one.serial)
    return found[-most:] if newest else found[:most]


def read_to(db: SqliteDatabase, key_id: int, channels: Collection[str]) -> dict[str, int]:
    """Up to which serial this key has read what came in by each of these channels."""
    marks = dict(db.execute_sql("SELECT channel, read_to FROM dinstarmarks WHERE key_id = ?", (key_id,)).fetchall())
    return {channel: max(marks.get(_ALL, 0), marks.get(channel, 0)) for channel in channels}


def mark(db: SqliteDatabase, key_id: int, channels: Collection[str] | None, serial: int) -> None:
    """This key has read what came in by these channels (None: by all) up to there."""
    for channel in (_ALL,) if channels is None else channels:
        db.execute_sql(
            "INSERT INTO dinstarmarks (key_id, channel, read_to) VALUES (?,?,?)"
            " ON CONFLICT (key_id, channel) DO UPDATE SET read_to = MAX(read_to, excluded.read_to)",
            (key_id, channel, serial),
        )


def count(db: SqliteDatabase, spans: Mapping[str, tuple[int, int]]) -> int:
    sql = f"SELECT COUNT(*) FROM messages INDEXED BY messages_in WHERE {_OF_CHANNEL}"
    return sum(db.execute_sql(sql, (channel, *span)).fetchone()[0] for channel, span in spans.items())


_OF_CHANNEL = "direction = 'in' AND channel = ? AND id > ? AND id <= ?"
_ERASED = "text = '' AND sender = '' AND raw IS NULL"


def _times(asked: Asked, column: str) -> Iterator[tuple[str, Sequence[object]]]:
    if asked.after is not None:
        yield f"{column} >= ?", (asked.after,)
    if asked.before is not None:
        yield f"{column} < ?", (asked.before + 1,)  # it names a second


def _marks(values: Collection[object]) -> str:
    return ",".join("?" * len(values))


def _values(conditions: Sequence[tuple[str, Sequence[object]]]) -> list[object]:
    return [value for _, values in conditions for value in values]


def _result(row: tuple[Any, ...]) -> Result:
    return Result(
        client_ref=row[0],
        to=row[1],
        status=Status(row[2]),
        channel=row[3] or lanes.channel_of(row[4]),
        at=row[5],
        parts=row[6],
        parts_gone=row[7],
        reference=row[8] or 0,
        imsi=row[9] or "",
    )
