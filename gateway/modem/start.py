"""From an open port to a modem that can serve: identity, SIM, PIN, text service. One pass, repeated after a restart.

Raises ModemSilent when nobody answers and ModemUnfit, with a remedy, when a person is needed (TS 27.005 clause 3,
TS 27.007 clauses 5 and 8).
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from gateway.at import replies, stored
from gateway.at.events import Refusal
from gateway.errors import ModemSilent, ModemUnfit
from gateway.modem import profiles
from gateway.modem.pin import PinGuard, enter_pin
from gateway.modem.profiles import Profile
from gateway.modem.session import Session
from gateway.modem.timing import Timing
from gateway.settings import ModemSettings

_NO_SIM = ("cme:10", "cms:310")
_BAD_SIM = ("cme:13", "cme:15")
_LOCKED = {"cme:11": "SIM PIN", "cme:12": "SIM PUK"}
_READY = ("READY", "SIM PIN2", "SIM PUK2")  # the second PIN guards nothing we need


@dataclass(frozen=True, slots=True)
class Identity:
    manufacturer: str
    model: str
    revision: str
    imei: str


class Start:
    """The steps in order; `profile` is known after `identify`, which changes nothing but echo and error codes."""

    def __init__(self, session: Session, settings: ModemSettings, timing: Timing, guard: PinGuard) -> None:
        self._session = session
        self._settings = settings
        self._timing = timing
        self._guard = guard
        self.profile: Profile = profiles.GENERIC
        self.model = ""

    async def identify(self) -> Identity:
        if not await self._session.wake():
            raise ModemSilent(
                f"nobody answers AT on {self._settings.port} at {self._settings.baud} baud: check power, cable and"
                " baud, and that this is the modem's AT port"
            )
        await self._session.ask("ATE0V1")
        await self._session.ask("AT+CMEE=1")
        identity = Identity(
            await self._words("AT+CGMI", "+CGMI") or await self._words("AT+GMI", "+GMI"),
            await self._words("AT+CGMM", "+CGMM") or await self._words("AT+GMM", "+GMM"),
            await self._words("AT+CGMR", "+CGMR"),
            replies.digits(await self._lines("AT+CGSN"), 14, 17) or replies.digits(await self._lines("AT+GSN"), 14, 17),
        )
        self.model = identity.model
        auto = self._settings.family == "auto"
        self.profile = (
            profiles.detect(identity.manufacturer, identity.model) if auto else profiles.named(self._settings.family)
        )
        return identity

    async def adapt(self) -> None:
        """What this family wants to hear first."""
        for command in self.profile.first:
            await self._session.ask_softly(command, self._timing.command)
        if self.profile.fixes_speed:
            await self._fix_speed()

    async def unlock(self, imei: str) -> None:
        """Returns when the SIM is ready."""
        given = False
        for _ in range(self._timing.busy_tries):
            state = await self._pin_state()
            if state in _READY:
                return
            if state == "SIM PIN":
                if not given:  # the SIM may go on asking for a moment
                    await self._enter_pin(imei)
                given = True
            elif state:
                raise ModemUnfit(f"the SIM wants {state}", "unlock it in a telephone with the operator's letter at hand")
            await asyncio.sleep(self._timing.busy_pause)
        raise ModemUnfit("the SIM is never ready", "take the SIM out, clean it and put it back")

    async def _enter_pin(self, imei: str) -> None:
        iccid = await self.iccid()
        place = (iccid or f"{imei}@{self._settings.port}", self._settings.pin)
        await enter_pin(self._session, self.profile, self._settings.pin, place, self._guard)
        await asyncio.sleep(self.profile.pin_pause_s)

    async def _pin_state(self) -> str:
        """READY, SIM PIN …, or empty when it cannot be told yet."""
        patience = self._timing.soft if self.profile.cpin_without_final else self._timing.command
        answer = await self._session.ask_softly("AT+CPIN?", patience)
        if not isinstance(answer, Refusal):
            return replies.pin_state(answer.lines)
        if answer.code in _NO_SIM:
            raise ModemUnfit("there is no SIM", "put a SIM into this port")
        if answer.code in _BAD_SIM:
            raise ModemUnfit("the SIM cannot be read", "take it out, clean it, or try another one")
        return _LOCKED.get(answer.code, "")

    async def iccid(self) -> str:
        for command in self.profile.iccid:
            found = replies.iccid(await self._lines(command))
            if found:
                return found
        return ""

    async def imsi(self) -> str:
        return replies.digits(await self._lines("AT+CIMI"), 14, 15)

    async def own_number(self) -> str:
        """What the SIM says itself; many say nothing."""
        return replies.own_number(await self._lines("AT+CNUM"))

    async def text_service(self) -> None:
        """PDU mode. A modem that never takes it has no text service."""
        for _ in range(self._timing.error_tries):
            if not isinstance(await self._session.ask_until_ready("AT+CMGF=0"), Refusal):
                return
            await asyncio.sleep(self._timing.busy_pause)
        raise ModemUnfit("this modem refuses PDU mode (AT+CMGF=0)", "it is data-only, or this is not its AT port")

    async def service_centre(self, known: str) -> str:
        """The SMSC in force. The one from the configuration is written when the SIM holds another, `known` when it shows none."""
        present = replies.service_centre(replies.value(await self._lines("AT+CSCA?"), "+CSCA"))
        wanted = self._settings.smsc or present or known
        if wanted == present:
            return present
        kind = 145 if wanted.startswith("+") else 129
        answer = await self._session.ask(f'AT+CSCA="{wanted}",{kind}')
        return present if isinstance(answer, Refusal) else wanted

    async def _fix_speed(self) -> None:
        """With autobaud (IPR=0) a modem that restarts says nothing until it has heard AT: nobody would notice."""
        if stored.numbers_of(await self._lines("AT+IPR?"), "+IPR") == (0,):
            await self._session.ask(f"AT+IPR={self._settings.baud};&W")

    async def _words(self, command: str, name: str) -> str:
        return replies.words(await self._lines(command), name)

    async def _lines(self, command: str) -> tuple[str, ...]:
        answer = await self._session.ask_softly(command, self._timing.command)
        return () if isinstance(answer, Refusal) else answer.lines
