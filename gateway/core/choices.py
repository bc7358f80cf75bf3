"""Says which channels could take a text now, and why the others could not: for people who ask about a route. Chooses nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from gateway.core.fitness import Fitness
from gateway.core.pools import Pools
from gateway.records import ChannelFacts, ChannelState, Traffic
from gateway.store import lanes

Facts = Callable[[], Sequence[ChannelFacts]]


class Choices:
    """May be asked from any thread."""

    def __init__(self, pools: Pools, facts: Facts, fitness: Fitness) -> None:
        self._pools = pools
        self._facts = facts
        self._fitness = fitness

    def of(self, pool: str | None, to: str) -> Sequence[Mapping[str, str]]:
        """The channels of a pool (None: all of them) for this recipient, in the order of the strategy's choices."""
        name = lanes.ANY if pool is None else self._pools.lane_of(pool, to)[0]
        lane = self._pools.lanes()[name]
        facts = {one.name: one for one in self._facts()}
        found = []
        for number, tier in enumerate(lane.tiers, 1):
            choice = f"choice {number} of {len(lane.tiers)}" if len(lane.tiers) > 1 else ""
            found += [{"channel": one, **self._standing(facts[one], choice)} for one in tier]
        return found

    def _standing(self, facts: ChannelFacts, choice: str) -> dict[str, str]:
        if facts.state is not ChannelState.READY:
            return {"standing": facts.state.value, "reason": facts.reason or "it is not ready"}
        shown = self._fitness.shown(facts.name, facts.sim)
        if shown.traffic is Traffic.OPEN:
            return {"standing": shown.traffic.value, "reason": choice or "it may take texts"}
        return {"standing": shown.traffic.value, "reason": shown.reason}
