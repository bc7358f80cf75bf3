"""Which route wins: the first whose conditions all hold. PURE; the same rules choose and explain."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gateway.core.routing.conditions import Condition, RouteFacts, of_route
from gateway.store.routes import Route

__all__ = ["NO_ROUTE", "Decision", "Look", "RouteFacts", "Rule", "There", "choose", "compiled", "look"]


@dataclass(frozen=True, slots=True)
class Decision:
    """`refusal` are the words with which the route refuses the text; without one it goes to `pool`, or anywhere."""

    pool: str | None = None
    route: str | None = None
    refusal: str | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """A route made ready."""

    route: Route
    conditions: tuple[Condition, ...]
    decision: Decision


@dataclass(frozen=True, slots=True)
class Look:
    """One route that was looked at for a text, and what came of it."""

    position: int
    route: str
    matched: bool
    why: str


NO_ROUTE = Decision()
# Is there a pool of this name now? A route to one that is not there matches nothing.
There = Callable[[str], bool]


def compiled(routes: Sequence[Route], country: str) -> tuple[Rule, ...]:
    return tuple(Rule(route, tuple(of_route(route, country)), _decision(route)) for route in routes)


def choose(rules: Sequence[Rule], facts: RouteFacts, there: There) -> Decision:
    for rule in rules:
        if rule.route.enabled and all(condition.holds(facts) for condition in rule.conditions):
            pool = rule.decision.pool
            if pool is None or there(pool):
                return rule.decision
    return NO_ROUTE


def look(rules: Sequence[Rule], facts: RouteFacts, there: There) -> tuple[Look, ...]:
    """The routes in their order, up to the one that `choose` chooses."""
    looks: list[Look] = []
    for rule in rules:
        against = [one.against(facts) for one in rule.conditions if not one.holds(facts)]
        obstacle = _obstacle(rule.route, there)
        matched = not obstacle and not against
        everything = "all its conditions hold" if rule.conditions else "it takes every text"
        why = obstacle or "; ".join(against) or everything
        looks.append(Look(rule.route.position, rule.route.name, matched, why))
        if matched:
            break
    return tuple(looks)


def _obstacle(route: Route, there: There) -> str:
    """Why it is passed over whatever the text is."""
    if not route.enabled:
        return "it is disabled"
    return f"its pool {route.pool!r} is not there any more" if route.pool and not there(route.pool) else ""


def _decision(route: Route) -> Decision:
    return Decision(route=route.name, refusal=route.refuse) if route.refuse else Decision(route.pool, route.name)
