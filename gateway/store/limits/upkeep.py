"""Keeps counters right when rules change, sets them back when a person says so, and forgets old windows. Jobs for the writer."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from peewee import SqliteDatabase

from gateway.records import Counted, Limit, Per
from gateway.store.limits import counters, recount
from gateway.store.limits.book import Book, Rule
from gateway.store.limits.windows import Window

# Windows are kept for so long (seconds) and so many of each subject: a clock that ran ahead must not empty the present ones.
_KEPT = {
    Per.MONTH: (13 * 31 * 86_400, 13),
    Per.DAY: (40 * 86_400, 40),
    Per.HOUR: (3 * 86_400, 72),
    Per.MINUTE: (3600, 60),
}
_COLUMNS = {Counted.TEXTS: "texts", Counted.WARMUP: "texts", Counted.PARTS: "parts", Counted.RECIPIENTS: "recipients"}


def adopt(db: SqliteDatabase, before: Book, after: Book, now: float) -> None:
    """The rules have changed: what was not counted until now is counted from the attempts."""
    changed = set(before.limits) ^ set(after.limits)
    for written in sorted({limit.subject for limit in changed}):
        for subject in recount.subjects(db, written):
            _adopt(db, before, after, subject, now)


def _adopt(db: SqliteDatabase, before: Book, after: Book, subject: str, now: float) -> None:
    known = _named(before.windows(subject, now))
    known_people = _named(before.peopled(subject, now))
    people = _named(after.peopled(subject, now))
    for one in after.windows(subject, now):
        name = (one.per, one.start)
        if name not in known:
            recount.window(db, subject, one)
        elif name in people and name not in known_people:
            recount.recipients(db, subject, one)
    if after.gapped([subject]) and not before.gapped([subject]):
        recount.gap(db, subject)


def reset(db: SqliteDatabase, book: Book, rule: Rule, subject: str, now: float) -> dict[str, object]:
    """What this rule counts for a subject begins again from nothing, but for what is on the air. Returns what there was."""
    if rule.limit.counted is Counted.GAP:
        last = counters.last_gap(db, subject)
        db.execute_sql("DELETE FROM gaps WHERE subject = ?", (subject,))
        return {"last_text_at": None if last is None else last[0]}
    one = book.window(rule, now)
    was = counters.read(db, subject, one)
    column = _COLUMNS[rule.limit.counted]
    flying = list(recount.on_the_air(db, subject, one))
    if column == "recipients":
        _keep_recipients(db, subject, one, {text.recipient: text.parts for text in flying})
        count = len({text.recipient for text in flying})
    else:
        count = sum(text.texts if column == "texts" else text.parts for text in flying)
    db.execute_sql(
        f"UPDATE counters SET {column} = ? WHERE subject = ? AND per = ? AND start = ?",
        (count, subject, one.per.value, one.start),
    )
    return {"window_began_at": one.start, column: getattr(was, column)}


def counted_subjects(db: SqliteDatabase, limit: Limit) -> list[str]:
    """Those for which something is counted that this limit, perhaps one for all of a kind, is about."""
    kind, _, name = limit.subject.partition(":")
    if name != "*":
        return [limit.subject]
    table = "gaps" if limit.counted is Counted.GAP else "counters"
    rows = db.execute_sql(
        f"SELECT DISTINCT subject FROM {table} WHERE subject > ? AND subject < ?", (f"{kind}:", f"{kind};")
    ).fetchall()
    return [subject for (subject,) in rows]


def forget(db: SqliteDatabase, now: float) -> None:
    """Windows that nobody asks for any more."""
    for per, (age, number) in _KEPT.items():
        before = now - age
        for subject, start in db.execute_sql(
            "SELECT subject, start FROM (SELECT subject, start, ROW_NUMBER() OVER (PARTITION BY subject ORDER BY start DESC) AS nth"
            " FROM counters WHERE per = ?) WHERE nth > ? AND start < ?",
            (per.value, number, before),
        ).fetchall():
            db.execute_sql("DELETE FROM counters WHERE subject = ? AND per = ? AND start = ?", (subject, per.value, start))
            db.execute_sql("DELETE FROM counted WHERE subject = ? AND per = ? AND start = ?", (subject, per.value, start))


def _keep_recipients(db: SqliteDatabase, subject: str, one: Window, kept: Mapping[str, int]) -> None:
    where = (subject, one.per.value, one.start)
    db.execute_sql("DELETE FROM counted WHERE subject = ? AND per = ? AND start = ?", where)
    for recipient, parts in kept.items():
        db.execute_sql("INSERT INTO counted (subject, per, start, recipient, parts) VALUES (?,?,?,?,?)", (*where, recipient, parts))


def _named(windows: Collection[Window]) -> set[tuple[Per, int]]:
    return {(one.per, one.start) for one in windows}
