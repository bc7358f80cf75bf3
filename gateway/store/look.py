"""Looks at the place of a database before anybody opens it: would a gateway find it fit? Creates and changes nothing."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from gateway.errors import BadSetting

_KEY = "store.path"
_OURS = {"schema_migration", "messages"}


def look(path: Path) -> None:
    """Raises BadSetting for what would stop the start of a gateway that runs as this user."""
    if path.is_dir():
        raise BadSetting(_KEY, f"{path} is a folder", f"name the file in it, such as {path / 'simrack.db'}")
    _look_at_folder(path.parent)
    if not path.exists():
        return
    if not os.access(path, os.R_OK | os.W_OK):
        raise BadSetting(_KEY, f"{path} cannot be read and written by this user", "give it to the user that runs simrack")
    reason = _stranger(path)
    if reason:
        raise BadSetting(_KEY, f"{path} {reason}", "name another file, or put a backup of simrack's in its place")


def _look_at_folder(folder: Path) -> None:
    there = next(one for one in (folder, *folder.parents) if one.exists())
    if not there.is_dir():
        raise BadSetting(_KEY, f"{there} is not a folder", "name a file in a folder")
    if os.access(there, os.W_OK | os.X_OK):
        return
    if there == folder:
        raise BadSetting(_KEY, f"the folder {folder} cannot be written by this user", "give it to the user that runs simrack")
    raise BadSetting(
        _KEY, f"the folder {folder} is missing and this user cannot make it", "make it, and give it to the user that runs simrack"
    )


def _stranger(path: Path) -> str:
    """Why the file is no database of ours; empty when it is one, or one that holds nothing yet."""
    # Immutable: as a mere reader SQLite would still leave two files beside it. What is not yet in the file itself then
    # goes unseen, so a database without tables may be a young one of ours.
    try:
        opened = sqlite3.connect(f"{path.absolute().as_uri()}?immutable=1", uri=True)
        try:
            tables = {name for (name,) in opened.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        finally:
            opened.close()
    except sqlite3.DatabaseError as fault:
        return f"is no database, or a damaged one: {fault}"
    return "is a database of another program" if tables and not tables >= _OURS else ""
