"""Keeps each channel alive in a task of its own: restarted with back-off, parked with a reason when a person is needed.

A fault in one channel is that channel's problem. The supervisor sends nothing and reads nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace

from gateway.channels.contract import Channel
from gateway.clock import Clock
from gateway.errors import LinkLost, ModemSilent, ModemUnfit
from gateway.records import ChannelFacts, ChannelState

log = logging.getLogger("simrack.channels")


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds between two lives of a channel."""

    first_s: float = 0.5
    lost_s: float = 2.0  # the longest pause while a port is away: replugged, it is back in use within 5 s
    parked_s: float = 60.0  # a parked channel is tried now and then: the person may have come
    settled_s: float = 30.0  # a life this long makes the next death the first again
    quick_deaths: int = 10  # so many faults of ours in a row park the channel


class Supervisor:
    """`changed(facts)` hears of every change of state; facts of a dead channel carry the reason of its death."""

    def __init__(self, clock: Clock, changed: Callable[[ChannelFacts], None], patience: Patience | None = None) -> None:
        self._channels: dict[str, Channel] = {}
        self._clock = clock
        self._changed = changed
        self._patience = patience or Patience()
        self._down: dict[str, tuple[ChannelState, str]] = {}

    def add(self, channel: Channel) -> None:
        """Before `run`."""
        self._channels[channel.name] = channel

    def heard(self, facts: ChannelFacts) -> None:
        """A channel tells new facts of itself. One that is down stays down until it serves, however often it starts."""
        if facts.name in self._down:
            if facts.state in (ChannelState.STARTING, ChannelState.LOST):
                return
            del self._down[facts.name]
        self._changed(facts)

    def facts(self) -> list[ChannelFacts]:
        """Of all channels, in the order of the configuration. May be called from any thread."""
        return [self._facts_of(channel) for channel in self._channels.values()]

    def unpark(self, name: str) -> None:
        """On the loop: a person has seen to this channel."""
        self._channels[name].unpark()

    async def run(self) -> None:
        """Until cancelled, be there channels or not."""
        async with asyncio.TaskGroup() as group:
            for channel in self._channels.values():
                group.create_task(self._keep_alive(channel), name=f"channel:{channel.name}")
            await asyncio.Event().wait()

    def _facts_of(self, channel: Channel) -> ChannelFacts:
        down = self._down.get(channel.name)
        facts = channel.facts
        return facts if down is None else replace(facts, state=down[0], reason=down[1])

    async def _keep_alive(self, channel: Channel) -> None:
        deaths = 0
        while True:
            born = self._clock.monotonic()
            try:
                await channel.run()
                pause = self._died(channel, ChannelState.LOST, "the channel ended by itself", deaths)
            except ModemUnfit as fault:
                pause = self._died(channel, ChannelState.PARKED, str(fault), deaths)
            except (LinkLost, ModemSilent) as fault:
                pause = self._died(channel, ChannelState.LOST, str(fault), deaths)
            except Exception as fault:  # the one broad net of this loop: a fault of ours in one channel stays in it
                log.exception("%s: a fault of ours", channel.name)
                parked = deaths >= self._patience.quick_deaths
                pause = self._died(channel, ChannelState.PARKED if parked else ChannelState.LOST, f"fault: {fault!r}", deaths)
            deaths = 0 if self._clock.monotonic() - born > self._patience.settled_s else deaths + 1
            await self._rest(channel, pause)

    async def _rest(self, channel: Channel, pause: float) -> None:
        """A parked channel is tried early when somebody plugs it in again, or says that it has been seen to."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(pause):
                if pause > self._patience.lost_s:
                    await channel.roused()
                else:
                    await asyncio.sleep(pause)

    def _died(self, channel: Channel, state: ChannelState, reason: str, deaths: int) -> float:
        """Note and tell why a channel is down. Returns the pause before its next life."""
        before = self._facts_of(channel)
        self._down[channel.name] = (state, reason)
        if (before.state, before.reason) != (state, reason):
            log.warning("%s is %s: %s", channel.name, state, reason)
            self._changed(self._facts_of(channel))
        if state is ChannelState.PARKED:
            return self._patience.parked_s
        return min(self._patience.first_s * 2.0 ** min(deaths, 16), self._patience.lost_s)
