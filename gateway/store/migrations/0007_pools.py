"""Pools that people changed or made while the gateway runs; the others stand in the configuration alone."""

from peewee import SqliteDatabase
from playhouse.migrate import SchemaMigrator


def up(migrator: SchemaMigrator, db: SqliteDatabase) -> None:
    db.execute_sql(
        """CREATE TABLE pools (
            name TEXT NOT NULL PRIMARY KEY, channels TEXT NOT NULL, strategy TEXT NOT NULL, weights TEXT NOT NULL,
            accept TEXT NOT NULL, hint TEXT NOT NULL) WITHOUT ROWID"""
    )
