"""Who would have the next text of a pool, in the order of its strategy, and why not each other channel; and how one channel stands.

For people who ask. It looks at what the dispatch goes by: turns, standings, limits, conversations. It does not know how long a
channel has been busy with a text, and neither claims nor changes anything.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from gateway.channels import rotation
from gateway.channels.rotation import Candidate, Choice, Lane
from gateway.clock import Clock
from gateway.core.allowed import words_against
from gateway.core.fitness import Fitness
from gateway.core.limits.view import Explanation, LimitsView, Refusal, Route
from gateway.core.pools import Pools
from gateway.records import ChannelFacts, ChannelState, Traffic
from gateway.settings import NumbersSettings
from gateway.store import Store, conversations
from gateway.store.limits import used_today

Facts = Callable[[], Sequence[ChannelFacts]]


@dataclass(frozen=True, slots=True)
class Stand:
    """How a channel stands. `until` is when that ends by itself; None for one that may send, or until somebody does something."""

    channel: str
    may: bool
    standing: str
    reason: str
    until: float | None = None
    refusals: tuple[Refusal, ...] = ()  # of the limits of its SIM


@dataclass(frozen=True, slots=True)
class PoolOutlook:
    """`channels` in the order in which they would be taken, those that may not at the end. `until` as in `Stand`."""

    next: str | None
    until: float | None
    refusal: str | None  # for this recipient, by the configuration or the pool
    refusals: tuple[Refusal, ...]  # of the limits of the pool and the client
    channels: tuple[Stand, ...]


class Outlook:
    """May be asked from any thread."""

    def __init__(
        self,
        store: Store,
        numbers: NumbersSettings,
        clock: Clock,
        pools: Pools,
        facts: Facts,
        fitness: Fitness,
        limits: LimitsView,
        taken: Callable[[str], Mapping[str, float]],
    ) -> None:
        self._store = store
        self._numbers = numbers
        self._clock = clock
        self._pools = pools
        self._facts = facts
        self._fitness = fitness
        self._limits = limits
        self._taken = taken  # turns that each channel took in a lane

    def of_channel(self, facts: ChannelFacts, to: str, parts: int) -> Stand:
        """`to` is the recipient, empty for somebody new."""
        return self._stand(facts, self._limits.explain(Route((facts.name,)), [facts], to, parts))

    def of_pool(self, name: str, to: str, written: str, parts: int, key: str = "") -> PoolOutlook:
        """`to` as it is kept, and as it was written. Raises NotFound for a pool or key that there is not."""
        pool = self._pools.get(name)
        facts = {one.name: one for one in self._facts() if one.name in pool.members}
        limits = self._limits.explain(Route(pool.members, name, key), list(facts.values()), to, parts)
        stands = {one: self._stand(facts[one], limits) for one in pool.members if one in facts}
        lane_name, sticky = self._pools.lane_of(name, to)
        lane = self._pools.lanes()[lane_name]
        order = self._order(lane, stands, facts, self._own_channel(sticky, to))
        closed = words_against(to, written, self._numbers, pool) if to else None
        shared = tuple(one for one in limits.refusals if not one.channel)
        able = [stand for stand in order if stand.may]
        may = bool(able) and closed is None and not shared
        return PoolOutlook(able[0].channel if may else None, None if may else _until(order, shared), closed, shared, tuple(order))

    def _stand(self, facts: ChannelFacts, limits: Explanation) -> Stand:
        """Without the limits: what the dispatch knows of them is what it met last, and these are as they are now."""
        if facts.state is not ChannelState.READY:
            return Stand(facts.name, False, facts.state.value, facts.reason or "it is not ready")
        standing = self._fitness.standing(facts.name, facts.sim)
        refusals = tuple(one for one in limits.refusals if one.channel == facts.name)
        if standing.traffic not in (Traffic.OPEN, Traffic.LIMITED):
            reason = self._fitness.shown(facts.name, facts.sim).reason
            return Stand(facts.name, False, standing.traffic.value, reason, standing.until, refusals)
        if refusals:
            reason = "; ".join(f"limit {one.limit.id}: {one.reason}" for one in refusals)
            return Stand(facts.name, False, Traffic.LIMITED.value, reason, _latest(refusals), refusals)
        return Stand(facts.name, True, Traffic.OPEN.value, "it may take texts")

    def _own_channel(self, sticky: str, to: str) -> str:
        return self._store.read(lambda db: conversations.channel_of(db, sticky, to)) if sticky and to else ""

    def _order(self, lane: Lane, stands: Mapping[str, Stand], facts: Mapping[str, ChannelFacts], own: str) -> list[Stand]:
        sims = {name: one.sim for name, one in facts.items()}
        used = self._store.read(lambda db: used_today(db, list(sims.values()), self._clock.now()))
        known = {one: Candidate(stand.may, used=used[sims[one]]) for one, stand in stands.items()}
        candidates = {one: known.get(one, Candidate(False)) for one in lane.channels}
        taken = self._taken(lane.name)
        choices = rotation.choose(lane, candidates, taken)
        if own in stands and stands[own].may:
            choices = [Choice(own, "sticky: the number of this conversation"), *(one for one in choices if one.channel != own)]
        first = {choice.channel: choice.why for choice in choices}
        found = [replace(stands[name], reason=why) for name, why in first.items()]
        rest = [stands[name] for name in lane.channels if name in stands and name not in first]
        found += [replace(one, reason=_later(lane, one.channel, candidates, taken)) for one in rest if one.may]
        return found + [one for one in rest if not one.may]


def _later(lane: Lane, channel: str, candidates: Mapping[str, Candidate], taken: Mapping[str, float]) -> str:
    """Why a channel that may send is not asked yet."""
    place = next(number for number, tier in enumerate(lane.tiers) if channel in tier)
    now, _ = rotation.tier_now(lane, candidates)
    if place != now:
        return f"choice {place + 1} of {len(lane.tiers)}: taken when those before it cannot send"
    return f"turn {math.floor(taken.get(channel, 0.0) + 1e-6) + 1}: others have their turn first"


def _latest(refusals: Sequence[Refusal]) -> float | None:
    """When the last of them ends; None if one never does."""
    ends = [one.until for one in refusals]
    return None if None in ends else max((end for end in ends if end is not None), default=None)


def _until(stands: Sequence[Stand], shared: Sequence[Refusal]) -> float | None:
    """When the first of them may send, and the pool and the client may too; None if nobody knows."""
    ends = [0.0 if one.may else one.until for one in stands]
    soonest = min((end for end in ends if end is not None), default=None)
    common = _latest(shared) if shared else 0.0
    return None if soonest is None or common is None else max(soonest, common) or None
