"""One simulated modem: its power, its wires, and the parts it is made of. What it says is in `voice`, how it answers in
`conversation` and `commands`, what happens to a received text in `incoming`, what its firmware is used to in `habits`."""

from collections.abc import Sequence
from dataclasses import replace

from simulator import strikes
from simulator.calls import Calls
from simulator.card import Card
from simulator.conversation import Conversation
from simulator.faults import Faults
from simulator.habits import Habits
from simulator.incoming import Inbox
from simulator.intake import Intake
from simulator.journal import Journal
from simulator.life import Life
from simulator.network import Network
from simulator.parcels import Parcel, Taken
from simulator.personality import Personality
from simulator.ports import Port
from simulator.radio import Radio
from simulator.registers import Registers
from simulator.sim import Sim
from simulator.stores import Stores
from simulator.voice import Voice
from simulator.wires import Side


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
        self.life = Life(network, self._done_later)
        self.card = Card(self)
        self.radio = Radio(self)
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
        self.ussd_open = False
        self.clock_ahead = 0.0
        # The first stores of the last +CPMS commands, for firmware that wants a certain order.
        self.cpms_steps: tuple[str, ...] = ()
        self.busy_answers = 0

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
        if self.life.ended:
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
        self.life.end()
        self.calls.forget()
        self.talk.clear()
        self.voice.clear()
        self.intake.clear()
        self.inbox.forget()
        self.card.stop()

    def _start(self) -> None:
        family = self.personality
        self.powered = True
        self.registers = replace(self._saved)
        self.speed_known = bool(self.registers.speed)
        self.memories = list(family.cpms_default)
        self.ussd_open = False
        # A modem that starts at once has been on for a while.
        self.busy_answers = family.busy_after_reset if self.boot_scale else 0
        self.radio.start()
        self.card.start()
        self.inbox.start()
        self.habits.start()
        self._say_later(family.boot)
        if self.sim.unlocked:
            self._say_later(family.boot_unlocked)
        self.card.get_ready()

    def sim_unlocked(self) -> None:
        """After the right PIN: the boot lines of an open SIM, and what waited in the network."""
        self._say_later(self.personality.boot_unlocked)
        self.busy_answers = self.personality.busy_after_pin
        self.habits.unlocked()
        self.card.unlocked()

    def _say_later(self, lines: Sequence[tuple[float, str]]) -> None:
        for delay, line in lines:
            self.life.later(delay * self.boot_scale, self._say_booting, line)

    def _say_booting(self, line: str) -> None:
        # Until a modem has learnt the speed of the line, nobody hears what it says.
        if self.speed_known:
            self.voice.news([line.format(pin=self.card.shown_state)])

    def takes(self, deed: str) -> float:
        """The time the family needs for something, by its distribution: [lowest, highest], or with the usual one
        between them."""
        span = self.personality.times.get(deed)
        if not span or not self.delays:
            return 0.0
        usual = span[1] if len(span) == 3 else None
        return self.faults.chance.triangular(span[0], span[-1], usual) * self.delays

    def _done_later(self) -> None:
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
        return self.powered and self.card.texts_ready and self.card.open and self.radio.served

    def set_registration(self, state: int) -> None:
        """The network lets the modem in, or does not."""
        self.radio.set_registration(state)

    def save_registers(self) -> None:
        self._saved = replace(self.registers)

    def restore_registers(self, factory: bool = False) -> None:
        self.registers = replace(self._factory if factory else self._saved)

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
            self.life.later(seconds, self.voice.speak_again)
