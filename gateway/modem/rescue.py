"""The steps of the ladder, carried out on one open port. Each holds the line, so none falls into the window of a text.

Which step is next, and when all is in vain, the ladder says.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from gateway.modem import power, profiles
from gateway.modem.exchange import Exchange
from gateway.modem.ladder import Rung, Step
from gateway.modem.profiles import Profile
from gateway.modem.session import Session
from gateway.modem.timing import Timing
from gateway.settings import ModemSettings


class Rescue:
    """`family` is the last one known: a silent modem cannot be asked."""

    def __init__(self, session: Session, settings: ModemSettings, timing: Timing, family: str) -> None:
        self._session = session
        self._settings = settings
        self._timing = timing
        self.profile: Profile = profiles.GENERIC if family in ("", "auto") else profiles.named(family)
        self._steps: dict[Step, Callable[[Exchange], Awaitable[None]]] = {
            Step.DRAIN: Exchange.drain,
            Step.ESCAPE: self._escape,
            Step.ATTENTION: self._attention,
            Step.PREPARE: self._words,
            Step.RESET: self._reset,
            Step.DTR: self._dtr,
            Step.POWER: self._power,
        }

    async def take(self, rung: Rung) -> bool:
        """True when the modem answers a command afterwards. Raises LinkLost when the step took the port away."""
        return await self._session.attempt(self._steps[rung.step], rung.patience_s)

    async def listen(self, seconds: float) -> bool:
        """Only ask, for so long. True when the modem answers."""
        return await self._session.attempt(Exchange.drain, seconds)

    async def _escape(self, exchange: Exchange) -> None:
        exchange.escape()
        await exchange.drain()

    async def _attention(self, exchange: Exchange) -> None:
        exchange.write(b"AT\r")
        await exchange.drain()

    async def _words(self, exchange: Exchange) -> None:
        exchange.write(b"ATE0V1\r")
        await exchange.drain()

    async def _reset(self, exchange: Exchange) -> None:
        """A modem that obeys says OK first and goes a moment later: what it answers until then is not its recovery."""
        if self.profile.reset:
            exchange.write(f"{self.profile.reset}\r".encode())
            await exchange.pause(self._timing.reset)

    async def _dtr(self, exchange: Exchange) -> None:
        exchange.set_dtr(False)
        await exchange.pause(self._timing.dtr)
        exchange.set_dtr(True)
        await exchange.drain()

    async def _power(self, _: Exchange) -> None:
        await power.cycle(self._settings.name, self._settings.power_command, self._timing.power)
