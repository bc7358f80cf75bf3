"""Whether a network takes a submission: numbers, service centre, rules, caps and credit, asked in this order."""

import random
import time
from dataclasses import dataclass, field

from simulator.caps import Caps
from simulator.credit import Credit
from simulator.numberplan import NumberPlan
from simulator.pace import Pace
from simulator.rules import Attempt, Rule

UNASSIGNED_NUMBER, WRONG_CENTRE = 1, 38


@dataclass(slots=True)
class Admission:
    """What an operator has laid down. `centres`: service centres with the cause each refuses everything with (0: none);
    an empty table takes any centre."""

    numbers: NumberPlan = field(default_factory=NumberPlan)
    centres: dict[str, int] = field(default_factory=dict)
    rules: list[Rule] = field(default_factory=list)
    caps: Caps = field(default_factory=Caps)
    credit: Credit = field(default_factory=Credit)

    def cause(self, attempt: Attempt, pace: Pace, chance: random.Random) -> int | None:
        """The cause of a refusal, None when it is taken."""
        if not self.numbers.assigned(attempt.to):
            return UNASSIGNED_NUMBER
        if self.centres and (cause := self.centres.get(attempt.centre, WRONG_CENTRE)):
            return cause
        for rule in self.rules:
            if rule.refuses(attempt, chance):
                return rule.cause
        if self.caps.exceeded(attempt.sender, time.monotonic(), pace.window):
            return self.caps.cause
        if self.credit.lacks(attempt.sender, attempt.kind):
            return self.credit.cause
        return None

    def taken(self, attempt: Attempt) -> None:
        """Counts and charges what was taken."""
        self.caps.count(attempt.sender, time.monotonic())
        self.credit.charge(attempt.sender, attempt.kind)
