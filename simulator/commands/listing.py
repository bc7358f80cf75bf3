"""Texts in store: +CMGL, +CMGR, +CMGD (27.005 clauses 3.4.2, 3.4.3 and 3.5.4)."""

import asyncio
from typing import TYPE_CHECKING

from simulator import textmode
from simulator.commands.answers import Handler
from simulator.commands.parsing import Call
from simulator.errors import Refused, cms
from simulator.stores import READ, SENT, UNREAD, UNSENT, Stored

if TYPE_CHECKING:
    from simulator.modem import Modem

_ALL = 4
_NAMES = {name: number for number, name in enumerate(textmode.STATES)} | {"ALL": _ALL}
# Which states each flag of +CMGD deletes (27.005 clause 3.5.4).
_DELETED = {1: (READ,), 2: (READ, SENT), 3: (READ, SENT, UNSENT), 4: (UNREAD, READ, UNSENT, SENT)}


def _list(modem: "Modem", call: Call) -> list[str]:
    text_mode = modem.registers.text_mode
    if call.form == "test":
        return ['+CMGL: ("' + '","'.join(_NAMES) + '")'] if text_mode else ["+CMGL: (0-4)"]
    modem.need_sim_for_texts()
    wanted = _wanted(call, text_mode)
    keep_unread = call.number(1, 0) == 1
    lines: list[str] = []
    for index, message in modem.stores.list(modem.memories[0]):
        if wanted not in (_ALL, message.status):
            continue
        if text_mode:
            lines += textmode.listed(index, message, modem.registers)
        else:
            lines += [modem.personality.list_line.format(index=index, status=message.status, length=message.length),
                      message.pdu]
        if message.status == UNREAD and not keep_unread:
            message.status = READ
    return lines


def _wanted(call: Call, text_mode: bool) -> int:
    typed = call.text(0)
    if text_mode:
        if not typed:
            return UNREAD
        if typed.upper() not in _NAMES:
            raise cms(305)
        return _NAMES[typed.upper()]
    if not typed:
        return UNREAD
    if typed not in ("0", "1", "2", "3", "4"):
        raise cms(304)
    return int(typed)


def _read(modem: "Modem", call: Call) -> list[str]:
    if call.form == "test":
        return []
    modem.need_sim_for_texts()
    wanted = call.number(0)
    _need_index(modem, wanted)
    found = modem.stores.find(modem.memories[0], wanted)
    if found is None:
        return _empty_slot(modem)
    store, index = found
    message = store.slots[index]
    lines = _shown(modem, message)
    if message.status == UNREAD:
        message.status = READ
    return lines


def _need_index(modem: "Modem", index: int) -> None:
    """27.005 clause 3.1: an index is a place that the storage has, taken or empty."""
    base = modem.stores.base
    if not base <= index < base + modem.stores.capacity(modem.memories[0]):
        raise cms(321)


def _shown(modem: "Modem", message: Stored) -> list[str]:
    if modem.registers.text_mode:
        return textmode.read(message, modem.registers, modem.sim.service_centre)
    line = modem.personality.read_line.format(status=message.status, length=message.length)
    return [line, message.pdu]


def _empty_slot(modem: "Modem") -> list[str]:
    answer = modem.personality.empty_slot
    if answer == "OK":
        return []
    if answer.isdecimal():
        raise cms(int(answer))
    if answer == "ERROR":
        raise Refused()
    return [answer]


def _delete(modem: "Modem", call: Call) -> list[str]:
    memory = modem.memories[0]
    if call.form == "test":
        if modem.personality.cmgd_test != "used":
            return [modem.personality.cmgd_test]
        used = ",".join(str(index) for index, _ in modem.stores.list(memory))
        return [f"+CMGD: ({used}),(0-4)"]
    modem.need_sim_for_texts()
    flag = call.number(1, 0)
    if flag:
        if flag not in _DELETED:
            raise cms(305 if modem.registers.text_mode else 304)
        doomed = [index for index, message in modem.stores.list(memory) if message.status in _DELETED[flag]]
    else:
        doomed = [call.number(0)]
        _need_index(modem, doomed[0])
    for index in doomed:
        if (found := modem.stores.find(memory, index)) is not None:
            del found[0].slots[found[1]]
    if modem.sim.waiting:
        # The modem tells the network of its free memory (RP-SMMA); the backlog follows after this answer.
        asyncio.get_running_loop().call_soon(modem.network.pump, modem.sim)
    return []


COMMANDS: dict[str, Handler] = {"+CMGL": _list, "+CMGR": _read, "+CMGD": _delete}
