"""Looks into the queue: what flows there are, whom texts want, whether something better waits. One look into an index for each.

Queries, but for `free_wanting`; each takes `db` first. A flow is what one client sends in one lane at one priority.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from peewee import SqliteDatabase

READY = "status = 'queued' AND ready = 1"
_FLOW = f"SELECT key_id, priority FROM messages INDEXED BY messages_ready WHERE lane = ? AND {READY}"
_FREED_AT_ONCE = 500


class Flow(NamedTuple):
    lane: str
    key_id: int
    priority: int


def flows_of(db: SqliteDatabase, lane: str) -> Iterator[Flow]:
    """Every flow of a lane in which something waits: one look into the index for each."""
    row = db.execute_sql(f"{_FLOW} ORDER BY key_id, priority LIMIT 1", (lane,)).fetchone()
    while row is not None:
        yield Flow(lane, row[0], row[1])
        # Two questions, each answered by one look: (key_id, priority) > (?, ?) would walk over the texts of this flow.
        row = (
            db.execute_sql(f"{_FLOW} AND key_id = ? AND priority > ? ORDER BY priority LIMIT 1", (lane, *row)).fetchone()
            or db.execute_sql(f"{_FLOW} AND key_id > ? ORDER BY key_id, priority LIMIT 1", (lane, row[0])).fetchone()
        )


def lanes(db: SqliteDatabase) -> list[str]:
    """Every lane in which something is queued, or may be queued again."""
    rows = db.execute_sql(
        "SELECT lane FROM messages WHERE status = 'queued' UNION SELECT lane FROM messages WHERE status = 'sending'"
        " UNION SELECT lane FROM messages WHERE status = 'unknown'"
    )
    return [lane for (lane,) in rows.fetchall()]


def wanted(db: SqliteDatabase) -> Iterator[str]:
    condition = f"{READY} AND COALESCE(pinned, wants) <> ''"
    row = db.execute_sql(
        f"SELECT MIN(COALESCE(pinned, wants)) FROM messages INDEXED BY messages_wanted WHERE {condition}"
    ).fetchone()
    while row[0] is not None:
        yield row[0]
        row = db.execute_sql(
            f"SELECT MIN(COALESCE(pinned, wants)) FROM messages INDEXED BY messages_wanted WHERE {condition}"
            " AND COALESCE(pinned, wants) > ?",
            (row[0],),
        ).fetchone()


def free_wanting(db: SqliteDatabase, channel: str) -> bool:
    """The channel of their conversations cannot send: texts that only prefer it may go by another. True while there are more.

    So may those that were to be sent again by it, and of which it has sent no part.
    """
    changed = db.execute_sql(
        f"UPDATE messages SET wants = '', pinned = NULL WHERE id IN (SELECT id FROM messages m INDEXED BY messages_wanted WHERE"
        f" {READY} AND COALESCE(pinned, wants) <> '' AND COALESCE(pinned, wants) = ? AND (pinned IS NULL OR NOT EXISTS"
        " (SELECT 1 FROM parts p WHERE p.message_id = m.id AND p.status IN ('sent', 'delivered', 'undelivered'))) LIMIT ?)",
        (channel, _FREED_AT_ONCE),
    )
    return bool(changed.rowcount == _FREED_AT_ONCE)


def better_waits(db: SqliteDatabase, lanes: Iterable[str], priority: int) -> bool:
    """Is there a text of a higher priority in one of these lanes?"""
    return any(flow.priority > priority for lane in lanes for flow in flows_of(db, lane))


def still_waits(db: SqliteDatabase, flow: Flow) -> bool:
    return db.execute_sql(f"{_FLOW} AND key_id = ? AND priority = ? LIMIT 1", flow).fetchone() is not None
