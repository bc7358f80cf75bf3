"""Binds texts to channels, as late as possible: the next ready text to the next channel whose turn it is. Knows no modem.

While a channel has one text on the air, its next one is claimed already (its claim committed), so that no channel waits for the
disk. Such a text is not stuck there: a channel that may take it and has nothing to do takes it over, a channel that falls ill
gives it back, and a text of higher priority takes its place. Everything here runs on the event loop.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from gateway.channels.contract import Channel
from gateway.channels.rotation import Lane
from gateway.clock import Clock
from gateway.core import retry
from gateway.core.dispatch.berth import PATIENCE_S, Berth, Slot
from gateway.core.dispatch.lookout import Lookout
from gateway.core.dispatch.outcomes import Outcomes
from gateway.core.fairness import Fairness
from gateway.errors import SimrackError, StorageFull
from gateway.records import Message, MessageError, Outcome, Refused, Standing, Status, Unknown, Word
from gateway.settings import SendingSettings
from gateway.store import Database, Store, air, claims, limits, turns, unknowns
from gateway.store.air import Verdict
from gateway.store.claims import Claim, Round, Want

log = logging.getLogger("simrack.dispatch")

# Outcomes that may wait for their commit while the channel goes on: with the air marks, one is enough to keep a channel busy.
_MOST_UNWRITTEN = 1
_TRY_AGAIN_S = 2.0
# What texts a SIM sent today is read from the rows this often; between, it is counted along.
_RECOUNT_S = 60.0
_SOONEST_S = 0.005
# A channel that could not send for so long no longer keeps texts it has sent parts of.
_AWAY_S = 60.0
_JUMP_S = 5.0
# Where the first texts of a long queue may not leave, the next are looked at after this time.
_DEEPER_S = 0.5


class Marks(Protocol):
    def mark(self, channel: str, attempt_id: int) -> None: ...


class Limits(Protocol):
    @property
    def book(self) -> limits.Book: ...


class Fitness(Protocol):
    def standing(self, channel: str, sim: str) -> Standing: ...

    def heard(self, channel: str, sim: str, outcome: Outcome, seconds: float) -> None: ...

    def limited(self, channel: str, until: float | None) -> None: ...

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
        self._settings = settings
        self._lanes = lanes
        self._fitness = fitness
        self._limits = limits
        self._clock = clock
        self._marks = marks
        self._chance = chance
        self._berths: dict[str, Berth] = {}
        self._fairness = Fairness(lambda key_id: self._limits.book.share(key_id))
        self._lookout = Lookout(lanes, fitness, self._gapped, clock, store.read(turns.find))
        self._outcomes = Outcomes(store, clock, lambda: limits.book, announce, self._recorded)
        self._changed = changed
        self._lively: set[str] | None = None  # lanes in which texts may wait; None for all of them
        self._enlivened: set[str] = set()  # those that filled while a round of claims was being committed
        self._wanted: frozenset[str] = frozenset()
        self._spurned: frozenset[str] = frozenset()
        self._urgent: int | None = None  # the highest priority that came in since the last look
        self._urgent_lanes: set[str] = set()
        self._backlog = False  # the last round left texts behind
        self._stopping = False
        self._counted_at = -_RECOUNT_S
        self._offset = clock.now() - clock.monotonic()
        self._reach: claims.Reach = {}
        self._settled = asyncio.Event()  # an outcome was written
        self._wake = asyncio.Event()
        self._alarm: asyncio.TimerHandle | None = None

    def add(self, channel: Channel) -> None:
        self._berths[channel.name] = Berth.of(channel)

    def wake(self) -> None:
        """There may be work in any lane, or somebody to do it. Called on the loop."""
        self._lively = None
        self._wake.set()

    def limits_changed(self) -> None:
        """A person changed limits or set them back: what was closed may be open. Called on the loop."""
        for berth in self._berths.values():
            berth.closed_until = 0.0
        self.wake()

    def came_in(self, lanes: Iterable[str], priority: int) -> None:
        """Texts of at most this priority were queued in these lanes. Called on the loop."""
        self._enliven(lanes)
        self._urgent_lanes.update(lanes)
        self._urgent = priority if self._urgent is None else max(priority, self._urgent)
        self._wake.set()

    def _enliven(self, lanes: Iterable[str]) -> None:
        if self._lively is not None:
            self._lively.update(lanes)
        self._enlivened.update(lanes)

    async def run(self) -> None:
        """Serve until cancelled; call `drain` before."""
        async with asyncio.TaskGroup() as group:
            for berth in self._berths.values():
                for slot in berth.slots:
                    group.create_task(self._sail(berth, slot), name=f"send:{berth.name}")
            group.create_task(self._assign_forever(), name="dispatch")
            group.create_task(self._watch(), name="dispatch-watch")

    async def drain(self, patience_s: float) -> None:
        """Start nothing new, give back what has not begun, and wait a bounded time for what is on the air."""
        self._stopping = True
        try:
            for berth in [berth for berth in self._berths.values() if berth.deck is not None and berth.full]:
                await self._clear_deck(berth)
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
        self._notice_jump()
        await self._recount()
        await self._tidy()
        skipped: set[tuple[str, str]] = set()
        served: set[str] = set()
        while not self._stopping:
            await self._overtake()
            wants = self._wants(skipped)
            if not wants:
                break
            round_ = await self._claim(wants)
            served = {claim.channel for claim in round_.claims}
            news = await self._take_in(wants, round_, skipped)
            if self._urgent is not None and any(claim.priority >= self._urgent for claim in round_.claims):
                await self._hasten(self._urgent)
            self._backlog = len(round_.claims) == len(wants)
            if not news:
                break
        if not self._stopping:
            await self._share(served)
        self._await_opening()

    def _wants(self, skipped: set[tuple[str, str]]) -> list[Want]:
        lively = self._lanes() if self._lively is None else self._lively
        return self._lookout.wants(self._berths, lively, self._wanted, self._spurned, skipped)

    async def _claim(self, wants: list[Want]) -> Round:
        now = self._clock.now()
        if self._lively is None:
            self._lively = set(self._lanes())
        self._enlivened = set()

        def job(db: Database) -> Round:
            return claims.claim(db, wants, self._fairness, self._limits.book, now, self._reach)

        return await self._store.writer.arun(job)

    async def _take_in(self, wants: list[Want], round_: Round, skipped: set[tuple[str, str]]) -> bool:
        """Act on what a round of claims brought. False when another round would bring nothing."""
        served = {claim.channel for claim in round_.claims}
        for want in wants:
            if want.goes_on_with is not None and want.channel not in served:
                await self._put_back_owed(self._berths[want.channel])  # its next part cannot go as things are
        for claim in round_.claims:
            self._lookout.took(claim)
            self._hand_over(claim)
        self._lookout.put_off(wants, round_.claims, round_.empty)
        for channel, lane in round_.passed:
            self._lookout.passed(channel, lane)
            skipped.add((channel, lane))
        self._close(wants, round_, served)
        self._wanted = round_.wanted
        self._spurned = self._spurned.difference(offer.lane for want in wants for offer in want.offers) | round_.spurned
        if self._lively is not None:
            self._lively -= round_.empty - self._enlivened
        self._find_drained(wants, served)
        return bool(round_.claims or round_.passed or round_.closed)

    def _close(self, wants: list[Want], round_: Round, served: set[str]) -> None:
        for want in wants:
            berth = self._berths[want.channel]
            if want.channel in round_.closed:
                until = round_.closed[want.channel]
                # What no time opens (a limit of none at all) is looked at again now and then: a person may change it.
                berth.closed_until = self._clock.now() + _RECOUNT_S if until is None else until
                self._fitness.limited(want.channel, berth.closed_until)
            elif want.channel in served and berth.closed_until:
                berth.closed_until = 0.0
                self._fitness.limited(want.channel, None)
        if round_.deeper:
            self._set_alarm(_DEEPER_S)
        if round_.reopens is not None:
            self._set_alarm(round_.reopens - self._clock.now())

    def _notice_jump(self) -> None:
        """When limits open was reckoned by a wall clock that is no longer."""
        offset = self._clock.now() - self._clock.monotonic()
        if abs(offset - self._offset) >= _JUMP_S:
            for berth in self._berths.values():
                berth.closed_until = 0.0
        self._offset = offset

    def _await_opening(self) -> None:
        now = self._clock.now()
        closed = [berth.closed_until for berth in self._berths.values() if berth.closed_until > now]
        if closed:
            self._set_alarm(min(closed) - now)

    def _set_alarm(self, seconds: float) -> None:
        """Look again when a limit opens; only the soonest alarm is kept."""
        loop = asyncio.get_running_loop()
        at = loop.time() + min(max(seconds, _SOONEST_S), _RECOUNT_S)
        if self._alarm is not None and not self._alarm.cancelled() and loop.time() < self._alarm.when() <= at:
            return
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm = loop.call_at(at, self.wake)

    def _find_drained(self, wants: list[Want], served: set[str]) -> None:
        for want in wants:
            berth = self._berths[want.channel]
            idle = want.channel not in served and berth.name not in self._wanted and berth.at_rest
            if idle and berth.name in self._lookout.look(self._berths).draining:
                self._fitness.drained(want.channel)

    async def _recount(self) -> None:
        now = self._clock.monotonic()
        if now - self._counted_at < _RECOUNT_S:
            return
        self._counted_at = now
        sims, today = [berth.sim for berth in self._berths.values()], self._clock.now()
        self._lookout.used = await self._store.writer.arun(lambda db: limits.used_today(db, sims, today))

    async def _tidy(self) -> None:
        """What waits for a channel that cannot send is freed of it: its deck, the message it owes a part of, its conversations."""
        now = self._clock.monotonic()
        sight = self._lookout.look(self._berths)
        for berth in self._berths.values():
            if berth.name in sight.able:
                berth.unfit_since = None
            else:
                berth.unfit_since = now if berth.unfit_since is None else berth.unfit_since
                await self._put_back_owed(berth)
            if berth.deck is not None and berth.slow(now) and not berth.deck.follows:
                await self._clear_deck(berth)
        for channel in self._wanted:
            berth = self._berths.get(channel)
            gone = berth is None or (berth.unfit_since is not None and now - berth.unfit_since > PATIENCE_S)
            if gone or (berth is not None and berth.slow(now)):
                await self._free_wanting(channel)
            if berth is not None and berth.unfit_since is not None and now - max(berth.unfit_since, berth.unpinned_at) > _AWAY_S:
                berth.unpinned_at = now - _AWAY_S + PATIENCE_S
                await self._unpin(channel)

    async def _unpin(self, channel: str) -> None:
        now = self._clock.now()
        if await self._store.writer.arun(lambda db: unknowns.unpin(db, [channel], now)):
            self.wake()

    async def _free_wanting(self, channel: str) -> None:
        if await self._store.writer.arun(lambda db: claims.free_wanting(db, channel)):
            self._wake.set()

    async def _put_back_owed(self, berth: Berth) -> None:
        """Once nothing of it is on the air or unwritten: until then nobody knows whether there is something to put back."""
        if berth.owes is None or not berth.at_rest:
            return
        owed, now = berth.owes, self._clock.now()
        await self._store.writer.arun(lambda db: air.put_back(db, owed, berth.name, now))
        berth.owes = None
        self.wake()

    def _hand_over(self, claim: Claim) -> None:
        berth = self._berths[claim.channel]
        if claim.follows and berth.stopped == claim.message_id:
            return  # the part before it did not go out; recording that released this claim
        berth.deck = claim
        berth.owes = claim.message_id if claim.more_parts else None
        if not berth.full:
            berth.go.set()

    async def _overtake(self) -> None:
        """Every channel is busy, and something came in that is more urgent than what waits on their decks.

        It takes the place of what would be on the air next; a box is given texts long before it sends them.
        """
        while self._urgent is not None and not self._somebody_idle(self._urgent_lanes):
            berth = self._next_on_air(self._urgent, self._urgent_lanes)
            if berth is None or not await self._clear_deck(berth, only_for_better=True):
                break
        self._urgent, self._urgent_lanes = None, set()

    def _next_on_air(self, priority: int, lanes: Iterable[str]) -> Berth | None:
        """The channel that is free first, of those on whose deck something of a lower priority lies and whose turn it may be."""
        lesser = [
            berth
            for berth in self._berths.values()
            if berth.deck is not None and berth.full and not berth.deck.follows and berth.deck.priority < priority
        ]
        if not lesser:
            return None
        may = {choice.channel for lane in lanes for choice in self._lookout.choices(lane, self._berths)}
        return min((berth for berth in lesser if berth.name in may), key=_on_air_after, default=None)

    async def _hasten(self, urgent: int) -> None:
        """Something urgent was claimed for a channel that has just begun another text: it changes places with what goes next."""
        for berth in list(self._berths.values()):
            if berth.deck is None or not berth.full or berth.deck.follows or berth.deck.priority < urgent:
                continue
            first = self._next_on_air(berth.deck.priority, [berth.deck.lane])
            if first is not None and _on_air_after(first) < _on_air_after(berth):
                await self._reclaim([berth, first], [first, berth])

    def _somebody_idle(self, lanes: Iterable[str]) -> bool:
        """Somebody who may take from one of these lanes."""
        idle = {berth.name for berth in self._berths.values() if not berth.sends and berth.deck is None}
        return bool(idle) and any(choice.channel in idle for lane in lanes for choice in self._lookout.choices(lane, self._berths))

    async def _share(self, served: set[str]) -> None:
        """The queue is empty, or nobody can take from it: free channels take what waits on the decks of busy or ailing ones."""
        waiting = [berth for berth in self._berths.values() if berth.deck is not None and berth.full]
        sight = self._lookout.look(self._berths) if waiting else None
        for berth in waiting:
            if sight is None or berth.deck is None or berth.deck.follows:
                continue
            taker = self._taker(berth, berth.deck, served)
            if taker is not None or berth.name not in sight.able | sight.draining:
                await self._clear_deck(berth, taker)

    def _taker(self, owner: Berth, claim: Claim, served: set[str]) -> Berth | None:
        """A free channel whose turn it would be, had this text not been claimed yet."""
        free = {
            berth.name
            for berth in self._berths.values()
            if berth.free and not berth.sends and berth.name not in served and f",{berth.name}," not in claim.avoid
        }
        if not free or claim.sticky:
            return None
        self._lookout.gave_back(claim)
        choices = self._lookout.choices(claim.lane, self._berths)
        self._lookout.took(claim)
        return next((self._berths[choice.channel] for choice in choices if choice.channel in free), None)

    async def _clear_deck(self, berth: Berth, taker: Berth | None = None, *, only_for_better: bool = False) -> bool:
        """Give the claim on deck back to the queue, or at once to `taker`.

        `only_for_better` gives it back only if a text of higher priority waits, and takes that instead.
        """
        if berth.deck is None:
            return False
        takers = [berth] if only_for_better else [] if taker is None else [taker]
        return await self._reclaim([berth], takers, above=berth.deck.priority if only_for_better else None)

    async def _reclaim(self, owners: Sequence[Berth], takers: Sequence[Berth], above: int | None = None) -> bool:
        """Give back what lies on the decks of `owners`, and let `takers` choose anew, in their order.

        Only if a text of a priority `above` that waits, where it is given. The decks stay as they are if it cannot be written.
        """
        laid = [(owner, owner.deck, owner.owes) for owner in owners if owner.deck is not None]
        for owner, claim, _ in laid:
            self._lookout.gave_back(claim)
            owner.deck = owner.owes = None
        wants = self._lookout.wants_instead(self._berths, [taker.name for taker in takers])
        lanes = {offer.lane for want in wants for offer in want.offers}
        now = self._clock.now()

        def job(db: Database) -> Round | None:
            book = self._limits.book  # as it is when the job runs: limits may have changed since
            if above is not None and not claims.better_waits(db, lanes, above):
                return None
            for _, claim, _ in laid:
                air.release(db, claim, book, now)
            return claims.claim(db, wants, self._fairness, book, now)

        round_: Round | None = None
        try:
            round_ = await self._store.writer.arun(job)
        finally:
            if round_ is None:
                for owner, claim, owes in laid:
                    self._lookout.took(claim)
                    if not (claim.follows and owner.stopped == claim.message_id):
                        owner.deck, owner.owes = claim, owes
                    owner.go.set()
            else:
                self._enliven([claim.lane for _, claim, _ in laid])
        for claim in round_.claims if round_ is not None else ():
            self._lookout.took(claim)
            self._hand_over(claim)
        return round_ is not None

    # Sending

    async def _sail(self, berth: Berth, slot: Slot) -> None:
        while True:
            try:
                await self._send_next(berth, slot)
            except Exception:  # the one broad net of this loop
                log.exception("%s: a fault of ours while sending", berth.name)
                self._judge_fault(berth, slot)

    async def _send_next(self, berth: Berth, slot: Slot) -> None:
        while berth.deck is None or len(berth.unwritten) > _MOST_UNWRITTEN * len(berth.slots):
            berth.go.clear()
            self._wake.set()
            await berth.go.wait()
        claim, berth.deck = berth.deck, None
        if berth.ready and berth.sim != claim.sim:
            self._give_back(berth, claim)
            return
        slot.now, slot.began, slot.marked = claim, self._clock.monotonic(), False
        berth.stopped = None
        self._wake.set()  # the deck is free
        outgoing = replace(claim.outgoing, more=True) if self._backlog else claim.outgoing
        outcome = await berth.channel.send_part(outgoing, lambda: self._mark(berth, slot, claim))
        slot.now = None
        self._fitness.heard(berth.name, claim.sim, outcome, self._clock.monotonic() - slot.began)
        self._judge(berth, claim, outcome)

    def _give_back(self, berth: Berth, claim: Claim) -> None:
        """The SIM was changed since it was claimed: it must not leave from a number that it is not counted for."""
        refused = Refused(Word.LATER, "channel:other-sim", "the SIM was changed before it began")
        now = self._clock.now()
        error = MessageError(refused.code, refused.reason)
        verdict = Verdict(Status.QUEUED, error, due_at=now, avoid=claim.avoid, counts=False)
        self._stop_message(berth, claim)
        self._outcomes.write(berth, claim, refused, verdict, now)

    def _mark(self, berth: Berth, slot: Slot, claim: Claim) -> None:
        self._marks.mark(berth.name, claim.outgoing.attempt_id)
        slot.marked = True

    def _judge_fault(self, berth: Berth, slot: Slot) -> None:
        """A send that ended in a fault of ours has an outcome like any other, or its message would stay `sending` for ever."""
        claim, slot.now = slot.now, None
        if claim is None:
            return
        reason = "a fault in the gateway itself; its log says more"
        self._judge(berth, claim, Unknown(reason) if slot.marked else Refused(Word.LATER, "fault", reason))

    def _judge(self, berth: Berth, claim: Claim, outcome: Outcome) -> None:
        verdict: Verdict | None = None
        now = self._clock.now()
        if isinstance(outcome, Unknown):
            verdict = retry.after_unknown(outcome, claim, self._settings, now)
            log.warning("%s: attempt %d is unknown: %s", berth.name, claim.outgoing.attempt_id, outcome.reason)
        elif isinstance(outcome, Refused):
            others = [name for name in self._lookout.able(claim.lane, self._berths) if name != berth.name]
            verdict = retry.after_refusal(outcome, claim, others, self._settings, now, self._chance)
            refused = f"refused ({outcome.word}, {outcome.code}): {outcome.reason}"
            log.info("%s: attempt %d was %s", berth.name, claim.outgoing.attempt_id, refused)
        if verdict is not None:
            self._stop_message(berth, claim)
            berth.closed_until = 0.0  # what did not go makes room under the limits of its SIM
        self._outcomes.write(berth, claim, outcome, verdict, now)

    def _stop_message(self, berth: Berth, claim: Claim) -> None:
        """The parts behind one that did not go out must not leave before it; recording the outcome releases their claims."""
        berth.stopped = claim.message_id
        if berth.owes == claim.message_id:
            berth.owes = None
        if berth.deck is not None and berth.deck.message_id == claim.message_id:
            berth.deck = None

    def _recorded(self, berth: Berth, verdict: Verdict | None, lane: str) -> None:
        """An outcome is committed."""
        self._enliven([lane])
        self._settled.set()
        self._wake.set()
        self._changed(verdict)


def _on_air_after(berth: Berth) -> tuple[int, float]:
    """Orders channels by when what is on their deck is on the air."""
    return len(berth.slots), berth.since or 0.0
