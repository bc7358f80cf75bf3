"""A port of a Dinstar box as a channel. The box is shared by its ports; a port adds its own facts and its own faults."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from gateway.channels.contract import (
    AnsweredLate,
    AskUnanswered,
    Channel,
    FactsChanged,
    KeepPart,
    KeepReport,
    OwnNumber,
    RefusedLate,
)
from gateway.clock import Clock
from gateway.dinstar import ports
from gateway.dinstar.box import Box, Wires
from gateway.dinstar.inbox import Marks
from gateway.dinstar.timing import Timing
from gateway.errors import LinkLost, ModemUnfit, UssdFailed
from gateway.numbers import dialled
from gateway.records import ChannelFacts, ChannelState, Outcome, OutgoingPart, UssdReply
from gateway.settings import DinstarSettings


def dinstar_boxes(
    settings: Sequence[DinstarSettings],
    clock: Clock,
    *,
    keep_part: KeepPart,
    keep_report: KeepReport,
    answered_late: AnsweredLate,
    refused_late: RefusedLate,
    unanswered: AskUnanswered,
    unreported: AskUnanswered,
    marks: Marks,
    timing: Timing | None = None,
) -> dict[str, Box]:
    """By name."""
    wires = Wires(keep_part, keep_report, answered_late, refused_late, unanswered, unreported, marks)
    return {one.name: Box(one, clock, wires, timing) for one in settings}


def dinstar_channels(boxes: Mapping[str, Box], changed: FactsChanged, country: str, own_number: OwnNumber) -> list[Channel]:
    """`country` is the one that national numbers belong to."""
    ports = [(box, number) for box in boxes.values() for number in box.settings.port_numbers]
    return [DinstarChannel(box, number, changed, country, own_number) for box, number in ports]


class DinstarChannel:
    def __init__(self, box: Box, number: int, changed: FactsChanged, country: str, own_number: OwnNumber) -> None:
        self._box = box
        self._own_number = own_number
        self._country = country
        self._port = box.ports[number]
        self._changed = changed
        self._parked_alone = False  # by a fault of the port, not of the box
        own = box.settings.numbers.get(str(number), "")
        self._configured = ChannelFacts(
            f"{box.name}.{number}",
            ChannelState.STARTING,
            port=f"{box.settings.url}#{number}",
            number=own,
            manufacturer="Dinstar",
            family="dinstar",
        )
        self._facts = self._configured

    @property
    def name(self) -> str:
        return self._configured.name

    @property
    def facts(self) -> ChannelFacts:
        return self._facts

    @property
    def depth(self) -> int:
        return 2

    @property
    def whole(self) -> bool:
        return True

    async def run(self) -> None:
        """See the contract. The first port of a box that runs brings the box to life."""
        self._note(replace(self._facts, state=ChannelState.STARTING, reason=""))
        self._parked_alone = False
        life = self._box.join()
        try:
            await self._serve(life)
        except (LinkLost, ModemUnfit) as fault:
            self._note(replace(self._facts, state=ChannelState.LOST, reason=str(fault)))
            raise
        finally:
            await self._box.leave()

    async def roused(self) -> None:
        """See the contract. A port that is parked by itself is watched through its box."""
        self._port.unparked = False
        if not self._parked_alone:
            while not self._port.unparked and self._port.info is None:
                await self._news(None)
            return
        life = self._box.join()
        try:
            while not (self._port.unparked or life.done() or (self._port.info is not None and self._port.fault is None)):
                await self._news(life)
        finally:
            await self._box.leave()

    def unpark(self) -> None:
        """See the contract. Whoever has seen to one port may have seen to the box."""
        self._box.unpark()

    async def send_part(self, part: OutgoingPart, begun: Callable[[], None]) -> Outcome:
        """See the contract. A cancellation leaves the text to the box; the next start asks what became of it."""
        spelled = replace(part, recipient=dialled(part.recipient, self._box.settings.dial, self._country))
        return await self._box.send(self._port.number, spelled, self._facts.sim, begun)

    async def ussd(self, code: str, timeout_s: float) -> UssdReply:
        """See the contract."""
        if self._facts.state is not ChannelState.READY:
            raise UssdFailed("not-ready", self._facts.reason or "the box is being asked for its ports", "try again later")
        return await self._box.ussd(self._port.number, code, timeout_s)

    async def _serve(self, life: asyncio.Task[None]) -> None:
        while True:
            if life.done():
                life.result()
                raise LinkLost("the box ended by itself")
            info = self._port.info
            if info is not None:
                facts = ports.facts(self._configured, info)
                self._show(replace(facts, number=self._own_number(facts.sim, facts.name, info.number)))
            fault = self._port.fault
            if fault is not None:
                self._parked_alone = True
                raise fault
            await self._news(life)

    def _show(self, facts: ChannelFacts) -> None:
        facts = replace(facts, recoveries=self._port.recovery.counters)
        if self._facts.state is ChannelState.READY and facts.sim != self._facts.sim:
            # Another SIM: for whoever remembers SIMs the port goes away and comes back.
            self._note(replace(facts, state=ChannelState.UNREGISTERED, reason="another SIM was put in"))
        self._note(facts)

    async def _news(self, life: asyncio.Task[None] | None) -> None:
        """Wait until the box says something of this port, or ends."""
        heard = asyncio.create_task(self._port.news.wait())
        try:
            await asyncio.wait([heard, *([life] if life else [])], return_when=asyncio.FIRST_COMPLETED)
        finally:
            heard.cancel()
        self._port.news.clear()

    def _note(self, facts: ChannelFacts) -> None:
        if facts != self._facts:
            self._facts = facts
            self._changed(facts)
