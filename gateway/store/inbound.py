"""Rows of inbound rules in their order, and what was decided about each incoming text. Checks nothing; `core.inbound` did.

Everything that changes rows is a job for the writer.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from peewee import SqliteDatabase

from gateway.errors import NotFound
from gateway.records import Message
from gateway.store import rows
from gateway.store.ordered import Ordered


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


_OTHERS = ("enabled", "own", "channels", "pool", "senders", "keywords", "pattern", "webhooks", "extension", "follow_days")
RULES: Ordered[InboundRule] = Ordered("inbound", "inbound rule", _OTHERS, _values, _rule)
