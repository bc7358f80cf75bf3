"""Limits, what was counted towards them, when gaps began, and who changed what.

A counter belongs to a subject ("sim:ID", "pool:NAME", "key:ID" with the id of the key) and to a calendar window, named by the
second it begins at. The days and months of each SIM (UTC) are always counted. `counted` holds the distinct recipients of windows
that a limit on recipients asks for, each with the parts it was charged.
"""

from peewee import SqliteDatabase
from playhouse.migrate import SchemaMigrator

STATEMENTS = [
    """CREATE TABLE limits (
        id INTEGER PRIMARY KEY AUTOINCREMENT, subject TEXT NOT NULL, counted TEXT NOT NULL, per TEXT, most INTEGER NOT NULL,
        zone TEXT NOT NULL, reset_day INTEGER NOT NULL, gap_from REAL NOT NULL, gap_to REAL NOT NULL, hours TEXT NOT NULL,
        first INTEGER NOT NULL, factor REAL NOT NULL, days INTEGER NOT NULL)""",
    """CREATE TABLE counters (
        subject TEXT NOT NULL, per TEXT NOT NULL, start INTEGER NOT NULL, texts INTEGER NOT NULL, parts INTEGER NOT NULL,
        recipients INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (subject, per, start)) WITHOUT ROWID""",
    """CREATE TABLE counted (
        subject TEXT NOT NULL, per TEXT NOT NULL, start INTEGER NOT NULL, recipient TEXT NOT NULL, parts INTEGER NOT NULL,
        PRIMARY KEY (subject, per, start, recipient)) WITHOUT ROWID""",
    # The last text that a gap counts from. The gap itself is drawn for this message, so that a change of the limit holds at once.
    "CREATE TABLE gaps (subject TEXT NOT NULL PRIMARY KEY, at REAL NOT NULL, message_id INTEGER NOT NULL) WITHOUT ROWID",
    """CREATE TABLE audit (
        id INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, who TEXT NOT NULL, what TEXT NOT NULL, subject TEXT NOT NULL,
        before TEXT, after TEXT)""",
    "CREATE INDEX audit_subject ON audit (subject, id)",
    "CREATE INDEX messages_air ON messages (id) WHERE status = 'sending'",
    # What left today and this month before anything was counted.
    *(
        f"""INSERT INTO counters (subject, per, start, texts, parts)
            SELECT 'sim:' || sim, '{per}', CAST(strftime('%s', {begin}) AS INTEGER), SUM(number = 1), COUNT(*) FROM attempts
            WHERE state IN ('sent', 'unknown') AND started_at >= strftime('%s', {begin}) + 0 GROUP BY sim"""
        for per, begin in (("day", "'now', 'start of day'"), ("month", "'now', 'start of month'"))
    ),
]


def up(migrator: SchemaMigrator, db: SqliteDatabase) -> None:
    for statement in STATEMENTS:
        db.execute_sql(statement)
