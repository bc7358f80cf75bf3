"""USSD, the clock, the battery, and the call settings that message software sets on its way."""

import time
from typing import TYPE_CHECKING

from simulator import alphabet, charset
from simulator.commands.answers import Handler, fixed, numeric, ok
from simulator.commands.parsing import Call
from simulator.errors import cme

if TYPE_CHECKING:
    from simulator.modem import Modem


def _ussd(modem: "Modem", call: Call) -> list[str]:
    if call.form == "test":
        return ["+CUSD: (0-2)"]
    if call.form == "read":
        return [f"+CUSD: {modem.registers.cusd}"]
    action = call.number(0, 0)
    if action > 2:
        raise cme(50)
    if action < 2:
        modem.registers.cusd = action
    if not call.text(1):
        return []
    modem.need_sim()
    try:
        code = _understood(modem, call.text(1))
    except ValueError:
        raise cme(50) from None
    state, text = modem.network.ussd(modem.sim, code)
    modem.voice.news([f"+CUSD: {state}" + (f",{_shown(modem, text)}" if text else "")])
    return []


def _understood(modem: "Modem", typed: str) -> str:
    if modem.personality.ussd == "packed":
        octets = bytes.fromhex(typed)
        # Eight septets fill seven octets; a last septet of zeros is padding, not an @ (TS 23.038 clause 6.1.2.3).
        return alphabet.decode(alphabet.unpack(octets, len(octets) * 8 // 7)).rstrip("@\r")
    return charset.number(typed, modem.registers.cscs)


def _shown(modem: "Modem", text: str) -> str:
    style = modem.personality.ussd
    if style == "packed":
        return f'"{alphabet.pack(alphabet.encode(text) or b"").hex().upper()}",15'
    if style == "ucs2":
        return f'"{charset.show(text, "UCS2")}",72'
    return f'"{charset.show(text, modem.registers.cscs)}",15'


def _clock(modem: "Modem", call: Call) -> list[str]:
    if call.form != "read":
        return []
    quarters = modem.network.pace.quarters_east
    shown = time.strftime("%y/%m/%d,%H:%M:%S", time.gmtime(time.time() + quarters * 900))
    return [f'+CCLK: "{shown}{quarters:+03d}"']


def _call_waiting(modem: "Modem", call: Call) -> list[str]:
    if call.form == "read":
        return [f"+CSSN: {modem.registers.cssn}"]
    if call.form == "set":
        modem.registers.cssn = f"{call.number(0, 0)},{call.number(1, 0)}"
    return []


COMMANDS: dict[str, Handler] = {
    "+CUSD": _ussd, "+CCLK": _clock, "+CSSN": _call_waiting, "+CHUP": ok,
    "+WIND": numeric("+WIND", "wind", range(65536)),
    "+CBC": fixed("+CBC: 0,100"), "+CPAS": fixed("+CPAS: 0"), "+CLCC": ok, "+CSCB": ok, "+CGATT": fixed("+CGATT: 1"),
    "+CLIP": numeric("+CLIP", "clip", range(2)), "+CRC": numeric("+CRC", "crc", range(2)),
    "+CVHU": numeric("+CVHU", "cvhu", range(2)), "+CTZR": numeric("+CTZR", "ctzr", range(3)),
    "+CTZU": numeric("+CTZU", "ctzu", range(3)),
}
