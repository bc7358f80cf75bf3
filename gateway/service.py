"""The one place that builds and wires everything, starts it in order and stops it in order. Decides nothing about texts."""

from __future__ import annotations

import asyncio
import logging
import random
import signal
from collections.abc import Callable
from pathlib import Path

from gateway.channels.contract import Channel
from gateway.channels.dinstar_channel import dinstar_boxes, dinstar_channels
from gateway.channels.modem_channel import modem_channels
from gateway.channels.supervisor import Supervisor
from gateway.clock import Clock, SystemClock
from gateway.core.balances import Balances
from gateway.core.boxes import BoxRows, Pushes
from gateway.core.care import Care
from gateway.core.channel_news import ChannelNews
from gateway.core.choices import Choices
from gateway.core.dinstar_desk import DinstarDesk
from gateway.core.dispatch import Dispatch
from gateway.core.erasing import Erasing
from gateway.core.fitness import Fitness
from gateway.core.forwarding import Forwarding
from gateway.core.forwarding.addresses import Reach
from gateway.core.inbound.conditions import number_of
from gateway.core.inbound.replaying import Replaying
from gateway.core.inbound.rules import Inbound
from gateway.core.keys import Keys
from gateway.core.limits import Limits
from gateway.core.pools import Pools
from gateway.core.receiving import Receiving
from gateway.core.recovering import recover
from gateway.core.replying import Replying
from gateway.core.reporting import Reporting, announce
from gateway.core.routes import Routes
from gateway.core.sending import Sending
from gateway.core.sims import Sims
from gateway.core.submitting import Submitting
from gateway.core.timetable import Timetable
from gateway.core.ussd import Ussd
from gateway.core.webhooks import Webhooks
from gateway.errors import SimrackError
from gateway.modem.timing import Timing
from gateway.pbx.request import AsBox
from gateway.records import ChannelFacts
from gateway.settings import Settings
from gateway.smpp.server import SmppServer
from gateway.store import Store, audit, outbox
from gateway.store.air import Verdict
from gateway.store.airmarks import AirMarks

log = logging.getLogger("simrack")

# systemd waits longer than this before it kills.
_DRAIN_S = 8.0


class Service:
    """One gateway. Build it on the loop, `await run()`, and `stop()` from the loop to end it in order.

    `timing` replaces the waits of the modem driver, for a day told in minutes.
    """

    def __init__(self, settings: Settings, clock: Clock | None = None, timing: Timing | None = None) -> None:
        self.settings = settings
        self.clock = clock or SystemClock()
        self._loop = asyncio.get_running_loop()
        self._stopped = asyncio.Event()
        self.store = Store.open(settings.store, self.clock, serving=True)
        recover(self.store, settings, self.clock, self._marks_path)
        self._marks = AirMarks(self._marks_path, settings.channel_names)
        self.forwarding = Forwarding(
            self.store,
            settings.forwarding,
            self.clock,
            reach=Reach.of(settings),
            country=settings.numbers.country,
            as_box=self._as_box(),
            callback_secrets={"twilio": settings.doors.twilio_secret, "vonage": settings.doors.vonage_secret},
            reply=lambda row, texts: self.replying.reply(row, texts),
        )
        self.sims = Sims(self.store, self.clock, self.forwarding.wake)
        self.balances = Balances(self.store, settings.modems, self.clock, self.forwarding.wake)
        self.receiving = Receiving(
            self.store,
            settings.receiving,
            self.clock,
            self._own_number,
            forward=self._forward,
            parts_wait=lambda: self.timetable.sooner(),
            heard=self.balances.heard,
            decide=lambda message: self.inbound.decide(message),
            country=settings.numbers.country,
            smpp_open=bool(settings.smpp.listen),
        )
        self.reporting = Reporting(self.store, self.clock, self._forward, self._wake)
        wake = self._from_thread(self._wake)
        self.fitness = Fitness(self.store, self.clock, settings.channel_names, wake, self._from_thread(self.forwarding.wake))
        self._news = ChannelNews(
            self.store,
            self.clock,
            self.sims,
            self.fitness,
            self.reporting,
            wake=self._wake,
            forward=self.forwarding.wake,
            care=lambda: self.care.sooner(),
        )
        self.channels = self._build_channels(timing)
        self.supervisor = Supervisor(self.channels, self.clock, self._news.changed)
        self.pools = Pools(self.store, settings, self.clock, wake)
        self.limits = Limits(self.store, self.clock, self._from_thread(lambda: self.dispatch.limits_changed()))
        choices = Choices(self.pools, self.supervisor.facts, self.fitness)
        self.routes = Routes(self.store, settings, self.clock, self.pools, choices.of)
        self.inbound = Inbound(self.store, settings, self.clock, self.pools, self.supervisor.facts)
        self.dispatch = Dispatch(
            self.store,
            settings.sending,
            self.pools.lanes,
            self.fitness,
            self.limits,
            self.clock,
            self._marks,
            announce=lambda db, message: announce(db, message, self.clock.now()),
            changed=self._recorded,
            chance=random.Random(),
        )
        for channel in self.channels:
            self.dispatch.add(channel)
        # Half of the threads of the web may wait for the answers of networks.
        self.ussd = Ussd(self.channels, self.balances.answered, callers=max(1, settings.http.threads // 2))
        self.care = Care(self.store, settings.modems, self.clock, self.supervisor.facts, self.ussd, self._wake)
        self.timetable = Timetable(
            *(self.store, settings, self.clock, self.receiving, self.supervisor.facts),
            *(self._wake, self._forward, self.limits.look_again),
        )
        self.sending = Sending(
            self.store,
            settings,
            self.clock,
            self.supervisor.facts,
            self.pools,
            self.routes,
            wake=wake,
            came_in=lambda lanes, priority: self._from_thread(lambda: self.dispatch.came_in(lanes, priority))(),
            due=self._from_thread(self.timetable.sooner),
        )
        self.replying = Replying(self.sending)
        self.webhooks = Webhooks(self.store, self.clock, self._from_thread(self.forwarding.wake), Reach.of(settings))
        self.keys = Keys(self.store, self.clock)
        submitting = Submitting(self.store, self.sending, self.clock)
        self.smpp = SmppServer(settings, self.store, self.keys, submitting, self.clock, self.supervisor.facts)

    def _build_channels(self, timing: Timing | None) -> list[Channel]:
        def heard(facts: ChannelFacts) -> None:
            self.supervisor.heard(facts)

        modems = modem_channels(
            self.settings.modems,
            self.clock,
            self.receiving.keep,
            self._news.reported,
            heard,
            self._news.answered_late,
            self._news.called,
            self.sims.known_smsc,
            timing,
            self.settings.numbers.country,
        )
        rows = BoxRows(self.store, self.clock)
        boxes = dinstar_boxes(
            self.settings.dinstars,
            self.clock,
            self.receiving.keep,
            self._news.reported,
            self._news.answered_late,
            self._news.refused_late,
            rows.unanswered,
            rows.unreported,
            rows,
        )
        self.pushes = Pushes({name: box.pushed for name, box in boxes.items()}, callers=max(1, self.settings.http.threads // 2))
        return [*modems, *dinstar_channels(boxes, heard, self.settings.numbers.country)]

    async def run(self) -> None:
        """Serve until `stop`. Then: no new requests, what is on the air is waited for, the rest stays in the database."""
        from gateway.web.app import create_app
        from gateway.web.doors import Doors
        from gateway.web.server import Server

        doors = Doors(
            sending=self.sending,
            store=self.store,
            keys=self.keys,
            erasing=Erasing(self.store),
            webhooks=self.webhooks,
            routes=self.routes,
            inbound=self.inbound,
            replaying=Replaying(self.store, self.clock, self.inbound.decide, self._from_thread(self.forwarding.wake)),
            pools=self.pools,
            fitness=self.fitness,
            limits=self.limits,
            dinstar=DinstarDesk(self.store, self.clock, self._from_thread(self._wake)),
            left_today=self.limits.left_today,
            settings=self.settings,
            clock=self.clock,
            channels=self.supervisor.facts,
            queue=lambda: self.store.read(outbox.sizes),
            ussd=self.ussd.ask,
            unpark=self._unpark,
            storage_fault=self._storage_fault,
            push=self.pushes.take,
        )
        try:
            server = Server(create_app(doors), self.settings.http)
            await self.smpp.start()
        except SimrackError:
            self.store.close()
            raise
        tasks = [
            asyncio.create_task(job, name=name)
            for name, job in (
                ("channels", self.supervisor.run()),
                ("dispatch", self.dispatch.run()),
                ("timetable", self.timetable.run()),
                ("forwarding", self.forwarding.run()),
                ("care", self.care.run()),
                ("fitness", self.fitness.run()),
                ("smpp", self.smpp.run()),
            )
        ]
        try:
            await self._loop.run_in_executor(None, server.start)
            log.info("simrack listens on %s with %d channels", server.address, len(self.channels))
            stopped = asyncio.create_task(self._stopped.wait(), name="stop")
            done, _ = await asyncio.wait([stopped, *tasks], return_when=asyncio.FIRST_COMPLETED)
            for task in done - {stopped}:
                task.result()
        finally:
            await self.smpp.stop()
            await self._loop.run_in_executor(None, server.stop)
            await self.dispatch.drain(_DRAIN_S)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self.smpp.close()
            await self._news.settled()
            await self.fitness.close()
            self.store.close()
            self._marks.close()
            log.info("simrack has stopped")

    def stop(self) -> None:
        self._stopped.set()

    # Start

    @property
    def _marks_path(self) -> Path:
        return self.store.path.with_name(f"{self.store.path.name}.air")

    # Wires

    def _wake(self) -> None:
        self.dispatch.wake()

    def _forward(self) -> None:
        """Something happened to a message, and is committed."""
        self.forwarding.wake()
        self.smpp.wake()

    def _from_thread(self, call: Callable[[], None]) -> Callable[[], None]:
        def from_thread() -> None:
            self._loop.call_soon_threadsafe(call)

        return from_thread

    def _as_box(self) -> AsBox:
        doors = self.settings.doors
        return AsBox(doors.dinstar_sn, doors.ports_of(self.settings.channel_names) if "dinstar" in doors.open else {})

    def _unpark(self, channel: str, by: str) -> None:
        self.store.writer.run(lambda db: audit.note(db, self.clock.now(), by, "channel.unpark", f"channel:{channel}"))
        self._from_thread(lambda: self.supervisor.unpark(channel))()

    def _own_number(self, channel: str) -> str:
        number = next((facts.number for facts in self.supervisor.facts() if facts.name == channel), "")
        return number_of(number, self.settings.numbers.country)  # a SIM may tell its number nationally

    def _recorded(self, verdict: Verdict | None) -> None:
        """An outcome is committed."""
        self.dispatch.wake()
        self._forward()
        if verdict is not None:
            self.timetable.sooner()

    def _storage_fault(self) -> str:
        try:
            self.store.require_room()
            self.store.writer.run(lambda db: db.execute_sql("SELECT 1"))
        except SimrackError as fault:
            return str(fault)
        return ""


def run(settings: Settings) -> None:
    """Serve until SIGINT or SIGTERM."""

    async def main() -> None:
        service = Service(settings)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, service.stop)
        fitness = service.fitness
        orders = {signal.SIGUSR1: fitness.pause_all, signal.SIGUSR2: fitness.resume_all, signal.SIGRTMIN: fitness.drain_all}
        for number, order in orders.items():
            loop.add_signal_handler(number, loop.run_in_executor, None, order, "a signal")
        await service.run()

    asyncio.run(main())
