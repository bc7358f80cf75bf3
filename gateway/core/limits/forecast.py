"""How long many texts will take on these SIMs under their limits. Pure: walks over windows, not over texts.

Between two moments at which a window ends or hours change, a channel sends at an even pace: one run of texts. Limits by the minute
and gaps make the pace slower; limits by the hour, day and month cut runs short. A text counts in the window in which it leaves.
Where channels are choices one after the other (failover), the first choice of which one is open sends alone; a pool that looks for
the cheapest is taken as one choice, since it depends on the recipients. Where channels take turns, they go at the pace of
rounds that are as long as the slowest makes them, as if all took part all the time.
Times inside are whole milliseconds, so that nothing is lost by adding them up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from gateway.core.dispatch.berth import PATIENCE_S
from gateway.core.limits.calendar import Calendar
from gateway.core.limits.walk import DAY_MS, LONGEST_DAYS, Gate, Load, Sender, Walk
from gateway.records import Counted, Limit


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
    walks = [Walk(replace(one, gap=_gap(one.gate)), load, calendar, _turn(one, senders)) for one in senders]
    # A pool and a client are like one channel that needs no time: their gaps lie between the beginnings of texts.
    common = Walk(Sender("", 0.0, now, shared, _gap(shared)), load, calendar, 0.0)
    clock, end, left, last = int(now * 1000), int(now * 1000) + LONGEST_DAYS * DAY_MS, load.texts, 0
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
        until = min(common.closes(clock), clock + DAY_MS, end, changes)
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


def _first_choice(walks: Sequence[Walk], clock: int) -> tuple[list[Walk], int]:
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


def _segment(walks: Sequence[Walk], clock: int, until: int, most: float) -> _Sent:
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


def _first(walks: Sequence[Walk], runs: Sequence[Sequence[tuple[int, int]]], clock: int, until: int, most: int) -> list[int]:
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
