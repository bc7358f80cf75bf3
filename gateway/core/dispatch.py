"""Binds texts to channels, as late as possible: the next ready text to the next free channel in turn. Knows no modem.

While a channel has one text on the air, its next one is claimed already (its claim committed), so that no channel waits for the
disk. Such a text is not stuck there: a channel with nothing to do takes it over, and a channel that falls ill gives it back.
Everything here runs on the event loop; only `wake` may be called from other threads, through the loop.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from gateway.channels.contract import Channel
from gateway.channels.rotation import in_turn
from gateway.clock import Clock
from gateway.core import retry
from gateway.core.sending import lanes_of
from gateway.errors import SimrackError
from gateway.records import ChannelState, Message, Outcome, Refused, Sent, Unknown, Word
from gateway.settings import PoolSettings, SendingSettings
from gateway.store import Database, Store, air
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
    unwritten: int = 0  # outcomes whose commit is still awaited
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
        for berth in decks:
            claim, berth.deck = berth.deck, None
            if claim is not None:
                await self._move(claim, None)
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
        await self._put_back_owed()
        await self._clear_slow_decks()
        while not self._stopping and (wants := self._wants()):
            claims = await self._claim(wants)
            served = {claim.channel for claim in claims}
            for want in wants:
                if want.goes_on_with is not None and want.channel not in served:
                    self._berths[want.channel].owes = None  # the message was ended or moved meanwhile
            for claim in claims:
                self._hand_over(claim)
            self._backlog = len(claims) == len(wants)
            if not self._backlog:
                await self._share(served)
                return

    async def _claim(self, wants: list[Want]) -> list[Claim]:
        now = self._clock.now()
        return await self._store.writer.arun(lambda db: air.claim(db, wants, now))

    async def _put_back_owed(self) -> None:
        for berth in self._berths.values():
            if berth.owes is not None and berth.now is None and berth.deck is None and not self._fit(berth):
                owed, berth.owes = berth.owes, None
                await self._put_back(berth.name, owed)

    async def _put_back(self, channel: str, message_id: int) -> None:
        now = self._clock.now()
        await self._store.writer.arun(lambda db: air.put_back(db, message_id, channel, now))

    async def _clear_slow_decks(self) -> None:
        for berth in self._berths.values():
            if berth.deck is not None and self._slow(berth) and not berth.deck.follows:
                claim, berth.deck = berth.deck, None
                await self._move(claim, None)

    def _wants(self) -> list[Want]:
        """Free channels in turn, then the decks of busy ones: nothing is bound early while a channel is free."""
        order = [self._berths[name] for name in in_turn(list(self._berths), self._last)]
        fit = [berth for berth in order if self._fit(berth)]
        free = [berth for berth in fit if berth.now is None and berth.deck is None]
        busy = [berth for berth in fit if berth.now is not None and berth.deck is None and not self._slow(berth)]
        return [self._want(berth) for berth in (*free, *busy)]

    def _want(self, berth: _Berth) -> Want:
        facts = berth.channel.facts
        return Want(berth.name, facts.sim, berth.lanes, facts.number, berth.owes)

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
        """Nothing is left in the queue: free channels take over what waits on the decks of busy or ailing ones."""
        for berth in list(self._berths.values()):
            if berth.deck is None or berth.now is None or berth.deck.follows:
                continue
            taker = next((free for free in self._berths.values() if self._could_take(free, berth.deck, served)), None)
            if taker is None and self._fit(berth):
                continue
            claim, berth.deck = berth.deck, None
            await self._move(claim, taker)

    def _could_take(self, berth: _Berth, claim: Claim, served: set[str]) -> bool:
        return (
            berth.now is None
            and berth.deck is None
            and berth.name not in served
            and claim.lane in berth.lanes
            and f",{berth.name}," not in claim.avoid
            and self._fit(berth)
        )

    async def _move(self, claim: Claim, taker: _Berth | None) -> None:
        now = self._clock.now()
        wants = [] if taker is None else [self._want(taker)]
        self._berths[claim.channel].owes = None

        def job(db: Database) -> list[Claim]:
            air.release(db, claim, now)
            return air.claim(db, wants, now)

        for moved in await self._store.writer.arun(job):
            self._hand_over(moved)

    # Sending

    async def _sail(self, berth: _Berth) -> None:
        while True:
            try:
                await self._send_next(berth)
            except Exception:  # the one broad net of this loop
                log.exception("%s: a fault of ours while sending", berth.name)
                berth.now = None

    async def _send_next(self, berth: _Berth) -> None:
        while berth.deck is None or berth.unwritten > _MOST_UNWRITTEN:
            berth.go.clear()
            self._wake.set()
            await berth.go.wait()
        claim, berth.deck = berth.deck, None
        berth.now, berth.began, berth.stopped = claim, self._clock.monotonic(), None
        self._wake.set()  # the deck is free
        outgoing = replace(claim.outgoing, more=True) if self._backlog else claim.outgoing
        outcome = await berth.channel.send_part(
            outgoing, lambda: self._marks.mark(berth.name, claim.outgoing.attempt_id)
        )
        self._judge(berth, claim, outcome)
        berth.now = None

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

        berth.unwritten += 1
        self._submit(berth, job, verdict)

    def _submit(self, berth: _Berth, job: Callable[[Database], None], verdict: Verdict | None) -> None:
        def done(future: asyncio.Future[None]) -> None:
            if future.cancelled():
                return
            fault = future.exception()
            if fault is None:
                berth.unwritten -= 1
                berth.go.set()
                self._settled.set()
                self._changed(verdict)
                return
            log.error("%s: an outcome could not be written, trying again: %s", berth.name, fault)
            loop = asyncio.get_running_loop()
            loop.call_later(_WRITE_AGAIN_S, self._submit, berth, job, verdict)

        self._store.writer.submit(job).add_done_callback(done)
