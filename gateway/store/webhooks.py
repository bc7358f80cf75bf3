"""Rows of webhooks: who is told of what, and with which secret. Checks nothing; `core.webhooks` did."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from peewee import SqliteDatabase

from gateway.errors import NotFound
from gateway.records import Webhook

_COLUMNS = "id, public_id, url, events, channels, format, enabled, disabled_reason, created_at, options, untold, receiver"


@dataclass(frozen=True, slots=True)
class Target:
    """A webhook as the forwarding loop needs it: with its secret, which no repr may show."""

    row_id: int
    webhook: Webhook
    secret: str = field(repr=False)
    key: int | None = None  # whose requests made it, if it stands for a receiver of callbacks


class Webhooks:
    """What API, console and command line may look at."""

    def __init__(self, read: Callable[[Callable[[SqliteDatabase], Any]], Any]) -> None:
        self._read = read

    def all(self) -> list[Webhook]:
        """Those that people made."""
        webhooks: list[Webhook] = self._read(all_of)
        return webhooks

    def receivers(self) -> list[Webhook]:
        """Those that stand for receivers of callbacks, made by requests."""
        webhooks: list[Webhook] = self._read(receivers)
        return webhooks

    def get(self, public_id: str) -> Webhook | None:
        webhook: Webhook | None = self._read(lambda db: get(db, public_id))
        return webhook


def add(db: SqliteDatabase, webhook: Webhook, secret: str) -> None:
    w = webhook
    # Past peewee, which writes every parameter to its debug log: this one is a secret.
    db.connection().execute(
        "INSERT INTO webhooks (public_id, url, events, channels, format, secret, enabled, created_at, options, untold)"
        " VALUES (?,?,?,?,?,?,1,?,?,?)",
        (w.id, w.url, _json(w.events), _json(w.channels), w.format, secret, w.created_at, json.dumps(w.options), _json(w.untold)),
    )


def change(
    db: SqliteDatabase,
    public_id: str,
    *,
    url: str | None = None,
    events: Sequence[str] | None = None,
    channels: Sequence[str] | None = None,
    format: tuple[str, Mapping[str, Any], Sequence[str]] | None = None,
    enabled: bool | None = None,
) -> Webhook:
    """Only what is given is written, so that two people do not undo each other. A format comes with its options and what it
    cannot express. Raises NotFound."""
    given: dict[str, Any] = {"url": url}
    if format is not None:
        given |= {"format": format[0], "options": json.dumps(format[1]), "untold": _json(format[2])}
    given["events"] = None if events is None else _json(events)
    given["channels"] = None if channels is None else _json(channels)
    if enabled is not None:
        given["enabled"] = int(enabled)
    given = {column: value for column, value in given.items() if value is not None}
    if enabled is not None:
        given["disabled_reason"] = None if enabled else "disabled by a person"
    if given:
        settings = ", ".join(f"{column} = ?" for column in given)
        db.execute_sql(f"UPDATE webhooks SET {settings} WHERE public_id = ?", (*given.values(), public_id))
    return found(db, public_id)


def secret_of(db: SqliteDatabase, public_id: str) -> str:
    """Raises NotFound."""
    row = db.execute_sql("SELECT secret FROM webhooks WHERE public_id = ?", (public_id,)).fetchone()
    if row is None:
        raise _missing(public_id)
    return str(row[0])


def change_secret(db: SqliteDatabase, public_id: str, secret: str) -> None:
    # Past peewee, as in `add`.
    db.connection().execute("UPDATE webhooks SET secret = ? WHERE public_id = ?", (secret, public_id))


def disable(db: SqliteDatabase, row_id: int, reason: str) -> None:
    db.execute_sql("UPDATE webhooks SET enabled = 0, disabled_reason = ? WHERE id = ?", (reason, row_id))


def remove(db: SqliteDatabase, public_id: str) -> None:
    """With all its forwards, and what requests asked it to hear of. Raises NotFound."""
    row_id = row_id_of(db, public_id)
    db.execute_sql("DELETE FROM forwards WHERE webhook_id = ?", (row_id,))
    db.execute_sql("DELETE FROM callbacks WHERE webhook_id = ?", (row_id,))
    db.execute_sql("DELETE FROM webhooks WHERE id = ?", (row_id,))


def all_of(db: SqliteDatabase) -> list[Webhook]:
    query = f"SELECT {_COLUMNS} FROM webhooks WHERE receiver IS NULL ORDER BY id"
    return [_webhook(row) for row in db.execute_sql(query).fetchall()]


def receivers(db: SqliteDatabase) -> list[Webhook]:
    query = f"SELECT {_COLUMNS} FROM webhooks WHERE receiver IS NOT NULL ORDER BY id"
    return [_webhook(row) for row in db.execute_sql(query).fetchall()]


def get(db: SqliteDatabase, public_id: str) -> Webhook | None:
    row = db.execute_sql(f"SELECT {_COLUMNS} FROM webhooks WHERE public_id = ?", (public_id,)).fetchone()
    return None if row is None else _webhook(row)


def found(db: SqliteDatabase, public_id: str) -> Webhook:
    webhook = get(db, public_id)
    if webhook is None:
        raise _missing(public_id)
    return webhook


def row_id_of(db: SqliteDatabase, public_id: str) -> int:
    row = db.execute_sql("SELECT id FROM webhooks WHERE public_id = ?", (public_id,)).fetchone()
    if row is None:
        raise _missing(public_id)
    return int(row[0])


def targets(db: SqliteDatabase, kept: Collection[int] = ()) -> list[Target]:
    """The webhooks that may be posted to. There may be many receivers of callbacks: those that something waits for, and `kept`."""
    rows = db.execute_sql(
        f"SELECT {_COLUMNS}, secret FROM webhooks w"
        " WHERE enabled = 1 AND (receiver IS NULL OR id IN (SELECT value FROM json_each(?))"
        " OR EXISTS (SELECT 1 FROM forwards WHERE webhook_id = w.id AND state = 'pending')) ORDER BY id",
        (json.dumps(list(kept)),),
    ).fetchall()
    return [_target(tuple(row), secret) for *row, secret in rows]


def _target(row: tuple[Any, ...], secret: str) -> Target:
    return Target(row[0], _read_often(row), secret, _key_of(row[11]))


@lru_cache(maxsize=4096)
def _read_often(row: tuple[Any, ...]) -> Webhook:
    """The loop reads all of them often, and they hardly ever change."""
    return _webhook(row)


def _key_of(receiver: str | None) -> int | None:
    return None if receiver is None else int(receiver.partition(" ")[0])


def _missing(public_id: str) -> NotFound:
    return NotFound(f"there is no webhook {public_id}")


def _webhook(row: tuple[Any, ...]) -> Webhook:
    return Webhook(
        id=row[1],
        url=row[2],
        events=tuple(json.loads(row[3])),
        channels=tuple(json.loads(row[4])),
        format=row[5],
        enabled=bool(row[6]),
        disabled_reason=row[7],
        created_at=row[8],
        options=json.loads(row[9]),
        untold=tuple(json.loads(row[10])),
        callback=row[11] is not None,
    )


def _json(words: Sequence[str]) -> str:
    return json.dumps(list(words))
