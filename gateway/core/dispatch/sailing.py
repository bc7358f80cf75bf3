"""Puts what is on deck on the air, one text after the other, and judges what came of it. Chooses no text and no channel."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Protocol

from gateway.clock import Clock
from gateway.core import retry
from gateway.core.dispatch.berth import Berth, Slot
from gateway.core.dispatch.lookout import Lookout
from gateway.core.dispatch.outcomes import Outcomes
from gateway.records import MessageError, Outcome, Refused, Standing, Status, Traffic, Unknown, Word
from gateway.settings import SendingSettings
from gateway.store.air import Verdict
from gateway.store.claims import Claim

log = logging.getLogger("simrack.dispatch")

# Outcomes that may wait for their commit while the channel goes on: with the air marks, one is enough to keep a channel busy.
_MOST_UNWRITTEN = 1
_STOPPED = (Traffic.PAUSED, Traffic.BLOCKED, Traffic.RESTING)


class Marks(Protocol):
    def mark(self, channel: str, attempt_id: int) -> None: ...


class Fitness(Protocol):
    def standing(self, channel: str, sim: str) -> Standing: ...

    def heard(self, channel: str, sim: str, outcome: Outcome, seconds: float) -> None: ...


class Sailing:
    """`wake` asks for the next text; `backlog` tells whether more wait than channels can take, `resting` whether active hours
    are over by now for what was claimed."""

    def __init__(
        self,
        berths: Mapping[str, Berth],
        lookout: Lookout,
        outcomes: Outcomes,
        fitness: Fitness,
        marks: Marks,
        settings: SendingSettings,
        clock: Clock,
        chance: random.Random,
        *,
        wake: Callable[[], None],
        backlog: Callable[[], bool],
        resting: Callable[[Claim], bool],
    ) -> None:
        self._berths = berths
        self._lookout = lookout
        self._outcomes = outcomes
        self._fitness = fitness
        self._marks = marks
        self._settings = settings
        self._clock = clock
        self._chance = chance
        self._wake = wake
        self._backlog = backlog
        self._resting = resting

    async def sail(self, berth: Berth, slot: Slot) -> None:
        while True:
            try:
                await self._send_next(berth, slot)
            except Exception:  # the one broad net of this loop
                log.exception("%s: a fault of ours while sending", berth.name)
                self._judge_fault(berth, slot)

    async def _send_next(self, berth: Berth, slot: Slot) -> None:
        while berth.deck is None or len(berth.unwritten) > _MOST_UNWRITTEN * len(berth.slots):
            berth.go.clear()
            self._wake()
            await berth.go.wait()
        claim, berth.deck = berth.deck, None
        refused = self._may_not_begin(berth, claim)
        if refused is not None:
            self._give_back(berth, claim, refused)
            return
        slot.now, slot.began, slot.marked = claim, self._clock.monotonic(), False
        berth.stopped = None
        self._wake()  # the deck is free
        outgoing = replace(claim.outgoing, more=True) if self._backlog() else claim.outgoing
        outcome = await berth.channel.send_part(outgoing, lambda: self._mark(berth, slot, claim))
        slot.now = None
        self._fitness.heard(berth.name, claim.sim, outcome, self._clock.monotonic() - slot.began)
        self._judge(berth, claim, outcome)

    def _may_not_begin(self, berth: Berth, claim: Claim) -> Refused | None:
        """What came between its claim and its turn on this channel. A message that has begun is not left half sent by a pause."""
        if berth.ready and berth.sim != claim.sim:
            # It must not leave from a number that it is not counted for.
            return Refused(Word.LATER, "channel:other-sim", "the SIM was changed before it began")
        stopped = self._fitness.standing(berth.name, claim.sim).traffic
        if stopped in _STOPPED and not claim.follows:
            return Refused(Word.LATER, f"channel:{stopped}", f"the channel was {stopped} before it began")
        if not claim.follows and self._resting(claim):
            return Refused(Word.LATER, "limit:hours", "the active hours ended before it began")
        return None

    def _give_back(self, berth: Berth, claim: Claim, refused: Refused) -> None:
        now = self._clock.now()
        error = MessageError(refused.code, refused.reason)
        verdict = Verdict(Status.QUEUED, error, due_at=now, avoid=claim.avoid, counts=False)
        self._stop_message(berth, claim)
        self._outcomes.write(berth, claim, refused, verdict, now)

    def _mark(self, berth: Berth, slot: Slot, claim: Claim) -> None:
        self._marks.mark(berth.name, claim.outgoing.attempt_id)
        slot.marked = True

    def _judge_fault(self, berth: Berth, slot: Slot) -> None:
        """A send that ended in a fault of ours has an outcome like any other, or its message would stay `sending` for ever."""
        claim, slot.now = slot.now, None
        if claim is None:
            return
        reason = "a fault in the gateway itself; its log says more"
        self._judge(berth, claim, Unknown(reason) if slot.marked else Refused(Word.LATER, "fault", reason))

    def _judge(self, berth: Berth, claim: Claim, outcome: Outcome) -> None:
        verdict: Verdict | None = None
        now = self._clock.now()
        if isinstance(outcome, Unknown):
            verdict = retry.after_unknown(outcome, claim, self._settings, now)
            log.warning("%s: attempt %d is unknown: %s", berth.name, claim.outgoing.attempt_id, outcome.reason)
        elif isinstance(outcome, Refused):
            others = [name for name in self._lookout.able(claim.lane, self._berths) if name != berth.name]
            verdict = retry.after_refusal(outcome, claim, others, self._settings, now, self._chance)
            refused = f"refused ({outcome.word}, {outcome.code}): {outcome.reason}"
            log.info("%s: attempt %d was %s", berth.name, claim.outgoing.attempt_id, refused)
        if verdict is not None:
            self._stop_message(berth, claim)
            berth.closed_until = 0.0  # what did not go makes room under the limits of its SIM
        self._outcomes.write(berth, claim, outcome, verdict, now)

    def _stop_message(self, berth: Berth, claim: Claim) -> None:
        """The parts behind one that did not go out must not leave before it; recording the outcome releases their claims."""
        berth.stopped = claim.message_id
        if berth.owes == claim.message_id:
            berth.owes = None
        if berth.deck is not None and berth.deck.message_id == claim.message_id:
            berth.deck = None
