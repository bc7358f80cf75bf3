"""From a silent modem back to one that serves: every rung in turn, never during a text, and what happens when all fails."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from dataclasses import replace

import pytest

from gateway.clock import ManualClock
from gateway.errors import LinkLost, ModemSilent
from gateway.modem import power
from gateway.modem.ladder import RUNGS, Ladder, Rung, Step
from gateway.modem.timing import Timing
from gateway.records import ChannelState, Sent, Unknown
from tests.modem.peer import OK, SILENCE, Peer, info
from tests.modem.stage import QUICK, on_stage, story

pytestmark = pytest.mark.slow

BRIEF = replace(QUICK, command=0.2, slow_command=0.2, wake=0.05, wakes=2, retry=0.05, ladder=1.0)


def rungs(*steps: Step, patience: float = 0.05) -> tuple[Rung, ...]:
    return tuple(Rung(step, patience) for step in steps)


def mute(peer: Peer, cure: str = "") -> Callable[[], None]:
    """Nobody answers any more, until this very command is typed, or until what is returned is called."""
    spoken, usual = dict(peer.script), peer._usual

    def revive():
        peer.script.update(spoken)
        peer._usual = usual

    def answer(line):
        if line != cure:
            return SILENCE
        revive()
        return OK

    peer.script.clear()
    peer._usual = answer
    return revive


def ladder(clock, steps=RUNGS, may=lambda step: True) -> Ladder:
    return Ladder("p0", steps, clock, scale=1.0, may=may, told=lambda counters: None)


# -- the ladder itself


def test_each_fault_leads_to_the_next_rung_and_success_to_the_first():
    climbing = ladder(ManualClock())
    taken = []
    while rung := climbing.next():
        climbing.take(rung, "silence")
        taken.append(rung.step)
    assert taken == [rung.step for rung in RUNGS] and climbing.exhausted
    assert dict(climbing.counters)["at"] == 3 and dict(climbing.counters)["power"] == 1
    climbing.succeeded()
    assert climbing.next() == RUNGS[0]
    assert dict(climbing.counters)["power"] == 1  # counters stay


def test_a_strong_step_is_not_taken_twice_in_a_short_time():
    clock = ManualClock()
    climbing = ladder(clock, (Rung(Step.RESET, 1.0, apart_s=120.0),))
    (rung,) = RUNGS[4:5]
    assert climbing.due_in(climbing.next()) == 0.0
    climbing.take(climbing.next(), "silence")
    climbing.succeeded()
    clock.advance(20.0)
    assert climbing.due_in(climbing.next()) == 100.0
    clock.advance(100.0)
    assert climbing.due_in(climbing.next()) == 0.0
    assert rung.step is Step.RESET


def test_what_cannot_be_done_here_is_left_out():
    climbing = ladder(ManualClock(), may=lambda step: step is not Step.POWER)
    assert "power" not in climbing.tried and "reopen" in climbing.tried


def test_a_port_that_was_plugged_in_again_begins_at_the_bottom():
    climbing = ladder(ManualClock())
    for _ in range(3):
        climbing.take(climbing.next(), "silence")
    climbing.port_is_gone()
    assert climbing.next() == RUNGS[0]


def test_a_port_that_vanished_because_of_a_reset_was_not_plugged_in_by_anybody():
    clock = ManualClock()
    climbing = ladder(clock, rungs(Step.RESET, Step.POWER, Step.DTR))
    climbing.take(climbing.next(), "silence")
    clock.advance(20.0)
    climbing.port_is_gone()
    assert climbing.next().step is Step.POWER
    clock.advance(200.0)
    climbing.port_is_gone()
    assert climbing.next().step is Step.RESET


def test_an_exhausted_ladder_is_left_by_replugging_however_soon():
    climbing = ladder(ManualClock(), rungs(Step.POWER))
    climbing.take(climbing.next(), "silence")
    climbing.port_is_gone()
    assert not climbing.exhausted


def test_a_modem_is_given_minutes_before_a_person_is_called():
    assert sum(rung.patience_s for rung in RUNGS if rung.step is not Step.POWER) > 120
    assert Timing().quarantine == 3600


# -- the steps, on a modem


@pytest.mark.parametrize(
    ("steps", "cure"),
    [
        ((Step.DRAIN,), "AT+CSQ"),
        ((Step.DRAIN, Step.ESCAPE, Step.ATTENTION), "AT"),
        ((Step.PREPARE,), "ATE0V1"),
        ((Step.PREPARE, Step.RESET), "AT+CFUN=1,1"),
        ((Step.RESET, Step.DTR), "AT+CFUN=1,1"),
    ],
)
@story
async def test_a_modem_that_answers_after_a_step_serves_again(steps, cure):
    peer = Peer()
    async with on_stage(peer.device, replace(BRIEF, rungs=rungs(*steps, patience=2.0)), status_s=0.05) as stage:
        await stage.ready()
        mute(peer, cure)
        await stage.until(lambda: stage.modem.facts.state is ChannelState.LOST)
        await stage.ready()
        assert await stage.send() == Sent(1)
        assert dict(stage.modem.facts.recoveries)


@story
async def test_every_step_that_was_taken_is_counted_in_the_facts_and_logged_with_its_reason(caplog):
    peer = Peer()
    timing = replace(BRIEF, rungs=rungs(Step.DRAIN, Step.ESCAPE, Step.RESET, Step.REOPEN))
    async with on_stage(peer.device, timing, status_s=0.05) as stage:
        await stage.ready()
        mute(peer)
        assert isinstance(await stage.end(), ModemSilent)
        assert stage.modem.facts.recoveries == (("drain", 1), ("escape", 1), ("reset", 1), ("reopen", 1))
    assert "no answer within 0.2 s; recovery step drain (number 1)" in caplog.text
    assert "still no answer after escape; recovery step reset (number 1)" in caplog.text


@story
async def test_the_family_says_how_it_is_reset():
    peer = Peer({"AT+CGMI": info("huawei"), "AT+CGMM": info("E173")})
    async with on_stage(peer.device, replace(BRIEF, rungs=rungs(Step.RESET, Step.REOPEN)), status_s=0.05) as stage:
        await stage.ready()
        mute(peer)
        await stage.end()
        assert peer.count("AT^RESET") == 1 and peer.count("AT+CFUN") == 0


@story
async def test_a_new_life_goes_on_where_the_last_one_ended():
    peer = Peer()
    async with on_stage(peer.device, replace(BRIEF, rungs=rungs(Step.ESCAPE, Step.REOPEN, Step.RESET)), status_s=0.05) as stage:
        await stage.ready()
        mute(peer, "AT+CFUN=1,1")
        assert isinstance(await stage.end(), ModemSilent)
        stage.run = asyncio.create_task(stage.modem.run())
        await stage.ready()
        assert stage.modem.facts.recoveries == (("escape", 1), ("reset", 1), ("reopen", 1))


@story
async def test_a_modem_that_answers_everything_but_lists_no_texts_is_treated_with_stronger_means():
    """Answering AT is not serving: only a sweep that ends leads back to the bottom."""
    peer = Peer({"AT+CMGL=4": SILENCE})
    peer.script["AT+CFUN=1,1"] = lambda _: peer.script.pop("AT+CMGL=4", None) and OK
    steps = rungs(Step.DRAIN, Step.ESCAPE, Step.RESET, patience=1.0)
    async with on_stage(peer.device, replace(BRIEF, rungs=steps)) as stage:
        await peer.until_told("AT+CFUN=1,1")
        await peer.until_told("AT+CMGL=4", 4)
        await stage.ready()
        assert stage.modem.facts.recoveries == (("drain", 1), ("escape", 1), ("reset", 1))


@story
async def test_a_broken_storage_is_cured_by_a_restart():
    """Quectel M10 forum: CMS 604 on each listing, until it is switched off and on."""
    peer = Peer({"AT+CGMI": info("Quectel_Ltd"), "AT+CGMM": info("Quectel_M10"), "AT+CMGL=4": b"\r\n+CMS ERROR: 604\r\n"})
    peer.script["AT+CFUN=1,1"] = lambda _: peer.script.pop("AT+CMGL=4", None) and OK
    async with on_stage(peer.device, replace(BRIEF, rungs=rungs(Step.DRAIN, Step.RESET, patience=1.0))) as stage:
        await peer.until_told("AT+CFUN=1,1")
        await peer.until_told("AT+CMGL=4", 4)
        await stage.ready()


@story
async def test_a_restart_is_no_fault():
    peer = Peer()
    async with on_stage(peer.device, BRIEF) as stage:
        await stage.ready()
        peer.script["AT+CSQ"] = lambda _: peer.script.update({"AT+CSQ": info("+CSQ: 20,0")}) or b"\r\nRDY\r\n"
        peer.say(b'\r\n+CREG: 1\r\n')
        await peer.until_told("AT+CMGF=0", 2)
        await stage.ready()
        assert stage.modem.facts.recoveries == ()


@story
async def test_nothing_is_written_while_the_outcome_of_a_text_is_open():
    peer = Peer()
    peer.verdicts = [SILENCE]
    async with on_stage(peer.device, replace(BRIEF, send=1.0, rungs=rungs(Step.ESCAPE, Step.RESET)), status_s=0.05) as stage:
        await stage.ready()
        sending = asyncio.create_task(stage.send())
        await peer.until_told("PDU:")
        mute(peer, "AT+CSQ")
        peer.say(b"\r\n+CREG: 1\r\n\r\n+CMTI: \"SM\",1\r\n\r\nRING\r\n")
        assert isinstance(await sending, Unknown)
        assert peer.told[-1].startswith("PDU:")
        await stage.ready()


# -- when all is in vain


QUARANTINED = replace(BRIEF, rungs=rungs(Step.ESCAPE, Step.RESET), quarantine=60.0)


async def in_quarantine(stage, peer):
    await stage.ready()
    revive = mute(peer)
    await stage.until(lambda: stage.modem.facts.state is ChannelState.PARKED)
    return revive


@story
async def test_a_modem_nothing_helps_is_parked_with_a_reason_for_a_person():
    peer = Peer()
    async with on_stage(peer.device, QUARANTINED, status_s=0.05) as stage:
        await in_quarantine(stage, peer)
        assert "nothing has helped (escape, reset): switch it off and on" in stage.modem.facts.reason


@story
async def test_a_parked_modem_is_left_alone():
    peer = Peer()
    async with on_stage(peer.device, replace(QUARANTINED, quarantine=0.2), status_s=0.05) as stage:
        revive = await in_quarantine(stage, peer)
        told = len(peer.told)
        await peer.until(lambda: len(peer.told) > told)  # the one try after the pause
        assert set(peer.told[told:]) == {"AT"}
        revive()
        await stage.ready()


@story
async def test_a_person_may_end_the_quarantine():
    peer = Peer()
    async with on_stage(peer.device, QUARANTINED, status_s=0.05) as stage:
        (await in_quarantine(stage, peer))()
        stage.modem.unpark()
        await stage.ready()


@story
async def test_a_modem_that_starts_ends_its_quarantine_itself():
    peer = Peer()
    async with on_stage(peer.device, QUARANTINED, status_s=0.05) as stage:
        (await in_quarantine(stage, peer))()
        peer.say(b"\r\nRDY\r\n")
        await stage.ready()


@story
async def test_unplugging_ends_the_quarantine():
    peer = Peer()
    async with on_stage(peer.device, QUARANTINED, status_s=0.05) as stage:
        await in_quarantine(stage, peer)
        peer.unplug()
        assert isinstance(await stage.end(), LinkLost)
        assert stage.modem.facts.state is ChannelState.LOST


# -- the power command


@story
async def test_a_configured_command_switches_the_modem_off_and_on(tmp_path):
    peer = Peer()
    mark = tmp_path / "ran"
    command = f"{sys.executable} -c \"open({str(mark)!r}, 'w').write('x')\""
    timing = replace(BRIEF, rungs=rungs(Step.POWER, patience=2.0))
    async with on_stage(peer.device, timing, status_s=0.05, power_command=command) as stage:
        await stage.ready()
        mute(peer, "AT+CSQ")
        await stage.until(lambda: stage.modem.facts.state is ChannelState.LOST)
        await stage.ready()
        assert mark.read_text() == "x" and stage.modem.facts.recoveries == (("power", 1),)


@pytest.mark.parametrize(
    ("command", "patience", "words"),
    [
        ("/bin/echo off and on; rm -rf $HOME", 5.0, "ended with 0: off and on; rm -rf $HOME"),
        ("/bin/sh -c 'echo no such hub; exit 3'", 5.0, "ended with 3: no such hub"),
        ("/nowhere/uhubctl", 5.0, "cannot be run"),
        ("uhubctl 'torn", 5.0, "cannot be run"),
        ("/bin/sleep 60", 0.05, "still running after 0.05 s"),
    ],
)
def test_the_command_is_run_without_a_shell_for_a_bounded_time_and_its_words_are_logged(command, patience, words, caplog):
    caplog.set_level("INFO", "simrack.modem")
    assert asyncio.run(power.cycle("p0", command, patience)) is ("ended with 0" in words)
    assert words in caplog.text
