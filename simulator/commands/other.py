"""Calls, the clock, the battery, and the settings that message software makes on its way."""

import calendar
import re
import time
from typing import TYPE_CHECKING

from simulator.commands.answers import Handler, fixed, numeric, ok
from simulator.commands.parsing import Call
from simulator.errors import Refused, cme

if TYPE_CHECKING:
    from simulator.modem import Modem

_READY, _RINGING, _IN_CALL = 0, 3, 4
_CLOCK = re.compile(r"(\d\d/\d\d/\d\d,\d\d:\d\d:\d\d)([+-]\d\d)?")
_SHOWN = "%y/%m/%d,%H:%M:%S"


def _clock(modem: "Modem", call: Call) -> list[str]:
    quarters = modem.network.pace.quarters_east
    if call.form == "test":
        return []
    if call.form == "read":
        shown = time.strftime(_SHOWN, time.gmtime(time.time() + modem.clock_ahead + quarters * 900))
        return [f'+CCLK: "{shown}{quarters:+03d}"']
    # A clock is one argument though it holds a comma: the quotes keep it together.
    match = _CLOCK.fullmatch(call.text(0))
    if match is None:
        raise cme(50)
    try:
        wanted = calendar.timegm(time.strptime(match[1], _SHOWN))
    except ValueError:
        raise cme(50) from None
    modem.clock_ahead = wanted - int(match[2] or quarters) * 900 - time.time()
    return []


def _hang_up(modem: "Modem", call: Call) -> list[str]:
    modem.calls.hang_up()
    return []


def _answer(modem: "Modem", call: Call) -> list[str]:
    if not modem.calls.answer():
        raise Refused("NO CARRIER")
    return []


def _current_calls(modem: "Modem", call: Call) -> list[str]:
    return [] if call.form == "test" else modem.calls.listed()


def _activity(modem: "Modem", call: Call) -> list[str]:
    if call.form == "test":
        return [f"+CPAS: ({_READY},{_RINGING},{_IN_CALL})"]
    calls = modem.calls
    return [f"+CPAS: {_READY if not calls.busy else _IN_CALL if calls.answered else _RINGING}"]


def _supplementary(modem: "Modem", call: Call) -> list[str]:
    if call.form == "read":
        return [f"+CSSN: {modem.registers.cssn}"]
    if call.form == "set":
        modem.registers.cssn = f"{call.number(0, 0)},{call.number(1, 0)}"
    return []


def _chatter(modem: "Modem", call: Call) -> list[str]:
    """Huawei: whether the notifications that begin with ^ come."""
    if call.form == "read":
        return [f"^CURC: {int(modem.habits.chatty)}"]
    if call.form == "set":
        modem.habits.chatty = call.number(0, 1) != 0
    return []


COMMANDS: dict[str, Handler] = {
    "+CCLK": _clock, "+CSSN": _supplementary, "H": _hang_up, "+CHUP": _hang_up, "A": _answer, "+CLCC": _current_calls,
    "+CPAS": _activity, "^CURC": _chatter, "+WIND": numeric("+WIND", "wind", range(65536)),
    "+CBC": fixed("+CBC: 0,100"), "+CSCB": ok, "+CGATT": fixed("+CGATT: 1"), "+WS46": fixed("12"),
    "+CLIP": numeric("+CLIP", "clip", range(2)), "+CRC": numeric("+CRC", "crc", range(2)),
    "+CVHU": numeric("+CVHU", "cvhu", range(2)), "+CTZR": numeric("+CTZR", "ctzr", range(3)),
    "+CTZU": numeric("+CTZU", "ctzu", range(3)),
}
