"""When what is posted: reads due rows and keeps a few postings in the air. Speaks no HTTP and judges no answer itself."""

from __future__ import annotations

import asyncio
import itertools
import logging
import random
import ssl
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import httpcore

from gateway.clock import Clock
from gateway.core.forwarding import delays
from gateway.core.forwarding.addresses import Reach
from gateway.core.forwarding.ami import AmiWire
from gateway.core.forwarding.dialling import Surroundings
from gateway.core.forwarding.judge import Judge, Trouble
from gateway.core.forwarding.line import CHUNK, Line
from gateway.core.forwarding.places import PER_KEY, PER_RECEIVER, UNHEARD_PER_KEY, Place, Room
from gateway.core.forwarding.posting import Posting, Reply, Wires
from gateway.core.forwarding.results import Results
from gateway.core.forwarding.wire import Wire
from gateway.pbx.request import AsBox
from gateway.records import Forward
from gateway.settings import ForwardingSettings
from gateway.store import Store, forwards, webhooks
from gateway.store.webhooks import Target

log = logging.getLogger("simrack.forwarding")

# Another process (the command line) may change webhooks or queue a test, and cannot wake us.
_LOOK_EVERY_S = 5.0
_RESTART_AFTER_S = 5.0
# Connections to a receiver of callbacks are kept so long after the last of them.
RECEIVER_KEPT_S = 60.0
# A look at many receivers takes milliseconds of everybody's loop: between two there is several times as much for the others.
_MANY = 50
_REST_PER_RECEIVER_S = 30e-6
_NEW_AT_ONCE = 100
# Threads that resolve names, for the webhooks that people made and for the callbacks of each key: one that names hosts
# whose name servers are silent keeps nobody else.
_RESOLVERS = 4


@dataclass(slots=True, eq=False)
class _Served:
    line: Line
    room: Room
    owner: int  # whose part of the room it takes: its key, or itself
    wires: Wires
    used_at: float  # monotonic
    turn: int = 0  # the lower, the longer it had to wait
    workers: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def rank(self) -> tuple[bool, int]:
        """Who is first when not all may post: those that are in order, then in turn."""
        return self.line.pauses > 0, self.turn


class Forwarding:
    """All methods run on the event loop that runs `run`."""

    def __init__(
        self,
        store: Store,
        settings: ForwardingSettings,
        clock: Clock,
        *,
        reach: Reach,
        country: str = "DE",
        callback_secrets: Mapping[str, str] | None = None,
        as_box: AsBox | None = None,
        reply: Reply | None = None,
        chance: random.Random | None = None,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        """`reach` is where webhooks may point. `country` is whose national numbers webhooks may ask for. `reply`
        sends texts that an answer asks for. `callback_secrets` sign callbacks, by their format. `as_box` is who pushes of a
        Dinstar box come from. `trust` replaces the system's certificate authorities."""
        self._store = store
        self._settings = settings
        self._clock = clock
        self._trust = trust
        self._reach = reach
        self._of_webhooks = Room(PER_RECEIVER)
        self._of_callbacks = Room(PER_KEY, UNHEARD_PER_KEY)
        self._surroundings: dict[int | None, Surroundings] = {}  # by key; None for what people made
        self._served: dict[int, _Served] = {}
        self._retired: list[_Served] = []
        self._results = Results(store)
        self._news = asyncio.Event()
        self._judge = Judge(store, self._results, settings, clock, chance or random.Random(), self.wake)
        self._posting = Posting(self._judge, self._results, clock, country, callback_secrets or {}, as_box, reply)
        self._turns = itertools.count(1)
        self._newest: int | None = None  # the newest row that was looked at

    @property
    def in_the_air(self) -> int:
        return self._of_webhooks.taken + self._of_callbacks.taken

    @property
    def accepted_total(self) -> int:
        return self._judge.accepted_total

    @property
    def failed_total(self) -> int:
        """Postings that were not accepted and are tried again."""
        return self._judge.failed_total

    def wake(self) -> None:
        """Something was enqueued, or a webhook was changed, and is committed."""
        self._news.set()

    async def run(self) -> None:
        """Post until cancelled. What is on its way then is posted again after the next start, under its old event id."""
        try:
            while True:
                try:
                    await self._serve()
                except Exception:
                    log.exception("forwarding stumbled; it goes on in %g s", _RESTART_AFTER_S)
                    await asyncio.sleep(_RESTART_AFTER_S)
        finally:
            await self._stop()

    async def _serve(self) -> None:
        while True:
            self._news.clear()
            self._look()
            await self._close_retired()
            served = len(self._served)
            if served > _MANY:
                await asyncio.sleep(served * _REST_PER_RECEIVER_S)
            if self._news.is_set():
                await asyncio.sleep(0)  # more rows to read; the loop has others to serve between
                continue
            alarm = asyncio.get_running_loop().call_later(self._pause_before_next_look(), self._news.set)
            await self._news.wait()
            alarm.cancel()

    async def _stop(self) -> None:
        self._retired += self._served.values()
        self._served.clear()
        workers = [worker for served in self._retired for worker in served.workers]
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
        await self._close_retired()
        self._results.hand_over()
        for surroundings in self._surroundings.values():
            surroundings.resolver.shutdown(wait=False, cancel_futures=True)

    # Looking: rows into lines, lines to workers.

    def _look(self) -> None:
        now = self._clock.monotonic()
        self._judge.watch_clock()
        newest, fresh = self._store.read(lambda db: forwards.beyond(db, self._newest))
        kept = [row_id for row_id, served in self._served.items() if now - served.used_at < RECEIVER_KEPT_S]
        self._match_lines(self._store.read(lambda db: webhooks.targets(db, kept)), now)
        for row_id in fresh & self._served.keys():
            self._served[row_id].line.fresh = True
        self._newest = newest
        for room in (self._of_webhooks, self._of_callbacks):
            room.forget_who_waits()
        for served in sorted(self._served.values(), key=lambda served: served.rank):
            served.line.wake(now)
            self._read_rows(served.line, now)
            self._staff(served, now)

    def _match_lines(self, targets: list[Target], now: float) -> None:
        wanted = {target.row_id for target in targets}
        for row_id in [row_id for row_id, served in self._served.items() if served.line.stopped or row_id not in wanted]:
            self._retire(row_id)
        for target in targets:
            served = self._served.get(target.row_id)
            if served is not None and served.line.target != target:
                served.line.mended(target)
        new = [target for target in targets if target.row_id not in self._served]
        for target in new[:_NEW_AT_ONCE]:
            self._served[target.row_id] = self._begin(target, now)
        if len(new) > _NEW_AT_ONCE:
            self._news.set()

    def _begin(self, target: Target, now: float) -> _Served:
        if target.key not in self._surroundings:
            name = "webhook-names" if target.key is None else f"callback-names-{target.key}"
            resolver = ThreadPoolExecutor(_RESOLVERS, thread_name_prefix=name)
            self._surroundings[target.key] = Surroundings(self._settings.timeout_s, self._reach, self._context, resolver)
        around = self._surroundings[target.key]
        wires = Wires(Wire(around), AmiWire(around))
        if target.key is None:
            return _Served(Line(target), self._of_webhooks, target.row_id, wires, now)
        return _Served(Line(target), self._of_callbacks, target.key, wires, now)

    def _retire(self, row_id: int) -> None:
        served = self._served.pop(row_id)
        served.line.stopped = True
        self._retired.append(served)

    async def _close_retired(self) -> None:
        for served in [served for served in self._retired if not served.workers]:
            self._retired.remove(served)
            await served.wires.close()

    def _read_rows(self, line: Line, now: float) -> None:
        row_id, room = line.target.row_id, line.room
        if room and (line.fresh or line.more):
            rows = self._store.read(lambda db: forwards.pending(db, row_id, line.horizon, room))
            line.more = len(rows) == room
            line.take_in(rows, self._sleepers(rows, now))
        elif line.fresh:
            line.more = True  # it is read when there is room
        line.fresh = False
        conversation = line.hungry()
        if conversation is not None:
            name, after, upto = conversation.name, conversation.upto, line.horizon
            line.feed(self._store.read(lambda db: forwards.pending_in(db, row_id, name, after, upto, CHUNK)))
        if line.wants_rows:
            self._news.set()

    def _sleepers(self, rows: list[Forward], now: float) -> dict[int, float]:
        """Rows that failed before this run. Their `next_at` is wall time: it is believed only up to the longest back-off."""
        wall, first = self._clock.now(), self._settings.first_retry_s
        return {
            row.id: now + min(row.next_at - wall, delays.longest_backoff(row.tries, first))
            for row in rows
            if row.tries and row.next_at > wall
        }

    def _staff(self, served: _Served, now: float) -> None:
        line, room = served.line, served.room
        ready = line.may_take(now)
        for _ in range(min(ready, room.most(line.heard) - len(served.workers)) if ready else 0):
            place = room.take(served.owner, line.heard)
            if place is None:
                return
            worker = asyncio.create_task(self._work(served, place))
            served.workers.add(worker)
            served.used_at, served.turn = now, next(self._turns)
            worker.add_done_callback(lambda task, place=place: self._dismiss(served, place, task))

    def _dismiss(self, served: _Served, place: Place, worker: asyncio.Task[None]) -> None:
        served.workers.discard(worker)
        if served.room.is_wanted(place) or served.line.stopped:
            self._news.set()  # somebody waits for this place, or for the line to end
        served.room.give_back(place)

    def _pause_before_next_look(self) -> float:
        now = self._clock.monotonic()
        changes = [served.line.next_change(now) for served in self._served.values()]
        return min([_LOOK_EVERY_S, *(change - now for change in changes if change is not None)])

    # Working: one row after the other.

    async def _work(self, served: _Served, place: Place) -> None:
        """Post what may be posted now, until there is no more or somebody else should have this place."""
        line, room = served.line, served.room
        while (row := line.take(self._clock.monotonic())) is not None:
            try:
                await self._posting.post(line, served.wires, row)
            except Exception:
                # The row moves into the future first, so that it cannot stop the others.
                self._judge.put_off(line, row, Trouble(None, "it could not be posted; the log says why"))
                log.exception("posting event %s to webhook %s failed", row.event_id, row.webhook)
            if line.wants_rows or (line.heard and room.answered(place)):
                self._news.set()
            if room.is_wanted(place):
                return

    def _context(self) -> ssl.SSLContext:
        if self._trust is None:
            self._trust = httpcore.default_ssl_context()  # the system's authorities and certifi's
        return self._trust
