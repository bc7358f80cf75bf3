"""What stands in a rule in the place of a pattern that was kept before it was refused. Reads no pattern."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A condition of a route or an inbound rule: the rule matches nothing, and says so."""

    why: str

    def holds(self, facts: object) -> bool:
        return False

    def against(self, facts: object) -> str:
        return f"its pattern cannot be used: {self.why}"
