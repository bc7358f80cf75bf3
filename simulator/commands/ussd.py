"""USSD: what the network is asked with +CUSD, in the codings and manners of the families (device reference, USSD)."""

from typing import TYPE_CHECKING

from simulator import alphabet, charset
from simulator.commands.answers import Handler, numeric
from simulator.commands.parsing import Call
from simulator.errors import Refused, cme

if TYPE_CHECKING:
    from simulator.modem import Modem

_CANCEL = 2
# First field of the notification: a menu waits for an answer.
_MORE_WANTED = 1
_DCS_TEXT, _DCS_UCS2 = 15, 72


def _ussd(modem: "Modem", call: Call) -> list[str]:
    family, registers = modem.personality, modem.registers
    if call.form == "test":
        return ["+CUSD: (0-2)"]
    if call.form == "read":
        return [f"+CUSD: {registers.cusd}"]
    action = call.number(0, 0)
    if action > _CANCEL:
        raise cme(50)
    if action == _CANCEL:
        modem.ussd_open = False
        return []
    registers.cusd = action
    if not call.text(1):
        return []
    modem.card.need()
    if (family.ussd_mode_first and registers.ussd_mode) or family.ussd_charset not in ("", registers.cscs):
        raise Refused()
    try:
        code = _understood(modem, call.text(1))
    except ValueError:
        raise cme(50) from None
    if family.ussd_manner == "early":
        _say(modem, code)
        modem.voice.say_news(inside=True)
    else:
        modem.life.later(modem.takes("ussd"), _say, modem, code)
    return []


def _say(modem: "Modem", code: str) -> None:
    """The network's answer, unasked as all of them are."""
    state, text = modem.network.ussd(modem.sim, code)
    modem.ussd_open = state == _MORE_WANTED
    manner = modem.personality.ussd_manner
    if manner == "empty":
        line = f'+CUSD: {state},""'
    else:
        line = f"+CUSD: {state}" + (f",{_shown(modem, text)}" if text else "")
    for _ in range(2 if manner == "doubled" else 1):
        modem.voice.news([line])


def _style(modem: "Modem") -> str:
    """The family's coding of strings; `^USSDMODE=0` of Huawei turns the packed one off."""
    family = modem.personality
    return "text" if family.ussd_mode_first and not modem.registers.ussd_mode else family.ussd


def _understood(modem: "Modem", typed: str) -> str:
    style = _style(modem)
    if style == "packed":
        octets = bytes.fromhex(typed)
        # Eight septets fill seven octets; a last septet of zeros is padding, not an @ (TS 23.038 clause 6.1.2.3).
        return alphabet.decode(alphabet.unpack(octets, len(octets) * 8 // 7)).rstrip("@\r")
    return charset.number(typed, "UCS2" if style == "ucs2" else modem.registers.cscs)


def _shown(modem: "Modem", text: str) -> str:
    """The text in quotes, with the coding scheme, which some families state wrongly."""
    family, style = modem.personality, _style(modem)
    septets = alphabet.encode(text)
    if family.ussd_manner == "split":
        text = text.replace(" ", "\r\n", 1)
    if style == "ucs2" or septets is None:
        shown, dcs = charset.show(text, "UCS2"), _DCS_UCS2
    elif style == "packed":
        shown, dcs = alphabet.pack(septets).hex().upper(), _DCS_TEXT
    else:
        shown, dcs = charset.show(text, modem.registers.cscs), _DCS_TEXT
    return f'"{shown}",{dcs if family.ussd_dcs < 0 else family.ussd_dcs}'


COMMANDS: dict[str, Handler] = {
    "+CUSD": _ussd, "^USSDMODE": numeric("^USSDMODE", "ussd_mode", range(2)),
}
