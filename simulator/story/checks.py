"""Finds what is wrong with a story before it is played: strange keys, wrong types, ports, faults and names that do not
exist. Every complaint names line, key and remedy."""

import difflib
import re
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any, NoReturn

from simulator import network_control, outside
from simulator.bank import Bank
from simulator.dinstar.faults import CATALOGUE
from simulator.errors import Unknown
from simulator.faults import Faults
from simulator.handsets import parse
from simulator.story import vocabulary
from simulator.story.model import Malformed
from simulator.story.places import Places
from simulator.story.vocabulary import Fields, fits, names, shown


class Checker:
    """Complains about one file."""

    def __init__(self, path: Path, text: str) -> None:
        self._path = path
        self._places = Places(text)

    def line(self, place: str) -> int:
        return self._places.line(place)

    def complain(self, place: str, why: str) -> NoReturn:
        key = place.rpartition(".")[2]
        raise Malformed(f"{self._path}:{self._places.line(place)}: {'' if key.isdigit() else key + ': '}{why}")

    def choice(self, place: str, given: str, known: Collection[str], what: str) -> None:
        """Complains unless `given` is one of `known`, with the nearest right spelling."""
        if given not in known:
            near = difflib.get_close_matches(given, known, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(known)}"
            self.complain(place, f"no {what} {given!r}; {hint}")

    def table(self, place: str, values: Any, fields: Fields) -> None:
        """Complains about keys that are strange, missing or of another type."""
        if not isinstance(values, dict):
            self.complain(place, f"must be a table with {', '.join(names(fields))}")
        for key, value in values.items():
            self.choice(f"{place}.{key}".lstrip("."), key, names(fields), "key")
            types = fields.get(key) or fields[key + "!"]
            if not fits(value, types):
                self.complain(f"{place}.{key}".lstrip("."), f"{key} must be {shown(types)}, not {value!r}")
        for key in fields:
            if key.endswith("!") and key[:-1] not in values:
                self.complain(place, f"{key[:-1]} is missing; give it {shown(fields[key])}")

    def allowed(self, place: str, attempt: Callable[[], Any]) -> None:
        """Complains with whatever the simulator itself has against it."""
        try:
            attempt()
        except (Unknown, ValueError, TypeError, KeyError) as wrong:
            self.complain(place, str(wrong))

    def pattern(self, place: str, given: str) -> None:
        try:
            re.compile(given)
        except re.error as wrong:
            self.complain(place, f"{given!r} is no pattern: {wrong}; write a literal bracket or dot behind a backslash")


def check_step(checker: Checker, place: str, kind: str, what: Any, bank: Bank) -> None:
    """A step's value: types, ports, faults, behaviours, patterns. `bank` is made from the story and never started."""
    if kind in vocabulary.PORT_DEEDS:
        checker.choice(place, what if isinstance(what, str) else repr(what), bank.modems, "port")
        return
    if kind == "gateway":
        checker.choice(place, what if isinstance(what, str) else repr(what), vocabulary.GATEWAY_DEEDS, "gateway step")
        return
    fields = vocabulary.FIELDS[kind]
    if fields is not None:
        checker.table(place, what, fields)
    elif not isinstance(what, dict):
        checker.complain(place, "must be a table")
    if "{port}" in vocabulary.CONTROL_DEEDS.get(kind, ("", ""))[1]:
        checker.choice(place, str(what.get("port", "")), bank.modems, "port")
    if "{box}" in vocabulary.CONTROL_DEEDS.get(kind, ("", ""))[1]:
        checker.choice(place, str(what.get("box", "")), bank.boxes, "box")
    _check_meaning(checker, place, kind, what, bank)
    if kind == "http":
        checker.table(f"{place}.expect", what.get("expect", {}), vocabulary.EXPECTED_HTTP)
    for given in _patterns(kind, what):
        checker.pattern(place, given)


def _patterns(kind: str, what: dict[str, Any]) -> Iterator[str]:
    """Everything in a step that is searched for as a regular expression."""
    if kind == "http":
        what = what.get("expect", {})
    elif kind != "run" and not kind.startswith("expect_"):
        return
    for key in ("text", "body", "output"):
        if isinstance(what.get(key), str):
            yield what[key]
    yield from (given for given in what.get("where", {}).values() if isinstance(given, str))


def _check_meaning(checker: Checker, place: str, kind: str, what: dict[str, Any], bank: Bank) -> None:
    if kind == "text":
        if "{" not in what["to"]:
            ports = {name: modem.sim for name, modem in bank.modems.items()}
            ports |= {port.name: port.sim for box in bank.boxes.values() for port in box.ports}
            checker.choice(place, what["to"], [*ports, *(sim.number for sim in ports.values())], "port or number")
        if sum(key in what for key in ("text", "like", "pdu")) != 1:
            checker.complain(place, "give it one of text, like and pdu")
        if "like" in what:
            checker.allowed(place, lambda: outside.check(*(what["like"] + ":").split(":")[:2]))
        if "pdu" in what:
            checker.allowed(place, lambda: bytes.fromhex(what["pdu"]))
    elif kind == "network":
        checker.allowed(place, lambda: network_control.change(bank.network, what))
    elif kind == "handsets":
        checker.allowed(place, lambda: [parse(behaviour) for behaviour in what.values()])
    elif kind == "box_fault":
        box = bank.box(what["box"])
        checker.allowed(place, lambda: box.port(what.get("port", -1)))
        checker.allowed(place, lambda: Faults(0, CATALOGUE).arm(**{key: value for key, value in what.items() if key != "box"}))
    elif kind == "box_settings":
        checker.allowed(place, lambda: bank.box(what["box"]).change({key: value for key, value in what.items() if key != "box"}))
    elif kind == "fault":
        checker.allowed(place, lambda: Faults().arm(**{key: value for key, value in what.items() if key != "port"}))
