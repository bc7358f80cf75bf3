"""Texts in store: +CMGL, +CMGR, +CMGD (27.005 clauses 3.4.2, 3.4.3 and 3.5.4)."""

import asyncio
from typing import TYPE_CHECKING

from simulator import textmode
from simulator.commands.answers import Handler
from simulator.commands.parsing import Call
from simulator.errors import Refused, cms
from simulator.smspdu import Deliver
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
    modem.card.need_for_texts()
    wanted = _wanted(call, text_mode)
    keep_unread = call.number(1, 0) == 1
    first, modem.inbox.listed = not modem.inbox.listed, True
    if _hides_texts(modem) or (first and modem.personality.first_list_empty):
        return []
    lines: list[str] = []
    for index, message in modem.stores.list(modem.memories[0]):
        if wanted not in (_ALL, message.status):
            continue
        if text_mode:
            shown = textmode.listed(index, message, modem.registers)
        else:
            shown = [modem.personality.list_line.format(index=index, status=message.status, length=message.length),
                     message.pdu]
        lines += textmode.dressed(shown, modem.personality)
        if message.status == UNREAD and not keep_unread:
            message.status = READ
    return lines


def _hides_texts(modem: "Modem") -> bool:
    """Firmware that finds its texts only after the stores were chosen in a certain order."""
    return bool(modem.personality.cpms_cycle) and modem.cpms_steps != modem.personality.cpms_cycle


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
    modem.card.need_for_texts()
    wanted = call.number(0)
    _need_index(modem, wanted)
    found = modem.stores.find(modem.memories[0], wanted)
    if found is None or _hides_texts(modem):
        return _empty_slot(modem)
    store, index = found
    message = store.slots[index]
    lines = textmode.dressed(_shown(modem, message), modem.personality)
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
    modem.card.need_for_texts()
    flag = call.number(1, 0)
    if flag:
        if flag not in _DELETED:
            raise cms(305 if modem.registers.text_mode else 304)
        doomed = [index for index, message in modem.stores.list(memory) if message.status in _DELETED[flag]]
    else:
        doomed = [call.number(0)]
        _need_index(modem, doomed[0])
    if modem.personality.deletes_whole_texts:
        doomed = _with_their_parts(modem, memory, doomed)
    for index in doomed:
        if (found := modem.stores.find(memory, index)) is not None:
            del found[0].slots[found[1]]
    if modem.sim.waiting:
        # The modem tells the network of its free memory (RP-SMMA); the backlog follows after this answer.
        asyncio.get_running_loop().call_soon(modem.network.pump, modem.sim)
    return []


def _with_their_parts(modem: "Modem", memory: str, doomed: list[int]) -> list[int]:
    """Some firmware deletes all parts of a long text with its first one."""
    parts = [(index, message.content) for index, message in modem.stores.list(memory)
             if isinstance(message.content, Deliver) and message.content.data.concat]
    first = {(content.sender, content.data.concat.reference) for index, content in parts
             if index in doomed and content.data.concat and content.data.concat.number == 1}
    return doomed + [index for index, content in parts if content.data.concat and index not in doomed
                     and (content.sender, content.data.concat.reference) in first]


COMMANDS: dict[str, Handler] = {"+CMGL": _list, "+CMGR": _read, "+CMGD": _delete}
