"""Opens the SQLite file: durable settings, one gateway at a time, a copy before every migration. Knows no rows."""

from __future__ import annotations

import fcntl
import logging
import os
import sqlite3
from pathlib import Path

from peewee import DatabaseError, OperationalError, SqliteDatabase
from playhouse.migrations import Runner

from gateway.errors import AlreadyRunning, BadSetting, StorageFull

log = logging.getLogger("simrack.store")
# At debug level it writes every statement with its values, and some values are secrets.
logging.getLogger("peewee").setLevel(logging.INFO)

MIGRATIONS = Path(__file__).with_name("migrations")
_BUSY_WAIT_S = 10  # another process (the command line) may hold the write lock for a moment


def connect(path: Path) -> SqliteDatabase:
    """A database object; each thread that uses it gets a connection of its own.

    WAL with synchronous FULL: a commit is on disk when it returns, and readers never wait for the writer.
    """
    return SqliteDatabase(
        str(path),
        pragmas={"journal_mode": "wal", "synchronous": "full", "cache_size": -8000, "temp_store": "memory"},
        timeout=_BUSY_WAIT_S,
        cached_statements=256,
    )


class ServingLock:
    """Held while a gateway serves a database, so that a second one on the same file is refused."""

    def __init__(self, path: Path) -> None:
        descriptor = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        self._file = os.fdopen(descriptor, "r+")  # held for the life of the process
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._file.seek(0)
            holder = self._file.read().strip() or "unknown"
            self._file.close()
            raise AlreadyRunning(
                f"another simrack (process {holder}) serves {path}; stop it, or give [store] another path"
            ) from None
        self._file.truncate(0)
        self._file.write(f"{os.getpid()}\n")
        self._file.flush()

    def release(self) -> None:
        self._file.close()


def prepare(path: Path) -> None:
    """Make the folder and the file, readable by nobody else: the secrets that sign webhooks lie there. Raises BadSetting."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as fault:
        remedy = "make it and give it to the user that runs simrack, or choose another path"
        raise BadSetting("store.path", f"the folder {path.parent} cannot be made: {fault.strerror}", remedy) from fault
    if path.is_dir():
        raise BadSetting("store.path", f"{path} is a folder", "name a file in it")
    if not os.access(path.parent, os.W_OK) or (path.exists() and not os.access(path, os.R_OK | os.W_OK)):
        remedy = "run it as the user that runs simrack: sudo -u simrack simrack …"
        raise BadSetting("store.path", f"{path} cannot be written by this user", remedy)
    path.touch(mode=0o600)


def _foreign(path: Path, fault: Exception) -> BadSetting:
    remedy = "restore a backup (simrack backup made it), or give another path"
    return BadSetting("store.path", f"{path} is not a simrack database, or it is damaged: {fault}", remedy)


def migrate(database: SqliteDatabase, path: Path, keep: int) -> list[str]:
    """Bring the schema up to date; before each migration of a database that holds anything, keep a copy beside it."""
    done: list[str] = []
    try:
        runner = Runner(database, str(MIGRATIONS))
        in_use = bool(runner.applied())  # a new database holds nothing to lose
        for migration in runner.status():
            if migration.applied or migration.path is None:
                continue
            if in_use:
                backup(path, path.with_name(f"{path.name}.before-{migration.name}"))
            runner.up(migration.name)
            log.info("migrated the database: %s", migration.name)
            done.append(migration.name)
    except OperationalError as fault:
        raise StorageFull(f"cannot prepare {path}: {fault}; free some disk space") from fault
    except DatabaseError as fault:
        raise _foreign(path, fault) from fault
    _thin_out(path, keep)
    return done


def backup(path: Path, target: Path) -> None:
    """A consistent copy of a database that may be in use, readable by its user alone."""
    target.touch(mode=0o600)
    with sqlite3.connect(path, timeout=_BUSY_WAIT_S) as source, sqlite3.connect(target) as copy:
        source.backup(copy)
    source.close()
    copy.close()


def _thin_out(path: Path, keep: int) -> None:
    copies = sorted(path.parent.glob(f"{path.name}.before-*"), key=lambda copy: copy.stat().st_mtime)
    for old in copies[: max(0, len(copies) - keep)]:
        old.unlink()
