"""The radio of one modem: on or off, registered or not, how well it hears; and what it says of that unasked.
How it is asked is in `commands.radio`."""

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simulator.modem import Modem

# Registration states in which texts can be sent and received (27.007 clause 7.2).
SERVED = (1, 5, 6, 7)
_NOT_KNOWN = 99


class Radio:
    def __init__(self, modem: "Modem") -> None:
        self._modem = modem
        self.level = 1  # of +CFUN
        self.detached = False
        self.registration = 1  # what the network says
        self.signal = 20

    def start(self) -> None:
        """With each start of the modem."""
        self.level, self.detached = self._modem.personality.radio_at_start, False

    @property
    def on(self) -> bool:
        return self.level == 1

    @property
    def served(self) -> bool:
        return self.on and not self.detached and self.registration in SERVED

    @property
    def shown_registration(self) -> int:
        card = self._modem.card
        return self.registration if card.open and card.ready and self.on and not self.detached else 0

    @property
    def shown_signal(self) -> int:
        return self.signal if self.on else _NOT_KNOWN

    def set_level(self, level: int) -> None:
        before = self.shown_registration
        self.level = level
        self.tell_registration(before)

    def set_registration(self, state: int) -> None:
        before = self.shown_registration
        self.registration = state
        self.tell_registration(before)

    def set_detached(self, detached: bool) -> None:
        """Leaves the network by +COPS=2, or comes back."""
        before = self.shown_registration
        self.detached = detached
        self.tell_registration(before)

    def set_signal(self, level: int) -> None:
        modem = self._modem
        self.signal = level
        if not modem.powered:
            return
        if modem.personality.signal_urc and modem.habits.chatty:
            modem.voice.news([modem.personality.signal_urc.format(signal=level)])
        if modem.registers.autocsq:
            modem.voice.news([f"+CSQ: {level},99"])

    def tell_registration(self, before: int) -> None:
        """Says what is shown now, where it was something else before; what waited in the network can come."""
        modem, state = self._modem, self.shown_registration
        if state == before:
            return
        registers = modem.registers
        for name, level in (("CREG", registers.creg), ("CGREG", registers.cgreg), ("CEREG", registers.cereg)):
            if level and (name != "CREG" or modem.personality.circuit_domain):
                modem.voice.news([f"+{name}: {state}{self.place() if level > 1 and state in SERVED else ''}"])
        if modem.reachable:
            asyncio.get_running_loop().call_soon(modem.network.pump, modem.sim)

    def place(self) -> str:
        """Area and cell as the family prints them behind a registration state."""
        family = self._modem.personality
        place = "," + family.creg_format.format(lac="5E25", cell="0000605F")
        return place if family.radio_technology is None else f"{place},{family.radio_technology}"
