"""The reports a port awaits: which text each belongs to, and what it makes of its result."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.dinstar.faults import REPORT
from simulator.dinstar.records import DELIVERED, SENT_OK, Outgoing
from simulator.smspdu import Report

if TYPE_CHECKING:
    from simulator.dinstar.port import BoxPort

# Below it arrived, from here on it is on its way, from there on it never will arrive (23.040 clause 9.2.3.15).
_ON_ITS_WAY, _NEVER = 32, 64
# Nobody waits for the oldest any more when there are so many.
_MOST = 2000


class Reports:
    """The texts of one port that still wait for a report, by reference and recipient; the newest counts."""

    def __init__(self, port: BoxPort) -> None:
        self._port = port
        self._awaited: dict[tuple[int, str], Outgoing] = {}

    def expect(self, reference: int, number: str, text: Outgoing) -> None:
        self._awaited[reference, number] = text
        if len(self._awaited) > _MOST:
            del self._awaited[next(iter(self._awaited))]

    def expect_no_more(self, reference: int, number: str) -> None:
        self._awaited.pop((reference, number), None)

    def forget(self) -> None:
        self._awaited.clear()

    def came(self, report: Report, number: str) -> None:
        """The network brought one; a fault may have it otherwise."""
        box = self._port.box
        if fault := box.faults.strike(REPORT, place=self._port.place):
            if fault.name == "lost-report":
                return
            self._note(report.reference, number, int(fault.options["status"]))
            box.network.later(fault.seconds, self._note, report.reference, number, report.status)
            return
        self._note(report.reference, number, report.status)

    def _note(self, reference: int, number: str, status: int) -> None:
        box, port = self._port.box, self._port
        text = self._awaited.get((reference, number))
        shown = {"port": port.place, "number": text.number if text else number, "time": box.time(), "ref_id": reference,
                 "status_code": status, "imsi": port.sim.imsi}
        box.memory.keep_status(shown)
        box.push("sms_deliver_status", [shown])
        if text is None or _ON_ITS_WAY <= status < _NEVER:
            return
        self.expect_no_more(reference, number)
        if status >= _NEVER:
            return
        text.delivered += 1
        if text.delivered >= len(text.parts) and text.status == SENT_OK:
            text.status, text.time = DELIVERED, box.time()
