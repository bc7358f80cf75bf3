"""Standings of channels: what dispatch is told, what survives a restart, what webhooks hear, and what people can say."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.clock import ManualClock
from gateway.core.fitness import Fitness
from gateway.core.webhooks import Webhooks
from gateway.errors import Conflict, NotFound, StorageFull
from gateway.records import ChannelFacts, ChannelState, Refused, Report, Sent, Traffic, Unknown, Word
from gateway.settings import StoreSettings
from gateway.store import Store
from tests.core.stage import story

NO_SIM = Refused(Word.CHANNEL, "cms:310", "no SIM")
SILENCE = Unknown("no answer within 60 s")
HOUR = 3600.0
OPEN, PAUSED, BLOCKED, RESTING = Traffic.OPEN, Traffic.PAUSED, Traffic.BLOCKED, Traffic.RESTING


class Box:
    """Two channels with a SIM each; `restart` ends the gateway in order, or as kill -9 does."""

    def __init__(self, folder: Path) -> None:
        self.clock = ManualClock()
        self._settings = StoreSettings(path=str(folder / "simrack.db"), reserve_mb=0)
        self.wakes = 0
        self.forwards = asyncio.Event()
        self._open()
        self.hook, _ = self.webhooks.add("https://pbx.example/sms", ["*"])

    def _open(self) -> None:
        self.store = Store.open(self._settings, self.clock, serving=True)
        self.webhooks = Webhooks(self.store, self.clock, lambda: None)
        self.fitness = Fitness(self.store, self.clock, ["p0", "p1"], self._wake, self.forwards.set)
        self.facts = {name: ChannelFacts(name, ChannelState.READY, iccid=f"sim-{name}") for name in ("p0", "p1")}
        for facts in self.facts.values():
            self.fitness.changed(facts)

    def _wake(self) -> None:
        self.wakes += 1

    async def restart(self, killed: bool = False) -> None:
        if not killed:
            await self.fitness.close()
        self.store.close()
        self._open()

    def is_(self, state: ChannelState, channel: str = "p0") -> None:
        self.facts[channel] = replace(self.facts[channel], state=state)
        self.fitness.changed(self.facts[channel])

    def hears(self, *outcomes: Sent | Refused | Unknown, channel: str = "p0", seconds: float = 4.0) -> None:
        for outcome in outcomes:
            self.fitness.heard(channel, f"sim-{channel}", outcome, seconds)

    def traffic(self, channel: str = "p0") -> Traffic:
        return self.fitness.standing(channel, f"sim-{channel}").traffic

    async def later(self, seconds: float) -> float:
        """Time passes; how long the loop would wait then."""
        self.clock.advance(seconds)
        return await self.fitness.turn()

    def told(self) -> list[tuple[str, str]]:
        """(event, channel), oldest first."""
        rows = self.webhooks.deliveries(self.hook.id, limit=1000).forwards
        return [(row.event_type.value.removeprefix("channel."), str(row.data["channel"])) for row in reversed(rows)]


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    opened = Box(tmp_path)
    yield opened
    opened.store.close()


# Rests and blocks


@story
async def test_a_rest_ends_by_itself_and_wakes_the_dispatch(box: Box) -> None:
    await box.fitness.turn()
    box.hears(NO_SIM)
    assert box.traffic() is RESTING and box.traffic("p1") is OPEN
    assert await box.fitness.turn() == 5.0
    await box.later(4.9)
    assert box.traffic() is RESTING and box.wakes == 0
    await box.later(0.1)
    assert box.traffic() is OPEN and box.wakes == 1


@story
async def test_three_refusals_block_the_sim_and_one_text_tries_it_later(box: Box) -> None:
    box.hears(NO_SIM, NO_SIM, NO_SIM)
    standing = box.fitness.standing("p0", "sim-p0")
    assert standing.traffic is BLOCKED and standing.until == box.clock.now() + HOUR / 2
    assert "CMS 310 no SIM" in standing.reason

    await box.later(HOUR / 2)
    standing = box.fitness.standing("p0", "sim-p0")
    assert standing.traffic is OPEN and standing.trial
    box.hears(NO_SIM)
    assert box.fitness.standing("p0", "sim-p0").until == box.clock.now() + HOUR

    await box.later(HOUR)
    box.hears(Sent(1))
    assert not box.fitness.standing("p0", "sim-p0").trial
    box.hears(NO_SIM)
    assert box.traffic() is RESTING


@story
async def test_what_was_on_the_air_when_it_was_blocked_does_not_lengthen_the_block(box: Box) -> None:
    box.hears(NO_SIM, NO_SIM, NO_SIM, NO_SIM, SILENCE)
    assert box.fitness.standing("p0", "sim-p0").until == box.clock.now() + HOUR / 2
    box.hears(Sent(1))
    assert box.traffic() is OPEN


@story
async def test_a_short_rest_never_cuts_a_longer_one(box: Box) -> None:
    box.hears(SILENCE, SILENCE, SILENCE)
    box.hears(NO_SIM)
    until = box.fitness.standing("p0", "sim-p0").until
    assert until == box.clock.now() + 60.0


@story
async def test_a_block_follows_the_sim_to_another_channel(box: Box) -> None:
    box.hears(NO_SIM, NO_SIM, NO_SIM)
    assert box.fitness.standing("p1", "sim-p0").traffic is BLOCKED
    assert box.fitness.standing("p0", "another").traffic is OPEN


@story
async def test_hearing_of_attempts_writes_nothing_and_pictures_are_written_once_a_minute(box: Box) -> None:
    await box.fitness.turn()
    before = box.store.writer.commits
    for _ in range(1000):
        box.hears(Sent(1))
    await box.later(30.0)
    assert box.store.writer.commits == before
    await box.later(30.0)
    assert box.store.writer.commits == before + 1
    await box.later(60.0)
    assert box.store.writer.commits == before + 1  # nothing is new


# Restarts and clocks


@story
async def test_a_blocked_sim_stays_blocked_over_a_kill(box: Box) -> None:
    box.hears(NO_SIM, NO_SIM, NO_SIM)
    await box.fitness.turn()
    box.clock.advance(600)
    await box.restart(killed=True)
    standing = box.fitness.standing("p0", "sim-p0")
    assert standing.traffic is BLOCKED and standing.until == box.clock.now() + 1200 and "no SIM" in standing.reason
    await box.later(1200)
    assert box.fitness.standing("p0", "sim-p0").trial
    await box.restart(killed=True)
    assert box.fitness.standing("p0", "sim-p0").trial
    box.hears(NO_SIM)
    assert box.fitness.standing("p0", "sim-p0").until == box.clock.now() + HOUR


@story
async def test_runs_and_pictures_survive_a_stop(box: Box) -> None:
    box.hears(Sent(1), NO_SIM, NO_SIM)
    await box.restart()
    assert box.fitness.picture("sim-p0").recent == "scc"
    box.hears(NO_SIM)
    assert box.traffic() is BLOCKED


@pytest.mark.parametrize("jump", [-20 * 365 * 86400.0, 20 * 365 * 86400.0])
@story
async def test_a_clock_that_jumps_while_it_runs_neither_shortens_nor_lengthens_a_block(box: Box, jump: float) -> None:
    box.hears(NO_SIM, NO_SIM, NO_SIM)
    await box.fitness.turn()
    box.clock.jump(jump)
    await box.fitness.turn()  # the row is moved along
    assert box.traffic() is BLOCKED
    await box.restart(killed=True)
    assert box.traffic() is BLOCKED
    await box.later(HOUR / 2)
    assert box.traffic() is OPEN


@story
async def test_a_clock_that_starts_years_ago_blocks_for_no_longer_than_was_meant(box: Box) -> None:
    box.hears(NO_SIM, NO_SIM, NO_SIM)
    await box.fitness.turn()
    await box.fitness.close()
    box.store.close()
    box.clock.jump(-20 * 365 * 86400.0)  # no battery
    box._open()
    assert box.traffic() is BLOCKED
    await box.later(HOUR / 2)
    assert box.traffic() is OPEN


# People


@story
async def test_a_pause_is_durable_before_the_call_returns_and_belongs_to_the_channel(box: Box) -> None:
    box.fitness.pause("p0", "alice", "new antenna")
    standing = box.fitness.standing("p0", "any sim")
    assert (standing.traffic, standing.reason) == (PAUSED, "paused by alice: new antenna")
    assert box.wakes == 1 and box.traffic("p1") is OPEN
    await box.restart(killed=True)
    assert box.traffic() is PAUSED
    box.fitness.resume("p0", "bob")
    await box.restart(killed=True)
    assert box.traffic() is OPEN


@story
async def test_a_draining_channel_is_paused_once_nothing_is_bound_to_it(box: Box) -> None:
    box.fitness.drain("p0", "alice")
    assert box.traffic() is Traffic.DRAINING
    box.fitness.drained("p0")
    box.fitness.drained("p0")
    box.fitness.drained("p1")
    assert box.traffic() is PAUSED and box.traffic("p1") is OPEN
    await box.fitness.turn()
    await box.restart(killed=True)
    assert box.traffic() is PAUSED


@story
async def test_a_person_who_resumes_a_drained_channel_is_not_overruled_by_what_is_still_to_be_written(box: Box) -> None:
    box.fitness.drain("p0", "alice")
    box.fitness.drained("p0")
    box.fitness.resume("p0", "alice")
    await box.fitness.turn()
    await box.restart(killed=True)
    assert box.traffic() is OPEN


@story
async def test_to_resume_lifts_a_block_and_a_rest_and_the_sim_begins_anew(box: Box) -> None:
    box.hears(NO_SIM, NO_SIM, NO_SIM)
    await box.fitness.turn()
    box.fitness.resume("p0", "alice")
    assert box.fitness.standing("p0", "sim-p0") == box.fitness.standing("p1", "sim-p1")
    await box.restart(killed=True)
    assert box.traffic() is OPEN
    box.hears(NO_SIM)
    assert box.fitness.standing("p0", "sim-p0").until == box.clock.now() + 5.0
    box.fitness.resume("p0", "alice")
    assert box.traffic() is OPEN


@story
async def test_a_pause_of_all_shows_on_every_channel_and_leaves_what_each_is_besides(box: Box) -> None:
    box.fitness.pause("p1", "alice")
    box.fitness.pause_all("SIGUSR1")
    assert box.fitness.standing("p0", "s").reason == "all channels are paused by SIGUSR1"
    with pytest.raises(Conflict, match="all of them first"):
        box.fitness.resume("p0", "alice")
    await box.restart(killed=True)
    assert (box.traffic("p0"), box.traffic("p1")) == (PAUSED, PAUSED)
    box.fitness.resume_all("SIGUSR2")
    assert (box.traffic("p0"), box.traffic("p1")) == (OPEN, PAUSED)


@story
async def test_a_channel_that_does_not_exist_cannot_be_paused(box: Box) -> None:
    for call in (box.fitness.pause, box.fitness.drain, box.fitness.resume):
        with pytest.raises(NotFound):
            call("p9", "alice")


@story
async def test_people_in_many_threads_and_the_loop_agree_in_the_end(box: Box) -> None:
    """What memory says is what the rows say, whoever came last."""

    def person(channel: str) -> None:
        for _ in range(15):
            box.fitness.pause(channel, "alice")
            box.fitness.drain(channel, "bob")
            box.fitness.resume(channel, "carol")
            box.fitness.pause(channel, "dave")

    threads = [threading.Thread(target=person, args=(channel,)) for channel in ("p0", "p1", "p0")]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        box.hears(NO_SIM, Sent(1))
        box.fitness.drained("p0")
        await box.fitness.turn()
        await asyncio.sleep(0)
    before = (box.traffic("p0"), box.traffic("p1"))
    assert before == (PAUSED, PAUSED)
    await box.restart()
    assert (box.traffic("p0"), box.traffic("p1")) == before


# What webhooks hear


@story
async def test_up_and_down_are_told_once_a_change(box: Box) -> None:
    await box.fitness.turn()
    assert box.told() == []  # that they are there at the start is no change
    for state in (ChannelState.LOST, ChannelState.STARTING, ChannelState.LOST, ChannelState.PARKED, ChannelState.STARTING):
        box.is_(state)
    box.is_(ChannelState.READY)
    box.is_(ChannelState.READY)
    box.fitness.pause("p1", "alice")
    box.fitness.pause("p1", "bob")
    box.fitness.resume("p1", "alice")
    await box.fitness.turn()
    assert box.told() == [("down", "p0"), ("up", "p0"), ("down", "p1"), ("up", "p1")]


@story
async def test_a_channel_that_never_took_a_text_goes_down_in_silence(box: Box) -> None:
    box.facts["p0"] = ChannelFacts("p0", ChannelState.LOST)
    fresh = Fitness(box.store, box.clock, ["p0"], lambda: None, lambda: None)
    fresh.changed(box.facts["p0"])
    fresh.pause("p0", "alice")
    await fresh.turn()
    assert box.told() == []


@story
async def test_a_short_rest_is_not_told_and_a_long_one_is(box: Box) -> None:
    box.hears(NO_SIM, NO_SIM)
    await box.later(20.0)
    assert box.told() == []
    box.hears(Sent(1), SILENCE, SILENCE, SILENCE, SILENCE)
    await box.later(119.0)
    assert box.told() == [("down", "p0")]
    await box.later(1.0)
    assert box.told() == [("down", "p0"), ("up", "p0")]


@story
async def test_each_block_is_told_and_up_only_when_a_text_went(box: Box) -> None:
    box.hears(NO_SIM, NO_SIM, NO_SIM)
    await box.later(HOUR / 2)
    box.hears(NO_SIM)
    await box.later(HOUR)
    assert box.told() == [("blocked", "p0"), ("down", "p0"), ("blocked", "p0")]
    box.hears(Sent(1))
    await box.fitness.turn()
    assert box.told()[3:] == [("up", "p0")]


@story
async def test_an_event_says_why_and_until_when(box: Box) -> None:
    box.hears(NO_SIM, NO_SIM, NO_SIM)
    await box.fitness.turn()
    data = box.webhooks.deliveries(box.hook.id).forwards[-1].data
    assert data["traffic"] == "blocked" and data["sim"] == "sim-p0" and data["until"] == "2026-09-21T14:43:20.000Z"
    assert "CMS 310 no SIM" in str(data["reason"]) and "when it is resumed" in str(data["reason"])


@story
async def test_what_was_told_before_a_restart_is_not_told_again_and_what_changed_meanwhile_is(box: Box) -> None:
    box.is_(ChannelState.LOST)
    await box.fitness.turn()
    await box.restart(killed=True)  # both are there again
    await box.fitness.turn()
    assert box.told() == [("down", "p0"), ("up", "p0")]
    await box.restart(killed=True)
    await box.fitness.turn()
    assert box.told() == [("down", "p0"), ("up", "p0")]


@story
async def test_a_limit_is_told_once_until_it_is_open_again(box: Box) -> None:
    tonight = box.clock.now() + 5 * HOUR
    for _ in range(3):
        box.fitness.limited("p0", tonight)
    assert box.fitness.shown("p0", "sim-p0").traffic is Traffic.LIMITED
    assert box.fitness.shown("p0", "sim-p0").until == tonight
    assert box.traffic() is OPEN  # the dispatch knows it better
    await box.fitness.turn()
    await box.restart(killed=True)
    box.fitness.limited("p0", tonight)
    await box.fitness.turn()
    assert box.told() == [("limit", "p0")]
    box.fitness.limited("p0", None)
    box.fitness.limited("p0", tonight)
    await box.fitness.turn()
    assert box.told() == [("limit", "p0"), ("limit", "p0")]


@story
async def test_a_gap_between_two_texts_is_no_news(box: Box) -> None:
    for _ in range(10):
        box.fitness.limited("p0", box.clock.now() + 20.0)
        await box.later(20.0)
        box.fitness.limited("p0", None)
    assert box.told() == []


@story
async def test_a_full_disk_delays_what_is_written_and_loses_nothing(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    box.hears(NO_SIM, NO_SIM, NO_SIM)
    with monkeypatch.context() as full:
        full.setattr("gateway.store.standings.set_sim", _full)
        with pytest.raises(StorageFull):
            await box.fitness.turn()
        with pytest.raises(StorageFull):
            box.fitness.resume("p0", "alice")
    assert box.traffic() is BLOCKED
    await box.fitness.turn()
    assert box.told() == [("blocked", "p0"), ("down", "p0")]
    await box.restart(killed=True)
    assert box.traffic() is BLOCKED


def _full(*_: object) -> None:
    raise StorageFull("the disk is full")


# What is counted, and the loop


@story
async def test_what_went_is_counted_for_each_channel_since_the_start(box: Box) -> None:
    box.hears(Sent(1), Sent(2), NO_SIM, SILENCE, Refused(Word.NEVER, "cms:1", "no such number"))
    box.fitness.reported(Report("p0", "sim-p0", "00", 1, "+4915112345678", 0x00))
    box.fitness.reported(Report("p0", "sim-p0", "01", 2, "+4915112345678", 0x41))
    counts = box.fitness.counts("p0")
    assert (counts.sent, counts.refused, counts.unknown, counts.delivered) == (2, {"channel": 1, "never": 1}, 1, 1)
    assert box.fitness.counts("p1").sent == 0


@story
async def test_the_running_loop_writes_a_block_without_being_asked(box: Box) -> None:
    running = asyncio.create_task(box.fitness.run())
    await asyncio.sleep(0)
    box.hears(NO_SIM, NO_SIM, NO_SIM)
    async with asyncio.timeout(10):
        await box.forwards.wait()
    assert ("blocked", "p0") in box.told()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await box.restart(killed=True)
    assert box.traffic() is BLOCKED
