"""Writes down what came of attempts without holding up the channel that made them; a full disk is tried again until it takes it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from gateway.clock import Clock
from gateway.core.dispatch.berth import Berth, Unwritten
from gateway.errors import StorageFull
from gateway.records import Message, Outcome
from gateway.store import Database, Store, air, limits, progress
from gateway.store.air import Verdict
from gateway.store.claims import Claim

log = logging.getLogger("simrack.dispatch")

_TRY_AGAIN_S = 2.0


class Outcomes:
    """`announce(db, message)` runs inside the commit that changed a message; `recorded` after it, on the loop."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        book: Callable[[], limits.Book],
        announce: Callable[[Database, Message], None],
        recorded: Callable[[Berth, Verdict | None, str], None],
    ) -> None:
        self._store = store
        self._clock = clock
        self._book = book
        self._announce = announce
        self._recorded = recorded

    def write(self, berth: Berth, claim: Claim, outcome: Outcome, verdict: Verdict | None, now: float) -> None:
        def job(db: Database) -> None:
            for message in air.record(db, claim, outcome, verdict, self._book(), now):
                self._announce(db, message)
            # `now` may be long past when a full disk has room again: what became due meanwhile is called as well.
            progress.call_next(db, claim.outgoing.recipient, claim.lane, self._clock.now())

        berth.unwritten.append(Unwritten(job, verdict, claim.lane))
        self._write_oldest(berth)

    def _write_oldest(self, berth: Berth) -> None:
        """One after the other: an outcome must not overtake that of the part before it."""
        if berth.writing or not berth.unwritten:
            return
        berth.writing = True
        outcome = berth.unwritten[0]
        self._store.writer.submit(outcome.write).add_done_callback(lambda future: self._written(berth, outcome, future))

    def _written(self, berth: Berth, outcome: Unwritten, future: asyncio.Future[None]) -> None:
        if future.cancelled():
            return
        fault = future.exception()
        if isinstance(fault, StorageFull):
            log.error("%s: an outcome could not be written, trying again: %s", berth.name, fault)
            asyncio.get_running_loop().call_later(_TRY_AGAIN_S, self._try_again, berth)
            return
        if fault is not None:
            # To try again would end the same way, and the channel would wait for it. The next start calls it unknown.
            log.error("%s: an outcome was refused by the store: %s", berth.name, fault, exc_info=fault)
        berth.writing = False
        berth.unwritten.popleft()
        berth.go.set()
        self._recorded(berth, outcome.verdict, outcome.lane)
        self._write_oldest(berth)

    def _try_again(self, berth: Berth) -> None:
        berth.writing = False
        self._write_oldest(berth)
