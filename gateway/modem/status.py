"""Registration, operator and signal: asked now and then, and heard between.

Says what is, not what to do about it (3GPP TS 27.007 clauses 7.2, 7.3, 8.5).
"""

from __future__ import annotations

from dataclasses import dataclass

from gateway.at import replies
from gateway.at.events import Refusal
from gateway.at.replies import Registration
from gateway.modem.profiles import Profile
from gateway.modem.session import Session
from gateway.modem.timing import Timing


@dataclass(frozen=True, slots=True)
class Network:
    serves: bool
    registration: str  # home, roaming, searching, denied, none
    reason: str = ""


_WHY = {
    "searching": "searching for a network: check the antenna",
    "denied": "the network refuses this SIM, or the modem's IMEI: ask the operator",
    "none": "no network: check antenna and SIM",
}


class Status:
    def __init__(self, session: Session, profile: Profile, timing: Timing) -> None:
        self._session = session
        self._timing = timing
        self._domains = list(profile.domains)

    async def prepare(self) -> None:
        """Registration is told as it changes, callers are told by number, names come in a coding we can read."""
        for command in ("AT+CREG=1", "AT+CLIP=1", 'AT+CSCS="GSM"', "AT+COPS=3,0"):
            await self._session.ask_softly(command, self._timing.command)

    async def network(self) -> Network:
        """The first domain that serves; LTE-only parts show nothing in +CREG."""
        best: Registration | None = None
        for domain in tuple(self._domains):
            seen = await self._registration(domain)
            if seen is not None and seen.serves:
                return Network(True, seen.word)
            best = best if best is not None and best.word != "none" else seen or best
        word = best.word if best is not None else "none"
        return Network(False, word, _WHY.get(word, ""))

    async def _registration(self, domain: str) -> Registration | None:
        answer = await self._session.ask(f"AT{domain}?")
        if isinstance(answer, Refusal):
            if answer.code in ("error", "unsupported", "cme:4", "cme:50") and domain != "+CREG":
                self._domains.remove(domain)
            return None
        return replies.registration(replies.value(answer.lines, domain))

    async def signal(self) -> int | None:
        return replies.signal_dbm(replies.value((await self._session.ask("AT+CSQ")).lines, "+CSQ"))

    async def operator(self) -> str:
        answer = await self._session.ask_softly("AT+COPS?", self._timing.command)
        return replies.operator(replies.value(answer.lines, "+COPS"))
