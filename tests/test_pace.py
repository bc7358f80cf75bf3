"""A bucket that fills evenly: what may go at once, what waits and for how long."""

from __future__ import annotations

from gateway.pace import Pace


def test_a_second_holds_what_it_allows_and_fills_evenly() -> None:
    pace = Pace(4, 100.0)
    assert [pace.wait(100.0) for _ in range(5)] == [0.0, 0.0, 0.0, 0.0, 0.25]
    assert pace.wait(100.25) == 0.0
    assert pace.wait(100.25) == 0.25


def test_what_was_not_used_is_kept_for_a_second_only() -> None:
    pace = Pace(2, 0.0)
    assert [pace.wait(3600.0) for _ in range(3)] == [0.0, 0.0, 0.5]


def test_less_than_one_a_second_is_possible() -> None:
    pace = Pace(0.25, 0.0)
    assert [pace.wait(0.0), pace.wait(0.0), pace.wait(3.0), pace.wait(4.0)] == [0.0, 4.0, 1.0, 0.0]


def test_more_at_once_than_a_second_allows_goes_while_the_bucket_is_full_and_is_paid_for_afterwards() -> None:
    pace = Pace(10, 0.0)
    assert pace.wait(0.0, 30) == 0.0
    assert pace.wait(0.0) == 2.1  # 20 are owed
    assert pace.wait(2.5, 30) == 0.5
    assert pace.wait(3.0, 30) == 0.0


def test_nothing_waits_without_a_bound() -> None:
    pace = Pace(0, 0.0)
    assert [pace.wait(0.0, 1000) for _ in range(3)] == [0.0] * 3
