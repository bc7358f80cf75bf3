"""How long many texts will take on these SIMs under their limits. Pure: walks over windows, not over texts.

Between two moments at which a window ends or hours change, a channel sends at an even pace: one run of texts. Limits by the minute
and gaps make the pace slower; limits by the hour, day and month cut runs short. A text counts in the window in which it leaves.
Where channels are choices one after the other (failover), the first choice of which one is open sends alone; a pool that looks for
the cheapest is taken as one choice, since it depends on the recipients. Where channels take turns, they go at the pace of
rounds that are as long as the slowest makes them, as if all took part all the time.
Times inside are whole milliseconds, so that nothing is lost by adding them up.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from gateway.core.dispatch.berth import PATIENCE_S
from gateway.core.forecast_calendar import Calendar
from gateway.records import Counted, Limit, Per
from gateway.store.limits.book import BUDGETS, Rule

LONGEST_DAYS = 400
_DAY_MS = 86_400_000
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


@dataclass(frozen=True, slots=True)
class Part:
    """What one channel will do, and the limit that made it wait the longest."""

    channel: str
    texts: int
    held_by: Limit | None


@dataclass(frozen=True, slots=True)
class Forecast:
    """`until` is None if it takes longer than LONGEST_DAYS, or for ever; the parts tell what is done by then."""

    until: float | None
    parts: tuple[Part, ...]
    held_by: Limit | None


def forecast(load: Load, senders: Sequence[Sender], shared: Gate, now: float) -> Forecast:
    """`shared` are the rules that all texts come under: those of the pool and of the client."""
    calendar = Calendar(now)
    walks = [_Walk(replace(one, gap=_gap(one.gate)), load, calendar, _turn(one, senders)) for one in senders]
    # A pool and a client are like one channel that needs no time: their gaps lie between the beginnings of texts.
    common = _Walk(Sender("", 0.0, now, shared, _gap(shared)), load, calendar, 0.0)
    clock, end, left, last = int(now * 1000), int(now * 1000) + LONGEST_DAYS * _DAY_MS, load.texts, 0
    one_choice = len({one.choice for one in senders}) == 1
    while left and clock < end and walks:
        opens = common.opens(clock)
        if opens > clock:
            clock = min(opens, end)
            continue
        serving, changes = (walks, end) if one_choice else _first_choice(walks, clock)
        if not serving:
            clock = min(changes, end)
            continue
        until = min(common.closes(clock), clock + _DAY_MS, end, changes)
        most = min(left, common.room(), common.slots(clock, until))
        sent = _segment(serving, clock, until, most)
        last = max(last, sent.last, common.take(clock, sent.texts))
        left -= sent.texts
        used_up = not one_choice and sent.texts and all(walk.closed(sent.begun) for walk in serving)
        clock = sent.begun if used_up else until
    held: dict[int, int] = dict(common.held)
    for walk in walks:
        for rule, waited in walk.held.items():
            held[rule] = held.get(rule, 0) + waited // len(walks)
    limits = {rule.limit.id: rule.limit for walk in (common, *walks) for rule in walk.rules}
    return Forecast(
        until=None if left else last / 1000,
        parts=tuple(Part(walk.channel, walk.sent, _longest(walk.held, limits)) for walk in walks),
        held_by=_longest(held, limits),
    )


def _turn(sender: Sender, senders: Sequence[Sender]) -> float:
    """How long a round is for each text of this one in it. Who takes longer than others wait is not waited for."""
    if not sender.turns:
        return 0.0
    waited_for = (one.seconds * one.turns for one in senders if one.choice == sender.choice and one.seconds <= PATIENCE_S)
    return max(waited_for, default=0.0) / sender.turns


def _gap(gate: Gate) -> float:
    """The longest that is asked for; of a range, its middle."""
    return max((sum(rule.limit.gap_s) / 2 for rule in gate.rules if rule.limit.counted is Counted.GAP), default=0.0)


def _longest(held: Mapping[int, int], limits: Mapping[int, Limit]) -> Limit | None:
    waited, rule = max(((waited, -rule) for rule, waited in held.items()), default=(0, 0))
    return limits[-rule] if waited else None


@dataclass(slots=True)
class _Budget:
    rule: Rule
    cost: int
    end: int = 0
    left: float = 0


class _Walk:
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
        minutes = [(rule.limit.most // load.cost(rule)) for rule in counting if rule.per is Per.MINUTE]
        self.pace = math.ceil(max(sender.seconds + sender.gap, turn) * 1000)
        self._never = 0 in minutes
        if minutes and not self._never:
            self.pace = max(self.pace, math.ceil(_MINUTE_MS / min(minutes)))

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
            return clock + LONGEST_DAYS * _DAY_MS, 0
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
        return min(ends, default=clock + LONGEST_DAYS * _DAY_MS)

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


def _first_choice(walks: Sequence[_Walk], clock: int) -> tuple[list[_Walk], int]:
    """Who sends from now on, and until when that is sure. Nobody where all are closed; then until one may be open."""
    found = [(walk, *walk.foreseen(clock)) for walk in walks]
    opens = {walk: max(moment, walk.away_until) for walk, moment, _ in found}
    choice = min((walk.choice for walk, moment in opens.items() if moment <= clock), default=None)
    if choice is None:
        changes = min(opens.values())
        for walk, moment, holds in found:
            walk.waits(holds, min(moment, changes) - clock)
        return [], changes
    serving = [walk for walk in walks if walk.choice == choice]
    others = [moment for walk, moment in opens.items() if walk.choice <= choice and moment > clock]
    return serving, min([*others, *(walk.closes(clock) for walk in serving if opens[walk] <= clock)])


@dataclass(frozen=True, slots=True)
class _Sent:
    texts: int
    last: int  # when the last of them is over
    begun: int = 0  # when the last of them begins


def _segment(walks: Sequence[_Walk], clock: int, until: int, most: float) -> _Sent:
    """The first `most` texts, in the order in which they can leave, earlier channels first."""
    if most < 1:
        return _Sent(0, 0)
    before = [walk.state() for walk in walks]
    runs = [walk.runs(clock, until, int(min(most, 2**53))) for walk in walks]
    if sum(number for own in runs for _, number in own) >= most:
        # What a channel waited after the last of them it did not wait for these.
        wanted = _first(walks, runs, clock, until, int(most))
        for walk, state in zip(walks, before, strict=True):
            walk.restore(state)
        runs = [walk.runs(clock, until, number) for walk, number in zip(walks, wanted, strict=True)]
    begun = [(own[-1][0] + (own[-1][1] - 1) * walk.pace, walk.duration) for walk, own in zip(walks, runs, strict=True) if own]
    ends = [moment + duration for moment, duration in begun]
    return _Sent(sum(number for own in runs for _, number in own), max(ends, default=0), max(begun, default=(0, 0))[0])


def _first(walks: Sequence[_Walk], runs: Sequence[Sequence[tuple[int, int]]], clock: int, until: int, most: int) -> list[int]:
    """How many each channel sends of the first `most`."""

    def by(moment: int) -> list[int]:
        return [_begun(own, walk.pace, moment) for walk, own in zip(walks, runs, strict=True)]

    low, high = clock - 1, until
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if sum(by(middle)) >= most else (middle, high)
    wanted, at_last = by(high - 1), by(high)
    for place, number in enumerate(at_last):
        wanted[place] += min(number - wanted[place], most - sum(wanted))
    return wanted


def _begun(runs: Sequence[tuple[int, int]], pace: int, moment: int) -> int:
    """How many texts of these runs have begun by then."""
    return sum(min(number, (moment - begins) // pace + 1) for begins, number in runs if begins <= moment)
