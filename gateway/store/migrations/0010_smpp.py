"""SMPP: a second, short password of a key; who wants receipts of which message; segments of long texts; what waits for clients."""

from peewee import SqliteDatabase
from playhouse.migrate import SchemaMigrator

STATEMENTS = [
    "ALTER TABLE keys ADD COLUMN smpp_hash TEXT",
    # Addresses as the client wrote them: a receipt gives them back.
    """CREATE TABLE smppwishes (
        message TEXT PRIMARY KEY, key_id INTEGER NOT NULL, failures_only INTEGER NOT NULL, source TEXT NOT NULL,
        destination TEXT NOT NULL, asked_at REAL NOT NULL) WITHOUT ROWID""",
    """CREATE TABLE smppsegments (
        message TEXT NOT NULL, number INTEGER NOT NULL, total INTEGER NOT NULL, key_id INTEGER NOT NULL, line TEXT NOT NULL,
        octets BLOB NOT NULL, wish TEXT, arrived_at REAL NOT NULL, PRIMARY KEY (message, number)) WITHOUT ROWID""",
    # Row numbers only grow, and are the order.
    """CREATE TABLE smppdeliveries (
        id INTEGER PRIMARY KEY AUTOINCREMENT, key_id INTEGER NOT NULL, message TEXT NOT NULL, conversation TEXT NOT NULL,
        kind TEXT NOT NULL, data TEXT NOT NULL, queued_at REAL NOT NULL, tries INTEGER NOT NULL DEFAULT 0)""",
    "CREATE INDEX smppdeliveries_waiting ON smppdeliveries (key_id, id)",
    "CREATE INDEX smppdeliveries_message ON smppdeliveries (message)",
]


def up(migrator: SchemaMigrator, db: SqliteDatabase) -> None:
    for statement in STATEMENTS:
        db.execute_sql(statement)
