"""A text typed at the prompt, and its answer waited for whatever happens to the one who asked.

Between prompt and final nothing else is written. It says whether the payload left, not what to do about it (TS 27.005
clause 4.3).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from gateway.at.command import Command
from gateway.at.events import Prompt
from gateway.errors import LinkLost, SimrackError
from gateway.modem.exchange import Answer, Exchange, NoAnswer
from gateway.modem.timing import Timing


class NotTaken(SimrackError):
    """The payload certainly never left us. `code` is `prompt:timeout`, `link:lost` …"""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class NotAnswered(SimrackError):
    """The payload left us, and no verdict came."""


class Submission:
    """Used within one turn; at most one payload is on the air."""

    def __init__(self, exchange: Exchange, timing: Timing) -> None:
        self._exchange = exchange
        self._timing = timing
        self._loop = asyncio.get_running_loop()
        self._on_air: asyncio.Future[None] | None = None

    async def submit(self, command: Command, begun: Callable[[], None], patience: float) -> Answer:
        """See Session.submit."""
        refusal = await self._reach_prompt(command)
        if refusal is not None:
            return refusal
        self._call_at_prompt(begun)
        return await self._deliver_payload(patience)

    async def settle(self) -> None:
        """Returns when nothing is on the air, or after `last_word` seconds."""
        if self._on_air is not None:
            await asyncio.wait([self._on_air], timeout=self._timing.last_word)

    async def _reach_prompt(self, command: Command) -> Answer | None:
        """None at the prompt; an answer that came instead of it, or with it."""
        if not self._exchange.in_step:
            raise NotTaken("modem:silent", "the modem has fallen silent")
        await self._exchange.rest()
        reached = False
        try:
            self._exchange.begin(command)
            event = await self._exchange.next(self._timing.prompt)
            if self._exchange.restarted:  # in text mode, perhaps, where 19 is a number and the PDU a text
                raise NotTaken("modem:restarted", "the modem has restarted without a word")
            reached = True
        except NoAnswer as fault:
            raise NotTaken("prompt:timeout", f"the modem gave no prompt: {fault}") from fault
        except LinkLost as fault:
            raise NotTaken("link:lost", str(fault)) from fault
        finally:
            if not reached:
                self._leave_prompt()
        return self._exchange.early if isinstance(event, Prompt) else event

    def _call_at_prompt(self, begun: Callable[[], None]) -> None:
        started = False
        try:
            begun()
            started = True
        finally:
            if not started:
                self._leave_prompt()

    def _leave_prompt(self) -> None:
        """A prompt is there, or may still come."""
        self._exchange.end()
        self._exchange.escape()

    async def _deliver_payload(self, patience: float) -> Answer:
        on_air = self._on_air = self._loop.create_future()
        try:
            self._exchange.type_payload()
            return await self._outlast(patience)
        except (NoAnswer, LinkLost) as fault:
            raise NotAnswered(str(fault)) from fault
        finally:
            self._exchange.end()
            on_air.set_result(None)
            self._on_air = None

    async def _outlast(self, patience: float) -> Answer:
        """The answer to a payload, waited for even when our own task is cancelled."""
        waiting, timer = self._exchange.expect(patience)
        last_word: asyncio.TimerHandle | None = None
        while not waiting.done():
            try:
                await asyncio.shield(waiting)
            except asyncio.CancelledError:
                last_word = last_word or self._hurry()
            except SimrackError:
                break  # `waiting` holds it
        timer.cancel()
        if last_word is not None:
            last_word.cancel()
            _cancel_later()
        event = waiting.result()
        if isinstance(event, Prompt):
            raise NoAnswer("a second prompt instead of an outcome")
        return event

    def _hurry(self) -> asyncio.TimerHandle:
        """The gateway stops: the outcome is waited for, but not for ever."""
        fault = NoAnswer("the gateway was stopped before the modem answered")
        return self._loop.call_later(self._timing.last_word, self._exchange.interrupt, fault)


def _cancel_later() -> None:
    """Deliver a cancellation that was put off: it strikes at the current task's next pause."""
    task = asyncio.current_task()
    if task is not None:
        task.uncancel()
        task.cancel()
