"""Reads what an account holds out of answers and texts, keeps it, and warns once when it is low. Asks for nothing itself."""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Callable, Sequence

from gateway import patterns
from gateway.clock import Clock
from gateway.core import events
from gateway.errors import SimrackError
from gateway.numbers import same_subscriber
from gateway.records import Balance, ChannelFacts, Message, UssdReply
from gateway.settings import ModemSettings
from gateway.store import Database, Store, balances, forwards

log = logging.getLogger("simrack.balances")

_SIGNS = re.compile(r"[.,]")


def amount_in(text: str, pattern: str) -> float | None:
    """The amount that the pattern's group of that name finds. Of several dots and commas the last one stands before the cents."""
    *thousands, last = _SIGNS.split(patterns.compile(pattern, "balance_pattern").group(text, "amount"))
    try:
        amount = float(f"{''.join(thousands)}.{last}" if thousands else last)
    except ValueError:
        return None
    return amount if math.isfinite(amount) else None


class Balances:
    """`forward` says that forwards are waiting."""

    def __init__(self, store: Store, modems: Sequence[ModemSettings], clock: Clock, forward: Callable[[], None]) -> None:
        self._store = store
        self._modems = {modem.name: modem for modem in modems}
        self._clock = clock
        self._forward = forward

    async def answered(self, facts: ChannelFacts, code: str, reply: UssdReply) -> None:
        """The network answered a service code; it may be the one for the balance, whoever dialled it."""
        modem = self._modems.get(facts.name)
        if modem is None or not modem.balance_ussd or code != modem.balance_ussd:
            return
        now = self._clock.now()
        try:
            await self._store.writer.arun(lambda db: self._keep(db, modem, facts.sim, reply.text, now))
        except SimrackError as fault:  # who dialled the code gets its answer all the same
            log.error("%s: the balance could not be kept: %s", facts.name, fault)
        self._forward()

    def heard(self, db: Database, message: Message, sim: str) -> None:
        """A job: a text came in; it may be from whom the balance is told. Other texts of that sender are left alone."""
        modem = self._modems.get(message.channel or "")
        if modem is None or not modem.balance_from or not same_subscriber(message.from_, modem.balance_from):
            return
        if amount_in(message.text, modem.balance_pattern) is not None:
            self._keep(db, modem, sim, message.text, self._clock.now())

    def _keep(self, db: Database, modem: ModemSettings, sim: str, text: str, now: float) -> None:
        amount = amount_in(text, modem.balance_pattern)
        low = amount is not None and amount < modem.balance_warn_below
        balance = Balance(sim, modem.name, amount, text, now, low)
        fell = balances.keep(db, balance)
        if amount is None:
            log.warning("%s: no amount was found in %r; correct balance_pattern", modem.name, text)
            return
        if fell:
            log.warning("%s: the balance of SIM %s is low: %.2f; top it up", modem.name, sim, amount)
        forwards.enqueue(db, events.of_balance(balance, fell, now))
