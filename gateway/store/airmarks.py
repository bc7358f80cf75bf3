"""Remembers which claimed attempts have begun, across the death of this process but not across a power cut.

A text is claimed, and its claim committed, while the one before it is still on the air. When the process is killed, the
database alone could not tell a claimed text that never left from one that did. This file can: one line per channel, written
(not synced) at the last moment before a payload leaves, holding the newest attempt that began. The kernel keeps such a write
when the process dies. After a power cut or a reboot it proves nothing, and every claimed attempt must count as unknown.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

_LINE = 84
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class EarlierMarks:
    """What the process before this one left. Read it, settle the claimed attempts, and only then start new `AirMarks`."""

    def __init__(self, path: Path) -> None:
        self.trusted, self._begun = _read(path)

    def certainly_never_left(self, channel: str, attempt_id: int) -> bool:
        """Attempt numbers of one channel grow, and it begins them in that order: the newest stands for all before it."""
        return self.trusted and attempt_id > self._begun.get(channel, 0)


class AirMarks:
    def __init__(self, path: Path, channels: Iterable[str]) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        self._offsets: dict[str, int] = {}
        self._newest: dict[str, int] = {}
        os.pwrite(self._file, _line("boot", _this_boot()), 0)
        for number, channel in enumerate(channels, start=1):
            self._offsets[channel] = number * _LINE
            self.mark(channel, 0)

    def mark(self, channel: str, attempt_id: int) -> None:
        """Of two texts that a channel begins at once, the line keeps the newer: it stands for both."""
        if attempt_id >= self._newest.get(channel, 0):
            self._newest[channel] = attempt_id
            os.pwrite(self._file, _line(channel, str(attempt_id)), self._offsets[channel])

    def close(self) -> None:
        os.close(self._file)


def _line(name: str, value: str) -> bytes:
    return f"{name:<42.42} {value:<40.40}\n".encode()


def _this_boot() -> str:
    return _BOOT_ID.read_text().strip() if _BOOT_ID.exists() else "unknown"


def _read(path: Path) -> tuple[bool, dict[str, int]]:
    if not path.exists():
        return False, {}
    lines = [line.split() for line in path.read_text(errors="replace").splitlines()]
    sound = [line for line in lines if len(line) == 2]
    boots = [value for name, value in sound if name == "boot"]
    if boots != [_this_boot()] or boots == ["unknown"]:
        return False, {}
    return True, {name: int(value) for name, value in sound if value.isdigit()}
