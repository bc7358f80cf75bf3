"""One modem as a channel: the contract of gateway.channels, fulfilled by one life of a port after another.

It holds what is known of the modem, and nothing else; how it is prepared and served stands in `life`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from gateway.clock import Clock
from gateway.errors import LinkLost, SimrackError, UssdFailed
from gateway.modem.keeper import Keeper
from gateway.modem.ladder import Ladder, Step
from gateway.modem.life import Life
from gateway.modem.pin import PROCESS_GUARD, PinGuard
from gateway.modem.presence import Token, plugged_in, token
from gateway.modem.timing import Timing
from gateway.numbers import dialled
from gateway.records import (
    ChannelFacts,
    ChannelState,
    IncomingPart,
    Outcome,
    OutgoingPart,
    Refused,
    Report,
    Unknown,
    UssdReply,
    Word,
)
from gateway.settings import ModemSettings

log = logging.getLogger("simrack.modem")


class Modem:
    """`run` owns the modem; `send_part` borrows the line from it, turn by turn.

    `late_answer(attempt_id, reference)` is told when an attempt whose outcome was unknown is answered after all; `country`
    is the one whose numbers are dialled nationally, where that is asked for.
    """

    def __init__(
        self,
        settings: ModemSettings,
        *,
        clock: Clock,
        keep_part: Callable[[IncomingPart], Awaitable[None]],
        keep_report: Callable[[Report], Awaitable[None]],
        changed: Callable[[ChannelFacts], None],
        own_number: Callable[[str, str, str], str],
        late_answer: Callable[[int, int], None] | None = None,
        called: Callable[[str, str], None] | None = None,
        known_smsc: Callable[[str], str] | None = None,
        country: str = "",
        timing: Timing | None = None,
        guard: PinGuard = PROCESS_GUARD,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._changed = changed
        self._late_answer = late_answer
        self._called = called
        self._known_smsc = known_smsc
        self._own_number = own_number
        self._told_number = ""  # by the SIM itself
        self._country = country
        self._timing = timing or Timing()
        self._guard = guard
        self._keeper = Keeper(settings.name, lambda: self._facts.sim, keep_part, keep_report)
        self._facts = self._numbered(ChannelFacts(settings.name, ChannelState.STARTING, port=settings.port))
        self._life: Life | None = None
        self._unparked = asyncio.Event()
        self._opened: Token = None  # which port the last life has opened
        self._ladder = Ladder(
            settings.name,
            self._timing.rungs,
            clock,
            scale=self._timing.ladder,
            may=lambda step: step is not Step.POWER or bool(settings.power_command),
            told=lambda counters: self._note(recoveries=counters),
        )
        self._unanswered: int | None = None  # the attempt whose +CMGS may still come

    @property
    def name(self) -> str:
        return self._settings.name

    @property
    def facts(self) -> ChannelFacts:
        return self._facts

    @property
    def depth(self) -> int:
        return 1

    @property
    def whole(self) -> bool:
        return False

    async def run(self) -> None:
        """Open, prepare, serve. Raises LinkLost, ModemSilent or ModemUnfit; waits a while for what is on the air."""
        self._note(state=ChannelState.STARTING, reason="")
        self._opened = token(self._settings.port)
        life = Life(
            self._settings, self._clock, self._timing, self._guard, self._keeper, note=self._note, late=self._came_late,
            called=self._rang, known_smsc=self._centre, known_number=lambda: self._facts.number, ladder=self._ladder,
            family=self._facts.family,
        )  # fmt: skip
        try:
            await life.open()
            self._life = life
            await life.serve()
        except SimrackError as fault:
            if isinstance(fault, LinkLost):
                self._ladder.port_is_gone()
            self._note(state=ChannelState.LOST, reason=str(fault))
            raise
        finally:
            self._life = None
            await life.close()
            if self._facts.state is not ChannelState.LOST:
                self._note(state=ChannelState.STARTING, reason="the port is closed")

    async def send_part(self, part: OutgoingPart, begun: Callable[[], None]) -> Outcome:
        """See the contract. Once `begun` was called a cancellation is put off until the outcome is known; it then
        strikes at the caller's next pause, so that the outcome can still be recorded."""
        life = self._life
        if life is None or life.sending is None:
            return Refused(Word.ELSEWHERE, "channel:not-ready", self._facts.reason or "the modem is being prepared")
        try:
            outcome = await life.sending.send(self._as_dialled(part), begun)
            if isinstance(outcome, Unknown):
                self._unanswered = part.attempt_id
            return outcome
        finally:
            if not life.session.in_step and life is self._life:
                life.fall_silent("it did not answer a text")

    async def ussd(self, code: str, timeout_s: float) -> UssdReply:
        """See the contract."""
        life = self._life
        if life is None or life.ussd is None:
            raise UssdFailed("not-ready", self._facts.reason or "the modem is being prepared", "try again later")
        return await life.ussd.dial(code, timeout_s)

    async def roused(self) -> None:
        """See the contract."""
        self._unparked.clear()
        waits = [
            asyncio.create_task(self._unparked.wait()),
            asyncio.create_task(plugged_in(self._settings.port, self._opened, self._timing.presence)),
        ]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    def unpark(self) -> None:
        """A person has seen to it: a parked modem is tried again at once, a quarantined one from the first step on."""
        self._ladder.restart()
        self._unparked.set()
        if self._life is not None:
            self._life.unpark()

    def _as_dialled(self, part: OutgoingPart) -> OutgoingPart:
        if self._settings.dial == "e164":
            return part
        return replace(part, recipient=dialled(part.recipient, self._settings.dial, self._country))

    def _centre(self) -> str:
        return "" if self._known_smsc is None else self._known_smsc(self._facts.sim)

    def _rang(self, number: str) -> None:
        log.info("%s: a call from %s was not taken", self.name, number or "a withheld number")
        if self._called is not None:
            self._called(self.name, number)

    def _came_late(self, reference: int) -> None:
        attempt, self._unanswered = self._unanswered, None
        log.info("%s: a late answer: reference %d for attempt %s", self.name, reference, attempt)
        if attempt is not None and self._late_answer is not None:
            self._late_answer(attempt, reference)

    def _numbered(self, facts: ChannelFacts) -> ChannelFacts:
        """A number that was written for this port may belong to a SIM that is elsewhere by now."""
        return replace(facts, number=self._own_number(facts.sim, self.name, self._told_number))

    def _note(self, **learnt: Any) -> None:
        self._told_number = learnt.pop("number", self._told_number)
        facts = self._numbered(replace(self._facts, **learnt))
        if facts != self._facts:
            self._facts = facts
            self._changed(facts)
