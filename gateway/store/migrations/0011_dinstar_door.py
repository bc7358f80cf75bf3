"""The Dinstar door: what checks a key's password for it, and how far each key has read what came in (channel '' is all of them)."""

from peewee import SqliteDatabase
from playhouse.migrate import SchemaMigrator

STATEMENTS = [
    "ALTER TABLE keys ADD COLUMN dinstar_ha1 TEXT",
    """CREATE TABLE dinstarmarks (
        key_id INTEGER NOT NULL, channel TEXT NOT NULL, read_to INTEGER NOT NULL, PRIMARY KEY (key_id, channel)) WITHOUT ROWID""",
    "CREATE INDEX messages_in ON messages (channel, id) WHERE direction = 'in'",
]


def up(migrator: SchemaMigrator, db: SqliteDatabase) -> None:
    for statement in STATEMENTS:
        db.execute_sql(statement)
