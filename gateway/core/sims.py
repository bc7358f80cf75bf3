"""Notices which SIM is where: new, moved, swapped or replaced ones are logged and told. Remembers their service centres.

Called on the loop. What to do with texts of a SIM that moved is decided where they are claimed.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace

from gateway.clock import Clock
from gateway.core import events
from gateway.core.inbound import conditions
from gateway.core.own_numbers import Remembered, number_of, usurpers
from gateway.errors import SimrackError
from gateway.records import ChannelFacts, SimChange
from gateway.store import Database, Store, forwards, sims
from gateway.store.sims import Change

log = logging.getLogger("simrack.sims")


class Sims:
    """`forward` says that forwards are waiting; `configured` are the numbers of the configuration, by channel; `country` is the one
    that national numbers belong to."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        forward: Callable[[], None],
        configured: Mapping[str, str],
        country: str,
    ) -> None:
        self._store = store
        self._clock = clock
        self._forward = forward
        self._configured = configured
        self._country = country
        self._centres = store.read(sims.centres)
        kept = store.read(sims.numbers)
        self._known = {one.sim: Remembered(one.number, one.port, one.channel, one.first_seen) for one in kept}

    def known_smsc(self, sim: str) -> str:
        """The service centre this SIM was last seen with, for a modem that shows none; empty if there was none."""
        return self._centres.get(sim, "")

    def own_number(self, sim: str, channel: str, told: str) -> str:
        """The number of a SIM that is in this channel and tells this one itself, nationally perhaps; empty if nothing is known."""
        number = number_of(sim, channel, told, self._configured.get(channel, ""), self._known)
        return conditions.number_of(number, self._country)

    async def ready(self, facts: ChannelFacts) -> None:
        """A channel became ready with this SIM."""
        if not sims.identified(facts):
            return
        if facts.smsc:
            self._centres[facts.sim] = facts.smsc
        now = self._clock.now()
        port = self._remember(facts, now)
        lose = usurpers(facts.sim, self._known)
        self._known = {sim: replace(one, number="", port="") if sim in lose else one for sim, one in self._known.items()}

        def job(db: Database) -> Change | None:
            change = sims.seen(db, facts, now, port)
            sims.forget_numbers(db, lose)
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

    def _remember(self, facts: ChannelFacts, now: float) -> str:
        """Where its number is, and the channel for which that was configured, if so, which is returned."""
        before = self._known.get(facts.sim)
        configured = self._configured.get(facts.name, "")
        if facts.number and facts.number == configured:
            port = facts.name
        elif before is None or facts.number not in ("", before.number):
            port = ""
        else:
            told_itself = facts.number and before.port == facts.name and not configured
            port = "" if told_itself else before.port
        number = facts.number or ("" if before is None else before.number)
        others = {
            sim: replace(one, channel="") if one.channel == facts.name else one
            for sim, one in self._known.items()
            if sim != facts.sim
        }
        first_seen = now if before is None else before.first_seen
        self._known = {**others, facts.sim: Remembered(number, port, facts.name, first_seen)}
        return port

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
