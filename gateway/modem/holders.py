"""Which programs hold a device file, as /proc tells: by an open file or by a lock. Reads only.

Open files of other users' programs are seen by root alone; locks are seen by everybody. `proc` is another tree in tests.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

PROC = Path("/proc")

# What else reaches for modem ports, and what keeps it away.
INTRUDERS = {
    "ModemManager": "install udev/78-simrack.rules, or: systemctl disable --now ModemManager",
    "brltty": "install udev/78-simrack.rules, or: apt remove brltty",
    "gpsd": "set DEVICES and USBAUTO=false in /etc/default/gpsd",
    "agetty": "systemctl disable --now serial-getty@… for this port",
    "pppd": "end the dial-up connection on this port",
    "smsd": "stop smstools",
    "gammu-smsd": "stop gammu-smsd",
    "bearerbox": "stop Kannel, or take this modem out of its configuration",
    "simrack": "another gateway serves this port already",
}
# FLOCK, and the advisory locks of open files: 3: FLOCK  ADVISORY  WRITE 4711 00:05:1234 0 EOF
_LOCK = re.compile(r"\d+: (?:FLOCK|OFDLCK|POSIX)\s+\S+\s+\S+\s+(-?\d+) ([0-9a-f]+):([0-9a-f]+):(\d+) ")


def holders(device: str, proc: Path = PROC) -> tuple[str, ...]:
    """`name (pid)` of each other process that has `device` open or locked."""
    wanted = os.path.realpath(device)
    opening = {pid for pid in _pids(proc) if _opens(proc / str(pid), wanted) and not _is_other_end(proc / str(pid), wanted)}
    pids = opening | _locking(wanted, proc)
    return tuple(f"{name(pid, proc)} ({pid})" for pid in sorted(pids - {os.getpid()}))


def remedy(holder: str) -> str:
    """What to do about somebody whom `holders` or `running` names; empty for a stranger."""
    return INTRUDERS.get(holder.partition(" (")[0], "")


def running(proc: Path = PROC) -> tuple[str, ...]:
    """Those of the known intruders that run, whether or not they hold a port now."""
    return tuple(sorted({comm for pid in _pids(proc) if (comm := name(pid, proc)) in ("ModemManager", "brltty", "gpsd")}))


def name(pid: int, proc: Path = PROC) -> str:
    try:
        return (proc / str(pid) / "comm").read_text().strip()
    except OSError:
        return "?"


def _pids(proc: Path) -> list[int]:
    return [int(entry.name) for entry in proc.iterdir() if entry.name.isdigit()]


def _opens(process: Path, device: str) -> bool:
    try:
        return any(os.readlink(handle) == device for handle in (process / "fd").iterdir())
    except OSError:  # it ended meanwhile, or belongs to somebody else
        return False


def _is_other_end(process: Path, device: str) -> bool:
    """True for the program behind a pseudo-terminal: it plays the modem, and holds the port open for its clients' sake."""
    place, _, number = device.rpartition("/")
    if place != "/dev/pts":
        return False
    try:
        return any(
            os.readlink(handle).endswith("/ptmx")
            and f"tty-index:\t{number}\n" in (process / "fdinfo" / handle.name).read_text()
            for handle in (process / "fd").iterdir()
        )
    except OSError:
        return False


def _locking(device: str, proc: Path) -> set[int]:
    try:
        node, table = os.stat(device), (proc / "locks").read_text()
    except OSError:
        return set()
    found = (_LOCK.match(line) for line in table.splitlines())
    return {
        int(lock[1])
        for lock in found
        if lock and int(lock[1]) > 0 and int(lock[4]) == node.st_ino
        and (int(lock[2], 16), int(lock[3], 16)) == (os.major(node.st_dev), os.minor(node.st_dev))
    }  # fmt: skip
