"""Webhooks in other forms than our own: the options of the format, and the event types that it cannot express (both JSON)."""

from peewee import SqliteDatabase
from playhouse.migrate import SchemaMigrator

STATEMENTS = [
    "ALTER TABLE webhooks ADD COLUMN options TEXT NOT NULL DEFAULT '{}'",
    "ALTER TABLE webhooks ADD COLUMN untold TEXT NOT NULL DEFAULT '[]'",
]


def up(migrator: SchemaMigrator, db: SqliteDatabase) -> None:
    for statement in STATEMENTS:
        db.execute_sql(statement)
