"""What people do with routes: list, add, change, move, remove, reset, explain; and which pool a text goes to.

Every change is audited. The rules lie in memory ready for use, and are replaced once a change is committed.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TypeVar

from gateway.clock import Clock
from gateway.core.allowed import refusal_of, require_accepted
from gateway.core.pools import Pools
from gateway.core.routing.checks import checked
from gateway.core.routing.match import NO_ROUTE, Decision, Look, RouteFacts, Rule, choose, compiled, look
from gateway.errors import BadValue, Conflict, NotFound
from gateway.numbers import country_of, operator_of, recipient
from gateway.settings import Settings
from gateway.settings.spelling import nearest
from gateway.store import Database, Store, audit
from gateway.store import routes as rows
from gateway.store.routes import Route

__all__ = ["Decision", "Explanation", "Fits", "Route", "RouteFacts", "Routes"]

log = logging.getLogger("simrack.routes")

T = TypeVar("T")
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
        self._clock = clock
        self._fits = fits
        self._changing = threading.Lock()  # so that rules read later are not replaced by rules read earlier
        self._missed: set[str] = set()  # pools of routes that are not there, which was told
        self._rules: tuple[Rule, ...] = ()
        self._renew()

    def choose(self, facts: RouteFacts) -> Decision:
        """The first route that matches. Asked for every text that names neither channel nor pool."""
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
        wanted = self._checked(route)

        def job(db: Database) -> Route:
            added = rows.add(db, wanted, position)
            self._note(db, by, "add", added.name, None, added)
            return added

        return self._change(job)

    def change(self, name: str, route: Route, by: str) -> Route:
        """Everything but its name and its position. Raises NotFound, BadValue and Conflict."""
        wanted = self._checked(route)

        def job(db: Database) -> Route:
            before = rows.found(db, name)
            after = rows.change(db, name, wanted)
            self._note(db, by, "change", name, before, after)
            return after

        return self._change(job)

    def move(self, name: str, position: int, by: str) -> Route:
        """To a position, counted from 1; the others keep their order. Raises NotFound."""

        def job(db: Database) -> Route:
            before = rows.found(db, name)
            after = rows.move(db, name, position)
            self._note(db, by, "move", name, before, after)
            return after

        return self._change(job)

    def remove(self, name: str, by: str) -> None:
        """Raises NotFound."""

        def job(db: Database) -> None:
            before = rows.found(db, name)
            rows.remove(db, name)
            self._note(db, by, "remove", name, before, None)

        self._change(job)

    def reset(self, by: str) -> int:
        """Remove all routes. How many there were; each stands in the audit."""

        def job(db: Database) -> int:
            before = rows.all_of(db)
            rows.reset(db)
            for route in before:
                self._note(db, by, "reset", route.name, route, None)
            return len(before)

        return self._change(job)

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
        closed = refusal_of(to, self._numbers)
        if closed is not None:
            return "; ".join(closed)
        if decision.pool is None:
            return decision.refusal
        try:
            require_accepted(to, written, self._pools.get(decision.pool), self._numbers.country)
        except BadValue as fault:
            return f"{fault.reason}; {fault.remedy}"
        return None

    def _checked(self, route: Route) -> Route:
        wanted = checked(route, [pool.name for pool in self._pools.find()], self._numbers.country)
        if wanted.key and self._store.keys.get(wanted.key) is None:
            known = [key.name for key in self._store.keys.all() if key.revoked_at is None]
            raise Conflict(f"key: there is no key named {wanted.key!r}; {nearest(wanted.key, known)}")
        return wanted

    def _change(self, job: Callable[[Database], T]) -> T:
        with self._changing:
            result = self._store.writer.run(job)
            self._renew()
        return result

    def _renew(self) -> None:
        rules = compiled(self._store.read(rows.all_of), self._numbers.country)
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

    def _note(self, db: Database, by: str, action: str, name: str, before: Route | None, after: Route | None) -> None:
        audit.note(db, self._clock.now(), by, f"route.{action}", f"route:{name}", _as_row(before), _as_row(after))


def _as_row(route: Route | None) -> dict[str, object] | None:
    return None if route is None else asdict(route)
