"""How far the inbox of each network box was read. `number` is the newest text that was kept, `digest` tells it from another."""

from peewee import SqliteDatabase
from playhouse.migrate import SchemaMigrator

STATEMENTS = [
    """CREATE TABLE boxmarks (
        box TEXT NOT NULL, sn TEXT NOT NULL, number INTEGER NOT NULL, digest TEXT NOT NULL, PRIMARY KEY (box, sn)) WITHOUT ROWID""",
]


def up(migrator: SchemaMigrator, db: SqliteDatabase) -> None:
    for statement in STATEMENTS:
        db.execute_sql(statement)
