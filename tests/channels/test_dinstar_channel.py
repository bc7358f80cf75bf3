"""The ports of a box as channels: what they say of themselves, and that they share one box and nothing else."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from gateway.channels.contract import Channel
from gateway.dinstar import ports
from gateway.dinstar.wire import PortInfo
from gateway.errors import LinkLost, UssdFailed
from gateway.records import ChannelFacts, ChannelState, Refused, Word
from simulator.dinstar.plan import BoxPlan
from simulator.testing import running_bank
from tests.dinstar.stage import gateway, story, text

NOWHERE = "http://127.0.0.1:9"
INFO = PortInfo(0, "LTE", "867000000000001", "262010000000001", "8949001", "+491710760000", "", "REGISTER_OK", 31)
BEFORE = ChannelFacts("box1.0", ChannelState.STARTING)


@story
async def test_a_port_takes_texts_whole_and_two_at_a_time() -> None:
    async with gateway(NOWHERE, ports="0-1,5") as stage:
        assert list(stage.channels) == ["box1.0", "box1.1", "box1.5"]
        channel: Channel = stage.channels["box1.5"]
        assert (channel.name, channel.depth, channel.whole) == ("box1.5", 2, True)
        assert channel.facts.port == f"{NOWHERE}#5" and channel.facts.sim == "port:box1.5"


@story
async def test_a_port_that_is_not_served_takes_nothing_and_says_so() -> None:
    async with gateway(NOWHERE) as stage:
        outcome = await stage.send(text(1))
        assert isinstance(outcome, Refused) and (outcome.word, outcome.code) == (Word.ELSEWHERE, "channel:not-ready")
        assert stage.began == []
        with pytest.raises(UssdFailed) as fault:
            await stage.channels["box1.0"].ussd("*100#", 1.0)
        assert fault.value.why == "not-ready"


@story
async def test_a_box_that_is_not_there_is_lost_and_every_port_says_why() -> None:
    async with gateway(NOWHERE) as stage:
        await stage.until(lambda: all(stage.facts(n).state is ChannelState.LOST for n in (0, 1)))
        assert NOWHERE in stage.facts(0).reason


@story
async def test_the_box_lives_while_any_port_runs_and_not_longer() -> None:
    with running_bank(ports=0, boxes=[BoxPlan("box1", ports=2)]) as bank:
        async with gateway(bank.box("box1").url) as stage:
            await stage.ready(0, 1)
            assert stage.box.alive
            await stage.stop()
            assert not stage.box.alive
            one = asyncio.create_task(stage.channels["box1.0"].run())
            await stage.until(lambda: stage.channels["box1.0"].facts.state is ChannelState.READY)
            one.cancel()
            await asyncio.gather(one, return_exceptions=True)
            assert not stage.box.alive


@story
async def test_a_port_that_runs_while_its_box_dies_raises_link_lost() -> None:
    with running_bank(ports=0, boxes=[BoxPlan("box1", ports=1)]) as bank:
        box = bank.box("box1")
        async with gateway(box.url, ports="0") as stage:
            await stage.stop()
            running = asyncio.create_task(stage.channels["box1.0"].run())
            await stage.until(lambda: stage.channels["box1.0"].facts.state is ChannelState.READY)
            box.fault("dead")
            with pytest.raises(LinkLost):
                await running


@story
async def test_another_sim_in_a_port_shows_as_going_away_and_coming_back() -> None:
    with running_bank(ports=0, boxes=[BoxPlan("box1", ports=1, slots=2)]) as bank:
        box = bank.box("box1")
        async with gateway(box.url, ports="0") as stage:
            await stage.ready(0)
            before = stage.facts(0)
            port = stage.box.ports[0]
            assert port.info is not None
            port.told(replace(port.info, iccid="8949999", imsi="262019999999999"))
            await stage.until(lambda: any(facts.iccid == "8949999" and facts.state is ChannelState.READY for facts in stage.seen))
            states = [facts.state for facts in stage.seen if facts.iccid == "8949999"]
            assert states[0] is not ChannelState.READY and before.iccid != "8949999"


@pytest.mark.parametrize(
    ("reg", "state", "registration"),
    [
        ("REGISTER_OK", ChannelState.READY, "home"),
        ("UNREGISTER", ChannelState.UNREGISTERED, "none"),
        ("SEARCHING_NETWORK", ChannelState.UNREGISTERED, "searching"),
        ("POWER_OFF", ChannelState.UNREGISTERED, "none"),
        ("UNKNOWN", ChannelState.UNREGISTERED, "none"),
        ("NO_SIM", ChannelState.UNREGISTERED, "none"),
        ("", ChannelState.UNREGISTERED, "none"),
    ],
)
def test_each_word_of_the_box_is_a_state(reg: str, state: ChannelState, registration: str) -> None:
    facts = ports.facts(BEFORE, replace(INFO, reg=reg))
    assert (facts.state, facts.registration) == (state, registration)
    assert bool(facts.reason) == (state is not ChannelState.READY)


@pytest.mark.parametrize("reg", ["NO_SIM", "PIN_REQUIRE", "PUK_REQUIRE"])
def test_what_needs_a_person_says_what_to_do(reg: str) -> None:
    fault = ports.unfit(replace(INFO, reg=reg))
    assert fault is not None and fault.remedy


@pytest.mark.parametrize(("signal", "dbm"), [(0, -113), (23, -67), (31, -51), (99, None), (None, None), (-1, None)])
def test_signal_is_told_in_dbm(signal: int | None, dbm: int | None) -> None:
    assert ports.facts(BEFORE, replace(INFO, signal=signal)).signal_dbm == dbm


def test_a_configured_number_goes_before_the_one_the_box_shows() -> None:
    assert ports.facts(replace(BEFORE, number="+491"), replace(INFO, number="+492")).number == "+491"
    assert ports.facts(BEFORE, replace(INFO, number="+492")).number == "+492"
