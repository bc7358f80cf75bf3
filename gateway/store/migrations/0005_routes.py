"""Routes: which texts go to which pool, or are refused. Empty texts and nulls are conditions that were not made."""

from peewee import SqliteDatabase
from playhouse.migrate import SchemaMigrator

STATEMENTS = [
    """CREATE TABLE routes (
        id INTEGER PRIMARY KEY,
        position INTEGER NOT NULL,
        name TEXT NOT NULL UNIQUE,
        enabled INTEGER NOT NULL,
        to_prefix TEXT NOT NULL,
        country TEXT NOT NULL,
        operator TEXT NOT NULL,
        to_pattern TEXT NOT NULL,
        sender TEXT NOT NULL,
        key TEXT NOT NULL,
        priority_min INTEGER,
        priority_max INTEGER,
        campaign TEXT NOT NULL,
        hours TEXT NOT NULL,
        zone TEXT NOT NULL,
        pool TEXT NOT NULL,
        refuse TEXT NOT NULL)""",
]


def up(migrator: SchemaMigrator, db: SqliteDatabase) -> None:
    for statement in STATEMENTS:
        db.execute_sql(statement)
