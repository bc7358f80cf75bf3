"""What makes a route that may be kept: each field is judged by itself, and refused by its name with what would be accepted."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace

from gateway import hours, numbers, patterns
from gateway.errors import BadValue
from gateway.settings.forms import COUNTRIES
from gateway.settings.spelling import nearest
from gateway.store.routes import Route

NAME = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}"
PREFIX = r"\+[1-9][0-9]{0,14}"
MOST_PREFIXES = 200
LONGEST_WORD = 64
LONGEST_PATTERN = 200
LONGEST_REFUSAL = 300
# Words that stand in the place of a name in the API.
RESERVED = ("reset", "explain")


def checked(route: Route, pools: Collection[str], country: str) -> Route:
    """The route as it is kept: numbers in one spelling, nothing twice. Raises BadValue."""
    _require_name(route.name)
    _require_prefixes(route.to_prefix)
    _require_lengths(route)
    if route.country and route.country not in COUNTRIES:
        raise BadValue("country", f"{route.country!r} is no country", nearest(route.country, COUNTRIES))
    patterns.compile(route.to_pattern, "to_pattern", longest=LONGEST_PATTERN)
    _require_priorities(route.priority_min, route.priority_max)
    hours.require_zone(route.zone)
    if route.hours:
        hours.parse(route.hours)
    _require_action(route, pools)
    sender = numbers.recipient(route.from_, country, "from") if route.from_ else ""
    return replace(route, from_=sender, to_prefix=tuple(dict.fromkeys(route.to_prefix)))


def _require_name(name: str) -> None:
    if name in RESERVED:
        raise BadValue("name", f"{name!r} means something else in the API", "choose another name")
    if not re.fullmatch(NAME, name):
        raise BadValue("name", f"{name!r} is not a route's name", "up to 64 letters, digits, '_', '.' and '-'")


def _require_prefixes(prefixes: tuple[str, ...]) -> None:
    if len(prefixes) > MOST_PREFIXES:
        raise BadValue("to_prefix", f"holds {len(prefixes)} prefixes", f"at most {MOST_PREFIXES}, or a pattern")
    for prefix in prefixes:
        if not re.fullmatch(PREFIX, prefix):
            raise BadValue("to_prefix", f"{prefix!r} is no prefix", "write it as +49 or +4917")


def _require_lengths(route: Route) -> None:
    for field, value, most in (
        ("operator", route.operator, LONGEST_WORD),
        ("key", route.key, LONGEST_WORD),
        ("campaign", route.campaign, LONGEST_WORD),
        ("refuse", route.refuse, LONGEST_REFUSAL),
    ):
        if len(value) > most:
            raise BadValue(field, f"is longer than {most} characters", "make it shorter")


def _require_priorities(least: int | None, most: int | None) -> None:
    for field, value in (("priority_min", least), ("priority_max", most)):
        if value is not None and not -10 <= value <= 10:
            raise BadValue(field, f"{value} is no priority", "priorities are -10 to 10")
    if least is not None and most is not None and least > most:
        raise BadValue("priority_max", f"{most} is below priority_min {least}", "exchange them")


def _require_action(route: Route, pools: Collection[str]) -> None:
    if bool(route.pool) == bool(route.refuse):
        what = "given together with refuse" if route.pool else "neither it nor refuse is given"
        raise BadValue("pool", what, "a route either names a pool or refuses with some words")
    if route.pool and route.pool not in pools:
        raise BadValue("pool", f"there is no pool {route.pool!r}", nearest(route.pool, pools))
