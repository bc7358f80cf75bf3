"""One port of a box: works its own queue off, one part at a time, and takes what the network brings."""

from __future__ import annotations

from collections import Counter, deque
from typing import TYPE_CHECKING, Any

from simulator.dinstar.faults import AIR
from simulator.dinstar.records import DELIVERED, FAILED, SENDING, SENT_OK, Outgoing
from simulator.dinstar.reports import Reports
from simulator.errors import Refused
from simulator.joiner import Joiner
from simulator.parcels import Parcel, Taken
from simulator.sim import Sim
from simulator.smspdu import BadPdu, Deliver, Report, Submit, write_submit

if TYPE_CHECKING:
    from simulator.dinstar.box import Box

HOME, ROAMING, SEARCHING = 1, 5, 2
_REG = {0: "UNREGISTER", HOME: "REGISTER_OK", SEARCHING: "SEARCHING_NETWORK", 3: "UNREGISTER", 4: "UNKNOWN", ROAMING: "REGISTER_OK"}
# SUBMIT with a relative validity of 24 hours; bit 5 asks for a report.
_FIRST, _WITH_REPORT, _VALIDITY = 0x11, 0x20, b"\xa7"
_MORE_WANTED = 1


class BoxPort:
    """A radio module with its SIM."""

    def __init__(self, box: Box, place: int, sims: list[Sim], imei: str) -> None:
        self.box: Box = box
        self.place = place
        self.name = f"{box.plan.name}.{place}"
        self.sims: list[Sim] = sims
        self.slot: int = 0
        self.imei: str = imei
        # What the box shows as its number; a client may write anything there.
        self.number: str = sims[0].number
        self.signal: int = 23
        self.powered: bool = True
        self.sim_present: bool = True
        self.registration = HOME
        self.locked = self.blocked = self.exhausted = False
        self.used: Counter[str] = Counter()
        self.queue: deque[Outgoing] = deque()
        self.current: Outgoing | None = None
        self.hung = False
        self.ussd_pending = self.ussd_open = False
        self._life = 0
        self._joiner = Joiner()
        self._reports = Reports(self)

        for each in sims:
            box.network.connect(each, _Slot(self, each))

    # -- state ---------------------------------------------------------------------------------------------------

    @property
    def sim(self) -> Sim:
        """The SIM in use."""
        return self.sims[self.slot]

    def take_slot(self, slot: int) -> None:
        self.slot, self.number = slot, self.sims[slot].number

    @property
    def reg(self) -> str:
        """The word of get_port_info."""
        if not self.powered:
            return "POWER_OFF"
        if not self.sim_present:
            return "NO_SIM"
        if self.sim.state != "READY":
            return "PUK_REQUIRE" if self.sim.state == "SIM PUK" else "PIN_REQUIRE"
        return _REG.get(self.registration, "UNKNOWN")

    @property
    def registered(self) -> bool:
        return self.reg == "REGISTER_OK"

    @property
    def usable(self) -> bool:
        """Whether the box gives it texts."""
        return self.registered and not (self.locked or self.blocked or self.out_of_limit)

    @property
    def out_of_limit(self) -> bool:
        return self.exhausted or 0 < self.box.plan.limit <= self.used[self.sim.imsi]

    @property
    def load(self) -> int:
        return len(self.queue) + (self.current is not None)

    def set_registration(self, state: int) -> None:
        self._change(registration=state)

    def set_sim(self, present: bool) -> None:
        self._change(sim_present=present)

    def set_pin(self, pin: str) -> None:
        """The SIM asks for this PIN, which nobody can enter; without one it never asks again."""
        before = self.registered
        if pin:
            self.sim.lock(pin)
        else:
            self.sim.pin_wanted, self.sim.unlocked = False, True
        self._tell_change(before)

    def set_power(self, on: bool) -> None:
        """Without power the text under way has failed; what waits fails when its turn comes."""
        if not on:
            if self.current is not None:
                self._finish(self.current, False)
            self.forget(self.queue)
        self._change(powered=on, registration=HOME if on and self.box.network.coverage else SEARCHING)

    def _change(self, **values: Any) -> None:
        before = self.registered
        for name, value in values.items():
            setattr(self, name, value)
        self._tell_change(before)

    def _tell_change(self, before: bool) -> None:
        if self.registered != before:
            self.box.registration_changed(self)
        if self.registered:
            self.box.network.pump(self.sim)

    # -- out -----------------------------------------------------------------------------------------------------

    def take(self, text: Outgoing) -> None:
        self.queue.append(text)
        if self.current is None:
            self._next()

    def forget(self, kept: deque[Outgoing] | None = None) -> None:
        """A restart: nothing waits any more but what is `kept`. A part on the air goes out, and nobody hears of it."""
        self._life += 1
        self.current, self.hung, self.ussd_pending, self.ussd_open = None, False, False, False
        self._reports.forget()
        self.queue = kept or deque()
        if self.queue:
            self._next()

    def go_on(self) -> None:
        """A port that hung works again."""
        if self.hung:
            self.hung = False
            self._work()

    def _next(self) -> None:
        if self.queue:
            self.current = self.queue.popleft()
            self._work()

    def _work(self) -> None:
        text = self.current
        if text is None:
            return
        if fault := self.box.faults.strike(AIR, place=self.place):
            if fault.name == "hung-port":
                self.hung = True
                return
            text.result_lost = fault.name == "no-result"
            text.lie = fault.name if fault.name in ("fail", "false-failed") else ""
        self._start_part(text)

    def _start_part(self, text: Outgoing) -> None:
        network = self.box.network
        network.later(network.latency(), self._on_air, self._life, text)

    def _on_air(self, life: int, text: Outgoing) -> None:
        sent = self._transmit(text)
        if life != self._life:
            return
        if sent:
            text.sent += 1
            self.used[self.sim.imsi] += 1
        if sent and text.sent < len(text.parts):
            self._start_part(text)
            return
        self._finish(text, sent)
        self.current = None
        self._next()

    def _transmit(self, text: Outgoing) -> bool:
        """Whether the network took the next part."""
        if not self.registered or self.out_of_limit or text.lie == "fail":
            return False
        network = self.box.network
        try:
            submit = _submit(text)
        except BadPdu:
            # More digits than an address can hold.
            return False
        reference = self.sim.next_reference()
        number = network.admission.numbers.dialled(text.number)
        if text.wants_report:
            self._reports.expect(reference, number, text)
        try:
            network.submit(self.sim, submit, reference)
        except Refused:
            self._reports.expect_no_more(reference, number)
            return False
        text.ref_id = reference
        return True

    def _finish(self, text: Outgoing, sent: bool) -> None:
        if text.result_lost:
            return
        text.time = self.box.time()
        if not sent or text.lie:
            text.status = FAILED
        elif text.status == SENDING:
            text.status = DELIVERED if text.delivered >= len(text.parts) else SENT_OK
        self.box.push("sms_result", [text.shown()])

    # -- in ------------------------------------------------------------------------------------------------------

    def offer(self, parcel: Parcel) -> Taken:
        """The network brings a text or a report."""
        if not self.registered or self.box.down:
            return Taken.AWAY
        if isinstance(parcel.content, Report):
            self.box.journal.write("report", port=self.name, to=self.sim.number, **{"from": parcel.sender},
                                   mr=parcel.content.reference, status=parcel.content.status, how="taken")
            self._reports.came(parcel.content, parcel.sender)
        else:
            self._arrived(parcel)
        return Taken.YES

    def _arrived(self, parcel: Parcel) -> None:
        content = parcel.content
        concat = content.data.concat if isinstance(content, Deliver) else None
        self.box.journal.write("deliver", port=self.name, **{"from": parcel.sender}, to=self.sim.number, text=parcel.text,
                               concat=[concat.reference, concat.total, concat.number] if concat else None, how="stored",
                               store=self.box.plan.name, index=self.box.memory.last_incoming + 1, pdu=content.octets.hex().upper())
        if not isinstance(content, Deliver):
            return
        whole = self._joiner.add(parcel.sender, self.sim.number, content.data, parcel.text)
        if whole is not None:
            self.box.keep_incoming(self, parcel.sender, whole[0])

    # -- USSD ----------------------------------------------------------------------------------------------------

    def ussd(self, code: str) -> None:
        self.ussd_pending = True
        self.box.memory.ussd.pop(self.place, None)
        self.box.network.later(self.box.network.latency(), self._ussd_answered, self._life, code)

    def cancel_ussd(self) -> None:
        self.ussd_pending = self.ussd_open = False

    def _ussd_answered(self, life: int, code: str) -> None:
        if life != self._life or not self.ussd_pending:
            return
        state, answer = self.box.network.ussd(self.sim, code)
        self.ussd_pending, self.ussd_open = False, state == _MORE_WANTED
        self.box.memory.ussd[self.place] = answer
        self.box.push("ussd", [{"port": self.place, "text": answer}])


class _Slot:
    """One SIM of a port as the network knows it: not reachable while another is in use."""

    def __init__(self, port: BoxPort, sim: Sim) -> None:
        self.name = port.name
        self._port = port
        self._sim = sim

    def offer(self, parcel: Parcel) -> Taken:
        return self._port.offer(parcel) if self._port.sim is self._sim else Taken.AWAY

    def set_registration(self, state: int) -> None:
        if self._port.sim is self._sim:
            self._port.set_registration(state)


def _submit(text: Outgoing) -> Submit:
    """The next part as it goes on the air."""
    first = _FIRST | (_WITH_REPORT if text.wants_report else 0)
    return write_submit(first, text.number, 0, _VALIDITY, text.parts[text.sent])
