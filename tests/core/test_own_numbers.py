"""A text that asked for an own number leaves from this one or not at all, wherever its SIM is by then."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.core.own_numbers import Remembered, number_of, numbers_now
from gateway.records import ChannelFacts, ChannelState, OnUnknown, Refused, Sent, Status, Unknown, Word
from gateway.store import lanes
from tests.core.rack import Rack, pool
from tests.core.stage import story

A, B, C = "+4915110000001", "+4915110000002", "+4915110000003"


def asks(*numbers: str, whole: str = "") -> str:
    return lanes.held(whole, [numbers])


def puts(rack: Rack, **sims: str) -> None:
    """By port: the SIM, which is called as the last digit of its number."""
    for port, number in sims.items():
        rack.swaps(port, f"sim-{number[-1:]}", number)


# Where a text goes that asked for a number


@story
async def test_a_text_follows_the_sim_whose_number_it_asked_for(tmp_path: Path) -> None:
    async with Rack(tmp_path, "p0", "p1") as rack:
        puts(rack, p0=A, p1=B)
        await rack.person(rack.fitness.pause, "p0", "test")
        (asked,) = await rack.add("from A", lane=asks(A))
        (other,) = await rack.add("for p1", lane=lanes.of_channel("p1"))
        rack.ports["p1"].sends()
        await rack.settled(other)
        assert rack.status(asked) is Status.QUEUED
        puts(rack, p0=B, p1=A)
        await rack.settled(asked)
        assert rack.ports["p1"].sent == ["for p1", "from A"]
        assert rack.rows("SELECT sender FROM messages WHERE public_id = ?", asked) == [(A,)]


@story
async def test_a_text_waits_while_its_number_is_nowhere_and_holds_up_nobody(tmp_path: Path) -> None:
    async with Rack(tmp_path, "p0", "p1") as rack:
        puts(rack, p0=A, p1=B)
        await rack.person(rack.fitness.pause, "p0", "test")
        waiting = await rack.add(*(f"from A {number}" for number in range(200)), lane=asks(A))
        puts(rack, p0=C)
        await rack.person(rack.fitness.resume, "p0", "test")
        for port in rack.ports.values():
            port.sends()
        for lane in ("", asks(C), lanes.of_channel("p0")):
            (free,) = await rack.add("anybody", lane=lane)
            await rack.settled(free)
        await rack.calm()
        assert {rack.status(one) for one in waiting} == {Status.QUEUED}
        puts(rack, p1=A)
        for one in waiting:
            await rack.settled(one)
        assert not [text for text in rack.ports["p0"].sent if text.startswith("from A")]


@story
async def test_the_second_part_of_a_long_text_leaves_from_the_sim_of_the_first_in_its_new_port(tmp_path: Path) -> None:
    async with Rack(tmp_path, "p0", "p1") as rack:
        puts(rack, p0=A, p1=B)
        (asked,) = await rack.add("one|two", lane=asks(A))
        await rack.on_air("p0", "one")
        puts(rack, p0=B, p1=A)
        rack.ports["p1"].sends()
        rack.ports["p0"].sends()
        await rack.settled(asked)
        assert (rack.ports["p0"].sent, rack.ports["p1"].sent) == (["one"], ["two"])


@pytest.mark.parametrize("wish", list(OnUnknown))
@story
async def test_a_long_text_that_was_cut_off_by_a_swap_and_a_kill_goes_on_from_its_number(tmp_path: Path, wish: OnUnknown) -> None:
    async with Rack(tmp_path, "p0", "p1") as rack:
        puts(rack, p0=A, p1=B)
        busy = Refused(Word.LATER, "cms:322", "it is full")
        rack.ports["p0"].always = lambda part: Sent(7) if part.part.text == "one" else busy
        (asked,) = await rack.add("one|two", lane=asks(A), on_unknown=wish)
        await rack.on_air("p0", "two")
        await rack.restart(kill=True)
        puts(rack, p0=B, p1=A)
        gone = len(rack.ports["p0"].sent)
        for port in rack.ports.values():
            port.sends()
        await rack.time_passes(1)
        await rack.settled(asked)
        assert (rack.ports["p0"].sent[gone:], rack.ports["p1"].sent) == ([], ["two"])


@story
async def test_parts_that_went_from_a_number_are_not_repeated_however_long_its_sim_is_away(tmp_path: Path) -> None:
    async with Rack(tmp_path, "p0", "p1") as rack:
        puts(rack, p0=A, p1=B)
        busy = Refused(Word.LATER, "cms:322", "it is full")
        rack.ports["p0"].always = lambda part: Sent(7) if part.part.text == "one" else busy
        (asked,) = await rack.add("one|two", lane=asks(A))
        await rack.on_air("p0", "two")
        rack.becomes("p0", ChannelState.LOST)
        for _ in range(3):
            await rack.time_passes(100)
        puts(rack, p1=A)
        rack.ports["p1"].sends()
        await rack.time_passes(1)
        await rack.settled(asked)
        assert rack.ports["p1"].sent == ["two"]


@pytest.mark.parametrize("told_first", [True, False])
@pytest.mark.parametrize("lane", ["", "pool:main", asks(A, B), asks(A, B, whole="pool:main")])
@story
async def test_a_held_text_goes_on_by_the_port_that_its_sim_was_moved_to(tmp_path: Path, lane: str, told_first: bool) -> None:
    async with Rack(tmp_path, "p0", "p1", pools=[pool("main", "p0")]) as rack:
        puts(rack, p0=A, p1=B)
        await rack.sims_are_seen()
        await rack.person(rack.fitness.pause, "p1", "test")
        (asked,) = await rack.add("one|two", lane=lane, on_unknown=OnUnknown.HOLD)
        await rack.on_air("p0", "one")
        rack.ports["p0"].gives(Sent(1))
        await rack.on_air("p0", "two")
        busy = Refused(Word.LATER, "cms:322", "it is full")
        if not told_first:
            rack.ports["p0"].gives(busy)
            await rack.calm()
        puts(rack, p0=B, p1=A)
        await rack.sims_are_seen()
        if told_first:
            rack.ports["p0"].gives(busy)
        rack.ports["p1"].sends()
        rack.ports["p0"].always = lambda part: Sent(1)
        await rack.person(rack.fitness.resume, "p1", "test")
        await rack.time_passes(1)
        rack.dispatch.wake()
        await rack.settled(asked)
        assert (rack.ports["p0"].sent, rack.ports["p1"].sent) == (["one", "two"], ["two"])


@story
async def test_a_held_text_that_asked_for_its_port_waits_there_for_its_sim(tmp_path: Path) -> None:
    async with Rack(tmp_path, "p0", "p1") as rack:
        puts(rack, p0=A, p1=B)
        busy = Refused(Word.LATER, "cms:322", "it is full")
        rack.ports["p0"].always = lambda part: Sent(7) if part.part.text == "one" else busy
        (asked,) = await rack.add("one|two", lane=lanes.of_channel("p0"), on_unknown=OnUnknown.HOLD)
        await rack.on_air("p0", "two")
        for port in rack.ports.values():
            port.sends()
        for first, second in ((B, A), (A, B)):
            assert rack.status(asked) is not Status.SENT
            puts(rack, p0=first, p1=second)
            await rack.sims_are_seen()
            await rack.time_passes(1)
            rack.dispatch.wake()
            await rack.calm()
        await rack.settled(asked)
        assert rack.ports["p1"].sent == []


@story
async def test_what_is_sent_again_after_silence_follows_its_number_too(tmp_path: Path) -> None:
    async with Rack(tmp_path, "p0", "p1") as rack:
        puts(rack, p0=A, p1=B)
        (asked,) = await rack.add("from A", lane=asks(A))
        await rack.on_air("p0", "from A")
        rack.ports["p0"].gives(Unknown("nobody answered"))
        await rack.settled(asked, Status.UNKNOWN)
        puts(rack, p0=B, p1=A)
        for port in rack.ports.values():
            port.sends()
        await rack.time_passes(1)  # the repetition is meant for p0, which is ready
        await rack.settled(asked)
        assert (rack.ports["p0"].sent, rack.ports["p1"].sent) == (["from A"], ["from A"])


@story
async def test_a_text_that_is_bound_already_is_not_sent_by_the_sim_that_came_meanwhile(tmp_path: Path) -> None:
    async with Rack(tmp_path, "p0", "p1") as rack:
        puts(rack, p0=A, p1=B)
        await rack.add("first", lane=asks(A))
        await rack.on_air("p0", "first")
        (asked,) = await rack.add("second", lane=asks(A))
        await rack.until(lambda: rack.rows("SELECT COUNT(*) FROM attempts") == [(2,)], "the second is on deck")
        puts(rack, p0=B, p1=A)
        rack.ports["p1"].sends()
        rack.ports["p0"].sends()
        await rack.settled(asked)
        assert (rack.ports["p0"].sent, rack.ports["p1"].sent) == (["first"], ["second"])


@story
async def test_a_text_that_may_leave_from_several_numbers_rotates_over_these_wherever_they_are(tmp_path: Path) -> None:
    async with Rack(tmp_path, "p0", "p1", "p2") as rack:
        for port in rack.ports.values():
            port.sends()
        puts(rack, p0=A, p1=B, p2=C)
        for one in await rack.add("1", "2", "3", "4", lane=asks(A, B)):
            await rack.settled(one)
        assert [len(port.sent) for port in rack.ports.values()] == [2, 2, 0]
        puts(rack, p1=C, p2=B)
        for one in await rack.add("5", "6", "7", "8", lane=asks(A, B)):
            await rack.settled(one)
        assert [len(port.sent) for port in rack.ports.values()] == [4, 2, 2]


@story
async def test_a_text_of_a_pool_follows_its_sim_out_of_the_pool(tmp_path: Path) -> None:
    async with Rack(tmp_path, "p0", "p1", "p2", pools=[pool("main", "0-1")]) as rack:
        for port in rack.ports.values():
            port.sends()
        puts(rack, p0=C, p1=B, p2=A)
        (asked,) = await rack.add("from A", lane=asks(A, whole="pool:main"))
        await rack.settled(asked)
        assert rack.ports["p2"].sent == ["from A"]
        assert rack.rows("SELECT pool, why FROM attempts") == [("main", "its number was asked for")]


@story
async def test_a_text_that_asked_for_channel_and_number_waits_until_both_are_one(tmp_path: Path) -> None:
    async with Rack(tmp_path, "p0", "p1") as rack:
        for port in rack.ports.values():
            port.sends()
        puts(rack, p0=B, p1=A)
        (asked,) = await rack.add("from A by p0", lane=asks(A, whole="channel:p0"))
        await rack.calm()
        assert rack.status(asked) is Status.QUEUED
        puts(rack, p0=A, p1=B)
        await rack.settled(asked)
        assert rack.ports["p0"].sent == ["from A by p0"]


@story
async def test_a_channel_that_drains_sends_what_asked_for_its_number(tmp_path: Path) -> None:
    async with Rack(tmp_path, "p0", "p1") as rack:
        puts(rack, p0=A, p1=B)
        await rack.person(rack.fitness.pause, "p1", "test")
        asked = await rack.add("first", "second", "third", lane=asks(A))
        await rack.on_air("p0", "first")
        (other,) = await rack.add("for anybody")
        await rack.person(rack.fitness.drain, "p0", "test")
        rack.ports["p0"].sends()
        for one in asked:
            await rack.settled(one)
        assert rack.status(other) is Status.QUEUED


# Which number a SIM has


def known(**rows: str) -> dict[str, Remembered]:
    """SIM = "number@port for which it was configured:where it is", in the order in which they were first seen."""
    found = {}
    for place, (sim, row) in enumerate(rows.items()):
        number, _, rest = row.partition("@")
        port, _, channel = rest.partition(":")
        found[sim] = Remembered(number, port, channel, float(place))
    return found


@pytest.mark.parametrize(
    ("told", "configured", "remembered", "number"),
    [
        ("", "", {}, ""),
        (C, "", {}, C),
        ("", A, {}, A),
        (C, A, {}, A),  # what people wrote counts more than what a SIM says
        ("", A, {"s": f"{B}@p1:", "a": f"{A}@p0:p1"}, B),  # the SIMs of p0 and p1 have changed places
        (C, A, {"s": f"{B}@p1:p0", "a": f"{A}@p0:p1"}, B),  # and are still there after a restart
        (C, "", {"s": f"{B}@p1:"}, B),  # in a port of which nothing is written
        ("", "", {"s": f"{C}@:"}, C),
        ("", "", {"s": f"{C}@:", "a": f"{C}@p1:p1"}, ""),  # its successor has it
        (B, "", {"s": f"{C}@:"}, B),  # a SIM may be given another number by its operator
        (C, A, {"s": f"{C}@:", "a": f"{A}@p0:p1"}, C),
        ("", B, {"s": f"{A}@p0:p0"}, B),  # somebody changed the configuration
        ("", "", {"s": f"{A}@p0:p0"}, ""),  # or took it out
        ("", A, {"a": f"{A}@p0:"}, A),  # a new card in the place of one that is gone
        ("", A, {"a": f"{A}@p0:p1"}, ""),  # a new card, and the number is in another port
        ("", A, {"a": f"{A}@p0:p1", "s": f"{A}@p0:p0"}, ""),  # the same, but that was noticed later
        ("", A, {"a": f"{A}@p0:", "s": f"{A}@p0:p0"}, A),
        ("", A, {"s": f"{A}@p0:p0", "a": f"{A}@p0:p1"}, ""),  # the place of a moved SIM was taken by one that is known for longer
        ("", "", {"a": f"{A}@p1:p1", "s": f"{A}@p1:"}, A),  # which does not take its number for good
    ],
)  # fmt: skip
def test_a_number_goes_with_its_sim(told: str, configured: str, remembered: dict[str, str], number: str) -> None:
    assert number_of("s", "p0", told, configured, known(**remembered)) == number


def test_a_sim_that_shows_no_identity_has_the_number_of_its_port_unless_that_went_elsewhere() -> None:
    assert number_of("port:p0", "p0", "", A, known(a=f"{A}@p0:")) == A
    assert number_of("port:p0", "p0", "", A, known(a=f"{A}@p0:p1")) == ""


def test_a_number_is_not_where_its_sim_was_taken_out() -> None:
    lost, ready = ChannelFacts("p0", ChannelState.LOST, number=A), ChannelFacts("p1", ChannelState.READY, number=A)
    assert numbers_now([lost]) == {"p0": A}
    assert numbers_now([lost, ready, ChannelFacts("p2", ChannelState.READY)]) == {"p1": A}
