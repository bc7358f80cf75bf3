"""Registration, operator and signal."""

from typing import TYPE_CHECKING

from simulator import charset
from simulator.commands.answers import PENDING, Handler
from simulator.commands.parsing import Call
from simulator.errors import cme
from simulator.radio import SERVED

if TYPE_CHECKING:
    from simulator.modem import Modem

_SEARCHING = 2
_AUTOMATIC, _MANUAL, _DEREGISTER, _FORMAT_ONLY, _MANUAL_FIRST = range(5)
_HOME, _FORBIDDEN = 2, 3
OPERATOR_LONG, OPERATOR_SHORT, OPERATOR_NUMBER = "Simrack Mobile", "Simrack", "26299"


def _registration(name: str, register: str) -> Handler:
    def answer(modem: "Modem", call: Call) -> list[str]:
        if call.form == "test":
            return [f"{name}: (0-2)"]
        if call.form == "read":
            level, state = getattr(modem.registers, register), modem.radio.shown_registration
            if name == "+CREG" and not modem.personality.circuit_domain and state in SERVED:
                state = _SEARCHING
            place = "" if level < 2 else modem.radio.place() if state in SERVED else modem.personality.creg_nowhere
            return [f"{modem.personality.creg_head.format(name=name[1:])}{level},{state}{place}"]
        level = call.number(0, 0)
        if level > 2:
            raise cme(50)
        setattr(modem.registers, register, level)
        return []

    return answer


def _operator(modem: "Modem", call: Call) -> object:
    registers = modem.registers
    if call.form == "test":
        # A scan finds our own network and a stranger, with the ways to ask for them.
        return [f'+COPS: ({_HOME},"{OPERATOR_LONG}","{OPERATOR_SHORT}","{OPERATOR_NUMBER}"),'
                f'({_FORBIDDEN},"Another","Other","26298"),,(0-4),(0-2)']
    if call.form == "read":
        if modem.radio.shown_registration not in SERVED:
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
    if mode == _AUTOMATIC == registers.cops_mode and modem.personality.cops_0_hangs:
        return PENDING
    if mode in (_MANUAL, _MANUAL_FIRST):
        wanted = charset.number(call.text(2), registers.cscs)
        if wanted != (OPERATOR_LONG, OPERATOR_SHORT, OPERATOR_NUMBER)[shape] and mode == _MANUAL:
            raise cme(30)
    registers.cops_format = shape
    if mode != _FORMAT_ONLY:
        registers.cops_mode = mode
        modem.radio.set_detached(mode == _DEREGISTER)
    return []


def _signal(modem: "Modem", call: Call) -> list[str]:
    if call.form == "test":
        return ["+CSQ: (0-31,99),(0-7,99)"]
    level = modem.radio.shown_signal
    return [f"+CSQ: {level},99"]


def _automatic_signal(modem: "Modem", call: Call) -> list[str]:
    """SIMCom: +CSQ comes unasked, under the same name as its answer."""
    if call.form == "read":
        return [f"+AUTOCSQ: {modem.registers.autocsq},1"]
    if call.form == "set":
        modem.registers.autocsq = call.number(0, 0)
    return []


def _extended_signal(modem: "Modem", call: Call) -> list[str]:
    """27.007 clause 8.69, as a GSM cell is measured: the other four are not known."""
    if call.form == "test":
        return ["+CESQ: (0-63,99),(0-7,99),(0-96,255),(0-34,255),(0-97,255)"]
    level = modem.radio.shown_signal
    if modem.personality.radio_technology is None:
        return [f"+CESQ: {99 if level == 99 else 2 * level - 3 if level > 1 else level},99,255,255,255,255"]
    # RSRQ and RSRP of an LTE cell that has about this strength.
    return ["+CESQ: 99,99,255,255," + ("255,255" if level == 99 else f"20,{2 * level + 10}")]


COMMANDS: dict[str, Handler] = {
    "+COPS": _operator, "+CSQ": _signal, "+CESQ": _extended_signal,
    "+AUTOCSQ": _automatic_signal,
    "+CREG": _registration("+CREG", "creg"), "+CGREG": _registration("+CGREG", "cgreg"),
    "+CEREG": _registration("+CEREG", "cereg"),
}
