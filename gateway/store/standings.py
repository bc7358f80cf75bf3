"""Rows of who may not send: pauses by channel, blocks and pictures by SIM, and what webhooks were told of each channel.

Jobs for the writer, and queries; each takes `db` first. What a picture means is decided above; here it is text.
"""

from __future__ import annotations

from dataclasses import dataclass

from peewee import SqliteDatabase

from gateway.records import Traffic

ALL = "*"  # no channel has this name

_DAY_S = 86400.0
# A report needs a while: a text that left a moment ago says nothing yet.
_REPORT_DUE_S = 600.0
_SHARE_OF = 200
_LOOK_BACK = 1000


@dataclass(frozen=True, slots=True)
class Pause:
    """A person wants a channel (or all) to stop: at once (paused), or once what is bound to it has gone (draining)."""

    channel: str
    traffic: Traffic
    by: str
    reason: str
    at: float


@dataclass(frozen=True, slots=True)
class SimRow:
    """`blocked_until` is wall time, None for a SIM that is not blocked; `blocked_s` bounds how far ahead it may lie."""

    sim: str
    blocked_until: float | None
    blocked_s: float
    reason: str
    picture: str


@dataclass(frozen=True, slots=True)
class Told:
    """What webhooks heard last of a channel. `up` is None before it ever took a text."""

    up: bool | None = None
    limited_until: float | None = None


@dataclass(frozen=True, slots=True)
class History:
    """What the rows say of one SIM. `delivered` is a share of the last texts whose report is due, None when there is none."""

    sent: int
    refused: dict[str, int]  # by word
    unknown: int
    delivered: float | None


def pauses(db: SqliteDatabase) -> list[Pause]:
    rows = db.execute_sql("SELECT channel, traffic, who, reason, at FROM pauses").fetchall()
    return [Pause(channel, Traffic(traffic), who, reason, at) for channel, traffic, who, reason, at in rows]


def sims(db: SqliteDatabase) -> list[SimRow]:
    rows = db.execute_sql("SELECT sim, blocked_until, blocked_s, reason, picture FROM standings").fetchall()
    return [SimRow(*row) for row in rows]


def told(db: SqliteDatabase) -> dict[str, Told]:
    rows = db.execute_sql("SELECT channel, up, limited_until FROM tellings").fetchall()
    return {channel: Told(None if up is None else bool(up), until) for channel, up, until in rows}


def set_pause(db: SqliteDatabase, channel: str, pause: Pause | None) -> None:
    if pause is None:
        db.execute_sql("DELETE FROM pauses WHERE channel = ?", (channel,))
        return
    db.execute_sql(
        "INSERT OR REPLACE INTO pauses (channel, traffic, who, reason, at) VALUES (?,?,?,?,?)",
        (channel, pause.traffic.value, pause.by, pause.reason, pause.at),
    )


def set_drained(db: SqliteDatabase, pause: Pause) -> None:
    """Nothing is bound to it any more; without effect once a person said something else."""
    db.execute_sql(
        "UPDATE pauses SET traffic = 'paused' WHERE channel = ? AND traffic = 'draining' AND at = ?", (pause.channel, pause.at)
    )


def set_sim(db: SqliteDatabase, row: SimRow, now: float) -> None:
    db.execute_sql(
        "INSERT OR REPLACE INTO standings (sim, blocked_until, blocked_s, reason, picture, saved_at) VALUES (?,?,?,?,?,?)",
        (row.sim, row.blocked_until, row.blocked_s, row.reason, row.picture, now),
    )


def set_told(db: SqliteDatabase, channel: str, telling: Told) -> None:
    db.execute_sql(
        "INSERT OR REPLACE INTO tellings (channel, up, limited_until) VALUES (?,?,?)",
        (channel, telling.up, telling.limited_until),
    )


def history(db: SqliteDatabase, sim: str, now: float) -> History:
    """Today (UTC) in attempts, and how many of the last texts arrived. A SIM's own index is read, and no more than it needs."""
    sent, unknown, refused = 0, 0, {}
    for state, word, count in db.execute_sql(
        "SELECT state, word, COUNT(*) FROM attempts WHERE sim = ? AND started_at >= ? GROUP BY state, word",
        (sim, now - now % _DAY_S),
    ).fetchall():
        if state == "sent":
            sent += count
        elif state == "unknown":
            unknown += count
        elif state == "refused" and word:
            refused[word] = count
    return History(sent, refused, unknown, _delivered(db, sim, now))


def _delivered(db: SqliteDatabase, sim: str, now: float) -> float | None:
    delivered, reported = db.execute_sql(
        "SELECT SUM(status = 'delivered'), COUNT(*) FROM (SELECT p.status FROM"
        " (SELECT part_id, message_id, state, started_at, ended_at FROM attempts WHERE sim = ? ORDER BY started_at DESC LIMIT ?) a"
        " JOIN messages m ON m.id = a.message_id AND m.report = 1 JOIN parts p ON p.id = a.part_id"
        " WHERE a.state = 'sent' AND (p.status IN ('delivered', 'undelivered') OR (p.status = 'sent' AND a.ended_at < ?))"
        " ORDER BY a.started_at DESC LIMIT ?)",
        (sim, _LOOK_BACK, now - _REPORT_DUE_S, _SHARE_OF),
    ).fetchone()
    return delivered / reported if reported else None
