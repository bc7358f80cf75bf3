"""Dials service codes over channels, one at a time on each, for people and for the gateway's own questions. Decodes nothing."""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
from collections.abc import Awaitable, Callable, Sequence

from gateway.channels.contract import Channel
from gateway.errors import NotFound, UssdFailed
from gateway.records import ChannelFacts, UssdReply
from gateway.settings.spelling import nearest

# Networks answer within 1-30 s. A caller over HTTP waits for it, and callers seldom wait longer than half a minute.
_PATIENCE_S = 25.0
_MARGIN_S = 3.0

Answered = Callable[[ChannelFacts, str, UssdReply], Awaitable[None]]


class Ussd:
    """`dial` is for the loop, `ask` for other threads. `answered(facts, code, reply)` hears of every answer before the caller.

    `callers` bounds how many threads wait here at once: the web has few, and texts must still come in.
    """

    def __init__(self, channels: Sequence[Channel], answered: Answered, callers: int) -> None:
        self._channels = {channel.name: channel for channel in channels}
        self._answered = answered
        self._loop = asyncio.get_running_loop()
        self._room = threading.BoundedSemaphore(callers)
        self._dialling: set[str] = set()  # owned by the loop

    async def dial(self, name: str, code: str) -> UssdReply:
        """Raises NotFound and UssdFailed."""
        channel = self._channels.get(name)
        if channel is None:
            raise NotFound(f"there is no channel {name}; {nearest(name, self._channels)}")
        if name in self._dialling:
            raise UssdFailed("busy", f"a service code is being dialled over {name}", "wait for its answer, then try again")
        self._dialling.add(name)
        try:
            facts = channel.facts
            reply = await channel.ussd(code, _PATIENCE_S)
        finally:
            self._dialling.discard(name)
        await self._answered(facts, code, reply)
        return reply

    def ask(self, name: str, code: str) -> UssdReply:
        """As `dial`; comes back within half a minute."""
        if not self._room.acquire(blocking=False):
            raise UssdFailed("busy", "as many service codes as may be are being dialled", "wait for their answers, then try again")
        try:
            asked = asyncio.run_coroutine_threadsafe(self.dial(name, code), self._loop)
            try:
                return asked.result(_PATIENCE_S + _MARGIN_S)
            except concurrent.futures.CancelledError as fault:
                raise UssdFailed("not-ready", "the gateway is stopping", "try again when it runs") from fault
            except TimeoutError as fault:
                asked.cancel()
                raise UssdFailed("timeout", f"{name} gave no answer", "try again; texts may be ahead of it") from fault
        finally:
            self._room.release()
