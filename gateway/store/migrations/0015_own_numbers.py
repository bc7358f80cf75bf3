"""A SIM keeps its number wherever it is, and texts that asked for an own number wait for it rather than for a channel.

Which numbers the configuration gave is not known any more: all count as such that can be, since those are written with a plus sign.
A SIM that tells such a number itself loses the mark when it is seen in its port, for which nothing is written; in another port it
keeps this number, which is the one it told. Numbers without a plus sign a SIM can only have told.

Texts that no channel has taken yet show their sender only if they asked for it, as it was written: one with blanks is no number
that a SIM has, and its text stays with the channel. They are called into their new lines at the start.
"""

from peewee import SqliteDatabase
from playhouse.migrate import SchemaMigrator

_ASKED = (
    "status = 'queued' AND sender LIKE '+%' AND sender NOT GLOB '+*[^0-9]*' AND NOT EXISTS"
    " (SELECT 1 FROM parts p JOIN attempts a ON a.part_id = p.id WHERE p.message_id = messages.id)"
)
STATEMENTS = [
    "ALTER TABLE sims ADD COLUMN number_port TEXT NOT NULL DEFAULT ''",
    "UPDATE sims SET number_port = channel WHERE number LIKE '+%'",
    f"UPDATE messages SET lane = '@from:' || sender, ready = 0 WHERE lane LIKE 'channel:%' AND {_ASKED}",
    "UPDATE messages SET lane = substr(lane, 1, instr(lane, '@only:') - 1) || '@from:' || sender, ready = 0"
    f" WHERE lane LIKE 'pool:%@only:%' AND {_ASKED}",
]


def up(migrator: SchemaMigrator, db: SqliteDatabase) -> None:
    for statement in STATEMENTS:
        db.execute_sql(statement)
