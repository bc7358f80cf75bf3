"""What a format may be told beyond an address: options with a name, a check and a published form. Knows no format."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from gateway.errors import BadValue

TOKEN = r"^[A-Za-z0-9-]{1,64}$"  # names of headers, and of those who log in
_PORT_NAME_LONGEST = 64
_MOST_PORTS = 200


@dataclass(frozen=True, slots=True)
class Option:
    """`form` is its JSON Schema, `fits` the same said in code; `words` tell a person what is taken."""

    name: str
    default: Any
    words: str
    form: Mapping[str, Any]
    fits: Callable[[Any], bool]

    def checked(self, value: object) -> Any:
        """Raises BadValue naming the option."""
        if not self.fits(value):
            raise BadValue(f"options/{self.name}", "is not something it can be", self.words)
        return int(value) if isinstance(value, float) else value


def choice(name: str, choices: tuple[str, ...], words: str = "", default: str = "") -> Option:
    form = {"type": "string", "enum": list(choices)}
    known = f"one of {', '.join(choices)}"
    told = f"{words}: {known}" if words else known
    return Option(name, default or choices[0], told, form, lambda value: isinstance(value, str) and value in choices)


def flag(name: str, default: bool, words: str) -> Option:
    return Option(name, default, f"true or false: {words}", {"type": "boolean"}, lambda value: isinstance(value, bool))


def text(name: str, default: str, pattern: str, words: str) -> Option:
    shape = re.compile(pattern)

    def fits(value: Any) -> bool:
        return isinstance(value, str) and shape.search(value) is not None and not value.endswith("\n")

    return Option(name, default, words, {"type": "string", "pattern": pattern}, fits)


def whole(name: str, default: int, least: int, most: int, words: str) -> Option:
    def fits(value: Any) -> bool:
        return _is_whole(value) and least <= value <= most

    form = {"type": "integer", "minimum": least, "maximum": most}
    return Option(name, default, f"a whole number from {least} to {most}: {words}", form, fits)


def ports(first: int, most: int) -> Option:
    """Which number a channel has at receivers that know ports or SIM slots only."""

    def fits(value: Any) -> bool:
        return (
            isinstance(value, dict)
            and len(value) <= _MOST_PORTS
            and all(0 < len(name) <= _PORT_NAME_LONGEST and _is_whole(at) and first <= at <= most for name, at in value.items())
        )

    form = {
        "type": "object",
        "maxProperties": _MOST_PORTS,
        "propertyNames": {"minLength": 1, "maxLength": _PORT_NAME_LONGEST},
        "additionalProperties": {"type": "integer", "minimum": first, "maximum": most},
    }
    words = f'the number of each channel, {first} to {most}, as {{"p0": {first}}}; others by the digits their name ends in'
    return Option("ports", {}, words, form, fits)


def port_of(channel: str, given: Mapping[str, int], first: int, most: int) -> int:
    """The number of a channel there: as given, else by the digits that its name ends in, counted from 0."""
    if channel in given:
        return int(given[channel])
    digits = re.search(r"[0-9]{1,6}$", channel)
    return min(first + int(digits[0]), most) if digits else first


def _is_whole(value: Any) -> bool:
    return not isinstance(value, bool) and (isinstance(value, int) or (isinstance(value, float) and value.is_integer()))
