"""One simulated modem: its power, its wires, its state. What it says is in `voice`, how it answers in `conversation`
and `commands`, what happens to a received text in `incoming`."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

from simulator import strikes
from simulator.conversation import Conversation
from simulator.errors import cme, cms
from simulator.faults import Faults
from simulator.incoming import Inbox
from simulator.intake import Intake
from simulator.journal import Journal
from simulator.network import Network
from simulator.parcels import Parcel, Taken
from simulator.personality import Personality
from simulator.ports import Port
from simulator.registers import Registers
from simulator.sim import Sim
from simulator.stores import Stores
from simulator.voice import Voice

# Registration states in which texts can be sent and received (27.007 clause 7.2).
_SERVED = (1, 5, 6, 7)


class Modem:
    """Everything one port is. All of it belongs to the loop it was powered up in."""

    def __init__(self, name: str, personality: Personality, imei: str, sim: Sim, network: Network, journal: Journal,
                 ports: Sequence[Port], boot_scale: float = 0.0, ack_seconds: float | None = None,
                 seed: int | str = 0) -> None:
        self.name = name
        self.personality = personality
        self.imei = imei
        self.sim = sim
        self.network = network
        self.journal = journal
        self.ports = list(ports)
        self.faults = Faults(seed)
        self.ack_seconds = personality.ack_seconds if ack_seconds is None else ack_seconds
        self._boot_scale = boot_scale

        self.stores = Stores(personality.stores, personality.index_base)
        self.memories = list(personality.cpms_default)
        self._factory = Registers(cnmi=personality.cnmi_default, cscs=personality.cscs_default)
        self._saved = self._factory
        self.registers = replace(self._saved)
        self.inbox = Inbox(self)
        self.talk = Conversation(self)
        self.voice = Voice(self.ports, self._may_say_news)
        self.intake = Intake(self.talk)

        self.powered = False
        self.sim_ready = False
        self.sim_present = True
        self.radio = 1
        self.registration = 1
        self.signal = 20
        self.busy_answers = 0

        # Timers of an earlier life (before a restart or an unplugging) must not touch this one.
        self._life = 0

    # -- power and wires -----------------------------------------------------------------------------------------

    async def plug(self) -> None:
        """Puts the modem on its wires and starts it."""
        if self.powered:
            return
        for port in self.ports:
            await port.open(self.feed)
        if self._life:
            self.journal.write("plug", port=self.name)
        self._start()
        self.voice.flush()

    def unplug(self) -> None:
        """Pulls the cable: the client is hung up on, what was under way is gone, stores and SIM stay as they are."""
        if not self.powered:
            return
        self._stop()
        self.powered = False
        for port in self.ports:
            port.close()
        self.journal.write("unplug", port=self.name)

    def reset(self) -> None:
        """Restarts as after AT+CFUN=1,1: the wire stays, everything else begins anew."""
        self.journal.write("reset", port=self.name)
        self._stop()
        self._start()
        self.busy_answers = self.personality.busy_after_reset
        self.voice.flush()

    def _stop(self) -> None:
        self._life += 1
        self.talk.clear()
        self.voice.clear()
        self.intake.clear()
        self.inbox.forget()
        self.sim_ready = False

    def _start(self) -> None:
        self.powered = True
        self.radio = 1
        self.registers = replace(self._saved)
        self.memories = list(self.personality.cpms_default)
        # A modem that starts at once has been on for a while.
        self.busy_answers = self.personality.busy_after_reset if self._boot_scale else 0
        self.sim.power_up()
        for delay, line in self.personality.boot:
            self.later(delay * self._boot_scale, self._say_booting, line)
        if self.sim.unlocked:
            for delay, line in self.personality.boot_unlocked:
                self.later(delay * self._boot_scale, self._say_booting, line)
        self.later(self.personality.sim_ready_after * self._boot_scale, self._sim_is_ready)

    def _say_booting(self, line: str) -> None:
        self.voice.news([line.format(pin=self.sim.state)])

    def _sim_is_ready(self) -> None:
        self.sim_ready = True
        self.network.pump(self.sim)

    def later(self, seconds: float, act: Callable[..., None], *arguments: object) -> None:
        """Does something in this life of the modem after a while, or at once."""
        if seconds <= 0:
            act(*arguments)
            return
        asyncio.get_running_loop().call_later(seconds, self._due, self._life, act, arguments)

    def _due(self, life: int, act: Callable[..., None], arguments: tuple[object, ...]) -> None:
        if life != self._life:
            return
        act(*arguments)
        self.intake.advance()
        self.voice.flush()

    def _may_say_news(self) -> bool:
        return self.talk.idle and not strikes.keeps_news(self)

    # -- state ---------------------------------------------------------------------------------------------------

    @property
    def reachable(self) -> bool:
        """Whether the network can talk with this SIM now."""
        return (self.powered and self.sim_present and self.sim_ready and self.sim.unlocked and self.radio == 1
                and self.registration in _SERVED)

    @property
    def shown_registration(self) -> int:
        if not (self.sim_present and self.sim.unlocked and self.sim_ready) or self.radio != 1:
            return 0
        return self.registration

    def save_registers(self) -> None:
        self._saved = replace(self.registers)

    def restore_registers(self, factory: bool = False) -> None:
        self.registers = replace(self._factory if factory else self._saved)

    def need_sim(self) -> None:
        """Raises the refusal of general commands while the SIM cannot be asked."""
        if not self.sim_present:
            raise cme(10)
        if self.sim.state != "READY":
            raise cme(11 if self.sim.state == "SIM PIN" else 12)
        if not self.sim_ready:
            raise cme(14)

    def need_sim_for_texts(self) -> None:
        """The same for message commands."""
        if not self.sim_present:
            raise cms(310)
        if self.sim.state != "READY":
            raise cms(311 if self.sim.state == "SIM PIN" else 316)
        if not self.sim_ready:
            raise cms(314)

    def set_radio(self, state: int) -> None:
        before = self.shown_registration
        self.radio = state
        self._registration_changed(before)

    def set_registration(self, state: int) -> None:
        before = self.shown_registration
        self.registration = state
        self._registration_changed(before)

    def set_signal(self, level: int) -> None:
        self.signal = level
        if self.powered and self.personality.signal_urc:
            self.voice.news([self.personality.signal_urc.format(signal=level)])

    def set_sim(self, present: bool) -> None:
        """The card is pulled out of the modem, or put back."""
        before = self.shown_registration
        self.sim_present = present
        if present:
            self.sim.power_up()
        elif self.powered:
            for line in self.personality.sim_out_urcs:
                self.voice.news([line])
        self._registration_changed(before)

    def sim_unlocked(self) -> None:
        """After the right PIN: the boot lines of an open SIM, and what waited in the network."""
        for delay, line in self.personality.boot_unlocked:
            self.later(delay * self._boot_scale, self._say_booting, line)
        asyncio.get_running_loop().call_soon(self.network.pump, self.sim)

    def _registration_changed(self, before: int) -> None:
        state = self.shown_registration
        if state == before:
            return
        for name, level in (("CREG", self.registers.creg), ("CGREG", self.registers.cgreg),
                            ("CEREG", self.registers.cereg)):
            if level:
                self.voice.news([f"+{name}: {state}{self.place() if level > 1 and state in _SERVED else ''}"])
        if self.reachable:
            asyncio.get_running_loop().call_soon(self.network.pump, self.sim)

    def place(self) -> str:
        """Area and cell as the family prints them behind a registration state."""
        place = "," + self.personality.creg_format.format(lac="5E25", cell="0000605F")
        technology = self.personality.radio_technology
        return place if technology is None else f"{place},{technology}"

    def offer(self, parcel: Parcel) -> Taken:
        """The network has something for this SIM."""
        taken = self.inbox.offer(parcel)
        self.voice.flush()
        return taken

    def feed(self, data: bytes) -> None:
        """Bytes from the client."""
        if not self.powered:
            return
        self.intake.feed(data)
        self.voice.flush()

    def fall_silent(self, kind: str, seconds: float) -> None:
        """Keeps quiet for a while; 0 seconds last until `voice.speak_again`."""
        self.voice.hold(kind)
        if seconds > 0:
            self.later(seconds, self.voice.speak_again)
