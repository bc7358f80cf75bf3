"""The simulated network: takes texts from SIMs, carries them to SIMs and handsets, sends reports back, keeps what it
cannot deliver. Knows modems only as something a parcel can be offered to; whether it takes a text is in admission.py."""

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from typing import Protocol

from simulator import outside, validity
from simulator.admission import Admission
from simulator.errors import Unknown, cms
from simulator.handsets import Handsets
from simulator.joiner import Joiner
from simulator.journal import Journal
from simulator.pace import Pace
from simulator.parcels import Parcel, Taken
from simulator.rules import Attempt
from simulator.sim import Sim
from simulator.smspdu import Deliver, Report, Submit, UserData, compose, write_stamp

DELIVERED, STILL_TRYING, NOT_OBTAINABLE, EXPIRED = 0x00, 0x30, 0x43, 0x46
DUPLICATE = 197
HOME, SEARCHING, DENIED = 1, 2, 3


class Terminal(Protocol):
    """What the network needs of a modem."""

    name: str

    def offer(self, parcel: Parcel) -> Taken: ...
    def set_registration(self, state: int) -> None: ...


@dataclass(frozen=True, slots=True)
class Sent:
    """A text the service centre has taken."""

    sim: Sim
    submit: Submit
    reference: int
    to: str
    stamp: bytes
    report_delay: float

    @property
    def validity(self) -> float | None:
        return validity.seconds(self.submit.octets[0], self.submit.validity)


class Network:
    """One operator with its service centres and subscribers."""

    def __init__(self, journal: Journal, handsets: Handsets, pace: Pace, chance: random.Random) -> None:
        self.journal = journal
        self.handsets = handsets
        self.pace = pace
        self.admission = Admission()
        self.coverage = True
        self._chance = chance
        self._terminals: dict[str, tuple[Sim, Terminal]] = {}
        self._joiner = Joiner()
        self._long_texts = 0
        self._stamps: dict[tuple[str, str], int] = {}
        # What a terminal has shown to its client and not yet heard about.
        self._shown: dict[str, Parcel] = {}

    def connect(self, sim: Sim, terminal: Terminal) -> None:
        self._terminals[sim.number] = (sim, terminal)

    def number_of(self, name: str) -> str:
        """The number of the SIM in a port, or the number itself."""
        return next((number for number, (_, terminal) in self._terminals.items() if terminal.name == name), name)

    def later(self, seconds: float, act: Callable[..., object], *arguments: object) -> None:
        """Does something after a time of the network."""
        asyncio.get_running_loop().call_later(seconds * self.pace.speed, act, *arguments)

    def latency(self) -> float:
        """How long the next submission takes."""
        return self.pace.latency.draw(self._chance)

    def set_coverage(self, there: bool) -> None:
        """The cell goes away for all terminals, or comes back."""
        self.coverage = there
        for _, terminal in self._terminals.values():
            terminal.set_registration(HOME if there else SEARCHING)

    def ussd(self, sim: Sim, code: str) -> tuple[int, str]:
        """The network's answer to a USSD code: first field of +CUSD and the text."""
        return self.admission.credit.ussd(sim.number, code)

    # -- from a SIM ----------------------------------------------------------------------------------------------

    def submit(self, sim: Sim, submit: Submit, reference: int, report_delay: float | None = None) -> None:
        """Takes a text from a SIM. Raises Refused (CMS) when the service centre does not want it."""
        to = self.admission.numbers.dialled(submit.to)
        terminal = self._terminals[sim.number][1]
        text, concat = submit.data.text, submit.data.concat
        attempt = Attempt(sim.number, to, self.admission.numbers.kind(to), submit.centre or sim.service_centre, text or "")
        refusal = self._refusal(sim, submit, reference, attempt)
        facts = {"port": terminal.name, "from": sim.number, "to": to, "mr": reference, "text": text,
                 "concat": [concat.reference, concat.total, concat.number] if concat else None,
                 "dcs": submit.data.dcs, "report": submit.wants_report, "rd": submit.rejects_duplicates,
                 "pdu": submit.octets.hex().upper()}
        if refusal is not None:
            self.journal.write("refused", code=refusal, **facts)
            if self.admission.caps.blocks(sim.number):
                terminal.set_registration(DENIED)
            raise cms(refusal)
        self.admission.taken(attempt)
        now = time.time()
        sim.sent[reference, to] = now
        self.journal.write("submit", **facts)
        delay = self.pace.report_delay if report_delay is None else report_delay
        sent = Sent(sim, submit, reference, to, write_stamp(now, self.pace.quarters_east), delay)
        if to in self._terminals:
            self._carry(sent)
        else:
            self._meet_fate(sent)

    def _refusal(self, sim: Sim, submit: Submit, reference: int, attempt: Attempt) -> int | None:
        if submit.rejects_duplicates:
            earlier = sim.sent.get((reference, attempt.to))
            if earlier is not None and time.time() - earlier < self.pace.duplicates_known_for:
                return DUPLICATE
        fate = self.handsets.of(attempt.to).fate
        if fate.kind == "refuse":
            return fate.number(38)
        return self.admission.cause(attempt, self.pace, self._chance)

    def _carry(self, sent: Sent) -> None:
        """From one SIM of the bank to another; the user data travels unchanged."""
        sim, submit, to = sent.sim, sent.submit, sent.to
        deliver = Deliver(sim.number, self._stamp(sim.number, to), submit.pid, submit.data)
        parcel = Parcel(deliver, sim.number, submit.data.text, lambda: self._report_later(sent, DELIVERED))
        self._post(to, parcel)
        if (lasts := sent.validity) is not None and parcel in self._terminals[to][0].waiting:
            asyncio.get_running_loop().call_later(self.pace.window(lasts), self._expire, sent, parcel)

    def _expire(self, sent: Sent, parcel: Parcel) -> None:
        """TP-VP is over: what still waits is thrown away and reported."""
        waiting = self._terminals[sent.to][0].waiting
        if parcel not in waiting:
            return
        if self._shown.get(sent.to) is parcel:
            self.later(self.pace.redeliver_after, self._expire, sent, parcel)
            return
        waiting.remove(parcel)
        self._report(sent, EXPIRED)

    def _meet_fate(self, sent: Sent) -> None:
        """What becomes of a text for a handset."""
        fate = self.handsets.of(sent.to).fate
        if fate.kind == "fail":
            self._report_later(sent, fate.number(NOT_OBTAINABLE))
            return
        wait = 0.0
        if fate.kind == "off":
            wait, lasts = fate.seconds(inf), inf if sent.validity is None else sent.validity
            if lasts < wait:
                asyncio.get_running_loop().call_later(self.pace.window(lasts), self._report, sent, EXPIRED)
            if lasts < wait or wait == inf:
                return
        elif fate.kind == "temporary":
            self._report_later(sent, STILL_TRYING)
            wait = sent.report_delay + fate.seconds(sent.report_delay)
        if wait:
            self.later(wait, self._reach_handset, sent)
        else:
            self._reach_handset(sent)
        if fate.kind != "noreport":
            self._report_later(sent, DELIVERED, wait + (fate.seconds(60.0) if fate.kind == "late" else 0.0))
        if fate.kind == "doublereport":
            self._report_later(sent, DELIVERED)

    def _reach_handset(self, sent: Sent) -> None:
        sender, number, data = sent.sim.number, sent.to, sent.submit.data
        whole = self._arrived(sender, number, data, data.text)
        answer = self.handsets.of(number).answer
        if whole is None or answer.kind == "silent":
            return
        texts = {"echo": f"text:echo: {whole}", "answer": f"text:{answer.detail}"}
        what = texts.get(answer.kind, f"{answer.kind}:{answer.detail}")
        self.later(self.pace.answer_delay, self.send_like, number, sender, what)

    # -- to a SIM ------------------------------------------------------------------------------------------------

    def send(self, sender: str, to: str, text: str, dcs: int | None = None) -> int:
        """A text from outside to a SIM of the bank, in as many parts as it needs. Raises Unknown for a stranger."""
        self._long_texts += 1
        return self._send_parts(sender, to, compose(text, self._long_texts, dcs))

    def send_like(self, sender: str, to: str, what: str) -> int:
        """A message of a kind that outside.py knows, as `long:reversed`. Raises ValueError, Unknown."""
        self._long_texts += 1
        return self._send_parts(sender, to, outside.message(what, self._long_texts, self._chance))

    def _send_parts(self, sender: str, to: str, parts: list[UserData]) -> int:
        if to not in self._terminals:
            raise Unknown(f"no SIM of this bank has the number {to}")
        stamps: dict[int, bytes] = {}
        for data in parts:
            # A part that comes twice is the same message twice: the copy has the stamp of the first.
            if id(data) not in stamps:
                stamps[id(data)] = self._stamp(sender, to)
            self._post(to, Parcel(Deliver(sender, stamps[id(data)], 0, data), sender, data.text))
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
            if taken is Taken.ASKED:
                self._shown[sim.number] = parcel
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
        self._shown.pop(sim.number, None)
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

    def _report_later(self, sent: Sent, status: int, extra: float = 0.0) -> None:
        """A report after the delay of the network and what a handset adds to it; a delay below 0 is before the result."""
        if sent.report_delay < 0 and not extra:
            self._report(sent, status)
        else:
            self.later(max(sent.report_delay, 0.0) + extra, self._report, sent, status)

    def _report(self, sent: Sent, status: int) -> None:
        if not sent.submit.wants_report:
            return
        discharge = write_stamp(time.time(), self.pace.quarters_east)
        report = Report(sent.reference, sent.submit.address, sent.stamp, discharge, status)
        self._post(sent.sim.number, Parcel(report, sent.to))
