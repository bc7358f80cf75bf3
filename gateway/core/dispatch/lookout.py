"""Sees which channels may take texts of which lanes now, and keeps count of turns. Claims nothing and writes nothing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

from gateway.channels import rotation
from gateway.channels.rotation import Candidate, Choice, Lane, Order
from gateway.clock import Clock
from gateway.core.dispatch.berth import PATIENCE_S, Berth
from gateway.records import ChannelState, Standing, Traffic
from gateway.store import lanes as names
from gateway.store.claims import Claim, Offer, Want

# So long after the start, turns are kept for channels that are still being opened.
_START_S = 30.0
_ANY_PRIORITY = 10

Berths = Mapping[str, Berth]
Skipped = Collection[tuple[str, str]]  # (channel, lane)


class Standings(Protocol):
    def standing(self, channel: str, sim: str) -> Standing: ...


class Sight(NamedTuple):
    """What is known of all channels at one moment."""

    candidates: dict[str, Candidate]
    draining: frozenset[str]  # they may take what is bound to them, and nothing else
    able: frozenset[str]  # they may take texts of pools
    tried: frozenset[str]  # after a block: one text alone
    quick: frozenset[str]  # able, and what waits for them is here and not in a box


class Lookout:
    """`gapped` tells whether a channel must not be given texts early, since a gap must lie between them."""

    def __init__(
        self,
        lanes: Callable[[], Mapping[str, Lane]],
        standings: Standings,
        gapped: Callable[[str], bool],
        clock: Clock,
        turns: Mapping[tuple[str, str], float],
    ) -> None:
        self._lanes = lanes
        self._standings = standings
        self._gapped = gapped
        self._clock = clock
        self._turns: dict[str, dict[str, float]] = {}
        for (lane, channel), turn in turns.items():
            self._turns.setdefault(lane, {})[channel] = turn
        self._present: dict[str, frozenset[str]] = {}  # who took part in the newest round of each lane
        self._put_off: dict[str, dict[str, float]] = {}  # by lane: channels that take others' texts since then (monotonic)
        self._born = clock.monotonic()
        self.used: dict[str, int] = {}  # texts of each SIM today

    def turns(self, lane: str) -> dict[str, float]:
        """How many turns each channel took in this lane. For people who ask, from any thread."""
        return dict(self._turns.get(lane, {}))

    def look(self, berths: Berths) -> Sight:
        now, wall = self._clock.monotonic(), self._clock.now()
        starting = now - self._born < _START_S
        candidates: dict[str, Candidate] = {}
        draining, able, tried = [], [], []
        for name, berth in berths.items():
            facts = berth.channel.facts
            if facts.state is not ChannelState.READY:
                candidates[name] = Candidate(False, False, starting and facts.state is ChannelState.STARTING)
                continue
            sim = facts.sim
            standing = self._standings.standing(name, sim)
            traffic = standing.traffic
            if standing.trial:
                tried.append(name)
            fit = (traffic is Traffic.OPEN or traffic is Traffic.LIMITED) and berth.closed_until <= wall
            candidates[name] = Candidate(fit, berth.slow(now), False, self.used.get(sim, 0))
            if fit:
                able.append(name)
            elif traffic is Traffic.DRAINING and berth.closed_until <= wall:
                draining.append(name)
        quick = (name for name in able if berths[name].channel.depth == 1)
        return Sight(candidates, frozenset(draining), frozenset(able), frozenset(tried), frozenset(quick))

    def able(self, lane: str, berths: Berths) -> list[str]:
        """The channels of a lane that could send now."""
        found = self._lanes().get(lane)
        able = self.look(berths).able
        return [] if found is None else [name for name in found.channels if name in able]

    def wants(
        self, berths: Berths, lively: Iterable[str], wanted: Collection[str], spurned: Collection[str], skipped: Skipped
    ) -> list[Want]:
        """Each with how long a text would wait there: nothing is bound early while a channel is free.

        `lively` are the lanes in which texts wait, `wanted` the channels that texts wait for, `spurned` the lanes in which texts
        wait that were refused by a channel, `skipped` what was looked into.
        """
        if all(berth.deck is not None for berth in berths.values()):
            return []
        sight, now = self.look(berths), self._clock.monotonic()
        open_ = {name: one for name, one in berths.items() if one.deck is None and self._has_room(one, sight, now)}
        return self._wants(open_, sight, lively, wanted, spurned, skipped) if open_ else []

    def wants_instead(self, berths: Berths, emptied: Sequence[str]) -> list[Want]:
        """What these channels would take if nothing lay on their decks; in this order."""
        wants = self._wants({name: berths[name] for name in emptied}, self.look(berths), self._lanes(), (), (), ())
        return sorted(wants, key=lambda want: emptied.index(want.channel))

    def _wants(
        self,
        open_: Berths,
        sight: Sight,
        lively: Iterable[str],
        wanted: Collection[str],
        spurned: Collection[str],
        skipped: Skipped,
    ) -> list[Want]:
        served = self._lanes()
        offers: dict[str, list[Offer]] = {name: [] for name in open_}
        for name in lively:
            if name in served:
                for offer, channel in self._offers(served[name], sight, open_, wanted, name in spurned):
                    if (channel, name) not in skipped:
                        offers[channel].append(offer)
        return [
            Want(name, berth.sim, tuple(offers[name]), berth.channel.facts.number, berth.owes, berth.channel.whole, _busy(berth))
            for name, berth in open_.items()
            if offers[name] or berth.owes is not None
        ]

    def _has_room(self, berth: Berth, sight: Sight, now: float) -> bool:
        if berth.name not in sight.able and berth.name not in sight.draining:
            return False
        if berth.sends and berth.name in sight.tried:
            return False
        if berth.full:
            return not berth.slow(now) and (berth.owes is not None or not self._gapped(berth.name))
        return not (berth.sends and self._gapped(berth.name))

    def _offers(
        self, lane: Lane, sight: Sight, open_: Berths, wanted: Collection[str], spurned: bool
    ) -> Iterable[tuple[Offer, str]]:
        """What one lane has for the open channels."""
        own = lane.own
        if own and own not in open_:
            return
        turns, pool = self._turns_of(lane, sight), names.pool_of(lane.name)
        free = self._choices(lane, sight, turns, open_)
        able = sight.able.intersection(lane.channels)
        holders = frozenset(lane.channels if names.groups_of(lane.name) else ())
        quick = not sight.quick.isdisjoint(rotation.tier_now(lane, sight.candidates)[1])
        for place, choice in enumerate(free):
            channel = choice.channel
            turn, step = turns.get(channel, 0.0), lane.step(channel)
            behind = quick and open_[channel].sends and open_[channel].channel.depth > 1
            most = 0 if behind else _ANY_PRIORITY
            yield Offer(lane.name, True, choice.why, pool, turn, step, able, most, place=place, holders=holders), channel
        chosen = {choice.channel for choice in free}
        for choice, above in rotation.below(lane, sight.candidates, open_) if spurned else ():
            turn, step = turns.get(choice.channel, 0.0), lane.step(choice.channel)
            chosen.add(choice.channel)
            offer = Offer(lane.name, True, choice.why, pool, turn, step, able, after=above, place=len(open_), holders=holders)
            yield offer, choice.channel
        for channel in () if own else wanted:
            # It may have left the pool meanwhile, or its SIM came from there: what it has begun it ends.
            if channel in open_ and channel not in chosen:
                turn, step = turns.get(channel, 0.0), lane.step(channel)
                yield Offer(lane.name, False, "", pool, turn, step, able, place=len(open_)), channel

    def choices(self, lane: str, berths: Berths) -> Sequence[Choice]:
        """The channels that may take the next text of a lane, best first."""
        found, sight = self._lanes().get(lane), self.look(berths)
        return [] if found is None else self._choices(found, sight, self._turns_of(found, sight), None)

    def _choices(self, lane: Lane, sight: Sight, turns: rotation.Turns, among: Collection[str] | None) -> list[Choice]:
        if lane.own in sight.draining:
            return [Choice(lane.own, lane.because)]
        return rotation.choose(lane, self._candidates(lane, sight), turns, among)

    def _candidates(self, lane: Lane, sight: Sight) -> Mapping[str, Candidate]:
        """As this lane sees them: a channel that has long taken the texts of others instead is not waited for."""
        put_off = self._put_off.get(lane.name)
        if not put_off:
            return sight.candidates
        before = self._clock.monotonic() - PATIENCE_S
        slow = {name: sight.candidates[name]._replace(slow=True) for name, since in put_off.items() if since < before}
        return {**sight.candidates, **slow}

    def _turns_of(self, lane: Lane, sight: Sight) -> dict[str, float]:
        """The turns of a lane. Who comes back takes its place in the present round, not in the one it left."""
        turns = self._turns.setdefault(lane.name, {})
        if lane.strategy.order not in (Order.ROTATE, Order.WEIGHTED):
            return turns
        candidates = self._candidates(lane, sight)
        present = frozenset(name for name in lane.channels if candidates[name].counts)
        before = self._present.get(lane.name, frozenset())
        if present != before:
            for tier in lane.tiers:
                if back := present.intersection(tier) - before:
                    turns.update(rotation.rejoin(turns, present.intersection(tier) & before, back))
            self._present[lane.name] = present
        return turns

    def took(self, claim: Claim) -> None:
        """A text was claimed."""
        self._count(claim, 1)
        if not claim.follows and claim.lane in self._put_off:
            self._put_off[claim.lane].pop(claim.channel, None)

    def gave_back(self, claim: Claim) -> None:
        self._count(claim, -1)

    def _count(self, claim: Claim, sign: int) -> None:
        turns = self._turns.setdefault(claim.lane, {})
        turns[claim.channel] = turns.get(claim.channel, 0.0) + sign * claim.step
        if claim.first and not claim.follows:
            self.used[claim.sim] = self.used.get(claim.sim, 0) + sign

    def put_off(self, wants: Iterable[Want], claims: Iterable[Claim], empty: Collection[str]) -> None:
        """Who took the text of one lane let the others wait in which it was its turn as well."""
        now, offered = self._clock.monotonic(), {want.channel: want.offers for want in wants}
        for lane in empty:
            self._put_off.pop(lane, None)
        for claim in claims:
            for offer in offered[claim.channel]:
                if offer.free and offer.lane not in empty and (offer.lane != claim.lane or claim.follows):
                    self._put_off.setdefault(offer.lane, {}).setdefault(claim.channel, now)

    def passed(self, channel: str, lane: str) -> None:
        """None of the texts that wait in this lane is for this channel: the others need not wait for it in this round."""
        found = self._lanes().get(lane)
        if found is None:
            return
        others = self._present.get(lane, frozenset()).intersection(found.tier_of(channel)) - {channel}
        if not others:
            return
        turns = self._turns.setdefault(lane, {})
        turns[channel] = max(turns.get(channel, 0.0), min(turns.get(name, 0.0) for name in others) + found.step(channel))


def _busy(berth: Berth) -> int:
    """How long a text would wait there: not at all, in a box behind another, or on deck."""
    return 0 if not berth.sends else 1 if not berth.full else 2
