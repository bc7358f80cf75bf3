"""Which texts of ours a box has, what it says of each, and what that means for whoever sent it. Asks nothing itself.

What becomes of a text is told once: to the sender who waits for it, or, after it was called unknown, as a late answer.
Reports wait here until somebody has kept them.
"""

from __future__ import annotations

import logging
from collections import Counter, deque
from collections.abc import Callable, Collection, Sequence

from gateway.clock import Clock
from gateway.dinstar import reports
from gateway.dinstar.text import Known, Stage, Text
from gateway.dinstar.timing import Timing
from gateway.dinstar.wire import MOST_ASKED, DeliverStatus, Result, TextResult
from gateway.numbers import same_subscriber
from gateway.records import Outcome, Refused, Report, Sent, Unknown, Word

log = logging.getLogger("simrack.dinstar")

# So many failures of one port in a row are the port's own doing, not that of recipients.
_A_ROW = 3


class Book:
    """`late_answer` and `late_refusal` as in the channel contract."""

    def __init__(
        self,
        name: str,
        clock: Clock,
        timing: Timing,
        late_answer: Callable[[int, int], None],
        late_refusal: Callable[[int, Refused], None],
    ) -> None:
        self._name = name
        self._clock = clock
        self._timing = timing
        self._late_answer = late_answer
        self._late_refusal = late_refusal
        self._texts: dict[int, Text] = {}
        self._failures: Counter[int] = Counter()  # in a row, by port
        self._went: dict[int, float] = {}  # by port: when the newest text left us that is known to have been sent
        self.sn = ""
        self.to_report: deque[tuple[float, Report]] = deque()  # not to be handed on before

    def add(self, text: Text) -> None:
        self._texts[text.attempt_id] = text
        if text.stage is not Stage.OPEN:
            self._settle_in(text)

    def taken(self, text: Text) -> None:
        """The box has said that it took it."""
        text.known = Known.TAKEN
        text.ask_at = self._clock.monotonic()

    def refused(self, text: Text, why: Refused) -> None:
        """The box has said that it did not take it."""
        self._end(text, why)

    def give_up(self, text: Text) -> None:
        """Its sender has waited long enough."""
        if text.stage is Stage.OPEN:
            self._now_unknown(text, _SLOW[text.known])

    def forget(self, text: Text) -> None:
        """Nobody waits for it any more; the next start of this program asks for it."""
        self._texts.pop(text.attempt_id, None)

    # What there is to ask

    def stuck_on(self, port: int) -> int:
        """Texts that this port has, or may have, in its queue."""
        return sum(1 for text in self._texts.values() if text.port == port and (text.stage is Stage.OPEN or self._stuck(text)))

    def _stuck(self, text: Text) -> bool:
        """The box has said SENDING too long, and nothing that left after it went out: a queue is worked off in order."""
        return (
            text.stage is Stage.UNKNOWN
            and text.known is Known.SENDING
            and not text.missing
            and text.left_at >= self._went.get(text.port, 0.0)
            and self._clock.monotonic() - text.settled_at < self._timing.stuck
        )

    @property
    def any_open(self) -> bool:
        return any(text.stage is Stage.OPEN for text in self._texts.values())

    @property
    def awaits_reports(self) -> bool:
        return any(text.stage is not Stage.OPEN and text.report for text in self._texts.values())

    @property
    def next_ask(self) -> float | None:
        """When the next text that nobody waits for is to be asked for."""
        return min((text.ask_at for text in self._texts.values() if text.stage is not Stage.OPEN), default=None)

    def due(self) -> list[Text]:
        """Whom to ask for next, as many as fit into one question: those that somebody waits for come first."""
        now = self._clock.monotonic()
        for text in [text for text in self._texts.values() if text.stage is not Stage.OPEN and now > text.until]:
            del self._texts[text.attempt_id]
        waiting = [text for text in self._texts.values() if text.stage is Stage.OPEN or text.ask_at <= now]
        waiting.sort(key=lambda text: (text.stage is not Stage.OPEN, text.ask_at))
        return waiting[:MOST_ASKED]

    # What the box says

    def heard(self, rows: Sequence[TextResult], asked: Collection[Text] = ()) -> None:
        """The answer to a question about `asked`, or what the box told unasked."""
        now = self._clock.monotonic()
        said = {row.user_id: row for row in rows}
        for text in asked:
            if text.stage is Stage.OPEN:
                text.ask_at = now  # behind those that were not asked this time
            else:
                self._later(text, now)
            if text.attempt_id not in said:
                self._missing(text, now)
        for row in rows:
            found = self._texts.get(row.user_id)
            # An id may have been used before, by the program of an earlier database: then for somebody else.
            if found is not None and row.port in (found.port, -1) and same_subscriber(found.number, row.number or found.number):
                self._said(found, row)

    def heard_delivery(self, rows: Sequence[DeliverStatus]) -> list[DeliverStatus]:
        """Words of the network. Returns those that spoke of texts known here; others are another program's, or come too early."""
        ours = []
        sent = reports.by_reference(text for text in self._texts.values() if text.stage is Stage.SENT)
        for row in rows:
            for text in sent.get((row.port, row.reference), ()):
                index = reports.index(text, row)
                if index is not None:
                    self._report(text, index, row.status)
                    ours.append(row)
                    break
        return ours

    def _said(self, text: Text, row: TextResult) -> None:
        text.missing = 0
        if row.status is Result.SENDING:
            text.known = Known.SENDING
        elif row.status is Result.FAILED:
            self._failed(text, row)
        elif text.stage is not Stage.SENT:
            self._sent(text, row)
        elif text.reference is None:
            text.reference, text.sent_at = row.reference % 256, row.time
        if row.status is Result.DELIVERED:
            for index in range(1, text.parts + 1):
                self._report(text, index, 0)

    def _sent(self, text: Text, row: TextResult) -> None:
        self._failures[text.port] = 0
        self._went[text.port] = max(text.left_at, self._went.get(text.port, 0.0))
        was_unknown = text.stage is Stage.UNKNOWN
        reference = row.reference % 256
        text.stage, text.reference, text.sent_at, text.pause = Stage.SENT, reference, row.time, 0.0
        self._settle_in(text)
        if not text.report:
            del self._texts[text.attempt_id]
        if was_unknown:
            log.info("%s: attempt %d, called unknown, was sent after all", self._name, text.attempt_id)
            self._late_answer(text.attempt_id, reference)
        else:
            _answer(text, Sent(reference))

    def _failed(self, text: Text, row: TextResult) -> None:
        if text.stage is Stage.SENT:
            return  # the network has it; what becomes of it now is told by reports
        if row.parts_sent >= max(1, row.parts):
            # It says so of every part: to send it again would send it twice.
            if text.stage is Stage.OPEN:
                self._now_unknown(text, "the box calls it failed, and says too that every part of it was sent")
            return
        self._failures[text.port] += 1
        word = Word.CHANNEL if self._failures[text.port] >= _A_ROW else Word.ELSEWHERE
        gone = f"; {row.parts_sent} of its {row.parts} parts left" if row.parts_sent else ""
        reason = f"the box says FAILED, and not why{gone}"
        self._end(text, Refused(word, "dinstar:failed", reason, "see whether the SIM may send, and its credit"))

    def _end(self, text: Text, why: Refused) -> None:
        del self._texts[text.attempt_id]
        if text.stage is Stage.UNKNOWN:
            log.info("%s: attempt %d, called unknown, did not go: %s", self._name, text.attempt_id, why.reason)
            self._late_refusal(text.attempt_id, why)
        else:
            _answer(text, why)

    def _missing(self, text: Text, now: float) -> None:
        if not text.missing:
            text.missing_since = now
        text.missing += 1
        long = now - text.missing_since >= self._timing.settle and text.missing >= self._timing.settle_asks
        if text.stage is Stage.OPEN and long:
            self._now_unknown(text, _MISSING[text.known])

    def _now_unknown(self, text: Text, reason: str) -> None:
        text.stage, text.pause = Stage.UNKNOWN, 0.0
        self._settle_in(text)
        _answer(text, Unknown(reason))

    def _settle_in(self, text: Text) -> None:
        """It is watched for a bounded time, and only so many are."""
        now, timing = self._clock.monotonic(), self._timing
        unknown = text.stage is Stage.UNKNOWN
        text.settled_at = now
        text.until = now + (timing.watch if unknown else timing.report_wait)
        if text.outcome is None:
            text.ask_at = now  # nobody has asked for it in this life
        else:
            self._later(text, now)
        most = timing.most_watched if unknown else timing.most_reported
        same = [one for one in self._texts.values() if one.stage is text.stage]
        for oldest in same[: max(0, len(same) - most)]:
            del self._texts[oldest.attempt_id]

    def _later(self, text: Text, now: float) -> None:
        timing = self._timing
        if text.stage is Stage.UNKNOWN:
            text.look_again(now, timing.watch_first, timing.watch_longest)
        else:
            text.look_again(now, timing.report_first, timing.report_longest)

    def _report(self, text: Text, index: int, status: int) -> None:
        if (index, status) in text.told or (index, 0) in text.told:
            return
        text.told.add((index, status))
        not_before = text.settled_at + self._timing.report_hold
        self.to_report.append((not_before, reports.report(text, index, status, self._name, self.sn)))
        if len({part for part, said in text.told if reports.final(said)}) == text.parts:
            self._texts.pop(text.attempt_id, None)


def _answer(text: Text, outcome: Outcome) -> None:
    if text.outcome is not None and not text.outcome.done():
        text.outcome.set_result(outcome)


_SLOW = {
    Known.NOTHING: "the reply to the request was lost, and the box cannot be asked",
    Known.TAKEN: "the box took it, and cannot be asked what became of it",
    Known.SENDING: "the box is still sending it after a long time",
}
_MISSING = {
    Known.NOTHING: "the reply to the request was lost, and the box does not know the text",
    Known.TAKEN: "the box took it and does not know it any more: it may have restarted",
    Known.SENDING: "the box was sending it and does not know it any more: it restarted and lost its queue",
}
