"""A command line cut into commands with their arguments (V.250 clause 5.2, 27.007 clause 4). Runs nothing."""

import re
from dataclasses import dataclass
from functools import lru_cache

from simulator.errors import Refused, cme

_BASIC = re.compile(r"([A-CE-Z]|[&\\%][A-Z])\s*(\d*)", re.IGNORECASE)
_DIAL = re.compile(r"D[^;]*;?", re.IGNORECASE)
_REGISTER = re.compile(r"(S\d+)(\?|=\?|=\d*)?", re.IGNORECASE)
_EXTENDED = re.compile(r'([+^#$*!%][A-Z][A-Z0-9_]*)\s*(=\?|\?|=(?:"[^"]*"?|[^";])*)?', re.IGNORECASE)
_ARGUMENTS = re.compile(r'\s*("[^"]*"?|[^,]*)\s*(,|$)')


@dataclass(frozen=True, slots=True)
class Call:
    """One command: `form` is do, read, test or set; `source` is it as typed, in capitals, with AT before it."""

    name: str
    form: str
    arguments: tuple[str, ...]
    source: str

    def text(self, place: int, otherwise: str = "") -> str:
        """An argument without its quotes."""
        if place >= len(self.arguments) or self.arguments[place] == "":
            return otherwise
        return self.arguments[place]

    def number(self, place: int, otherwise: int | None = None) -> int:
        """A numeric argument. Raises the refusal for a wrong parameter when it is missing or no number."""
        text = self.text(place)
        if text.isdecimal():
            return int(text)
        if text == "" and otherwise is not None:
            return otherwise
        raise cme(50)


@lru_cache(maxsize=512)
def parse(line: str) -> tuple[Call, ...]:
    """The commands of a line without its AT. Raises Refused (ERROR) where it cannot be read."""
    calls = []
    place = 0
    while place < len(line):
        if line[place] in "; ":
            place += 1
            continue
        call, place = _next(line, place)
        calls.append(call)
    return tuple(calls)


def _next(line: str, place: int) -> tuple[Call, int]:
    if match := _EXTENDED.match(line, place):
        return _extended(match), match.end()
    if match := _DIAL.match(line, place):
        return Call("D", "set", (match[0][1:],), "AT" + match[0].upper()), match.end()
    if match := _REGISTER.match(line, place):
        form = {"?": "read", "=?": "test"}.get(match[2] or "", "set")
        return Call("S", form, ((match[2] or "")[1:],), "AT" + match[0].upper()), match.end()
    if match := _BASIC.match(line, place):
        arguments = (match[2],) if match[2] else ()
        return Call(match[1].upper(), "do", arguments, "AT" + match[0].upper().strip()), match.end()
    raise Refused()


def _extended(match: re.Match[str]) -> Call:
    name, rest = match[1].upper(), match[2]
    source = "AT" + match[0].upper().strip()
    if rest is None:
        return Call(name, "do", (), source)
    if rest == "?":
        return Call(name, "read", (), source)
    if rest == "=?":
        return Call(name, "test", (), source)
    return Call(name, "set", _arguments(rest[1:]), source)


def _arguments(text: str) -> tuple[str, ...]:
    found = []
    place = 0
    while match := _ARGUMENTS.match(text, place):
        found.append(match[1].strip().strip('"'))
        place = match.end()
        if not match[2]:
            break
    return tuple(found)
