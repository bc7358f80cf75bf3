"""The queue does not grow beyond its bound, and what waits is counted seldom."""

from __future__ import annotations

import pytest

from gateway.clock import ManualClock
from gateway.core.queue_bound import QueueBound
from gateway.errors import QueueFull


class Queue:
    """What waits, and how often it was counted; counting takes its time."""

    def __init__(self, clock: ManualClock, waiting: int = 0, takes_s: float = 0.0) -> None:
        self._clock = clock
        self._takes_s = takes_s
        self.waiting = waiting
        self.counted = 0

    def count(self) -> int:
        self.counted += 1
        self._clock.advance(self._takes_s)
        return self.waiting


def refused(bound: QueueBound, texts: int = 1) -> bool:
    try:
        bound.take(texts)
    except QueueFull:
        return True
    return False


def test_what_fits_is_taken_and_what_does_not_is_refused_whole() -> None:
    clock = ManualClock()
    bound = QueueBound(10, Queue(clock, 4).count, clock)
    assert [refused(bound, texts) for texts in (4, 3, 2, 1, 0)] == [False, True, False, True, False]


def test_it_counts_when_its_room_is_used_up_and_at_most_once_a_second() -> None:
    clock = ManualClock()
    queue = Queue(clock)
    bound = QueueBound(1000, queue.count, clock)
    for _ in range(1000):
        bound.take(1)
        clock.advance(0.01)
    assert queue.counted == 1
    queue.waiting = 990  # ten have left meanwhile
    assert not any(refused(bound) for _ in range(10))
    assert all(refused(bound) for _ in range(10))
    assert queue.counted == 2
    clock.advance(1)
    queue.waiting = 1000
    assert refused(bound) and queue.counted == 3


def test_a_long_count_is_made_the_more_seldom() -> None:
    clock = ManualClock()
    queue = Queue(clock, waiting=10, takes_s=0.5)
    bound = QueueBound(10, queue.count, clock)
    for _ in range(100):
        assert refused(bound)
        clock.advance(0.125)
    assert queue.counted == 2  # in 13 seconds


def test_nothing_is_counted_without_a_bound() -> None:
    clock = ManualClock()
    bound = QueueBound(0, lambda: pytest.fail("nobody asked"), clock)
    bound.take(1_000_000)
