"""What must survive for network boxes: how far each inbox was read, and which attempts a box can still be asked about.

Queries and jobs; each takes `db` first.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from peewee import SqliteDatabase

from gateway.records import Unanswered


def mark(db: SqliteDatabase, box: str, sn: str) -> tuple[int, str] | None:
    """A query: the newest text of this box that was kept, and its digest."""
    row: tuple[int, str] | None = db.execute_sql(
        "SELECT number, digest FROM boxmarks WHERE box = ? AND sn = ?", (box, sn)
    ).fetchone()
    return row


def set_mark(db: SqliteDatabase, box: str, sn: str, number: int, digest: str) -> None:
    """A job, after the text was kept."""
    db.execute_sql("INSERT OR REPLACE INTO boxmarks (box, sn, number, digest) VALUES (?,?,?,?)", (box, sn, number, digest))


def unanswered(db: SqliteDatabase, channels: Sequence[str], since: float, most: int) -> list[Unanswered]:
    """A query: the newest attempts of these channels whose outcome nobody told, the newest last."""
    return _attempts(db, "a.state = 'unknown' AND p.status IN ('unknown', 'queued')", channels, since, most)


def unreported(db: SqliteDatabase, channels: Sequence[str], since: float, most: int) -> list[Unanswered]:
    """A query: the newest attempts that were sent and whose last word is awaited, the newest last."""
    return _attempts(db, "a.state = 'sent' AND p.status = 'sent' AND m.report = 1", channels, since, most)


def _attempts(db: SqliteDatabase, wanted: str, channels: Sequence[str], since: float, most: int) -> list[Unanswered]:
    """A whole text has an attempt for each of its parts, begun together: the last of them is the one the box was told."""
    rows = db.execute_sql(
        "SELECT MAX(a.id), a.channel, a.recipient, COUNT(*), a.started_at FROM attempts a JOIN parts p ON p.id = a.part_id"
        f" JOIN messages m ON m.id = a.message_id WHERE {wanted} AND a.started_at > ?"
        " AND a.channel IN (SELECT value FROM json_each(?)) GROUP BY a.message_id, a.channel, a.started_at ORDER BY 1 DESC LIMIT ?",
        (since, json.dumps(list(channels)), most),
    ).fetchall()
    return [Unanswered(*row) for row in reversed(rows)]
