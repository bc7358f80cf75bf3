"""What people said about channels: paused, being drained, each alone or all at once; with an audit of who said it.

Knows nothing of SIMs and their records.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import replace

from gateway.clock import Clock
from gateway.errors import Conflict
from gateway.records import Traffic
from gateway.store import Database, Store, audit, standings
from gateway.store.standings import ALL, Pause

log = logging.getLogger("simrack.fitness")


class Pauses:
    """Read from any thread. What a person changes is committed before the call returns."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._kept = {pause.channel: pause for pause in store.read(standings.pauses)}
        self._memory = threading.Lock()  # never held while something is written
        self._people = threading.Lock()  # one person's change after the other

    def over(self, channel: str) -> Pause | None:
        """What holds for this channel: what was said about all, but for a pause of its own while all are only being drained."""
        every, own = self._kept.get(ALL), self._kept.get(channel)
        if every is None or (own is not None and every.traffic is Traffic.DRAINING):
            return own
        return every

    def stop(self, channel: str, traffic: Traffic, by: str, reason: str) -> None:
        pause = Pause(channel, traffic, by, reason, self._clock.now())
        with self._people:
            self._store.writer.run(lambda db: self._write(db, channel, pause, by, reason))
            with self._memory:
                self._kept[channel] = pause
        log.info("%s", words(pause) if channel == ALL else f"{channel} is {words(pause)}")

    def lift(self, channel: str, by: str, reason: str, also: Callable[[Database], None] = lambda db: None) -> None:
        """`also` goes into the same commit. Raises Conflict for one channel while all are paused."""

        def job(db: Database) -> None:
            self._write(db, channel, None, by, reason)
            also(db)

        with self._people:
            if channel != ALL and ALL in self._kept:
                raise Conflict(f"{words(self._kept[ALL])}: resume all of them first")
            self._store.writer.run(job)
            with self._memory:
                self._kept.pop(channel, None)
        log.info("%s by %s", "all channels are resumed" if channel == ALL else f"{channel} is resumed", by)

    def drained(self, channel: str) -> Pause | None:
        """What was to be drained is paused from now on. Returns how that stands in the database, to be written anew; None for a
        channel that was not being drained."""
        with self._memory:
            pause = self._kept.get(channel)
            if pause is None or pause.traffic is not Traffic.DRAINING:
                return None
            self._kept[channel] = replace(pause, traffic=Traffic.PAUSED)
        log.info("%s is drained, and paused", channel)
        return pause

    def _write(self, db: Database, channel: str, pause: Pause | None, by: str, reason: str) -> None:
        standings.set_pause(db, channel, pause)
        before, after = self._kept.get(channel), pause.traffic if pause else Traffic.OPEN
        done = {Traffic.PAUSED: "pause", Traffic.DRAINING: "drain", Traffic.OPEN: "resume"}[after]
        was = {"traffic": before.traffic.value, "reason": before.reason} if before else None
        now = {"traffic": after.value, "reason": reason}
        audit.note(db, self._clock.now(), by, f"channel.{done}", f"channel:{channel}", was, now)


def words(pause: Pause) -> str:
    done = "paused" if pause.traffic is Traffic.PAUSED else "being drained"
    subject = "all channels are " if pause.channel == ALL else ""
    return f"{subject}{done} by {pause.by}{f': {pause.reason}' if pause.reason else ''}"
