"""Power state, registration, operator and signal."""

from typing import TYPE_CHECKING

from simulator import charset
from simulator.commands.answers import PENDING, Handler
from simulator.commands.parsing import Call
from simulator.errors import cme

if TYPE_CHECKING:
    from simulator.modem import Modem

OPERATOR_LONG, OPERATOR_SHORT, OPERATOR_NUMBER = "Simrack Mobile", "Simrack", "26299"


def _functionality(modem: "Modem", call: Call) -> object:
    if call.form == "test":
        return ["+CFUN: (0,1,4),(0,1)"]
    if call.form == "read":
        return [f"+CFUN: {modem.radio}"]
    state = call.number(0, 1)
    if state not in (0, 1, 4):
        raise cme(50)
    if call.number(1, 0) == 1:
        # Modules say OK first, and are gone then.
        modem.talk.end("OK")
        modem.voice.flush()
        modem.reset()
        return PENDING
    if state == 1 != modem.radio:
        modem.busy_answers = modem.personality.busy_after_reset
    modem.set_radio(state)
    return []


def _registration(name: str, register: str) -> Handler:
    def answer(modem: "Modem", call: Call) -> list[str]:
        if call.form == "test":
            return [f"{name}: (0-2)"]
        if call.form == "read":
            level, state = getattr(modem.registers, register), modem.shown_registration
            return [f"{name}: {level},{state}{modem.place() if level == 2 and state in (1, 5) else ''}"]
        level = call.number(0, 0)
        if level > 2:
            raise cme(50)
        setattr(modem.registers, register, level)
        return []

    return answer


def _operator(modem: "Modem", call: Call) -> list[str]:
    registers = modem.registers
    if call.form == "test":
        return [f'+COPS: (2,"{OPERATOR_LONG}","{OPERATOR_SHORT}","{OPERATOR_NUMBER}"),,(0-4),(0-2)']
    if call.form == "read":
        if modem.shown_registration not in (1, 5):
            return [f"+COPS: {registers.cops_mode}"]
        shown = (OPERATOR_LONG, OPERATOR_SHORT, OPERATOR_NUMBER)[registers.cops_format]
        technology = modem.personality.radio_technology
        end = "" if technology is None else f",{technology}"
        if registers.cscs == "UCS2" or registers.cops_format < 2:
            shown = charset.show(shown, registers.cscs)
        return [f'+COPS: {registers.cops_mode},{registers.cops_format},"{shown}"{end}']
    mode, shape = call.number(0, 0), call.number(1, registers.cops_format)
    if mode > 4 or shape > 2:
        raise cme(50)
    registers.cops_format = shape
    if mode != 3:
        registers.cops_mode = mode
    return []


def _signal(modem: "Modem", call: Call) -> list[str]:
    if call.form == "test":
        return ["+CSQ: (0-31,99),(0-7,99)"]
    level = modem.signal if modem.radio == 1 else 99
    return [f"+CSQ: {level},99"]


COMMANDS: dict[str, Handler] = {
    "+CFUN": _functionality, "+COPS": _operator, "+CSQ": _signal,
    "+CREG": _registration("+CREG", "creg"), "+CGREG": _registration("+CGREG", "cgreg"),
    "+CEREG": _registration("+CEREG", "cereg"),
}
