"""The first schema: messages and their parts, attempts and reports, incoming parts, webhooks and forwards, keys.

Two words need explaining. `messages.ready` is 1 for a message that is due and first in line for its recipient and lane
("" any channel, "pool:NAME", "channel:NAME"); `messages.pinned` names the channel that already sent a part of it.
"""

from peewee import SqliteDatabase
from playhouse.migrate import SchemaMigrator

TABLES = [
    """CREATE TABLE messages (
        id INTEGER PRIMARY KEY AUTOINCREMENT, public_id TEXT NOT NULL UNIQUE, direction TEXT NOT NULL, status TEXT NOT NULL,
        recipient TEXT NOT NULL, sender TEXT NOT NULL, text TEXT NOT NULL, encoding TEXT NOT NULL, parts INTEGER NOT NULL,
        channel TEXT, client_ref TEXT, key_id INTEGER, created_at REAL NOT NULL, sent_at REAL, delivered_at REAL,
        error_code TEXT, error_reason TEXT, error_advice TEXT,
        lane TEXT NOT NULL DEFAULT '', pinned TEXT, priority INTEGER NOT NULL DEFAULT 0, due_at REAL,
        ready INTEGER NOT NULL DEFAULT 0, expires_at REAL, expiry_given INTEGER NOT NULL DEFAULT 0, send_at REAL,
        validity_minutes INTEGER, flash INTEGER NOT NULL DEFAULT 0, report INTEGER NOT NULL DEFAULT 1, on_unknown TEXT,
        tries INTEGER NOT NULL DEFAULT 0, unknowns INTEGER NOT NULL DEFAULT 0, avoid TEXT NOT NULL DEFAULT '', settle_at REAL,
        incomplete INTEGER NOT NULL DEFAULT 0, flaws TEXT, raw TEXT, data BLOB)""",
    """CREATE TABLE parts (
        id INTEGER PRIMARY KEY, message_id INTEGER NOT NULL, number INTEGER NOT NULL, status TEXT NOT NULL, text TEXT NOT NULL,
        encoding TEXT NOT NULL, concat_reference INTEGER, concat_wide INTEGER NOT NULL DEFAULT 0,
        locking INTEGER NOT NULL DEFAULT 0, single INTEGER NOT NULL DEFAULT 0, channel TEXT, sim TEXT, reference INTEGER,
        sent_at REAL, delivered_at REAL)""",
    """CREATE TABLE attempts (
        id INTEGER PRIMARY KEY AUTOINCREMENT, message_id INTEGER NOT NULL, part_id INTEGER NOT NULL, number INTEGER NOT NULL,
        channel TEXT NOT NULL, sim TEXT NOT NULL, recipient TEXT NOT NULL, state TEXT NOT NULL, started_at REAL NOT NULL,
        ended_at REAL, reference INTEGER, word TEXT, code TEXT, reason TEXT)""",
    """CREATE TABLE incomingparts (
        id INTEGER PRIMARY KEY, fingerprint TEXT NOT NULL UNIQUE, message_id INTEGER, channel TEXT NOT NULL, sim TEXT NOT NULL,
        arrived_at REAL NOT NULL, raw TEXT NOT NULL, sender TEXT NOT NULL, service_time TEXT, text TEXT NOT NULL, data BLOB,
        encoding TEXT NOT NULL, concat_reference INTEGER, concat_wide INTEGER, concat_total INTEGER, concat_number INTEGER,
        flaws TEXT)""",
    """CREATE TABLE reports (
        id INTEGER PRIMARY KEY, fingerprint TEXT NOT NULL UNIQUE, part_id INTEGER, channel TEXT NOT NULL, sim TEXT NOT NULL,
        arrived_at REAL NOT NULL, raw TEXT NOT NULL, reference INTEGER NOT NULL, recipient TEXT NOT NULL,
        status INTEGER NOT NULL, service_time TEXT, discharge_time TEXT)""",
    """CREATE TABLE webhooks (
        id INTEGER PRIMARY KEY AUTOINCREMENT, public_id TEXT NOT NULL UNIQUE, url TEXT NOT NULL, events TEXT NOT NULL,
        channels TEXT NOT NULL, format TEXT NOT NULL DEFAULT 'standard', secret TEXT NOT NULL,
        enabled INTEGER NOT NULL DEFAULT 1, disabled_reason TEXT, created_at REAL NOT NULL)""",
    """CREATE TABLE forwards (
        id INTEGER PRIMARY KEY AUTOINCREMENT, event_id TEXT NOT NULL, webhook_id INTEGER NOT NULL, event_type TEXT NOT NULL,
        conversation TEXT NOT NULL, data TEXT NOT NULL, created_at REAL NOT NULL, queued_at REAL NOT NULL, state TEXT NOT NULL,
        tries INTEGER NOT NULL DEFAULT 0, next_at REAL NOT NULL, last_status INTEGER, last_error TEXT, finished_at REAL)""",
    """CREATE TABLE keys (
        id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, token_hash TEXT NOT NULL UNIQUE, scopes TEXT NOT NULL,
        created_at REAL NOT NULL, revoked_at REAL)""",
    """CREATE TABLE idempotency (
        id INTEGER PRIMARY KEY, key_id INTEGER NOT NULL, idempotency_key TEXT NOT NULL, fingerprint TEXT NOT NULL,
        message_ids TEXT NOT NULL, created_at REAL NOT NULL)""",
    "CREATE TABLE marks (name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
]

INDEXES = [
    # What may leave now, best first, for each lane: a channel reads one row of two or three lanes, however long the queue.
    "CREATE INDEX messages_ready ON messages (lane, priority DESC, id) WHERE status = 'queued' AND ready = 1",
    # Who stands in line for one recipient in one lane, and who is at the front of it.
    "CREATE INDEX messages_line ON messages (recipient, lane, priority DESC, id) WHERE status = 'queued'",
    "CREATE INDEX messages_front ON messages (recipient, lane) WHERE status = 'sending' OR (status = 'queued' AND ready = 1)",
    "CREATE INDEX messages_pinned ON messages (pinned) WHERE status = 'queued' AND pinned IS NOT NULL",
    "CREATE INDEX messages_due ON messages (due_at) WHERE status = 'queued' AND ready = 0",
    "CREATE INDEX messages_expiry ON messages (expires_at) WHERE status = 'queued' AND expires_at IS NOT NULL",
    "CREATE INDEX messages_settle ON messages (settle_at) WHERE status = 'unknown'",
    "CREATE INDEX messages_client_ref ON messages (client_ref) WHERE client_ref IS NOT NULL",
    "CREATE INDEX messages_recipient ON messages (recipient, id)",
    "CREATE INDEX parts_message ON parts (message_id, number)",
    "CREATE INDEX attempts_part ON attempts (part_id)",
    "CREATE INDEX attempts_open ON attempts (message_id) WHERE state = 'claimed'",
    "CREATE INDEX attempts_reference ON attempts (sim, reference, id) WHERE state IN ('sent', 'unknown')",
    "CREATE INDEX incomingparts_pending ON incomingparts (sim, sender, concat_reference) WHERE message_id IS NULL",
    "CREATE INDEX reports_unmatched ON reports (sim, reference) WHERE part_id IS NULL",
    "CREATE UNIQUE INDEX idempotency_key ON idempotency (key_id, idempotency_key)",
    "CREATE INDEX idempotency_age ON idempotency (created_at)",
    # The next forward of each conversation, and what is due.
    "CREATE INDEX forwards_line ON forwards (webhook_id, conversation, id) WHERE state = 'pending'",
    "CREATE INDEX forwards_history ON forwards (webhook_id, state, id)",
]


def up(migrator: SchemaMigrator, db: SqliteDatabase) -> None:
    for statement in TABLES + INDEXES:
        db.execute_sql(statement)
