"""Texts on their way out: +CMGS, +CMGW, +CMSS (27.005 clauses 3.5 and 4.3)."""

from dataclasses import replace
from typing import TYPE_CHECKING

from simulator import charset, strikes
from simulator.commands.answers import PENDING, Handler
from simulator.commands.parsing import Call
from simulator.errors import Refused, cms
from simulator.faults import PAYLOAD, SEND
from simulator.parcels import Raw
from simulator.smspdu import (
    OCTETS,
    UCS2,
    BadPdu,
    Submit,
    UserData,
    coding_of,
    compose,
    read_service_centre,
    read_submit,
    write_service_centre,
    write_submit,
)
from simulator.stores import SENT, UNSENT, Stored

if TYPE_CHECKING:
    from simulator.modem import Modem

_MTI_COMMAND = 2
_SHORTEST, _LONGEST = 7, 164
_STATES = {"REC UNREAD": 0, "REC READ": 1, "STO UNSENT": 2, "STO SENT": 3}


def _send(modem: "Modem", call: Call) -> object:
    if call.form == "test":
        return []
    _need_free_line(modem)
    if modem.registers.text_mode:
        to = _number(modem, call, 0)
        on_payload = lambda typed: _transmit(modem, "+CMGS", _typed_text(modem, to, typed))  # noqa: E731
    else:
        length = _length(call)
        on_payload = lambda typed: _transmit(modem, "+CMGS", *_typed_pdu(modem, length, typed))  # noqa: E731
    fault = modem.faults.strike(SEND)
    if fault and strikes.on_send(modem, fault):
        return PENDING
    if fault and fault.name == "late-prompt":
        modem.life.later(fault.seconds, modem.talk.show_prompt)
    return modem.talk.ask(on_payload, has_lines=modem.registers.text_mode,
                          show=not (fault and fault.name in ("no-prompt", "late-prompt")))


def _write(modem: "Modem", call: Call) -> object:
    if call.form == "test":
        return []
    modem.card.need_for_texts()
    if modem.registers.text_mode:
        to = _number(modem, call, 0) if call.text(0) else ""
        status = _STATES.get(call.text(2), UNSENT)
        prefix = write_service_centre(modem.sim.service_centre)
        return modem.talk.ask(lambda typed: _keep(modem, Stored(status, _typed_text(modem, to, typed), prefix)),
                         has_lines=True)
    length, status = _length(call), call.number(1, UNSENT)
    return modem.talk.ask(lambda typed: _keep(modem, _typed_anything(modem, length, status, typed)))


def _send_stored(modem: "Modem", call: Call) -> object:
    if call.form == "test":
        return []
    modem.card.need_for_texts()
    found = modem.stores.find(modem.memories[1], call.number(0))
    if found is None:
        raise cms(321)
    store, index = found
    message = store.slots[index]
    if not isinstance(message.content, Submit):
        raise cms(302)
    submit = message.content
    if call.text(1):
        submit = write_submit(submit.octets[0], _number(modem, call, 1), submit.pid, submit.validity, submit.data)
    message.status = SENT
    _transmit(modem, "+CMSS", submit)
    return PENDING


def _command(modem: "Modem", call: Call) -> object:
    """SMS-COMMAND (23.040 clause 9.2.2.4): the network notes it, and nothing comes of it."""
    if call.form == "test":
        return []
    _need_free_line(modem)
    if modem.registers.text_mode:
        return modem.talk.ask(lambda typed: _commanded(modem, typed), has_lines=True)
    length = _length(call)
    return modem.talk.ask(lambda typed: _commanded(modem, _octets(modem, length, typed)[1]))


def _commanded(modem: "Modem", octets: bytes) -> None:
    if not modem.reachable:
        raise cms(331)
    if not modem.registers.text_mode and octets[0] & 3 != _MTI_COMMAND:
        raise cms(304)
    reference = modem.sim.next_reference()
    modem.journal.write("command", port=modem.name, **{"from": modem.sim.number}, mr=reference, pdu=octets.hex().upper())
    modem.talk.finish([f"+CMGC: {reference}"])


def _need_free_line(modem: "Modem") -> None:
    """Raises the refusal of sending commands while the SIM cannot be asked, or a call or USSD session is under way."""
    modem.card.need_for_texts()
    if modem.personality.calls_block_texts and (modem.calls.busy or modem.ussd_open):
        raise cms(302)


def _length(call: Call) -> int:
    text = call.text(0)
    if not text.isdecimal() or not _SHORTEST <= int(text) <= _LONGEST:
        raise cms(304)
    return int(text)


def _number(modem: "Modem", call: Call, place: int) -> str:
    number = charset.number(call.text(place), modem.registers.cscs)
    if call.number(place + 1, 0) == 145 and not number.startswith("+"):
        number = "+" + number
    digits = number.removeprefix("+")
    if not digits or len(digits) > 20 or not set(digits) <= set("0123456789*#ABC"):
        raise cms(305)
    return number


def _octets(modem: "Modem", length: int, typed: bytes) -> tuple[bytes, bytes]:
    """Service-centre address and TPDU of a typed PDU whose TPDU should have `length` octets."""
    try:
        octets = bytes.fromhex(typed.decode("ascii"))
    except ValueError:
        raise cms(304) from None
    if not octets or len(octets) - octets[0] - 1 != length:
        raise cms(modem.personality.length_error)
    return octets[:octets[0] + 1], octets[octets[0] + 1:]


def _typed_pdu(modem: "Modem", length: int, typed: bytes) -> tuple[Submit, bool]:
    """The SUBMIT, and whether it names its own service centre."""
    centre, tpdu = _octets(modem, length, typed)
    try:
        return replace(read_submit(tpdu), centre=read_service_centre(centre)), len(centre) > 1
    except BadPdu:
        raise cms(304) from None


def _typed_anything(modem: "Modem", length: int, status: int, typed: bytes) -> Stored:
    centre, tpdu = _octets(modem, length, typed)
    try:
        return Stored(status, read_submit(tpdu), centre)
    except BadPdu:
        return Stored(status, Raw(tpdu), centre)


def _typed_text(modem: "Modem", to: str, typed: bytes) -> Submit:
    """A SUBMIT from a typed text and the parameters of +CSMP."""
    registers = modem.registers
    body = typed.decode("latin-1").replace("\r\n", "\n").replace("\r", "\n")
    coding = coding_of(registers.dcs)
    try:
        if coding == OCTETS or (coding == UCS2 and registers.cscs != "UCS2"):
            # 27.005 clause 3.1, <data>: other octets than 7-bit text are typed in hexadecimal.
            octets = bytes.fromhex(body)
            data = UserData(registers.dcs, bool(registers.first_octet & 0x40), len(octets), octets)
        else:
            parts = compose(charset.understand(body, registers.cscs), 0, registers.dcs)
            if len(parts) > 1:
                raise cms(305)
            data = parts[0]
        # Only the relative format fits what +CSMP holds in one number.
        relative = registers.first_octet >> 3 & 3 == 2
        first = registers.first_octet if relative else registers.first_octet & ~0x18
        return write_submit(first, to or "0", registers.pid, bytes((registers.validity,)) if relative else b"", data)
    except ValueError:
        raise cms(305) from None


def _transmit(modem: "Modem", name: str, submit: Submit, own_centre: bool = False) -> None:
    """Gives a text to the network after the time this takes."""
    if not modem.reachable:
        raise cms(331)
    if not own_centre and not modem.sim.service_centre:
        raise cms(330)
    seconds = modem.takes("submit") or modem.network.latency()
    modem.life.later(seconds, _on_air, modem, name, submit, modem.inbox.arrivals)


def _on_air(modem: "Modem", name: str, submit: Submit, arrivals: int) -> None:
    sim = modem.sim
    # A repeated text (TP-RD) must keep its reference to be recognised; all others get the next one.
    reference = submit.reference if submit.rejects_duplicates else sim.next_reference()
    lines = [f"{name}: {reference}"]
    try:
        if not modem.reachable:
            raise cms(331)
        if modem.personality.collision_error and modem.inbox.arrivals != arrivals:
            raise cms(modem.personality.collision_error)
        if fault := modem.faults.strike(PAYLOAD):
            strikes.on_payload(modem, fault, submit, reference, lines)
            return
        modem.network.submit(sim, submit, reference)
    except Refused as refusal:
        modem.talk.fail(refusal)
        return
    modem.talk.finish(lines)


def _keep(modem: "Modem", message: Stored) -> None:
    store = modem.stores.room(modem.memories[1])
    if store is None:
        raise cms(322)
    modem.talk.finish([f"+CMGW: {store.put(message)}"])


COMMANDS: dict[str, Handler] = {"+CMGS": _send, "+CMGW": _write, "+CMSS": _send_stored, "+CMGC": _command}
