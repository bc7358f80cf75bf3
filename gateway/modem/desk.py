"""What a modem says unasked lands here and waits until somebody has time for it. Asks the modem nothing.

One object, one owner: filled by the session's callbacks, emptied by `duty`, all on the loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging

from gateway.at.events import News
from gateway.at.news import is_boot
from gateway.errors import SimrackError
from gateway.modem.calls import Calls
from gateway.modem.reception import Reception
from gateway.modem.ussd import Ussd

log = logging.getLogger("simrack.modem")

_ANNOUNCED = frozenset({"+CMTI", "+CDSI"})
_CAME = frozenset({"+CMT", "+CDS"})
_REGISTRATION = frozenset({"+CREG", "+CGREG", "+CEREG"})
# The text service has come up, or the storage was full: time for a sweep, which also sees to the routing.
_LOOK = frozenset({"SMS READY", "SMS DONE", "CALL READY", "PB DONE", "^SMMEMFULL"})
_LOOK_VALUES = {"#QSS": ("3",), "+WIND": ("16",)}
_SIM_GONE = {"+CPIN": ("NOT READY", "NOT INSERTED", "SIM REMOVED"), "+WIND": ("0",), "#QSS": ("0",)}


class Desk:
    def __init__(self, channel: str, reception: Reception, calls: Calls) -> None:
        self._channel = channel
        self._reception = reception
        self._calls = calls
        self.ussd: Ussd | None = None  # known when the modem is prepared
        self._woken = asyncio.Event()
        self.fault: SimrackError | None = None  # the link is gone, or nobody answered a send
        self.begin_again = False  # the modem restarted, or its SIM was changed
        self.look = False
        self.registration = False

    def hear(self, news: News) -> None:
        if news.name in _ANNOUNCED:
            self._reception.announced(news)
        elif news.name in _CAME:
            self._reception.came(news)
        elif is_boot(news.name, news.value) or news.value.strip().upper() in _SIM_GONE.get(news.name, ()):
            self.begin_again = True
        elif news.name in _REGISTRATION:
            self.registration = True
        elif self._calls.hear(news):
            pass
        elif news.name == "+CUSD" and self.ussd is not None:
            self.ussd.hear(news)
            return
        elif _wants_a_look(news):
            self.look = True
        elif "POWER DOWN" in news.name or news.name in ("POWERED DOWN", "^SHUTDOWN"):
            self._mention(news)
            self.registration = True  # last words: ask something, so that its silence is noticed at once
        else:
            self._mention(news)
            return
        self._woken.set()

    def _mention(self, news: News) -> None:
        """Voltage warnings explain the silence that follows."""
        level = logging.WARNING if "POWER" in news.name or "VOLTAGE" in news.name else logging.DEBUG
        log.log(level, "%s: the modem says %s %s", self._channel, news.name, news.value)

    def wake(self) -> None:
        """Whoever waits looks again."""
        self._woken.set()

    def give_up(self, fault: SimrackError) -> None:
        self.fault = self.fault or fault
        if self.ussd is not None:
            self.ussd.give_up(fault)
        self._woken.set()

    async def wait(self, seconds: float) -> None:
        """Until something lands here, at most so long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        self._woken.clear()


def _wants_a_look(news: News) -> bool:
    if news.name == "+QIND":
        return "sms" in news.value.lower()
    return news.name in _LOOK or news.value.strip() in _LOOK_VALUES.get(news.name, ())
