"""What is known of each channel and its SIM, and how it stands by that. From memory alone; writes nothing, tells nobody.

Pauses belong to the channel; rests, blocks and pictures follow the SIM.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from gateway.clock import Clock, isoformat
from gateway.core.fitness import sim as sims
from gateway.core.fitness.pauses import Pauses, words
from gateway.core.fitness.sim import FRESH, SimFit
from gateway.records import ChannelFacts, Standing, Traffic
from gateway.store.standings import SimRow


class Known:
    """Read from any thread, thousands of times a second; changed under the lock of fitness alone."""

    def __init__(self, rows: Iterable[SimRow], pauses: Pauses, clock: Clock) -> None:
        self._pauses = pauses
        self._clock = clock
        self.sims = {row.sim: sims.restored(row, clock) for row in rows}
        self.facts: dict[str, ChannelFacts] = {}
        self.limited: dict[str, float] = {}  # channels whose SIM has reached a limit: until when (wall time)

    def sim(self, sim: str) -> SimFit:
        return self.sims.get(sim, FRESH)

    def sim_in(self, channel: str) -> str:
        facts = self.facts.get(channel)
        return facts.sim if facts else f"port:{channel}"

    def limit(self, channel: str, until: float | None) -> None:
        if until is None:
            self.limited.pop(channel, None)
        else:
            self.limited[channel] = until

    def standing(self, channel: str, sim: str) -> Standing:
        """Limits are not in it: the dispatch knows them first."""
        pause = self._pauses.over(channel)
        if pause is not None:
            return Standing(pause.traffic, words(pause))
        one = self.sims.get(sim)
        return sims.OPEN if one is None else one.standing(self._clock)

    def shown(self, channel: str, sim: str) -> Standing:
        """The standing with its limits, in words for a person."""
        found = self.standing(channel, sim)
        if found.traffic is Traffic.BLOCKED and found.until is not None:
            return replace(found, reason=f"{found.reason}; tried with one text at {isoformat(found.until)}, or when it is resumed")
        until = self.limited.get(channel)
        if found.traffic is Traffic.OPEN and until is not None and until > self._clock.now():
            return at_limit(until)
        return found

    def ends_between(self, since: float, now: float) -> bool:
        """Was a rest or block over in this time (monotonic)?"""
        return any(since < one.until <= now for one in self.sims.values())

    def next_end(self, now: float) -> float | None:
        """When the next rest or block after now is over (monotonic)."""
        return min((one.until for one in self.sims.values() if one.until > now), default=None)


def at_limit(until: float | None) -> Standing:
    return Standing(Traffic.LIMITED, "a limit of its SIM is reached", until)
