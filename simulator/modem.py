"""One simulated modem: power, the running of command lines, and what is said when. What each command does is in
`commands`, what happens to a received text in `incoming`."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from simulator import strikes
from simulator.commands import HANDLERS, PENDING
from simulator.commands.parsing import Call, parse
from simulator.errors import Refused, cme, cms
from simulator.faults import ANSWER, COMMAND, Faults
from simulator.incoming import Inbox
from simulator.intake import PROMPT, Intake
from simulator.journal import Journal
from simulator.network import Network
from simulator.parcels import Parcel, Taken
from simulator.personality import Personality
from simulator.ports import Port
from simulator.registers import Registers
from simulator.sim import Sim
from simulator.stores import Stores

_NUMERIC = {"OK": "0", "CONNECT": "1", "RING": "2", "NO CARRIER": "3", "ERROR": "4", "NO DIALTONE": "6", "BUSY": "7"}
_FINALS = ("OK", "ERROR", "NO CARRIER", "COMMAND NOT SUPPORT")
# Registration states in which texts can be sent and received (27.007 clause 7.2).
_SERVED = (1, 5, 6, 7)

OnPayload = Callable[[bytes], None]


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
        self.intake = Intake(self)

        self.powered = False
        self.sim_ready = False
        self.sim_present = True
        self.radio = 1
        self.registration = 1
        self.signal = 20
        self.busy_answers = 0

        self.running = False
        self.prompting = False
        self.payload_has_lines = False
        self._on_payload: OnPayload | None = None
        self._calls: Iterator[Call] = iter(())
        self._call: Call | None = None
        # Timers of an earlier life (before a restart or an unplugging) must not touch this one.
        self._life = 0
        self._out = bytearray()
        self._news: deque[Sequence[str]] = deque()
        self._gag: str | None = None
        self._owed = bytearray()

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
        self.flush()

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
        self.flush()

    def _stop(self) -> None:
        self._life += 1
        self.running = self.prompting = False
        self._calls, self._call, self._on_payload = iter(()), None, None
        self._out.clear()
        self._owed.clear()
        self._news.clear()
        self._gag = None
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
        self.news([line.format(pin=self.sim.state)])

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
        self.flush()

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
            self.news([self.personality.signal_urc.format(signal=level)])

    def set_sim(self, present: bool) -> None:
        """The card is pulled out of the modem, or put back."""
        before = self.shown_registration
        self.sim_present = present
        if present:
            self.sim.power_up()
        elif self.powered:
            for line in self.personality.sim_out_urcs:
                self.news([line])
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
                self.news([f"+{name}: {state}{self.place() if level > 1 and state in _SERVED else ''}"])
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
        self.flush()
        return taken

    # -- input ---------------------------------------------------------------------------------------------------

    def feed(self, data: bytes) -> None:
        """Bytes from the client."""
        if not self.powered:
            return
        self.intake.feed(data)
        self.flush()

    def echo(self, typed: bytes) -> None:
        if self.registers.echo:
            self._out += typed

    def command(self, line: str) -> None:
        """A whole command line; one without AT is noise and is not answered (V.250 clause 5.2.1)."""
        start = line.upper().find("AT")
        if start < 0:
            return
        self.running = True
        if (fault := self.faults.strike(COMMAND)) and strikes.general(self, fault):
            return
        try:
            self._calls = iter(parse(line[start + 2:].strip()))
        except Refused as refusal:
            self.fail(refusal)
            return
        self._go_on()

    def ask(self, on_payload: OnPayload, has_lines: bool = False, show: bool = True) -> object:
        """Shows the prompt and waits for a payload; a handler returns what this returns."""
        self.running, self.prompting, self.payload_has_lines = False, True, has_lines
        self._on_payload = on_payload
        if show:
            self._out += PROMPT
        return PENDING

    def payload(self, typed: bytes) -> None:
        on_payload, self._on_payload = self._on_payload, None
        self.running, self.prompting = True, False
        if on_payload:
            self._attempt(lambda: on_payload(typed))

    def escape(self) -> None:
        """ESC at the prompt: nothing is sent."""
        self._on_payload = None
        self.prompting = False
        if self.personality.escape_answers_ok:
            self.end("OK")
        else:
            self.end(None)

    def _attempt(self, act: Callable[[], None]) -> None:
        try:
            act()
        except Refused as refusal:
            self.fail(refusal)

    def _go_on(self) -> None:
        """Runs what is left of the command line, until a command has to wait."""
        for call in self._calls:
            self._call = call
            try:
                lines = self._perform(call)
            except Refused as refusal:
                self.fail(refusal)
                return
            if lines is PENDING:
                return
            if call.name == "+CPIN" and call.form == "read" and self.personality.cpin_without_ok:
                self._information(lines)
                self.end(None)
                return
            self._information(lines)
        self.end("OK")

    def _perform(self, call: Call) -> Sequence[str]:
        personality = self.personality
        # Only what needs SIM or network is answered so.
        if self.busy_answers and call.name[0] == "+" and call.name != "+CMEE":
            self.busy_answers -= 1
            raise cme(515)
        literal = personality.answers.get(call.source)
        if literal is not None:
            if literal[-1] in _FINALS and literal[-1] != "OK":
                raise Refused(literal[-1])
            return [line for line in literal if line != "OK"]
        handler = HANDLERS.get(call.name)
        if handler is None or call.name in personality.refuses:
            handler = self._family_handler(call)
        return handler(self, call)

    def _family_handler(self, call: Call) -> Callable[["Modem", Call], Sequence[str]]:
        if call.source in self.personality.iccid:
            return HANDLERS["iccid"]
        if call.source in self.personality.pin_counter:
            return HANDLERS["pin counter"]
        raise Refused(self.personality.unknown_command)

    # -- output --------------------------------------------------------------------------------------------------

    def finish(self, lines: Sequence[str]) -> None:
        """The command that had to wait is done; the rest of its line follows."""
        self._information(lines)
        self._go_on()

    def fail(self, refusal: Refused) -> None:
        """The command is refused, and the rest of its line is dropped (V.250 clause 5.3)."""
        self.end(refusal.line(self.registers.cmee))

    def end(self, final: str | None) -> None:
        """Ends the command line with a final code, or without a word."""
        if self.faults.armed:
            strikes.before_final(self)
        if final is not None and not self.registers.quiet:
            if self.registers.verbose:
                self._out += b"\r\n" + final.encode("latin-1") + b"\r\n"
            else:
                self._out += _NUMERIC.get(final, "4").encode() + b"\r"
        self._calls, self._call = iter(()), None
        self.running = False
        self.say_news()

    def _information(self, lines: Sequence[str]) -> None:
        if lines:
            if self.faults.armed and (fault := self.faults.strike(ANSWER, "garbage")):
                strikes.general(self, fault)
            head = b"\r\n" if self.registers.verbose else b""
            self._out += head + "\r\n".join(lines).encode("latin-1") + b"\r\n"

    def put(self, shown: bytes) -> None:
        """Bytes that stand for themselves."""
        self._out += shown

    def news(self, lines: Sequence[str]) -> None:
        """Something unasked: said at once, or after the answer that is being given."""
        self._news.append(lines)
        self.say_news()

    def say_news(self, inside: bool = False) -> bool:
        """Says the news that waits. `inside` an answer only when a fault wants it; says whether there was any."""
        if not self._news or (not inside and (self.running or self.prompting or strikes.keeps_news(self))):
            return False
        for lines in self._news:
            self._out += b"\r\n" + "\r\n".join(lines).encode("latin-1") + b"\r\n"
        self._news.clear()
        if not self.running:
            self.flush()
        return True

    def flush(self) -> None:
        """Sends what has been said, unless the modem is made to keep silent."""
        if not self._out:
            return
        said = bytes(self._out)
        self._out.clear()
        if self._gag:
            if self._gag == "silence":
                self._owed += said
            return
        for port in self.ports:
            port.write(said)

    def fall_silent(self, kind: str, seconds: float) -> None:
        """`silence` owes what it would have said, `mute` loses it; 0 seconds last until `speak_again`."""
        self.flush()
        self._gag = kind
        if seconds > 0:
            self.later(seconds, self.speak_again)

    def speak_again(self) -> None:
        self._gag = None
        owed = bytes(self._owed)
        self._owed.clear()
        for port in self.ports:
            if owed:
                port.write(owed)

    @property
    def has_news(self) -> bool:
        return bool(self._news)

    @property
    def silent(self) -> str | None:
        return self._gag
