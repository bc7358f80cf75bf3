"""Which channels may take the next text of a lane, best first, and why. Pure: what is known of them in, names and reasons out.

A lane's channels stand in tiers. The strategy picks the tier (all channels, the first in order, the cheapest) and the order
within it (in turn, by weight, least used first). Turns are counted: a channel that takes a text takes one turn, or 1/weight of
one, and nobody begins a round before everybody in it has had his turns of the one before. A conversation's own channel is not
chosen here: the text itself says whom it wants.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

# A channel that was away may catch up so much and no more: what it missed beyond that was done by others. A box port has up to
# three texts in hand; when it stops, their turns are given back, and it must be able to make up for all of them. Nor is a
# channel that went on alone further ahead than that when the others come back.
_MOST_OWED = 4.0


class Order(StrEnum):
    """How the channels of one tier take turns."""

    ROTATE = "rotate"
    LEAST_USED = "least-used"
    WEIGHTED = "weighted"
    NEXT_FREE = "next free"  # in turn, but nobody waits for a slower one; of texts that name no pool


class Tiers(StrEnum):
    """What makes one tier come before another."""

    FAILOVER = "failover"
    CHEAPEST = "cheapest"


@dataclass(frozen=True, slots=True)
class Strategy:
    order: Order = Order.ROTATE
    tiers: Tiers | None = None
    sticky: bool = False


@dataclass(frozen=True, slots=True)
class Lane:
    """A queue of texts and the channels that serve it. Without a tier rule there is one tier."""

    name: str
    tiers: tuple[tuple[str, ...], ...]
    strategy: Strategy = Strategy()
    weights: Mapping[str, float] = field(default_factory=dict)
    because: str = ""  # said instead of the strategy: why only these channels
    own: str = ""  # the one channel that was asked for, or that has the number which was: it serves this lane while it drains, too

    @property
    def channels(self) -> tuple[str, ...]:
        return tuple(name for tier in self.tiers for name in tier)

    def tier_of(self, channel: str) -> tuple[str, ...]:
        """The channels among which this one takes turns."""
        return next((tier for tier in self.tiers if channel in tier), ())

    def step(self, channel: str) -> float:
        """How much of a turn one text is for this channel."""
        return 1.0 / self.weights.get(channel, 1.0) if self.strategy.order is Order.WEIGHTED else 1.0


class Candidate(NamedTuple):
    """What is known of one channel now."""

    fit: bool  # it may take texts
    slow: bool = False  # busy with one text for longer than others wait for it
    expected: bool = False  # not fit yet, but starting: its turn is kept for it
    used: int = 0  # texts of its SIM today

    @property
    def counts(self) -> bool:
        """The round waits for it."""
        return self.expected or (self.fit and not self.slow)


Turns = Mapping[str, float]  # turns that each channel took in a lane; one that is not named took none


@dataclass(frozen=True, slots=True)
class Choice:
    channel: str
    why: str


def strategy(written: str) -> Strategy:
    """ "sticky, failover, least-used" as a record; the words were checked when the configuration was read."""
    words = [word.strip() for word in written.split(",")]
    order = next((word for word in words if word in tuple(Order)), Order.ROTATE)
    tiers = next((word for word in words if word in tuple(Tiers)), None)
    return Strategy(Order(order), None if tiers is None else Tiers(tiers), "sticky" in words)


def choose(
    lane: Lane, candidates: Mapping[str, Candidate], turns: Turns, among: Collection[str] | None = None
) -> list[Choice]:
    """The channels that may take this lane's next text, best first; of `among` alone if given. Empty while it has to wait."""
    number, tier = tier_now(lane, candidates)
    asked = tier if among is None else [name for name in tier if name in among]
    fit = [name for name in asked if candidates[name].fit]
    if not fit:
        return []
    match lane.strategy.order:
        case Order.LEAST_USED:
            ranked = sorted(fit, key=lambda name: candidates[name].used)
            return [Choice(name, _why(lane, number, f"{candidates[name].used} texts today")) for name in ranked]
        case Order.NEXT_FREE:
            ranked = sorted(fit, key=lambda name: turns.get(name, 0.0))
            return [Choice(name, _why(lane, number, "")) for name in ranked]
        case _:
            present = _present_round(tier, candidates, turns)
            ranked = [name for name in fit if _round(turns.get(name, 0.0)) <= present]
            ranked.sort(key=lambda name: round(turns.get(name, 0.0), 6))
            return [Choice(name, _why(lane, number, f"turn {_round(turns.get(name, 0.0)) + 1}")) for name in ranked]


def below(lane: Lane, candidates: Mapping[str, Candidate], among: Collection[str]) -> list[tuple[Choice, frozenset[str]]]:
    """The channels of later tiers, each with those that must have refused a text before it comes to them."""
    number, _ = tier_now(lane, candidates)
    found, above = [], set[str]()
    for place, tier in enumerate(lane.tiers):
        if place > number:
            why = _why(lane, place, "the choices before refused it")
            found += [(Choice(name, why), frozenset(above)) for name in tier if name in among and candidates[name].fit]
        above.update(name for name in tier if candidates[name].fit and not candidates[name].slow)
    return found


def tier_now(lane: Lane, candidates: Mapping[str, Candidate]) -> tuple[int, tuple[str, ...]]:
    """The first tier of which a channel is able; a slow one will do only where nobody is quicker."""
    if len(lane.tiers) <= 1:
        return 0, lane.channels
    fits = [[candidates[name] for name in tier if candidates[name].fit] for tier in lane.tiers]
    quick = (number for number, fit in enumerate(fits) if any(not one.slow for one in fit))
    slow = (number for number, fit in enumerate(fits) if fit)
    number = next(quick, None)
    number = next(slow, 0) if number is None else number
    return number, lane.tiers[number]


def _present_round(tier: Sequence[str], candidates: Mapping[str, Candidate], turns: Turns) -> float:
    least = min((turns.get(name, 0.0) for name in tier if candidates[name].counts), default=math.inf)
    return least if least is math.inf else _round(least)


def _round(turn: float) -> int:
    # Thirds do not add up to one.
    return math.floor(turn + 1e-6)


def _why(lane: Lane, tier: int, rank: str) -> str:
    if lane.because:
        return lane.because
    words = [lane.strategy.order.value]
    if lane.strategy.tiers is not None:
        words.insert(0, f"{lane.strategy.tiers.value} (choice {tier + 1} of {len(lane.tiers)})")
    return f"{', '.join(words)}: {rank}" if rank else ", ".join(words)


def rejoin(turns: Turns, staying: Collection[str], back: Collection[str]) -> dict[str, float]:
    """The turn counts with which channels that come `back` together and those that were `staying` go on side by side.

    Who is still within a few turns of those that stayed keeps his place among them, whoever comes back with him. Of the others
    nobody catches up by more than a few turns, and nobody is waited for until others have caught up with him. Otherwise those
    that come back keep their places among themselves, as do those that stayed: where the two are too far apart, the fewer are
    moved as they stand. A new one begins one turn behind.
    """
    near = _near(turns, staying, back)
    staying, back = {*staying, *near}, [name for name in back if name not in near]
    found = {name: turns.get(name, 0.0) for name in staying}
    known = sorted(turns[name] for name in back if name in turns)
    middle = known[(len(known) - 1) // 2] if known else min(found.values(), default=1.0)
    for name in back:
        own = turns.get(name, middle - 1)
        found[name] = min(max(own, middle - _MOST_OWED), middle + _MOST_OWED)
    behind = _apart(found, back, staying) - _apart(found, staying, back)
    fewer, shift = (staying, -behind) if len(back) > len(staying) else (back, behind)
    return {**found, **{name: found[name] + shift for name in fewer}}


def _near(turns: Turns, staying: Collection[str], back: Collection[str]) -> set[str]:
    """Those that come back within a few turns of all that stayed."""
    here = [turns.get(name, 0.0) for name in staying]
    if not here:
        return set()
    least, most = max(here) - _MOST_OWED, min(here) + _MOST_OWED
    return {name for name in back if name in turns and least <= turns[name] <= most}


def _apart(turns: Turns, low: Collection[str], high: Collection[str]) -> float:
    """By how many turns more than may be owed all of `low` are behind all of `high`; 0 where they are not."""
    if not low or not high:
        return 0.0
    return max(0.0, min(turns[name] for name in high) - _MOST_OWED - max(turns[name] for name in low))
