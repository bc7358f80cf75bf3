"""The rules of all limits, compiled for the jobs that ask them thousands of times: which hold for a subject, and which windows
are counted for it. Counts nothing itself.

Subjects are those of rows: "sim:ID", "pool:NAME", and "key:ID" with the number of the key.
"""

from __future__ import annotations

import logging
import math
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from peewee import SqliteDatabase

from gateway import hours
from gateway.errors import BadValue
from gateway.records import Counted, Limit, Per
from gateway.store.limits import rows
from gateway.store.limits.windows import UTC, Window, day_of, window

log = logging.getLogger("simrack.limits")

BUDGETS = (Counted.TEXTS, Counted.PARTS, Counted.RECIPIENTS, Counted.WARMUP)
# Counted for every SIM whether a limit asks or not: who was used least today, and a start for limits to come.
_KEPT = ((Per.DAY, UTC, 1), (Per.MONTH, UTC, 1))
_DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Rule:
    """A limit with its time zone and hours at hand."""

    limit: Limit
    zone: ZoneInfo
    hours: hours.Hours | None = None

    @property
    def per(self) -> Per:
        """A warm-up counts by the day."""
        return self.limit.per or Per.DAY

    def most(self, first_seen: float, now: float) -> float:
        """How much may leave in the present window; without end for a SIM that is warm."""
        limit = self.limit
        if limit.counted is not Counted.WARMUP:
            return limit.most
        day = max(0, (day_of(self.zone, now) - day_of(self.zone, first_seen)).days)
        if day >= limit.days:
            return math.inf
        # Far beyond what any SIM sends, a power would leave the range of numbers.
        grown = math.log(limit.first) + day * math.log(limit.factor) < 50
        return int(limit.first * limit.factor**day + 1e-9) if grown else math.inf

    def gap(self, message_id: int) -> float:
        """Seconds from this message to the next: drawn by its number, so that every look finds the same."""
        low, high = self.limit.gap_s
        return low if low == high else random.Random(self.limit.id << 40 ^ message_id).uniform(low, high)

    def opens(self, now: float) -> float | None:
        """When the active hours begin; None if they are now. Far in the future if they never do."""
        if self.hours is None or hours.open_at(self.hours, now, self.limit.zone):
            return None
        return hours.next_change(self.hours, now, self.limit.zone) or math.inf


class Book:
    """Immutable, made anew when a rule changes."""

    def __init__(self, limits: Iterable[Limit]) -> None:
        self.limits = tuple(limits)
        self.empty = not self.limits
        self._rules: dict[str, tuple[Rule, ...]] = {}
        self._now: dict[tuple[Per, str, int], Window] = {}  # the last window of each kind that was asked for
        self._written: Mapping[str, tuple[Rule, ...]] = _by_subject(self.limits)

    def rules(self, subject: str) -> tuple[Rule, ...]:
        """Those that hold for it: its own, and of those for all of its kind the ones that it has no own rule instead of."""
        found = self._rules.get(subject)
        if found is None:
            kind = subject.partition(":")[0]
            own = self._written.get(subject, ())
            instead = {(rule.limit.counted, rule.limit.per) for rule in own}
            shared = self._written.get(f"{kind}:*", ())
            found = own + tuple(rule for rule in shared if (rule.limit.counted, rule.limit.per) not in instead)
            self._rules[subject] = found
        return found

    def gapped(self, subjects: Sequence[str]) -> bool:
        return not self.empty and any(rule.limit.counted is Counted.GAP for subject in subjects for rule in self.rules(subject))

    def resting(self, subjects: Sequence[str], now: float) -> bool:
        """It is outside of the active hours of one of these."""
        if self.empty:
            return False
        hours_of = (rule for subject in subjects for rule in self.rules(subject) if rule.hours is not None)
        return any(rule.opens(now) is not None for rule in hours_of)

    def share(self, key_id: int) -> float:
        """The weight of a client key beside the others."""
        if self.empty:
            return 1.0
        shares = [rule.limit.factor for rule in self.rules(f"key:{key_id}") if rule.limit.counted is Counted.SHARE]
        return min(shares, default=1.0)

    def window(self, rule: Rule, now: float) -> Window:
        return self._window(rule.per, rule.zone, rule.limit.reset_day, now)

    def windows(self, subject: str, now: float) -> list[Window]:
        """The present windows that are counted for a subject, each kind and beginning once."""
        found: dict[tuple[Per, int], Window] = {}
        if subject.startswith("sim:"):
            for kept in _KEPT:
                one = self._window(*kept, now)
                found[one.per, one.start] = one
        if not self.empty:
            for rule in self.rules(subject):
                if rule.limit.counted in BUDGETS:
                    one = self.window(rule, now)
                    known = found.get((one.per, one.start))
                    if known is None or known.end < one.end:
                        found[one.per, one.start] = one
        return list(found.values())

    def peopled(self, subject: str, now: float) -> list[Window]:
        """Those of its present windows of which distinct recipients are counted."""
        if self.empty:
            return []
        rules = [rule for rule in self.rules(subject) if rule.limit.counted is Counted.RECIPIENTS]
        found = {(one.per, one.start): one for one in sorted((self.window(rule, now) for rule in rules), key=lambda w: w.end)}
        return list(found.values())

    def _window(self, per: Per, zone: ZoneInfo, reset_day: int, now: float) -> Window:
        kind = (per, zone.key, reset_day)
        last = self._now.get(kind)
        if last is None or not last.holds(now):
            last = window(per, zone, reset_day, now)
            self._now[kind] = last
        return last


def load(db: SqliteDatabase) -> Book:
    return Book(rows.all_of(db))


def utc_day(now: float) -> int:
    """How the window of the day is named in which least-used counts."""
    return int(now // _DAY_S) * _DAY_S


def _by_subject(limits: Iterable[Limit]) -> dict[str, tuple[Rule, ...]]:
    found: dict[str, tuple[Rule, ...]] = {}
    for limit in limits:
        found[limit.subject] = (*found.get(limit.subject, ()), _compiled(limit))
    return found


def _compiled(limit: Limit) -> Rule:
    try:
        zone = ZoneInfo(hours.require_zone(limit.zone))
    except BadValue as fault:
        # It was known when the rule was made; the gateway must start all the same.
        log.error("limit %d counts by UTC: %s", limit.id, fault)
        zone = UTC
    return Rule(limit, zone, hours.parse(limit.hours) if limit.hours else None)
