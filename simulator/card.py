"""The SIM as its modem sees it: in or out, locked, being read, ready for texts. What the card itself knows is in `sim`."""

from typing import TYPE_CHECKING

from simulator.errors import cme, cms

if TYPE_CHECKING:
    from simulator.modem import Modem


class Card:
    def __init__(self, modem: "Modem") -> None:
        self._modem = modem
        self.present = True
        # Some firmware never finds a card again that was missing when it started.
        self.given_up = False
        self.ready = False
        self.texts_ready = False

    def start(self) -> None:
        """With each start of the modem; being ready takes a while."""
        family = self._modem.personality
        self.given_up = family.sim_needed_at_start and not self.present
        self._modem.sim.power_up()

    def stop(self) -> None:
        self.ready = self.texts_ready = False

    @property
    def found(self) -> bool:
        return self.present and not self.given_up

    @property
    def open(self) -> bool:
        """Found, and not locked."""
        return self.found and self._modem.sim.unlocked

    @property
    def shown_state(self) -> str:
        return self._modem.sim.state if self.found else "NOT INSERTED"

    def need(self) -> None:
        """Raises the refusal of general commands while the SIM cannot be asked."""
        self.need_found()
        state = self._modem.sim.state
        if state != "READY":
            raise cme(11 if state == "SIM PIN" else 12)
        if not self.ready:
            raise cme(14)

    def need_found(self) -> None:
        """Raises the refusal of commands to a card that its modem does not see."""
        if not self.found:
            raise cme(10)
        if self._modem.personality.sim_needs_radio and self._modem.radio.level == 0:
            raise cme(13)

    def need_for_texts(self) -> None:
        """Raises the refusal of message commands."""
        state = self._modem.sim.state
        if not self.found:
            raise cms(310)
        if state != "READY":
            raise cms(311 if state == "SIM PIN" else 316)
        if not self.ready:
            raise cms(314)
        if not self.texts_ready:
            raise cms(self._modem.personality.texts_not_ready)

    def get_ready(self) -> None:
        """Begins to read the card."""
        modem = self._modem
        modem.life.later(modem.personality.sim_ready_after * modem.boot_scale, self._is_ready)

    def _is_ready(self) -> None:
        modem = self._modem
        self.ready = True
        modem.radio.tell_registration(before=0)
        modem.life.later(modem.personality.texts_ready_after * modem.boot_scale, self._texts_are_ready)

    def _texts_are_ready(self) -> None:
        self.texts_ready = True
        self._modem.network.pump(self._modem.sim)

    def set_present(self, present: bool) -> None:
        """The card is put into the modem, or pulled out of it."""
        if present == self.present:
            return
        modem, family = self._modem, self._modem.personality
        before = modem.radio.shown_registration
        self.present = present
        if present:
            modem.sim.power_up()
        else:
            self.stop()
        if modem.powered and not self.given_up:
            for line in family.sim_in_urcs if present else family.sim_out_urcs:
                modem.voice.news([line.format(pin=modem.sim.state)])
            if present:
                self.get_ready()
        modem.radio.tell_registration(before)

    def unlocked(self) -> None:
        """After the right PIN: texts are read anew, and what waited in the network comes."""
        self.texts_ready = False
        if self.ready:
            self._modem.life.after_answer(self._is_ready)
