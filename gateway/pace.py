"""How many texts may still come in this second. PURE: the time is an argument."""

from __future__ import annotations


class Pace:
    """A bucket that holds what a second allows and fills evenly; 0 a second is no limit.

    What is more at once than a second allows may go while the bucket is full, and what follows waits until that is paid.
    """

    def __init__(self, per_second: float, now: float) -> None:
        self.per_second = per_second
        self._most = max(per_second, 1.0)
        self._left = self._most
        self._at = now

    def wait(self, now: float, count: int = 1) -> float:
        """0.0 when so many may go, and they are counted; else the seconds until they may."""
        if not self.per_second:
            return 0.0
        self._left = min(self._left + (now - self._at) * self.per_second, self._most)
        self._at = now
        missing = min(count, self._most) - self._left
        if missing > 0:
            return missing / self.per_second
        self._left -= count
        return 0.0
