"""How texts are sent, stored, shown and announced: +CMGF, +CSMP, +CSCS, +CSCA, +CSMS, +CPMS, +CNMI, +CNMA …"""

from typing import TYPE_CHECKING

from simulator import charset
from simulator.commands.answers import Handler, numeric, ranges
from simulator.commands.parsing import Call
from simulator.errors import Refused, cme, cms

if TYPE_CHECKING:
    from simulator.modem import Modem


def _message_format(modem: "Modem", call: Call) -> list[str]:
    if call.form == "test":
        return ["+CMGF: (0,1)"]
    if call.form == "read":
        return [f"+CMGF: {int(modem.registers.text_mode)}"]
    value = call.number(0, 0)
    if value > 1:
        raise cms(303)
    modem.registers.text_mode = bool(value)
    return []


def _text_parameters(modem: "Modem", call: Call) -> list[str]:
    registers = modem.registers
    if call.form == "test":
        return []
    if call.form == "read":
        return [f"+CSMP: {registers.first_octet},{registers.validity},{registers.pid},{registers.dcs}"]
    values = [call.number(0, registers.first_octet), call.number(1, registers.validity),
              call.number(2, registers.pid), call.number(3, registers.dcs)]
    if max(values) > 255:
        raise cms(305)
    registers.first_octet, registers.validity, registers.pid, registers.dcs = values
    if modem.personality.csmp_clears_centre:
        modem.sim.service_centre = ""
    return []


def _charset(modem: "Modem", call: Call) -> list[str]:
    known = modem.personality.cscs
    if call.form == "test":
        return ["+CSCS: (" + ",".join(f'"{each}"' for each in known) + ")"]
    if call.form == "read":
        return [f'+CSCS: "{modem.registers.cscs}"']
    wanted = call.text(0).upper()
    if wanted not in known:
        raise cme(50)
    modem.registers.cscs = wanted
    return []


def _service_centre(modem: "Modem", call: Call) -> list[str]:
    if call.form == "test":
        return []
    modem.card.need_for_texts()
    if call.form == "read":
        number = modem.sim.service_centre
        if not number:
            raise cms(330)
        return [f'+CSCA: "{charset.show(number, modem.registers.cscs)}",{145 if number[0] == "+" else 129}']
    number = charset.number(call.text(0), modem.registers.cscs)
    if number and number[0] != "+" and call.number(1, 129) == 145:
        number = "+" + number
    modem.sim.service_centre = number
    return []


def _service(modem: "Modem", call: Call) -> list[str]:
    allowed = modem.personality.services
    if call.form == "test":
        return [f"+CSMS: {ranges((allowed,))}"]
    if call.form == "read":
        return [f"+CSMS: {modem.registers.csms},1,1,1"]
    value = call.number(0)
    if value not in allowed:
        raise cms(303)
    modem.registers.csms = value
    return ["+CSMS: 1,1,1"]


def _stores(modem: "Modem", call: Call) -> list[str]:
    personality, stores = modem.personality, modem.stores
    if call.form == "test":
        return [personality.cpms_test]
    if call.form == "read":
        return ["+CPMS: " + ",".join(f'"{name}",{stores.used(name)},{stores.capacity(name)}'
                                     for name in modem.memories)]
    wanted = [name.strip() for name in call.arguments]
    if not wanted or len(wanted) > len(personality.cpms):
        raise Refused()
    for place, name in enumerate(wanted):
        if name and name not in personality.cpms[place]:
            raise cms(302)
    modem.cpms_steps = (*modem.cpms_steps, wanted[0])[-len(personality.cpms_cycle):] if personality.cpms_cycle else ()
    modem.memories = [name or modem.memories[place] for place, name in enumerate(wanted)] + modem.memories[len(wanted):]
    return ["+CPMS: " + ",".join(f"{stores.used(name)},{stores.capacity(name)}" for name in modem.memories)]


def _news(modem: "Modem", call: Call) -> list[str]:
    personality, registers = modem.personality, modem.registers
    if call.form == "test":
        return [personality.cnmi_test or f"+CNMI: {ranges(personality.cnmi)}"]
    if call.form == "read":
        return ["+CNMI: " + ",".join(map(str, registers.cnmi))]
    if len(call.arguments) > 5:
        raise cms(305)
    values = tuple(call.number(place, registers.cnmi[place]) for place in range(5))
    for value, allowed in zip(values, personality.cnmi, strict=True):
        if value not in allowed:
            raise cms(303)
    if any(_fits(values, pattern) for pattern in personality.cnmi_refuses):
        raise cms(303)
    registers.cnmi = values
    modem.inbox.mode_changed()
    return []


def _fits(values: tuple[int, ...], pattern: str) -> bool:
    """Whether settings are those of a pattern as `2,2,*,*,*`."""
    return all(wanted in ("*", str(value)) for value, wanted in zip(values, pattern.split(","), strict=True))


def _more_messages(modem: "Modem", call: Call) -> list[str]:
    allowed = modem.personality.more_messages
    if call.form == "test":
        return [f"+CMMS: {ranges((allowed,))}"]
    if call.form == "read":
        return [f"+CMMS: {modem.registers.cmms}"]
    value = call.number(0, 0)
    if value not in allowed:
        raise cms(500)
    modem.registers.cmms = value
    return []


def _acknowledge(modem: "Modem", call: Call) -> object:
    if call.form == "test":
        return ["+CNMA: (0-2)"]
    if not modem.inbox.waits_for_word:
        raise cms(340)
    verdict = call.number(0, 0)
    if call.text(1):
        # The body of the acknowledgement is taken and not looked at.
        return modem.talk.ask(lambda typed: _answered(modem, verdict), show=True)
    modem.inbox.acknowledge(verdict != 2)
    return []


def _answered(modem: "Modem", verdict: int) -> None:
    modem.inbox.acknowledge(verdict != 2)
    modem.talk.finish([])


COMMANDS: dict[str, Handler] = {
    "+CMGF": _message_format, "+CSMP": _text_parameters, "+CSCS": _charset, "+CSCA": _service_centre,
    "+CSMS": _service, "+CPMS": _stores, "+CNMI": _news, "+CNMA": _acknowledge,
    "+CSDH": numeric("+CSDH", "csdh", range(2)),
    "+CMMS": _more_messages,
    "+CGSMS": numeric("+CGSMS", "cgsms", range(4), 3),
}
