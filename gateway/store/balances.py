"""What the account of each SIM held when it was last read, and when it was last asked for. Reads no answer itself.

`asked` and `keep` are jobs for the writer and take `db` first; `Balances` reads.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from peewee import SqliteDatabase

from gateway.records import Balance

_COLUMNS = "sim, channel, amount, text, read_at, low"


def asked(db: SqliteDatabase, sim: str, channel: str, now: float) -> None:
    db.execute_sql(
        "INSERT INTO balances (sim, channel, asked_at) VALUES (?,?,?) ON CONFLICT (sim) DO UPDATE SET asked_at = excluded.asked_at",
        (sim, channel, now),
    )


def keep(db: SqliteDatabase, balance: Balance) -> bool:
    """Keep a reading. True if it is low and the one before was not. A reading without an amount says nothing of that."""
    row = db.execute_sql("SELECT low FROM balances WHERE sim = ?", (balance.sim,)).fetchone()
    was_low = row is not None and bool(row[0])
    low = was_low if balance.amount is None else balance.low
    db.execute_sql(
        "INSERT INTO balances (sim, channel, asked_at, read_at, amount, text, low) VALUES (?,?,?,?,?,?,?)"
        " ON CONFLICT (sim) DO UPDATE SET channel = excluded.channel, read_at = excluded.read_at, amount = excluded.amount,"
        " text = excluded.text, low = excluded.low",
        (balance.sim, balance.channel, balance.read_at, balance.read_at, balance.amount, balance.text, low),
    )
    return low and not was_low


def asked_at(db: SqliteDatabase) -> dict[str, tuple[float, bool]]:
    """For each SIM, when its account was last asked for, and whether an answer came."""
    rows = db.execute_sql("SELECT sim, asked_at, read_at IS NOT NULL AND read_at >= asked_at FROM balances").fetchall()
    return {sim: (at, bool(answered)) for sim, at, answered in rows}


class Balances:
    """What API, command line and metrics may look at."""

    def __init__(self, read: Callable[[Callable[[SqliteDatabase], Any]], Any]) -> None:
        self._read = read

    def all(self) -> dict[str, Balance]:
        """By SIM; those that were never read are left out."""
        rows = self._read(lambda db: db.execute_sql(f"SELECT {_COLUMNS} FROM balances WHERE read_at IS NOT NULL").fetchall())
        return {row[0]: Balance(row[0], row[1], row[2], row[3], row[4], bool(row[5])) for row in rows}
