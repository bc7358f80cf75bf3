"""The SIM's lock: PIN, PUK, counters, facility lock."""

from typing import TYPE_CHECKING

from simulator.commands.answers import Handler
from simulator.commands.parsing import Call
from simulator.errors import cme

if TYPE_CHECKING:
    from simulator.modem import Modem


def _pin(modem: "Modem", call: Call) -> list[str]:
    sim = modem.sim
    if call.form == "test":
        return []
    if not modem.sim_present:
        raise cme(10)
    if call.form == "read":
        if not modem.sim_ready:
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
        return ['+CLCK: ("SC")']
    if call.text(0) != "SC":
        raise cme(4)
    if call.number(1) == 2:
        return [f"+CLCK: {int(modem.sim.pin_wanted)}"]
    modem.need_sim()
    if not modem.sim.enter_pin(call.text(2)):
        raise cme(16)
    modem.sim.pin_wanted = call.number(1) == 1
    return []


COMMANDS: dict[str, Handler] = {
    "+CPIN": _pin, "+CLCK": _facility_lock,
    # Spelled differently by each family; reached through the personality.
    "pin counter": _counter,
}
