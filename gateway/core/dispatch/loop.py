"""Binds texts to channels, as late as possible: the next ready text to the next channel whose turn it is. Knows no modem.

While a channel has one text on the air, its next one is claimed already (its claim committed), so that no channel waits for the
disk. Such a text is not stuck there: a channel that may take it and has nothing to do takes it over, a channel that falls ill
gives it back, and a text of higher priority takes its place. Everything here runs on the event loop.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from gateway.channels.contract import Channel
from gateway.channels.rotation import Lane
from gateway.clock import Clock
from gateway.core.dispatch import closing, sailing
from gateway.core.dispatch.berth import PATIENCE_S, Berth
from gateway.core.dispatch.closing import Closing
from gateway.core.dispatch.decks import Decks, Limits
from gateway.core.dispatch.freeing import Freeing
from gateway.core.dispatch.lookout import Lookout
from gateway.core.dispatch.outcomes import Outcomes
from gateway.core.dispatch.sailing import Marks, Sailing
from gateway.core.dispatch.waiting import Waiting
from gateway.core.fairness import Fairness
from gateway.errors import SimrackError, StorageFull
from gateway.records import Message
from gateway.settings import SendingSettings
from gateway.store import Database, Store, claiming, limits, turns
from gateway.store.air import Verdict
from gateway.store.claims import Claim, Round, Want
from gateway.store.heads import Reach

log = logging.getLogger("simrack.dispatch")

_TRY_AGAIN_S = 2.0
# What texts a SIM sent today is read from the rows this often; between, it is counted along.
_RECOUNT_S = 60.0


class Fitness(sailing.Fitness, closing.Fitness, Protocol):
    def drained(self, channel: str) -> None: ...


class Dispatch:
    """`announce(db, message)` runs inside the commit that changed a message; `changed` after it, on the loop."""

    def __init__(
        self,
        store: Store,
        settings: SendingSettings,
        lanes: Callable[[], Mapping[str, Lane]],
        fitness: Fitness,
        limits: Limits,
        clock: Clock,
        marks: Marks,
        *,
        announce: Callable[[Database, Message], None],
        changed: Callable[[Verdict | None], None],
        chance: random.Random,
    ) -> None:
        self._store = store
        self._fitness = fitness
        self._limits = limits
        self._clock = clock
        self._settled = asyncio.Event()  # an outcome was written
        self._wake = asyncio.Event()
        self._berths: dict[str, Berth] = {}
        self._waiting = Waiting(lanes)
        self._fairness = Fairness(lambda key_id: self._limits.book.share(key_id))
        self._lookout = Lookout(lanes, fitness, self._gapped, clock, store.read(turns.find))
        self._outcomes = Outcomes(store, clock, lambda: limits.book, announce, self._recorded)
        self._decks = Decks(self._berths, self._lookout, store, self._fairness, limits, clock, self._waiting.enliven)
        self._closing = Closing(self._berths, fitness, clock, self.wake)
        self._freeing = Freeing(self._berths, self._lookout, self._decks, store, clock, self.wake)
        self._sailing = Sailing(
            self._berths, self._lookout, self._outcomes, fitness, marks, settings, clock, chance,
            wake=self._wake.set, backlog=lambda: self._backlog, resting=self._resting,
        )  # fmt: skip
        self._changed = changed
        self._backlog = False  # the last round left texts behind
        self._stopping = False
        self._counted_at = -_RECOUNT_S
        self._reach: Reach = {}

    def add(self, channel: Channel) -> None:
        self._berths[channel.name] = Berth.of(channel)

    def wake(self) -> None:
        """There may be work in any lane, or somebody to do it. Called on the loop."""
        self._waiting.anywhere()
        self._wake.set()

    def limits_changed(self) -> None:
        """A person changed limits or set them back: what was closed may be open. Called on the loop."""
        self._closing.open_all()
        self.wake()

    def came_in(self, lanes: Iterable[str], priority: int) -> None:
        """Texts of at most this priority were queued in these lanes. Called on the loop."""
        self._waiting.came_in(lanes, priority)
        self._wake.set()

    def turns(self, lane: str) -> Mapping[str, float]:
        return self._lookout.turns(lane)

    async def run(self) -> None:
        """Serve until cancelled; call `drain` before."""
        async with asyncio.TaskGroup() as group:
            for berth in self._berths.values():
                for slot in berth.slots:
                    group.create_task(self._sailing.sail(berth, slot), name=f"send:{berth.name}")
            group.create_task(self._assign_forever(), name="dispatch")
            group.create_task(self._watch(), name="dispatch-watch")

    async def drain(self, patience_s: float) -> None:
        """Start nothing new, give back what has not begun, and wait a bounded time for what is on the air."""
        self._stopping = True
        try:
            for berth in [berth for berth in self._berths.values() if berth.deck is not None and berth.full]:
                await self._decks.clear(berth)
        except StorageFull as fault:
            log.warning("what has not begun could not be given back; the next start does it: %s", fault)
        try:
            async with asyncio.timeout(patience_s):
                while any(berth.sends or berth.unwritten for berth in self._berths.values()):
                    self._settled.clear()
                    await self._settled.wait()
        except TimeoutError:
            log.warning("stopped waiting for what is on the air; its outcome will be unknown")

    async def _watch(self) -> None:
        """A text on the deck of a channel that takes long is given to another; what wanted a channel that is away may go."""
        while True:
            await asyncio.sleep(PATIENCE_S / 2)
            now = self._clock.monotonic()
            if any(berth.slow(now) or berth.unfit_since is not None for berth in self._berths.values()):
                self._wake.set()

    def _gapped(self, channel: str) -> bool:
        return self._limits.book.gapped((f"sim:{self._berths[channel].sim}",))

    def _resting(self, claim: Claim) -> bool:
        return self._limits.book.resting(claim.subjects, self._clock.now())

    # Assigning

    async def _assign_forever(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            try:
                await self._assign()
            except Exception as fault:
                log.error("could not assign texts: %s", fault, exc_info=not isinstance(fault, SimrackError))
                asyncio.get_running_loop().call_later(_TRY_AGAIN_S, self.wake)

    async def _assign(self) -> None:
        self._closing.open_after_a_jump()
        await self._recount()
        if await self._freeing.free(self._waiting.wanted):
            self._wake.set()
        skipped: set[tuple[str, str]] = set()
        served: set[str] = set()
        while not self._stopping:
            if came_in := self._waiting.take_urgent():
                await self._decks.hasten(came_in[0])  # it may have been claimed before we were told of it
                await self._decks.overtake(*came_in)
            wants = self._wants(skipped)
            if not wants:
                break
            round_ = await self._claim(wants)
            served = {claim.channel for claim in round_.claims}
            news = await self._take_in(wants, round_, skipped)
            urgent = self._waiting.urgent
            if urgent is not None and any(claim.priority >= urgent for claim in round_.claims):
                await self._decks.hasten(urgent)
            self._backlog = len(round_.claims) == len(wants)
            if not news:
                break
        if not self._stopping:
            await self._decks.share(served)
        self._closing.await_opening()

    def _wants(self, skipped: set[tuple[str, str]]) -> list[Want]:
        waiting = self._waiting
        return self._lookout.wants(self._berths, waiting.lively(), waiting.wanted, waiting.spurned, skipped)

    async def _claim(self, wants: list[Want]) -> Round:
        now = self._clock.now()
        self._waiting.begin_round()

        def job(db: Database) -> Round:
            return claiming.claim_in_turn(db, wants, self._fairness, self._limits.book, now, self._reach)

        return await self._store.writer.arun(job)

    async def _take_in(self, wants: list[Want], round_: Round, skipped: set[tuple[str, str]]) -> bool:
        """Act on what a round of claims brought. False when another round would bring nothing."""
        served = {claim.channel for claim in round_.claims}
        for want in wants:
            if want.goes_on_with is not None and want.channel not in served:
                await self._freeing.put_back_owed(self._berths[want.channel])  # its next part cannot go as things are
        for claim in round_.claims:
            self._lookout.took(claim)
            self._decks.hand_over(claim)
        self._lookout.put_off(wants, round_.claims, round_.empty)
        for channel, lane in round_.passed:
            self._lookout.passed(channel, lane)
            skipped.add((channel, lane))
        self._closing.learn(wants, round_, served)
        newly_wanted = round_.wanted - self._waiting.wanted
        self._waiting.learn(wants, round_)
        self._find_drained(wants, served)
        return bool(round_.claims or round_.passed or round_.closed or newly_wanted)

    def _find_drained(self, wants: list[Want], served: set[str]) -> None:
        for want in wants:
            berth = self._berths[want.channel]
            idle = want.channel not in served and berth.name not in self._waiting.wanted and berth.at_rest
            if idle and berth.name in self._lookout.look(self._berths).draining:
                self._fitness.drained(want.channel)

    async def _recount(self) -> None:
        now = self._clock.monotonic()
        if now - self._counted_at < _RECOUNT_S:
            return
        self._counted_at = now
        sims, today = [berth.sim for berth in self._berths.values()], self._clock.now()
        self._lookout.used = await self._store.writer.arun(lambda db: limits.used_today(db, sims, today))

    def _recorded(self, berth: Berth, verdict: Verdict | None, lane: str) -> None:
        """An outcome is committed."""
        self._waiting.enliven([lane])
        self._settled.set()
        self._wake.set()
        self._changed(verdict)
