"""Ports that come, go and change their names: served soon, let go at once, and a parked one noticed when it is plugged in."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.channels.supervisor import Supervisor
from gateway.clock import SystemClock
from gateway.modem.presence import plugged_in, token
from gateway.records import ChannelFacts, ChannelState
from simulator.testing import RunningBank, running_bank
from tests.modem.peer import Peer, info
from tests.modem.stage import QUICK, Stage, story
from tests.modem.stage import on_stage as _on_stage

pytestmark = pytest.mark.slow

# A parked channel is tried again after a minute: what serves sooner was noticed. The stopwatch is in the benchmark.
SOON = 20.0


class Watched:
    """A supervised modem and what is told of it."""

    def __init__(self, stage: Stage) -> None:
        self.modem = stage.modem
        self.facts: ChannelFacts | None = None
        self._changed = asyncio.Event()
        self.supervisor = Supervisor(SystemClock(), self.hear)
        self.supervisor.add(stage.modem)
        stage.listener = self.supervisor.heard

    def hear(self, facts: ChannelFacts) -> None:
        self.facts = facts
        self._changed.set()

    async def becomes(self, state: ChannelState, within: float = SOON) -> None:
        async with asyncio.timeout(within):
            while self.supervisor.facts()[0].state is not state:
                self._changed.clear()
                await self._changed.wait()


@contextlib.asynccontextmanager
async def supervised(port: str) -> AsyncIterator[Watched]:
    async with _on_stage(port, QUICK, supervised=True) as stage:
        watched = Watched(stage)
        running = asyncio.create_task(watched.supervisor.run())
        try:
            yield watched
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


@story
async def test_a_port_that_appears_is_served_soon(tmp_path):
    name = tmp_path / "p0"
    async with supervised(str(name)) as watched:
        await watched.becomes(ChannelState.LOST)
        name.symlink_to(Peer().device)
        await watched.becomes(ChannelState.READY)


@story
async def test_a_modem_that_comes_back_under_another_number_is_served_soon(tmp_path):
    """The stable name is a link; ttyUSB1 has become ttyUSB2."""
    name = tmp_path / "p0"
    first, second = Peer(), Peer()
    name.symlink_to(first.device)
    async with supervised(str(name)) as watched:
        await watched.becomes(ChannelState.READY)
        name.unlink()
        name.symlink_to(second.device)
        first.unplug()
        await watched.becomes(ChannelState.LOST)
        await watched.becomes(ChannelState.READY)
        assert second.count("AT+CMGF=0") == 1


@story
async def test_a_parked_modem_is_served_soon_after_it_was_plugged_in_again(tmp_path):
    """Pulled out, given a SIM, put back: nobody waits for the next try of a parked channel."""
    name = tmp_path / "p0"
    without_sim, with_sim = Peer({"AT+CPIN?": b"\r\n+CME ERROR: 10\r\n"}), Peer()
    name.symlink_to(without_sim.device)
    async with supervised(str(name)) as watched:
        await watched.becomes(ChannelState.PARKED)
        name.unlink()
        name.symlink_to(with_sim.device)
        await watched.becomes(ChannelState.READY)


@story
async def test_a_person_need_not_wait_for_the_next_try(tmp_path):
    sim = []
    peer = Peer()
    peer.script["AT+CPIN?"] = lambda _: info("+CPIN: READY") if sim else b"\r\n+CME ERROR: 10\r\n"
    async with supervised(peer.device) as watched:
        await watched.becomes(ChannelState.PARKED)
        sim.append(1)
        watched.supervisor.unpark("p0")
        await watched.becomes(ChannelState.READY)


@story
async def test_a_port_is_known_again_only_by_being_the_same(tmp_path):
    name = tmp_path / "p0"
    assert token(str(name)) is None and token("socket://127.0.0.1:4001") is None
    name.touch()
    there = token(str(name))
    assert there == token(str(name))
    coming = asyncio.create_task(plugged_in(str(name), there, 0.01))
    name.unlink()
    await asyncio.sleep(0)
    assert not coming.done()
    (tmp_path / "other").touch()
    name.symlink_to(tmp_path / "other")
    async with asyncio.timeout(30):
        await coming


@pytest.mark.parametrize("family", ["generic", "huawei_e173", "quectel_ec25"])
def test_a_simulated_modem_that_is_unplugged_and_plugged_in_is_served_soon(family):
    @story
    async def told(bank: RunningBank) -> None:
        async with supervised(bank.device("p0")) as watched:
            await watched.becomes(ChannelState.READY)
            await asyncio.to_thread(bank.unplug, "p0")
            await watched.becomes(ChannelState.LOST)
            await asyncio.to_thread(bank.plug, "p0")
            await watched.becomes(ChannelState.READY)

    with running_bank(ports=1, family=family) as bank:
        assert Path(bank.device("p0")).is_symlink()
        told(bank)
