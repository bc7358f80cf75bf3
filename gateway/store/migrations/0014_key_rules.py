"""Rules of a key, as JSON in its row, which every request reads anyway."""

from peewee import SqliteDatabase
from playhouse.migrate import SchemaMigrator


def up(migrator: SchemaMigrator, db: SqliteDatabase) -> None:
    db.execute_sql("ALTER TABLE keys ADD COLUMN rules TEXT")
