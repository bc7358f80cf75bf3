"""How long a posting waits: growing, bounded, with chance, and never longer than a receiver's wish allows."""

from __future__ import annotations

import random

import pytest

from gateway.core.forwarding.delays import EVENT_LONGEST_S, WEBHOOK_LONGEST_S, backoff, longest_backoff, retry_after

NOW = 1_790_000_000.0  # 2026-09-21 14:13:20 UTC


def test_the_pause_grows_from_seconds_to_hours_and_stays_there() -> None:
    pauses = [backoff(tries, 5.0, EVENT_LONGEST_S, random.Random(1)) for tries in range(1, 9)]
    for pause, middle in zip(pauses, (5, 30, 180, 1080, 6480, 21600, 21600, 21600), strict=True):
        assert 0.8 * middle <= pause <= 1.2 * middle


def test_chance_spreads_the_pauses() -> None:
    chance = random.Random(1)
    assert len({backoff(1, 5.0, EVENT_LONGEST_S, chance) for _ in range(20)}) == 20


def test_any_number_of_tries_is_bounded() -> None:
    assert backoff(10_000, 5.0, WEBHOOK_LONGEST_S, random.Random(1)) <= 1.2 * WEBHOOK_LONGEST_S
    assert longest_backoff(10_000, 5.0) <= 1.2 * EVENT_LONGEST_S
    assert longest_backoff(1, 5.0) <= 6.0


@pytest.mark.parametrize(
    ("value", "date", "seconds"),
    [
        (None, None, None),
        ("120", None, 120.0),
        ("0", None, 0.0),
        ("Mon, 21 Sep 2026 14:14:20 GMT", None, 60.0),
        ("Mon, 21 Sep 2026 13:00:00 GMT", None, 0.0),  # past
        # Our clock is wrong, theirs speaks for itself.
        ("Sat, 01 Jan 2000 00:01:00 GMT", "Sat, 01 Jan 2000 00:00:00 GMT", 60.0),
        ("Sat, 01 Jan 2000 00:01:00 GMT", "nonsense", 0.0),
        ("9999999999999999", None, 86400.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", None, 86400.0),
        ("soon", None, None),
        ("-5", None, None),
        ("1.5", None, None),
        ("٣", None, None),
        ("", None, None),
    ],
)
def test_retry_after_is_a_number_or_a_date_or_nothing(value: str | None, date: str | None, seconds: float | None) -> None:
    assert retry_after(value, date, NOW) == seconds
