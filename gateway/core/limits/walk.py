"""The way of one channel, or of what all share, through time under its rules: when it opens, how fast it goes, what is left.

Moments and spans are whole milliseconds. It does not know of other channels.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.core.limits.calendar import Calendar
from gateway.records import Counted, Per
from gateway.store.limits.book import BUDGETS, Rule

LONGEST_DAYS = 400
DAY_MS = 86_400_000
_MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True)
class Load:
    """What is to be sent. `distinct`: each text goes to somebody who was not texted before; otherwise all are known."""

    texts: int
    parts: int = 1
    distinct: bool = True

    def cost(self, rule: Rule) -> int:
        if rule.limit.counted is Counted.PARTS:
            return self.parts
        return int(self.distinct) if rule.limit.counted is Counted.RECIPIENTS else 1


@dataclass(frozen=True, slots=True)
class Gate:
    """Rules and what is used of them in their present windows: by the number of the limit."""

    rules: tuple[Rule, ...] = ()
    used: Mapping[int, int] = field(default_factory=dict)
    first_seen: float = 0.0


@dataclass(frozen=True, slots=True)
class Sender:
    """A channel and the rules of its SIM. `seconds` is how long it takes for one text, `free_at` when it takes the next."""

    channel: str
    seconds: float
    free_at: float
    gate: Gate = Gate()
    gap: float = 0.0  # from one text to the next: it begins when a text is over
    choice: int = 0  # it sends while no channel of a lower number may
    turns: float = 0.0  # texts in a round with the others of its choice; 0 where nobody waits for another


@dataclass(slots=True)
class _Budget:
    rule: Rule
    cost: int
    end: int = 0
    left: float = 0


class Walk:
    """Goes through time with one gate. `held` says how long each rule kept it waiting."""

    def __init__(self, sender: Sender, load: Load, calendar: Calendar, turn: float) -> None:
        self.channel = sender.channel
        self.choice = sender.choice
        self.duration = math.ceil(sender.seconds * 1000)
        self.rules = sender.gate.rules
        self.away_until = self.free_at = math.ceil(sender.free_at * 1000)
        self.sent = 0
        self.held: dict[int, int] = {}
        self._first_seen = sender.gate.first_seen
        self._calendar = calendar
        self._hours = [rule for rule in self.rules if rule.limit.counted is Counted.HOURS]
        counting = [rule for rule in self.rules if rule.limit.counted in BUDGETS and load.cost(rule)]
        self._budgets = [_Budget(rule, load.cost(rule)) for rule in counting if rule.per is not Per.MINUTE]
        for budget in self._budgets:
            self._renew(budget, calendar.begins, sender.gate.used.get(budget.rule.limit.id, 0))
        minutes = [(rule.limit.most // load.cost(rule), rule.limit.id) for rule in counting if rule.per is Per.MINUTE]
        self.pace = math.ceil(max(sender.seconds + sender.gap, turn) * 1000)
        fewest, slowest = min(minutes, default=(math.inf, 0))
        self._never = 0 if fewest else slowest  # the limit by the minute that no text will ever come under
        if fewest:
            self.pace = max(self.pace, math.ceil(_MINUTE_MS / fewest))

    def runs(self, clock: int, until: int, most: int) -> list[tuple[int, int]]:
        """Send up to `most` texts before `until`: when each run begins, and how many it has."""
        found = []
        self.free_at = max(self.free_at, clock)
        while most and self.free_at < until:
            opens = self.opens(self.free_at)
            if opens > self.free_at:
                self.free_at = min(opens, until)
                continue
            span = min(self.closes(self.free_at), until) - self.free_at
            number = int(min(most, self.room(), -(-span // self.pace) if self.pace else most))
            found.append((self.free_at, number))
            self.take(self.free_at, number)
            most -= number
        return found

    def opens(self, clock: int) -> int:
        """The moment, from `clock` on, at which no rule says no; or one before it at which to ask again. Until then it waits."""
        opens, holds = self.foreseen(clock)
        self.waits(holds, opens - clock)
        return opens

    def waits(self, rule: int, span: int) -> None:
        if span > 0:
            self.held[rule] = self.held.get(rule, 0) + span

    def foreseen(self, clock: int) -> tuple[int, int]:
        """When it opens, and the rule that says no until then."""
        if self._never:
            return clock + LONGEST_DAYS * DAY_MS, self._never
        opens, holds = clock, 0
        for rule in self._hours:
            is_open, change = self._calendar.hours(rule, clock)
            if not is_open and change > opens:
                opens, holds = change, rule.limit.id
        for budget in self._budgets:
            if clock >= budget.end:
                self._renew(budget, clock, 0)
            if budget.left < 1 and budget.end > opens:
                opens, holds = budget.end, budget.rule.limit.id
        return opens, holds

    def closed(self, clock: int) -> bool:
        return max(self.foreseen(clock)[0], self.away_until) > clock

    def closes(self, clock: int) -> int:
        """Until when nothing changes. Asked after `opens`."""
        ends = [budget.end for budget in self._budgets]
        ends += [self._calendar.hours(rule, clock)[1] for rule in self._hours]
        return min(ends, default=clock + LONGEST_DAYS * DAY_MS)

    def room(self) -> float:
        return min((budget.left for budget in self._budgets), default=math.inf)

    def slots(self, clock: int, until: int) -> float:
        """How many texts its pace lets begin."""
        return max(0, -(-(until - max(clock, self.free_at)) // self.pace)) if self.pace else math.inf

    def take(self, clock: int, texts: int) -> int:
        """So many leave from `clock` on. Returns when the last of them begins."""
        for budget in self._budgets:
            budget.left -= texts
        self.sent += texts
        begins = max(clock, self.free_at)
        self.free_at = begins + texts * self.pace
        return self.free_at - self.pace if texts else 0

    def state(self) -> tuple[int, int, dict[int, int], list[tuple[int, float]]]:
        return self.free_at, self.sent, dict(self.held), [(budget.end, budget.left) for budget in self._budgets]

    def restore(self, state: tuple[int, int, dict[int, int], list[tuple[int, float]]]) -> None:
        self.free_at, self.sent, held, budgets = state
        self.held = dict(held)
        for budget, (end, left) in zip(self._budgets, budgets, strict=True):
            budget.end, budget.left = end, left

    def _renew(self, budget: _Budget, clock: int, used: int) -> None:
        budget.end = self._calendar.window_ends(budget.rule, clock)
        most = budget.rule.most(self._first_seen, clock / 1000)
        budget.left = math.inf if most == math.inf else max(0, most - used) // budget.cost
