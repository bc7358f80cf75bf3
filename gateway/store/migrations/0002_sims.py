"""SIM cards are remembered, and what their accounts hold; attempts and incoming parts can be counted for each SIM.

`sims.channel` is where a SIM was last seen, empty once another SIM was seen there; `sims.was` the channel before that one.
`balances.asked_at` is when the account was last asked for, answered or not.
"""

from peewee import SqliteDatabase
from playhouse.migrate import SchemaMigrator

STATEMENTS = [
    """CREATE TABLE sims (
        id TEXT NOT NULL PRIMARY KEY, iccid TEXT NOT NULL, imsi TEXT NOT NULL, number TEXT NOT NULL, imei TEXT NOT NULL,
        channel TEXT NOT NULL, was TEXT NOT NULL DEFAULT '', smsc TEXT NOT NULL, first_seen REAL NOT NULL,
        last_seen REAL NOT NULL)""",
    "CREATE INDEX sims_channel ON sims (channel)",
    """CREATE TABLE balances (
        sim TEXT NOT NULL PRIMARY KEY, channel TEXT NOT NULL, asked_at REAL NOT NULL, read_at REAL, amount REAL,
        text TEXT NOT NULL DEFAULT '', low INTEGER NOT NULL DEFAULT 0)""",
    "CREATE INDEX attempts_sim ON attempts (sim, started_at)",
    "CREATE INDEX incomingparts_sim ON incomingparts (sim, arrived_at)",
]


def up(migrator: SchemaMigrator, db: SqliteDatabase) -> None:
    for statement in STATEMENTS:
        db.execute_sql(statement)
