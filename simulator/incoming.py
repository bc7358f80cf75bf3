"""What a modem does with a text or report the network offers: store it, show it, wait for the client's word
(27.005 clauses 3.4.1 to 3.4.4)."""

from typing import TYPE_CHECKING, Any

from simulator import strikes, textmode
from simulator.faults import NEWS
from simulator.parcels import Parcel, Raw, Taken
from simulator.smspdu import OCTETS, Deliver, Report, class_of, write_service_centre
from simulator.stores import READ, UNREAD, Stored

if TYPE_CHECKING:
    from simulator.modem import Modem

# News a modem with CNMI mode 0 keeps for later; the oldest goes first.
_MOST_KEPT = 40


class Inbox:
    """The receiving side of one modem."""

    def __init__(self, modem: "Modem") -> None:
        self._modem = modem
        self._asked: Parcel | None = None
        self._asked_number = 0
        self._kept: list[list[str]] = []
        # How many texts came in so far: a sending modem is disturbed by them.
        self.arrivals = 0
        self.listed = False

    def start(self) -> None:
        """With each start of the modem. Some firmware finds records in its own store that nobody put there."""
        self.listed = False
        for _ in range(self._modem.personality.dummy_records):
            if (store := self._modem.stores.room("ME")) is not None:
                store.put(Stored(READ, Raw(b"\xff" * 20), b"\0"))

    @property
    def waits_for_word(self) -> bool:
        return self._asked is not None

    def forget(self) -> None:
        """What was shown and not acknowledged stays with the network."""
        self._asked = None
        self._kept.clear()

    def offer(self, parcel: Parcel) -> Taken:
        if not self._modem.reachable:
            return Taken.AWAY
        if self._asked is not None:
            return Taken.BUSY
        if fault := self._modem.faults.strike(NEWS, "cnmi-reset"):
            strikes.general(self._modem, fault)
        if isinstance(parcel.content, Report):
            return self._offer_report(parcel, parcel.content)
        self.arrivals += 1
        taken = self._offer_text(parcel)
        if taken is Taken.YES and self._modem.faults.strike(NEWS, "delivered-twice"):
            self._offer_text(parcel)
        return taken

    def _offer_text(self, parcel: Parcel) -> Taken:
        mt = self._modem.registers.cnmi[1]
        data = getattr(parcel.content, "data", None)
        kind = class_of(data.dcs) if data else None
        # Class 2 belongs on the SIM whatever mt says; mt=3 shows class 3 alone.
        if (mt == 2 and kind != 2) or (mt == 3 and kind == 3):
            return self._show(parcel)
        family = self._modem.personality
        if family.push_blocks and any(_is_push(message) for _, message in self._modem.stores.list(self._modem.memories[-1])):
            return Taken.FULL
        return self._store(parcel, self._modem.memories[-1], "+CMTI", mt != 0, family.text_announced_as)

    def _offer_report(self, parcel: Parcel, report: Report) -> Taken:
        ds = self._modem.registers.cnmi[3]
        if ds == 1:
            return self._show(parcel)
        if ds == 2:
            personality = self._modem.personality
            return self._store(parcel, personality.report_store, "+CDSI", True, personality.report_announced_as)
        self._note(parcel, "dropped")
        return Taken.YES

    def _store(self, parcel: Parcel, name: str, urc: str, announce: bool, shown_as: str = "") -> Taken:
        modem = self._modem
        store = modem.stores.room(name)
        if store is None:
            if modem.personality.full_urc and not parcel.held_for:
                modem.voice.news([modem.personality.full_urc])
            return Taken.FULL
        index = store.put(Stored(UNREAD, parcel.content, self._prefix(parcel)))
        self._note(parcel, "stored", store=store.name, index=index)
        if announce:
            self._tell(f'{urc}: "{shown_as or store.name}"', index)
        return Taken.YES

    def _prefix(self, parcel: Parcel) -> bytes:
        """What stands before the TPDU in the store: the service centre, unless the firmware has its own idea."""
        family = self._modem.personality
        centre = write_service_centre(self._modem.sim.service_centre) if family.keeps_centre else b""
        return bytes.fromhex(family.report_prefix) + centre if isinstance(parcel.content, Report) else centre

    def _tell(self, where: str, index: int) -> None:
        """Announces a stored text, unless a fault has it otherwise."""
        fault = self._modem.faults.strike(NEWS, "lost-notification", "full-notice", "index-lost", "announced-twice")
        kind = fault.name if fault else ""
        if kind == "lost-notification":
            return
        if fault and kind == "index-lost":
            index = int(fault.options["index"])
        line = str(fault.options["line"]) if fault and kind == "full-notice" else f"{where},{index}"
        for _ in range(2 if kind == "announced-twice" else 1):
            self._announce([line])

    def _show(self, parcel: Parcel) -> Taken:
        modem = self._modem
        family = modem.personality
        lines = textmode.shown(parcel.content, modem.registers, modem.sim.service_centre)
        is_report = isinstance(parcel.content, Report)
        if is_report and not modem.registers.text_mode:
            lines[0] = family.report_line.format(length=len(parcel.content.octets))
        self._announce(textmode.dressed(lines, family))
        if modem.registers.csms == 0 or not (family.reports_ackable if is_report else family.texts_ackable):
            self._note(parcel, "shown")
            return Taken.YES
        self._asked = parcel
        self._asked_number += 1
        modem.life.wait_for_client(modem.ack_seconds, self._word_missed, self._asked_number)
        return Taken.ASKED

    def acknowledge(self, positive: bool) -> bool:
        """The client's +CNMA. False when nothing was asked."""
        parcel, self._asked = self._asked, None
        if parcel is None:
            return False
        self._note(parcel, "shown" if positive else "rejected")
        self._modem.network.acknowledged(self._modem.sim, positive)
        return True

    def _word_missed(self, number: int) -> None:
        parcel = self._asked
        if parcel is None or number != self._asked_number:
            return
        self._asked = None
        registers = self._modem.registers
        mode, _, bm, _, bfr = registers.cnmi
        # 27.005 clause 3.4.4: without the acknowledgement mt and ds fall to zero.
        registers.cnmi = (mode, 0, bm, 0, bfr)
        self._modem.journal.write("unacknowledged", port=self._modem.name, to=self._modem.sim.number,
                                  **{"from": parcel.sender}, text=parcel.text)
        self._modem.network.acknowledged(self._modem.sim, False)

    def _announce(self, lines: list[str]) -> None:
        if self._modem.registers.cnmi[0] == 0:
            self._kept.append(lines)
            del self._kept[:-_MOST_KEPT]
            return
        self._modem.voice.news(lines)

    def mode_changed(self) -> None:
        """After +CNMI: what was kept in mode 0 is said now, or dropped when bfr is 1."""
        mode, _, _, _, bfr = self._modem.registers.cnmi
        if mode == 0:
            return
        kept, self._kept = self._kept, []
        if bfr == 0:
            for lines in kept:
                self._modem.voice.news(lines)

    def _note(self, parcel: Parcel, how: str, **where: Any) -> None:
        content = parcel.content
        sim, journal, port = self._modem.sim, self._modem.journal, self._modem.name
        if isinstance(content, Report):
            journal.write("report", port=port, to=sim.number, **{"from": parcel.sender}, mr=content.reference,
                          status=content.status, how=how, **where)
            return
        concat = content.data.concat if hasattr(content, "data") else None
        journal.write("deliver", port=port, **{"from": parcel.sender}, to=sim.number, text=parcel.text,
                      concat=[concat.reference, concat.total, concat.number] if concat else None, how=how, **where,
                      pdu=content.octets.hex().upper())


def _is_push(message: Stored) -> bool:
    """Whether this is data for a program rather than a text, as the notification of an MMS is."""
    return isinstance(message.content, Deliver) and message.content.data.coding == OCTETS
