"""How fast each key may give texts, in memory: a restart begins anew. Safe to ask from any thread."""

from __future__ import annotations

import threading

from gateway.clock import Clock
from gateway.errors import TooFast
from gateway.pace import Pace
from gateway.records import Key


class KeyPaces:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._paces: dict[int, Pace] = {}

    def take(self, key: Key, texts: int, usual: float) -> None:
        """Count so many texts of a key that may give `usual` a second, where it has no number of its own. Raises TooFast."""
        per_second = usual if key.rules.per_second is None else key.rules.per_second
        if not per_second or not key.id:  # what the gateway sends itself has no key, and nobody who would wait
            return
        with self._lock:
            now = self._clock.monotonic()
            pace = self._paces.get(key.id)
            if pace is None or pace.per_second != per_second:
                pace = self._paces[key.id] = Pace(per_second, now)
            wait_s = pace.wait(now, texts)
        if wait_s:
            raise TooFast(f"the key {key.name} may give {per_second:g} texts a second", wait_s)
