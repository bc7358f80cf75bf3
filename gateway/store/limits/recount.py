"""Counts again from the attempts what was counted, or never was: so that a limit holds from the moment it is made.

An attempt counts in the windows it overlaps, as `ledger` counts; what a person set back comes back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from peewee import SqliteDatabase

from gateway.store.limits import counters, flying
from gateway.store.limits.counters import Count
from gateway.store.limits.windows import Window

# An attempt that began longer before a window is not looked for in it: the power would have to have failed for so long.
_LONGEST_S = 7 * 86_400
# How many attempts to look back for the last one of a pool or key, for its gap.
_LOOK_BACK = 20_000
_WENT = "a.state IN ('sent', 'unknown')"
_SIMS = (
    "WITH RECURSIVE all_sims (sim) AS (SELECT MIN(sim) FROM attempts"
    " UNION ALL SELECT (SELECT MIN(sim) FROM attempts WHERE sim > all_sims.sim) FROM all_sims WHERE all_sims.sim IS NOT NULL)"
)
_WHOSE = {"sim": "a.sim = ?", "pool": "a.pool = ?", "key": "m.key_id = ?"}


def window(db: SqliteDatabase, subject: str, one: Window) -> None:
    """Texts and parts of one window; and its recipients, as it costs no more."""
    texts, people = _found(db, subject, one)
    db.execute_sql("DELETE FROM counted WHERE subject = ? AND per = ? AND start = ?", (subject, one.per.value, one.start))
    counters.put(db, subject, one, Count(texts, people.total(), len(people)))
    for recipient, parts in people.items():
        db.execute_sql(
            "INSERT INTO counted (subject, per, start, recipient, parts) VALUES (?,?,?,?,?)",
            (subject, one.per.value, one.start, recipient, parts),
        )


def recipients(db: SqliteDatabase, subject: str, one: Window) -> None:
    """The distinct recipients of a window whose texts and parts are counted already."""
    kept = counters.read(db, subject, one)
    window(db, subject, one)
    new = counters.read(db, subject, one)
    counters.put(db, subject, one, Count(kept.texts, kept.parts, new.recipients))


def gap(db: SqliteDatabase, subject: str) -> None:
    """The last text of a subject, from which its gap counts."""
    kind, _, name = subject.partition(":")
    newest = "a.started_at" if kind == "sim" else "a.id"  # attempts of a SIM lie in the order of their times
    row = db.execute_sql(
        "SELECT COALESCE(a.ended_at, a.started_at), a.message_id FROM attempts a JOIN messages m ON m.id = a.message_id"
        f" WHERE {_WHOSE[kind]} AND a.state IN ('sent', 'unknown', 'claimed')"
        f" AND a.id > (SELECT MAX(id) FROM attempts) - ? ORDER BY {newest} DESC LIMIT 1",
        (name, _LOOK_BACK),
    ).fetchone()
    if row is not None:
        counters.begin_gap(db, subject, *row)


def subjects(db: SqliteDatabase, written: str) -> list[str]:
    """ "sim:*" and "key:*" as every SIM that ever sent and every key; another subject is itself."""
    if written == "sim:*":
        rows = db.execute_sql(f"{_SIMS} SELECT sim FROM all_sims WHERE sim IS NOT NULL").fetchall()
    elif written == "key:*":
        rows = db.execute_sql("SELECT id FROM keys").fetchall()
    else:
        return [written]
    return [f"{written[:-1]}{row[0]}" for row in rows]


def on_the_air(db: SqliteDatabase, subject: str, one: Window) -> Iterable[flying.Flying]:
    """What was charged in this window and is not over."""
    return (text for text in flying.all_of(db) if subject in text.subjects and one.holds(text.charged_at))


def _found(db: SqliteDatabase, subject: str, one: Window) -> tuple[int, Counter[str]]:
    """Texts, and the parts of each recipient."""
    kind, _, name = subject.partition(":")
    of_sims = "" if kind == "sim" else f"{_SIMS} "
    by_sim = "" if kind == "sim" else "all_sims s JOIN "
    each = "" if kind == "sim" else " AND a.sim = s.sim"
    rows = db.execute_sql(
        f"{of_sims}SELECT a.recipient, SUM(a.number = 1), COUNT(*) FROM {by_sim}attempts a JOIN messages m ON m.id = a.message_id"
        f" WHERE {_WHOSE[kind]}{each} AND {_WENT} AND a.started_at >= ? AND a.started_at < ?"
        " AND (a.ended_at >= ? OR a.started_at >= ?) GROUP BY a.recipient",
        (name, one.start - _LONGEST_S, one.end, one.start, one.start),
    ).fetchall()
    texts, people = 0, Counter[str]()
    for recipient, begun, parts in rows:
        texts += begun
        people[recipient] += parts
    for text in on_the_air(db, subject, one):
        texts += text.texts
        people[text.recipient] += text.parts
    return texts, people
