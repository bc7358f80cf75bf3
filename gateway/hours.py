"""Hours of the week as people write them: "Mon-Fri 08:00-20:00, Sat 09:00-12:00". Are they open at a moment, and until when?

Hours follow the clock on the wall of their time zone, summer time included. Knows nothing of what is open then.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, lru_cache
from zoneinfo import ZoneInfo, available_timezones

from gateway.errors import BadValue

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_DAY = f"(?:{'|'.join(DAYS)})"
_TIME = "(?:[01][0-9]|2[0-3]):[0-5][0-9]"
_SPAN = f"{_TIME}-(?:{_TIME}|24:00)"
_ENTRY = f"(?:{_DAY}(?:-{_DAY})? )?{_SPAN}(?: {_SPAN})*"
# What `parse` takes, for descriptions; `parse` is easy about blanks and capitals beside it.
FORM = f"^{_ENTRY}(?:, ?{_ENTRY})*$"
LONGEST = 500
REMEDY = 'write them as "Mon-Fri 08:00-20:00, Sat 09:00-12:00"; a whole day is 00:00-24:00'

_ENTRY_FORM = re.compile(_ENTRY)
_DAY_MINUTES = 24 * 60
_WEEK_MINUTES = 7 * _DAY_MINUTES
# A span that summer time swallows comes again a week later.
_DAYS_AHEAD = 16


@dataclass(frozen=True, slots=True)
class Hours:
    """Spans of minutes since Monday 00:00, sorted and apart from each other; the end of each is outside."""

    spans: tuple[tuple[int, int], ...]

    @property
    def always(self) -> bool:
        return self.spans == ((0, _WEEK_MINUTES),)


@lru_cache(maxsize=256)
def parse(written: str, field: str = "hours") -> Hours:
    """A span that ends before it begins, or when it begins, ends on the next day. No days mean every day. Raises BadValue."""
    if len(written) > LONGEST:
        raise BadValue(field, f"are longer than {LONGEST} characters", REMEDY)
    spans: list[tuple[int, int]] = []
    for entry in written.split(","):
        plain = re.sub(r"\s*-\s*", "-", " ".join(entry.split())).title()
        if not _ENTRY_FORM.fullmatch(plain):
            raise BadValue(field, f"{entry.strip()!r} does not name hours", REMEDY)
        spans += _spans(plain)
    return Hours(_merged(spans))


def open_at(hours: Hours, epoch: float, zone: str) -> bool:
    local = datetime.fromtimestamp(epoch, ZoneInfo(zone))
    minute = local.weekday() * _DAY_MINUTES + local.hour * 60 + local.minute
    return any(begin <= minute < end for begin, end in hours.spans)


def next_change(hours: Hours, epoch: float, zone: str) -> float | None:
    """The first moment after `epoch` at which they open or close; None if that never comes."""
    if hours.always:
        return None
    now_open = open_at(hours, epoch, zone)
    for moment in sorted(set(_moments(hours, epoch, ZoneInfo(zone)))):
        if moment > epoch and open_at(hours, moment, zone) != now_open:
            return moment
    return None


def require_zone(written: str, field: str = "zone") -> str:
    """Raises BadValue for what is no time zone of the IANA database."""
    try:
        ZoneInfo(written)
    except (KeyError, ValueError, OSError) as fault:
        raise BadValue(field, f"{written!r} is no time zone", "write it as Europe/Berlin, or UTC") from fault
    return written


@cache
def zones() -> tuple[str, ...]:
    """Every time zone this machine knows; looks through its files the first time."""
    return tuple(sorted(available_timezones()))


def _spans(entry: str) -> Iterator[tuple[int, int]]:
    """Those of one entry, as begin and end, perhaps beyond the end of the week."""
    words = entry.split(" ")
    days = range(7)
    if words[0][:3] in DAYS:
        first, _, last = words.pop(0).partition("-")
        begin = DAYS.index(first)
        days = range(begin, begin + (DAYS.index(last or first) - begin) % 7 + 1)
    for day in days:
        midnight = day % 7 * _DAY_MINUTES
        for word in words:
            begin, end = (int(time[:2]) * 60 + int(time[3:]) for time in word.split("-"))
            yield midnight + begin, midnight + (end if end > begin else end + _DAY_MINUTES)


def _merged(spans: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    within = [(begin, min(end, _WEEK_MINUTES)) for begin, end in spans]
    within += [(0, end - _WEEK_MINUTES) for _, end in spans if end > _WEEK_MINUTES]
    merged: list[tuple[int, int]] = []
    for begin, end in sorted(within):
        if merged and begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((begin, end))
    return tuple(merged)


def _moments(hours: Hours, epoch: float, zone: ZoneInfo) -> Iterator[float]:
    """Every moment of the days ahead at which something may change: the ends of spans, and when the clocks are changed."""
    ends = sorted({end % _WEEK_MINUTES for span in hours.spans for end in span})
    today = datetime.fromtimestamp(epoch, zone).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None, fold=0)
    for ahead in range(_DAYS_AHEAD):
        day = today + timedelta(days=ahead)
        begin, end = (_epoch(one, zone) for one in (day, day + timedelta(days=1)))
        if _offset(begin, zone) != _offset(end, zone):
            yield _clock_change(begin, end, zone)
        monday = day.weekday() * _DAY_MINUTES
        for minute in (one - monday for one in ends if monday <= one < monday + _DAY_MINUTES):
            local = day + timedelta(minutes=minute)
            yield _epoch(local, zone)
            yield _epoch(local.replace(fold=1), zone)  # the same time again, an hour later, on one night of the year


def _epoch(local: datetime, zone: ZoneInfo) -> float:
    return local.replace(tzinfo=zone).timestamp()


def _offset(epoch: float, zone: ZoneInfo) -> timedelta | None:
    return datetime.fromtimestamp(epoch, zone).utcoffset()


def _clock_change(before: float, after: float, zone: ZoneInfo) -> float:
    """The second at which the offset of `before` ends."""
    low, high, offset = int(before), int(after), _offset(before, zone)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _offset(middle, zone) == offset else (low, middle)
    return float(high)
