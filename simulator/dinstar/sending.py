"""send_sms: what a request may hold, which ports get the texts, and how they are cut into parts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from simulator import alphabet
from simulator.dinstar.ask import LONGEST_NUMBER, ApiError, whole_numbers
from simulator.dinstar.records import Outgoing
from simulator.smspdu import UserData, compose

if TYPE_CHECKING:
    from simulator.dinstar.box import Box
    from simulator.dinstar.port import BoxPort

MOST_NUMBERS, MOST_BYTES = 128, 1500
_NUMBER = re.compile(r"\+?[0-9*#]+")
_UNICODE, _SEVEN_BIT = 8, 0
_CODINGS = {"unicode": _UNICODE, "gsm-7bit": _SEVEN_BIT}


@dataclass(frozen=True, slots=True)
class _Wanted:
    number: str
    text: str
    user_id: int


def accept(box: Box, document: dict[str, Any]) -> int:
    """Queues the texts of a request and returns its task. Raises ApiError."""
    param = document.get("param")
    text = document.get("text")
    if not isinstance(text, str) or not isinstance(param, list) or not param or not all(isinstance(each, dict) for each in param):
        raise ApiError(400)
    if len(param) > MOST_NUMBERS or len(text.encode("utf-8", "surrogatepass")) > MOST_BYTES:
        raise ApiError(413)
    wanted = [_wanted(text, each) for each in param]
    coding = _coding(document, param)
    ports = _usable(box, whole_numbers(document.get("port")))
    memory = box.memory
    memory.last_task += 1
    report = document.get("request_status_report", True) is not False
    cut: dict[str, list[UserData]] = {}
    for each in wanted:
        if each.text not in cut:
            box.long_texts += 1
            cut[each.text] = _parts(each.text, box.long_texts, coding)
        port = box.next_of(ports)
        outgoing = Outgoing(memory.last_task, port.place, each.number, each.user_id, cut[each.text], report, port.sim.imsi,
                            box.time())
        memory.keep(outgoing)
        port.take(outgoing)
    return memory.last_task


def _wanted(text: str, param: dict[str, Any]) -> _Wanted:
    number = param.get("number")
    values = param.get("text_param", [])
    user_id = whole_numbers(param.get("user_id")) or [0]
    if not isinstance(number, str) or not isinstance(values, list) or not _NUMBER.fullmatch(number) or len(number) > LONGEST_NUMBER:
        raise ApiError(400)
    for value in values:
        text = text.replace("#param#", str(value), 1)
    if not text:
        raise ApiError(400)
    if len(text.encode("utf-8", "surrogatepass")) > MOST_BYTES:
        raise ApiError(413)
    return _Wanted(number, text, user_id[0])


def _coding(document: dict[str, Any], param: list[dict[str, Any]]) -> int:
    """The data coding scheme. One known client writes `encoding` inside its param."""
    word = document.get("encoding", param[0].get("encoding", "unicode"))
    if word not in _CODINGS:
        raise ApiError(400)
    return _CODINGS[word]


def _usable(box: Box, places: list[int] | None) -> list[BoxPort]:
    """The ports that may send, of those asked for. Raises ApiError 550 when there is none."""
    asked = range(len(box.ports)) if places is None else places
    usable = [box.ports[place] for place in asked if 0 <= place < len(box.ports) and box.ports[place].usable]
    if not usable:
        raise ApiError(550)
    return usable


def _parts(text: str, reference: int, coding: int) -> list[UserData]:
    if coding == _SEVEN_BIT:
        # A module in 7-bit mode has nothing else for what is not in its alphabet.
        text = "".join(each if alphabet.encode(each) is not None else "?" for each in text)
    return compose(text, reference, coding)
