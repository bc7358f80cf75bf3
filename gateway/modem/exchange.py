"""One command and its answer, in time: the dialogue joined to a link and to the loop's clock.

It keeps no order among those who ask; that is the session's. Whoever uses it begins, waits and ends within one turn.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from gateway.at.command import ESCAPE, Command
from gateway.at.dialogue import Dialogue
from gateway.at.events import News, Prompt, Refusal, Reply, Surprise
from gateway.errors import LinkLost, SimrackError
from gateway.modem.link import Link
from gateway.modem.timing import Timing

Answer = Reply | Refusal

_SECRETS = ("AT+CPIN=", "AT+CLCK=", "AT+CPWD=")


class NoAnswer(SimrackError):
    """The modem said nothing in time, or forgot the question."""


class Restarted(NoAnswer):
    """It forgot the question because it has just started: it is well, and has to be prepared."""


class Exchange:
    """Listens to the link. What nobody asked for goes to the callables; the rest to whoever waits in `next`."""

    def __init__(
        self,
        name: str,
        timing: Timing,
        *,
        on_news: Callable[[News], None],
        on_surprise: Callable[[Surprise], None],
        on_lost: Callable[[LinkLost], None],
    ) -> None:
        self._timing = timing
        self._on_news = on_news
        self._on_surprise = on_surprise
        self._on_lost = on_lost
        self._wire = logging.getLogger(f"simrack.wire.{name}")
        self._loop = asyncio.get_running_loop()
        self._dialogue = Dialogue()
        self._link: Link | None = None
        self._fault: LinkLost | None = None
        self._waiting: asyncio.Future[Answer | Prompt] | None = None
        self._heard_at = self._loop.time()
        self._echo_is_off = False
        self._ended_at = 0.0
        self.guard_s = 0.0
        self.early: Answer | None = None  # an answer that came in the same bytes as the prompt
        self.given_up: tuple[str, ...] = ()  # the lines of the last command that was given up

    @property
    def in_step(self) -> bool:
        return self._dialogue.in_step

    @property
    def restarted(self) -> bool:
        return self._echo_is_off and self._dialogue.echoed

    def expect_no_echo(self) -> None:
        """Echo was switched off. If the last command was echoed all the same, echo means nothing on this modem."""
        self._echo_is_off = not self._dialogue.echoed

    def attach(self, link: Link) -> None:
        self._link = link

    # -- what the link tells

    def heard(self, data: bytes) -> None:
        self._heard_at = self._loop.time()
        if self._wire.isEnabledFor(logging.DEBUG):
            self._wire.debug("< %r", data)
        for event in self._dialogue.feed(data):
            if isinstance(event, News):
                self._on_news(event)
            elif isinstance(event, Surprise):
                self._on_surprise(event)
            elif self._waiting is not None and not self._waiting.done():
                self._waiting.set_result(event)
            elif not isinstance(event, Prompt):
                self.early = event

    def lost(self, fault: LinkLost) -> None:
        self._fault = fault
        self.interrupt(fault)
        self._on_lost(fault)

    def interrupt(self, fault: SimrackError) -> None:
        """Whoever waits for an answer gets `fault` instead: link gone, or question forgotten."""
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(fault)

    async def close(self) -> None:
        self._fault = self._fault or LinkLost("the gateway has closed the port")
        self.interrupt(self._fault)
        if self._link is not None:
            await self._link.close()

    # -- one command

    async def ask(self, command: Command, patience: float) -> Answer:
        """Raises NoAnswer or LinkLost."""
        await self.rest()
        self.begin(command)
        try:
            event = await self.next(patience)
        finally:
            self.end()
        if isinstance(event, Prompt):
            raise NoAnswer(f"an unexpected prompt after {event.command}")
        return event

    def begin(self, command: Command) -> None:
        if not self.in_step and not command.probe:
            raise NoAnswer("the modem has fallen silent")
        self.early = None
        self.write(self._dialogue.ask(command))

    async def rest(self) -> None:
        """The silence this family wants between an answer and the next command."""
        left = self._ended_at + self.guard_s - self._loop.time()
        if left > 0:
            await asyncio.sleep(left)

    def type_payload(self) -> None:
        self.write(self._dialogue.payload())

    def end(self) -> None:
        """Whatever was not answered until now is given up."""
        self._ended_at = self._loop.time()
        if self._dialogue.busy:
            self.given_up = self._dialogue.give_up()

    async def next(self, patience: float) -> Answer | Prompt:
        waiting, timer = self.expect(patience)
        try:
            return await waiting
        finally:
            timer.cancel()
            self._waiting = None

    def expect(self, patience: float) -> tuple[asyncio.Future[Answer | Prompt], asyncio.TimerHandle]:
        """What comes next, and the timer that ends the waiting. The caller cancels the timer."""
        if self._fault is not None:
            raise self._fault
        waiting: asyncio.Future[Answer | Prompt] = self._loop.create_future()
        self._waiting = waiting
        return waiting, self._loop.call_later(patience, _expire, waiting, patience)

    # -- the line itself

    def escape(self) -> None:
        """Leaves a prompt without sending; elsewhere it does nothing, or is answered with OK."""
        self.write(ESCAPE)

    def trust(self) -> None:
        """Somebody who knows says that no late answer can come any more."""
        self._dialogue.trust()

    async def drain(self) -> None:
        """Wait until the line has been quiet for a moment; what comes meanwhile is news or a late answer."""
        for _ in range(self._timing.most_drains):
            await asyncio.sleep(self._timing.quiet)
            if self._loop.time() - self._heard_at >= self._timing.quiet:
                return

    async def pause(self, seconds: float) -> None:
        """Say nothing for so long. Raises LinkLost if the port goes away meanwhile."""
        waiting, timer = self.expect(seconds)
        try:
            await waiting
        except NoAnswer:
            pass
        finally:
            timer.cancel()
            self._waiting = None

    def set_dtr(self, high: bool) -> None:
        if self._link is not None:
            self._link.set_dtr(high)

    def write(self, data: bytes) -> None:
        if self._link is None:
            return
        if self._wire.isEnabledFor(logging.DEBUG):
            shown = data.decode("latin-1")
            self._wire.debug("> %r", shown.partition("=")[0] + "=…" if shown.startswith(_SECRETS) else shown)
        self._link.write(data)


def _expire(waiting: asyncio.Future[Answer | Prompt], patience: float) -> None:
    if not waiting.done():
        waiting.set_exception(NoAnswer(f"no answer within {patience:g} s"))
