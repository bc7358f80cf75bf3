"""Which programs hold a device file open, as /proc tells. Reads only; other users' programs are seen by root alone."""

from __future__ import annotations

import os
from pathlib import Path


def holders(device: str) -> tuple[str, ...]:
    """`name (pid)` of each other process that has `device` open."""
    wanted = os.path.realpath(device)
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdigit() and int(process.name) != os.getpid() and _holds(process, wanted):
            found.append(f"{_name(process)} ({process.name})")
    return tuple(sorted(found))


def _holds(process: Path, device: str) -> bool:
    try:
        return any(os.readlink(handle) == device for handle in (process / "fd").iterdir())
    except OSError:  # it ended meanwhile, or belongs to somebody else
        return False


def _name(process: Path) -> str:
    try:
        return (process / "comm").read_text().strip()
    except OSError:
        return "?"
