from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from gateway.channels.supervisor import Patience, Supervisor
from gateway.clock import SystemClock
from gateway.errors import LinkLost, ModemUnfit
from gateway.records import ChannelFacts, ChannelState, Outcome, OutgoingPart

AT_ONCE = Patience(first_s=0.0, lost_s=0.0, parked_s=0.0, quick_deaths=3)


class Scripted:
    """A channel whose lives end as told; the last one lives on."""

    def __init__(self, *deaths: Exception) -> None:
        self.name = "p0"
        self.deaths = list(deaths)
        self.lives = 0
        self.alive = asyncio.Event()
        self.facts = ChannelFacts("p0", ChannelState.STARTING)

    async def run(self) -> None:
        self.lives += 1
        await asyncio.sleep(0)
        if self.deaths:
            raise self.deaths.pop(0)
        self.facts = ChannelFacts("p0", ChannelState.READY)
        self.alive.set()
        await asyncio.Event().wait()

    async def send_part(self, part: OutgoingPart, begun: Callable[[], None]) -> Outcome:
        raise AssertionError("nothing is sent here")


def told_by(*deaths: Exception) -> list[ChannelFacts]:
    """What is told until the channel lives."""
    told: list[ChannelFacts] = []

    async def story() -> None:
        channel = Scripted(*deaths)
        supervisor = Supervisor(SystemClock(), told.append, AT_ONCE)
        supervisor.add(channel)
        running = asyncio.create_task(supervisor.run())
        await asyncio.wait_for(channel.alive.wait(), 30)
        supervisor.heard(channel.facts)
        assert supervisor.facts()[0].state is ChannelState.READY
        assert channel.lives == len(deaths) + 1
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(story())
    return told


def test_a_channel_that_dies_is_started_again_and_its_reason_told_once() -> None:
    told = told_by(LinkLost("unplugged"), LinkLost("unplugged"), LinkLost("unplugged"))
    assert [(facts.state, facts.reason) for facts in told] == [(ChannelState.LOST, "unplugged"), (ChannelState.READY, "")]


def test_a_channel_that_needs_a_person_is_parked_with_the_remedy() -> None:
    told = told_by(ModemUnfit("SIM wants its PIN", "give pin_file"))
    assert (told[0].state, told[0].reason) == (ChannelState.PARKED, "SIM wants its PIN (give pin_file)")


def test_repeated_faults_of_ours_park_the_channel(caplog: pytest.LogCaptureFixture) -> None:
    told = told_by(*(ValueError("ours") for _ in range(5)))
    assert [facts.state for facts in told] == [ChannelState.LOST, ChannelState.PARKED, ChannelState.READY]
    assert "a fault of ours" in caplog.text


def test_a_parked_channel_is_tried_at_once_when_a_person_says_so_or_it_is_plugged_in_again() -> None:
    class Rousable(Scripted):
        def __init__(self, *deaths: Exception) -> None:
            super().__init__(*deaths)
            self.seen_to = asyncio.Event()

        async def roused(self) -> None:
            await self.seen_to.wait()

        def unpark(self) -> None:
            self.seen_to.set()

    async def story() -> None:
        channel = Rousable(ModemUnfit("there is no SIM", "put one in"))
        parked = asyncio.Event()
        supervisor = Supervisor(SystemClock(), lambda _: parked.set(), Patience(parked_s=3600.0))
        supervisor.add(channel)
        running = asyncio.create_task(supervisor.run())
        await asyncio.wait_for(parked.wait(), 30)
        assert channel.lives == 1
        supervisor.unpark("p0")
        await asyncio.wait_for(channel.alive.wait(), 30)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(story())


def test_a_gateway_without_channels_stays_up() -> None:
    async def story() -> None:
        running = asyncio.create_task(Supervisor(SystemClock(), lambda facts: None).run())
        done, _ = await asyncio.wait([running], timeout=0.05)
        assert not done
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(story())
