"""Writes down what changed in how channels and SIMs stand: gathered in memory, written in one commit. Changes nothing itself."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from gateway.clock import Clock
from gateway.core.fitness.known import Known
from gateway.errors import SimrackError
from gateway.records import Event, Traffic
from gateway.store import Database, Store, forwards, standings
from gateway.store.standings import Pause, Told

_PICTURES_EVERY_S = 60.0
_JUMP_S = 5.0


@dataclass(slots=True)
class Unsaved:
    """What is still to be written. Touched under the lock of fitness alone."""

    sims: set[str] = field(default_factory=set)
    told: dict[str, Told] = field(default_factory=dict)  # by channel, the newest
    drained: list[Pause] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    urgent: bool = False  # something of it must not wait for the next minute

    def take(self) -> Unsaved:
        taken = replace(self)
        self.sims, self.told, self.drained, self.events, self.urgent = set(), {}, [], [], False
        return taken

    def give_back(self, taken: Unsaved) -> None:
        """The disk refused it. What changed since is newer."""
        self.sims |= taken.sims
        self.told = taken.told | self.told
        self.drained[:0] = taken.drained
        self.events[:0] = taken.events
        self.urgent = True


class Saving:
    """`lock` is over `known` and `unsaved`, and never held while something is written. `forward` says that forwards are waiting."""

    def __init__(
        self, store: Store, clock: Clock, known: Known, unsaved: Unsaved, lock: threading.Lock, forward: Callable[[], None]
    ) -> None:
        self._store = store
        self._clock = clock
        self._known = known
        self._unsaved = unsaved
        self._lock = lock
        self._forward = forward
        self._saved_at = clock.monotonic()
        self._offset = clock.now() - clock.monotonic()

    def due(self) -> bool:
        """Under the lock."""
        if self._jumped():
            return True
        late = self._clock.monotonic() - self._saved_at >= _PICTURES_EVERY_S
        return self._unsaved.urgent or (late and bool(self._unsaved.sims))

    async def save(self) -> None:
        """Write all that changed."""
        taken: list[Unsaved] = []
        try:
            await self._store.writer.arun(lambda db: self._write(db, taken))
        except SimrackError:
            with self._lock:
                for unsaved in taken:
                    self._unsaved.give_back(unsaved)
            raise
        if any(unsaved.events for unsaved in taken):
            self._forward()

    def _jumped(self) -> bool:
        """The wall clock jumped: what is written as wall time is written anew."""
        offset = self._clock.now() - self._clock.monotonic()
        if abs(offset - self._offset) < _JUMP_S:
            return False
        self._offset = offset
        self._unsaved.sims.update(sim for sim, one in self._known.sims.items() if one.traffic is Traffic.BLOCKED)
        return True

    def _write(self, db: Database, taken: list[Unsaved]) -> None:
        """A job. Rows are made of memory here, in the thread that writes: the last one to be written is the newest."""
        with self._lock:
            unsaved = self._unsaved.take()
            taken.append(unsaved)
            rows = [self._known.sim(sim).row(sim, self._clock) for sim in unsaved.sims]
            self._saved_at = self._clock.monotonic()
        now = self._clock.now()
        for row in rows:
            standings.set_sim(db, row, now)
        for channel, telling in unsaved.told.items():
            standings.set_told(db, channel, telling)
        for pause in unsaved.drained:
            standings.set_drained(db, pause)
        for event in unsaved.events:
            forwards.enqueue(db, event)
