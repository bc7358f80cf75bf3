"""Brings receipts and incoming texts to the binds of their account, in order in each conversation, until they are acknowledged.

The rows are the truth: what a bind does not acknowledge before it ends is given to the next one.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from dataclasses import dataclass, field
from functools import partial

from gateway.clock import Clock
from gateway.core.smpp_deliveries import SmppDeliveries
from gateway.errors import SimrackError
from gateway.records import Key, SmppDelivery
from gateway.settings import SmppSettings
from gateway.smpp import codec, delivers
from gateway.smpp.session import Session
from gateway.smpp.words import Status

log = logging.getLogger("simrack.smpp")

# Another process (the command line) cannot wake us.
_LOOK_EVERY_S = 5.0
_RESTART_AFTER_S = 5.0
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 5.0, 300.0
# So many refusals one after the other, and it is the client that takes nothing now: it is asked for so many at a time, and then
# left alone for a while. Else it would be asked for each of the thousands that may wait, and all others would wait for that.
_REFUSALS_IN_A_ROW = 10
_LEFT_ALONE_S = 5.0
# The client has read it and will never want it: to give it again would only hold up what follows.
_FOR_GOOD = frozenset({Status.PERMANENT_FAULT, Status.REJECTED})


@dataclass(slots=True, eq=False)
class _Account:
    key: Key
    sessions: list[Session] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)
    busy: set[str] = field(default_factory=set)  # conversations with something on its way
    asleep: dict[str, float] = field(default_factory=dict)  # conversations that wait after a refusal, and until when
    refusals: int = 0  # one after the other
    left_alone_until: float = 0.0
    task: asyncio.Task[None] | None = None

    @property
    def hearing(self) -> Session | None:
        """One bind at a time gets everything: over several, later ones could overtake."""
        return next((session for session in self.sessions if session.hears), None)


class HandingOn:
    """All methods run on the event loop."""

    def __init__(self, deliveries: SmppDeliveries, settings: SmppSettings, clock: Clock) -> None:
        self._deliveries = deliveries
        self._window = settings.window
        self._clock = clock
        self._accounts: dict[int, _Account] = {}
        self._on_the_way: set[asyncio.Task[None]] = set()
        # Rows that a client is done with, until that is on disk: it is not given them again, however long the disk takes.
        self._done: set[int] = set()

    @property
    def keys(self) -> list[Key]:
        return [account.key for account in self._accounts.values()]

    def binds(self, key: Key) -> list[Session]:
        account = self._accounts.get(key.id)
        return list(account.sessions) if account is not None else []

    def joined(self, session: Session, key: Key) -> None:
        account = self._accounts.setdefault(key.id, _Account(key))
        account.sessions.append(session)
        account.asleep.clear()
        account.left_alone_until = 0.0
        account.news.set()
        if account.task is None:
            account.task = asyncio.create_task(self._run(account), name=f"smpp {key.name}")

    def left(self, session: Session, key: Key) -> None:
        account = self._accounts[key.id]
        account.sessions.remove(session)
        account.news.set()
        if not account.sessions and account.task is not None:
            account.task.cancel()
            del self._accounts[key.id]

    def wake(self) -> None:
        """Something was queued and is committed."""
        for account in self._accounts.values():
            account.news.set()

    async def close(self) -> None:
        tasks = [*self._on_the_way, *(account.task for account in self._accounts.values() if account.task is not None)]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, account: _Account) -> None:
        while True:
            try:
                await self._serve(account)
            except Exception:
                log.exception("SMPP: handing on to %s stumbled; it goes on in %g s", account.key.name, _RESTART_AFTER_S)
                await asyncio.sleep(_RESTART_AFTER_S)

    async def _serve(self, account: _Account) -> None:
        while True:
            account.news.clear()
            now = self._clock.monotonic()
            account.asleep = {name: until for name, until in account.asleep.items() if until > now}
            session = account.hearing
            if session is not None and now >= account.left_alone_until:
                self._staff(account, session)
            moments = (account.left_alone_until, *account.asleep.values())
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min([_LOOK_EVERY_S, *(moment - now for moment in moments if moment > now)])):
                    await account.news.wait()

    def _staff(self, account: _Account, session: Session) -> None:
        most = self._window if account.refusals < _REFUSALS_IN_A_ROW else min(self._window, _REFUSALS_IN_A_ROW)
        room = most - len(account.busy)
        if room <= 0:
            return
        for delivery in self._deliveries.waiting(account.key.id, {*account.busy, *account.asleep}, 4 * self._window):
            if delivery.conversation in account.busy:
                continue
            account.busy.add(delivery.conversation)
            # Judged now, by the same look at the rows: a moment later it may be written, and forgotten here.
            task = asyncio.create_task(self._bring(account, session, delivery, done=delivery.id in self._done))
            self._on_the_way.add(task)
            task.add_done_callback(partial(self._brought, account, delivery))
            room -= 1
            if room == 0:
                return

    async def _bring(self, account: _Account, session: Session, delivery: SmppDelivery, *, done: bool) -> None:
        try:
            await (self._write_done(delivery) if done else self._hand_on(account, session, delivery))
        except SimrackError as fault:
            log.error("SMPP: what became of %s could not be written down: %s", delivery.message, fault)
            self._put_off(account, delivery)

    def _brought(self, account: _Account, delivery: SmppDelivery, task: asyncio.Task[None]) -> None:
        """However it ended: a fault of ours with one text waits with it, and stops no other."""
        self._on_the_way.discard(task)
        fault = None if task.cancelled() else task.exception()
        if fault is not None:
            self._put_off(account, delivery)
            log.error("SMPP: %s could not be handed to %s", delivery.message, account.key.name, exc_info=fault)
        account.busy.discard(delivery.conversation)
        account.news.set()

    async def _hand_on(self, account: _Account, session: Session, delivery: SmppDelivery) -> None:
        try:
            status = await session.deliver(codec.short_message(delivers.deliver(delivery)))
        except TimeoutError:
            log.warning("SMPP: %s does not acknowledge; the next bind gets it again", session)
            session.close()
        except ConnectionError:
            log.info("SMPP: %s ended before it acknowledged %s; the next bind gets it again", session, delivery.message)
        else:
            await self._judge(account, delivery, status)

    async def _judge(self, account: _Account, delivery: SmppDelivery, status: int) -> None:
        if status == Status.OK:
            account.refusals = 0
            await self._write_done(delivery)
        elif status in _FOR_GOOD:
            log.error("SMPP: %s refuses the %s of %s for good (%#x)", account.key.name, delivery.kind, delivery.message, status)
            await self._write_done(delivery)
        else:
            log.warning("SMPP: %s did not take the %s of %s (%#x)", account.key.name, delivery.kind, delivery.message, status)
            self._put_off(account, delivery)
            self._count_refusal(account)
            await self._deliveries.failed(delivery)

    def _count_refusal(self, account: _Account) -> None:
        account.refusals += 1
        if account.refusals >= _REFUSALS_IN_A_ROW:
            account.left_alone_until = self._clock.monotonic() + _LEFT_ALONE_S

    async def _write_done(self, delivery: SmppDelivery) -> None:
        self._done.add(delivery.id)
        await self._deliveries.done(delivery)
        self._done.discard(delivery.id)

    def _put_off(self, account: _Account, delivery: SmppDelivery) -> None:
        pause = min(_FIRST_PAUSE_S * 2 ** min(delivery.tries, 10), _LONGEST_PAUSE_S)
        account.asleep[delivery.conversation] = self._clock.monotonic() + pause
