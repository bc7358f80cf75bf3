"""The conditions of routes: does one hold for a text, and if not, why, in words for a person. PURE, one class for each kind."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from gateway import hours, numbers, patterns
from gateway.clock import isoformat
from gateway.core.unreadable import Unreadable
from gateway.errors import BadValue
from gateway.store.routes import Route


@dataclass(frozen=True, slots=True)
class RouteFacts:
    """What routes look at. `to` is spelled as it is kept; `from_` as it was asked for; `at` is when the text may leave."""

    to: str
    from_: str | None = None
    key_name: str = ""
    priority: int = 0
    campaign: str | None = None
    at: float = 0.0


class Condition(Protocol):
    def holds(self, facts: RouteFacts) -> bool: ...

    def against(self, facts: RouteFacts) -> str:
        """Why it does not hold; asked only when it does not."""


def of_route(route: Route, own: str) -> Iterator[Condition]:
    """The cheap ones first. `own` is the country of the gateway."""
    if route.key:
        yield _Key(route.key)
    if route.priority_min is not None or route.priority_max is not None:
        yield _Priority(-10 if route.priority_min is None else route.priority_min, route.priority_max)
    if route.campaign:
        yield _Campaign(route.campaign)
    if route.to_prefix:
        yield _Prefix(route.to_prefix)
    if route.from_:
        yield _From(route.from_, own)
    if route.hours:
        yield _Hours(route.hours, hours.parse(route.hours), route.zone)
    if route.to_pattern:
        yield _pattern(route.to_pattern, own)
    if route.country:
        yield _Country(route.country, own)
    if route.operator:
        yield _Operator(route.operator)


def _pattern(written: str, own: str) -> Condition:
    try:
        return _Pattern(patterns.compile(written, "to_pattern"), own)
    except BadValue as fault:
        return Unreadable(fault.reason)


@dataclass(frozen=True, slots=True)
class _Key:
    name: str

    def holds(self, facts: RouteFacts) -> bool:
        return facts.key_name == self.name

    def against(self, facts: RouteFacts) -> str:
        return f"the key is {facts.key_name or 'none'}, not {self.name}"


@dataclass(frozen=True, slots=True)
class _Priority:
    least: int
    most: int | None

    def holds(self, facts: RouteFacts) -> bool:
        return self.least <= facts.priority and (self.most is None or facts.priority <= self.most)

    def against(self, facts: RouteFacts) -> str:
        bound = f"below {self.least}" if facts.priority < self.least else f"above {self.most}"
        return f"the priority {facts.priority} is {bound}"


@dataclass(frozen=True, slots=True)
class _Campaign:
    name: str

    def holds(self, facts: RouteFacts) -> bool:
        return facts.campaign == self.name

    def against(self, facts: RouteFacts) -> str:
        return f"the campaign is {facts.campaign or 'none'}, not {self.name}"


@dataclass(frozen=True, slots=True)
class _Prefix:
    prefixes: tuple[str, ...]

    def holds(self, facts: RouteFacts) -> bool:
        return facts.to.startswith(self.prefixes)

    def against(self, facts: RouteFacts) -> str:
        return f"{facts.to} does not begin with {' or '.join(self.prefixes)}"


@dataclass(frozen=True, slots=True)
class _From:
    number: str
    own: str

    def holds(self, facts: RouteFacts) -> bool:
        if not facts.from_:
            return False
        try:
            return numbers.recipient(facts.from_, self.own) == self.number
        except BadValue:
            return False

    def against(self, facts: RouteFacts) -> str:
        return f"the number to send from is {facts.from_ or 'not given'}, not {self.number}"


@dataclass(frozen=True, slots=True)
class _Hours:
    written: str
    hours: hours.Hours
    zone: str

    def holds(self, facts: RouteFacts) -> bool:
        return hours.open_at(self.hours, facts.at, self.zone)

    def against(self, facts: RouteFacts) -> str:
        return f"{isoformat(facts.at)} is outside {self.written} in {self.zone}"


@dataclass(frozen=True, slots=True)
class _Pattern:
    """Tried on +E.164 and on the national spelling."""

    pattern: patterns.Pattern
    own: str

    def holds(self, facts: RouteFacts) -> bool:
        spellings = (facts.to, numbers.dialled(facts.to, "national", self.own))
        return any(self.pattern.fullmatch(one) for one in spellings)

    def against(self, facts: RouteFacts) -> str:
        spellings = dict.fromkeys((facts.to, numbers.dialled(facts.to, "national", self.own)))
        return f"the pattern {self.pattern.written} does not match the whole of {' or '.join(spellings)}"


@dataclass(frozen=True, slots=True)
class _Country:
    country: str
    own: str

    def holds(self, facts: RouteFacts) -> bool:
        return numbers.country_of(facts.to, self.own) == self.country

    def against(self, facts: RouteFacts) -> str:
        return f"{facts.to} belongs to {numbers.country_of(facts.to, self.own) or 'no country'}, not to {self.country}"


@dataclass(frozen=True, slots=True)
class _Operator:
    name: str

    def holds(self, facts: RouteFacts) -> bool:
        return numbers.operator_of(facts.to).casefold() == self.name.casefold()

    def against(self, facts: RouteFacts) -> str:
        known = numbers.operator_of(facts.to)
        found = f"was given out by {known}" if known else "is of no operator that is known"
        return f"{facts.to} {found}, not {self.name} (a ported number keeps the name of its first operator)"
