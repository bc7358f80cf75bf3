"""The commands of V.250: echo, answer format, profiles, and what modems accept for old times' sake."""

from typing import TYPE_CHECKING

from simulator.commands.answers import Handler, fixed, numeric, ok
from simulator.commands.parsing import Call
from simulator.errors import Refused, cme

if TYPE_CHECKING:
    from simulator.modem import Modem


_SPEEDS = (1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600)


def _switch(register: str) -> Handler:
    def answer(modem: "Modem", call: Call) -> list[str]:
        value = call.number(0, 0)
        if value > 1:
            raise Refused()
        setattr(modem.registers, register, bool(value))
        return []

    return answer


def _restore(modem: "Modem", call: Call) -> list[str]:
    modem.restore_registers(factory=call.name == "&F")
    modem.inbox.mode_changed()
    return []


def _save(modem: "Modem", call: Call) -> list[str]:
    modem.save_registers()
    return []


def _s_register(modem: "Modem", call: Call) -> list[str]:
    return ["000"] if call.form == "read" else []


def _speed(modem: "Modem", call: Call) -> list[str]:
    """The speed of the line; 0 means that the modem finds it out, and keeps quiet until it has."""
    if call.form == "test":
        return ["+IPR: (0," + ",".join(map(str, _SPEEDS[:4])) + "),(" + ",".join(map(str, _SPEEDS[4:])) + ")"]
    if call.form == "read":
        return [f"+IPR: {modem.registers.speed}"]
    speed = call.number(0)
    if speed not in (0, *_SPEEDS):
        raise cme(50)
    modem.registers.speed = speed
    return []


def _dial(modem: "Modem", call: Call) -> list[str]:
    # Nobody can be called here; a voice call ends before it begins.
    raise Refused("NO CARRIER")


def _list_commands(modem: "Modem", call: Call) -> list[str]:
    from simulator.commands import HANDLERS

    if call.form == "test":
        return []
    if modem.personality.clac == "none":
        raise Refused(modem.personality.unknown_command)
    names = [name for name in HANDLERS if name[0] == "+" and name not in modem.personality.refuses]
    if modem.personality.clac == "joined":
        return ["+CLAC:" + ",".join(names)]
    return [f"AT{name}" for name in names]


COMMANDS: dict[str, Handler] = {
    "E": _switch("echo"), "V": _switch("verbose"), "Q": _switch("quiet"),
    "Z": _restore, "&F": _restore, "&W": _save, "S": _s_register, "D": _dial,
    **dict.fromkeys(("X", "L", "M", "P", "T", "&C", "&D", "&S", "&K", "&Y", "&V", "\\Q", "%C"), ok),
    "+CMEE": numeric("+CMEE", "cmee", range(3)),
    "+GCAP": fixed("+GCAP: +CGSM"), "+CLAC": _list_commands,
    "+IPR": _speed, "+IFC": fixed("+IFC: 0,0"), "+ICF": fixed("+ICF: 3,3"),
}
