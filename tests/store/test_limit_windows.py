"""Calendar windows: days of 23 and 25 hours, months that begin on the 31st, hours that summer time cuts short."""

from __future__ import annotations

import random
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from gateway.records import Per
from gateway.store.limits.windows import day_of, first_second, window

BERLIN = "Europe/Berlin"


def shown(per: Per, zone: str, moment: str, reset_day: int = 1) -> tuple[str, str]:
    """The window as UTC minutes."""
    found = window(per, ZoneInfo(zone), reset_day, datetime.fromisoformat(moment).timestamp())
    return tuple(datetime.fromtimestamp(one, ZoneInfo("UTC")).strftime("%Y-%m-%d %H:%M") for one in found[1:])  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("per", "zone", "moment", "begins", "ends"),
    [
        (Per.MINUTE, "UTC", "2026-11-22T10:17:59.9+00:00", "2026-11-22 10:17", "2026-11-22 10:18"),
        (Per.HOUR, "UTC", "2026-11-22T10:00:00+00:00", "2026-11-22 10:00", "2026-11-22 11:00"),
        (Per.HOUR, "Asia/Kathmandu", "2026-11-22T10:00:00+00:00", "2026-11-22 09:15", "2026-11-22 10:15"),
        (Per.DAY, BERLIN, "2026-11-22T22:59:59+00:00", "2026-11-21 23:00", "2026-11-22 23:00"),
        (Per.DAY, BERLIN, "2026-11-22T23:00:00+00:00", "2026-11-22 23:00", "2026-11-23 23:00"),
        # 25 hours in autumn, 23 in spring
        (Per.DAY, BERLIN, "2026-10-25T12:00:00+01:00", "2026-10-24 22:00", "2026-10-25 23:00"),
        (Per.DAY, BERLIN, "2027-03-28T12:00:00+02:00", "2027-03-27 23:00", "2027-03-28 22:00"),
        # the clocks are put forward at midnight: this day begins at one o'clock
        (Per.DAY, "America/Santiago", "2026-09-06T12:00:00-03:00", "2026-09-06 04:00", "2026-09-07 03:00"),
        # and put back at midnight: the day before has 25 hours
        (Per.DAY, "America/Santiago", "2027-04-03T12:00:00-03:00", "2027-04-03 03:00", "2027-04-04 04:00"),
        # a day that an island left out
        (Per.DAY, "Pacific/Apia", "2011-12-29T12:00:00-10:00", "2011-12-29 10:00", "2011-12-30 10:00"),
        (Per.DAY, "Pacific/Apia", "2011-12-31T12:00:00+14:00", "2011-12-30 10:00", "2011-12-31 10:00"),
        # half an hour is skipped, and comes again
        (Per.HOUR, "Australia/Lord_Howe", "2026-10-04T02:45:00+11:00", "2026-10-03 15:30", "2026-10-03 16:00"),
        (Per.HOUR, "Australia/Lord_Howe", "2027-04-04T01:45:00+10:30", "2027-04-03 15:00", "2027-04-03 15:30"),
    ],
)
def test_a_window_begins_and_ends_by_the_calendar_of_its_zone(per: Per, zone: str, moment: str, begins: str, ends: str) -> None:
    assert shown(per, zone, moment) == (begins, ends)


@pytest.mark.parametrize(
    ("reset_day", "moment", "begins", "ends"),
    [
        (1, "2026-11-22T12:00:00+00:00", "2026-11-01 00:00", "2026-12-01 00:00"),
        (15, "2026-11-14T23:59:59+00:00", "2026-10-15 00:00", "2026-11-15 00:00"),
        (15, "2026-11-15T00:00:00+00:00", "2026-11-15 00:00", "2026-12-15 00:00"),
        (31, "2026-11-30T00:00:00+00:00", "2026-11-30 00:00", "2026-12-31 00:00"),
        (31, "2027-02-27T12:00:00+00:00", "2027-01-31 00:00", "2027-02-28 00:00"),
        (31, "2027-02-28T12:00:00+00:00", "2027-02-28 00:00", "2027-03-31 00:00"),
        (29, "2028-02-29T12:00:00+00:00", "2028-02-29 00:00", "2028-03-29 00:00"),
        (30, "2027-01-05T12:00:00+00:00", "2026-12-30 00:00", "2027-01-30 00:00"),
    ],
)
def test_a_month_begins_on_its_reset_day_or_the_last_day_it_has(reset_day: int, moment: str, begins: str, ends: str) -> None:
    assert shown(Per.MONTH, "UTC", moment, reset_day) == (begins, ends)


def test_a_month_begins_at_local_midnight() -> None:
    assert shown(Per.MONTH, BERLIN, "2027-03-28T12:00:00+02:00", 28) == ("2027-03-27 23:00", "2027-04-27 22:00")


@pytest.mark.parametrize("zone", ["UTC", BERLIN, "America/Santiago", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Gaza"])
def test_windows_follow_each_other_without_gaps_and_hold_what_they_are_asked_for(zone: str) -> None:
    chance, place = random.Random(zone), ZoneInfo(zone)
    for _ in range(300):
        moment = chance.uniform(1_760_000_000, 1_900_000_000)
        for per in Per:
            reset_day = chance.randint(1, 31)
            found = window(per, place, reset_day, moment)
            assert found.holds(moment)
            assert window(per, place, reset_day, found.end).start == found.end
            assert window(per, place, reset_day, found.start) == found
            assert window(per, place, reset_day, found.end - 1) == found


@pytest.mark.parametrize("moment", [-5.0, 0.0, 253_370_764_800.0, 1e15])
def test_a_clock_that_runs_wild_breaks_nothing(moment: float) -> None:
    for per in Per:
        assert window(per, ZoneInfo(BERLIN), 31, moment).start <= max(moment, 0)


def test_a_day_that_has_begun_does_not_end_again() -> None:
    zone = ZoneInfo("America/St_Johns")  # until 2011 its clocks were put back at one minute past midnight
    again = datetime(2010, 11, 6, 23, 30, tzinfo=zone, fold=1).timestamp()
    assert day_of(zone, again).day == 7
    assert first_second(zone, day_of(zone, again)) <= again
