"""Brings together what is heard of channels and what people say of them: what is known changes, is told, and is written down.

Standings are read from memory by the dispatch; what changes is written by `run`, or, when a person changes it, before the call
returns.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable, Sequence

from gateway.channels import score
from gateway.channels.health import Picture
from gateway.clock import Clock
from gateway.core.fitness.counts import Counts
from gateway.core.fitness.known import Known
from gateway.core.fitness.news import News
from gateway.core.fitness.pauses import Pauses
from gateway.core.fitness.saving import Saving, Unsaved
from gateway.core.fitness.sim import SimFit
from gateway.errors import NotFound, SimrackError
from gateway.records import ChannelFacts, Outcome, Report, Standing, Status, Traffic
from gateway.settings.spelling import nearest
from gateway.store import Database, Store, reports, standings
from gateway.store.standings import ALL

log = logging.getLogger("simrack.fitness")

_LONGEST_WAIT_S = 60.0
_SOONEST_S = 0.01
_TRY_AGAIN_S = 5.0


class Fitness:
    """`wake` has the dispatch look again; `forward` says that forwards are waiting. Both may be called from any thread."""

    def __init__(
        self, store: Store, clock: Clock, channels: Sequence[str], wake: Callable[[], None], forward: Callable[[], None]
    ) -> None:
        self._clock = clock
        self._wake = wake
        self._counts = {channel: Counts() for channel in channels}
        self._lock = threading.Lock()  # over memory; never held while something is written
        self._pauses = Pauses(store, clock)
        self._known = Known(store.read(standings.sims), self._pauses, clock)
        self._unsaved = Unsaved()
        self._news = News(store.read(standings.told), self._known, self._unsaved, clock)
        self._saving = Saving(store, clock, self._known, self._unsaved, self._lock, forward)
        self._looked_at = clock.monotonic()
        self._poke = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    # What the dispatch asks and tells

    def standing(self, channel: str, sim: str) -> Standing:
        """From memory alone, from any thread. Limits are not in it: the dispatch knows them first."""
        return self._known.standing(channel, sim)

    def heard(self, channel: str, sim: str, outcome: Outcome, seconds: float) -> None:
        """An attempt ended. Writes nothing: that is done soon, by `run`."""
        with self._lock:
            self._counts[channel].add(outcome)
            before = self._known.sim(sim)
            after = before.after(outcome, seconds, self._clock.monotonic())
            self._known.sims[sim] = after
            self._unsaved.sims.add(sim)
            if (before.traffic, before.until, before.picture.blocks) == (after.traffic, after.until, after.picture.blocks):
                return
            if after.traffic is Traffic.BLOCKED and after.until != before.until:
                self._news.blocked(channel)
            self._news.look_at(channel)
            if Traffic.BLOCKED in (before.traffic, after.traffic) or before.picture.blocks > 0:
                self._unsaved.urgent = True
        _log_turn(channel, sim, before, after)
        self._poke_run()

    def limited(self, channel: str, until: float | None) -> None:
        """A limit of the SIM in this channel is reached until then (wall time); None: no longer."""
        if until == self._known.limited.get(channel) and (until is not None or not self._news.told_of_limit(channel)):
            return
        with self._lock:
            self._known.limit(channel, until)
            self._news.limited(channel, until)
        self._poke_run()

    def drained(self, channel: str) -> None:
        """Nothing is bound to this draining channel any more."""
        pause = self._pauses.drained(channel)
        if pause is None:
            return
        with self._lock:
            self._unsaved.drained.append(pause)
            self._unsaved.urgent = True
            self._news.look_at(channel)
        self._poke_run()

    # What the rest of the gateway tells

    def changed(self, facts: ChannelFacts) -> None:
        """On the loop: a channel tells new facts of itself."""
        with self._lock:
            self._known.facts[facts.name] = facts
            self._news.look_at(facts.name)
            urgent = self._unsaved.urgent
        if urgent:
            self._poke_run()

    def reported(self, report: Report) -> None:
        if reports.outcome_of(report.status) is Status.DELIVERED and report.channel in self._counts:
            self._counts[report.channel].delivered += 1

    # What people say, from any thread but the loop's: committed before the call returns

    def pause(self, channel: str, by: str, reason: str = "") -> None:
        """It takes nothing more; what is on the air may end."""
        self._require(channel)
        self._stop(channel, Traffic.PAUSED, by, reason)

    def drain(self, channel: str, by: str, reason: str = "") -> None:
        """It sends what is bound to it, and is paused then."""
        self._require(channel)
        self._stop(channel, Traffic.DRAINING, by, reason)

    def pause_all(self, by: str, reason: str = "") -> None:
        """One pause over all channels; what each of them is besides, it stays."""
        self._stop(ALL, Traffic.PAUSED, by, reason)

    def drain_all(self, by: str, reason: str = "") -> None:
        """Each sends what is bound to it, and nothing else; holds until all are resumed."""
        self._stop(ALL, Traffic.DRAINING, by, reason)

    def resume(self, channel: str, by: str, reason: str = "") -> None:
        """Lifts a pause, a rest and a block, and lets the SIM begin anew. Raises Conflict while all channels are paused."""
        self._require(channel)
        sim = self._known.sim_in(channel)

        def forgive(db: Database) -> None:
            standings.set_sim(db, self._known.sim(sim).forgiven().row(sim, self._clock), self._clock.now())

        self._pauses.lift(channel, by, reason, also=forgive)
        with self._lock:
            self._known.sims[sim] = self._known.sim(sim).forgiven()
            # What was written between the commit and this line wrote the SIM as it was.
            self._unsaved.sims.add(sim)
            self._unsaved.urgent = True
            self._news.look_at(channel)
        self._look_again()

    def resume_all(self, by: str, reason: str = "") -> None:
        """Lifts the pause of all; channels that are paused each for itself stay so."""
        self._pauses.lift(ALL, by, reason)
        with self._lock:
            self._news.look_at_all()
        self._look_again()

    # What people are shown

    def shown(self, channel: str, sim: str) -> Standing:
        """The standing with its limits, in words for a person."""
        return self._known.shown(channel, sim)

    def score(self, facts: ChannelFacts, balance_low: bool, delivered: float | None) -> score.Score:
        return score.score(self.picture(facts.sim), facts, balance_low, delivered)

    def picture(self, sim: str) -> Picture:
        return self._known.sim(sim).picture

    def counts(self, channel: str) -> Counts:
        return self._counts[channel]

    # The loop

    async def run(self) -> None:
        """Ends rests and blocks at their time, and writes what changed. Until cancelled; call `close` after."""
        self._loop = asyncio.get_running_loop()
        while True:
            self._poke.clear()
            try:
                wait = await self.turn()
            except Exception as fault:  # the one broad net of this loop
                log.error("standings could not be written: %s", fault, exc_info=not isinstance(fault, SimrackError))
                wait = _TRY_AGAIN_S
            # Not wait_for: until Python 3.12 it loses a cancellation that comes together with what it waits for.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._poke.wait()

    async def turn(self) -> float:
        """Do what is due. Returns the seconds until the next look."""
        now = self._clock.monotonic()
        with self._lock:
            ended = self._known.ends_between(self._looked_at, now)
            self._looked_at = now
            self._news.look_at_all()
            due = self._saving.due()
        if ended:
            self._wake()
        if due:
            await self._saving.save()
        # As of before the saving: what ended meanwhile is the next turn's.
        end = self._known.next_end(now)
        return _LONGEST_WAIT_S if end is None else min(max(end - self._clock.monotonic(), _SOONEST_S), _LONGEST_WAIT_S)

    async def close(self) -> None:
        """The last save; the store is still open."""
        try:
            await self._saving.save()
        except SimrackError as fault:
            log.error("the newest pictures of SIMs could not be written: %s", fault)

    # Inside

    def _stop(self, channel: str, traffic: Traffic, by: str, reason: str) -> None:
        self._pauses.stop(channel, traffic, by, reason)
        with self._lock:
            self._news.look_at_all()
        self._look_again()

    def _require(self, channel: str) -> None:
        if channel not in self._counts:
            raise NotFound(f"there is no channel {channel}; {nearest(channel, self._counts)}")

    def _look_again(self) -> None:
        self._wake()
        self._poke_run()

    def _poke_run(self) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._poke.set)


def _log_turn(channel: str, sim: str, before: SimFit, after: SimFit) -> None:
    if after.traffic is Traffic.BLOCKED and after.until != before.until:
        log.error("%s: SIM %s is blocked for %.0f min: %s", channel, sim, after.seconds / 60, after.reason)
    elif after.traffic is Traffic.RESTING:
        log.warning("%s rests for %.0f s: %s", channel, after.seconds, after.reason)
    elif before.picture.blocks:
        log.warning("%s: SIM %s sends again", channel, sim)
