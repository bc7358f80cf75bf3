"""Who would have the next text of a pool: told before, and then the one that has it."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.core.limits.view import LimitsView
from gateway.core.outlook import Outlook, PoolOutlook
from gateway.records import ChannelState, Counted, Per
from gateway.settings import NumbersSettings
from gateway.store import conversations
from tests.core.rack import Rack, lane, pool
from tests.core.stage import story

PERSON = "+491701234567"


def ask(rack: Rack, to: str = "", name: str = "main") -> PoolOutlook:
    view = LimitsView(rack.limits, rack.store, rack.clock, rack.fitness.standing)
    numbers, facts = NumbersSettings(country="DE"), [port.facts for port in rack.ports.values()]
    outlook = Outlook(rack.store, numbers, rack.clock, rack.pools, lambda: facts, rack.fitness, view, rack.dispatch.turns)
    return outlook.of_pool(name, to, to, 1)


def whys(found: PoolOutlook) -> dict[str, str]:
    return {one.channel: f"{one.standing}: {one.reason}" for one in found.channels}


async def goes(rack: Rack, text: str, **given: str) -> str:
    (one,) = await rack.add(text, **given)
    await rack.settled(one)
    await rack.calm()
    return next(name for name, port in rack.ports.items() if text in port.sent)


@pytest.mark.parametrize(
    ("strategy", "weights"),
    [("rotate", {}), ("least-used", {}), ("weighted", {"p0": 2.0}), ("failover,least-used", {}), ("sticky,rotate", {})],
)
@story
async def test_the_channel_that_is_told_has_the_next_text_for_the_reason_that_is_told(
    tmp_path: Path, strategy: str, weights: dict[str, float]
) -> None:
    main = pool("main", "p0-1", "p2", strategy=strategy, weights=weights)
    async with Rack(tmp_path, "p0", "p1", "p2", pools=[main]) as rack:
        for port in rack.ports.values():
            port.sends()
        await rack.sims_are_seen()
        await goes(rack, "one ahead", lane=lane("p1"))
        for n in range(7):
            to = PERSON if n % 2 else f"+49170123450{n}"
            told = ask(rack, to)
            assert await goes(rack, f"text {n}", to=to, pool="main") == told.next
            ((why,),) = rack.rows("SELECT why FROM attempts ORDER BY id DESC LIMIT 1")
            assert told.channels[0].reason == why
            if n == 4:
                rack.becomes("p0", ChannelState.LOST)
                await rack.calm()


@story
async def test_each_channel_that_would_not_have_it_says_why_and_until_when(tmp_path: Path) -> None:
    main = pool("main", "p0-3", "p4", strategy="failover")
    async with Rack(tmp_path, "p0", "p1", "p2", "p3", "p4", pools=[main]) as rack:
        for port in rack.ports.values():
            port.sends()
        await rack.sims_are_seen()
        limit = await rack.limit("sim:sim-p0", Counted.TEXTS, Per.DAY, 1)
        await goes(rack, "the one of today", pool="main")
        await rack.person(rack.fitness.pause, "p1", "ann", "new antenna")
        rack.becomes("p2", ChannelState.LOST)
        found = ask(rack)
        assert (found.next, found.until, found.refusals, found.refusal) == ("p3", None, (), None)
        assert [one.channel for one in found.channels] == ["p3", "p4", "p0", "p1", "p2"]
        assert whys(found) == {
            "p3": "open: failover (choice 1 of 2), rotate: turn 1",
            "p4": "open: choice 2 of 2: taken when those before it cannot send",
            "p0": f"limited: limit {limit.id}: 1 of 1 texts a day have left",
            "p1": "paused: paused by ann: new antenna",
            "p2": "lost: it is not ready",
        }
        midnight = (rack.clock.now() // 86_400 + 1) * 86_400
        assert [one.until for one in found.channels] == [None, None, midnight, None, None]
        for name in ("p3", "p4"):
            await rack.person(rack.fitness.pause, name, "ann")
        nobody = ask(rack)
        assert (nobody.next, nobody.until) == (None, midnight)


@story
async def test_who_had_his_turn_waits_for_the_others(tmp_path: Path) -> None:
    async with Rack(tmp_path, "p0", "p1", pools=[pool("main", "0-1")]) as rack:
        for port in rack.ports.values():
            port.sends()
        await goes(rack, "first", pool="main")
        assert whys(ask(rack)) == {"p1": "open: rotate: turn 1", "p0": "open: turn 2: others have their turn first"}


@story
async def test_a_limit_of_the_pool_or_of_the_client_is_told_apart_from_those_of_sims(tmp_path: Path) -> None:
    async with Rack(tmp_path, "p0", pools=[pool("main", "p0")]) as rack:
        rack.ports["p0"].sends()
        await rack.limit("pool:main", Counted.TEXTS, Per.DAY, 1)
        await goes(rack, "the one of today", pool="main")
        found = ask(rack)
        assert found.next is None and found.until == (rack.clock.now() // 86_400 + 1) * 86_400
        assert [(one.subject, one.reason) for one in found.refusals] == [("pool:main", "1 of 1 texts a day have left")]
        assert [(one.channel, one.may) for one in found.channels] == [("p0", True)]


@story
async def test_the_number_of_a_conversation_comes_first_while_it_may_send(tmp_path: Path) -> None:
    async with Rack(tmp_path, "p0", "p1", pools=[pool("main", "0-1", strategy="sticky")]) as rack:
        await rack.sims_are_seen()
        await rack.store.writer.arun(lambda db: conversations.note(db, PERSON, "sim-p1", 1.0))
        assert ask(rack, PERSON).channels[0].reason == "sticky: the number of this conversation"
        assert (ask(rack, PERSON).next, ask(rack).next) == ("p1", "p0")
        await rack.person(rack.fitness.pause, "p1", "ann")
        assert ask(rack, PERSON).next == "p0"


@story
async def test_a_pool_of_which_no_channel_is_left_holds_nobody_up(tmp_path: Path) -> None:
    async with Rack(tmp_path, "p0", pools=[pool("main", "p0"), pool("gone", "p0", strategy="failover")]) as rack:
        rack.ports["p0"].sends()
        await rack.person(rack.pools.change, "gone", {"channels": ["p0"]}, "ann")
        await rack.store.writer.arun(lambda db: db.execute_sql("UPDATE pools SET channels = '[\"p9\"]' WHERE name = 'gone'"))
        await rack.restart()
        rack.ports["p0"].sends()
        assert ask(rack, name="gone") == PoolOutlook(None, None, None, (), ())
        (waits,) = await rack.add("nobody can send this", pool="gone")
        assert await goes(rack, "somebody can send this", pool="main") == "p0"
        assert rack.rows("SELECT status FROM messages WHERE public_id = ?", waits) == [("queued",)]
