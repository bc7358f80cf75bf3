"""Binds texts to channels, as late as possible: the next ready text to the next free channel in turn. Knows no modem.

While a channel has one text on the air, its next one is claimed already (its claim committed), so that no channel waits for the
disk. Such a text is not stuck there: a channel with nothing to do takes it over, and a channel that falls ill gives it back.
Everything here runs on the event loop; only `wake` may be called from other threads, through the loop.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from gateway.channels.contract import Channel
from gateway.channels.rotation import in_turn
from gateway.clock import Clock
from gateway.core import retry
from gateway.core.sending import lanes_of
from gateway.errors import SimrackError, StorageFull
from gateway.records import ChannelState, Message, Outcome, Refused, Sent, Unknown, Word
from gateway.settings import PoolSettings, SendingSettings
from gateway.store import Database, Store, air, progress
from gateway.store.air import Claim, Verdict, Want

log = logging.getLogger("simrack.dispatch")

# Outcomes that may wait for their commit while the channel goes on: with the air marks, one is enough to keep a channel busy.
_MOST_UNWRITTEN = 1
_WRITE_AGAIN_S = 2.0
# A send usually takes 2-10 s; behind one that takes longer nothing waits.
_PATIENCE_S = 5.0
_REST_FIRST_S = 5.0
_REST_LONGEST_S = 300.0

Announce = Callable[[Database, Message], None]


class Marks(Protocol):
    def mark(self, channel: str, attempt_id: int) -> None: ...


@dataclass(frozen=True, slots=True)
class _Unwritten:
    """An outcome on its way to the disk."""

    write: Callable[[Database], None]
    verdict: Verdict | None


@dataclass(eq=False)
class _Berth:
    """What dispatch knows of one channel. Owned by the loop."""

    channel: Channel
    lanes: tuple[str, ...]
    now: Claim | None = None  # on the air
    deck: Claim | None = None  # claimed, waits for the one on the air
    owes: int | None = None  # a message whose next part is still to be claimed for this channel
    stopped: int | None = None  # the message whose newest part did not go out
    began: float = 0.0  # when `now` began, monotonic
    marked: bool = False  # the payload of `now` has left us
    unwritten: deque[_Unwritten] = field(default_factory=deque)  # outcomes whose commit is still awaited, oldest first
    writing: bool = False  # the oldest of them is with the writer, or waits to be tried again
    rests: int = 0  # refusals in a row that blamed the channel
    rest_until: float = 0.0
    go: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def name(self) -> str:
        return self.channel.name


class Dispatch:
    """`announce(db, message)` runs inside the commit that changed a message; `changed` after it, on the loop."""

    def __init__(
        self,
        store: Store,
        settings: SendingSettings,
        pools: Sequence[PoolSettings],
        clock: Clock,
        marks: Marks,
        *,
        announce: Announce,
        changed: Callable[[Verdict | None], None],
        chance: random.Random,
    ) -> None:
        self._store = store
        self._settings = settings
        self._pools = pools
        self._clock = clock
        self._marks = marks
        self._announce = announce
        self._changed = changed
        self._chance = chance
        self._berths: dict[str, _Berth] = {}
        self._last: str | None = None
        self._backlog = False  # the last round left texts behind
        self._stopping = False
        self._settled = asyncio.Event()  # an outcome was written
        self._wake = asyncio.Event()

    def add(self, channel: Channel) -> None:
        self._berths[channel.name] = _Berth(channel, lanes_of(channel.name, self._pools))

    def wake(self) -> None:
        """There may be work, or somebody to do it. Called on the loop."""
        self._wake.set()

    def resting(self, channel: str) -> float:
        """Seconds this channel still rests after refusals that blamed it; 0 when it does not."""
        return max(0.0, self._berths[channel].rest_until - self._clock.monotonic())

    async def run(self) -> None:
        """Serve until cancelled; call `drain` before."""
        async with asyncio.TaskGroup() as group:
            for berth in self._berths.values():
                group.create_task(self._sail(berth), name=f"send:{berth.name}")
            group.create_task(self._assign_forever(), name="dispatch")
            group.create_task(self._watch(), name="dispatch-watch")

    async def drain(self, patience_s: float) -> None:
        """Start nothing new, give back what has not begun, and wait a bounded time for what is on the air."""
        self._stopping = True
        decks = [berth for berth in self._berths.values() if berth.deck is not None and berth.now is not None]
        try:
            for berth in decks:
                await self._clear_deck(berth, None)
        except StorageFull as fault:
            log.warning("what has not begun could not be given back; the next start does it: %s", fault)
        try:
            async with asyncio.timeout(patience_s):
                while any(berth.now or berth.unwritten for berth in self._berths.values()):
                    self._settled.clear()
                    await self._settled.wait()
        except TimeoutError:
            log.warning("stopped waiting for what is on the air; its outcome will be unknown")

    async def _watch(self) -> None:
        """A text on the deck of a channel that takes long is given to another."""
        while True:
            await asyncio.sleep(_PATIENCE_S / 2)
            if any(berth.deck is not None and self._slow(berth) for berth in self._berths.values()):
                self._wake.set()

    def _slow(self, berth: _Berth) -> bool:
        return berth.now is not None and self._clock.monotonic() - berth.began > _PATIENCE_S

    # Assigning

    async def _assign_forever(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            try:
                await self._assign()
            except Exception as fault:
                log.error("could not assign texts: %s", fault, exc_info=not isinstance(fault, SimrackError))
                asyncio.get_running_loop().call_later(_WRITE_AGAIN_S, self.wake)

    async def _assign(self) -> None:
        for berth in self._berths.values():
            if not self._fit(berth):
                await self._put_back_owed(berth)
        await self._clear_slow_decks()
        served: set[str] = set()
        while not self._stopping and (wants := self._wants()):
            claims = await self._claim(wants)
            served = {claim.channel for claim in claims}
            for want in wants:
                if want.goes_on_with is not None and want.channel not in served:
                    await self._put_back_owed(self._berths[want.channel])  # its next part cannot go as things are
            for claim in claims:
                self._hand_over(claim)
            self._backlog = len(claims) == len(wants)
            if not self._backlog:
                break
        await self._share(served)

    async def _claim(self, wants: list[Want]) -> list[Claim]:
        now = self._clock.now()
        return await self._store.writer.arun(lambda db: air.claim(db, wants, now))

    async def _put_back_owed(self, berth: _Berth) -> None:
        """Once nothing of it is on the air or unwritten: until then nobody knows whether there is something to put back."""
        if berth.owes is None or berth.now is not None or berth.deck is not None or berth.unwritten:
            return
        owed, now = berth.owes, self._clock.now()
        await self._store.writer.arun(lambda db: air.put_back(db, owed, berth.name, now))
        berth.owes = None

    async def _clear_slow_decks(self) -> None:
        for berth in self._berths.values():
            if berth.deck is not None and self._slow(berth) and not berth.deck.follows:
                await self._clear_deck(berth, None)

    def _wants(self) -> list[Want]:
        """Free channels in turn, then the decks of busy ones: nothing is bound early while a channel is free."""
        order = [self._berths[name] for name in in_turn(list(self._berths), self._last)]
        fit = [berth for berth in order if self._fit(berth)]
        free = [berth for berth in fit if berth.now is None and berth.deck is None]
        busy = [berth for berth in fit if berth.now is not None and berth.deck is None and not self._slow(berth)]
        servers = self._servers(fit)
        return [self._want(berth, servers) for berth in (*free, *busy)]

    def _want(self, berth: _Berth, servers: Mapping[str, str]) -> Want:
        facts = berth.channel.facts
        able = tuple(servers.get(lane, "[]") for lane in berth.lanes)
        return Want(berth.name, facts.sim, berth.lanes, facts.number, berth.owes, able)

    @staticmethod
    def _servers(fit: Sequence[_Berth]) -> dict[str, str]:
        """Who could send the texts of each lane now, as `Want.able` spells it."""
        names: dict[str, list[str]] = {}
        for berth in fit:
            for lane in berth.lanes:
                names.setdefault(lane, []).append(f",{berth.name},")
        return {lane: json.dumps(channels) for lane, channels in names.items()}

    def _fit(self, berth: _Berth) -> bool:
        return berth.channel.facts.state is ChannelState.READY and self._clock.monotonic() >= berth.rest_until

    def _hand_over(self, claim: Claim) -> None:
        berth = self._berths[claim.channel]
        if claim.follows and berth.stopped == claim.message_id:
            return  # the part before it did not go out; recording that released this claim
        berth.deck = claim
        berth.owes = claim.message_id if claim.more_parts else None
        if berth.now is None:
            self._last = claim.channel
            berth.go.set()

    async def _share(self, served: set[str]) -> None:
        """The queue is empty, or nobody can take from it: free channels take what waits on the decks of busy or ailing ones."""
        for berth in list(self._berths.values()):
            if berth.deck is None or berth.now is None or berth.deck.follows:
                continue
            taker = next((free for free in self._berths.values() if self._could_take(free, berth.deck, served)), None)
            if taker is None and self._fit(berth):
                continue
            await self._clear_deck(berth, taker)

    def _could_take(self, berth: _Berth, claim: Claim, served: set[str]) -> bool:
        return (
            berth.now is None
            and berth.deck is None
            and berth.name not in served
            and claim.lane in berth.lanes
            and f",{berth.name}," not in claim.avoid
            and self._fit(berth)
        )

    async def _clear_deck(self, berth: _Berth, taker: _Berth | None) -> None:
        """Give the claim on deck back to the queue, or at once to `taker`. It stays on deck if that cannot be written."""
        claim, owes = berth.deck, berth.owes
        if claim is None:
            return
        now = self._clock.now()
        wants = [] if taker is None else [self._want(taker, {})]

        def job(db: Database) -> list[Claim]:
            air.release(db, claim, now)
            return air.claim(db, wants, now)

        berth.deck = berth.owes = None
        try:
            taken = await self._store.writer.arun(job)
        except Exception:
            berth.deck, berth.owes = claim, owes
            berth.go.set()
            raise
        for moved in taken:
            self._hand_over(moved)

    # Sending

    async def _sail(self, berth: _Berth) -> None:
        while True:
            try:
                await self._send_next(berth)
            except Exception:  # the one broad net of this loop
                log.exception("%s: a fault of ours while sending", berth.name)
                self._judge_fault(berth)

    async def _send_next(self, berth: _Berth) -> None:
        while berth.deck is None or len(berth.unwritten) > _MOST_UNWRITTEN:
            berth.go.clear()
            self._wake.set()
            await berth.go.wait()
        claim, berth.deck = berth.deck, None
        berth.now, berth.began, berth.stopped, berth.marked = claim, self._clock.monotonic(), None, False
        self._wake.set()  # the deck is free
        outgoing = replace(claim.outgoing, more=True) if self._backlog else claim.outgoing
        outcome = await berth.channel.send_part(outgoing, lambda: self._mark(berth, claim))
        berth.now = None
        self._judge(berth, claim, outcome)

    def _mark(self, berth: _Berth, claim: Claim) -> None:
        self._marks.mark(berth.name, claim.outgoing.attempt_id)
        berth.marked = True

    def _judge_fault(self, berth: _Berth) -> None:
        """A send that ended in a fault of ours has an outcome like any other, or its message would stay `sending` for ever."""
        claim, berth.now = berth.now, None
        if claim is None:
            return
        reason = "a fault in the gateway itself; its log says more"
        self._judge(berth, claim, Unknown(reason) if berth.marked else Refused(Word.LATER, "fault", reason))

    def _judge(self, berth: _Berth, claim: Claim, outcome: Outcome) -> None:
        verdict: Verdict | None = None
        now = self._clock.now()
        if isinstance(outcome, Sent):
            berth.rests = 0
        elif isinstance(outcome, Unknown):
            verdict = retry.after_unknown(outcome, claim, self._settings, now)
            log.warning("%s: attempt %d is unknown: %s", berth.name, claim.outgoing.attempt_id, outcome.reason)
        else:
            verdict = retry.after_refusal(outcome, claim, self._others(berth, claim), self._settings, now, self._chance)
            refused = f"refused ({outcome.word}, {outcome.code}): {outcome.reason}"
            log.info("%s: attempt %d was %s", berth.name, claim.outgoing.attempt_id, refused)
            self._rest(berth, outcome)
        if verdict is not None:
            self._stop_message(berth, claim)
        self._write(berth, claim, outcome, verdict, now)

    def _stop_message(self, berth: _Berth, claim: Claim) -> None:
        """The parts behind one that did not go out must not leave before it; recording the outcome releases their claims."""
        berth.stopped = claim.message_id
        if berth.owes == claim.message_id:
            berth.owes = None
        if berth.deck is not None and berth.deck.message_id == claim.message_id:
            berth.deck = None

    def _others(self, berth: _Berth, claim: Claim) -> list[str]:
        return [
            other.name for other in self._berths.values() if other is not berth and claim.lane in other.lanes and self._fit(other)
        ]

    def _rest(self, berth: _Berth, outcome: Refused) -> None:
        """A channel that is to blame rests, longer each time; a bad recipient or a busy network never counts against it."""
        if outcome.word is not Word.CHANNEL:
            return
        pause = min(_REST_FIRST_S * 2**berth.rests, _REST_LONGEST_S)
        berth.rests += 1
        berth.rest_until = self._clock.monotonic() + pause
        log.warning("%s rests for %.0f s: %s", berth.name, pause, outcome.reason)
        asyncio.get_running_loop().call_later(pause, self.wake)

    # Writing outcomes

    def _write(self, berth: _Berth, claim: Claim, outcome: Outcome, verdict: Verdict | None, now: float) -> None:
        """Commit an outcome without holding up the channel; a full disk is tried again until it takes it."""

        def job(db: Database) -> None:
            for message in air.record(db, claim, outcome, verdict, now):
                self._announce(db, message)
            # `now` may be long past when a full disk has room again: what became due meanwhile is called as well.
            progress.call_next(db, claim.outgoing.recipient, claim.lane, self._clock.now())

        berth.unwritten.append(_Unwritten(job, verdict))
        self._write_oldest(berth)

    def _write_oldest(self, berth: _Berth) -> None:
        """One after the other: an outcome must not overtake that of the part before it."""
        if berth.writing or not berth.unwritten:
            return
        berth.writing = True
        outcome = berth.unwritten[0]
        self._store.writer.submit(outcome.write).add_done_callback(lambda future: self._written(berth, outcome, future))

    def _written(self, berth: _Berth, outcome: _Unwritten, future: asyncio.Future[None]) -> None:
        if future.cancelled():
            return
        fault = future.exception()
        if isinstance(fault, StorageFull):
            log.error("%s: an outcome could not be written, trying again: %s", berth.name, fault)
            asyncio.get_running_loop().call_later(_WRITE_AGAIN_S, self._try_again, berth)
            return
        if fault is not None:
            # To try again would end the same way, and the channel would wait for it. The next start calls it unknown.
            log.error("%s: an outcome was refused by the store: %s", berth.name, fault, exc_info=fault)
        berth.writing = False
        berth.unwritten.popleft()
        berth.go.set()
        self._settled.set()
        self._changed(outcome.verdict)
        self._write_oldest(berth)

    def _try_again(self, berth: _Berth) -> None:
        berth.writing = False
        self._write_oldest(berth)
