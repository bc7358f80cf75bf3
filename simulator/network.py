"""The simulated network: takes texts from SIMs, carries them to SIMs and handsets, sends reports back, keeps what it
cannot deliver. Knows modems only as something a parcel can be offered to."""

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from simulator.errors import Unknown, cms
from simulator.handsets import Handsets, Joiner
from simulator.journal import Journal
from simulator.parcels import Parcel, Taken
from simulator.sim import Sim
from simulator.smspdu import Deliver, Report, Submit, UserData, compose, write_stamp

DELIVERED, STILL_TRYING, NOT_OBTAINABLE = 0x00, 0x30, 0x43
DUPLICATE = 197


class Terminal(Protocol):
    """What the network needs of a modem."""

    name: str

    def offer(self, parcel: Parcel) -> Taken: ...


@dataclass(slots=True)
class Pace:
    """How fast this network is, in seconds. All of it may change while it runs."""

    latency: tuple[float, float] = (0.0, 0.0)
    report_delay: float = 0.5
    answer_delay: float = 0.2
    redeliver_after: float = 2.0
    # How long a sent text can still be recognised by TP-RD.
    duplicates_known_for: float = 3600.0
    quarters_east: int = 4
    # A factor on every time, here and in the modems: 1 is real, 0.1 ten times as fast, 0 at once.
    speed: float = 1.0


class Network:
    """One service centre with its subscribers."""

    def __init__(self, journal: Journal, handsets: Handsets, pace: Pace, chance: random.Random) -> None:
        self.journal = journal
        self.handsets = handsets
        self.pace = pace
        self._chance = chance
        self._terminals: dict[str, tuple[Sim, Terminal]] = {}
        self._joiner = Joiner()
        self._long_texts = 0
        self._stamps: dict[tuple[str, str], int] = {}

    def connect(self, sim: Sim, terminal: Terminal) -> None:
        self._terminals[sim.number] = (sim, terminal)

    def later(self, seconds: float, act: Callable[..., object], *arguments: object) -> None:
        """Does something after a time of the network."""
        asyncio.get_running_loop().call_later(seconds * self.pace.speed, act, *arguments)

    def latency(self) -> float:
        """How long the next submission takes."""
        low, high = self.pace.latency
        return self._chance.uniform(low, high) if high else 0.0

    # -- from a SIM ----------------------------------------------------------------------------------------------

    def submit(self, sim: Sim, submit: Submit, reference: int, report_delay: float | None = None) -> None:
        """Takes a text from a SIM. Raises Refused (CMS) when the service centre does not want it."""
        to = dialled(submit.to)
        port = self._terminals[sim.number][1].name
        data = submit.data
        text, concat = data.text, data.concat
        behaviour = self.handsets.of(to)
        refusal = self._refusal(sim, submit, reference, to)
        facts = {"port": port, "from": sim.number, "to": to, "mr": reference, "text": text,
                 "concat": [concat.reference, concat.total, concat.number] if concat else None,
                 "dcs": data.dcs, "report": submit.wants_report, "rd": submit.rejects_duplicates,
                 "pdu": submit.octets.hex().upper()}
        if refusal is not None:
            self.journal.write("refused", code=refusal, **facts)
            raise cms(refusal)
        now = time.time()
        sim.sent[reference, to] = now
        self.journal.write("submit", **facts)
        stamp = write_stamp(now, self.pace.quarters_east)
        delay = self.pace.report_delay if report_delay is None else report_delay
        if to in self._terminals:
            self._carry(sim, submit, reference, to, stamp, delay)
            return
        if behaviour.kind == "fail":
            self._report_later(delay, sim, submit, reference, stamp, behaviour.number(NOT_OBTAINABLE))
            return
        if behaviour.kind == "temporary":
            self._report_later(delay, sim, submit, reference, stamp, STILL_TRYING)
            more = float(behaviour.detail or delay)
            self._report_later(delay + more, sim, submit, reference, stamp, DELIVERED)
            self.later(delay + more, self._reach_handset, sim.number, to, data, text)
            return
        if behaviour.kind != "noreport":
            self._report_later(delay, sim, submit, reference, stamp, DELIVERED)
        self._reach_handset(sim.number, to, data, text)

    def _refusal(self, sim: Sim, submit: Submit, reference: int, to: str) -> int | None:
        if submit.rejects_duplicates:
            earlier = sim.sent.get((reference, to))
            if earlier is not None and time.time() - earlier < self.pace.duplicates_known_for:
                return DUPLICATE
        behaviour = self.handsets.of(to)
        return behaviour.number(38) if behaviour.kind == "refuse" else None

    def _carry(self, sim: Sim, submit: Submit, reference: int, to: str, stamp: bytes, delay: float) -> None:
        """From one SIM of the bank to another; the user data travels unchanged."""
        deliver = Deliver(sim.number, self._stamp(sim.number, to), submit.pid, submit.data)

        def arrived() -> None:
            self._report_later(delay, sim, submit, reference, stamp, DELIVERED)

        self._post(to, Parcel(deliver, sim.number, submit.data.text, arrived))

    def _reach_handset(self, sender: str, number: str, data: UserData, text: str | None) -> None:
        whole = self._arrived(sender, number, data, text)
        if whole is None:
            return
        behaviour = self.handsets.of(number)
        if behaviour.kind in ("echo", "answer"):
            answer = f"echo: {whole}" if behaviour.kind == "echo" else behaviour.detail
            self.later(self.pace.answer_delay, self.send, number, sender, answer)

    # -- to a SIM ------------------------------------------------------------------------------------------------

    def send(self, sender: str, to: str, text: str, dcs: int | None = None) -> int:
        """A text from outside to a SIM of the bank, in as many parts as it needs. Raises Unknown for a stranger."""
        if to not in self._terminals:
            raise Unknown(f"no SIM of this bank has the number {to}")
        self._long_texts += 1
        parts = compose(text, self._long_texts, dcs)
        for data in parts:
            self._post(to, Parcel(Deliver(sender, self._stamp(sender, to), 0, data), sender, data.text))
        return len(parts)

    def send_octets(self, sender: str, to: str, parcel: Parcel) -> None:
        """A ready-made message to a SIM of the bank."""
        if to not in self._terminals:
            raise Unknown(f"no SIM of this bank has the number {to}")
        self._post(to, parcel)

    def pump(self, sim: Sim) -> None:
        """Offers what waits for a SIM until something has to wait again."""
        terminal = self._terminals[sim.number][1]
        while sim.waiting:
            parcel = sim.waiting[0]
            parcel.attempts += 1
            taken = terminal.offer(parcel)
            if taken is Taken.YES:
                self._done(sim)
                continue
            if taken in (Taken.FULL, Taken.AWAY) and parcel.held_for != taken.value:
                parcel.held_for = taken.value
                self.journal.write("held", port=terminal.name, to=sim.number, **{"from": parcel.sender},
                                   text=parcel.text, why=taken.value)
            return

    def acknowledged(self, sim: Sim, positive: bool) -> None:
        """The word of a client about the parcel it was shown."""
        if positive:
            self._done(sim)
            self.pump(sim)
            return
        self.later(self.pace.redeliver_after, self.pump, sim)

    def _done(self, sim: Sim) -> None:
        parcel = sim.waiting.popleft()
        if isinstance(parcel.content, Deliver):
            self._arrived(parcel.sender, sim.number, parcel.content.data, parcel.text)
        if parcel.arrived:
            parcel.arrived()

    def _post(self, to: str, parcel: Parcel) -> None:
        sim = self._terminals[to][0]
        sim.waiting.append(parcel)
        self.pump(sim)

    def _arrived(self, sender: str, to: str, data: UserData, text: str | None) -> str | None:
        """Notes a whole text at its recipient, and returns it."""
        whole = self._joiner.add(sender, to, data, text)
        if whole is None:
            return None
        self.journal.write("text", **{"from": sender}, to=to, text=whole[0], parts=whole[1])
        return whole[0]

    def _stamp(self, sender: str, to: str) -> bytes:
        """The time of arrival here. Never the same twice between two numbers, so that two equal texts can be told
        apart by their stamps."""
        moment = max(int(time.time()), self._stamps.get((sender, to), 0) + 1)
        self._stamps[sender, to] = moment
        return write_stamp(moment, self.pace.quarters_east)

    # -- reports -------------------------------------------------------------------------------------------------

    def _report_later(self, delay: float, sim: Sim, submit: Submit, reference: int, stamp: bytes, status: int) -> None:
        if not submit.wants_report:
            return
        if delay < 0:
            self._report(sim, submit, reference, stamp, status)
            return
        self.later(delay, self._report, sim, submit, reference, stamp, status)

    def _report(self, sim: Sim, submit: Submit, reference: int, stamp: bytes, status: int) -> None:
        discharge = write_stamp(time.time(), self.pace.quarters_east)
        report = Report(reference, submit.address, stamp, discharge, status)
        self._post(sim.number, Parcel(report, dialled(submit.to)))


def dialled(number: str, country: str = "49") -> str:
    """A dialled number as the network knows its subscribers: international; short codes stay as they are."""
    if number.startswith("00"):
        return "+" + number[2:]
    if number.startswith("0"):
        return f"+{country}{number[1:]}"
    return number
