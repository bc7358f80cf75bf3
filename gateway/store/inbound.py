"""Rows of inbound rules in their order, and what was decided about each incoming text. Checks nothing; `core.inbound` did.

Everything that changes rows is a job for the writer. Positions count from 1 without gaps.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from peewee import IntegrityError, SqliteDatabase

from gateway.errors import Conflict, NotFound
from gateway.records import Message
from gateway.store import rows

_COLUMNS = "name, position, enabled, own, channels, pool, senders, keywords, pattern, webhooks, extension, follow_days"


@dataclass(frozen=True, slots=True)
class InboundRule:
    """All conditions that are made must hold; of a list one entry. Without webhooks those hear a text that subscribed to it."""

    name: str
    position: int = 0
    enabled: bool = True
    to: tuple[str, ...] = ()  # own numbers
    channels: tuple[str, ...] = ()
    pool: str = ""
    from_: tuple[str, ...] = ()  # numbers, prefixes such as +49*, names such as Bank*
    keywords: tuple[str, ...] = ()
    pattern: str = ""
    webhooks: tuple[str, ...] = ()  # their public ids
    extension: str = ""
    follow_days: int | None = None  # an answer is for the extension that wrote within so many days


def all_of(db: SqliteDatabase) -> list[InboundRule]:
    return [_rule(row) for row in db.execute_sql(f"SELECT {_COLUMNS} FROM inbound ORDER BY position").fetchall()]


def found(db: SqliteDatabase, name: str) -> InboundRule:
    """Raises NotFound."""
    row = db.execute_sql(f"SELECT {_COLUMNS} FROM inbound WHERE name = ?", (name,)).fetchone()
    if row is None:
        raise NotFound(f"there is no inbound rule {name}")
    return _rule(row)


def add(db: SqliteDatabase, rule: InboundRule, position: int | None = None) -> InboundRule:
    """At `position`, or behind the others. Raises Conflict for a name in use."""
    names = _names(db)
    marks = ",".join("?" * len(_COLUMNS.split(", ")))
    try:
        db.execute_sql(f"INSERT INTO inbound ({_COLUMNS}) VALUES ({marks})", (rule.name, len(names) + 1, *_values(rule)))
    except IntegrityError as fault:
        raise Conflict(f"an inbound rule named {rule.name!r} exists already; change it, or choose another name") from fault
    return found(db, rule.name) if position is None else move(db, rule.name, position)


def change(db: SqliteDatabase, name: str, rule: InboundRule) -> InboundRule:
    """Everything but its name and its position. Raises NotFound."""
    columns = " = ?, ".join(_COLUMNS.split(", ")[2:]) + " = ?"
    db.execute_sql(f"UPDATE inbound SET {columns} WHERE name = ?", (*_values(rule), name))
    return found(db, name)


def move(db: SqliteDatabase, name: str, position: int) -> InboundRule:
    """The others keep their order; beyond the end means last. Raises NotFound."""
    found(db, name)
    names = [one for one in _names(db) if one != name]
    names.insert(max(position - 1, 0), name)
    _number(db, names)
    return found(db, name)


def remove(db: SqliteDatabase, name: str) -> None:
    db.execute_sql("DELETE FROM inbound WHERE name = ?", (name,))
    _number(db, _names(db))


def reset(db: SqliteDatabase) -> None:
    db.execute_sql("DELETE FROM inbound")


def naming(db: SqliteDatabase, webhook: str) -> list[str]:
    """The rules that name this webhook, in their order."""
    query = "SELECT name FROM inbound WHERE ? IN (SELECT value FROM json_each(webhooks)) ORDER BY position"
    return [str(name) for (name,) in db.execute_sql(query, (webhook,)).fetchall()]


def decided(db: SqliteDatabase, message: Message) -> None:
    """Write down for whom an incoming text is, by which rule, and whether anybody was told."""
    db.execute_sql(
        "UPDATE messages SET extension = ?, inbound = ?, claimed = ? WHERE public_id = ?",
        (message.extension, message.inbound, int(message.claimed), message.id),
    )


def incoming(db: SqliteDatabase, public_ids: Sequence[str]) -> list[Message]:
    """Texts in the order in which they came. Raises NotFound."""
    query = (
        f"SELECT {rows.MESSAGE_COLUMNS} FROM messages WHERE direction = 'in'"
        " AND public_id IN (SELECT value FROM json_each(?)) ORDER BY id"
    )
    messages = [rows.message(row) for row in db.execute_sql(query, (json.dumps(list(public_ids)),)).fetchall()]
    missing = next(iter(set(public_ids) - {message.id for message in messages}), None)
    if missing is not None:
        raise NotFound(f"there is no incoming text {missing}")
    return messages


def wrote_last(db: SqliteDatabase, person: str, channel: str, since: float) -> str | None:
    """The extension that texted this person last, since then, over the SIM that is in this channel."""
    row = db.execute_sql(
        "SELECT m.extension FROM messages m WHERE m.recipient = ? AND m.direction = 'out' AND m.extension IS NOT NULL"
        " AND m.created_at >= ? AND EXISTS (SELECT 1 FROM parts p JOIN sims s ON s.id = p.sim WHERE p.message_id = m.id"
        " AND s.channel = ?) ORDER BY m.id DESC LIMIT 1",
        (person, since, channel),
    ).fetchone()
    return None if row is None else str(row[0])


def unclaimed(db: SqliteDatabase) -> int:
    """How many incoming texts nobody was told of."""
    return int(db.execute_sql("SELECT count(*) FROM messages WHERE claimed = 0").fetchone()[0])


def _names(db: SqliteDatabase) -> list[str]:
    return [str(name) for (name,) in db.execute_sql("SELECT name FROM inbound ORDER BY position").fetchall()]


def _number(db: SqliteDatabase, names: Sequence[str]) -> None:
    for position, name in enumerate(names, start=1):
        db.execute_sql("UPDATE inbound SET position = ? WHERE name = ? AND position <> ?", (position, name, position))


def _values(rule: InboundRule) -> tuple[Any, ...]:
    r = rule
    lists = [json.dumps(one, ensure_ascii=False) for one in (r.to, r.channels, r.from_, r.keywords, r.webhooks)]
    return (int(r.enabled), lists[0], lists[1], r.pool, lists[2], lists[3], r.pattern, lists[4], r.extension, r.follow_days)


def _rule(row: tuple[Any, ...]) -> InboundRule:
    name, position, enabled, own, channels, pool, senders, keywords, pattern, webhooks, extension, follow_days = row
    lists = [tuple(json.loads(one)) for one in (own, channels, senders, keywords, webhooks)]
    return InboundRule(
        *(name, position, bool(enabled), lists[0], lists[1], pool, lists[2], lists[3], pattern, lists[4], extension, follow_days)
    )
