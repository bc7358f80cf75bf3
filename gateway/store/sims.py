"""SIM cards as they are remembered: where each was seen, and what its rows of attempts and incoming parts add up to.

`seen` and `left` are jobs for the writer and take `db` first; `Sims` reads. Whom a change is told is decided above.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from peewee import SqliteDatabase

from gateway.records import ChannelFacts, Sim, SimChange
from gateway.store import progress

_COLUMNS = "id, iccid, imsi, number, imei, channel, smsc, first_seen, last_seen"


@dataclass(frozen=True, slots=True)
class Change:
    """What was noticed of a SIM that became ready. `was` is the channel it came from, `instead_of` the SIM it took the place of."""

    kind: SimChange
    sim: str
    channel: str
    was: str = ""
    instead_of: str = ""


@dataclass(frozen=True, slots=True)
class Numbered:
    """What is kept of the number of a SIM. `port` is the channel for which that was configured, `channel` where it is."""

    sim: str
    number: str
    port: str
    channel: str
    first_seen: float


@dataclass(frozen=True, slots=True)
class Counts:
    """Parts on the air and off it. An unknown one may have been sent."""

    sent: int
    received: int
    refused: int
    unknown: int


def identified(facts: ChannelFacts) -> bool:
    """False while neither ICCID nor IMSI is known: then nothing can be said of the SIM."""
    return bool(facts.iccid or facts.imsi)


def seen(db: SqliteDatabase, facts: ChannelFacts, now: float, number_port: str = "") -> Change | None:
    """This SIM serves this channel now. Returns what is different from before.

    `number_port` is the channel for which its number was configured, if that is where it is known from.
    """
    known = db.execute_sql("SELECT channel, was FROM sims WHERE id = ?", (facts.sim,)).fetchone()
    holder = db.execute_sql("SELECT id FROM sims WHERE channel = ? AND id <> ?", (facts.name, facts.sim)).fetchone()
    instead_of = holder[0] if holder else ""
    if holder:
        # It is gone from here; where it is now shows when it is seen again.
        db.execute_sql("UPDATE sims SET channel = '', was = ? WHERE channel = ? AND id <> ?", (facts.name, facts.name, facts.sim))
    if known is None:
        _insert(db, facts, now, number_port)
        return Change(SimChange.REPLACED if holder else SimChange.NEW, facts.sim, facts.name, "", instead_of)
    before = known[0] or known[1]
    db.execute_sql(
        "UPDATE sims SET iccid = ?, imsi = CASE ? WHEN '' THEN imsi ELSE ? END, number = CASE ? WHEN '' THEN number ELSE ? END,"
        " number_port = ?, imei = ?, smsc = CASE ? WHEN '' THEN smsc ELSE ? END,"
        " was = CASE channel WHEN ? THEN was ELSE ? END, channel = ?,"
        " last_seen = ? WHERE id = ?",
        (facts.iccid, facts.imsi, facts.imsi, facts.number, facts.number, number_port, facts.imei, facts.smsc,
         facts.smsc, facts.name, before, facts.name, now, facts.sim),
    )  # fmt: skip
    _call_along(db, facts)
    if before != facts.name:
        kind = SimChange.SWAPPED if _came_from(db, before, facts.name) else SimChange.MOVED
        return Change(kind, facts.sim, facts.name, before, instead_of)
    return Change(SimChange.REPLACED, facts.sim, facts.name, before, instead_of) if holder or not known[0] else None


def _call_along(db: SqliteDatabase, facts: ChannelFacts) -> None:
    """Texts that it has begun elsewhere go on here; those that are not in line yet, when they are called."""
    for message_id, lane in db.execute_sql(_BEGUN_ELSEWHERE, (facts.name, facts.sim)).fetchall():
        progress.follow_sim(db, message_id, lane)


_BEGUN_ELSEWHERE = (
    "SELECT m.id, m.lane FROM messages m INDEXED BY messages_pinned WHERE m.status = 'queued' AND m.pinned IS NOT NULL"
    " AND m.pinned <> ? AND m.ready = 1 AND EXISTS (SELECT 1 FROM parts p WHERE p.message_id = m.id AND p.sim = ?)"
)


def left(db: SqliteDatabase, sim: str, now: float) -> None:
    """Its channel stopped being ready."""
    db.execute_sql("UPDATE sims SET last_seen = ? WHERE id = ?", (now, sim))


def centres(db: SqliteDatabase) -> dict[str, str]:
    """The service centre each SIM is known to use."""
    return dict(db.execute_sql("SELECT id, smsc FROM sims WHERE smsc <> ''").fetchall())


def numbers(db: SqliteDatabase) -> list[Numbered]:
    return [Numbered(*row) for row in db.execute_sql("SELECT id, number, number_port, channel, first_seen FROM sims").fetchall()]


def forget_numbers(db: SqliteDatabase, sims: Iterable[str]) -> None:
    for sim in sims:
        db.execute_sql("UPDATE sims SET number = '', number_port = '' WHERE id = ?", (sim,))


def counts(db: SqliteDatabase, sim: str, since: float) -> Counts:
    found = dict.fromkeys(("sent", "refused", "unknown"), 0)
    for state, count in db.execute_sql(
        "SELECT state, COUNT(*) FROM attempts WHERE sim = ? AND started_at >= ? GROUP BY state", (sim, since)
    ).fetchall():
        found[state] = count
    (received,) = db.execute_sql("SELECT COUNT(*) FROM incomingparts WHERE sim = ? AND arrived_at >= ?", (sim, since)).fetchone()
    return Counts(found["sent"], received, found["refused"], found["unknown"])


def last_sent_at(db: SqliteDatabase, sim: str) -> float | None:
    row = db.execute_sql(
        "SELECT started_at FROM attempts WHERE sim = ? AND state = 'sent' ORDER BY started_at DESC LIMIT 1", (sim,)
    ).fetchone()
    return None if row is None else float(row[0])


def first_seen_at(db: SqliteDatabase, sim: str) -> float | None:
    row = db.execute_sql("SELECT first_seen FROM sims WHERE id = ?", (sim,)).fetchone()
    return None if row is None else float(row[0])


class Sims:
    """What API and command line may look at."""

    def __init__(self, read: Callable[[Callable[[SqliteDatabase], Any]], Any]) -> None:
        self._read = read

    def all(self) -> list[Sim]:
        """In the order in which they were first seen."""
        rows = self._read(lambda db: db.execute_sql(f"SELECT {_COLUMNS} FROM sims ORDER BY first_seen, id").fetchall())
        return [Sim(*row) for row in rows]

    def get(self, sim: str) -> Sim | None:
        row = self._read(lambda db: db.execute_sql(f"SELECT {_COLUMNS} FROM sims WHERE id = ?", (sim,)).fetchone())
        return None if row is None else Sim(*row)

    def counts(self, sim: str, since: float = 0.0) -> Counts:
        found: Counts = self._read(lambda db: counts(db, sim, since))
        return found


def _insert(db: SqliteDatabase, facts: ChannelFacts, now: float, number_port: str) -> None:
    db.execute_sql(
        f"INSERT INTO sims ({_COLUMNS}, number_port) VALUES (?,?,?,?,?,?,?,?,?,?)",
        (facts.sim, facts.iccid, facts.imsi, facts.number, facts.imei, facts.name, facts.smsc, now, now, number_port),
    )


def _came_from(db: SqliteDatabase, channel: str, other: str) -> bool:
    """Is the SIM that is in `channel` now the one that was in `other`?"""
    return db.execute_sql("SELECT 1 FROM sims WHERE channel = ? AND was = ?", (channel, other)).fetchone() is not None
