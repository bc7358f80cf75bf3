"""What the answer to a posting means: accepted, refused, down, gone; how long to wait, and when to give up. Posts nothing."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from dataclasses import dataclass

from gateway.clock import Clock
from gateway.core.forwarding import delays
from gateway.core.forwarding.line import Line
from gateway.core.forwarding.results import Results
from gateway.core.forwarding.wire import Answer
from gateway.pbx.ami import Verdict
from gateway.records import Forward
from gateway.settings import ForwardingSettings
from gateway.store import Store, forwards

log = logging.getLogger("simrack.forwarding")

# Nothing is given up in the first hour of a run, of a webhook's failing, or after the clock jumped: after a power cut the PBX
# may start later than we do, and an age computed across a jump is a guess.
_GRACE_S = 3600.0
_JUMP_S = 60.0
# Answers that speak of the webhook (or what stands before it), not of the event.
_WEBHOOK_IS_DOWN = frozenset({429, 502, 503, 504})
_WAIT_ASKED = frozenset({429, 503})
_GONE = 410
# Callbacks that are refused wait each alone, and those at the same address that are not flow: it is another one for each message.
# When so many of a receiver wait it is the receiver that has a fault, as with webhooks; each of them is a row in memory.
MOST_WAITING_ALONE = 200
_GONE_WORDS = "the webhook answered 410 Gone"


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a posting was not accepted. `wait_asked` is what Retry-After said, in seconds."""

    status: int | None
    words: str
    wait_asked: float = 0.0
    longest: float = delays.EVENT_LONGEST_S
    of_webhook: bool = True  # False: it is about one phone behind it, and says nothing about the webhook


class Judge:
    def __init__(
        self,
        store: Store,
        results: Results,
        settings: ForwardingSettings,
        clock: Clock,
        chance: random.Random,
        wake: Callable[[], None],
    ) -> None:
        """`wake` is called when lines should be looked at again."""
        self._store = store
        self._results = results
        self._settings = settings
        self._clock = clock
        self._chance = chance
        self._wake = wake
        self._offset = clock.now() - clock.monotonic()
        self._steady_since = clock.monotonic()
        self.accepted_total = 0
        self.failed_total = 0

    def watch_clock(self) -> None:
        """Called often: notices when the wall clock jumps."""
        now = self._clock.monotonic()
        offset = self._clock.now() - now
        if abs(offset - self._offset) > _JUMP_S:
            log.warning("the clock jumped by %.0f s; no event is given up for an hour", offset - self._offset)
            self._steady_since = now
        self._offset = offset

    async def answered(self, line: Line, row: Forward, answer: Answer, fault: str = "") -> None:
        """`fault` is what an answer of 2xx says against itself."""
        if fault:
            await self._refused(line, row, Trouble(answer.status, f"HTTP {answer.status}: {fault}"))
        elif answer.accepts:
            self._accepted(line, row, answer.status)
        elif answer.status == _GONE and row.url is not None:
            self._unwanted(line, row)
        elif answer.status == _GONE:
            await self._gone(line, row)
        elif answer.status in _WEBHOOK_IS_DOWN:
            await self.webhook_is_down(line, row, self._trouble(answer))
        else:
            await self._refused(line, row, self._trouble(answer))

    async def answered_by_asterisk(self, line: Line, row: Forward, verdict: Verdict) -> None:
        if not verdict.fault:
            self._accepted(line, row, None)
        elif verdict.whole:
            await self.webhook_is_down(line, row, Trouble(None, verdict.fault))
        else:
            await self._refused(line, row, Trouble(None, verdict.fault, longest=delays.PHONE_LONGEST_S, of_webhook=False))

    def _trouble(self, answer: Answer) -> Trouble:
        words = f"HTTP {answer.status}: {answer.excerpt}" if answer.excerpt else f"HTTP {answer.status}"
        if 300 <= answer.status < 400:
            words = f"HTTP {answer.status}: redirects are not followed; give the webhook the address it leads to"
        asked = None
        if answer.status in _WAIT_ASKED:
            asked = delays.retry_after(answer.retry_after, answer.date, self._clock.now())
        return Trouble(answer.status, words, asked or 0.0)

    # What an answer means.

    def _accepted(self, line: Line, row: Forward, status: int | None) -> None:
        self._flows(line, row)
        line.done(row)
        self._results.add(forwards.Accepted(row.id, self._clock.now(), status))
        self.accepted_total += 1
        log.debug("event %s accepted by webhook %s", row.event_id, row.webhook)

    def _unwanted(self, line: Line, row: Forward) -> None:
        """410 to a callback: the address of one message is gone, and others at that host are not."""
        self._flows(line, row)
        self.bury(line, row, Trouble(_GONE, _GONE_WORDS))

    def _flows(self, line: Line, row: Forward) -> None:
        """Whoever answers so is in order."""
        if line.is_probe(row):
            log.info("webhook %s accepts events again", row.webhook)
            self._wake()  # the rest may follow
            line.flows()
        elif not line.paused:
            line.flows()

    async def _refused(self, line: Line, row: Forward, trouble: Trouble) -> None:
        """The webhook answers, but not this event: its conversation waits, the others flow."""
        probe = line.is_probe(row)
        of_webhook = trouble.of_webhook and (row.url is None or line.asleep >= MOST_WAITING_ALONE)
        if not of_webhook:
            self._flows(line, row)
        if self._too_old(row):
            self.bury(line, row, trouble)
        else:
            self.put_off(line, row, trouble, trouble.longest)
        if of_webhook and (line.refused_again() or probe):
            await self._leave_alone(line, trouble, probe)

    async def webhook_is_down(self, line: Line, row: Forward, trouble: Trouble) -> None:
        probe = line.is_probe(row)
        self.put_off(line, row, trouble, delays.WEBHOOK_LONGEST_S)
        await self._leave_alone(line, trouble, probe)

    async def _gone(self, line: Line, row: Forward) -> None:
        """410: it wants no more. Waits for the commit, so that the line is not opened again from what is stored."""
        if line.ending or line.stopped:  # another event heard it first
            self.put_off(line, row, Trouble(_GONE, _GONE_WORDS))
            return
        line.ending = True
        row_id = line.target.row_id
        last = forwards.Dead(row.id, self._clock.now(), _GONE, _GONE_WORDS)
        self._results.hand_over()
        try:
            dead = await self._store.writer.arun(lambda db: forwards.retire(db, row_id, last))
        finally:
            line.ending = False
        line.stopped = True
        self._wake()
        log.error(
            "webhook %s answered 410 Gone and is disabled; %d events wait to be replayed once it is enabled again",
            row.webhook,
            dead,
        )

    # Patience and its end.

    def put_off(self, line: Line, row: Forward, trouble: Trouble, longest: float = delays.EVENT_LONGEST_S) -> None:
        delay = delays.backoff(row.tries + 1, self._settings.first_retry_s, longest, self._chance)
        wall, left = self._clock.now(), self._give_up_s - (self._clock.now() - row.queued_at)
        if 0 < left < delay:
            delay = left  # one last try before it is given up
        delay = max(delay, trouble.wait_asked)
        line.failed(row, self._clock.monotonic() + delay)
        self._results.add(forwards.Failed(row.id, wall + delay, trouble.status, trouble.words))
        self.failed_total += 1
        log.info("event %s not accepted by webhook %s: %s; again in %.0f s", row.event_id, row.webhook, trouble.words, delay)
        self._wake()

    async def _leave_alone(self, line: Line, trouble: Trouble, probe: bool) -> None:
        """Pause the webhook. Only a first failure and a failed probe make the pause longer."""
        now, seconds = self._clock.monotonic(), trouble.wait_asked
        if probe or not line.paused:
            line.pauses += 1
            first, longest = self._settings.first_retry_s, delays.WEBHOOK_LONGEST_S
            seconds = max(seconds, delays.backoff(line.pauses, first, longest, self._chance))
            log.warning("webhook %s takes no events: %s; left alone for %.0f s", line.target.webhook.id, trouble.words, seconds)
        line.pause(now + seconds, now)
        await self._give_up_old_ones(line, trouble)

    def bury(self, line: Line, row: Forward, trouble: Trouble) -> None:
        line.done(row)
        self._results.add(forwards.Dead(row.id, self._clock.now(), trouble.status, trouble.words))
        log.error(
            "event %s for webhook %s is given up: %s; replay it when this is mended", row.event_id, row.webhook, trouble.words
        )

    @property
    def _give_up_s(self) -> float:
        return self._settings.give_up_after_hours * 3600

    def _too_old(self, row: Forward) -> bool:
        age = self._clock.now() - row.queued_at
        return age >= self._give_up_s and self._for_long(self._steady_since)

    def _for_long(self, since: float) -> bool:
        return self._clock.monotonic() - since >= min(_GRACE_S, self._give_up_s)

    async def _give_up_old_ones(self, line: Line, trouble: Trouble) -> None:
        """The webhook has been down for long: whatever waits for too long is given up together, not probe by probe."""
        if line.failing_since is None or not self._for_long(max(line.failing_since, self._steady_since)):
            return
        now, row_id = self._clock.now(), line.target.row_id
        before = now - self._give_up_s
        self._results.hand_over()
        given_up = await self._store.writer.arun(lambda db: forwards.bury(db, row_id, now, trouble.words, before))
        if given_up:
            line.forget_rows()
            self._wake()
            log.error(
                "%d events for webhook %s are given up after %g hours: %s; replay them when it is mended",
                given_up,
                line.target.webhook.id,
                self._settings.give_up_after_hours,
                trouble.words,
            )
