"""Writes down what became of postings, in order and in the background: the next posting does not wait for the disk.

What is not yet written when the process dies is posted again under the same event id; receivers expect that.
"""

from __future__ import annotations

import asyncio
import logging

from gateway.store import Store, forwards
from gateway.store.forwards import Result

log = logging.getLogger("simrack.forwarding")

# Results are gathered for a moment, so that a stream of events costs a few commits a second and not one each.
_GATHERED_FOR_S = 0.05
_AGAIN_AFTER_S = 2.0


class Results:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: list[Result] = []
        self._timer: asyncio.TimerHandle | None = None
        self._writing = 0
        self._complained = False

    def add(self, result: Result) -> None:
        self._waiting.append(result)
        if not self._writing:
            self._write_in(_GATHERED_FOR_S)

    def hand_over(self) -> None:
        """Give the writer what waits, now: before a job that builds on it, and at the end."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._waiting:
            self._write()

    def _write_in(self, seconds: float) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(seconds, self.hand_over)

    def _write(self) -> None:
        batch, self._waiting = self._waiting, []
        written = self._store.writer.submit(lambda db: forwards.record(db, batch))
        self._writing += 1
        written.add_done_callback(lambda future: self._written(batch, future))

    def _written(self, batch: list[Result], written: asyncio.Future[None]) -> None:
        self._writing -= 1
        fault = None if written.cancelled() else written.exception()
        if fault is None:
            self._complained = False
        else:
            self._waiting = batch + self._waiting
            if not self._complained:
                log.error("cannot record what became of %d postings, trying on: %s", len(batch), fault)
            self._complained = True
        if self._waiting:
            self._write_in(_GATHERED_FOR_S if fault is None else _AGAIN_AFTER_S)
