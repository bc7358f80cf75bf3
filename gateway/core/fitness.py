"""May a channel take texts: its SIM's record of success and trouble, and what people said. Exact over restarts.

Pauses belong to the channel; rests, blocks and pictures follow the SIM. Standings are read from memory thousands of times a
second by the dispatch; what changes is written by `run`, or, when a person changes it, before the call returns.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from gateway.channels import score
from gateway.channels.health import Picture
from gateway.clock import Clock, isoformat
from gateway.core import events, sim_fit
from gateway.core.pauses import Pauses, words
from gateway.core.sim_fit import FRESH, restored
from gateway.core.standing_news import News, takes_texts
from gateway.errors import NotFound, SimrackError
from gateway.records import ChannelFacts, Event, EventType, Outcome, Refused, Report, Sent, Standing, Status, Traffic
from gateway.store import Database, Store, forwards, reports, standings
from gateway.store.standings import ALL, Pause

log = logging.getLogger("simrack.fitness")

_PICTURES_EVERY_S = 60.0
_LONGEST_WAIT_S = 60.0
_SOONEST_S = 0.01
_TRY_AGAIN_S = 5.0
_JUMP_S = 5.0
_LIMITED = "a limit of its SIM is reached"


@dataclass(slots=True)
class Counts:
    """What went over a channel since the start."""

    sent: int = 0
    refused: dict[str, int] = field(default_factory=dict)  # by word
    unknown: int = 0
    delivered: int = 0


@dataclass(slots=True)
class _Unsaved:
    """What is still to be written; taken by the job that writes it, and given back when the disk refuses."""

    sims: set[str] = field(default_factory=set)
    channels: set[str] = field(default_factory=set)  # whose tellings changed
    drained: list[Pause] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)


class Fitness:
    """`wake` has the dispatch look again; `forward` says that forwards are waiting. Both may be called from any thread."""

    def __init__(
        self, store: Store, clock: Clock, channels: Sequence[str], wake: Callable[[], None], forward: Callable[[], None]
    ) -> None:
        self._store = store
        self._clock = clock
        self._wake = wake
        self._forward = forward
        self._counts = {channel: Counts() for channel in channels}
        self._facts: dict[str, ChannelFacts] = {}
        self._limited: dict[str, float] = {}
        self._pauses = Pauses(store, clock)
        self._sims = {row.sim: restored(row, clock) for row in store.read(standings.sims)}
        self._news = News(store.read(standings.told))
        self._unsaved = _Unsaved()
        self._urgent = False  # something is unsaved that must not wait for the next minute
        self._lock = threading.Lock()  # over memory; never held while something is written
        self._saved_at = self._looked_at = clock.monotonic()
        self._offset = clock.now() - clock.monotonic()
        self._poke = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    # What the dispatch asks and tells

    def standing(self, channel: str, sim: str) -> Standing:
        """From memory alone, from any thread. Limits are not in it: the dispatch knows them first."""
        pause = self._pauses.over(channel)
        if pause is not None:
            return Standing(pause.traffic, words(pause))
        one = self._sims.get(sim)
        return sim_fit.OPEN if one is None else one.standing(self._clock)

    def heard(self, channel: str, sim: str, outcome: Outcome, seconds: float) -> None:
        """An attempt ended. Writes nothing: that is done soon, by `run`."""
        with self._lock:
            _count(self._counts[channel], outcome)
            before = self._sims.get(sim, FRESH)
            after = before.after(outcome, seconds, self._clock.monotonic())
            self._sims[sim] = after
            self._unsaved.sims.add(sim)
            if (before.traffic, before.until, before.picture.blocks) == (after.traffic, after.until, after.picture.blocks):
                return
            if after.traffic is Traffic.BLOCKED and after.until != before.until:
                log.error("%s: SIM %s is blocked for %.0f min: %s", channel, sim, after.seconds / 60, after.reason)
                self._tell(EventType.CHANNEL_BLOCKED, channel)
            elif after.traffic is Traffic.RESTING:
                log.warning("%s rests for %.0f s: %s", channel, after.seconds, after.reason)
            elif before.picture.blocks:
                log.warning("%s: SIM %s sends again", channel, sim)
            self._urgent = self._urgent or Traffic.BLOCKED in (before.traffic, after.traffic) or before.picture.blocks > 0
            self._look_at(channel)
        self._poke_run()

    def limited(self, channel: str, until: float | None) -> None:
        """A limit of the SIM in this channel is reached until then (wall time); None: no longer."""
        told = self._news.told(channel).limited_until
        if until == self._limited.get(channel) and (until is not None or told is None):
            return
        with self._lock:
            if until is None:
                self._limited.pop(channel, None)
            else:
                self._limited[channel] = until
            kind = self._news.limit(channel, until, self._clock.now())
            self._keep_news(kind, channel, Standing(Traffic.LIMITED, _LIMITED, until))
        self._poke_run()

    def drained(self, channel: str) -> None:
        """Nothing is bound to this draining channel any more."""
        pause = self._pauses.drained(channel)
        if pause is None:
            return
        with self._lock:
            self._unsaved.drained.append(pause)
            self._urgent = True
            self._look_at(channel)
        self._poke_run()

    # What the rest of the gateway tells

    def changed(self, facts: ChannelFacts) -> None:
        """On the loop: a channel tells new facts of itself."""
        with self._lock:
            self._facts[facts.name] = facts
            self._look_at(facts.name)
            urgent = self._urgent
        if urgent:
            self._poke_run()

    def reported(self, report: Report) -> None:
        if reports.outcome_of(report.status) is Status.DELIVERED and report.channel in self._counts:
            self._counts[report.channel].delivered += 1

    # What people say, from any thread but the loop's: committed before the call returns

    def pause(self, channel: str, by: str, reason: str = "") -> None:
        """It takes nothing more; what is on the air may end."""
        self._require(channel)
        self._stop(channel, Traffic.PAUSED, by, reason)

    def drain(self, channel: str, by: str, reason: str = "") -> None:
        """It sends what is bound to it, and is paused then."""
        self._require(channel)
        self._stop(channel, Traffic.DRAINING, by, reason)

    def pause_all(self, by: str, reason: str = "") -> None:
        """One pause over all channels; what each of them is besides, it stays."""
        self._stop(ALL, Traffic.PAUSED, by, reason)

    def drain_all(self, by: str, reason: str = "") -> None:
        """Each sends what is bound to it, and nothing else; holds until all are resumed."""
        self._stop(ALL, Traffic.DRAINING, by, reason)

    def resume(self, channel: str, by: str, reason: str = "") -> None:
        """Lifts a pause, a rest and a block, and lets the SIM begin anew. Raises Conflict while all channels are paused."""
        self._require(channel)
        facts = self._facts.get(channel)
        sim = facts.sim if facts else f"port:{channel}"

        def forgive(db: Database) -> None:
            standings.set_sim(db, self._sims.get(sim, FRESH).forgiven().row(sim, self._clock), self._clock.now())

        self._pauses.lift(channel, by, reason, also=forgive)
        with self._lock:
            self._sims[sim] = self._sims.get(sim, FRESH).forgiven()
            # What was written between the commit and this line wrote the SIM as it was.
            self._unsaved.sims.add(sim)
            self._urgent = True
            self._look_at(channel)
        self._look_again()

    def resume_all(self, by: str, reason: str = "") -> None:
        """Lifts the pause of all; channels that are paused each for itself stay so."""
        self._pauses.lift(ALL, by, reason)
        with self._lock:
            self._look_at_all()
        self._look_again()

    # What people are shown

    def shown(self, channel: str, sim: str) -> Standing:
        """The standing with its limits, in words for a person."""
        found = self.standing(channel, sim)
        if found.traffic is Traffic.BLOCKED and found.until is not None:
            return replace(found, reason=f"{found.reason}; tried with one text at {isoformat(found.until)}, or when it is resumed")
        until = self._limited.get(channel)
        if found.traffic is Traffic.OPEN and until is not None and until > self._clock.now():
            return Standing(Traffic.LIMITED, _LIMITED, until)
        return found

    def score(self, facts: ChannelFacts, balance_low: bool, delivered: float | None) -> score.Score:
        return score.score(self.picture(facts.sim), facts, balance_low, delivered)

    def picture(self, sim: str) -> Picture:
        return self._sims.get(sim, FRESH).picture

    def counts(self, channel: str) -> Counts:
        return self._counts[channel]

    # The loop

    async def run(self) -> None:
        """Ends rests and blocks at their time, and writes what changed. Until cancelled; call `close` after."""
        self._loop = asyncio.get_running_loop()
        while True:
            self._poke.clear()
            try:
                wait = await self.turn()
            except Exception as fault:  # the one broad net of this loop
                log.error("standings could not be written: %s", fault, exc_info=not isinstance(fault, SimrackError))
                wait = _TRY_AGAIN_S
            # Not wait_for: until Python 3.12 it loses a cancellation that comes together with what it waits for.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._poke.wait()

    async def turn(self) -> float:
        """Do what is due. Returns the seconds until the next look."""
        now = self._clock.monotonic()
        with self._lock:
            ended = any(self._looked_at < one.until <= now for one in self._sims.values())
            self._looked_at = now
            self._look_at_all()
            due = self._urgent or (bool(self._unsaved.sims) and now - self._saved_at >= _PICTURES_EVERY_S)
            due = self._jumped() or due
        if ended:
            self._wake()
        if due:
            await self.save()
        nearest = min((one.until for one in self._sims.values() if one.until > now), default=now + _LONGEST_WAIT_S)
        return min(max(nearest - self._clock.monotonic(), _SOONEST_S), _LONGEST_WAIT_S)

    async def save(self) -> None:
        """Write all that changed."""
        taken: list[_Unsaved] = []
        try:
            await self._store.writer.arun(lambda db: self._write(db, taken))
        except SimrackError:
            for unsaved in taken:
                self._give_back(unsaved)
            raise
        if any(unsaved.events for unsaved in taken):
            self._forward()

    async def close(self) -> None:
        """The last save; the store is still open."""
        try:
            await self.save()
        except SimrackError as fault:
            log.error("the newest pictures of SIMs could not be written: %s", fault)

    # Inside

    def _stop(self, channel: str, traffic: Traffic, by: str, reason: str) -> None:
        self._pauses.stop(channel, traffic, by, reason)
        with self._lock:
            self._look_at_all()
        self._look_again()

    def _require(self, channel: str) -> None:
        if channel not in self._counts:
            raise NotFound(f"there is no channel {channel}")

    def _look_again(self) -> None:
        self._wake()
        self._poke_run()

    def _poke_run(self) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._poke.set)

    def _look_at_all(self) -> None:
        for channel in self._facts:
            self._look_at(channel)

    def _look_at(self, channel: str) -> None:
        """Under the lock: is there something to tell of this channel?"""
        facts = self._facts.get(channel)
        if facts is None:
            return
        rest_s = self._sims.get(facts.sim, FRESH).seconds
        takes = takes_texts(facts, self.standing(channel, facts.sim), rest_s)
        self._keep_news(self._news.standing(channel, takes), channel)

    def _keep_news(self, kind: EventType | None, channel: str, standing: Standing | None = None) -> None:
        if kind is not None:
            self._tell(kind, channel, standing)
        self._urgent = self._urgent or bool(self._news.changed)

    def _tell(self, kind: EventType, channel: str, standing: Standing | None = None) -> None:
        """Of its present standing, if no other is given."""
        facts = self._facts.get(channel)
        if facts is not None:
            told = standing or self.shown(channel, facts.sim)
            self._unsaved.events.append(events.of_standing(kind, facts, told, self._clock.now()))
            self._urgent = True

    def _jumped(self) -> bool:
        """The wall clock jumped: what is written as wall time is written anew."""
        offset = self._clock.now() - self._clock.monotonic()
        if abs(offset - self._offset) < _JUMP_S:
            return False
        self._offset = offset
        self._unsaved.sims.update(sim for sim, one in self._sims.items() if one.traffic is Traffic.BLOCKED)
        return True

    def _write(self, db: Database, taken: list[_Unsaved]) -> None:
        """A job. Rows are made of memory here, in the thread that writes: the last one to be written is the newest."""
        with self._lock:
            unsaved, self._unsaved, self._urgent = self._unsaved, _Unsaved(), False
            unsaved.channels, self._news.changed = self._news.changed, set()
            taken.append(unsaved)
            rows = [self._sims[sim].row(sim, self._clock) for sim in unsaved.sims]
            tellings = {channel: self._news.told(channel) for channel in unsaved.channels}
            self._saved_at = self._clock.monotonic()
        now = self._clock.now()
        for row in rows:
            standings.set_sim(db, row, now)
        for channel, telling in tellings.items():
            standings.set_told(db, channel, telling)
        for pause in unsaved.drained:
            standings.set_drained(db, pause)
        for event in unsaved.events:
            forwards.enqueue(db, event)

    def _give_back(self, unsaved: _Unsaved) -> None:
        with self._lock:
            self._unsaved.sims |= unsaved.sims
            self._news.changed |= unsaved.channels
            self._unsaved.drained[:0] = unsaved.drained
            self._unsaved.events[:0] = unsaved.events
            self._urgent = True


def _count(counts: Counts, outcome: Outcome) -> None:
    if isinstance(outcome, Sent):
        counts.sent += 1
    elif isinstance(outcome, Refused):
        counts.refused[outcome.word.value] = counts.refused.get(outcome.word.value, 0) + 1
    else:
        counts.unknown += 1
