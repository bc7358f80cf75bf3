"""Hours of the week: what people write, what is open when, and when that changes."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway import hours
from gateway.errors import BadValue

WORK = "Mon-Fri 08:00-20:00, Sat 09:00-12:00"
BERLIN = "Europe/Berlin"


def at(written: str, zone: str = "UTC") -> float:
    return datetime.fromisoformat(written).replace(tzinfo=ZoneInfo(zone)).timestamp()


# 2026-11-16 is a Monday.
@pytest.mark.parametrize(
    ("written", "moment", "is_open"),
    [
        (WORK, "2026-11-16T07:59:59", False),
        (WORK, "2026-11-16T08:00:00", True),
        (WORK, "2026-11-20T19:59:59", True),
        (WORK, "2026-11-20T20:00:00", False),
        (WORK, "2026-11-21T11:00:00", True),
        (WORK, "2026-11-21T12:00:00", False),
        (WORK, "2026-11-22T10:00:00", False),
        ("08:00-20:00", "2026-11-22T10:00:00", True),
        ("mon - fri  08:00 - 20:00", "2026-11-16T08:00:00", True),
        ("22:00-06:00", "2026-11-17T05:59:00", True),
        ("22:00-06:00", "2026-11-17T06:00:00", False),
        ("Sun 22:00-06:00", "2026-11-16T05:00:00", True),  # Monday morning belongs to Sunday night
        ("Sun 22:00-06:00", "2026-11-17T05:00:00", False),
        ("Fri-Mon 10:00-11:00", "2026-11-22T10:30:00", True),
        ("Fri-Mon 10:00-11:00", "2026-11-17T10:30:00", False),
        ("Mon 08:00-12:00 13:00-17:00", "2026-11-16T12:30:00", False),
        ("Mon 08:00-12:00 13:00-17:00", "2026-11-16T13:30:00", True),
        ("Sat 00:00-24:00", "2026-11-21T23:59:59", True),
        ("Sat 08:00-08:00", "2026-11-22T07:59:00", True),  # round the clock
    ],
)
def test_a_moment_is_inside_or_outside(written: str, moment: str, is_open: bool) -> None:
    assert hours.open_at(hours.parse(written), at(moment), "UTC") is is_open


def test_hours_follow_the_clock_on_the_wall_of_their_zone() -> None:
    parsed = hours.parse(WORK)
    assert hours.open_at(parsed, at("2026-07-13T06:00:00"), BERLIN)  # 08:00 in summer
    assert not hours.open_at(parsed, at("2026-11-16T06:00:00"), BERLIN)  # 07:00 in winter


@pytest.mark.parametrize(
    ("written", "now", "change"),
    [
        (WORK, "2026-11-16T07:00:00", "2026-11-16T08:00:00"),
        (WORK, "2026-11-16T08:00:00", "2026-11-16T20:00:00"),
        (WORK, "2026-11-21T12:00:00", "2026-11-23T08:00:00"),
        ("Mon 00:00-24:00, Tue 00:00-10:00", "2026-11-16T05:00:00", "2026-11-17T10:00:00"),
        # The clocks go forward from 02:00 to 03:00 on 2026-03-29 and back from 03:00 to 02:00 on 2026-10-25.
        ("02:30-03:30", "2026-03-29T01:00:00", "2026-03-29T03:00:00"),
        ("01:00-02:30", "2026-03-29T01:30:00", "2026-03-29T03:00:00"),
        ("Sun 02:00-03:00", "2026-03-28T12:00:00", "2026-04-05T02:00:00"),
    ],
)
def test_the_next_change_is_told(written: str, now: str, change: str) -> None:
    assert hours.next_change(hours.parse(written), at(now, BERLIN), BERLIN) == at(change, BERLIN)


def test_an_hour_that_comes_twice_opens_twice() -> None:
    parsed, seen, moment = hours.parse("02:15-02:45"), [], datetime(2026, 10, 24, 22, tzinfo=UTC).timestamp()
    for _ in range(4):
        change = hours.next_change(parsed, moment, BERLIN)
        assert change is not None
        moment = change
        seen.append(datetime.fromtimestamp(change, UTC).strftime("%H:%M"))
    assert seen == ["00:15", "00:45", "01:15", "01:45"]


@pytest.mark.parametrize("written", ["00:00-24:00", "Mon-Sun 00:00-24:00", "Mon-Thu 00:00-24:00, Fri-Sun 00:00-24:00"])
def test_what_is_always_open_never_changes(written: str) -> None:
    assert hours.parse(written).always
    assert hours.next_change(hours.parse(written), at("2026-11-16T07:00:00"), "UTC") is None


@pytest.mark.parametrize(
    "wrong", ["", "Mon", "Mon-Fri", "8-20", "Mo 08:00-20:00", "25:00-26:00", "Mon, Wed 08:00-09:00", ",", "x" * 501]
)
def test_what_does_not_name_hours_is_refused_with_an_example(wrong: str) -> None:
    with pytest.raises(BadValue) as refused:
        hours.parse(wrong, "hours")
    assert refused.value.field == "hours" and "Mon-Fri 08:00-20:00" in refused.value.remedy


@pytest.mark.parametrize("wrong", ["", "Berlin", "../etc/passwd", "Europe", "UTC+1"])
def test_what_is_no_zone_is_refused(wrong: str) -> None:
    with pytest.raises(BadValue):
        hours.require_zone(wrong)
    assert wrong not in hours.zones() and "Europe/Berlin" in hours.zones()


@settings(max_examples=200)
@given(st.from_regex(hours.FORM, fullmatch=True).filter(lambda written: len(written) <= hours.LONGEST))
def test_everything_of_the_published_form_is_taken(written: str) -> None:
    assert re.search(hours.FORM, written) and hours.parse(written).spans


@settings(max_examples=60)
@given(
    st.sampled_from([WORK, "22:00-06:00", "02:10-02:50", "Sun 01:30-03:10", "Sat-Sun 00:00-24:00"]),
    st.datetimes(datetime(2026, 3, 20), datetime(2026, 11, 5)),
)
def test_nothing_changes_before_the_next_change(written: str, when: datetime) -> None:
    parsed, epoch = hours.parse(written), when.replace(tzinfo=UTC).timestamp()
    change = hours.next_change(parsed, epoch, BERLIN)
    assert change is not None
    was = hours.open_at(parsed, epoch, BERLIN)
    assert hours.open_at(parsed, change, BERLIN) is not was
    steps = int((change - epoch) // timedelta(minutes=7).total_seconds())
    assert all(hours.open_at(parsed, epoch + step * 420, BERLIN) is was for step in range(steps + 1) if epoch + step * 420 < change)
