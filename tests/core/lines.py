"""A stand-in for hardware: a channel whose network answers service codes as it is told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from gateway.errors import UssdFailed
from gateway.records import ChannelFacts, ChannelState, Outcome, OutgoingPart, UssdReply


class Line:
    def __init__(self, name: str, iccid: str = "a") -> None:
        self.name = name
        self.facts = ChannelFacts(name, ChannelState.READY, iccid=iccid)
        self.network: UssdReply | UssdFailed = UssdReply("Your balance is 12.34 EUR.")
        self.open = asyncio.Event()  # cleared, it keeps whoever dials waiting
        self.open.set()
        self.dialling = asyncio.Event()
        self.dialled: list[str] = []

    async def run(self) -> None:
        raise AssertionError("nobody supervises this channel")

    async def send_part(self, part: OutgoingPart, begun: Callable[[], None]) -> Outcome:
        raise AssertionError("nothing is sent here")

    async def ussd(self, code: str, timeout_s: float) -> UssdReply:
        self.dialled.append(code)
        self.dialling.set()
        await self.open.wait()
        if isinstance(self.network, UssdFailed):
            raise self.network
        return self.network
