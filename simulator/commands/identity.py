"""Who the modem and its SIM are: maker, model, IMEI, IMSI, ICCID, own number."""

from typing import TYPE_CHECKING

from simulator import charset
from simulator.commands.answers import Handler
from simulator.commands.card import swapped
from simulator.commands.parsing import Call

if TYPE_CHECKING:
    from simulator.modem import Modem


def _maker(modem: "Modem", call: Call) -> list[str]:
    return [] if call.form == "test" else [modem.personality.manufacturer]


def _model(modem: "Modem", call: Call) -> list[str]:
    return [] if call.form == "test" else [modem.personality.model]


def _revision(modem: "Modem", call: Call) -> list[str]:
    return [] if call.form == "test" else [modem.personality.revision]


def _information(modem: "Modem", call: Call) -> list[str]:
    return [line.format(imei=modem.imei) for line in modem.personality.ati]


def _imei(modem: "Modem", call: Call) -> list[str]:
    return [] if call.form == "test" else [modem.personality.imei_line.format(imei=modem.imei)]


def _imsi(modem: "Modem", call: Call) -> list[str]:
    if call.form == "test":
        return []
    modem.card.need()
    return [modem.sim.imsi]


def _iccid(modem: "Modem", call: Call) -> list[str]:
    modem.card.need()
    iccid = modem.sim.iccid
    return [modem.personality.iccid[call.source].format(iccid=iccid, swapped=swapped(iccid))]


def _own_number(modem: "Modem", call: Call) -> list[str]:
    if call.form == "test":
        return []
    modem.card.need()
    cscs = modem.registers.cscs
    return [f'+CNUM: "{charset.show("Own", cscs)}","{charset.show(modem.sim.number, cscs)}",145']


COMMANDS: dict[str, Handler] = {
    "+CGMI": _maker, "+GMI": _maker, "+CGMM": _model, "+GMM": _model, "+CGMR": _revision, "+GMR": _revision,
    "I": _information, "+CGSN": _imei, "+GSN": _imei, "+CIMI": _imsi, "+CNUM": _own_number,
    # Spelled differently by each family; reached through the personality.
    "iccid": _iccid,
}
