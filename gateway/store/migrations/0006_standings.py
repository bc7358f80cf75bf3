"""Who may not send, and what was told of it: pauses belong to a channel, blocks and pictures follow the SIM.

`pauses.channel` is "*" for a pause of all channels. `standings.blocked_until` is NULL for a SIM that is not blocked; `picture`
is JSON. `tellings.up` is 1 or 0 for what webhooks were told last, NULL before; `limited_until` is set once a limit was told.
"""

from peewee import SqliteDatabase
from playhouse.migrate import SchemaMigrator

STATEMENTS = [
    """CREATE TABLE pauses (
        channel TEXT NOT NULL PRIMARY KEY, traffic TEXT NOT NULL, who TEXT NOT NULL, reason TEXT NOT NULL, at REAL NOT NULL)
        WITHOUT ROWID""",
    """CREATE TABLE standings (
        sim TEXT NOT NULL PRIMARY KEY, blocked_until REAL, blocked_s REAL NOT NULL DEFAULT 0, reason TEXT NOT NULL DEFAULT '',
        picture TEXT NOT NULL, saved_at REAL NOT NULL) WITHOUT ROWID""",
    """CREATE TABLE tellings (
        channel TEXT NOT NULL PRIMARY KEY, up INTEGER, limited_until REAL) WITHOUT ROWID""",
]


def up(migrator: SchemaMigrator, db: SqliteDatabase) -> None:
    for statement in STATEMENTS:
        db.execute_sql(statement)
