"""How long it takes to choose the next text and its channel when a million texts wait, and whether memory grows with them.

The store, the lookout and the claims of the gateway itself, without HTTP and without modems: 64 channels that are free one after
the other, four pools with four strategies, ten flows. The commit is not part of the choice, and is not measured.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from gateway.channels.contract import Channel
from gateway.clock import SystemClock
from gateway.core import lanes
from gateway.core.dispatch.berth import Berth
from gateway.core.dispatch.lookout import Lookout
from gateway.core.fairness import Fairness
from gateway.core.lanes import PoolView
from gateway.records import ChannelFacts, ChannelState, Encoding, Part, Sent, Standing
from gateway.settings import StoreSettings
from gateway.store import Database, Store, air, claiming, limits, outbox
from gateway.store.claims import Claim
from gateway.store.outbox import NewMessage
from tests.bench.figures import Figure
from tests.bench.stage import resident_mb, stage

QUEUED = 1_000_000
CHANNELS = 64
DECISIONS = 5_000
AT_ONCE = 20_000
STRATEGIES = ("rotate", "least-used", "weighted", "sticky, rotate")


@dataclass
class Idle:
    """A channel that is ready and sends nothing."""

    name: str
    facts: ChannelFacts
    depth: int = 1
    whole: bool = False


# What lies on the deck of a channel that is not asked for anything.
BUSY: Claim = cast(Claim, object())


class Open:
    def standing(self, channel: str, sim: str) -> Standing:
        return Standing()


def dispatch() -> list[Figure]:
    with stage() as on:
        return _measure(on.folder)


def _measure(folder: Path) -> list[Figure]:
    clock = SystemClock()
    store = Store.open(StoreSettings(path=str(folder / "simrack.db"), reserve_mb=0), clock, serving=True)
    names = [f"p{n}" for n in range(CHANNELS)]
    pools = [PoolView(f"pool{n}", ("",), (tuple(names[n * 16 : n * 16 + 16]),), how) for n, how in enumerate(STRATEGIES)]
    served = lanes.build(names, pools, {})
    berths = {name: Berth.of(_channel(name)) for name in names}
    lookout = Lookout(lambda: served, Open(), lambda channel: False, clock, {})
    before = resident_mb(os.getpid())
    _fill(store, 10_000)
    lively = ["", *(f"pool:pool{n}" for n in range(4))]
    few = _decide(store, lookout, berths, lively, 2000)
    grown_before = resident_mb(os.getpid())
    _fill(store, QUEUED)
    took = _decide(store, lookout, berths, lively, DECISIONS)
    grown = resident_mb(os.getpid())
    store.close()
    middle, longest, with_few = (1000 * seconds for seconds in (_at(took, 0.5), took[-1], _at(few, 0.99)))
    note = f"p50 {middle:.2f} ms, longest {longest:.1f} ms; with 10,000 queued p99 {with_few:.2f} ms"
    more = grown - grown_before
    return [
        Figure("dispatch decision, 1,000,000 queued, 64 channels", _at(took, 0.99) * 1000, "<=", 1, "ms p99", note),
        Figure("… memory with 1,000,000 queued beside 10,000", more, "<=", 20, "MB more", f"{before:.0f} MB at start"),
    ]


def _channel(name: str) -> Channel:
    facts = ChannelFacts(name, ChannelState.READY, iccid=f"8949{name[1:]:0>15}")
    return Idle(name, facts)  # type: ignore[return-value]


def _fill(store: Store, texts: int) -> None:
    part = (Part("hello", Encoding.GSM7),)
    wheres = ("", *(f"pool:pool{n}" for n in range(4)))
    for start in range(0, texts, AT_ONCE):
        news = [
            NewMessage(
                f"msg_{texts}_{n}", f"+4917{n % 900_000:08}", "", "hello", Encoding.GSM7, part, lane=wheres[n % 5],
                key_id=n % 5 + 1, priority=n % 2, sticky="pool:pool3" if n % 5 == 4 else "",
            )
            for n in range(start, min(texts, start + AT_ONCE))
        ]  # fmt: skip
        store.writer.run(lambda db, news=news: outbox.add(db, news, 1_790_000_000.0))


def _decide(store: Store, lookout: Lookout, berths: dict[str, Berth], lively: list[str], decisions: int) -> list[float]:
    order = Fairness(lambda key_id: 1.0)
    took: list[float] = []

    def one(db: Database, now: float) -> None:
        book = limits.load(db)
        started = time.perf_counter()
        wants = lookout.wants(berths, lively, (), (), set())
        round_ = claiming.claim_in_turn(db, wants, order, book, now)
        took.append(time.perf_counter() - started)
        for lane in round_.passed:
            lookout.passed(*lane)
        for claim in round_.claims:
            lookout.took(claim)
            air.record(db, claim, Sent(1), None, book, now)

    def some(db: Database, first: int) -> None:
        for n in range(first, first + 100):
            # One channel is free, the others have something on their decks.
            free = f"p{n % CHANNELS}"
            for name, berth in berths.items():
                berth.deck = None if name == free else BUSY
            one(db, 1_790_000_000.0)

    for first in range(0, decisions, 100):
        store.writer.run(lambda db, first=first: some(db, first))
    return sorted(took)


def _at(took: list[float], share: float) -> float:
    return took[min(len(took) - 1, int(len(took) * share))]
