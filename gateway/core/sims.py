"""Notices which SIM is where: new, moved, swapped or replaced ones are logged and told. Remembers their service centres.

Called on the loop. What to do with texts of a SIM that moved is decided where they are claimed.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from gateway.clock import Clock
from gateway.core import events
from gateway.errors import SimrackError
from gateway.records import ChannelFacts, SimChange
from gateway.store import Database, Store, forwards, sims
from gateway.store.sims import Change

log = logging.getLogger("simrack.sims")


class Sims:
    """`forward` says that forwards are waiting."""

    def __init__(self, store: Store, clock: Clock, forward: Callable[[], None]) -> None:
        self._store = store
        self._clock = clock
        self._forward = forward
        self._centres = store.read(sims.centres)

    def known_smsc(self, sim: str) -> str:
        """The service centre this SIM was last seen with, for a modem that shows none; empty if there was none."""
        return self._centres.get(sim, "")

    async def ready(self, facts: ChannelFacts) -> None:
        """A channel became ready with this SIM."""
        if not sims.identified(facts):
            return
        if facts.smsc:
            self._centres[facts.sim] = facts.smsc
        now = self._clock.now()

        def job(db: Database) -> Change | None:
            change = sims.seen(db, facts, now)
            if change is not None:
                forwards.enqueue(db, events.of_sim(change, now))
            return change

        try:
            change = await self._store.writer.arun(job)
        except SimrackError as fault:
            log.error("could not note that SIM %s is in %s: %s", facts.sim, facts.name, fault)
            return
        if change is not None:
            log.log(logging.INFO if change.kind is SimChange.NEW else logging.WARNING, "%s", _told(change))
            self._forward()

    async def left(self, facts: ChannelFacts) -> None:
        """A channel stopped being ready."""
        now = self._clock.now()
        try:
            await self._store.writer.arun(lambda db: sims.left(db, facts.sim, now))
        except SimrackError as fault:
            log.error("could not note when SIM %s was last seen: %s", facts.sim, fault)


def _told(change: Change) -> str:
    words = {
        SimChange.NEW: f"{change.channel} holds SIM {change.sim}, not seen before",
        SimChange.MOVED: f"SIM {change.sim} moved from {change.was} to {change.channel}",
        SimChange.SWAPPED: f"the SIMs of {change.was} and {change.channel} have changed places",
        SimChange.REPLACED: f"{change.channel} holds SIM {change.sim} instead of {change.instead_of or 'another'}",
    }[change.kind]
    return words if change.kind is SimChange.NEW else f"{words}; see that number and limits in the configuration are still right"
