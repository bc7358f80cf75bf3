"""Functionality levels, restarts, switching off."""

from typing import TYPE_CHECKING

from simulator.commands.answers import PENDING, Handler, ranges
from simulator.commands.parsing import Call
from simulator.errors import cme

if TYPE_CHECKING:
    from simulator.modem import Modem

_FULL, _OFFLINE = 1, 4
# Levels that are commands to restart wherever a family has them (u-blox, Huawei, Sierra).
_RESTARTING = (15, 16)


def _functionality(modem: "Modem", call: Call) -> object:
    family = modem.personality
    if call.form == "test":
        return [f"+CFUN: {ranges((family.cfun,))},(0,1)"]
    if call.form == "read":
        return [f"+CFUN: {modem.radio.level}"]
    level = call.number(0, _FULL)
    if level not in family.cfun or call.number(1, 0) > 1:
        raise cme(50)
    if level in _RESTARTING or call.number(1, 0) == 1:
        return _restart(modem, call)
    if level == _OFFLINE and family.cfun_4_needs_sim and not modem.card.ready:
        raise cme(3)
    if level == _FULL != modem.radio.level:
        modem.busy_answers = family.busy_after_reset
        modem.life.later(family.radio_on_takes * modem.boot_scale, modem.radio.set_level, level)
    else:
        modem.radio.set_level(level)
    return []


def _restart(modem: "Modem", call: Call) -> object:
    # Modules say OK first, and are gone then.
    modem.talk.end("OK")
    modem.voice.flush()
    modem.reset()
    return PENDING


def _switch_off(modem: "Modem", call: Call) -> object:
    modem.talk.end("OK")
    words = modem.personality.switches_off[call.source]
    modem.switch_off((words,) if words else ())
    return PENDING


COMMANDS: dict[str, Handler] = {
    "+CFUN": _functionality,
    # Spelled differently by each family; reached through the personality.
    "restart": _restart, "switch off": _switch_off,
}
