"""Inbound rules: whom incoming texts are for. Of each text is kept for whom it was, by which rule, and whether anybody was told."""

from peewee import SqliteDatabase
from playhouse.migrate import SchemaMigrator

STATEMENTS = [
    # Lists are JSON; empty ones, and empty texts, are conditions that were not made.
    """CREATE TABLE inbound (
        id INTEGER PRIMARY KEY,
        position INTEGER NOT NULL,
        name TEXT NOT NULL UNIQUE,
        enabled INTEGER NOT NULL,
        own TEXT NOT NULL,
        channels TEXT NOT NULL,
        pool TEXT NOT NULL,
        senders TEXT NOT NULL,
        keywords TEXT NOT NULL,
        pattern TEXT NOT NULL,
        webhooks TEXT NOT NULL,
        extension TEXT NOT NULL,
        follow_days INTEGER)""",
    "ALTER TABLE messages ADD COLUMN extension TEXT",
    "ALTER TABLE messages ADD COLUMN inbound TEXT",
    "ALTER TABLE messages ADD COLUMN claimed INTEGER NOT NULL DEFAULT 1",
    "CREATE INDEX messages_unclaimed ON messages (id) WHERE claimed = 0",
]


def up(migrator: SchemaMigrator, db: SqliteDatabase) -> None:
    for statement in STATEMENTS:
        db.execute_sql(statement)
