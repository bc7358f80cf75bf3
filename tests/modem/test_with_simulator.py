"""The driver against the simulator: every family serves, and every fault ends in an honest outcome."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace

import pytest

from gateway.modem.timing import Timing
from gateway.records import ChannelState, Refused, Sent, Unknown
from simulator.testing import RunningBank, running_bank
from tests.modem.stage import QUICK, Stage, on_stage, story

pytestmark = pytest.mark.slow

FAMILIES = [
    "generic", "sim800", "sim900", "sim7600", "a7670", "wavecom", "mc35i", "mc75i", "quectel_ec25", "quectel_m26", "quectel_m35",
    "huawei_e173", "huawei_e1752", "huawei_e3372", "telit_he910", "ublox_toby_l2", "zte_mf190",
]  # fmt: skip
HANDSET = "+4917012345678"
# Patient enough for a loaded test machine, except where a fault is waited for.
STEADY = replace(QUICK, command=4.0, slow_command=4.0, prompt=2.0, send=2.0, retry=0.3, ladder=0.2)
OPTIONS = {"late-ok": {"seconds": 3.0}, "news-in-reply": {"line": '+CMTI: "SM",7'}}


@pytest.fixture
def bank() -> Iterator[RunningBank]:
    with running_bank(ports=1) as running:
        yield running


async def serving(stage: Stage) -> None:
    await stage.ready()
    assert isinstance(await stage.send(attempt=999), Sent)


async def text_comes_in(bank: RunningBank, stage: Stage, text: str) -> None:
    await asyncio.to_thread(bank.text, HANDSET, bank.number("p0"), text)
    await stage.until(lambda: any(part.text == text for part in stage.parts))


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_sends_receives_and_reports(family):
    @story
    async def told():
        async with on_stage(bank.device("p0")) as stage:
            await stage.ready()
            facts = stage.modem.facts
            assert facts.number and facts.imei and facts.iccid.startswith("89") and facts.imsi and facts.operator
            outcome = await stage.send(report=True)
            assert isinstance(outcome, Sent)
            await text_comes_in(bank, stage, "Grüße, 你好")
            await stage.until(lambda: stage.reports)
            assert (stage.reports[0].reference, stage.reports[0].status) == (outcome.reference, 0)

    with running_bank(ports=1, family=family) as bank:
        told()


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_gets_its_pin(family):
    @story
    async def told():
        async with on_stage(bank.device("p0"), replace(STEADY, busy_pause=0.1, busy_tries=50), pin="1234") as stage:
            await serving(stage)

    with running_bank(ports=1, family=family, pins={"p0": "1234"}) as bank:
        told()


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        ("refuse", Refused),
        ("late-ok", Unknown),
        ("lost-result", Unknown),
        ("no-prompt", Refused),
        ("garbage", Sent),
        ("reset-before-payload", Refused),
        ("reset-after-payload", Unknown),
        ("report-first", Sent),
        ("news-in-reply", Sent),
    ],
)
def test_a_fault_ends_in_an_honest_outcome_and_the_modem_serves_on(bank, fault, outcome):
    @story
    async def told():
        async with on_stage(bank.device("p0"), STEADY) as stage:
            await stage.ready()
            await asyncio.to_thread(bank.fault, "p0", fault, **OPTIONS.get(fault, {}))
            assert isinstance(await stage.send(), outcome)
            await serving(stage)
            await text_comes_in(bank, stage, f"after {fault}")

    told()


def test_a_late_answer_settles_the_unknown(bank):
    @story
    async def told():
        async with on_stage(bank.device("p0"), STEADY) as stage:
            await stage.ready()
            await asyncio.to_thread(bank.fault, "p0", "late-ok", seconds=3.0)
            assert isinstance(await stage.send(attempt=7), Unknown)
            await stage.until(lambda: stage.late)
            assert stage.late == [(7, 1)]
            await serving(stage)

    told()


@pytest.mark.parametrize("fault", ["silence", "mute"])
def test_a_modem_that_falls_silent_is_ready_soon_after_it_answers_again(bank, fault):
    @story
    async def told():
        async with on_stage(bank.device("p0"), STEADY, status_s=0.2) as stage:
            await stage.ready()
            await asyncio.to_thread(bank.fault, "p0", fault)
            await stage.until(lambda: stage.modem.facts.state is ChannelState.LOST)
            await asyncio.to_thread(bank.release, "p0", fault)
            await serving(stage)
            await text_comes_in(bank, stage, "back again")

    told()


def test_unplugged_in_the_middle_of_a_send_the_outcome_is_unknown(bank):
    @story
    async def told():
        async with on_stage(bank.device("p0"), STEADY) as stage:
            await stage.ready()
            await asyncio.to_thread(bank.fault, "p0", "unplug-in-send")
            assert isinstance(await stage.send(), Unknown)
            assert "is gone" in str(await stage.end())
        await asyncio.to_thread(bank.plug, "p0")
        async with on_stage(bank.device("p0"), STEADY) as stage:
            await serving(stage)

    told()


def test_a_text_nobody_announced_comes_in_with_the_sweep(bank):
    @story
    async def told():
        async with on_stage(bank.device("p0"), STEADY, sweep_s=0.2) as stage:
            await stage.ready()
            await asyncio.to_thread(bank.fault, "p0", "lost-notification")
            await text_comes_in(bank, stage, "nobody told you")

    told()


def test_a_full_sim_is_emptied_and_what_waited_outside_comes_in(bank):
    @story
    async def told():
        async with on_stage(bank.device("p0"), STEADY, sweep_s=0.2) as stage:
            await stage.ready()
            await asyncio.to_thread(bank.fault, "p0", "sim-full")
            await text_comes_in(bank, stage, "room at last")

    told()


def test_many_texts_both_ways_are_all_there_once(bank):
    many = 60

    @story
    async def told():
        async with on_stage(bank.device("p0"), replace(STEADY, send=15.0)) as stage:
            await stage.ready()
            coming = asyncio.create_task(asyncio.to_thread(write_many))
            for attempt in range(many):
                assert isinstance(await stage.send(attempt), Sent)
            await coming
            await stage.until(lambda: len(stage.parts) >= many)
            assert sorted(int(part.text) for part in stage.parts) == list(range(many))

    def write_many():
        for number in range(many):
            bank.text(HANDSET, bank.number("p0"), str(number))

    told()


def test_the_default_timing_is_the_one_the_design_promises():
    timing = Timing()
    assert (timing.prompt, timing.retry, timing.ladder, timing.send) == (10.0, 2.0, 1.0, None)


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_dials_service_codes_answers_menus_and_refuses_calls(family):
    @story
    async def told():
        async with on_stage(bank.device("p0"), STEADY) as stage:
            await stage.ready()
            balance = await stage.modem.ussd("*100#", 30.0)
            assert balance.text == "Your balance is 12.34 EUR." and not balance.open
            menu = await stage.modem.ussd("*101#", 30.0)
            assert menu.open
            assert (await stage.modem.ussd("1", 30.0)).text == balance.text
            await asyncio.to_thread(bank.call, "p0", HANDSET)
            await stage.until(lambda: stage.calls)
            assert stage.calls == [("p0", HANDSET)]
            await asyncio.to_thread(bank.wait_for, "call", how="hung up")
            await serving(stage)

    with running_bank(ports=1, family=family) as bank:
        told()


@pytest.mark.parametrize("family", ["generic", "sim7600", "huawei_e3372"])
def test_a_modem_that_reenumerates_is_lost_and_can_be_opened_again(family):
    @story
    async def told():
        async with on_stage(bank.device("p0"), STEADY) as stage:
            await stage.ready()
            await asyncio.to_thread(bank.reenumerate, "p0")
            assert "is gone" in str(await stage.end())
        await asyncio.to_thread(bank.wait_for, "plug", port="p0")
        async with on_stage(bank.device("p0"), STEADY) as stage:
            await serving(stage)

    with running_bank(ports=1, family=family) as bank:
        told()
