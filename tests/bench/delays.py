"""How late the machine itself wakes who only sleeps: what other programs on it cost is not taken for the gateway's."""

from __future__ import annotations

import threading
import time

_NAP_S = 0.005


class Delays:
    """Measures in a thread of its own from the beginning, until it is asked."""

    def __init__(self) -> None:
        self._over = threading.Event()
        self._late: list[float] = []
        self._thread = threading.Thread(target=self._nap, name="delays", daemon=True)
        self._thread.start()

    def until_now(self) -> str:
        """For a note beside a figure."""
        self._over.set()
        self._thread.join()
        late = sorted(1000 * seconds for seconds in self._late)
        worst = f"p99 {late[int(len(late) * 0.99)]:.0f}, at most {late[-1]:.0f} ms"
        return f"who only slept here was woken late: {worst}"

    def _nap(self) -> None:
        while not self._over.is_set():
            began = time.perf_counter()
            time.sleep(_NAP_S)
            self._late.append(time.perf_counter() - began - _NAP_S)
