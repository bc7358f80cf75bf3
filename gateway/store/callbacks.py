"""Rows of callbacks: where a request wants to hear what becomes of its message. Each receiver (key, format, options, host and port,
and one of a few paths there) is a hidden row of webhooks, so that its pauses and its back-off are its own; the forwards carry the
address, and are in order per message: whoever hears them knows the message by its id, and owes no other one anything.

Jobs for the writer; each takes `db` first. Checks nothing; `core.callbacks` did.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from peewee import SqliteDatabase

from gateway.errors import BadValue
from gateway.records import Event

# A key that names more hosts than this is not a client but a fault, or somebody's attempt to use us against others.
MOST_RECEIVERS = 1000
# Paths of a host that are receivers of their own: one that is down keeps no other. Beyond them (a path for each message, say) they
# share one; so they do when the key has named half of what it may.
MOST_PATHS = 8
# What was asked for is forgotten so long after it, unless its message has not left yet; what could not be posted as well.
KEPT_S = 30 * 86400.0
_FORGOTTEN_AT_ONCE = 2000


@dataclass(frozen=True, slots=True)
class NewCallback:
    """A callback that passed every check. `receiver` is the public id that a receiver not known yet gets."""

    url: str
    origin: str  # scheme, host and port
    path: str  # tells paths apart, and says nothing: there may be secrets in them
    format: str
    events: tuple[str, ...]
    receiver: str
    options: Mapping[str, Any] = field(default_factory=dict)


def add(db: SqliteDatabase, message: str, key_id: int, wanted: NewCallback, now: float) -> None:
    """Note, in the commit that queues a message, who hears what becomes of it. Raises BadValue for one receiver too many."""
    options = json.dumps(wanted.options, sort_keys=True)
    host = f"{key_id} {wanted.format} {options} {wanted.origin}"
    own = f"{host} {wanted.path}"
    webhook_id = _known(db, own)
    if webhook_id is None:
        paths = _paths(db, host)
        name = own if len(paths) < MOST_PATHS and _count(db, key_id) < MOST_RECEIVERS / 2 else host
        webhook_id = _known(db, name)
        if webhook_id is None:
            full = _count(db, key_id) >= MOST_RECEIVERS
            # A host of which it has named a path is no further one.
            webhook_id = paths[0] if full and paths else _new_receiver(db, name, key_id, wanted, options, now)
    db.execute_sql(
        "INSERT INTO callbacks (message, webhook_id, url, events, asked_at) VALUES (?,?,?,?,?)",
        (message, webhook_id, wanted.url, json.dumps(wanted.events), now),
    )


def _known(db: SqliteDatabase, name: str) -> int | None:
    row = db.execute_sql("SELECT id FROM webhooks WHERE receiver = ?", (name,)).fetchone()
    return None if row is None else int(row[0])


def _paths(db: SqliteDatabase, host: str) -> list[int]:
    """The receivers that are paths of this host."""
    # A blank stands behind the host, and '!' is the next sign: names in between are those of its paths.
    query = "SELECT id FROM webhooks WHERE receiver >= ? AND receiver < ?"
    return [int(row[0]) for row in db.execute_sql(query, (f"{host} ", f"{host}!")).fetchall()]


def _count(db: SqliteDatabase, key_id: int) -> int:
    (known,) = db.execute_sql("SELECT count(*) FROM webhooks WHERE receiver GLOB ?", (f"{key_id} *",)).fetchone()
    return int(known)


def _new_receiver(db: SqliteDatabase, name: str, key_id: int, wanted: NewCallback, options: str, now: float) -> int:
    known = _count(db, key_id)
    if known >= MOST_RECEIVERS:
        raise BadValue("callback", f"is at yet another host: this key has named {known}", "use fewer, or a webhook")
    made = db.execute_sql(
        "INSERT INTO webhooks (public_id, url, events, channels, format, secret, enabled, created_at, options, receiver)"
        " VALUES (?,?,'[]','[]',?,'',1,?,?,?)",
        (wanted.receiver, wanted.origin, wanted.format, now, options, name),
    )
    return int(made.lastrowid)


def tell(db: SqliteDatabase, message: str, event: Event) -> None:
    """Queue this event of a message for who asked to hear of it. Runs in the transaction that makes the event true."""
    row = db.execute_sql("SELECT webhook_id, url, events FROM callbacks WHERE message = ?", (message,)).fetchone()
    if row is None or event.type.value not in json.loads(row[2]):
        return
    data, at = json.dumps(event.data, separators=(",", ":")), event.created_at
    db.execute_sql(
        "INSERT INTO forwards (event_id, webhook_id, event_type, conversation, data, created_at, queued_at, state, next_at, url)"
        " SELECT ?, id, ?, ?, ?, ?, ?, 'pending', ?, ? FROM webhooks WHERE id = ? AND enabled = 1",
        (event.id, event.type.value, message, data, at, at, at, row[1], row[0]),
    )


def forget(db: SqliteDatabase, before: float) -> None:
    """Forget what was asked for and given up before a time, and receivers that nothing refers to any more."""
    db.execute_sql(
        "DELETE FROM callbacks WHERE message IN (SELECT c.message FROM callbacks c JOIN messages m ON m.public_id = c.message"
        " WHERE c.asked_at < ? AND m.status NOT IN ('queued', 'sending', 'unknown') LIMIT ?)",
        (before, _FORGOTTEN_AT_ONCE),
    )
    db.execute_sql(
        "DELETE FROM forwards WHERE id IN (SELECT f.id FROM webhooks w JOIN forwards f ON f.webhook_id = w.id AND f.state = 'dead'"
        " WHERE w.receiver IS NOT NULL AND f.finished_at < ? LIMIT ?)",
        (before, _FORGOTTEN_AT_ONCE),
    )
    db.execute_sql(
        "DELETE FROM webhooks WHERE receiver IS NOT NULL"
        " AND NOT EXISTS (SELECT 1 FROM callbacks c WHERE c.webhook_id = webhooks.id)"
        " AND NOT EXISTS (SELECT 1 FROM forwards f WHERE f.webhook_id = webhooks.id)"
    )


def forget_message(db: SqliteDatabase, message: str) -> None:
    """Whom it went to is taken out: nobody is told any more. Ids are of one length and tame, as in `erasing`."""
    db.execute_sql("DELETE FROM forwards WHERE url IS NOT NULL AND instr(data, ?)", (f'"{message}"',))
    db.execute_sql("DELETE FROM callbacks WHERE message = ?", (message,))


def shift(db: SqliteDatabase, seconds: float, now: float) -> None:
    """The wall clock jumped by `seconds`: nothing was asked for longer ago because of that."""
    db.execute_sql("UPDATE callbacks SET asked_at = MIN(asked_at + ?, ?)", (seconds, now))
