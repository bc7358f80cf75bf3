"""Pools, limits, standings and a dispatch over channels whose answers a test gives: everything of ours is the real thing."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from gateway.channels.contract import Channel
from gateway.clock import ManualClock
from gateway.core import retry
from gateway.core.dispatch import Dispatch
from gateway.core.fitness import Fitness
from gateway.core.limits import Limits
from gateway.core.pools import Pools
from gateway.core.receiving import Receiving
from gateway.core.timetable import Timetable
from gateway.errors import StorageFull
from gateway.records import ChannelFacts, ChannelState, Counted, Encoding, Limit, Outcome, OutgoingPart, Part, Per, Sent, Status
from gateway.settings import ModemSettings, PoolSettings, SendingSettings, Settings, StoreSettings, TariffSettings
from gateway.store import Database, Store, lanes, outbox, sims, unknowns
from gateway.store.airmarks import AirMarks, EarlierMarks
from gateway.store.outbox import NewMessage

PATIENCE_S = 30.0
QUICK = SendingSettings(retry_first_s=0.01, retry_longest_s=0.05, retry_tries=1000, unknown_wait_s=0.05)


class Clock(ManualClock):
    """Time that passes when a test says so, whatever the machine is busy with, and a wall clock that jumps."""

    def pass_(self, seconds: float) -> None:
        self.advance(seconds)


class Port:
    """A channel that answers what it is given to answer, or with `always`; `sent` is what it was asked to send."""

    def __init__(self, name: str, depth: int = 1, sim: str = "") -> None:
        self.name = name
        self.depth, self.whole = depth, depth > 1
        self.facts = ChannelFacts(name, ChannelState.READY, iccid=sim or f"sim-{name}")
        self.always: Callable[[OutgoingPart], Outcome | None] = lambda part: None
        self.sent: list[str] = []
        self.asked: list[OutgoingPart] = []
        self._outcomes: asyncio.Queue[Outcome] = asyncio.Queue()

    async def run(self) -> None:
        await asyncio.Event().wait()

    async def send_part(self, part: OutgoingPart, begun: Callable[[], None]) -> Outcome:
        self.sent.append(part.part.text)
        self.asked.append(part)
        begun()  # before the network sees anything
        outcome = self.always(part)
        if outcome is None:
            return await self._outcomes.get()
        await asyncio.sleep(0)
        return outcome

    def gives(self, *outcomes: Outcome) -> None:
        for outcome in outcomes:
            self._outcomes.put_nowait(outcome)

    def sends(self) -> None:
        """From now on everything goes, at once."""
        self.always = lambda part: Sent(1)
        self.gives(*[Sent(1)] * self.depth)

    def holds(self) -> None:
        """From now on nothing is answered unless the test gives it."""
        self.always = lambda part: None
        self._outcomes = asyncio.Queue()


class Rack:
    """`async with Rack(folder, "p0", "p1", pools=...) as rack`: everything runs. `restart` ends it and begins anew."""

    def __init__(
        self,
        folder: Path,
        *channels: str,
        pools: Sequence[PoolSettings] = (),
        deep: Sequence[str] = (),
        tariffs: Mapping[str, Mapping[str, float]] | None = None,
        sending: SendingSettings = QUICK,
    ) -> None:
        self.clock = Clock()
        self.path = folder / "simrack.db"
        self.sending = sending
        prices = tariffs or {}
        self.settings = Settings(
            store=StoreSettings(path=str(self.path), reserve_mb=0),
            modems=tuple(ModemSettings(name, "/dev/null", tariff=name if name in prices else "") for name in channels),
            pools=tuple(pools),
            tariffs=tuple(TariffSettings(name, price) for name, price in prices.items()),
            sending=sending,
        )
        self.deep = deep
        self.ports: dict[str, Port] = {}
        self._ids = 0

    async def __aenter__(self) -> Rack:
        self._open()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._close()

    async def restart(self, *, kill: bool = False) -> None:
        """As a service ends and begins, or is killed and begins."""
        if not kill:
            await self.dispatch.drain(0.2)
        await self._close()
        self._open()

    def _open(self) -> None:
        self.store = Store.open(self.settings.store, self.clock, serving=True)
        self.store.writer.run(lambda db: db.execute_sql("PRAGMA busy_timeout = 10").fetchall())
        self._asked, put = 0, self.store.writer._put

        def counted(job: Any, waiter: Any) -> None:
            self._asked += 1
            put(job, waiter)

        self.store.writer._put = counted  # type: ignore[method-assign]
        self._recover()
        self.marks = AirMarks(self._marks_path, self.settings.channel_names)
        self.pools = Pools(self.store, self.settings, self.clock, lambda: self._call(self.dispatch.wake))
        self.limits = Limits(self.store, self.clock, lambda: self._call(self.dispatch.limits_changed))
        self.fitness = Fitness(
            self.store, self.clock, self.settings.channel_names, lambda: self._call(self.dispatch.wake), lambda: None
        )
        self.loop = asyncio.get_running_loop()
        self.dispatch = Dispatch(
            self.store, self.sending, self.pools.lanes, self.fitness, self.limits, self.clock, self.marks,
            announce=lambda db, message: None, changed=lambda verdict: self.dispatch.wake(), chance=random.Random(1),
        )  # fmt: skip
        receiving = Receiving(
            self.store, self.settings.receiving, self.clock, lambda channel: "",
            forward=lambda: None, parts_wait=lambda: None, heard=lambda *told: None,
        )  # fmt: skip
        self.timetable = Timetable(
            self.store, self.settings, self.clock, receiving, lambda: [port.facts for port in self.ports.values()],
            lambda: self.dispatch.wake(), lambda: None,
        )  # fmt: skip
        kept = self.ports
        self.ports = {}
        for name in self.settings.channel_names:
            port = Port(name, 2 if name in self.deep else 1)
            if name in kept:
                port.facts, port.always = kept[name].facts, kept[name].always
                port.sent, port.asked = kept[name].sent, kept[name].asked
            self.ports[name] = port
            channel: Channel = port  # type: ignore[assignment]
            self.dispatch.add(channel)
        self._look_at_numbers()
        self._task = asyncio.create_task(self.dispatch.run())
        self._other = sqlite3.connect(self.path, isolation_level=None)

    async def _close(self) -> None:
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task
        self._other.close()
        self.store.close()
        self.marks.close()

    @property
    def _marks_path(self) -> Path:
        return self.path.with_name(f"{self.path.name}.air")

    def _recover(self) -> None:
        now = self.clock.now()
        earlier = EarlierMarks(self._marks_path)

        def job(db: Database) -> None:
            unknowns.recover(db, earlier, lambda on: retry.settle_at(on, self.sending, now), now)
            unknowns.unpin_absent(db, set(self.settings.channel_names), now)

        self.store.writer.run(job)

    def _call(self, what: Callable[[], None]) -> None:
        self.loop.call_soon_threadsafe(what)

    # What clients and people do

    async def add(self, *texts: str, to: str = "", pool: str = "", lane: str | None = None, **given: Any) -> list[str]:
        """Each text is one message, to a person of its own unless `to` is given; parts are separated by |."""
        news = []
        for text in texts:
            self._ids += 1
            parts = tuple(Part(part, Encoding.GSM7) for part in text.split("|"))
            person = to or f"+4917{self._ids:08d}"
            way, sticky = (lane or "", "") if not pool else self.pools.lane_of(pool, person)
            one = NewMessage(f"msg_{self._ids}", person, "", text, Encoding.GSM7, parts, lane=way, **{"sticky": sticky, **given})
            news.append(one)
        await self.store.writer.arun(lambda db: outbox.add(db, news, self.clock.now()))
        self.pools.remember({one.lane for one in news})
        self.dispatch.came_in({one.lane for one in news}, max(one.priority for one in news))
        return [one.public_id for one in news]

    async def limit(self, subject: str, counted: Counted, per: Per | None = None, most: int = 0, **given: Any) -> Limit:
        wanted = Limit(0, subject, counted, per, most, **given)
        return await asyncio.to_thread(self.limits.add, wanted, "test", [view.name for view in self.pools.find()])

    async def person(self, what: Callable[..., Any], *args: Any) -> Any:
        """A call that comes from a thread of the web."""
        return await asyncio.to_thread(what, *args)

    def becomes(self, name: str, state: ChannelState) -> None:
        self.ports[name].facts = replace(self.ports[name].facts, state=state)
        self._look_at_numbers()
        self.dispatch.wake()

    def swaps(self, name: str, sim: str, number: str = "") -> None:
        """Another SIM is in this port, with a number of its own."""
        self.ports[name].facts = replace(self.ports[name].facts, iccid=sim, number=number)
        self._look_at_numbers()
        self.dispatch.wake()

    def _look_at_numbers(self) -> None:
        self.pools.look_at_numbers([port.facts for port in self.ports.values()])

    async def sims_are_seen(self) -> None:
        """As when channels become ready: limits of one SIM and conversations are kept with SIMs that are known."""

        def job(db: Database) -> None:
            for port in self.ports.values():
                sims.seen(db, port.facts, self.clock.now())

        await self.store.writer.arun(job)

    def lock(self) -> None:
        """Another program writes, and takes its time."""
        self._other.execute("BEGIN IMMEDIATE")

    def unlock(self) -> None:
        if self._other.in_transaction:
            self._other.execute("ROLLBACK")

    # What is seen

    async def time_passes(self, seconds: float = 0.0) -> None:
        """And the timetable has a turn."""
        self.clock.pass_(seconds)
        with suppress(StorageFull):
            await self.timetable._turn()

    def status(self, public_id: str) -> Status:
        message = self.store.messages.get(public_id)
        assert message is not None
        return message.status

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        return self.store.read(lambda db: list(db.execute_sql(sql, values).fetchall()))

    async def until(self, happened: Callable[[], object], what: str, seconds: float = PATIENCE_S) -> None:
        deadline = self.loop.time() + seconds
        while not happened():
            assert self.loop.time() < deadline, f"not within {seconds} s: {what}"
            await asyncio.sleep(0.002)

    async def settled(self, public_id: str, status: Status = Status.SENT, seconds: float = PATIENCE_S) -> None:
        await self.until(lambda: self.status(public_id) is status, f"{public_id} {status}", seconds)

    async def on_air(self, name: str, text: str) -> None:
        await self.until(lambda: text in self.ports[name].sent, f"{text} at {name}: {self.ports[name].sent}")

    async def calm(self) -> None:
        """Whatever can happen now has happened: nothing is asked of the writer for a while, and it has answered everything."""
        quiet, before = 0, -1
        while quiet < 10:
            with suppress(StorageFull):
                await self.store.writer.arun(lambda db: None)
            await asyncio.sleep(0.004)
            self._asked -= 1  # that was us
            quiet = quiet + 1 if self._asked == before else 0
            before = self._asked


def pool(name: str, *channels: str, strategy: str = "rotate", **weights: float) -> PoolSettings:
    return PoolSettings(name, channels, strategy, weights)


def lane(name: str) -> str:
    return lanes.of_channel(name)
