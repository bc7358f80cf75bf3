"""Callbacks are in order per message: those that wait, or may be replayed, now say so. `forwards.handed` tells which pieces of a
text an Asterisk has taken already."""

from peewee import SqliteDatabase
from playhouse.migrate import SchemaMigrator

STATEMENTS = [
    "ALTER TABLE forwards ADD COLUMN handed TEXT",
    "UPDATE forwards SET conversation = coalesce(json_extract(data, '$.id'), conversation)"
    " WHERE url IS NOT NULL AND state <> 'accepted'",
]


def up(migrator: SchemaMigrator, db: SqliteDatabase) -> None:
    for statement in STATEMENTS:
        db.execute_sql(statement)
