"""Which route wins: the first whose conditions all hold. PURE; the same rules choose and explain."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from gateway.core.routing.conditions import Condition, RouteFacts, of_route
from gateway.store.routes import Route

__all__ = ["NO_ROUTE", "Decision", "Look", "RouteFacts", "Rule", "choose", "compiled", "look"]


@dataclass(frozen=True, slots=True)
class Decision:
    """`refusal` are the words with which the route refuses the text; without one it goes to `pool`, or anywhere."""

    pool: str | None = None
    route: str | None = None
    refusal: str | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """A route made ready. `obstacle` says why it is passed over whatever the text is."""

    route: Route
    conditions: tuple[Condition, ...]
    decision: Decision
    obstacle: str = ""


@dataclass(frozen=True, slots=True)
class Look:
    """One route that was looked at for a text, and what came of it."""

    position: int
    route: str
    matched: bool
    why: str


NO_ROUTE = Decision()


def compiled(routes: Sequence[Route], pools: Collection[str], country: str) -> tuple[Rule, ...]:
    """`pools` are those that are configured; a route to another one matches nothing."""
    return tuple(_rule(route, pools, country) for route in routes)


def choose(rules: Sequence[Rule], facts: RouteFacts) -> Decision:
    for rule in rules:
        if not rule.obstacle and all(condition.holds(facts) for condition in rule.conditions):
            return rule.decision
    return NO_ROUTE


def look(rules: Sequence[Rule], facts: RouteFacts) -> tuple[Look, ...]:
    """The routes in their order, up to the one that `choose` chooses."""
    looks: list[Look] = []
    for rule in rules:
        against = [one.against(facts) for one in rule.conditions if not one.holds(facts)]
        matched = not rule.obstacle and not against
        everything = "all its conditions hold" if rule.conditions else "it takes every text"
        why = rule.obstacle or "; ".join(against) or everything
        looks.append(Look(rule.route.position, rule.route.name, matched, why))
        if matched:
            break
    return tuple(looks)


def _rule(route: Route, pools: Collection[str], country: str) -> Rule:
    obstacle = ""
    if not route.enabled:
        obstacle = "it is disabled"
    elif route.pool and route.pool not in pools:
        obstacle = f"its pool {route.pool!r} is not configured any more"
    decision = Decision(route=route.name, refusal=route.refuse) if route.refuse else Decision(route.pool, route.name)
    return Rule(route, tuple(of_route(route, country)), decision, obstacle)
