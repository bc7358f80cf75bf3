"""How many submits a bind may still give in this second. PURE: the time is an argument."""

from __future__ import annotations


class Pace:
    """A bucket that holds what a second allows and fills evenly; 0 a second is no limit."""

    def __init__(self, per_second: int, now: float) -> None:
        self._per_second = per_second
        self._left = float(per_second)
        self._at = now

    def may_go(self, now: float) -> bool:
        if not self._per_second:
            return True
        self._left = min(self._left + (now - self._at) * self._per_second, float(self._per_second))
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
