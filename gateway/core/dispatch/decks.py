"""What waits on the decks of busy channels, and who takes it instead: free channels, urgent texts, the queue. Sends nothing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Protocol

from gateway.clock import Clock
from gateway.core.dispatch.berth import Berth
from gateway.core.dispatch.lookout import Lookout
from gateway.core.fairness import Fairness
from gateway.store import Database, Store, air, claiming, limits, line
from gateway.store.claims import Claim, Round


class Limits(Protocol):
    @property
    def book(self) -> limits.Book: ...


class Decks:
    """`enliven` is told the lanes to which texts are given back."""

    def __init__(
        self,
        berths: Mapping[str, Berth],
        lookout: Lookout,
        store: Store,
        fairness: Fairness,
        limits: Limits,
        clock: Clock,
        enliven: Callable[[Iterable[str]], None],
    ) -> None:
        self._berths = berths
        self._lookout = lookout
        self._store = store
        self._fairness = fairness
        self._limits = limits
        self._clock = clock
        self._enliven = enliven

    def hand_over(self, claim: Claim) -> None:
        berth = self._berths[claim.channel]
        if claim.follows and berth.stopped == claim.message_id:
            return  # the part before it did not go out; recording that released this claim
        berth.deck = claim
        berth.owes = claim.message_id if claim.more_parts else None
        if not berth.full:
            berth.go.set()

    async def overtake(self, priority: int, lanes: Collection[str]) -> None:
        """Every channel is busy, and something came in in these lanes that is more urgent than what waits on their decks.

        It takes the place of what would be on the air next; a box is given texts long before it sends them.
        """
        while not self._somebody_idle(lanes):
            berth = self._next_on_air(priority, lanes)
            if berth is None or not await self.clear(berth, only_for_better=True):
                break

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

    async def hasten(self, urgent: int) -> None:
        """Something urgent was claimed for a channel that has just begun another text: it changes places with what goes next."""
        decks = [berth.deck.priority for berth in self._berths.values() if berth.deck is not None]
        if min(decks, default=urgent) >= urgent:
            return
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

    async def share(self, served: set[str]) -> None:
        """The queue is empty, or nobody can take from it: free channels take what waits on the decks of busy or ailing ones."""
        waiting = [berth for berth in self._berths.values() if berth.deck is not None and berth.full]
        sight = self._lookout.look(self._berths) if waiting else None
        for berth in waiting:
            if sight is None or berth.deck is None or berth.deck.follows:
                continue
            taker = self._taker(berth, berth.deck, served)
            if taker is not None or berth.name not in sight.able | sight.draining:
                await self.clear(berth, taker)

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

    async def clear(self, berth: Berth, taker: Berth | None = None, *, only_for_better: bool = False) -> bool:
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
            if above is not None and not line.better_waits(db, lanes, above):
                return None
            for _, claim, _ in laid:
                air.release(db, claim, book, now)
            return claiming.claim(db, wants, self._fairness, book, now)

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
            self.hand_over(claim)
        return round_ is not None


def _on_air_after(berth: Berth) -> tuple[int, float]:
    """Orders channels by when what is on their deck is on the air."""
    return len(berth.slots), berth.since or 0.0
