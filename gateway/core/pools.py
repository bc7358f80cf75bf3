"""The pools as they are now: those of the configuration, changed or made by people while it runs. Sends nothing.

Changes are durable before they are told, and every change leaves an audit row.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, fields, replace
from typing import Any

from gateway import patterns
from gateway.channels.rotation import Lane, strategy
from gateway.clock import Clock
from gateway.core import lanes
from gateway.core.lanes import PoolView
from gateway.core.own_numbers import numbers_now
from gateway.errors import BadValue, Conflict, NotFound
from gateway.records import ChannelFacts
from gateway.settings import PoolSettings, Settings
from gateway.settings.dial import expand, tiers
from gateway.settings.pool_checks import wrong_pools
from gateway.settings.spelling import nearest
from gateway.store import Database, Store, audit, conversations, line
from gateway.store import lanes as names
from gateway.store import pools as rows

log = logging.getLogger("simrack.pools")

# Clients may write any dial string: sets in which nothing waits are forgotten beyond so many.
_MOST_SETS = 500
_CHANGEABLE = tuple(field.name for field in fields(PoolSettings) if field.name != "name")


class Pools:
    """`changed` tells the dispatch that lanes may have changed. Read from any thread: what is read is replaced as a whole."""

    def __init__(self, store: Store, settings: Settings, clock: Clock, changed: Callable[[], None]) -> None:
        self._store = store
        self._settings = settings
        self._clock = clock
        self._changed = changed
        self._tariffs = {name: settings.tariff_of(name) for name in settings.channel_names}
        self._views: dict[str, PoolView] = {}
        self._lanes: dict[str, Lane] = {}
        self._former: dict[str, Lane] = {}  # of pools that were changed since texts were queued in them
        self._sets: dict[str, Lane] = {}
        self._held: dict[str, Lane] = {}  # those that are held to own numbers
        self._all: dict[str, Lane] = {}
        self._numbers: Mapping[str, str] = {}  # by channel
        self._lock = threading.RLock()  # lanes are added by the threads of the web, the writer and the loop
        for lane in store.writer.run(self._start):
            self._remember_set(names.set_of(lane))
            if lane not in self._all:
                log.warning("texts wait for %s, which the configuration no longer has; they wait until they expire", lane)

    def find(self) -> Sequence[PoolView]:
        return list(self._views.values())

    def get(self, name: str) -> PoolView:
        """Raises NotFound."""
        if name not in self._views:
            raise NotFound(f"there is no pool {name}; {nearest(name, self._views)}")
        return self._views[name]

    def lanes(self) -> Mapping[str, Lane]:
        """Every lane in which texts may wait, by name."""
        return self._all

    def lane_of(self, pool: str, to: str) -> tuple[str, str]:
        """The lane of a text to this recipient, and the lane whose conversations it keeps to (empty for none)."""
        return lanes.lane_of(self._views[pool], to, self._tariffs), self._sticky(pool)

    def lane_of_members(self, pool: str, channels: Sequence[str]) -> tuple[str, str]:
        """As `lane_of`, for a text of this pool that may leave by these of its channels alone."""
        if len(channels) == 1:
            return names.of_member(pool, channels[0]), ""
        return names.of_members(pool, channels), self._sticky(pool)

    def _sticky(self, pool: str) -> str:
        return names.of_pool(pool) if strategy(self._views[pool].strategy).sticky else ""

    def expand(self, written: str) -> tuple[str, ...]:
        """The channels that a channel's name, a dial string or a pool's name means. Raises BadValue without a field."""
        return expand(written, self._settings.channel_names, {view.name: view.channels for view in self._views.values()})

    def dialled(self, written: str, field: str) -> tuple[str, ...]:
        """The channels of a dial string such as (0.3). Raises BadValue naming `field`."""
        try:
            return self.expand(written)
        except BadValue as fault:
            raise BadValue(field, fault.reason, fault.remedy) from fault

    def lane_of_set(self, channels: tuple[str, ...]) -> str:
        if len(channels) == 1:
            return names.of_channel(channels[0])
        self._remember_set(channels)
        return names.of_set(channels)

    def look_at_numbers(self, facts: Iterable[ChannelFacts]) -> None:
        """Lanes that are held to own numbers are served by the channels that have these now."""
        numbers = numbers_now(facts)
        with self._lock:
            if numbers == self._numbers:
                return
            self._numbers, before = numbers, self._held
            self._hold(())
            held = self._held  # others may remember lanes from here on
        for name, lane in held.items():
            if not lane.channels and before[name].channels:
                log.warning("no channel has %s any longer; texts that ask for it wait", ", ".join(names.numbers_of(name)))

    def remember(self, lanes: Iterable[str]) -> None:
        """Texts were queued in these lanes: none of them may have been forgotten meanwhile."""
        with self._lock:
            for lane in [lane for lane in lanes if lane not in self._all]:
                if names.groups_of(lane):
                    self._held = self._in_use(self._held)
                    self._hold([lane])
                elif channels := names.set_of(lane):
                    self._remember_set(channels)
                else:
                    self._former = {**self._former, **self._formers([lane])}
                    self._gather()

    def change(self, name: str, changes: Mapping[str, Any], by: str) -> PoolView:
        """Change or make a pool. Raises BadValue naming the field."""
        unknown = next((key for key in changes if key not in _CHANGEABLE), None)
        if unknown is not None:
            raise BadValue(unknown, "is not a property of a pool", nearest(unknown, _CHANGEABLE))
        before = self._views.get(name)
        if before is None and not changes.get("channels"):
            raise BadValue("channels", "is missing", 'name the channels of the new pool, such as ["0-3"]')
        old = PoolSettings(name, ()) if before is None else _settings_of(before)
        new = replace(old, **{key: tuple(value) if key == "channels" else value for key, value in changes.items()})
        self._check(new)

        def job(db: Database) -> None:
            rows.keep(db, new)
            self._note(db, by, "change" if before else "add", old if before else None, new)
            self._reload(db)

        self._store.writer.run(job)
        self._changed()
        return self._views[name]

    def reset(self, name: str, by: str) -> None:
        """Back to the configuration; a pool that is not there is removed. Raises NotFound, or Conflict while texts wait in it."""
        old = _settings_of(self.get(name))
        configured = next((pool for pool in self._settings.pools if pool.name == name), None)
        if configured is None:
            self._check_unused(name)

        def job(db: Database) -> None:
            if configured is None and rows.texts_wait(db, name):
                raise Conflict(f"texts wait in the pool {name}; pause whoever sends them, or cancel them first")
            rows.remove(db, name)
            self._note(db, by, "reset" if configured else "remove", old, configured)
            self._reload(db)

        self._store.writer.run(job)
        self._changed()

    def _check(self, new: PoolSettings) -> None:
        others = [_settings_of(view) for view in self._views.values() if view.name != new.name]
        patterns.compile(new.accept, "accept")
        fault = next(iter(wrong_pools(replace(self._settings, pools=(new, *others)))), None)
        if fault is not None:
            raise BadValue(fault.field.removeprefix("pool[1]."), fault.reason, fault.remedy)

    def _check_unused(self, name: str) -> None:
        users = [view.name for view in self._views.values() if view.name != name and _names(view, name)]
        if users:
            raise Conflict(f"the pool {users[0]} holds the pool {name}; change that first")

    def _note(self, db: Database, by: str, action: str, old: PoolSettings | None, new: PoolSettings | None) -> None:
        name = (new or old).name  # type: ignore[union-attr]
        audit.note(db, self._clock.now(), by, f"pool.{action}", f"pool:{name}", _words(old), _words(new))

    def _start(self, db: Database) -> list[str]:
        self._reload(db)
        return line.lanes(db)

    def _reload(self, db: Database) -> None:
        configured = {pool.name: pool for pool in self._settings.pools}
        changed = {pool.name: pool for pool in rows.find(db)}
        found = {**configured, **changed}
        entries = {name: pool.channels for name, pool in found.items()}
        views = {}
        for name, pool in found.items():
            origin = "configuration" if name not in changed else "changed" if name in configured else "created"
            try:
                resolved = tiers(pool.channels, self._settings.channel_names, entries)
            except BadValue:
                # The configuration no longer has a channel that this change named: what is left of it serves.
                resolved = tuple(_known(pool.channels, self._settings.channel_names, entries))
            views[name] = PoolView(name, pool.channels, resolved, pool.strategy, dict(pool.weights), pool.accept, pool.hint, origin)
        waiting = line.lanes(db)
        with self._lock:
            self._lanes = lanes.build(self._settings.channel_names, list(views.values()), self._tariffs)
            self._views = views
            self._former = self._formers(lane for lane in waiting if not names.groups_of(lane))
            self._hold(lane for lane in waiting if names.groups_of(lane))
        sticky = {names.of_pool(view.name): view.members for view in views.values() if strategy(view.strategy).sticky}
        conversations.set_members(db, sticky)

    def _remember_set(self, channels: tuple[str, ...]) -> None:
        name = names.of_set(channels)
        if name in self._sets or not set(channels) <= set(self._settings.channel_names):
            return
        with self._lock:
            self._sets = {**self._in_use(self._sets), name: lanes.of_set(channels)}
            self._gather()

    def _hold(self, new: Iterable[str]) -> None:
        """Lanes that are held to own numbers, as the numbers are now: those that are known, and new ones."""
        found = {name: self._held_lane(name) for name in [*self._held, *new]}
        self._held = {name: lane for name, lane in found.items() if lane is not None}
        self._gather()

    def _held_lane(self, name: str) -> Lane | None:
        whole = names.whole(name)
        base = self._lanes.get(whole) or self._formers([whole]).get(whole)
        channels = names.set_of(whole)
        if channels and set(channels) <= set(self._settings.channel_names):
            base = lanes.of_set(channels)
        return None if base is None else lanes.of_numbers(name, base, self._settings.channel_names, self._numbers)

    def _in_use(self, known: dict[str, Lane]) -> dict[str, Lane]:
        if len(known) < _MOST_SETS:
            return known
        in_use = set(self._store.read(line.lanes))
        return {one: lane for one, lane in known.items() if one in in_use}

    def _gather(self) -> None:
        self._all = {**self._lanes, **self._former, **self._sets, **self._held}

    def _formers(self, waiting: Iterable[str]) -> dict[str, Lane]:
        known = {"", *self._settings.channel_names}
        unmade = [
            lane
            for lane in waiting
            if lane not in self._lanes and names.channel_of(lane) in known and known.issuperset(names.members_of(lane))
        ]
        former = [(lane, self._views.get(names.pool_of(lane))) for lane in unmade]
        return {lane: lanes.of_former(lane, view, self._tariffs) for lane, view in former if view is not None}


def _settings_of(view: PoolView) -> PoolSettings:
    return PoolSettings(view.name, view.channels, view.strategy, view.weights, view.accept, view.hint)


def _names(view: PoolView, pool: str) -> bool:
    return any(part.strip().removeprefix("pool:") == pool for entry in view.channels for part in entry.split(","))


def _known(entries: Iterable[str], channels: Sequence[str], pools: Mapping[str, Sequence[str]]) -> Iterable[tuple[str, ...]]:
    for entry in entries:
        try:
            yield expand(entry, channels, pools)
        except BadValue:
            yield ()


def _words(pool: PoolSettings | None) -> dict[str, Any] | None:
    return None if pool is None else asdict(pool)
