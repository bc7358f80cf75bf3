"""Rows of routes in their order. Checks nothing; `core.routing.checks` did."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from gateway.store.ordered import Ordered


@dataclass(frozen=True, slots=True)
class Route:
    """All conditions that are made must hold. Then a text goes to `pool`, or is refused with the words of `refuse`."""

    name: str
    position: int = 0
    enabled: bool = True
    to_prefix: tuple[str, ...] = ()  # one of them
    country: str = ""
    operator: str = ""
    to_pattern: str = ""
    from_: str = ""
    key: str = ""
    priority_min: int | None = None
    priority_max: int | None = None
    campaign: str = ""
    hours: str = ""
    zone: str = "UTC"
    pool: str = ""
    refuse: str = ""


def _values(route: Route) -> tuple[Any, ...]:
    r = route
    return (
        *(int(r.enabled), json.dumps(r.to_prefix), r.country, r.operator, r.to_pattern, r.from_, r.key),
        *(r.priority_min, r.priority_max, r.campaign, r.hours, r.zone, r.pool, r.refuse),
    )


def _route(row: tuple[Any, ...]) -> Route:
    return Route(row[0], row[1], bool(row[2]), tuple(json.loads(row[3])), *row[4:])


_OTHERS = (
    *("enabled", "to_prefix", "country", "operator", "to_pattern", "sender", "key", "priority_min", "priority_max", "campaign"),
    *("hours", "zone", "pool", "refuse"),
)
ROUTES: Ordered[Route] = Ordered("routes", "route", _OTHERS, _values, _route)
