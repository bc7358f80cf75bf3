"""Who takes the next text: pure choices, told as tables and as long runs of texts."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.channels.rotation import Candidate, Lane, Order, Strategy, Tiers, choose, rejoin, strategy

FIT, UNFIT = Candidate(True), Candidate(False)


def lane(*channels: str, how: str = "rotate", weights: dict[str, float] | None = None) -> Lane:
    return Lane("pool:main", (channels,), strategy(how), weights or {})


def names(one: Lane, turns: dict[str, float] | None = None, **candidates: Candidate) -> list[str]:
    return [choice.channel for choice in choose(one, candidates, turns or {})]


def run(one: Lane, texts: int, fit: set[str] | None = None) -> list[str]:
    """Who takes each of so many texts when everybody is free all the time."""
    turns = dict.fromkeys(one.channels, 0.0)
    took = []
    for _ in range(texts):
        candidates = {name: Candidate(fit is None or name in fit) for name in turns}
        name = choose(one, candidates, turns)[0].channel
        turns[name] += one.step(name)
        took.append(name)
    return took


def test_turns_go_round() -> None:
    assert run(lane("p0", "p1", "p2", "p3"), 6) == ["p0", "p1", "p2", "p3", "p0", "p1"]


def test_nobody_begins_a_round_before_everybody_had_his_turn() -> None:
    assert names(lane("p0", "p1"), {"p0": 1}, p0=FIT, p1=FIT) == ["p1"]


def test_a_channel_that_cannot_send_is_passed_over() -> None:
    assert names(lane("p0", "p1", "p2"), p0=UNFIT, p1=FIT, p2=FIT) == ["p1", "p2"]


def test_a_channel_that_takes_long_does_not_hold_up_its_round() -> None:
    assert names(lane("p0", "p1"), {"p0": 3, "p1": 4}, p0=Candidate(True, slow=True), p1=FIT) == ["p0", "p1"]


def test_the_turn_of_a_channel_that_is_being_opened_is_kept_for_it() -> None:
    opening = Candidate(False, expected=True)
    assert names(lane("p0", "p1"), {"p0": 3, "p1": 4}, p0=opening, p1=FIT) == []
    assert names(lane("p0", "p1"), {"p0": 3, "p1": 3}, p0=opening, p1=FIT) == ["p1"]


def test_the_least_used_comes_first_and_nobody_is_waited_for() -> None:
    used = {"p0": Candidate(True, used=5), "p1": Candidate(True, used=2), "p2": Candidate(True, used=5)}
    choices = choose(lane("p0", "p1", "p2", how="least-used"), used, {})
    assert [choice.channel for choice in choices] == ["p1", "p0", "p2"]
    assert choices[0].why == "least-used: 2 texts today"


def test_weights_are_shares_and_spread_within_the_round() -> None:
    took = run(lane("p0", "p1", how="weighted", weights={"p0": 3}), 12)
    assert Counter(took) == {"p0": 9, "p1": 3}
    assert took[:4] == ["p0", "p1", "p0", "p0"]


def test_failover_uses_the_first_entry_that_is_able_and_turns_within_it() -> None:
    tiers = Lane("pool:main", (("p0", "p1"), ("p2",)), Strategy(Order.ROTATE, Tiers.FAILOVER))
    assert names(tiers, p0=FIT, p1=FIT, p2=FIT) == ["p0", "p1"]
    assert names(tiers, p0=UNFIT, p1=UNFIT, p2=FIT) == ["p2"]
    slow = Candidate(True, slow=True)
    assert names(tiers, p0=slow, p1=slow, p2=FIT) == ["p2"]
    assert names(tiers, p0=slow, p1=UNFIT, p2=UNFIT) == ["p0"]


def test_the_reason_says_strategy_choice_and_turn() -> None:
    tiers = Lane("pool:main", (("p0",), ("p1",)), Strategy(Order.ROTATE, Tiers.CHEAPEST))
    assert choose(tiers, {"p0": UNFIT, "p1": FIT}, {"p1": 7})[0].why == "cheapest (choice 2 of 2), rotate: turn 8"
    assert choose(Lane("channel:p0", (("p0",),), because="this channel was asked for"), {"p0": FIT}, {})[0].why == (
        "this channel was asked for"
    )


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("rotate", Strategy()),
        ("sticky", Strategy(Order.ROTATE, None, True)),
        ("sticky, least-used", Strategy(Order.LEAST_USED, None, True)),
        ("failover,weighted", Strategy(Order.WEIGHTED, Tiers.FAILOVER)),
        ("sticky, cheapest, rotate", Strategy(Order.ROTATE, Tiers.CHEAPEST, True)),
    ],
)
def test_strategies_are_read(written: str, expected: Strategy) -> None:
    assert strategy(written) == expected


def back(turns: dict[str, float], staying: tuple[str, ...], *names: str) -> list[float]:
    found = rejoin(turns, staying, names)
    return [found[name] for name in names]


def test_who_comes_back_keeps_what_it_is_owed_up_to_four_turns() -> None:
    assert back({"p0": 5, "p1": 4}, ("p0",), "p1") == [4]
    assert back({"p0": 500, "p1": 497}, ("p0",), "p1") == [497]  # a box port whose three texts came back
    assert back({"p0": 500, "p1": 4}, ("p0",), "p1") == [496]
    assert back({"p0": 5, "p1": 9}, ("p0",), "p1") == [9]
    assert back({"p1": 4}, (), "p1") == [4]


def test_a_new_channel_is_owed_one_turn() -> None:
    assert back({"p0": 500}, ("p0",), "p1") == [499]
    assert back({}, (), "p0", "p1") == [0, 0]


def test_who_went_on_alone_does_not_put_the_others_out_of_their_order() -> None:
    """p0 had no limit, and the others had one."""
    turns = {"p0": 210.0, "p1": 149.0, "p2": 150.0, "p3": 149.0}
    assert rejoin(turns, ("p0",), ("p1", "p2", "p3")) == {"p0": 154, "p1": 149, "p2": 150, "p3": 149}
    assert rejoin({**turns, "p0": 154}, ("p0", "p1", "p3"), ("p2",)) == {"p0": 154, "p1": 149, "p2": 150, "p3": 149}


def test_fewer_are_moved_together_and_keep_their_order() -> None:
    turns = {"p0": 500.0, "p1": 501.0, "p2": 500.0, "p3": 9.0, "p4": 10.0}
    assert back(turns, ("p0", "p1", "p2"), "p3", "p4") == [495, 496]


def test_after_a_restart_those_that_were_long_away_or_far_ahead_stand_near_the_others() -> None:
    turns = {"p0": 500.0, "p1": 501.0, "p2": 500.0, "dead": 9.0, "alone": 700.0}
    assert rejoin(turns, (), tuple(turns)) == {"p0": 500, "p1": 501, "p2": 500, "dead": 496, "alone": 504}


def test_who_was_slow_for_a_moment_keeps_his_place_although_a_box_comes_back_with_him_that_was_long_away() -> None:
    turns = {"p0": 700.0, "p1": 701.0, "p2": 700.0, "b0": 699.0, "b1": 200.0, "b2": 201.0, "b3": 200.0}
    found = {**turns, "b1": 694.0, "b2": 695.0, "b3": 694.0}
    assert rejoin(turns, ("p0", "p1", "p2"), ("b0", "b1", "b2", "b3")) == found


def test_who_comes_back_from_ahead_is_not_kept_waiting() -> None:
    assert back({"p0": 5, "p1": 5, "p2": 90}, ("p0", "p1"), "p2") == [9]


@given(st.integers(1, 9), st.lists(st.sets(st.integers(0, 8), min_size=1), min_size=1, max_size=30))
def test_under_rotate_the_shares_of_those_that_stay_differ_by_at_most_one(channels: int, fits: list[set[int]]) -> None:
    """Others come and go; a coming one takes its place by `rejoin`."""
    one = lane(*(f"p{n}" for n in range(channels)), "stays", "also")
    turns = dict.fromkeys(one.channels, 0.0)
    took: Counter[str] = Counter()
    before: set[str] = set()
    for fit in fits:
        present = {f"p{n}" for n in fit if n < channels} | {"stays", "also"}
        if before:
            turns.update(rejoin(turns, before & present, present - before))
        before = present
        for _ in range(5):
            found = choose(one, {name: Candidate(name in present) for name in turns}, turns)
            turns[found[0].channel] += 1
            took[found[0].channel] += 1
            assert abs(took["stays"] - took["also"]) <= 1
