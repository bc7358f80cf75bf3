"""What went over a channel since the start, for the metrics. Nothing is decided by it."""

from __future__ import annotations

from dataclasses import dataclass, field

from gateway.records import Outcome, Refused, Sent


@dataclass(slots=True)
class Counts:
    sent: int = 0
    refused: dict[str, int] = field(default_factory=dict)  # by word
    unknown: int = 0
    delivered: int = 0

    def add(self, outcome: Outcome) -> None:
        if isinstance(outcome, Sent):
            self.sent += 1
        elif isinstance(outcome, Refused):
            self.refused[outcome.word.value] = self.refused.get(outcome.word.value, 0) + 1
        else:
            self.unknown += 1
