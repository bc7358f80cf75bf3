"""Texts are bound to channels by strategies: who wants whom, whose turn it is, why a SIM was chosen, who spoke with whom.

`messages.wants` is the channel a text would rather leave by (its conversation's number); `sticky` the lane among whose channels
it looks for one; `charged_at` when it was last counted towards limits. `turns.turn` counts the turns a channel took in a lane,
`attempts.turn` how much of one this attempt was. `members` names the channels of each lane that keeps conversations together.
"""

from peewee import SqliteDatabase
from playhouse.migrate import SchemaMigrator

STATEMENTS = [
    "ALTER TABLE messages ADD COLUMN wants TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE messages ADD COLUMN sticky TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE messages ADD COLUMN campaign TEXT",
    "ALTER TABLE messages ADD COLUMN route TEXT",
    "ALTER TABLE messages ADD COLUMN charged_at REAL",
    "UPDATE messages SET key_id = 0 WHERE key_id IS NULL",
    "ALTER TABLE attempts ADD COLUMN why TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE attempts ADD COLUMN pool TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE attempts ADD COLUMN turn REAL NOT NULL DEFAULT 0",
    "CREATE INDEX attempts_channel ON attempts (channel, started_at)",
    "DROP INDEX messages_ready",
    # A channel looks at the first text of each flow of a lane (one client, one priority), however long the queue.
    "CREATE INDEX messages_ready ON messages (lane, key_id, priority, COALESCE(pinned, wants), id)"
    " WHERE status = 'queued' AND ready = 1",
    "CREATE INDEX messages_wanted ON messages (COALESCE(pinned, wants))"
    " WHERE status = 'queued' AND ready = 1 AND COALESCE(pinned, wants) <> ''",
    """CREATE TABLE turns (
        lane TEXT NOT NULL, channel TEXT NOT NULL, turn REAL NOT NULL, PRIMARY KEY (lane, channel)) WITHOUT ROWID""",
    """CREATE TABLE conversations (
        recipient TEXT NOT NULL, sim TEXT NOT NULL, at REAL NOT NULL, PRIMARY KEY (recipient, sim)) WITHOUT ROWID""",
    "CREATE INDEX conversations_age ON conversations (at)",
    """CREATE TABLE members (
        lane TEXT NOT NULL, channel TEXT NOT NULL, PRIMARY KEY (lane, channel)) WITHOUT ROWID""",
]


def up(migrator: SchemaMigrator, db: SqliteDatabase) -> None:
    for statement in STATEMENTS:
        db.execute_sql(statement)
