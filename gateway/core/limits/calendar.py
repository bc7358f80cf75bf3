"""The calendar of a forecast: when hours open and close and when windows end, each worked out once however many channels ask."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable

from gateway import hours
from gateway.store.limits.book import Rule
from gateway.store.limits.windows import window

_NEVER = 2**53


class Calendar:
    """Moments are whole milliseconds from `begins` on."""

    def __init__(self, now: float) -> None:
        self.begins = int(now * 1000)
        self._lines: dict[object, _Line] = {}

    def hours(self, rule: Rule, clock: int) -> tuple[bool, int]:
        """Are the hours of this rule open, and until when does that stay so?"""
        return self._line((rule.hours, rule.zone.key), lambda moment: _hours(rule, moment)).at(clock)

    def window_ends(self, rule: Rule, clock: int) -> int:
        kind = (rule.per, rule.zone.key, rule.limit.reset_day)
        return self._line(kind, lambda moment: (True, _window_ends(rule, moment))).at(clock)[1]

    def _line(self, kind: object, span: Callable[[int], tuple[bool, int]]) -> _Line:
        if kind not in self._lines:
            self._lines[kind] = _Line(self.begins, span)
        return self._lines[kind]


class _Line:
    """Spans that follow each other from a beginning on, found as far as anybody asked."""

    def __init__(self, begins: int, span: Callable[[int], tuple[bool, int]]) -> None:
        self._span = span
        self._ends: list[int] = []
        self._open: list[bool] = []
        self._reached = begins

    def at(self, clock: int) -> tuple[bool, int]:
        while self._reached <= clock:
            is_open, self._reached = self._span(self._reached)
            self._ends.append(self._reached)
            self._open.append(is_open)
        place = bisect_right(self._ends, clock)
        return self._open[place], self._ends[place]


def _hours(rule: Rule, moment: int) -> tuple[bool, int]:
    assert rule.hours is not None
    change = hours.next_change(rule.hours, moment / 1000, rule.zone.key)
    return hours.open_at(rule.hours, moment / 1000, rule.zone.key), _NEVER if change is None else math.ceil(change * 1000)


def _window_ends(rule: Rule, moment: int) -> int:
    return window(rule.per, rule.zone, rule.limit.reset_day, moment / 1000).end * 1000
