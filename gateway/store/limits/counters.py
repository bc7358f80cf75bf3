"""The rows in which is counted: texts and parts of each window, distinct recipients where a limit asks, the last text of a gap."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

from peewee import SqliteDatabase

from gateway.store.limits.windows import Window

Place = tuple[str, Window]  # a subject and one of its windows


class Count(NamedTuple):
    texts: int = 0
    parts: int = 0
    recipients: int = 0


def add(db: SqliteDatabase, places: Sequence[Place], texts: int, parts: int) -> None:
    values = [value for subject, one in places for value in (subject, one.per.value, one.start, texts, parts)]
    db.execute_sql(_adding(len(places)), values)


def take(db: SqliteDatabase, places: Sequence[Place], texts: int, parts: int) -> None:
    """What is not counted any more, because a person set it back, is not taken off either."""
    for subject, one in places:
        db.execute_sql(
            "UPDATE counters SET texts = MAX(0, texts - ?), parts = MAX(0, parts - ?) WHERE subject = ? AND per = ? AND start = ?",
            (texts, parts, subject, one.per.value, one.start),
        )


def read(db: SqliteDatabase, subject: str, one: Window) -> Count:
    row = db.execute_sql(
        "SELECT texts, parts, recipients FROM counters WHERE subject = ? AND per = ? AND start = ?",
        (subject, one.per.value, one.start),
    ).fetchone()
    return Count() if row is None else Count(*row)


def put(db: SqliteDatabase, subject: str, one: Window, count: Count) -> None:
    db.execute_sql(
        "INSERT OR REPLACE INTO counters (subject, per, start, texts, parts, recipients) VALUES (?,?,?,?,?,?)",
        (subject, one.per.value, one.start, *count),
    )


def add_recipient(db: SqliteDatabase, subject: str, one: Window, recipient: str, parts: int) -> None:
    """Beside `add`, whose row must be there."""
    where = (subject, one.per.value, one.start)
    new = not knows(db, subject, one, recipient)
    db.execute_sql(
        "INSERT INTO counted (subject, per, start, recipient, parts) VALUES (?,?,?,?,?)"
        " ON CONFLICT DO UPDATE SET parts = parts + excluded.parts",
        (*where, recipient, parts),
    )
    if new:
        db.execute_sql("UPDATE counters SET recipients = recipients + 1 WHERE subject = ? AND per = ? AND start = ?", where)


def take_recipient(db: SqliteDatabase, subject: str, one: Window, recipient: str, parts: int) -> None:
    """A recipient is gone from a window once none of the parts that were charged for him is left."""
    where = (subject, one.per.value, one.start)
    db.execute_sql(
        "UPDATE counted SET parts = parts - ? WHERE subject = ? AND per = ? AND start = ? AND recipient = ?",
        (parts, *where, recipient),
    )
    gone = db.execute_sql(
        "DELETE FROM counted WHERE subject = ? AND per = ? AND start = ? AND recipient = ? AND parts <= 0", (*where, recipient)
    )
    if gone.rowcount:
        db.execute_sql("UPDATE counters SET recipients = MAX(0, recipients - 1) WHERE subject = ? AND per = ? AND start = ?", where)


def knows(db: SqliteDatabase, subject: str, one: Window, recipient: str) -> bool:
    row = db.execute_sql(
        "SELECT 1 FROM counted WHERE subject = ? AND per = ? AND start = ? AND recipient = ?",
        (subject, one.per.value, one.start, recipient),
    ).fetchone()
    return row is not None


def known(db: SqliteDatabase, subject: str, one: Window, recipients: Sequence[str]) -> set[str]:
    """Those of them who are counted."""
    marks = ",".join("?" * len(recipients))
    rows = db.execute_sql(
        f"SELECT recipient FROM counted WHERE subject = ? AND per = ? AND start = ? AND recipient IN ({marks})",
        (subject, one.per.value, one.start, *recipients),
    ).fetchall()
    return {recipient for (recipient,) in rows}


def begin_gap(db: SqliteDatabase, subject: str, at: float, message_id: int) -> None:
    db.execute_sql("INSERT OR REPLACE INTO gaps (subject, at, message_id) VALUES (?,?,?)", (subject, at, message_id))


def last_gap(db: SqliteDatabase, subject: str) -> tuple[float, int] | None:
    row: tuple[float, int] | None = db.execute_sql("SELECT at, message_id FROM gaps WHERE subject = ?", (subject,)).fetchone()
    return row


@cache
def _adding(places: int) -> str:
    rows = ",".join(["(?,?,?,?,?)"] * places)
    return (
        f"INSERT INTO counters (subject, per, start, texts, parts) VALUES {rows}"
        " ON CONFLICT DO UPDATE SET texts = texts + excluded.texts, parts = parts + excluded.parts"
    )
