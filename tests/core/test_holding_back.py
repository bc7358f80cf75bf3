"""What the real dispatch holds back, and what goes on meanwhile: gaps, full pools, shares of clients, SIMs that were blocked."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from gateway.core.keys import Keys
from gateway.records import Counted, Per, Refused, Sent, Status, Traffic, Word
from tests.core.rack import Rack, lane, pool
from tests.core.stage import story

pytestmark = pytest.mark.slow

NO_SIM = Refused(Word.CHANNEL, "cms:310", "no SIM")
BLOCK_S = 30 * 60.0


async def looks_again_after(rack: Rack, seconds: float) -> None:
    await rack.time_passes(seconds)
    rack.dispatch.wake()
    await rack.calm()


@story
async def test_a_gap_begins_at_the_end_of_a_text_and_nothing_is_bound_to_the_sim_before_it_is_over(tmp_path: Path) -> None:
    async with Rack(tmp_path, "p0") as rack:
        port = rack.ports["p0"]
        await rack.limit("sim:*", Counted.GAP, gap_s=(3.0, 3.0))
        await rack.add("one", "two")
        await rack.on_air("p0", "one")
        await looks_again_after(rack, 4)
        assert rack.rows("SELECT COUNT(*) FROM attempts") == [(1,)]
        port.gives(Sent(1), Sent(1))
        await looks_again_after(rack, 0)
        await looks_again_after(rack, 2)
        assert port.sent == ["one"]
        await looks_again_after(rack, 2)
        await rack.on_air("p0", "two")


@story
async def test_while_one_sim_waits_for_its_gap_another_takes_what_comes(tmp_path: Path) -> None:
    async with Rack(tmp_path, "p0", "p1", pools=[pool("main", "0-1", strategy="failover")]) as rack:
        for port in rack.ports.values():
            port.sends()
        await rack.sims_are_seen()
        await rack.limit("channel:p0", Counted.GAP, gap_s=(10.0, 10.0))
        for one in await rack.add("one", "two", "three", pool="main"):
            await rack.settled(one)
        assert [len(port.sent) for port in rack.ports.values()] == [1, 2]


@story
async def test_a_gap_of_a_pool_lies_between_its_texts_whichever_sim_they_leave_by(tmp_path: Path) -> None:
    async with Rack(tmp_path, "p0", "p1", pools=[pool("main", "0-1")]) as rack:
        for port in rack.ports.values():
            port.sends()
        await rack.limit("pool:main", Counted.GAP, gap_s=(10.0, 10.0))
        first, second = await rack.add("one", "two", pool="main")
        await rack.settled(first)
        (other,) = await rack.add("of no pool")
        await rack.settled(other)
        await looks_again_after(rack, 9)
        assert rack.status(second) is Status.QUEUED
        await looks_again_after(rack, 2)
        assert rack.status(second) is Status.SENT


@story
async def test_a_pool_that_reached_its_limit_holds_up_no_other_pool_on_the_same_channel(tmp_path: Path) -> None:
    async with Rack(tmp_path, "p0", pools=[pool("full", "p0"), pool("other", "p0")]) as rack:
        rack.ports["p0"].sends()
        await rack.limit("pool:full", Counted.TEXTS, Per.DAY, 1)
        full = await rack.add(*[f"full {n}" for n in range(300)], pool="full", priority=5)
        await rack.settled(full[0])
        for way in ({"pool": "other"}, {"lane": ""}, {"lane": lane("p0")}):
            (other,) = await rack.add(f"{way}", **way)
            await rack.settled(other, seconds=15)
        assert len(rack.ports["p0"].sent) == 4
        assert Counter(rack.status(one) for one in full) == {Status.SENT: 1, Status.QUEUED: 299}


@story
async def test_a_client_that_reached_its_limit_holds_up_no_other_client_of_the_same_pool(tmp_path: Path) -> None:
    async with Rack(tmp_path, "p0", pools=[pool("main", "p0")]) as rack:
        rack.ports["p0"].sends()
        _keys(rack, "a", "b")
        await rack.limit("key:a", Counted.TEXTS, Per.DAY, 1)
        full = await rack.add(*[f"a {n}" for n in range(300)], pool="main", priority=5, key_id=1)
        await rack.settled(full[0])
        (other,) = await rack.add("b", pool="main", key_id=2)
        await rack.settled(other, seconds=15)
        assert len(rack.ports["p0"].sent) == 2


@story
async def test_a_client_with_a_share_of_three_is_given_three_texts_for_one_of_another(tmp_path: Path) -> None:
    async with Rack(tmp_path, "p0") as rack:
        port = rack.ports["p0"]
        _keys(rack, "a", "b")
        await rack.limit("key:a", Counted.SHARE, factor=3.0)
        await rack.add(*[f"b {n}" for n in range(60)], key_id=2)
        await rack.add(*[f"a {n}" for n in range(60)], key_id=1)
        for n in range(40):
            await rack.until(lambda n=n: len(port.sent) > n, f"the text number {n}")
            port.gives(Sent(1))
        assert abs(Counter(text[0] for text in port.sent[:40])["a"] - 30) <= 2


def _keys(rack: Rack, *names: str) -> None:
    keys = Keys(rack.store, rack.clock)
    for name in names:
        keys.add(name, ["send"])


@story
async def test_a_blocked_sim_is_left_out_and_then_tried_with_one_text_alone(tmp_path: Path) -> None:
    async with Rack(tmp_path, "p0", "p1", pools=[pool("main", "0-1")]) as rack:
        p0, p1 = rack.ports.values()
        p0.always = lambda part: NO_SIM
        p1.sends()
        await _until_blocked(rack)
        asked = len(p0.sent)
        for one in await rack.add(*[f"while blocked {n}" for n in range(6)], pool="main"):
            await rack.settled(one)
        assert len(p0.sent) == asked

        p0.holds()
        await rack.time_passes(BLOCK_S + 1)
        await rack.fitness.turn()
        await rack.add(*[f"after it {n}" for n in range(6)], lane=lane("p0"))
        await rack.calm()
        assert p0.sent[asked:] == ["after it 0"]
        bound = "SELECT COUNT(*) FROM attempts WHERE channel = 'p0' AND state IN ('claimed', 'on_air')"
        assert rack.rows(bound) == [(1,)], "while it is tried, nothing else is bound to it"
        p0.sends()
        await rack.until(lambda: len(p0.sent) == asked + 6, "the others, once it has sent one")
        assert rack.fitness.standing("p0", "sim-p0").traffic is Traffic.OPEN


@story
async def test_a_sim_that_fails_its_trial_is_blocked_at_once_and_for_longer(tmp_path: Path) -> None:
    async with Rack(tmp_path, "p0", "p1", pools=[pool("main", "0-1")]) as rack:
        p0, p1 = rack.ports.values()
        p0.always = lambda part: NO_SIM
        p1.sends()
        await _until_blocked(rack)
        asked = len(p0.sent)
        await rack.time_passes(BLOCK_S + 1)
        await rack.fitness.turn()
        for one in await rack.add(*[f"after it {n}" for n in range(6)], pool="main"):
            await rack.settled(one)
        assert len(p0.sent) == asked + 1
        standing = rack.fitness.standing("p0", "sim-p0")
        assert standing.traffic is Traffic.BLOCKED and standing.until is not None
        assert standing.until - rack.clock.now() > BLOCK_S * 1.5


async def _until_blocked(rack: Rack) -> None:
    """Three refusals in a row that blame the SIM of p0, with its rests between; each text leaves by p1 then."""
    for n in range(12):
        (one,) = await rack.add(f"before {n}", pool="main")
        await rack.settled(one)
        if rack.fitness.standing("p0", "sim-p0").traffic is Traffic.BLOCKED:
            break
        await looks_again_after(rack, 20)
    assert rack.fitness.counts("p0").refused == {"channel": 3}


@story
async def test_a_sim_that_may_text_nobody_new_finds_the_text_to_whom_it_knows_among_those_to_strangers(tmp_path: Path) -> None:
    async with Rack(tmp_path, "p0") as rack:
        rack.ports["p0"].sends()
        await rack.limit("sim:*", Counted.RECIPIENTS, Per.DAY, 1)
        (first,) = await rack.add("hello", to="+491701234567")
        await rack.settled(first)
        strangers = await rack.add(*[f"stranger {n}" for n in range(20)])
        (second,) = await rack.add("hello again", to="+491701234567")
        await rack.settled(second)
        await rack.calm()
        assert {rack.status(one) for one in strangers} == {Status.QUEUED}
