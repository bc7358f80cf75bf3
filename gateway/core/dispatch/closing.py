"""Keeps channels closed whose SIM has reached a limit, and has the dispatch look again when one may open. Counts no texts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Protocol

from gateway.clock import Clock
from gateway.core.dispatch.berth import Berth
from gateway.store.claims import Round, Want

# What no time opens (a limit of none at all) is looked at again this often: a person may change it.
_LONGEST_S = 60.0
_SOONEST_S = 0.005
_JUMP_S = 5.0
# Where the first texts of a long queue may not leave, the next are looked at after this time.
_DEEPER_S = 0.5


class Fitness(Protocol):
    def limited(self, channel: str, until: float | None) -> None: ...


class Closing:
    """`look` is called on the loop when something may be open again."""

    def __init__(self, berths: Mapping[str, Berth], fitness: Fitness, clock: Clock, look: Callable[[], None]) -> None:
        self._berths = berths
        self._fitness = fitness
        self._clock = clock
        self._look = look
        self._offset = clock.now() - clock.monotonic()
        self._alarm: asyncio.TimerHandle | None = None  # the soonest look that is due

    def learn(self, wants: Iterable[Want], round_: Round, served: Collection[str]) -> None:
        """What a round of claims found closed, and what it found open."""
        for want in wants:
            berth = self._berths[want.channel]
            if want.channel in round_.closed:
                until = round_.closed[want.channel]
                berth.closed_until = self._clock.now() + _LONGEST_S if until is None else until
                self._fitness.limited(want.channel, berth.closed_until)
            elif want.channel in served and berth.closed_until:
                berth.closed_until = 0.0
                self._fitness.limited(want.channel, None)
        if round_.deeper:
            self._look_after(_DEEPER_S)
        if round_.reopens is not None:
            self._look_after(round_.reopens - self._clock.now())

    def open_all(self) -> None:
        """The next round of claims tells which of them are closed."""
        for berth in self._berths.values():
            berth.closed_until = 0.0

    def open_after_a_jump(self) -> None:
        """When limits open was reckoned by a wall clock that is no longer."""
        offset = self._clock.now() - self._clock.monotonic()
        if abs(offset - self._offset) >= _JUMP_S:
            self.open_all()
        self._offset = offset

    def await_opening(self) -> None:
        now = self._clock.now()
        closed = [berth.closed_until for berth in self._berths.values() if berth.closed_until > now]
        if closed:
            self._look_after(min(closed) - now)

    def _look_after(self, seconds: float) -> None:
        """Only the soonest look is kept: it sets the next."""
        loop = asyncio.get_running_loop()
        at = loop.time() + min(max(seconds, _SOONEST_S), _LONGEST_S)
        if self._alarm is not None and not self._alarm.cancelled() and loop.time() < self._alarm.when() <= at:
            return
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm = loop.call_at(at, self._look)
