"""Voice calls that come in: refused once each, told once each, with the caller's number where the network gives it.

A call blocks texts on many modems. It is known by its rings only, which say neither when it began nor whose it is; so it
lasts until they stop (3GPP TS 27.007 clauses 6.11 and 7.6).
"""

from __future__ import annotations

import math
from collections.abc import Callable

from gateway.at import replies
from gateway.at.events import News
from gateway.at.fields import split_fields
from gateway.clock import Clock
from gateway.modem.session import Session
from gateway.modem.timing import Timing

_RINGS = frozenset({"RING", "+CRING"})
_ENDS = frozenset({"NO CARRIER", "^CEND"})


class Calls:
    """`told(number)` hears of each call, with an empty number when it is withheld."""

    def __init__(self, timing: Timing, clock: Clock, told: Callable[[str], None]) -> None:
        self._timing = timing
        self._clock = clock
        self._told = told
        self._rang_at = -math.inf
        self._number = ""
        self._open_until = math.inf  # while a call is not dealt with: until then its number may come
        self._ended = False

    def hear(self, news: News) -> bool:
        """True if it belongs to a call."""
        now = self._clock.monotonic()
        if news.name in _RINGS:
            if self._ended or now - self._rang_at > self._timing.ring_gap:
                self._begin(now)
            self._rang_at = now
        elif news.name == "+CLIP":
            fields = split_fields(news.value)
            self._number = self._number or replies.plain_number(*([*fields, "", ""])[:2])
            if self._number and self._open_until < math.inf:
                self._open_until = now
        elif news.name in _ENDS:
            self._ended = True
            if self._open_until < math.inf:
                self._open_until = now
        else:
            return False
        return True

    def _begin(self, now: float) -> None:
        if self._open_until < math.inf:  # the call before was never got round to
            self._told(self._number)
        self._number, self._ended = "", False
        self._open_until = now + self._timing.clip

    @property
    def due(self) -> float:
        """When `refuse` has something to do, by the monotonic clock."""
        return self._open_until

    async def refuse(self, session: Session, command: str) -> None:
        """`command` hangs up; empty, the call rings on. It waits its turn: a text on its way goes first."""
        self._open_until = math.inf
        self._told(self._number)
        if command and not self._ended:
            await session.ask_softly(command, self._timing.command)
