"""One text of ours that a box has, or may have, and how far we know what became of it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from enum import Enum, auto

from gateway.records import Outcome, OutgoingPart, Unanswered


class Stage(Enum):
    OPEN = auto()  # it left us; whoever sent it waits for its outcome
    UNKNOWN = auto()  # its outcome was called unknown; the box is asked now and then all the same
    SENT = auto()  # it went; its reports are awaited


class Known(Enum):
    """What the box has said of it, for words when it says nothing more."""

    NOTHING = auto()  # the reply to the request was lost
    TAKEN = auto()
    SENDING = auto()


@dataclass(eq=False, slots=True)
class Text:
    attempt_id: int
    port: int
    number: str
    parts: int
    sim: str
    report: bool
    left_at: float  # monotonic, as all times here
    stage: Stage
    ask_at: float
    outcome: asyncio.Future[Outcome] | None = None  # None: of an earlier life of this program
    known: Known = Known.NOTHING
    missing: int = 0  # how often in a row the box did not know it
    missing_since: float = 0.0
    pause: float = 0.0  # until it is asked for again
    until: float = 0.0  # then it is not asked for any more
    settled_at: float = 0.0  # when its stage was entered
    reference: int | None = None  # as far as the box has told it
    sent_at: str = ""  # by the box's clock
    told: set[tuple[int, int]] = field(default_factory=set)  # (part, TP-Status) that were handed on

    def look_again(self, now: float, first: float, longest: float) -> None:
        self.pause = min(max(first, 2 * self.pause), longest)
        self.ask_at = now + self.pause


def begun(part: OutgoingPart, port: int, sim: str, now: float, outcome: asyncio.Future[Outcome]) -> Text:
    return Text(part.attempt_id, port, part.recipient, part.parts, sim, part.report, now, Stage.OPEN, now, outcome)


def earlier(attempt: Unanswered, port: int, sim: str, stage: Stage, now: float) -> Text:
    """Of an earlier life of this program."""
    return Text(attempt.attempt_id, port, attempt.recipient, max(1, attempt.parts), sim, True, now, stage, now)
