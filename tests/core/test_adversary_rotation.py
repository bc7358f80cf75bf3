"""Pools, lanes and limits in the worst combinations: no text may wait for a channel that will not come for it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from gateway.records import Counted, Encoding, OnUnknown, Part, Per, Refused, Sent, Status, Unknown, Word
from gateway.store import lanes, outbox
from gateway.store.outbox import NewMessage
from tests.core.rack import Port, Rack, lane, pool
from tests.core.stage import story

pytestmark = pytest.mark.slow

ELSEWHERE = Refused(Word.ELSEWHERE, "channel:not-ready", "not now")
LATER = Refused(Word.LATER, "cms:42", "congestion")
SOON_S = 15.0


@story
async def test_what_the_first_choice_refuses_goes_by_the_second(tmp_path: Path) -> None:
    async with Rack(tmp_path, "p0", "p1", pools=[pool("main", "p0", "p1", strategy="failover")]) as rack:
        rack.ports["p0"].gives(ELSEWHERE)
        (text,) = await rack.add("hello", pool="main")
        rack.ports["p1"].sends()
        await rack.settled(text, seconds=SOON_S)
        assert rack.ports["p1"].sent == ["hello"]


@story
async def test_what_a_cheap_channel_refuses_goes_by_a_dearer_one_while_cheap_texts_flow_on(tmp_path: Path) -> None:
    prices = {"p0": {"+": 1.0}, "p1": {"+": 2.0}}
    async with Rack(tmp_path, "p0", "p1", pools=[pool("main", "p0", "p1", strategy="cheapest")], tariffs=prices) as rack:
        p0, p1 = rack.ports.values()
        p0.always = lambda part: ELSEWHERE if part.part.text == "hello" else Sent(1)
        p1.sends()
        bulk = [f"bulk {n}" for n in range(50)]
        await rack.add(*bulk, pool="main")
        (text,) = await rack.add("hello", pool="main")
        await rack.settled(text, seconds=SOON_S)
        await rack.until(lambda: len(p0.sent) == 51, "the bulk by the cheap one")
        assert p1.sent == ["hello"]


@story
async def test_a_text_refused_here_leaves_here_when_only_channels_of_other_pools_are_able(tmp_path: Path) -> None:
    pools = [pool("main", "p0", "p1"), pool("other", "p2")]
    async with Rack(tmp_path, "p0", "p1", "p2", pools=pools) as rack:
        await rack.person(rack.fitness.pause, "p1", "somebody")
        (text,) = await rack.add("hello", pool="main")
        await rack.on_air("p0", "hello")
        await rack.store.writer.arun(lambda db: db.execute_sql("UPDATE messages SET avoid = ',p0,'"))
        rack.ports["p0"].gives(LATER, Sent(1))
        await rack.settled(text, Status.QUEUED)
        await rack.store.writer.arun(lambda db: db.execute_sql("UPDATE messages SET avoid = ',p0,'"))
        await rack.time_passes(1)
        await rack.settled(text, seconds=SOON_S)


@story
async def test_a_text_that_avoids_a_channel_of_the_first_choice_is_taken_by_its_neighbour(tmp_path: Path) -> None:
    async with Rack(tmp_path, "p0", "p1", "p2", pools=[pool("main", "0-1", "p2", strategy="failover")]) as rack:
        p0, p1, p2 = rack.ports.values()
        for port in (p0, p1, p2):
            port.sends()
        ids = await rack.add(*[f"n {n}" for n in range(9)], pool="main")
        for one in ids:
            await rack.settled(one)
        p0.always = lambda part: ELSEWHERE
        (text,) = await rack.add("hello", pool="main")
        await rack.settled(text, seconds=SOON_S)
        assert p2.sent == []


@story
async def test_a_first_choice_that_comes_back_catches_up_four_turns_and_not_all_that_its_neighbour_did(tmp_path: Path) -> None:
    async with Rack(tmp_path, "p0", "p1", "p2", pools=[pool("main", "0-1", "p2", strategy="failover")]) as rack:
        p0, p1, p2 = rack.ports.values()
        for port in (p0, p1, p2):
            port.sends()
        for one in await rack.add("first of p0", "first of p1", pool="main"):
            await rack.settled(one)
        await rack.person(rack.fitness.pause, "p0", "somebody")
        for one in await rack.add(*[f"a {n}" for n in range(40)], pool="main"):
            await rack.settled(one)
        await rack.person(rack.fitness.resume, "p0", "somebody")
        for one in await rack.add(*[f"b {n}" for n in range(40)], pool="main"):
            await rack.settled(one)
        assert (len(p0.sent), len(p1.sent), len(p2.sent)) == (1 + 22, 1 + 40 + 18, 0)


@story
async def test_urgent_texts_leave_although_the_box_whose_turn_it_is_never_rests(tmp_path: Path) -> None:
    pools = [pool("main", "p0", "box"), pool("bulk", "box")]
    async with Rack(tmp_path, "p0", "box", pools=pools, deep=["box"]) as rack:
        p0, box = rack.ports.values()
        p0.sends()
        await rack.add(*[f"bulk {n}" for n in range(500)], pool="bulk")
        await rack.on_air("box", "bulk 1")
        urgent = await rack.add(*[f"urgent {n}" for n in range(4)], pool="main", priority=5)
        for n in range(20):
            box.gives(Sent(1))
            await rack.on_air("box", f"bulk {n + 2}") if f"urgent {n}" not in box.sent else None
            await rack.calm()
        assert [rack.status(one) for one in urgent] == [Status.SENT] * 4


@story
async def test_urgent_texts_leave_by_a_box_that_is_preferred_to_modems(tmp_path: Path) -> None:
    pools = [pool("main", "box", "p0", strategy="failover")]
    async with Rack(tmp_path, "box", "p0", pools=pools, deep=["box"]) as rack:
        box = rack.ports["box"]
        await rack.add(*[f"bulk {n}" for n in range(100)], pool="main")
        await rack.on_air("box", "bulk 1")
        await rack.add("urgent", pool="main", priority=5)
        for _ in range(10):
            await rack.calm()
            box.gives(Sent(1))
        await rack.calm()
        assert "urgent" in box.sent


@story
async def test_a_text_that_is_sent_again_does_not_wait_for_its_channel_when_that_is_paused(tmp_path: Path) -> None:
    async with Rack(tmp_path, "p0", "p1", pools=[pool("main", "0-1")]) as rack:
        p0, p1 = rack.ports.values()
        (text,) = await rack.add("hello", pool="main")
        await rack.on_air("p0", "hello")
        await rack.person(rack.fitness.pause, "p0", "somebody")
        p0.gives(Unknown("silence"))
        p1.sends()
        await rack.settled(text, Status.UNKNOWN)
        await rack.time_passes(1)
        for _ in range(10):
            await rack.time_passes(15)
            await rack.calm()
        assert rack.status(text) is Status.SENT


@story
async def test_parts_behind_those_that_went_leave_by_another_channel_when_theirs_is_blocked(tmp_path: Path) -> None:
    async with Rack(tmp_path, "p0", "p1", pools=[pool("main", "0-1")]) as rack:
        p0, p1 = rack.ports.values()
        (text,) = await rack.add("one|two|three", pool="main")
        await rack.on_air("p0", "one")
        p0.gives(Sent(1))
        await rack.on_air("p0", "two")
        await rack.person(rack.fitness.pause, "p0", "somebody")
        p1.sends()
        p0.gives(LATER)
        for _ in range(10):
            await rack.time_passes(15)
            await rack.calm()
        assert rack.status(text) is Status.SENT
        assert p1.sent == ["one", "two", "three"]


@story
async def test_a_message_that_was_begun_is_finished_by_its_channel_although_that_left_the_pool(tmp_path: Path) -> None:
    async with Rack(tmp_path, "p0", "p1", pools=[pool("main", "0-1")]) as rack:
        p0, p1 = rack.ports.values()
        (text,) = await rack.add("one|two", pool="main", on_unknown=OnUnknown.HOLD)
        await rack.on_air("p0", "one")
        p0.gives(Sent(1), LATER)
        p1.sends()
        await rack.settled(text, Status.QUEUED)
        await rack.person(rack.pools.change, "main", {"channels": ["p1"]}, "somebody")
        p0.sends()
        await rack.time_passes(1)
        await rack.settled(text, seconds=SOON_S)
        assert p0.sent == ["one", "two", "two"]


@story
async def test_a_conversation_goes_on_by_another_channel_when_its_own_leaves_the_pool(tmp_path: Path) -> None:
    async with Rack(tmp_path, "p0", "p1", pools=[pool("main", "0-1", strategy="sticky")]) as rack:
        p0, p1 = rack.ports.values()
        await rack.store.writer.arun(
            lambda db: db.execute_sql("INSERT INTO sims VALUES ('sim-p0', 'sim-p0', '', '', '', 'p0', '', '', 1, 1, '')")
        )
        (first,) = await rack.add("first", pool="main", to="+491701234567")
        await rack.on_air("p0", "first")
        p0.gives(Sent(1))
        await rack.settled(first)
        await rack.add("busy", lane=lane("p0"))
        await rack.add("busy too", lane=lane("p0"))
        (second,) = await rack.add("second", pool="main", to="+491701234567")
        await rack.on_air("p0", "busy")
        p1.sends()
        await rack.calm()
        assert rack.status(second) is Status.QUEUED
        await rack.person(rack.pools.change, "main", {"channels": ["p1"]}, "somebody")
        await rack.settled(second, seconds=SOON_S)
        assert p1.sent == ["second"]


@pytest.mark.parametrize(("before", "after"), [("cheapest", "rotate"), ("rotate", "cheapest"), ("cheapest", "cheapest")])
@story
async def test_texts_that_wait_in_a_pool_leave_by_it_however_it_is_changed(tmp_path: Path, before: str, after: str) -> None:
    prices = {"p0": {"+": 1.0}, "p1": {"+": 2.0}, "p2": {"+": 3.0}}
    async with Rack(tmp_path, "p0", "p1", "p2", pools=[pool("main", "0-1", strategy=before)], tariffs=prices) as rack:
        for name in ("p0", "p1"):
            await rack.person(rack.fitness.pause, name, "somebody")
        ids = await rack.add("hello", "hello again", pool="main")
        await rack.person(rack.pools.change, "main", {"channels": ["p1", "p2"], "strategy": after}, "somebody")
        rack.ports["p2"].sends()
        for one in ids:
            await rack.settled(one, seconds=SOON_S)


@story
async def test_a_text_for_a_set_of_channels_whose_outcome_was_unknown_is_sent_again_after_a_restart(tmp_path: Path) -> None:
    async with Rack(tmp_path, "p0", "p1", "p2") as rack:
        (text,) = await rack.add("hello", lane=rack.pools.lane_of_set(("p0", "p1")))
        await rack.on_air("p0", "hello")
        rack.ports["p0"].gives(Unknown("silence"))
        await rack.settled(text, Status.UNKNOWN)
        await rack.restart()
        rack.ports["p0"].sends()
        await rack.time_passes(1)
        await rack.settled(text, seconds=SOON_S)


@story
async def test_a_draining_channel_whose_limit_is_reached_waits_in_peace_and_then_sends_what_is_bound_to_it(tmp_path: Path) -> None:
    async with Rack(tmp_path, "p0", "p1") as rack:
        p0 = rack.ports["p0"]
        limit = await rack.limit("sim:*", Counted.TEXTS, Per.DAY, 1)
        p0.sends()
        first, second = await rack.add("first", "second", lane=lane("p0"))
        await rack.settled(first)
        await rack.person(rack.fitness.drain, "p0", "somebody")
        await rack.calm()  # a dispatch that goes round and round never comes to rest
        assert rack.status(second) is Status.QUEUED
        await rack.person(rack.limits.remove, limit.id, "somebody")
        await rack.settled(second, seconds=SOON_S)


@story
async def test_a_limit_met_while_the_clock_ran_years_ahead_does_not_close_a_channel_until_then(tmp_path: Path) -> None:
    async with Rack(tmp_path, "p0") as rack:
        p0 = rack.ports["p0"]
        await rack.limit("sim:*", Counted.TEXTS, Per.DAY, 1)
        p0.sends()
        rack.clock.jump(10 * 365 * 86_400)
        first, second = await rack.add("first", "second", lane=lane("p0"))
        await rack.settled(first)
        await rack.calm()
        rack.clock.jump(-10 * 365 * 86_400)
        await rack.time_passes()
        await rack.settled(second, seconds=SOON_S)


@story
async def test_a_text_that_was_ready_when_the_clock_was_set_back_may_step_back_and_leaves_all_the_same(tmp_path: Path) -> None:
    async with Rack(tmp_path, "p0") as rack:
        p0 = rack.ports["p0"]
        await rack.time_passes()
        await rack.add("on the air")
        await rack.on_air("p0", "on the air")
        deck, ready = await rack.add("on deck", to="+491701111111"), await rack.add("ready", to="+491702222222")
        await rack.calm()
        rack.clock.jump(-400 * 86_400)
        await rack.time_passes()
        urgent = await rack.add("urgent", to="+491702222222", priority=5)
        await rack.calm()
        p0.sends()
        for one in (*deck, *urgent, *ready):
            await rack.settled(one, seconds=SOON_S)


@story
async def test_parts_given_back_at_a_shutdown_are_not_taken_off_a_limit_twice(tmp_path: Path) -> None:
    async with Rack(tmp_path, "p0") as rack:
        p0 = rack.ports["p0"]
        await rack.limit("sim:*", Counted.PARTS, Per.DAY, 100)
        (text,) = await rack.add("one|two|three")
        await rack.on_air("p0", "one")
        await rack.until(lambda: rack.dispatch._berths["p0"].deck is not None, "part two on deck")
        draining = asyncio.create_task(rack.dispatch.drain(5))
        await rack.until(lambda: rack.dispatch._berths["p0"].deck is None, "the deck to be cleared")
        p0.gives(Sent(1))
        await draining
        await rack.restart()
        assert rack.rows("SELECT texts, parts FROM counters WHERE subject = 'sim:sim-p0' AND per = 'day'") == [(1, 1)]
        rack.ports["p0"].sends()
        await rack.settled(text)
        assert rack.rows("SELECT texts, parts FROM counters WHERE subject = 'sim:sim-p0' AND per = 'day'") == [(1, 3)]


@story
async def test_a_text_taken_from_a_slow_deck_is_offered_at_once(tmp_path: Path) -> None:
    async with Rack(tmp_path, "p0", "p1", pools=[pool("main", "0-1")]) as rack:
        p1 = rack.ports["p1"]
        await rack.person(rack.fitness.pause, "p1", "somebody")
        await rack.add("on the air", pool="main")
        (text,) = await rack.add("on deck", pool="main")
        await rack.until(lambda: rack.dispatch._berths["p0"].deck is not None, "a text on deck")
        await rack.person(rack.fitness.resume, "p1", "somebody")
        await rack.calm()
        p1.sends()
        rack.clock.pass_(6)
        rack.dispatch._wake.set()
        await rack.settled(text, seconds=SOON_S)


async def _next_of(port: Port, rack: Rack) -> str:
    """The text that this channel sends after the one that is on the air."""
    await rack.calm()
    port.gives(Sent(1))
    await rack.until(lambda: len(port.sent) == 2, "the next text")
    return port.sent[1]


@story
async def test_an_urgent_text_overtakes_although_a_channel_of_another_pool_has_nothing_to_do(tmp_path: Path) -> None:
    pools = [pool("main", "p0"), pool("other", "p1")]
    async with Rack(tmp_path, "p0", "p1", pools=pools) as rack:
        p0 = rack.ports["p0"]
        await rack.add("on the air", "on deck", "behind", pool="main")
        await rack.until(lambda: rack.dispatch._berths["p0"].deck is not None, "a text on deck")
        await rack.add("urgent", pool="main", priority=5)
        assert await _next_of(p0, rack) == "urgent"


@story
async def test_an_urgent_text_overtakes_although_another_pool_is_on_the_air_first(tmp_path: Path) -> None:
    pools = [pool("main", "p0"), pool("other", "p1")]
    async with Rack(tmp_path, "p0", "p1", pools=pools) as rack:
        p0 = rack.ports["p0"]
        await rack.add("other 0", "other 1", pool="other")
        await rack.on_air("p1", "other 0")
        await rack.add("on the air", "on deck", "behind", pool="main")
        await rack.until(lambda: all(berth.deck for berth in rack.dispatch._berths.values()), "both decks full")
        await rack.add("urgent", pool="main", priority=5)
        assert await _next_of(p0, rack) == "urgent"


@story
async def test_an_urgent_text_that_was_claimed_before_dispatch_was_told_of_it_leaves_next_all_the_same(tmp_path: Path) -> None:
    async with Rack(tmp_path, "p0", "p1", pools=[pool("main", "p0", "p1")]) as rack:
        p0, berths = rack.ports["p0"], rack.dispatch._berths
        for name in ("p0", "p1"):
            await rack.add(f"on the air at {name}", pool="main")
            await rack.on_air(name, f"on the air at {name}")
            rack.clock.pass_(1)
        await rack.add("on deck", pool="main")
        await rack.until(lambda: berths["p0"].deck is not None, "a text on deck")
        to, parts = "+491709999999", (Part("urgent", Encoding.GSM7),)
        lane_of_pool, _ = rack.pools.lane_of("main", to)
        urgent = NewMessage("msg_urgent", to, "", "urgent", Encoding.GSM7, parts, lane=lane_of_pool, priority=5)
        await rack.store.writer.arun(lambda db: outbox.add(db, [urgent], rack.clock.now()))
        rack.dispatch.wake()
        await rack.until(lambda: berths["p1"].deck is not None, "the urgent text behind what began last")
        rack.dispatch.came_in({lane_of_pool}, 5)
        assert await _next_of(p0, rack) == "urgent"


@story
async def test_an_urgent_text_takes_the_place_of_a_long_one_on_deck(tmp_path: Path) -> None:
    async with Rack(tmp_path, "p0") as rack:
        p0 = rack.ports["p0"]
        await rack.add("on the air", "one|two")
        await rack.until(lambda: rack.dispatch._berths["p0"].deck is not None, "a text on deck")
        await rack.add("urgent", priority=5)
        assert await _next_of(p0, rack) == "urgent"


@story
async def test_a_pool_does_not_wait_for_a_channel_that_others_keep_busy_with_urgent_texts(tmp_path: Path) -> None:
    pools = [pool("main", "0-1"), pool("alerts", "p0")]
    async with Rack(tmp_path, "p0", "p1", pools=pools) as rack:
        p0, p1 = rack.ports.values()
        await rack.add(*[f"alert {n}" for n in range(400)], pool="alerts", priority=5)
        await rack.on_air("p0", "alert 0")
        p1.sends()
        ids = await rack.add(*[f"text {n}" for n in range(5)], pool="main")
        for _ in range(40):
            p0.gives(Sent(1))
            rack.clock.pass_(2)
            await rack.calm()
        assert sum(rack.status(one) is Status.SENT for one in ids) >= 4


@story
async def test_a_pool_is_not_removed_while_a_text_of_it_may_have_to_be_sent_again(tmp_path: Path) -> None:
    async with Rack(tmp_path, "p0", "p1") as rack:
        await rack.person(rack.pools.change, "made", {"channels": ["p0"]}, "somebody")
        (text,) = await rack.add("hello", pool="made")
        await rack.on_air("p0", "hello")
        rack.ports["p0"].gives(Unknown("silence"))
        await rack.settled(text, Status.UNKNOWN)
        with pytest.raises(Exception, match="texts wait"):
            await rack.person(rack.pools.reset, "made", "somebody")


@story
async def test_texts_that_no_limit_will_ever_admit_do_not_stand_in_the_way_of_others(tmp_path: Path) -> None:
    async with Rack(tmp_path, "p0") as rack:
        rack.ports["p0"].sends()
        await rack.limit("sim:*", Counted.PARTS, Per.DAY, 2)
        await rack.add(*["one|two|three"] * 200)
        (text,) = await rack.add("short")
        await rack.settled(text, seconds=SOON_S)


@story
async def test_a_held_message_of_which_a_part_went_is_not_begun_anew_from_another_sim(tmp_path: Path) -> None:
    async with Rack(tmp_path, "p0") as rack:
        p0 = rack.ports["p0"]
        (text,) = await rack.add("one|two", on_unknown=OnUnknown.HOLD)
        await rack.on_air("p0", "one")
        p0.gives(Sent(1), LATER)
        await rack.settled(text, Status.QUEUED)
        rack.swaps("p0", "another")
        p0.sends()
        (other,) = await rack.add("other")
        await rack.time_passes(1)
        await rack.settled(other, seconds=SOON_S)
        await rack.calm()
        assert p0.sent.count("one") == 1


@story
async def test_a_conversation_goes_on_by_another_channel_when_its_own_refuses(tmp_path: Path) -> None:
    async with Rack(tmp_path, "p0", "p1", pools=[pool("main", "0-1", strategy="sticky")]) as rack:
        p0, p1 = rack.ports.values()
        await rack.store.writer.arun(
            lambda db: db.execute_sql("INSERT INTO sims VALUES ('sim-p0', 'sim-p0', '', '', '', 'p0', '', '', 1, 1, '')")
        )
        (first,) = await rack.add("first", pool="main", to="+491701234567")
        await rack.on_air("p0", "first")
        p0.gives(Sent(1), ELSEWHERE)
        await rack.settled(first)
        p1.sends()
        (second,) = await rack.add("second", pool="main", to="+491701234567")
        await rack.settled(second, seconds=SOON_S)
        assert (p0.sent, p1.sent) == (["first", "second"], ["second"])


@story
async def test_a_channel_that_is_new_in_a_pool_after_a_restart_does_not_take_all_the_turns_it_missed(tmp_path: Path) -> None:
    async with Rack(tmp_path, "p0", "p1", "p2", pools=[pool("main", "0-1")]) as rack:
        for port in rack.ports.values():
            port.sends()
        for one in await rack.add(*[f"a {n}" for n in range(40)], pool="main"):
            await rack.settled(one)
        await rack.person(rack.pools.change, "main", {"channels": ["0-2"]}, "somebody")
        await rack.restart()
        before = {name: len(port.sent) for name, port in rack.ports.items()}
        for one in await rack.add(*[f"b {n}" for n in range(30)], pool="main"):
            await rack.settled(one)
        shares = [len(port.sent) - before[name] for name, port in rack.ports.items()]
        assert max(shares) - min(shares) <= 2


@story
async def test_a_text_on_the_deck_of_a_channel_whose_sim_is_swapped_counts_for_the_sim_it_leaves_from(tmp_path: Path) -> None:
    async with Rack(tmp_path, "p0") as rack:
        p0 = rack.ports["p0"]
        await rack.add("on the air")
        (text,) = await rack.add("on deck")
        await rack.until(lambda: rack.dispatch._berths["p0"].deck is not None, "a text on deck")
        rack.swaps("p0", "another")
        p0.sends()
        await rack.settled(text)
        sql = "SELECT sim FROM attempts a JOIN messages m ON m.id = a.message_id WHERE m.text = 'on deck' AND a.state = 'sent'"
        assert rack.rows(sql) == [("another",)]


@story
async def test_the_parts_of_a_message_whose_sim_is_swapped_between_them_leave_from_one_sim(tmp_path: Path) -> None:
    async with Rack(tmp_path, "p0") as rack:
        p0 = rack.ports["p0"]
        (text,) = await rack.add("one|two|three")
        await rack.on_air("p0", "one")
        await rack.until(lambda: rack.dispatch._berths["p0"].deck is not None, "a part on deck")
        rack.swaps("p0", "another")
        p0.sends()
        await rack.time_passes(1)
        await rack.settled(text)
        assert p0.sent == ["one", "one", "two", "three"]
        assert rack.rows("SELECT DISTINCT sim FROM parts") == [("another",)]


@story
async def test_a_text_that_came_in_a_moment_of_a_wrong_clock_is_called_all_the_same(tmp_path: Path) -> None:
    async with Rack(tmp_path, "p0") as rack:
        await rack.time_passes()
        await rack.add("on the air", to="+491701111111")
        await rack.on_air("p0", "on the air")
        rack.clock.jump(400 * 86_400)
        (behind,) = await rack.add("behind", to="+491701111111")
        rack.clock.jump(-400 * 86_400)
        rack.ports["p0"].sends()
        await rack.time_passes(601)
        await rack.time_passes(60)
        await rack.settled(behind, seconds=SOON_S)


@story
async def test_shares_stay_equal_over_kills_although_a_box_has_more_texts_in_hand(tmp_path: Path) -> None:
    async with Rack(tmp_path, "p0", "p1", "box0", deep=["box0"], pools=[pool("main", "0-2")]) as rack:
        texts = await rack.add(*[f"text {n}" for n in range(60)], pool="main", on_unknown=OnUnknown.HOLD)
        for _ in range(3):
            for _ in range(4):
                for port in rack.ports.values():
                    port.gives(Sent(1))
                await rack.calm()
            await rack.restart(kill=True)
        for port in rack.ports.values():
            port.sends()
        over = (Status.SENT, Status.UNKNOWN)
        await rack.until(lambda: all(rack.status(text) in over for text in texts), "all texts to be over")
        sql = "SELECT channel, COUNT(*) FROM attempts WHERE state IN ('sent', 'unknown') GROUP BY channel"
        shares = dict(rack.rows(sql))
        assert sum(shares.values()) == 60
        assert max(shares.values()) - min(shares.values()) <= 1, shares


@story
async def test_what_lies_on_deck_when_the_active_hours_end_waits_for_the_next_ones(tmp_path: Path) -> None:
    async with Rack(tmp_path, "p0") as rack:
        p0 = rack.ports["p0"]
        noon = (rack.clock.now() // 86_400 + 1) * 86_400 + 43_200
        rack.clock.jump(noon - rack.clock.now())
        await rack.limit("sim:*", Counted.HOURS, hours="Mon-Sun 08:00-20:00")
        first, second = await rack.add("on the air", "on deck")
        await rack.on_air("p0", "on the air")
        await rack.until(lambda: rack.dispatch._berths["p0"].deck is not None, "a text on deck")
        rack.clock.jump(8 * 3600 + 1)
        p0.gives(Sent(1))
        await rack.settled(first)
        await rack.settled(second, Status.QUEUED)
        await rack.calm()
        assert p0.sent == ["on the air"]
        rack.clock.jump(12 * 3600)
        p0.sends()
        rack.dispatch.wake()
        await rack.settled(second)


@pytest.mark.parametrize(
    ("asked_for", "why"),
    [
        (lanes.of_member("main", "p1"), "its number was asked for"),
        (lanes.of_asked_member("main", "p1"), "this channel was asked for"),
    ],
)
@story
async def test_the_limit_of_a_pool_holds_for_texts_that_must_leave_from_one_of_its_numbers_or_channels(
    tmp_path: Path, asked_for: str, why: str
) -> None:
    async with Rack(tmp_path, "p0", "p1", pools=[pool("main", "0-1")]) as rack:
        p0, p1 = rack.ports.values()
        for port in (p0, p1):
            port.sends()
        rack.pools.remember([asked_for])
        await rack.limit("pool:main", Counted.TEXTS, Per.DAY, 2)
        for one in await rack.add("a", "b", lane=asked_for):
            await rack.settled(one)
        asked, drawn = [*await rack.add("c", lane=asked_for), *await rack.add("d", pool="main")]
        await rack.calm()
        assert (rack.status(asked), rack.status(drawn)) == (Status.QUEUED, Status.QUEUED)
        assert (p0.sent, p1.sent) == ([], ["a", "b"])
        assert {found for (found,) in rack.rows("SELECT why FROM attempts")} == {why}
