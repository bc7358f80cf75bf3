"""The SIM's lock: PIN, PUK, counters, facility lock."""

from typing import TYPE_CHECKING

from simulator.commands.answers import Handler
from simulator.commands.parsing import Call
from simulator.errors import cme

if TYPE_CHECKING:
    from simulator.modem import Modem

_SIM_CARD, _QUERY = "SC", 2
# Call barrings of the network; none is ever active here.
_BARRINGS = ("AO", "OI", "OX", "AI", "IR", "AB", "AG", "AC")
_READ_BINARY, _EF_ICCID, _EF_IMSI = 176, 12258, 28423


def _pin(modem: "Modem", call: Call) -> list[str]:
    sim = modem.sim
    if call.form == "test":
        return []
    modem.card.need_found()
    if call.form == "read":
        if not modem.card.ready:
            raise cme(14)
        return [f"+CPIN: {sim.state}"]
    if sim.state == "READY":
        raise cme(3)
    if sim.state == "SIM PUK":
        if len(call.arguments) < 2:
            raise cme(12)
        right = sim.enter_puk(call.text(0), call.text(1))
    else:
        right = sim.enter_pin(call.text(0))
    if not right:
        raise cme(12 if sim.state == "SIM PUK" else 16)
    modem.sim_unlocked()
    return []


def _counter(modem: "Modem", call: Call) -> list[str]:
    sim = modem.sim
    line = modem.personality.pin_counter[call.source]
    return [line.format(pin=sim.pin_tries, puk=sim.puk_tries, state=sim.state)]


def _facility_lock(modem: "Modem", call: Call) -> list[str]:
    if call.form == "test":
        return ['+CLCK: ("SC","' + '","'.join(_BARRINGS) + '")']
    facility, mode = call.text(0).upper(), call.number(1)
    if mode > _QUERY:
        raise cme(50)
    if facility in _BARRINGS and mode == _QUERY:
        modem.card.need()
        return ["+CLCK: 0"]
    if facility != _SIM_CARD:
        raise cme(4)
    if mode == _QUERY:
        return [f"+CLCK: {int(modem.sim.pin_wanted)}"]
    modem.card.need()
    if not modem.sim.enter_pin(call.text(2)):
        raise cme(16)
    modem.sim.pin_wanted = mode == 1
    return []


def _password(modem: "Modem", call: Call) -> list[str]:
    """+CPWD: a new PIN for the old one; only while the SIM asks for one (27.007 clause 7.5)."""
    if call.form == "test":
        return ['+CPWD: ("SC",8)']
    if call.text(0).upper() != _SIM_CARD:
        raise cme(4)
    modem.card.need()
    new = call.text(2)
    if not modem.sim.pin_wanted:
        raise cme(3)
    if not new.isdecimal() or not 4 <= len(new) <= 8:
        raise cme(50)
    if not modem.sim.enter_pin(call.text(1)):
        raise cme(16)
    modem.sim.pin = new
    return []


def _file(modem: "Modem", call: Call) -> list[str]:
    """+CRSM: READ BINARY of the two files that clients ask for (TS 51.011 clauses 10.1.1 and 10.3.2)."""
    if call.form == "test":
        return []
    modem.card.need()
    if call.number(0) != _READ_BINARY:
        raise cme(3)
    sim, file = modem.sim, call.number(1)
    if file == _EF_ICCID:
        return [f'+CRSM: 144,0,"{swapped(sim.iccid)}"']
    if file == _EF_IMSI:
        return [f'+CRSM: 144,0,"08{swapped("9" + sim.imsi)}"']
    return ["+CRSM: 106,130"]


def swapped(digits: str) -> str:
    """Digits as a card keeps them: the second of each pair first, an F where one is missing."""
    return "".join(pair[::-1] for pair in (digits[i:i + 2].ljust(2, "F") for i in range(0, len(digits), 2)))


COMMANDS: dict[str, Handler] = {
    "+CPIN": _pin, "+CLCK": _facility_lock, "+CPWD": _password, "+CRSM": _file,
    # Spelled differently by each family; reached through the personality.
    "pin counter": _counter,
}
