"""64 channels at work without modems: each has one text on the air and one on its deck, and takes its next one when a send ends.

The store, the lookout and the claims of the gateway itself, in the writer's thread; time is what a send is said to take. What is
measured is the choice alone: who may take from where, which text, and the rows of the claim. The commit is not part of it.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from gateway.channels.contract import Channel
from gateway.clock import ManualClock
from gateway.core import lanes
from gateway.core.dispatch.berth import Berth
from gateway.core.dispatch.lookout import Lookout
from gateway.core.fairness import Fairness
from gateway.core.lanes import PoolView
from gateway.records import ChannelFacts, ChannelState, Limit, Sent, Standing
from gateway.store import Database, Store, air, claiming
from gateway.store.claims import Claim
from gateway.store.heads import Reach
from gateway.store.limits import Book

CHANNELS = 64
STRATEGIES = ("rotate", "least-used", "weighted", "sticky, rotate")
SEND_S = 4.0
_AT_ONCE = 100  # decisions in one transaction


@dataclass
class Idle:
    """A channel that is ready and sends nothing."""

    name: str
    facts: ChannelFacts
    depth: int = 1
    whole: bool = False


class Open:
    def standing(self, channel: str, sim: str) -> Standing:
        return Standing()


@dataclass
class Quay:
    """Four pools with four strategies, sixteen channels each."""

    store: Store
    clock: ManualClock
    rules: Sequence[Limit] = ()

    def __post_init__(self) -> None:
        self.book = Book(self.rules)
        names = [f"p{n}" for n in range(CHANNELS)]
        pools = [PoolView(f"pool{n}", ("",), (tuple(names[n * 16 : n * 16 + 16]),), how) for n, how in enumerate(STRATEGIES)]
        served = lanes.build(names, pools, {})
        self.lively = ["", *(f"pool:{pool.name}" for pool in pools)]
        self.berths = {name: Berth.of(cast(Channel, Idle(name, _facts(name)))) for name in names}
        self.lookout = Lookout(lambda: served, Open(), lambda channel: False, self.clock, {})
        self.order = Fairness(self.book.share)
        self.reach: Reach = {}
        self.held: dict[str, deque[Claim]] = {name: deque() for name in names}
        self.took: list[float] = []  # seconds for each text
        self.cpu: list[float] = []  # of them, those for which the machine did nothing else
        self.rounds: list[float] = []

    def one_after_the_other(self, decisions: int) -> None:
        """Sends end in turn: all but one channel have something on their decks."""
        for first in range(0, decisions, _AT_ONCE):
            turns = [[f"p{n % CHANNELS}"] for n in range(first, first + _AT_ONCE)]
            self.store.writer.run(lambda db, turns=turns: self._choose_in_turn(db, turns))

    def all_at_once(self, rounds: int) -> None:
        """Every channel is free, with nothing on the air and nothing on its deck, and each gets a text in the same round."""
        for _ in range(rounds):
            self.store.writer.run(lambda db: self._choose_in_turn(db, [list(self.berths)], 2))

    def rest(self) -> None:
        """Whatever is on the air or on deck has gone."""
        self.store.writer.run(lambda db: self._end(db, list(self.berths), 2))

    def _choose_in_turn(self, db: Database, turns: list[list[str]], ended: int = 1) -> None:
        """For each of these sets of channels, after so many of their texts have ended."""
        for names in turns:
            self._end(db, names, ended)
            self._choose(db, names)

    def _choose(self, db: Database, names: list[str]) -> None:
        self.clock.advance(SEND_S * len(names) / CHANNELS)
        now = self.clock.now()
        started, worked = time.perf_counter(), time.thread_time()
        wants = self.lookout.wants(self.berths, self.lively, (), (), set())
        round_ = claiming.claim_in_turn(db, wants, self.order, self.book, now, self.reach)
        took, worked = time.perf_counter() - started, time.thread_time() - worked
        self.rounds.append(took)
        self.took.append(took / max(1, len(round_.claims)))
        self.cpu.append(worked / max(1, len(round_.claims)))
        for lane in round_.passed:
            self.lookout.passed(*lane)
        for claim in round_.claims:
            self.lookout.took(claim)
            self.held[claim.channel].append(claim)
            self._move_up(claim.channel)

    def _end(self, db: Database, names: list[str], ended: int) -> None:
        """What is on the air has gone, and what is on deck goes on the air."""
        for name in names:
            for _ in range(min(ended, len(self.held[name]))):
                air.record(db, self.held[name].popleft(), Sent(1), None, self.book, self.clock.now())
            self._move_up(name)

    def _move_up(self, name: str) -> None:
        held, berth = self.held[name], self.berths[name]
        slot, now = berth.slots[0], held[0] if held else None
        if slot.now is not now:
            slot.now, slot.began = now, self.clock.monotonic()
        berth.deck = held[1] if len(held) > 1 else None


def _facts(name: str) -> ChannelFacts:
    return ChannelFacts(name, ChannelState.READY, iccid=f"8949{name[1:]:0>15}")
