"""Habits of firmware that come by themselves or with a command: deafness, guard times, crashes, chatter, floods.
Every one is a field of the personality; here is what they do."""

import asyncio
from typing import TYPE_CHECKING

from simulator.smspdu import UCS2, coding_of

if TYPE_CHECKING:
    from simulator.modem import Modem

# Registration states in which some firmware is too busy to answer.
_SEARCHING = (2, 3)


class Habits:
    """The habits of one modem, and what they need to remember."""

    def __init__(self, modem: "Modem") -> None:
        self._modem = modem
        self._deaf_until = 0.0
        self._fragile_until = 0.0
        self._heard_at = 0.0
        self._budget = 0.0
        self._flooded = 0
        self.flooding = False
        self.chatty = True

    def start(self) -> None:
        """With each start of the modem."""
        modem, family = self._modem, self._modem.personality
        now = _now()
        self._heard_at, self._budget = now, float(family.input_burst)
        self._deaf_until = now + family.deaf_after_start * modem.boot_scale
        self._fragile_until = 0.0
        self.chatty = True
        for seconds, line in family.chatter:
            modem.life.wait_for_client(seconds, self._chat, seconds, line)
        self._flooded, self.flooding = 0, bool(family.flood)
        if self.flooding:
            modem.life.wait_for_client(family.flood[0], self._flood)

    def unlocked(self) -> None:
        """After the right PIN."""
        self._fragile_until = _now() + self._modem.personality.fragile_after_pin * self._modem.boot_scale

    def typed(self, data: bytes) -> bytes:
        """What is left of bytes that come faster than the modem reads, or while it sleeps."""
        family = self._modem.personality
        if not (family.deaf_after_start or family.sleeps_after or family.input_rate):
            return data
        now = _now()
        passed, self._heard_at = now - self._heard_at, now
        if now < self._deaf_until or (family.sleeps_after and passed > family.sleeps_after):
            return b""
        if family.input_rate:
            self._budget = min(float(family.input_burst), self._budget + passed * family.input_rate)
            data = data[:int(self._budget)]
            self._budget -= len(data)
        return data

    def overhears(self, source: str) -> bool:
        """Whether a command line is lost on the modem, or kills it."""
        modem, family = self._modem, self._modem.personality
        if family.guard_seconds and _now() - modem.talk.ended_at < family.guard_seconds:
            return True
        if _now() < self._fragile_until:
            modem.reset()
            return True
        if family.crashes_on and source in family.crashes_on:
            modem.fall_silent("mute", 0)
            return True
        if family.deaf_while_searching and modem.radio.shown_registration in _SEARCHING:
            if source == "AT+CFUN=1":
                modem.fall_silent("mute", 0)
            return True
        if family.flood and source == family.flood[2]:
            self.flooding = False
        if source in family.news_to_at or source in family.news_aside:
            modem.route_news(aside=source in family.news_aside)
        return False

    def chokes_on(self, typed: bytes) -> bool:
        """Whether the firmware dies of a text that is too long for it in text mode."""
        modem, limit = self._modem, self._modem.personality.longest_ucs2_text
        if not limit or not modem.registers.text_mode or coding_of(modem.registers.dcs) != UCS2:
            return False
        # Four hexadecimal digits make a character.
        if len(typed) <= 4 * limit:
            return False
        modem.reset()
        return True

    def _chat(self, seconds: float, line: str) -> None:
        modem = self._modem
        if self.chatty:
            modem.voice.news([line.format(signal=modem.radio.signal)])
        modem.life.wait_for_client(seconds, self._chat, seconds, line)

    def _flood(self) -> None:
        """The same line again and again until a command stops it, or the firmware dies of it."""
        modem = self._modem
        if not self.flooding:
            return
        seconds, line, _, most = modem.personality.flood
        modem.voice.news([line])
        self._flooded += 1
        if self._flooded >= most:
            modem.fall_silent("mute", 0)
            return
        modem.life.wait_for_client(seconds, self._flood)


def _now() -> float:
    return asyncio.get_running_loop().time()
