"""Rules by which a network refuses submissions: for whom, how often, with which cause."""

import random
import re
from dataclasses import dataclass, fields
from typing import Any

from simulator.numberplan import KINDS


@dataclass(frozen=True, slots=True)
class Attempt:
    """A submission as the rules see it."""

    sender: str
    to: str
    kind: str
    centre: str
    text: str


@dataclass(slots=True)
class Rule:
    """Refuses with `cause` (a +CMS number; 0 to 127 is the RP cause) what fits all that is given.

    `to`, `sender`: prefixes; `kind`: of the recipient's number; `text`: a pattern; `nth`: every so manieth that fits;
    `chance`: each that fits with this probability; `times`: so often in all (0: without end).
    """

    cause: int = 38
    to: str = ""
    sender: str = ""
    kind: str = ""
    text: str = ""
    nth: int = 1
    chance: float = 1.0
    times: int = 0
    fitted: int = 0
    struck: int = 0

    def refuses(self, attempt: Attempt, chance: random.Random) -> bool:
        """Whether it strikes this time; counts along."""
        if not self._fits(attempt) or (self.times and self.struck >= self.times):
            return False
        self.fitted += 1
        if self.fitted % self.nth or (self.chance < 1 and chance.random() >= self.chance):
            return False
        self.struck += 1
        return True

    def _fits(self, attempt: Attempt) -> bool:
        return (attempt.to.startswith(self.to) and attempt.sender.startswith(self.sender)
                and self.kind in ("", attempt.kind) and re.search(self.text, attempt.text) is not None)


_KEYS = [field.name for field in fields(Rule) if field.name not in ("fitted", "struck")]


def rule(values: dict[str, Any]) -> Rule:
    """A rule from keys and values. Raises ValueError with what is wrong."""
    if strangers := set(values) - set(_KEYS):
        raise ValueError(f"a rule has no {', '.join(sorted(strangers))}; it has: {', '.join(_KEYS)}")
    made = Rule(**values)
    if made.kind not in ("", *KINDS):
        raise ValueError(f"no kind of number {made.kind!r}; there are: {', '.join(KINDS)}")
    if made.nth < 1 or not 0 <= made.chance <= 1:
        raise ValueError("nth counts from 1, chance goes from 0 to 1")
    try:
        re.compile(made.text)
    except re.error as wrong:
        raise ValueError(f"text {made.text!r} is no pattern: {wrong}") from None
    return made


def show_rule(made: Rule) -> dict[str, Any]:
    """What differs from a rule that says nothing, and how often it struck."""
    plain = Rule()
    given = {key: getattr(made, key) for key in _KEYS if key == "cause" or getattr(made, key) != getattr(plain, key)}
    return given | {"struck": made.struck}
