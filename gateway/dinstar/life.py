"""One life of a box, from the first question until it is lost: texts out, results, inbox and port states side by side."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from gateway.clock import Clock
from gateway.dinstar import recovery, wire
from gateway.dinstar.client import Client, no_api
from gateway.dinstar.faults import BoxRefused, BoxSilent
from gateway.dinstar.port import BoxPort
from gateway.errors import LinkLost, StorageFull

if TYPE_CHECKING:
    from gateway.dinstar.box import Box

log = logging.getLogger("simrack.dinstar")


class Life:
    def __init__(self, box: Box, client: Client, clock: Clock) -> None:
        self._box = box
        self._client = client
        self._clock = clock
        self._failures = 0  # in a row
        self._answers = 0  # before the newest failure
        self._complaint = ""  # that was logged last

    async def run(self) -> None:
        """Ends only by raising LinkLost or ModemUnfit, or when cancelled."""
        box, settings = self._box, self._box.settings
        await self._begin()
        tasks = [
            asyncio.create_task(job, name=f"{name}:{box.name}")
            for name, job in (
                ("door", box.door.serve(self._client)),
                ("results", self._repeat(box.asking.look, box.asking_now, box.asking.pause)),
                ("inbox", self._repeat(box.inbox.look, box.inbox_now, lambda: settings.inbox_s)),
                ("status", self._repeat(self._look_at_ports, box.status_now, lambda: settings.status_s)),
            )
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        for task in done:
            task.result()

    async def _begin(self) -> None:
        box = self._box
        try:
            answer = await self._client.ask(wire.port_info())
        except BoxSilent as fault:
            if fault.status == 404:
                raise no_api() from fault
            raise LinkLost(f"{box.settings.url}: {fault}") from fault
        if answer.code not in wire.ACCEPTED:
            raise LinkLost(f"{box.settings.url}: the box answered get_port_info with error_code {answer.code}")
        box.book.sn = wire.serial_number(answer.document) or box.book.sn
        box.told(wire.ports(answer.document.get("info")))
        await box.settle_earlier()
        log.info("%s: the box %s answers", box.name, box.book.sn)
        for event in (box.asking_now, box.inbox_now):
            event.set()

    async def _repeat(self, look: Callable[[], Awaitable[None]], now: asyncio.Event, pause: Callable[[], float]) -> None:
        while True:
            silent = self._client.answers == self._answers
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._box.timing.retry if silent else pause()):
                    await now.wait()
            now.clear()
            await self._patiently(look)

    async def _patiently(self, look: Callable[[], Awaitable[None]]) -> None:
        """A question without an answer is asked again; a few of them in a row, and the box is lost."""
        box = self._box
        try:
            await look()
        except BoxSilent as fault:
            self._failures = 1 if self._client.answers != self._answers else self._failures + 1
            self._answers = self._client.answers
            if self._failures >= box.timing.failures:
                raise LinkLost(f"{box.settings.url}: {fault}") from fault
            log.info("%s: %s; asking again", box.name, fault)
        except BoxRefused as fault:
            if str(fault) != self._complaint:
                log.warning("%s: %s", box.name, fault)
            self._complaint = str(fault)
        except StorageFull as fault:
            log.error("%s: what the box holds stays there: %s", box.name, fault)

    async def _look_at_ports(self) -> None:
        box = self._box
        for port in box.ports.values():
            if port.off_at is not None and self._clock.monotonic() - port.off_at >= box.timing.power_off:
                await self._act(port, "power", "on")
                port.off_at = None
        answer = await self._client.ask(wire.port_info())
        if answer.code not in wire.ACCEPTED:
            raise BoxRefused(answer.code, "get_port_info")
        box.told(wire.ports(answer.document.get("info")))
        for port in box.ports.values():
            await self._help(port)

    async def _help(self, port: BoxPort) -> None:
        """A port that finds no network for long is reset; never while a text of ours is on it."""
        if port.serves or port.fault is not None:
            port.recovery.serves()
            return
        now, box = self._clock.monotonic(), self._box
        step = port.recovery.due(now)
        if step is None or port.off_at is not None or box.book.stuck_on(port.number) or box.door.waiting_on(port.number):
            return
        count = port.recovery.taken(step, now)
        log.warning("%s.%d: no network; recovery step %s (number %d)", box.name, port.number, step, count)
        if step == recovery.POWER:
            port.off_at = now  # whether or not the reply comes: it is switched on again
            await self._act(port, "power", "off")
            asyncio.get_running_loop().call_later(box.timing.power_off, box.status_now.set)
        else:
            await self._act(port, "reset")
        port.news.set()

    async def _act(self, port: BoxPort, action: str, param: str = "") -> None:
        answer = await self._client.ask(wire.set_port(port.number, action, param))
        if answer.code not in wire.ACCEPTED:
            raise BoxRefused(answer.code, f"set_port_info {action}")
