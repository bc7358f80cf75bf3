"""When a port that finds no network is reset, and when it is switched off and on. Touches no port itself."""

from __future__ import annotations

from collections import Counter

from gateway.dinstar.timing import Timing

RESET, POWER = "reset", "power"


class Recovery:
    """Of one port. A reset first, then the power; each pause is twice the one before it."""

    def __init__(self, after_s: float, timing: Timing) -> None:
        self._after_s = after_s
        self._timing = timing
        self._since: float | None = None  # when it lost the network
        self._steps = 0  # taken since then
        self._next_at = 0.0
        self._counts: Counter[str] = Counter()

    @property
    def counters(self) -> tuple[tuple[str, int], ...]:
        return tuple((step, self._counts[step]) for step in (RESET, POWER) if self._counts[step])

    def serves(self) -> None:
        self._since, self._steps = None, 0

    def due(self, now: float) -> str | None:
        """The port has no network now: the step that is to be taken, if one is."""
        if self._since is None:
            self._since, self._next_at = now, now + self._after_s
        if not self._after_s or now < self._next_at:
            return None
        return POWER if self._steps % 2 else RESET

    def taken(self, step: str, now: float) -> int:
        """Returns how often it was taken since the start."""
        self._steps += 1
        self._counts[step] += 1
        pause = max(self._after_s, self._timing.recovery_apart) * 2.0 ** min(self._steps - 1, 16)
        self._next_at = now + min(pause, max(self._timing.recovery_longest, self._after_s))
        return self._counts[step]
