"""Giving a SIM its PIN without ever costing the SIM: three wrong tries lock it.

The PIN is given only while at least three tries are left. Where no counter can be read it is given once per process and
SIM, and never again after a refusal (3GPP TS 27.007 clause 8.3).
"""

from __future__ import annotations

import re

from gateway.at.events import Refusal
from gateway.errors import ModemUnfit
from gateway.modem.profiles import Profile
from gateway.modem.session import Session

_ENOUGH = 3


class PinGuard:
    """Remembers which PIN was tried on which SIM. One for the whole process: a restarted channel must not try again."""

    def __init__(self) -> None:
        self._tried: set[tuple[str, str]] = set()

    def may_try(self, place: tuple[str, str]) -> bool:
        return place not in self._tried

    def tried(self, place: tuple[str, str]) -> None:
        self._tried.add(place)

    def accepted(self, place: tuple[str, str]) -> None:
        self._tried.discard(place)


PROCESS_GUARD = PinGuard()


async def enter_pin(session: Session, profile: Profile, pin: str, place: tuple[str, str], guard: PinGuard) -> None:
    """`place` names the SIM (or, unread, the modem and port) and the PIN."""
    if not pin:
        raise ModemUnfit("SIM wants its PIN", "give pin_file for this modem, or switch the PIN off in a telephone")
    left = await _tries_left(session, profile)
    if left is not None and left < _ENOUGH:
        raise ModemUnfit(
            f"SIM wants its PIN, but only {left} tries are left",
            "enter the right PIN in a telephone, which restores the three tries, and check pin_file",
        )
    if not guard.may_try(place):
        raise ModemUnfit("the SIM has refused this PIN", "check pin_file and start the gateway again")
    guard.tried(place)
    answer = await session.ask(f'AT+CPIN="{pin}"', 20.0)
    if isinstance(answer, Refusal):
        raise ModemUnfit(f"the SIM refused the PIN ({answer.code})", "check pin_file; enter the PIN in a telephone")
    guard.accepted(place)


async def _tries_left(session: Session, profile: Profile) -> int | None:
    for counter in profile.pin_counters:
        answer = await session.ask(counter.command)
        match = re.search(counter.pattern, "\n".join(answer.lines))
        if match and not isinstance(answer, Refusal):
            return int(match[1])
    return None
