"""Time as an argument: the wall clock for what is stored, the monotonic clock for what is waited for.

A Raspberry Pi has no clock battery, so the wall clock may jump by years at any moment; nothing that waits may look at it.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol

# Before this program was written: a clock that shows less was never set.
EARLIEST_PLAUSIBLE = 1_767_225_600.0  # 2026-01-01


class Clock(Protocol):
    def now(self) -> float:
        """Seconds since 1970 UTC, for rows, headers and people. May jump."""

    def monotonic(self) -> float:
        """Seconds that only grow, for waiting and measuring."""


class SystemClock:
    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()


class ManualClock:
    """A clock that a test moves by hand; both hands move together unless `jump` moves the wall clock alone."""

    def __init__(self, now: float = 1_790_000_000.0) -> None:
        self._now = now
        self._monotonic = 1000.0

    def now(self) -> float:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    def advance(self, seconds: float) -> None:
        self._now += seconds
        self._monotonic += seconds

    def jump(self, seconds: float) -> None:
        self._now += seconds


# The first and the last second that have a name: of the years 1 and 9999.
_FIRST, _LAST = -62_135_596_800.0, 253_402_300_799.0


def isoformat(seconds: float) -> str:
    """RFC 3339 in UTC with milliseconds: 2026-11-21T20:03:04.000Z. What lies outside of the years 1 to 9999 is shown as their
    beginning or end."""
    return datetime.fromtimestamp(min(max(seconds, _FIRST), _LAST), UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def moment(seconds: float | None) -> str | None:
    """As `isoformat`; None where there is no moment."""
    return None if seconds is None else isoformat(seconds)
