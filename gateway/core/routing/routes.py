"""What people do with routes: list, add, change, move, remove, reset, explain; and which pool a text goes to.

Every change is audited. The rules lie in memory ready for use, and are replaced once a change is committed.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from gateway.clock import Clock
from gateway.core.allowed import words_against
from gateway.core.pools import Pools
from gateway.core.routing.checks import checked
from gateway.core.routing.match import NO_ROUTE, Decision, Look, RouteFacts, Rule, choose, compiled, look
from gateway.core.rule_book import RuleBook
from gateway.errors import Conflict, NotFound
from gateway.numbers import country_of, operator_of, recipient
from gateway.settings import Settings
from gateway.settings.spelling import nearest
from gateway.store import Store
from gateway.store.routes import ROUTES, Route

__all__ = ["Decision", "Explanation", "Fits", "Route", "RouteFacts", "Routes"]

log = logging.getLogger("simrack.routes")

# (pool, or None for any channel; recipient) -> {channel, standing, reason} for each channel that may or may not take it
Fits = Callable[[str | None, str], Sequence[Mapping[str, str]]]


@dataclass(frozen=True, slots=True)
class Explanation:
    """What would become of a text now, and why. `refusal` is said to whoever sends it; `channels` are empty then."""

    facts: RouteFacts
    country: str
    operator: str | None  # None where no route asks for it: its tables are not loaded for nothing
    looks: tuple[Look, ...]
    decision: Decision
    refusal: str | None
    channels: tuple[Mapping[str, str], ...]


class Routes:
    """Changes are called from the web's threads and return after their commit; `choose` from any thread."""

    def __init__(
        self, store: Store, settings: Settings, clock: Clock, pools: Pools, fits: Fits = lambda pool, to: ()
    ) -> None:
        self._store = store
        self._numbers = settings.numbers
        self._pools = pools
        self._fits = fits
        self._book = RuleBook(store, clock, ROUTES, "route", self._renew)
        self._missed: set[str] = set()  # pools of routes that are not there, which was told
        self._rules: tuple[Rule, ...] = ()
        self._renew()

    def choose(self, facts: RouteFacts) -> Decision:
        """The first route that matches. Of a text that names a channel or a pool only a refusal is heard."""
        return choose(self._rules, facts, self._there) if self._rules else NO_ROUTE

    def all(self) -> list[Route]:
        return [rule.route for rule in self._rules]

    def get(self, name: str) -> Route:
        """Raises NotFound."""
        for rule in self._rules:
            if rule.route.name == name:
                return rule.route
        raise NotFound(f"there is no route {name}")

    def add(self, route: Route, by: str, position: int | None = None) -> Route:
        """At `position`, or behind the others. Raises BadValue, and Conflict for a name in use or a key that is not there."""
        return self._book.add(self._checked(route), by, position)

    def change(self, name: str, route: Route, by: str) -> Route:
        """Everything but its name and its position. Raises NotFound, BadValue and Conflict."""
        return self._book.change(name, self._checked(route), by)

    def move(self, name: str, position: int, by: str) -> Route:
        """To a position, counted from 1; the others keep their order. Raises NotFound."""
        return self._book.move(name, position, by)

    def remove(self, name: str, by: str) -> None:
        """Raises NotFound."""
        self._book.remove(name, by)

    def reset(self, by: str) -> int:
        """Remove all routes. How many there were; each stands in the audit."""
        return self._book.reset(by)

    def explain(self, facts: RouteFacts) -> Explanation:
        """`facts.to` as a person writes it. Raises BadValue when it is no number."""
        written, country = facts.to, self._numbers.country
        to = recipient(written, country)
        facts = replace(facts, to=to)
        rules = self._rules
        looks, decision = look(rules, facts, self._there), choose(rules, facts, self._there)
        refusal = self._refusal(to, written, decision)
        return Explanation(
            facts=facts,
            country=country_of(to, country),
            operator=operator_of(to) if any(rule.route.operator for rule in rules) else None,
            looks=looks,
            decision=decision,
            refusal=refusal,
            channels=() if refusal else tuple(self._fits(decision.pool, to)),
        )

    def _refusal(self, to: str, written: str, decision: Decision) -> str | None:
        """In the order in which a request is judged."""
        pool = None if decision.pool is None else self._pools.get(decision.pool)
        return words_against(to, written, self._numbers, pool) or decision.refusal

    def _checked(self, route: Route) -> Route:
        wanted = checked(route, [pool.name for pool in self._pools.find()], self._numbers.country)
        if wanted.key and self._store.keys.get(wanted.key) is None:
            known = [key.name for key in self._store.keys.all() if key.revoked_at is None]
            raise Conflict(f"key: there is no key named {wanted.key!r}; {nearest(wanted.key, known)}", "key")
        return wanted

    def _renew(self) -> None:
        rules = compiled(self._store.read(ROUTES.all_of), self._numbers.country)
        for pool in {rule.route.pool for rule in rules if rule.route.pool and rule.route.enabled}:
            self._there(pool)
        if any(rule.route.operator for rule in rules):
            operator_of("+4915100000000")  # loads its tables now, not while a text waits
        self._rules = rules

    def _there(self, pool: str) -> bool:
        try:
            self._pools.get(pool)
        except NotFound:
            if pool not in self._missed:
                self._missed.add(pool)
                log.warning("there is no pool %r any more: the routes to it are passed over", pool)
            return False
        self._missed.discard(pool)
        return True
