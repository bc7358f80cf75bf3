"""The conversation with one modem: whose turn it is, and how to get back in step after silence.

It decides nothing about texts: it says what was answered, or that nothing was.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from gateway.at.command import Command
from gateway.at.events import Reply
from gateway.errors import SimrackError
from gateway.modem.exchange import Answer, Exchange, NoAnswer
from gateway.modem.link import Link
from gateway.modem.submission import NotTaken, Submission
from gateway.modem.timing import Timing
from gateway.modem.turns import Turns

# Every GSM modem answers it at once, and always with a line of its own: a late OK cannot pass for the answer.
_PROBE = Command("AT+CSQ", probe=True)
# SIM busy, SIM not ready, initialisation in progress: said in the first seconds, or minutes, after power-on.
_NOT_YET = frozenset({"cme:14", "cme:515", "cms:302", "cms:314", "cms:512", "cms:515", "cms:517", "cms:532"})


class Session:
    """Owns the turns on one exchange."""

    def __init__(self, exchange: Exchange, timing: Timing) -> None:
        self._exchange = exchange
        self._timing = timing
        self._submission = Submission(exchange, timing)
        self._turns = Turns()
        self._asked = ""  # what is asked softly now
        self.admits_sends = False  # cleared by the owner when the modem falls silent

    @property
    def restarted(self) -> bool:
        """True if the modem echoes although echo was switched off: it has restarted without a word."""
        return self._exchange.restarted

    @property
    def in_step(self) -> bool:
        """False after silence: a probe must be answered before anything else is asked."""
        return self._exchange.in_step

    def attach(self, link: Link) -> None:
        self._exchange.attach(link)

    def prepared(self) -> None:
        """From now on texts may be sent, and an echo means a restart."""
        self.admits_sends = True
        self._exchange.expect_no_echo()

    def interrupt(self, fault: SimrackError) -> None:
        self._exchange.interrupt(fault)

    async def close(self) -> None:
        """Wait, but not for ever, for what is on the air; then close the port. Whoever still waits gets LinkLost."""
        try:
            await self._submission.settle()
        finally:
            await self._exchange.close()

    # -- asking

    async def ask(self, text: str, patience: float | None = None) -> Answer:
        """One command and its answer. Raises NoAnswer or LinkLost."""
        await self._turns.take(Turns.SERVICE)
        try:
            return await self._exchange.ask(Command(text), self._timing.command if patience is None else patience)
        finally:
            self._turns.give()

    async def ask_until_ready(self, text: str, patience: float | None = None) -> Answer:
        """Like `ask`, again and again while the SIM or the text service says that it is still starting."""
        for _ in range(self._timing.busy_tries):
            answer = await self.ask(text, patience)
            if isinstance(answer, Reply) or answer.code not in _NOT_YET:
                return answer
            await asyncio.sleep(self._timing.busy_pause)
        return answer

    async def ask_softly(self, text: str, patience: float | None = None) -> Answer:
        """Like `ask`, for what some firmware carries out without a final, or never answers: silence is a reply too.

        A modem that is silent altogether is noticed by whoever asks next.
        """
        await self._turns.take(Turns.SERVICE)
        try:
            return await self._softly(text, self._timing.soft if patience is None else patience)
        finally:
            self._turns.give()

    async def ask_by(self, text: str, by: float) -> Answer:
        """Like `ask_softly`, with the loop's time by which all must be over. Raises TimeoutError if no turn came by then."""
        async with asyncio.timeout_at(by):
            await self._turns.take(Turns.SERVICE)
        try:
            return await self._softly(text, max(by - asyncio.get_running_loop().time(), self._timing.soft))
        finally:
            self._turns.give()

    async def stop_waiting_after(self, text: str, answer: asyncio.Future[Any]) -> None:
        """A moment after `answer`, whoever still waits for the final of `text` has what matters: silence is its reply."""
        await asyncio.wait([answer])
        await asyncio.sleep(self._timing.soft)
        if self._asked == text:
            self._exchange.interrupt(NoAnswer("it never ended its answer"))

    async def _softly(self, text: str, patience: float) -> Answer:
        self._asked = text
        try:
            return await self._exchange.ask(Command(text), patience)
        except NoAnswer:
            lines = self._exchange.given_up
            await self._back_in_step(self._timing.retry)
            return Reply(text, lines)
        finally:
            self._asked = ""

    # -- holding texts back

    def hold_sends(self) -> None:
        """No text leaves until `release_sends`; one that is on its way ends first."""
        self._turns.hold_sends()

    def release_sends(self) -> None:
        self._turns.release_sends()

    # -- sending

    async def submit(self, command: Command, begun: Callable[[], None], patience: float) -> Answer:
        """Type `command`, and at the prompt its payload. Raises NotTaken or NotAnswered.

        `begun` is called between prompt and payload. From then on a cancellation is put off until the outcome is known,
        or `last_word` seconds have passed; it strikes at the caller's next pause.
        """
        await self._turns.take(Turns.SEND)
        try:
            if not self.admits_sends:  # it fell silent while this text waited for its turn
                raise NotTaken("channel:not-ready", "the modem is not ready")
            return await self._submission.submit(command, begun, patience)
        finally:
            self._turns.give()

    # -- back in step

    async def wake(self) -> bool:
        """Leave whatever state the last owner left the line in, and get the first OK. False: nobody answers."""
        self._exchange.escape()
        await self._exchange.drain()
        self._exchange.trust()  # what the last owner asked is not ours to wait for
        for attempt in range(self._timing.wakes):
            try:
                await self.ask("AT", self._timing.wake)
            except NoAnswer:
                self._exchange.trust()  # an OK to an earlier AT is as good as one to this
                continue
            if attempt:
                await self._exchange.drain()
            return True
        return False

    async def attempt(self, step: Callable[[Exchange], Awaitable[None]], patience: float) -> bool:
        """After silence: take `step` once the line is ours, then probe. True as soon as a probe is answered.

        Nothing is written while the outcome of a text is still open: its window ends first.
        """
        await self._turns.take(Turns.SERVICE)
        try:
            await step(self._exchange)
            return await self._answers(patience)
        finally:
            self._turns.give()

    async def _back_in_step(self, patience: float) -> bool:
        self._exchange.escape()
        await self._exchange.drain()
        return await self._answers(patience)

    async def _answers(self, patience: float) -> bool:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + patience
        while not await self._probe():
            if loop.time() >= deadline:
                return False
        return True

    async def _probe(self) -> bool:
        """True when the probe was answered. Three refusals in a row are answers too."""
        for _ in range(3):
            try:
                answer = await self._exchange.ask(_PROBE, self._timing.retry)
            except NoAnswer:
                return False
            await self._exchange.drain()
            if isinstance(answer, Reply):
                return True
        self._exchange.trust()
        return True
