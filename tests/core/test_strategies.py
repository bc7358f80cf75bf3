"""Strategies of pools as the real dispatch carries them out: who sends the next text, by use, weight, conversation and tier."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from gateway.records import ChannelState
from gateway.store import conversations
from tests.core.rack import Rack, lane, pool
from tests.core.stage import story

pytestmark = pytest.mark.slow

PERSON = "+491701234567"


async def goes(rack: Rack, text: str, **given: str) -> str:
    """The channel by which a text leaves; nothing else moves meanwhile."""
    (one,) = await rack.add(text, **given)
    await rack.settled(one)
    await rack.calm()
    return next(name for name, port in rack.ports.items() if text in port.sent)


async def go(rack: Rack, count: int, **given: str) -> Counter[str]:
    """How many of so many texts each channel sends, one after the other."""
    before = sum(len(port.sent) for port in rack.ports.values())
    return Counter([await goes(rack, f"{given} {n} after {before}", **given) for n in range(count)])


def all_send(rack: Rack) -> None:
    for port in rack.ports.values():
        port.sends()


@story
async def test_least_used_lets_the_others_catch_up_with_a_sim_that_sent_more_today_and_remembers_it(tmp_path: Path) -> None:
    async with Rack(tmp_path, "p0", "p1", "p2", pools=[pool("main", "0-2", strategy="least-used")]) as rack:
        all_send(rack)
        assert await go(rack, 6, lane=lane("p0")) == {"p0": 6}
        assert await go(rack, 6, pool="main") == {"p1": 3, "p2": 3}
        await rack.restart()
        all_send(rack)
        assert await go(rack, 6, pool="main") == {"p1": 3, "p2": 3}
        assert await go(rack, 3, pool="main") == {"p0": 1, "p1": 1, "p2": 1}


@story
async def test_least_used_counts_the_texts_of_the_sim_and_not_of_the_port(tmp_path: Path) -> None:
    async with Rack(tmp_path, "p0", "p1", pools=[pool("main", "0-1", strategy="least-used")]) as rack:
        all_send(rack)
        assert await go(rack, 4, lane=lane("p0")) == {"p0": 4}
        rack.swaps("p0", "sim-p1")
        rack.swaps("p1", "sim-p0")
        assert await go(rack, 4, pool="main") == {"p0": 4}


@pytest.mark.parametrize(("given", "strategy"), [({"pool": "main"}, "least-used"), ({"pool": "main"}, "rotate"), ({}, "rotate")])
@story
async def test_texts_that_become_due_one_by_one_go_round(tmp_path: Path, given: dict[str, str], strategy: str) -> None:
    async with Rack(tmp_path, "p0", "p1", "p2", pools=[pool("main", "2", "0", "1", strategy=strategy)]) as rack:
        all_send(rack)
        for n in range(6):
            (one,) = await rack.add(f"{n}", send_at=rack.clock.now() + 10, **given)
            await rack.calm()
            await rack.time_passes(11)
            await rack.settled(one)
            await rack.calm()
        first, second, third = ("p2", "p0", "p1") if given else ("p0", "p1", "p2")
        assert {name: port.sent for name, port in rack.ports.items()} == {first: ["0", "3"], second: ["1", "4"], third: ["2", "5"]}


@story
async def test_a_channel_of_weight_three_takes_three_texts_of_four_of_a_backlog(tmp_path: Path) -> None:
    async with Rack(tmp_path, "p0", "p1", pools=[pool("main", "0-1", strategy="weighted", p0=3.0)]) as rack:
        all_send(rack)
        for one in await rack.add(*[f"{n}" for n in range(40)], pool="main"):
            await rack.settled(one)
        assert abs(len(rack.ports["p0"].sent) - 30) <= 1


@story
async def test_weights_that_a_person_changes_hold_from_then_on(tmp_path: Path) -> None:
    async with Rack(tmp_path, "p0", "p1", pools=[pool("main", "0-1", strategy="weighted")]) as rack:
        all_send(rack)
        assert await go(rack, 8, pool="main") == {"p0": 4, "p1": 4}
        await rack.person(rack.pools.change, "main", {"weights": {"p1": 3.0}}, "somebody")
        assert await go(rack, 16, pool="main") == {"p0": 4, "p1": 12}


@story
async def test_a_pool_in_a_pool_takes_its_turns_and_a_change_of_the_inner_one_holds_at_once(tmp_path: Path) -> None:
    pools = [pool("inner", "p0"), pool("outer", "pool:inner", "p2")]
    async with Rack(tmp_path, "p0", "p1", "p2", pools=pools) as rack:
        all_send(rack)
        assert await go(rack, 4, pool="outer") == {"p0": 2, "p2": 2}
        await rack.person(rack.pools.change, "inner", {"channels": ["p1"]}, "somebody")
        # Who is new in a pool is owed a turn.
        assert await go(rack, 5, pool="outer") == {"p1": 3, "p2": 2}


@story
async def test_a_pool_in_a_pool_is_one_choice_of_failover(tmp_path: Path) -> None:
    pools = [pool("inner", "p0-1"), pool("outer", "inner", "p2", strategy="failover")]
    async with Rack(tmp_path, "p0", "p1", "p2", pools=pools) as rack:
        all_send(rack)
        assert await go(rack, 4, pool="outer") == {"p0": 2, "p1": 2}
        rack.becomes("p0", ChannelState.LOST)
        assert await go(rack, 2, pool="outer") == {"p1": 2}
        rack.becomes("p1", ChannelState.LOST)
        assert await go(rack, 2, pool="outer") == {"p2": 2}


@story
async def test_a_conversation_follows_its_sim_to_another_port(tmp_path: Path) -> None:
    async with Rack(tmp_path, "p0", "p1", "p2", pools=[pool("main", "0-2", strategy="sticky")]) as rack:
        all_send(rack)
        await rack.sims_are_seen()
        assert await goes(rack, "first", to=PERSON, pool="main") == "p0"
        rack.swaps("p0", "sim-p2")
        rack.swaps("p2", "sim-p0")
        await rack.sims_are_seen()
        assert {await goes(rack, f"{n}", to=PERSON, pool="main") for n in range(4)} == {"p2"}


@pytest.mark.parametrize("held", ["pool:main@among:p0,p1,p2", "pool:main@from:p0,p1,p2", "pool:main@from:p0,p1,p2,p3&p0,+491,+492"])
@story
async def test_a_text_held_to_some_channels_of_its_pool_keeps_to_the_number_of_its_conversation_among_these(
    tmp_path: Path, held: str
) -> None:
    async with Rack(tmp_path, "p0", "p1", "p2", "p3", pools=[pool("main", "0-3", strategy="sticky")]) as rack:
        all_send(rack)
        for number in range(4):
            rack.swaps(f"p{number}", f"sim-p{number}", f"+49{number}")
        await rack.sims_are_seen()
        # This person wrote to the SIM in p1, then to the one in p2, and last to one that this client may not send from.
        await rack.store.writer.arun(lambda db: [conversations.note(db, PERSON, f"sim-p{n}", float(n)) for n in (1, 2, 3)])
        given = {"lane": held, "sticky": "pool:main"}
        assert {await goes(rack, f"answer {n}", to=PERSON, **given) for n in range(3)} == {"p2"}
        assert {why for (why,) in rack.rows("SELECT why FROM attempts")} == {"sticky: the number of this conversation"}
        assert len({await goes(rack, f"other {n}", to="+491700000000", **given) for n in range(3)}) == 1


@story
async def test_whose_turn_it_is_in_a_dial_string_is_remembered_over_a_restart(tmp_path: Path) -> None:
    async with Rack(tmp_path, "p0", "p1", "p2") as rack:
        all_send(rack)
        turns = [await goes(rack, f"{n}", lane=rack.pools.lane_of_set(("p0", "p1", "p2"))) for n in range(4)]
        assert turns == ["p0", "p1", "p2", "p0"]
        await rack.restart()
        all_send(rack)
        after = [await goes(rack, f"after {n}", lane=rack.pools.lane_of_set(("p0", "p1", "p2"))) for n in range(3)]
        assert after == ["p1", "p2", "p0"]


@story
async def test_among_the_cheapest_texts_are_shared_by_weight_and_a_dearer_one_gets_none(tmp_path: Path) -> None:
    prices = {"p0": {"+": 1.0}, "p1": {"+": 1.0}, "p2": {"+": 5.0, "+33": 0.5}}
    main = pool("main", "0-2", strategy="cheapest, weighted", p1=3.0)
    async with Rack(tmp_path, "p0", "p1", "p2", pools=[main], tariffs=prices) as rack:
        all_send(rack)
        assert await go(rack, 16, pool="main") == {"p0": 4, "p1": 12}
        assert await go(rack, 2, pool="main", to="+33612345678") == {"p2": 2}
        rack.becomes("p1", ChannelState.LOST)
        assert await go(rack, 2, pool="main") == {"p0": 2}


@story
async def test_within_each_choice_of_failover_the_least_used_sim_goes_first(tmp_path: Path) -> None:
    main = pool("main", "0-1", "2-3", strategy="failover, least-used")
    async with Rack(tmp_path, "p0", "p1", "p2", "p3", pools=[main]) as rack:
        all_send(rack)
        assert await go(rack, 3, lane=lane("p0")) == {"p0": 3}
        assert await go(rack, 2, lane=lane("p2")) == {"p2": 2}
        assert await go(rack, 3, pool="main") == {"p1": 3}
        for name in ("p0", "p1"):
            await rack.person(rack.fitness.pause, name, "somebody")
        assert await go(rack, 2, pool="main") == {"p3": 2}
        whys = {why for (why,) in rack.rows("SELECT why FROM attempts WHERE channel IN ('p1', 'p3')")}
        assert "failover (choice 1 of 2), least-used: 0 texts today" in whys
        assert "failover (choice 2 of 2), least-used: 1 texts today" in whys


@story
async def test_a_conversation_keeps_its_sim_although_another_of_its_choice_is_used_less(tmp_path: Path) -> None:
    main = pool("main", "0-1", "p2", strategy="sticky, failover, least-used")
    async with Rack(tmp_path, "p0", "p1", "p2", pools=[main]) as rack:
        all_send(rack)
        await rack.sims_are_seen()
        assert await go(rack, 1, lane=lane("p0")) == {"p0": 1}
        assert await go(rack, 3, pool="main", to=PERSON) == {"p1": 3}
        assert await goes(rack, "to somebody else", pool="main") == "p0"
        for name in ("p0", "p1"):
            await rack.person(rack.fitness.pause, name, "somebody")
        (one,) = await rack.add("the second choice", pool="main", to=PERSON)
        await rack.calm()
        await rack.time_passes(6)
        rack.dispatch.wake()  # nobody waits for longer for the channel of a conversation
        await rack.settled(one)
        assert rack.ports["p2"].sent == ["the second choice"]
