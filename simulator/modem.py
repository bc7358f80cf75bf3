"""One simulated modem: its power, its wires, its state. What it says is in `voice`, how it answers in `conversation`
and `commands`, what happens to a received text in `incoming`, what its firmware is used to in `habits`."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

from simulator import strikes
from simulator.calls import Calls
from simulator.conversation import Conversation
from simulator.errors import cme, cms
from simulator.faults import Faults
from simulator.habits import Habits
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
from simulator.wires import Side

# Registration states in which texts can be sent and received (27.007 clause 7.2).
_SERVED = (1, 5, 6, 7)


class Modem:
    """Everything one port is. All of it belongs to the loop it was powered up in."""

    def __init__(self, name: str, personality: Personality, imei: str, sim: Sim, network: Network, journal: Journal,
                 ports: Sequence[Port], boot_scale: float = 0.0, ack_seconds: float | None = None,
                 seed: int | str = 0, sides: Sequence[Side] = (), delays: float = 0.0) -> None:
        self.name = name
        self.personality = personality
        self.imei = imei
        self.sim = sim
        self.network = network
        self.journal = journal
        self.ports = [*ports, *(side.port for side in sides)]
        self._command_ports = list(ports)
        self._sides = list(sides)
        self.faults = Faults(seed)
        self.ack_seconds = personality.ack_seconds if ack_seconds is None else ack_seconds
        self.boot_scale = boot_scale
        self.delays = delays

        self.stores = Stores(personality.stores, personality.index_base)
        self.memories = list(personality.cpms_default)
        self._factory = Registers(cnmi=personality.cnmi_default, cscs=personality.cscs_default,
                                  speed=0 if personality.autobaud else 115200)
        self._saved = self._factory
        self.registers = replace(self._saved)
        self.inbox = Inbox(self)
        self.talk = Conversation(self)
        self.voice = Voice(self._command_ports, [], self._may_say_news, self.faults.chance)
        self.route_news(aside=True)
        self.intake = Intake(self.talk)
        self.calls = Calls(self)
        self.habits = Habits(self)

        self.wired = False
        self.powered = False
        self.speed_known = True
        self.sim_ready = False
        self.texts_ready = False
        self.sim_present = True
        # Some firmware never finds a card again that was missing when it started.
        self.sim_given_up = False
        self.radio = 1
        self.detached = False
        self.ussd_open = False
        self.clock_ahead = 0.0
        # The first stores of the last +CPMS commands, for firmware that wants a certain order.
        self.cpms_steps: tuple[str, ...] = ()
        self.registration = 1
        self.signal = 20
        self.busy_answers = 0

        # Timers of an earlier life (before a restart or an unplugging) must not touch this one.
        self._life = 0

    # -- power and wires -----------------------------------------------------------------------------------------

    async def plug(self) -> None:
        """Puts the modem on its wires, unless it is, and starts it, unless it runs."""
        if self.powered:
            return
        if not self.wired:
            for port in self._command_ports:
                await port.open(self.feed)
            for side in self._sides:
                await side.port.open(side.heard)
            self.wired = True
        if self._life:
            self.journal.write("plug", port=self.name)
        self._start()
        self.voice.flush()

    def unplug(self) -> None:
        """Pulls the cable: the client is hung up on, what was under way is gone, stores and SIM stay as they are."""
        if not self.wired:
            return
        self._stop()
        self.powered = self.wired = False
        for port in self.ports:
            port.close()
        self.journal.write("unplug", port=self.name)

    def switch_off(self, words: Sequence[str] = ()) -> None:
        """Says its last words and is dead on its wires until it is plugged in again or started by `reset`."""
        for line in words:
            self.voice.news([line])
        self.voice.say_news(inside=True)
        self.voice.flush()
        self._stop()
        self.powered = False
        self.journal.write("off", port=self.name)

    def reset(self) -> None:
        """Restarts as after AT+CFUN=1,1: the wire stays, everything else begins anew."""
        if not self.wired:
            return
        self.journal.write("reset", port=self.name)
        self._stop()
        self._start()
        self.busy_answers = self.personality.busy_after_reset
        self.voice.flush()

    def _stop(self) -> None:
        self._life += 1
        self.calls.forget()
        self.talk.clear()
        self.voice.clear()
        self.intake.clear()
        self.inbox.forget()
        self.sim_ready = self.texts_ready = False

    def _start(self) -> None:
        family = self.personality
        self.powered = True
        self.radio, self.detached, self.ussd_open = family.radio_at_start, False, False
        self.sim_given_up = family.sim_needed_at_start and not self.sim_present
        self.registers = replace(self._saved)
        self.speed_known = bool(self.registers.speed)
        self.memories = list(family.cpms_default)
        # A modem that starts at once has been on for a while.
        self.busy_answers = family.busy_after_reset if self.boot_scale else 0
        self.sim.power_up()
        self.inbox.start()
        self.habits.start()
        self._say_later(family.boot)
        if self.sim.unlocked:
            self._say_later(family.boot_unlocked)
        self.later(family.sim_ready_after * self.boot_scale, self._sim_is_ready)

    def _say_later(self, lines: Sequence[tuple[float, str]]) -> None:
        for delay, line in lines:
            self.later(delay * self.boot_scale, self._say_booting, line)

    def _say_booting(self, line: str) -> None:
        # Until a modem has learnt the speed of the line, nobody hears what it says.
        if self.speed_known:
            self.voice.news([line.format(pin=self.sim.state if self.has_sim else "NOT INSERTED")])

    def _sim_is_ready(self) -> None:
        self.sim_ready = True
        self._registration_changed(0)
        self.later(self.personality.texts_ready_after * self.boot_scale, self._texts_are_ready)

    def _texts_are_ready(self) -> None:
        self.texts_ready = True
        self.network.pump(self.sim)

    def later(self, seconds: float, act: Callable[..., None], *arguments: object) -> None:
        """Does something in this life of the modem after a time of the network, or at once."""
        self._after(seconds * self.network.pace.speed, act, arguments)

    def wait_for_client(self, seconds: float, act: Callable[..., None], *arguments: object) -> None:
        """The same for a time that a client is given: however fast the network is, it stays long enough to act."""
        self._after(max(seconds * self.network.pace.speed, min(seconds, 1.0)), act, arguments)

    def _after(self, seconds: float, act: Callable[..., None], arguments: tuple[object, ...]) -> None:
        if seconds <= 0:
            act(*arguments)
            return
        asyncio.get_running_loop().call_later(seconds, self._due, self._life, act, arguments)

    def takes(self, deed: str) -> float:
        """The time the family needs for something, by its distribution: [lowest, highest], or with the usual one
        between them."""
        span = self.personality.times.get(deed)
        if not span or not self.delays:
            return 0.0
        usual = span[1] if len(span) == 3 else None
        return self.faults.chance.triangular(span[0], span[-1], usual) * self.delays

    def _due(self, life: int, act: Callable[..., None], arguments: tuple[object, ...]) -> None:
        if life != self._life:
            return
        act(*arguments)
        self.intake.advance()
        self.voice.flush()

    def _may_say_news(self, aside: bool) -> bool:
        return (aside or self.talk.idle) and not strikes.keeps_news(self)

    def route_news(self, aside: bool) -> None:
        """Of a composite modem: whether news comes on its own port, or on the one for commands."""
        self.voice.aside = [side.port for side in self._sides if side.role == "news"] if aside else []

    # -- state ---------------------------------------------------------------------------------------------------

    @property
    def reachable(self) -> bool:
        """Whether the network can talk with this SIM now."""
        return (self.powered and self.texts_ready and self.has_sim and self.sim.unlocked and self.radio == 1
                and not self.detached and self.registration in _SERVED)

    @property
    def has_sim(self) -> bool:
        return self.sim_present and not self.sim_given_up

    @property
    def shown_registration(self) -> int:
        if not (self.has_sim and self.sim.unlocked and self.sim_ready) or self.radio != 1 or self.detached:
            return 0
        return self.registration

    def save_registers(self) -> None:
        self._saved = replace(self.registers)

    def restore_registers(self, factory: bool = False) -> None:
        self.registers = replace(self._factory if factory else self._saved)

    def need_sim(self) -> None:
        """Raises the refusal of general commands while the SIM cannot be asked."""
        if not self.has_sim:
            raise cme(10)
        if self.personality.sim_needs_radio and self.radio == 0:
            raise cme(13)
        if self.sim.state != "READY":
            raise cme(11 if self.sim.state == "SIM PIN" else 12)
        if not self.sim_ready:
            raise cme(14)

    def need_sim_for_texts(self) -> None:
        """The same for message commands."""
        if not self.has_sim:
            raise cms(310)
        if self.sim.state != "READY":
            raise cms(311 if self.sim.state == "SIM PIN" else 316)
        if not self.sim_ready:
            raise cms(314)
        if not self.texts_ready:
            raise cms(self.personality.texts_not_ready)

    def set_radio(self, state: int) -> None:
        before = self.shown_registration
        self.radio = state
        self._registration_changed(before)

    def set_registration(self, state: int) -> None:
        before = self.shown_registration
        self.registration = state
        self._registration_changed(before)

    def set_detached(self, detached: bool) -> None:
        """Leaves the network by +COPS=2, or comes back."""
        before = self.shown_registration
        self.detached = detached
        self._registration_changed(before)

    def set_signal(self, level: int) -> None:
        self.signal = level
        if not self.powered:
            return
        if self.personality.signal_urc and self.habits.chatty:
            self.voice.news([self.personality.signal_urc.format(signal=level)])
        if self.registers.autocsq:
            self.voice.news([f"+CSQ: {level},99"])

    def set_sim(self, present: bool) -> None:
        """The card is pulled out of the modem, or put back."""
        if present == self.sim_present:
            return
        before = self.shown_registration
        self.sim_present = present
        if present:
            self.sim.power_up()
        else:
            self.sim_ready = self.texts_ready = False
        if self.powered and not self.sim_given_up:
            for line in self.personality.sim_in_urcs if present else self.personality.sim_out_urcs:
                self.voice.news([line.format(pin=self.sim.state)])
            if present:
                self.later(self.personality.sim_ready_after * self.boot_scale, self._sim_is_ready)
        self._registration_changed(before)

    def sim_unlocked(self) -> None:
        """After the right PIN: the boot lines of an open SIM, and what waited in the network."""
        family = self.personality
        self._say_later(family.boot_unlocked)
        self.busy_answers = family.busy_after_pin
        self.habits.unlocked()
        self.texts_ready = False
        if self.sim_ready:
            # Not before the answer to the PIN is out.
            asyncio.get_running_loop().call_soon(self._due, self._life, self._sim_is_ready, ())

    def _registration_changed(self, before: int) -> None:
        state = self.shown_registration
        if state == before:
            return
        for name, level in (("CREG", self.registers.creg), ("CGREG", self.registers.cgreg),
                            ("CEREG", self.registers.cereg)):
            if level and (name != "CREG" or self.personality.circuit_domain):
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
        if not self.powered or self.voice.silent == "hang":
            return
        data = self.habits.typed(data)
        # Capitals or small letters, but not both, teach a modem the speed of the line.
        self.speed_known = self.speed_known or b"AT" in data or b"at" in data
        self.intake.feed(data)
        self.voice.flush()

    def fall_silent(self, kind: str, seconds: float) -> None:
        """Keeps quiet for a while; 0 seconds last until `voice.speak_again`. What hangs has forgotten what it did."""
        if kind == "hang":
            self.talk.clear()
            self.intake.clear()
        self.voice.hold(kind)
        if seconds > 0:
            self.later(seconds, self.voice.speak_again)
