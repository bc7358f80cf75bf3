"""The conversation in time: one command at a time on one link, with time-outs, and back in step after silence.

It decides nothing about texts: it says what was answered, or that nothing was (3GPP TS 27.005 clause 4.3 for the prompt).
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
from gateway.modem.turns import Turns

Answer = Reply | Refusal

# Every GSM modem answers it at once, and always with a line of its own: a late OK cannot pass for the answer.
_PROBE = Command("AT+CSQ", probe=True)
# SIM busy, SIM not ready, initialisation in progress: said in the first seconds, or minutes, after power-on.
_NOT_YET = frozenset({"cme:14", "cme:515", "cms:302", "cms:314", "cms:512", "cms:515", "cms:517", "cms:532"})
_SECRETS = ("AT+CPIN=", "AT+CLCK=", "AT+CPWD=")


class NoAnswer(SimrackError):
    """The modem said nothing in time, or forgot the question: it restarted."""


class NotTaken(SimrackError):
    """The payload certainly never left us. `code` is `prompt:timeout`, `link:lost` …"""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class NotAnswered(SimrackError):
    """The payload left us, and no verdict came."""


class Session:
    """Owns the dialogue and the turns. The link tells it what was heard; it tells its owner news, surprises and loss."""

    def __init__(
        self,
        name: str,
        timing: Timing,
        *,
        on_news: Callable[[News], None],
        on_surprise: Callable[[Surprise], None],
        on_lost: Callable[[LinkLost], None],
    ) -> None:
        self.admits_sends = False  # set by the owner once the modem is prepared
        self._timing = timing
        self._on_news = on_news
        self._on_surprise = on_surprise
        self._on_lost = on_lost
        self._wire = logging.getLogger(f"simrack.wire.{name}")
        self._loop = asyncio.get_running_loop()
        self._dialogue = Dialogue()
        self._turns = Turns()
        self._link: Link | None = None
        self._fault: LinkLost | None = None
        self._waiting: asyncio.Future[Reply | Refusal | Prompt] | None = None
        self._early: Answer | None = None  # came in the same bytes as the prompt
        self._given_up: tuple[str, ...] = ()  # the lines of the last command that was given up
        self._heard_at = self._loop.time()
        self._on_air: asyncio.Future[None] | None = None

    @property
    def in_step(self) -> bool:
        """False after silence: `resynchronise` must come before anything else is asked."""
        return self._dialogue.in_step

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
                self._early = event

    def lost(self, fault: LinkLost) -> None:
        self._fault = fault
        self.interrupt(fault)
        self._on_lost(fault)

    def interrupt(self, fault: SimrackError) -> None:
        """Whoever waits for an answer gets `fault` instead: the link is gone, or the modem has forgotten the question."""
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(fault)

    # -- plain commands

    async def ask_until_ready(self, text: str, patience: float | None = None) -> Answer:
        """Like `ask`, again and again while the SIM or the text service says that it is still starting."""
        for _ in range(self._timing.busy_tries):
            answer = await self.ask(text, patience)
            if isinstance(answer, Reply) or answer.code not in _NOT_YET:
                return answer
            await asyncio.sleep(self._timing.busy_pause)
        return answer

    async def ask(self, text: str, patience: float | None = None) -> Answer:
        """One command and its answer. Raises NoAnswer or LinkLost."""
        await self._turns.take(Turns.SERVICE)
        try:
            return await self._exchange(Command(text), self._timing.command if patience is None else patience)
        finally:
            self._turns.give()

    async def ask_softly(self, text: str) -> Answer:
        """Like `ask`, for commands that some firmware carries out without a final: silence counts as acceptance."""
        await self._turns.take(Turns.SERVICE)
        try:
            return await self._exchange(Command(text), self._timing.soft)
        except NoAnswer:
            lines = self._given_up
        finally:
            self._turns.give()
        await self.resynchronise(self._timing.retry)
        return Reply(text, lines)

    async def _exchange(self, command: Command, patience: float) -> Answer:
        self._begin(command)
        try:
            event = await self._next(patience)
        finally:
            self._end()
        if isinstance(event, Prompt):
            raise NoAnswer(f"an unexpected prompt after {event.command}")
        return event

    def _begin(self, command: Command) -> None:
        if not self.in_step and not command.probe:
            raise NoAnswer("the modem has fallen silent")
        self._early = None
        self._write(self._dialogue.ask(command))

    def _end(self) -> None:
        """Whatever was not answered until now is given up."""
        if self._dialogue.busy:
            self._given_up = self._dialogue.give_up()

    async def _next(self, patience: float) -> Reply | Refusal | Prompt:
        waiting, timer = self._expect(patience)
        try:
            return await waiting
        finally:
            timer.cancel()
            self._waiting = None

    def _expect(self, patience: float) -> tuple[asyncio.Future[Reply | Refusal | Prompt], asyncio.TimerHandle]:
        if self._fault is not None:
            raise self._fault
        waiting: asyncio.Future[Reply | Refusal | Prompt] = self._loop.create_future()
        self._waiting = waiting
        return waiting, self._loop.call_later(patience, self._expire, waiting, patience)

    def _expire(self, waiting: asyncio.Future[Reply | Refusal | Prompt], patience: float) -> None:
        if not waiting.done():
            waiting.set_exception(NoAnswer(f"no answer within {patience:g} s"))

    # -- sending

    async def submit(self, command: Command, begun: Callable[[], None], patience: float) -> Answer:
        """Type `command`, and at the prompt its payload. Raises NotTaken or NotAnswered.

        `begun` is called between prompt and payload. From then on a cancellation is put off until the outcome is known,
        or `last_word` seconds have passed; it strikes at the caller's next pause.
        """
        await self._turns.take(Turns.SEND)
        try:
            refusal = await self._reach_prompt(command)
            if refusal is not None:
                return refusal
            self._call_at_prompt(begun)
            return await self._deliver_payload(patience)
        finally:
            self._turns.give()

    async def _reach_prompt(self, command: Command) -> Answer | None:
        """None at the prompt; an answer that came instead of it."""
        if not self.admits_sends:
            raise NotTaken("channel:not-ready", "the modem is not ready")
        reached = False
        try:
            self._begin(command)
            event = await self._next(self._timing.prompt)
            reached = True
        except NoAnswer as fault:
            raise NotTaken("prompt:timeout", f"the modem gave no prompt: {fault}") from fault
        except LinkLost as fault:
            raise NotTaken("link:lost", str(fault)) from fault
        finally:
            if not reached:
                self._leave_prompt()
        return self._early if isinstance(event, Prompt) else event

    def _call_at_prompt(self, begun: Callable[[], None]) -> None:
        started = False
        try:
            begun()
            started = True
        finally:
            if not started:
                self._leave_prompt()

    def _leave_prompt(self) -> None:
        """A prompt is there, or may still come: ESC leaves it without sending."""
        self._end()
        self._write(ESCAPE)

    async def _deliver_payload(self, patience: float) -> Answer:
        on_air = self._on_air = self._loop.create_future()
        try:
            self._write(self._dialogue.payload())
            return await self._outlast(patience)
        except (NoAnswer, LinkLost) as fault:
            raise NotAnswered(str(fault)) from fault
        finally:
            self._end()
            on_air.set_result(None)
            self._on_air = None

    async def _outlast(self, patience: float) -> Answer:
        """The answer to a payload, waited for even when our own task is cancelled."""
        waiting, timer = self._expect(patience)
        cancelled = False
        while not waiting.done():
            try:
                await asyncio.shield(waiting)
            except asyncio.CancelledError:
                cancelled = cancelled or self._hurry()
            except SimrackError:
                break  # `waiting` holds it
        timer.cancel()
        self._waiting = None
        if cancelled:
            _cancel_later()
        event = waiting.result()
        if isinstance(event, Prompt):
            raise NoAnswer("a second prompt instead of an outcome")
        return event

    def _hurry(self) -> bool:
        """The gateway stops: the outcome is waited for, but not for ever."""
        self._loop.call_later(self._timing.last_word, self.interrupt, NoAnswer("the gateway was stopped"))
        return True

    async def close(self) -> None:
        """Wait, but not for ever, for what is on the air; then close the port. Whoever still waits gets LinkLost."""
        try:
            if self._on_air is not None:
                await asyncio.wait([self._on_air], timeout=self._timing.last_word)
        finally:
            self._fault = self._fault or LinkLost("the gateway has closed the port")
            self.interrupt(self._fault)
            if self._link is not None:
                await self._link.close()

    # -- back in step

    async def wake(self) -> bool:
        """Leave whatever state the last owner left the line in, and get the first OK. False: nobody answers."""
        self._write(ESCAPE)
        await self.drain()
        self._dialogue.trust()  # what the last owner asked is not ours to wait for
        for attempt in range(self._timing.wakes):
            try:
                await self.ask("AT", self._timing.wake)
            except NoAnswer:
                self._dialogue.trust()  # an OK to an earlier AT is as good as one to this
                continue
            if attempt:
                await self.drain()
            return True
        return False

    async def resynchronise(self, patience: float | None = None) -> bool:
        """After silence: ESC, drain, then probes until one is answered. False: silent for `give_up` seconds."""
        await self._turns.take(Turns.SERVICE)
        try:
            deadline = self._loop.time() + (self._timing.give_up if patience is None else patience)
            self._write(ESCAPE)
            await self.drain()
            while not await self._probe():
                if self._loop.time() >= deadline:
                    return False
            return True
        finally:
            self._turns.give()

    async def _probe(self) -> bool:
        """True when the probe was answered. Three refusals in a row are answers too: some firmware refuses all it can."""
        for _ in range(3):
            try:
                answer = await self._exchange(_PROBE, self._timing.retry)
            except NoAnswer:
                return False
            await self.drain()
            if isinstance(answer, Reply):
                return True
        self._dialogue.trust()
        return True

    async def drain(self) -> None:
        """Wait until the line has been quiet for a moment; what comes meanwhile is news or a late answer."""
        for _ in range(self._timing.most_drains):
            await asyncio.sleep(self._timing.quiet)
            if self._loop.time() - self._heard_at >= self._timing.quiet:
                return

    def _write(self, data: bytes) -> None:
        if self._link is None:
            return
        if self._wire.isEnabledFor(logging.DEBUG):
            shown = data.decode("latin-1")
            self._wire.debug("> %r", shown.partition("=")[0] + "=…" if shown.startswith(_SECRETS) else shown)
        self._link.write(data)


def _cancel_later() -> None:
    """Deliver a cancellation that was put off: it strikes at the current task's next pause."""
    task = asyncio.current_task()
    if task is not None:
        task.uncancel()
        task.cancel()
