"""Keeps the queue from growing beyond `[sending] max_queued`. Safe to ask from any thread.

What waits is counted seldom: between two counts it is taken for growing by all that is accepted, so that it is never more than
is thought. Texts that come back to the queue are few and not looked at.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from gateway.clock import Clock
from gateway.errors import QueueFull

_COUNTED_EVERY_S = 1.0
# A long queue takes its time to count: that may be this part of all time.
_SHARE_OF_TIME = 0.05


class QueueBound:
    """`count` tells how many texts wait; 0 for `most` is no bound."""

    def __init__(self, most: int, count: Callable[[], int], clock: Clock) -> None:
        self._most = most
        self._count = count
        self._clock = clock
        self._lock = threading.Lock()
        self._room = 0
        self._count_at = clock.monotonic()

    def take(self, texts: int) -> None:
        """Raises QueueFull when there is no room for so many; for the sake of speed none is given back."""
        if not self._most:
            return
        with self._lock:
            if texts > self._room:
                self._look()
            if texts > self._room:
                reason = f"{self._most} texts may wait ([sending] max_queued), and there is no room for {texts} more"
                raise QueueFull(f"{reason}; try again when some have left")
            self._room -= texts

    def _look(self) -> None:
        began = self._clock.monotonic()
        if began < self._count_at:
            return
        self._room = self._most - self._count()
        ended = self._clock.monotonic()
        self._count_at = ended + max(_COUNTED_EVERY_S, (ended - began) / _SHARE_OF_TIME)
