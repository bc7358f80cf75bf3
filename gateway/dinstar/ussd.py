"""Service codes over the ports of a box. Its answers name no question: what an earlier code left behind is read away first."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from gateway.dinstar import wire
from gateway.dinstar.client import Answer
from gateway.dinstar.faults import BoxSilent
from gateway.dinstar.timing import Timing
from gateway.errors import ModemUnfit, UssdFailed
from gateway.records import UssdReply

Ask = Callable[[wire.Request], Awaitable[Answer]]

_TRY_LATER = "try again in a moment"


class Ussd:
    """Of one port. `pushed` is told what the box told unasked."""

    def __init__(self, port: int, timing: Timing, ask: Ask) -> None:
        self._port = port
        self._timing = timing
        self._ask = ask
        self._turn = asyncio.Lock()
        self._told = asyncio.Event()
        self._text = ""
        self._closing: asyncio.Task[None] | None = None

    def pushed(self, text: str) -> None:
        self._text = text
        self._told.set()

    async def dial(self, code: str, timeout_s: float) -> UssdReply:
        """Raises UssdFailed, and nothing else for anything the box does."""
        if len(code.encode()) > wire.MOST_USSD:
            raise UssdFailed("refused", f"a box takes codes of up to {wire.MOST_USSD} bytes", "shorten it")
        sent = False
        try:
            async with asyncio.timeout(timeout_s), self._turn:
                self.stop()
                before = await self._reply()
                self._told.clear()
                await self._send(code)
                sent = True
                text = await self._answer(before)
        except TimeoutError as fault:
            if sent:
                self._close_soon(0.0)
            raise UssdFailed("timeout", "the network gave no answer", "see whether the code exists at this operator") from fault
        except (BoxSilent, ModemUnfit) as fault:
            raise UssdFailed("not-ready", str(fault), "look at the box") from fault
        self._close_soon(self._timing.menu)
        return UssdReply(text, raw=text)

    def stop(self) -> None:
        """Nothing more is to be closed."""
        if self._closing is not None:
            self._closing.cancel()
            self._closing = None

    async def _send(self, code: str) -> None:
        answer = await self._ask(wire.send_ussd(self._port, code))
        status = wire.ussd_status(answer.document, self._port) if answer.code in wire.ACCEPTED else answer.code
        if status == 486:
            raise UssdFailed("busy", "the port is busy with another code", _TRY_LATER)
        if status in (503, 550):
            raise UssdFailed("not-ready", "the port has no network", "check antenna and SIM")
        if status != 200:
            raise UssdFailed("refused", f"the box did not take the code ({status})", "see whether the code is right")

    async def _answer(self, before: str) -> str:
        """What is told after the code was sent. An answer equal to the one before counts when that one was seen to be gone, or
        when another would have come by now."""
        same_until = asyncio.get_running_loop().time() + self._timing.ussd_same
        while True:
            if self._told.is_set():
                return self._text
            text = await self._reply()
            if text and (text != before or asyncio.get_running_loop().time() >= same_until):
                return text
            before = before and text
            try:
                async with asyncio.timeout(self._timing.ussd_poll):
                    await self._told.wait()
            except TimeoutError:
                continue

    async def _reply(self) -> str:
        answer = await self._ask(wire.ussd_reply(self._port))
        return wire.ussd_text(answer.document.get("reply"), self._port) if answer.code in wire.ACCEPTED else ""

    def _close_soon(self, pause_s: float) -> None:
        """A menu that nobody answers would hold up texts; the box does not say whether there is one."""
        self.stop()
        self._closing = asyncio.create_task(self._close(pause_s), name=f"ussd-close:{self._port}")

    async def _close(self, pause_s: float) -> None:
        await asyncio.sleep(pause_s)
        try:
            await self._ask(wire.cancel_ussd(self._port))
        except (BoxSilent, ModemUnfit):
            return  # the session ends by itself in the network
