"""What webhooks are told of a channel's standing: each change once, over restarts too. Queues nothing itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from gateway.records import ChannelFacts, ChannelState, EventType, Standing, Traffic
from gateway.store.standings import Told

# A pause, or a limit, that is over sooner is shown but not told: a SIM with a gap between texts would tell of nothing else.
WORTH_TELLING_S = 60.0


class News:
    def __init__(self, told: Mapping[str, Told]) -> None:
        self._told = dict(told)
        self.changed: set[str] = set()  # channels whose telling is still to be written

    def told(self, channel: str) -> Told:
        return self._told.get(channel, Told())

    def standing(self, channel: str, takes: bool | None) -> EventType | None:
        """`takes` says whether it takes texts; None while that is not certain. A channel that never took one tells nothing."""
        before = self.told(channel)
        if takes is None or takes is before.up or (before.up is None and not takes):
            return None
        self._note(channel, replace(before, up=takes))
        if before.up is None:
            return None
        return EventType.CHANNEL_UP if takes else EventType.CHANNEL_DOWN

    def limit(self, channel: str, until: float | None, now: float) -> EventType | None:
        """A limit is reached until then (None: no longer)."""
        before = self.told(channel)
        if until is None:
            if before.limited_until is not None:
                self._note(channel, replace(before, limited_until=None))
            return None
        if before.limited_until is not None and before.limited_until > now:
            if abs(until - before.limited_until) > WORTH_TELLING_S:
                self._note(channel, replace(before, limited_until=until))
            return None
        if until - now <= WORTH_TELLING_S:
            return None
        self._note(channel, replace(before, limited_until=until))
        return EventType.CHANNEL_LIMIT

    def _note(self, channel: str, told: Told) -> None:
        self._told[channel] = told
        self.changed.add(channel)


def takes_texts(facts: ChannelFacts, standing: Standing, rest_s: float) -> bool | None:
    """None while it is not certain: being opened, in a short rest, or tried again after a block with one text."""
    if facts.state is ChannelState.STARTING:
        return None
    if facts.state is not ChannelState.READY or standing.traffic in (Traffic.PAUSED, Traffic.BLOCKED):
        return False
    if standing.traffic is Traffic.RESTING:
        return False if rest_s > WORTH_TELLING_S else None
    return None if standing.trial else True
