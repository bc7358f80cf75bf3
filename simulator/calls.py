"""A voice call that comes in: it rings until somebody hangs up, answers, or the caller gives up (27.007 clause 6)."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simulator.modem import Modem

_BETWEEN_RINGS = 5.0


class Calls:
    """The one call a modem can have."""

    def __init__(self, modem: "Modem") -> None:
        self._modem = modem
        self.caller: str | None = None
        self.answered = False
        self._number = 0

    @property
    def busy(self) -> bool:
        return self.caller is not None

    def forget(self) -> None:
        """The modem lost its power, and the call with it."""
        if self.busy:
            self._end("cut off")

    def come_in(self, caller: str, seconds: float) -> bool:
        """Rings for `seconds`. False when nobody can be reached here."""
        modem = self._modem
        if not modem.reachable or self.busy:
            modem.journal.write("call", port=modem.name, **{"from": caller}, to=modem.sim.number, how="unreachable")
            return False
        self.caller, self.answered = caller, False
        self._number += 1
        modem.journal.write("call", port=modem.name, **{"from": caller}, to=modem.sim.number, how="ringing")
        for line in modem.personality.call_urcs:
            modem.voice.news([line])
        self._ring(self._number)
        modem.life.wait_for_client(seconds, self._given_up, self._number)
        return True

    def _ring(self, number: int) -> None:
        if number != self._number or not self.busy or self.answered:
            return
        modem = self._modem
        modem.voice.news(["+CRING: VOICE" if modem.registers.crc else "RING"])
        if modem.registers.clip:
            modem.voice.news([f'+CLIP: "{self.caller}",{kind_of(self.caller or "")},"",,"",0'])
        modem.life.wait_for_client(_BETWEEN_RINGS, self._ring, number)

    def _given_up(self, number: int) -> None:
        if number == self._number:
            self.give_up()

    def give_up(self) -> bool:
        """The caller hangs up. False when there was no call."""
        if not self.busy:
            return False
        self._modem.voice.news(["NO CARRIER"])
        self._end("ended by the caller" if self.answered else "given up")
        return True

    def answer(self) -> bool:
        """ATA. False when nothing rings."""
        if not self.busy or self.answered:
            return False
        self.answered = True
        return True

    def hang_up(self) -> bool:
        """ATH and +CHUP. False when there was no call."""
        if not self.busy:
            return False
        self._end("answered" if self.answered else "hung up")
        return True

    def _end(self, how: str) -> None:
        modem = self._modem
        modem.journal.write("call", port=modem.name, **{"from": self.caller}, to=modem.sim.number, how=how)
        self.caller, self.answered = None, False

    def listed(self) -> list[str]:
        """What +CLCC shows of it: an incoming voice call that is active (0) or incoming (4)."""
        if self.caller is None:
            return []
        return [f'+CLCC: 1,1,{0 if self.answered else 4},0,0,"{self.caller}",{kind_of(self.caller)}']


def kind_of(number: str) -> int:
    return 145 if number.startswith("+") else 129
