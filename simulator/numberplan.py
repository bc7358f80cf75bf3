"""Numbers as the network knows them: dialled forms made international, and whose they are."""

from dataclasses import dataclass, fields
from typing import Any

OWN, OTHER, FOREIGN, SHORT = "own", "other", "foreign", "short"
KINDS = (OWN, OTHER, FOREIGN, SHORT)
_LONGEST_SHORT_CODE = 6


@dataclass(slots=True)
class NumberPlan:
    """The numbers of one country. `own`: prefixes of this network; `unassigned`: prefixes nobody has."""

    country: str = "49"
    own: tuple[str, ...] = ("+49151",)
    unassigned: tuple[str, ...] = ()

    def dialled(self, number: str) -> str:
        """A dialled number as subscribers are known: international; short codes stay as they are."""
        if number.startswith("00"):
            return "+" + number[2:]
        if number.startswith("0"):
            return f"+{self.country}{number[1:]}"
        return number

    def kind(self, number: str) -> str:
        """own (this network), other (another of this country), foreign, or short."""
        if not number.startswith("+"):
            return SHORT if len(number) <= _LONGEST_SHORT_CODE else OTHER
        if number.startswith(self.own):
            return OWN
        return OTHER if number.startswith("+" + self.country) else FOREIGN

    def assigned(self, number: str) -> bool:
        return not number.startswith(self.unassigned)


def number_plan(values: dict[str, Any]) -> NumberPlan:
    """A plan from keys and values. Raises ValueError for a stranger among the keys."""
    known = [field.name for field in fields(NumberPlan)]
    if strangers := set(values) - set(known):
        raise ValueError(f"a number plan has no {', '.join(sorted(strangers))}; it has: {', '.join(known)}")
    return NumberPlan(**{key: str(value) if key == "country" else tuple(value) for key, value in values.items()})
