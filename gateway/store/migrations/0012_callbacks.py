"""Callbacks: addresses that requests name for the reports of one message. `webhooks.receiver` says whose they are and where they go
(key, format, options, scheme, host and port); it is null for webhooks that people made. `forwards.url` is called instead of the
webhook's address."""

from peewee import SqliteDatabase
from playhouse.migrate import SchemaMigrator

STATEMENTS = [
    "ALTER TABLE webhooks ADD COLUMN receiver TEXT",
    "ALTER TABLE forwards ADD COLUMN url TEXT",
    "CREATE UNIQUE INDEX webhooks_receiver ON webhooks (receiver) WHERE receiver IS NOT NULL",
    # Every event is matched against the webhooks that people made: receivers of callbacks must not make that slower.
    "CREATE INDEX webhooks_made ON webhooks (id) WHERE receiver IS NULL",
    """CREATE TABLE callbacks (
        message TEXT PRIMARY KEY, webhook_id INTEGER NOT NULL, url TEXT NOT NULL, events TEXT NOT NULL,
        asked_at REAL NOT NULL) WITHOUT ROWID""",
    "CREATE INDEX callbacks_webhook ON callbacks (webhook_id)",
    "CREATE INDEX callbacks_age ON callbacks (asked_at)",
]


def up(migrator: SchemaMigrator, db: SqliteDatabase) -> None:
    for statement in STATEMENTS:
        db.execute_sql(statement)
