"""The calendar windows that limits count over: minutes, hours, days and months of a time zone. Pure.

Every moment lies in exactly one window of a kind, and a window is named by the second it begins at. What clocks do in spring and
autumn makes days of 23 and 25 hours, and cuts an hour short where half an hour is skipped.
"""

from __future__ import annotations

import math
from calendar import monthrange
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from gateway.records import Per

UTC = ZoneInfo("UTC")
_DAY_S = 86_400
_ONE_DAY = timedelta(days=1)
# Beyond this a clock that runs wild has no calendar any more.
_LATEST = 253_370_764_800  # 9999-01-01


class Window(NamedTuple):
    per: Per
    start: int  # the first second
    end: int  # the first second of the next one

    def holds(self, moment: float) -> bool:
        return self.start <= moment < self.end


def window(per: Per, zone: ZoneInfo, reset_day: int, moment: float) -> Window:
    """The window that `moment` lies in. `reset_day` is the day on which months begin, or the last one of a shorter month."""
    second = min(max(math.floor(moment), 0), _LATEST)
    if per is Per.MINUTE:
        start = second - second % 60
        return Window(per, start, start + 60)
    if per is Per.HOUR:
        return Window(per, *_hour(zone, second))
    if per is Per.DAY:
        today = day_of(zone, second)
        return Window(per, first_second(zone, today), first_second(zone, today + _ONE_DAY))
    return Window(per, *_month(zone, reset_day, day_of(zone, second)))


def day_of(zone: ZoneInfo, moment: float) -> date:
    """The calendar day whose window `moment` lies in: what the wall shows, but a day that has begun does not end again."""
    second = min(max(math.floor(moment), 0), _LATEST)
    today = _shown(zone, second)
    while first_second(zone, today + _ONE_DAY) <= second:
        today += _ONE_DAY
    return today


@lru_cache(maxsize=4096)
def first_second(zone: ZoneInfo, day: date) -> int:
    """When a day begins. Not every day has a midnight: some clocks are put forward at that hour."""
    midnight = int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp())
    if _shown(zone, midnight) == day and _shown(zone, midnight - 1) < day:
        return midnight
    around = range(midnight - _DAY_S, midnight + 2 * _DAY_S, 60)
    return next(second for second in around if _shown(zone, second) >= day)


def _shown(zone: ZoneInfo, second: int) -> date:
    return datetime.fromtimestamp(second, zone).date()


def _month(zone: ZoneInfo, reset_day: int, today: date) -> tuple[int, int]:
    begun = _month_begins(today.year, today.month, reset_day)
    if begun > today:
        begun = _month_begins(*_month_after(today.year, today.month, -1), reset_day)
    ends = _month_begins(*_month_after(begun.year, begun.month, 1), reset_day)
    return first_second(zone, begun), first_second(zone, ends)


def _month_begins(year: int, month: int, reset_day: int) -> date:
    return date(year, month, min(reset_day, monthrange(year, month)[1]))


def _month_after(year: int, month: int, months: int) -> tuple[int, int]:
    number = year * 12 + month - 1 + months
    return number // 12, number % 12 + 1


def _hour(zone: ZoneInfo, second: int) -> tuple[int, int]:
    """No hour reaches over a change of the clocks."""
    offset = _offset(zone, second)
    start = second - (second + offset) % 3600
    end = start + 3600
    if _offset(zone, start) != offset:
        start = _change(zone, start, second)
    if _offset(zone, end - 1) != offset:
        end = _change(zone, second, end - 1)
    return start, end


def _offset(zone: ZoneInfo, second: int) -> int:
    offset = datetime.fromtimestamp(second, zone).utcoffset()
    return 0 if offset is None else int(offset.total_seconds())


def _change(zone: ZoneInfo, before: int, after: int) -> int:
    """The first second that has the offset of `after`."""
    low, high, offset = before, after, _offset(zone, after)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _offset(zone, middle) == offset else (middle, high)
    return high
