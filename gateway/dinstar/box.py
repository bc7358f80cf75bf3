"""One box, shared by the channels of its ports: it lives while any of them runs, and one fault of it is a fault of all of them.

It holds what outlives a connection: the texts in the box, how far its inbox was read, what its ports last said.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from gateway.clock import Clock
from gateway.dinstar import texts, wire
from gateway.dinstar.asking import Asking
from gateway.dinstar.book import Book
from gateway.dinstar.client import Answer, Client
from gateway.dinstar.door import Door, Waiting
from gateway.dinstar.faults import BoxRefused, BoxSilent
from gateway.dinstar.inbox import Inbox, Marks
from gateway.dinstar.life import Life
from gateway.dinstar.port import BoxPort
from gateway.dinstar.recovery import Recovery
from gateway.dinstar.text import Stage, earlier
from gateway.dinstar.timing import Timing
from gateway.dinstar.ussd import Ussd
from gateway.errors import BadValue, LinkLost, ModemUnfit
from gateway.records import IncomingPart, Outcome, OutgoingPart, Refused, Report, Unanswered, UssdReply, Word
from gateway.settings import DinstarSettings

log = logging.getLogger("simrack.dinstar")

# Texts of ours that a port may hold at once.
_DEPTH = 2

AskAttempts = Callable[[Sequence[str]], Awaitable[Sequence[Unanswered]]]


@dataclass(frozen=True, slots=True)
class Wires:
    """What a box is handed by those above. `unreported` are attempts that were sent and whose report is awaited."""

    keep_part: Callable[[IncomingPart], Awaitable[None]]
    keep_report: Callable[[Report], Awaitable[None]]
    late_answer: Callable[[int, int], None]
    late_refusal: Callable[[int, Refused], None]
    unanswered: AskAttempts
    unreported: AskAttempts
    marks: Marks


class Box:
    def __init__(self, settings: DinstarSettings, clock: Clock, wires: Wires, timing: Timing | None = None) -> None:
        self.settings = settings
        self.timing = timing or Timing()
        self._clock = clock
        self._wires = wires
        self._client: Client | None = None
        self._task: asyncio.Task[None] | None = None
        self._users = 0
        self._unfit: tuple[ModemUnfit, float] | None = None  # why the box wants a person, and until when it is left alone
        self._settled = False  # what an earlier life of this program left was asked for
        self._sims: dict[str, str] = {}  # by IMSI
        self.book = Book(settings.name, clock, self.timing, wires.late_answer, wires.late_refusal)
        self.asking_now, self.inbox_now, self.status_now = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self.door = Door(self.book, clock, self.timing.send, self.asking_now.set)
        self.ports = {number: self._new_port(number) for number in settings.port_numbers}
        self.asking = Asking(self.book, settings.port_numbers, clock, self.timing, settings.poll_s, self.ask, wires.keep_report)
        self.inbox = Inbox(settings.name, self.ask, wires.keep_part, wires.marks, self._sim_of)

    def _new_port(self, number: int) -> BoxPort:
        return BoxPort(number, Recovery(self.settings.reset_after_s, self.timing), Ussd(number, self.timing, self.ask))

    @property
    def name(self) -> str:
        return self.settings.name

    @property
    def alive(self) -> bool:
        return self._client is not None

    # Its life

    def join(self) -> asyncio.Task[None]:
        """Whoever needs the box alive joins, watches the task, which ends by raising, and leaves."""
        self._users += 1
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._live(), name=f"box:{self.name}")
            self._task.add_done_callback(lambda task: task.cancelled() or task.exception())
        return self._task

    async def leave(self) -> None:
        """The last one to leave ends its life."""
        self._users -= 1
        if not self._users and self._task is not None:
            task, self._task = self._task, None
            task.cancel()
            await asyncio.wait([task])

    def unpark(self) -> None:
        """A person has seen to the box, or to a port of it."""
        self._unfit = None
        for port in self.ports.values():
            port.unparked = True
            port.news.set()

    async def _live(self) -> None:
        if self._unfit is not None and self._clock.monotonic() < self._unfit[1]:
            raise ModemUnfit(self._unfit[0].reason, self._unfit[0].remedy)
        try:
            self._client = Client(self.settings, self.timing)
            await Life(self, self._client, self._clock).run()
        except ModemUnfit as fault:
            self._unfit = fault, self._clock.monotonic() + self.timing.login_rest
            raise
        finally:
            client, self._client = self._client, None
            self.door.shut("the box is not reached")
            for port in self.ports.values():
                port.ussd.stop()
                port.unknown()
            if client is not None:
                await client.close()

    async def settle_earlier(self) -> None:
        """Once: what earlier lives of this program did not learn is asked for like everything else."""
        if self._settled:
            return
        channels = self.settings.channels
        for stage, ask in ((Stage.UNKNOWN, self._wires.unanswered), (Stage.SENT, self._wires.unreported)):
            for attempt in await ask(channels):
                port = int(attempt.channel.rpartition(".")[2])
                sim = self._sim_of(port, "")
                if sim is not None:
                    self.book.add(earlier(attempt, port, sim, stage, self._clock.monotonic()))
        self._settled = True

    async def ask(self, request: wire.Request) -> Answer:
        """Raises BoxSilent and ModemUnfit."""
        if self._client is None:
            raise BoxSilent("the box is not reached", left=False)
        return await self._client.ask(request)

    # What channels and the web ask of it

    async def send(self, port: int, part: OutgoingPart, sim: str, begun: Callable[[], None]) -> Outcome:
        """As `send_part` of the channel contract."""
        if why := texts.cannot(part):
            return why
        if not self.alive or not self.ports[port].serves:
            return Refused(Word.ELSEWHERE, "channel:not-ready", "the box is not reached, or its port has no network")
        if self.book.stuck_on(port) + self.door.waiting_on(port) >= _DEPTH:
            return Refused(
                Word.CHANNEL,
                "dinstar:stuck",
                "texts wait in the box for this port and do not go out",
                "restart the port at the box",
            )
        waiting = Waiting(part, port, sim, begun, asyncio.get_running_loop().create_future())
        self.door.enter(waiting)
        try:
            return await asyncio.shield(waiting.outcome)
        except asyncio.CancelledError:
            self.door.leave(waiting)
            waiting.outcome.cancel()
            if waiting.text is not None:
                self.book.forget(waiting.text)
            raise

    async def ussd(self, port: int, code: str, timeout_s: float) -> UssdReply:
        """Raises UssdFailed."""
        return await self.ports[port].ussd.dial(code, timeout_s)

    async def pushed(self, document: wire.Document) -> None:
        """What the box tells unasked; returns when it is committed. Raises BadValue, LinkLost, StorageFull."""
        sn = wire.serial_number(document)
        if not self.alive:
            raise LinkLost(f"{self.name} is not reached; what it told is read when it is")
        if sn and self.book.sn and sn != self.book.sn:
            raise BadValue("sn", f"{sn} is not the box called {self.name}", f"its serial number is {self.book.sn}")
        try:
            if texts_in := list(wire.tables(document.get("sms"))):
                await self.inbox.pushed(texts_in)
            self.book.heard(wire.text_results(document.get("sms_result")))
            self.asking.heard_delivery(wire.delivery(document.get("sms_deliver_status")))
            await self.asking.hand_on(all_of_them=True)
        except (BoxSilent, BoxRefused) as fault:
            raise LinkLost(f"{self.name} told of texts that could not be read: {fault}") from fault
        for port in self.ports.values():
            if answer := wire.ussd_text(document.get("ussd"), port.number):
                port.ussd.pushed(answer)
        if any(name in document for name in ("register", "device", "exception_info")):
            self.status_now.set()

    # What it knows

    def told(self, infos: Sequence[wire.PortInfo]) -> None:
        """The state of its ports."""
        by_port = {info.port: info for info in infos}
        for port in self.ports.values():
            info = by_port.get(port.number)
            if info is not None and info.imsi:
                self._sims[info.imsi] = info.iccid or info.imsi
            port.told(info)

    def _sim_of(self, port: int, imsi: str) -> str | None:
        """As ChannelFacts.sim: of the SIM with this IMSI, or of the one that is in the port now."""
        if port not in self.ports:
            return None
        if imsi:
            return self._sims.get(imsi, imsi)
        info = self.ports[port].info
        return (info and (info.iccid or info.imsi)) or f"port:{self.name}.{port}"
