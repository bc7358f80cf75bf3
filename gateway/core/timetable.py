"""What happens at its time: messages become due, expire, stop waiting for an answer; old parts are handed on; the clock is watched.

The truth of what is due when is always a row. Waiting is monotonic: the wall clock is only compared, never waited for.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence

from gateway.clock import Clock
from gateway.core import retry
from gateway.core.receiving import Receiving
from gateway.core.reporting import announce
from gateway.errors import SimrackError
from gateway.records import ChannelFacts, ChannelState
from gateway.settings import Settings
from gateway.store import Database, Store, callbacks, conversations, forwards, jumps, limits, outbox, smpp, unknowns

log = logging.getLogger("simrack.timetable")

_LONGEST_WAIT_S = 15.0
_SOONEST_S = 0.05
_TRY_AGAIN_S = 5.0
# Less than this is drift or a slewing NTP, not a jump.
_JUMP_S = 5.0
# A channel that is away for this long no longer keeps texts it has sent parts of.
_AWAY_S = 60.0
_HOUSEKEEPING_S = 600.0
# How often rules that other programs may have changed are compared.
_LOOK_AGAIN_S = 5.0
# Accepted forwards are shown for a week; the messages themselves stay.
_ACCEPTED_KEPT_S = 7 * 86400.0
# After so long of silence a conversation may go on from another number.
_CONVERSATION_KEPT_S = 90 * 86400.0


class Timetable:
    """`wake` says that a message may have become ready; `forward` that forwards are waiting. `look_again` may wait for a commit."""

    def __init__(
        self,
        store: Store,
        settings: Settings,
        clock: Clock,
        receiving: Receiving,
        facts: Callable[[], Sequence[ChannelFacts]],
        wake: Callable[[], None],
        forward: Callable[[], None],
        look_again: Callable[[], None] = lambda: None,
    ) -> None:
        self._store = store
        self._look_again = look_again
        self._settings = settings
        self._clock = clock
        self._receiving = receiving
        self._facts = facts
        self._wake = wake
        self._forward = forward
        self._poke = asyncio.Event()
        self._looked_at: float | None = None  # wall time up to which due messages were called; None before the first look
        self._offset = clock.now() - clock.monotonic()
        self._waits = jumps.Waits(
            retry=retry.longest_pause(settings.sending),
            settle=settings.sending.unknown_wait_s,
            expire=settings.sending.expire_after_hours * 3600,
        )
        self._away_since: dict[str, float] = {}
        self._housekept_at = clock.monotonic() - _HOUSEKEEPING_S
        self._looked_again_at = clock.monotonic()

    def sooner(self) -> None:
        """Something may be due earlier than planned. Called on the loop."""
        self._poke.set()

    async def run(self) -> None:
        while True:
            self._poke.clear()
            try:
                wait = await self._turn()
            except Exception as fault:  # the one broad net of this loop: time goes on after any fault
                log.error("a turn of the timetable failed: %s", fault, exc_info=not isinstance(fault, SimrackError))
                wait = _TRY_AGAIN_S
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._poke.wait()

    async def _turn(self) -> float:
        """Do what is due. Returns the seconds until the next look."""
        jumped, offset = self._jumped()
        now = self._clock.now()
        looked_at = self._looked_at
        after = 0.0 if jumped or looked_at is None else looked_at
        gone = self._long_gone()
        housekeeping = self._clock.monotonic() - self._housekept_at >= _HOUSEKEEPING_S

        def put_right(db: Database) -> None:
            if jumped and looked_at is not None:
                jumps.shift(db, jumped, looked_at, now, self._waits)
                smpp.shift(db, jumped, now)
                callbacks.shift(db, jumped, now)
            elif looked_at is None:
                jumps.bound(db, now, self._waits)

        def job(db: Database) -> tuple[int, float | None]:
            events = self._settle(db, now)
            if gone:
                unknowns.unpin(db, gone, now)
            if housekeeping:
                # What was written while the clock was wrong for so short a time that no look fell into it.
                jumps.bound(db, now, self._waits)
                outbox.forget_idempotency(db, now - outbox.IDEMPOTENCY_KEPT_S)
                forwards.forget_accepted(db, now - _ACCEPTED_KEPT_S)
                conversations.forget(db, now - _CONVERSATION_KEPT_S)
                limits.forget(db, now)
                callbacks.forget(db, now - callbacks.KEPT_S)
                self._forget_deliveries(db, now)
            moments = (outbox.next_moment(db, now), self._receiving.next_moment(db))
            return events, min((moment for moment in moments if moment is not None), default=None)

        await self._call_due(put_right, after, now)
        events, moment = await self._store.writer.arun(job)
        self._looked_at, self._offset = now, offset
        if housekeeping:
            self._housekept_at = self._clock.monotonic()
        self._wake()
        if events:
            self._forward()
        if self._clock.monotonic() - self._looked_again_at >= _LOOK_AGAIN_S:
            self._looked_again_at = self._clock.monotonic()
            await asyncio.to_thread(self._look_again)
        return _LONGEST_WAIT_S if moment is None else min(max(moment - now, _SOONEST_S), _LONGEST_WAIT_S)

    async def _call_due(self, first: Callable[[Database], None], after: float, now: float) -> None:
        """A campaign of 100,000 texts that is due at one moment is called in pieces: other work goes on in between."""

        def job(db: Database) -> outbox.Due | None:
            first(db)
            return outbox.call_due(db, after, now)

        due = await self._store.writer.arun(job)
        while due is not None:
            self._wake()
            due = await self._store.writer.arun(lambda db, after=due: outbox.call_due(db, after, now))

    def _settle(self, db: Database, now: float) -> int:
        ready = {facts.name for facts in self._facts() if facts.state is ChannelState.READY}
        ended = [*outbox.expire(db, now), *unknowns.settle_due(db, ready, retry.MOST_RESENDS, now)]
        for message in ended:
            announce(db, message, now)
        return len(ended) + self._receiving.hand_on_incomplete(db, now)

    def _forget_deliveries(self, db: Database, now: float) -> None:
        hours = self._settings.smpp.keep_hours
        gone = smpp.forget(db, now - hours * 3600, now - smpp.WISHES_KEPT_S)
        if gone:
            log.error("%d receipts and texts for SMPP clients are given up after %g hours; see GET /v1/messages", gone, hours)

    def _jumped(self) -> tuple[float, float]:
        """Seconds by which the wall clock jumped since the last look that was committed (0 when it did not), and its new offset."""
        offset = self._clock.now() - self._clock.monotonic()
        jump = offset - self._offset
        if abs(jump) < _JUMP_S:
            return 0.0, offset
        log.warning("the clock jumped by %.0f s; what waits is moved along", jump)
        return jump, offset

    def _long_gone(self) -> list[str]:
        now = self._clock.monotonic()
        present = {facts.name for facts in self._facts() if facts.state is ChannelState.READY}
        for facts in self._facts():
            if facts.name in present:
                self._away_since.pop(facts.name, None)
            else:
                self._away_since.setdefault(facts.name, now)
        return [name for name, since in self._away_since.items() if now - since >= _AWAY_S]
