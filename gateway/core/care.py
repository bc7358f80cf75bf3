"""What SIMs need now and then: their balance asked for, a text so that they are not ended. Due by rows, not by timers.

It only asks and queues: answers are read in `balances`, texts are sent by the dispatch like any other.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence

from gateway.clock import EARLIEST_PLAUSIBLE, Clock
from gateway.core import own_texts
from gateway.core.ussd import Ussd
from gateway.errors import SimrackError, UssdFailed
from gateway.records import ChannelFacts, ChannelState
from gateway.settings import ModemSettings
from gateway.store import Database, Store, balances, outbox, sims

log = logging.getLogger("simrack.care")

KEEP_ALIVE_TEXT = "This SIM is in use."

_LOOK_EVERY_S = 60.0
_DAY_S = 86400.0
# A code that was not answered is dialled again after this, unless the balance is wanted more often.
_ASK_AGAIN_S = 3600.0


class Care:
    """`wake` tells the dispatch that a text was queued."""

    def __init__(
        self,
        store: Store,
        modems: Sequence[ModemSettings],
        clock: Clock,
        facts: Callable[[], Sequence[ChannelFacts]],
        ussd: Ussd,
        wake: Callable[[], None],
    ) -> None:
        self._store = store
        self._modems = {
            modem.name: modem for modem in modems if modem.balance_ussd or modem.balance_text or modem.keep_alive_days
        }
        self._clock = clock
        self._facts = facts
        self._ussd = ussd
        self._wake = wake
        self._poke = asyncio.Event()

    def sooner(self) -> None:
        """A channel became ready. Called on the loop."""
        self._poke.set()

    async def run(self) -> None:
        while True:
            self._poke.clear()
            try:
                await self.look()
            except Exception as fault:  # the one broad net of this loop
                log.error("SIMs could not be seen to: %s", fault, exc_info=not isinstance(fault, SimrackError))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_EVERY_S):
                    await self._poke.wait()

    async def look(self) -> None:
        """Do what is due."""
        ready = [one for one in self._facts() if one.state is ChannelState.READY and one.name in self._modems]
        now = self._clock.now()
        if not ready or now < EARLIEST_PLAUSIBLE:  # a clock that was never set knows no days
            return
        due, queued = await self._store.writer.arun(lambda db: self._due(db, ready, now))
        if queued:
            self._wake()
        for facts in due:
            await self._dial(facts)

    def _due(self, db: Database, ready: Sequence[ChannelFacts], now: float) -> tuple[list[ChannelFacts], int]:
        """A job: queue the texts that are due. Returns whose balance is due to be dialled, and how many texts were queued."""
        asked_at = balances.asked_at(db)
        to_dial, queued = [], 0
        for facts in ready:
            modem = self._modems[facts.name]
            if modem.keep_alive_days and self._too_long_silent(db, modem, facts.sim, now):
                own_texts.queue(db, facts.name, modem.keep_alive_to, KEEP_ALIVE_TEXT, _keep_alive(facts.sim), now)
                log.info("%s: SIM %s has sent nothing for long; a text keeps it alive", facts.name, facts.sim)
                queued += 1
            if not (modem.balance_ussd or modem.balance_text) or not _balance_due(modem, asked_at.get(facts.sim), now):
                continue
            balances.asked(db, facts.sim, facts.name, now)
            if modem.balance_ussd:
                to_dial.append(facts)
            else:
                own_texts.queue(db, facts.name, modem.balance_from, modem.balance_text, f"simrack:balance:{facts.sim}", now)
                queued += 1
        return to_dial, queued

    @staticmethod
    def _too_long_silent(db: Database, modem: ModemSettings, sim: str, now: float) -> bool:
        """Counted from the last sent text of this SIM, or from its first sight. One that failed is tried again the next day."""
        last = sims.last_sent_at(db, sim) or sims.first_seen_at(db, sim)
        if last is None or not _over(modem.keep_alive_days * _DAY_S, last, now):
            return False
        queued_at = outbox.queued_at(db, _keep_alive(sim))
        return queued_at is None or _over(_DAY_S, queued_at, now)

    async def _dial(self, facts: ChannelFacts) -> None:
        try:
            await self._ussd.dial(facts.name, self._modems[facts.name].balance_ussd)
        except UssdFailed as fault:
            log.warning("%s: the balance could not be asked for: %s", facts.name, fault)


def _balance_due(modem: ModemSettings, asked: tuple[float, bool] | None, now: float) -> bool:
    if asked is None:
        return True
    at, answered = asked
    every = modem.balance_every_hours * 3600
    return _over(every if answered or modem.balance_text else min(every, _ASK_AGAIN_S), at, now)


def _over(seconds: float, since: float, now: float) -> bool:
    """A time that lies as far ahead was noted by a clock that was wrong."""
    return abs(now - since) >= seconds


def _keep_alive(sim: str) -> str:
    return f"simrack:keep-alive:{sim}"
