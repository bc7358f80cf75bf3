"""Starts the parts of a gateway in order, and stops them in order. Builds only what the web is handed."""

from __future__ import annotations

import asyncio
import logging

from gateway.clock import Clock, SystemClock
from gateway.core.dinstar_desk import DinstarDesk
from gateway.core.erasing import Erasing
from gateway.core.inbound.replaying import Replaying
from gateway.core.limits.view import LimitsView
from gateway.core.outlook import Outlook
from gateway.errors import SimrackError
from gateway.modem.timing import Timing
from gateway.service.parts import Parts
from gateway.settings import Settings
from gateway.store import audit, outbox
from gateway.web.app import create_app
from gateway.web.doors import Doors
from gateway.web.server import Server

log = logging.getLogger("simrack")

# systemd waits longer than this before it kills.
_DRAIN_S = 8.0


class Service(Parts):
    """One gateway. Build it on the loop, `await run()`, and `stop()` from the loop to end it in order.

    `timing` replaces the waits of the modem driver, for a day told in minutes.
    """

    def __init__(self, settings: Settings, clock: Clock | None = None, timing: Timing | None = None) -> None:
        super().__init__(settings, clock or SystemClock(), timing)
        self._stopped = asyncio.Event()

    def stop(self) -> None:
        self._stopped.set()

    async def run(self) -> None:
        """Serve until `stop`. Then: no new requests, what is on the air is waited for, the rest stays in the database."""
        try:
            server = Server(create_app(self._doors()), self.settings.http)
            await self.smpp.start()
        except SimrackError:
            self.store.close()
            raise
        tasks = self._start_loops()
        try:
            await self.loop.run_in_executor(None, server.start)
            count = len(self.channels)
            log.info("simrack listens on %s with %d channel%s", server.address, count, "" if count == 1 else "s")
            await self._until_stopped(tasks)
        finally:
            await self._end(server, tasks)
            log.info("simrack has stopped")

    def _start_loops(self) -> list[asyncio.Task[None]]:
        loops = {
            "channels": self.supervisor.run(),
            "dispatch": self.dispatch.run(),
            "timetable": self.timetable.run(),
            "forwarding": self.forwarding.run(),
            "care": self.care.run(),
            "fitness": self.fitness.run(),
            "smpp": self.smpp.run(),
        }
        return [asyncio.create_task(endless, name=name) for name, endless in loops.items()]

    async def _until_stopped(self, tasks: list[asyncio.Task[None]]) -> None:
        """Raises what ended a loop that should not end."""
        stopped = asyncio.create_task(self._stopped.wait(), name="stop")
        done, _ = await asyncio.wait([stopped, *tasks], return_when=asyncio.FIRST_COMPLETED)
        for task in done - {stopped}:
            task.result()

    async def _end(self, server: Server, tasks: list[asyncio.Task[None]]) -> None:
        """Who brings texts first, who writes last."""
        await self.smpp.stop()
        await self.loop.run_in_executor(None, server.stop)
        await self.dispatch.drain(_DRAIN_S)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self.smpp.close()
        await self.news.settled()
        await self.fitness.close()
        self.store.close()
        self.marks.close()

    # What the web is handed

    def _doors(self) -> Doors:
        view, facts = LimitsView(self.limits, self.store, self.clock, self.fitness.standing), self.supervisor.facts
        numbers, turns = self.settings.numbers, self.dispatch.turns
        return Doors(
            sending=self.sending,
            store=self.store,
            keys=self.keys,
            erasing=Erasing(self.store),
            webhooks=self.webhooks,
            routes=self.routes,
            inbound=self.inbound,
            replaying=Replaying(self.store, self.clock, self.inbound.decide, self.from_thread(self.forwarding.wake)),
            pools=self.pools,
            fitness=self.fitness,
            limits=self.limits,
            limits_view=view,
            outlook=Outlook(self.store, numbers, self.clock, self.pools, facts, self.fitness, view, turns),
            dinstar=DinstarDesk(self.store, self.clock, self.from_thread(self.dispatch.wake)),
            left_today=self.limits.left_today,
            settings=self.settings,
            clock=self.clock,
            channels=facts,
            queue=lambda: self.store.read(outbox.sizes),
            ussd=self.ussd.ask,
            unpark=self._unpark,
            storage_fault=self._storage_fault,
            push=self.pushes.take,
        )

    def _unpark(self, channel: str, by: str) -> None:
        self.store.writer.run(lambda db: audit.note(db, self.clock.now(), by, "channel.unpark", f"channel:{channel}"))
        self.from_thread(self.supervisor.unpark)(channel)

    def _storage_fault(self) -> str:
        try:
            self.store.require_room()
            self.store.writer.run(lambda db: db.execute_sql("SELECT 1"))
        except SimrackError as fault:
            return str(fault)
        return ""
