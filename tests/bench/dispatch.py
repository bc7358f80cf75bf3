"""How long it takes to choose the next text and its channel when a million texts wait, and whether memory grows with them.

Without limits and with those of everyday use, for channels that are free one after the other and for all of them at once.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from gateway.clock import ManualClock
from gateway.records import Counted, Encoding, Limit, Part, Per
from gateway.settings import StoreSettings
from gateway.store import Store, outbox
from gateway.store.outbox import NewMessage
from tests.bench.figures import Figure
from tests.bench.quay import CHANNELS, Quay
from tests.bench.stage import resident_mb, stage

QUEUED = 1_000_000
DECISIONS = 5_000
ROUNDS = 100
AT_ONCE = 20_000
# Those of SIMs are not reached. That of a pool and that of a key are: their texts stay in the queue, and others pass them.
LIMITS = (
    Limit(1, "sim:*", Counted.TEXTS, Per.DAY, 2000, zone="Europe/Berlin"),
    Limit(2, "sim:*", Counted.TEXTS, Per.MINUTE, 20),
    Limit(3, "sim:*", Counted.RECIPIENTS, Per.MONTH, 5000, zone="Europe/Berlin", reset_day=15),
    Limit(4, "sim:*", Counted.HOURS, hours="Mon-Sun 06:00-22:00", zone="Europe/Berlin"),
    Limit(5, "pool:pool1", Counted.TEXTS, Per.MINUTE, 30),
    Limit(6, "pool:pool0", Counted.PARTS, Per.MONTH, 1_000_000),
    Limit(7, "key:3", Counted.TEXTS, Per.HOUR, 500),
    Limit(8, "key:*", Counted.TEXTS, Per.DAY, 100_000),
)


def dispatch() -> list[Figure]:
    with stage() as on:
        return _measure(on.folder)


def _measure(folder: Path) -> list[Figure]:
    clock = ManualClock()
    store = Store.open(StoreSettings(path=str(folder / "simrack.db"), reserve_mb=0), clock, serving=True)
    before = resident_mb(os.getpid())
    _fill(store, clock, 10_000)
    _in_turn(store, clock, 500, LIMITS)
    few = _in_turn(store, clock, 2000)
    grown_before = resident_mb(os.getpid())
    _fill(store, clock, QUEUED)
    free, limited = _in_turn(store, clock, DECISIONS), _in_turn(store, clock, DECISIONS, LIMITS)
    grown = resident_mb(os.getpid())
    together, held_back = _together(store, clock), _together(store, clock, LIMITS)
    store.close()
    more = grown - grown_before
    with_few = f"{_said(free)}; with 10,000 queued p99 {_p99(few.took):.2f} ms"
    return [
        Figure(f"dispatch decision, {QUEUED:,} queued, {CHANNELS} channels", _p99(free.took), "<=", 1, "ms p99", with_few),
        Figure("… with limits per SIM, pool and key, and active hours", _p99(limited.took), "<=", 1, "ms p99", _said(limited)),
        _of_all(f"… all {CHANNELS} channels free at once, for each text", together),
        _of_all("… the same with limits", held_back),
        Figure(f"… memory with {QUEUED:,} queued beside 10,000", more, "<=", 20, "MB more", f"{before:.0f} MB at start"),
    ]


def _in_turn(store: Store, clock: ManualClock, decisions: int, rules: Sequence[Limit] = ()) -> Quay:
    quay = Quay(store, clock, rules)
    quay.one_after_the_other(2 * CHANNELS)  # until every channel has something on the air and on its deck
    quay.took.clear()
    quay.cpu.clear()
    quay.one_after_the_other(decisions)
    quay.rest()
    return quay


def _together(store: Store, clock: ManualClock, rules: Sequence[Limit] = ()) -> Quay:
    quay = Quay(store, clock, rules)
    quay.all_at_once(ROUNDS)
    quay.rest()
    return quay


def _of_all(what: str, quay: Quay) -> Figure:
    note = f"{_said(quay)}; for all of them p99 {_p99(quay.rounds):.0f} ms"
    return Figure(what, _p99(quay.took), "<=", 1, "ms p99", note)


def _fill(store: Store, clock: ManualClock, texts: int) -> None:
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
        store.writer.run(lambda db, news=news: outbox.add(db, news, clock.now()))


def _said(quay: Quay) -> str:
    """On a machine that does other things besides, its own work tells more than the time it took."""
    return f"p50 {_at(quay.took, 0.5):.2f} ms, longest {_at(quay.took, 1):.1f} ms, CPU alone p99 {_p99(quay.cpu):.2f} ms"


def _p99(took: Sequence[float]) -> float:
    return _at(took, 0.99)


def _at(took: Sequence[float], share: float) -> float:
    """In milliseconds."""
    return 1000 * sorted(took)[min(len(took) - 1, int(len(took) * share))]
