"""What webhooks are told of a channel's standing: each change once, over restarts too. Writes nothing itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from gateway.clock import Clock
from gateway.core import events
from gateway.core.fitness.known import Known, at_limit
from gateway.core.fitness.saving import Unsaved
from gateway.records import ChannelFacts, ChannelState, EventType, Standing, Traffic
from gateway.store.standings import Told

# A pause, or a limit, that is over sooner is shown but not told: a SIM with a gap between texts would tell of nothing else.
_WORTH_TELLING_S = 60.0


class News:
    """Notes in `unsaved` what is to be told of what is `known`. Called under the lock of fitness; only `told_of_limit` may be asked
    without it."""

    def __init__(self, told: Mapping[str, Told], known: Known, unsaved: Unsaved, clock: Clock) -> None:
        self._told = dict(told)
        self._known = known
        self._unsaved = unsaved
        self._clock = clock

    def look_at_all(self) -> None:
        for channel in self._known.facts:
            self.look_at(channel)

    def look_at(self, channel: str) -> None:
        """Tell whether it takes texts, if that changed. A channel that never took one tells nothing."""
        facts = self._known.facts.get(channel)
        if facts is None:
            return
        before = self._of(channel)
        takes = takes_texts(facts, self._known.standing(channel, facts.sim), self._known.sim(facts.sim).seconds)
        if takes is None or takes is before.up or (before.up is None and not takes):
            return
        self._note(channel, replace(before, up=takes))
        if before.up is not None:
            self._tell(EventType.CHANNEL_UP if takes else EventType.CHANNEL_DOWN, channel)

    def blocked(self, channel: str) -> None:
        self._tell(EventType.CHANNEL_BLOCKED, channel)

    def told_of_limit(self, channel: str) -> bool:
        return self._of(channel).limited_until is not None

    def limited(self, channel: str, until: float | None) -> None:
        """A limit is reached until then (None: no longer)."""
        before, now = self._of(channel), self._clock.now()
        if until is None:
            if before.limited_until is not None:
                self._note(channel, replace(before, limited_until=None))
        elif before.limited_until is not None and before.limited_until > now:
            if abs(until - before.limited_until) > _WORTH_TELLING_S:
                self._note(channel, replace(before, limited_until=until))
        elif until - now > _WORTH_TELLING_S:
            self._note(channel, replace(before, limited_until=until))
            self._tell(EventType.CHANNEL_LIMIT, channel, at_limit(until))

    def _of(self, channel: str) -> Told:
        return self._told.get(channel, Told())

    def _note(self, channel: str, told: Told) -> None:
        self._told[channel] = self._unsaved.told[channel] = told
        self._unsaved.urgent = True

    def _tell(self, kind: EventType, channel: str, standing: Standing | None = None) -> None:
        """Of its present standing, if no other is given."""
        facts = self._known.facts.get(channel)
        if facts is not None:
            told = standing or self._known.shown(channel, facts.sim)
            self._unsaved.events.append(events.of_standing(kind, facts, told, self._clock.now()))
            self._unsaved.urgent = True


def takes_texts(facts: ChannelFacts, standing: Standing, rest_s: float) -> bool | None:
    """None while it is not certain: being opened, in a short rest, or tried again after a block with one text."""
    if facts.state is ChannelState.STARTING:
        return None
    if facts.state is not ChannelState.READY or standing.traffic in (Traffic.PAUSED, Traffic.BLOCKED):
        return False
    if standing.traffic is Traffic.RESTING:
        return False if rest_s > _WORTH_TELLING_S else None
    return None if standing.trial else True
