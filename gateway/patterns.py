"""Regular expressions that people write: refused in words when they cannot be, quick over every text when they can.

RE2 reads them. Its time grows with the text and no faster, so that neither a slip nor a text made for it holds up the gateway; for
that there is no looking around and no back reference. Patterns that stand in this source are no matter of this module.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import re2

from gateway.errors import BadValue

LONGEST = 500
# For whoever writes one, where patterns are described.
SYNTAX = r"Syntax of RE2: \w, \d, \s and \b know ASCII alone, \pL is any letter; no look-around, no back references"

# Of each pattern, made ready and with what it learns of texts. It bounds the work as well: a pattern that just fits looks at
# 500 characters in some 70 ms, those that people mean in microseconds.
_MOST_MEMORY = 256 * 1024
_MOST_AT_HAND = 128

_REMEDY = r"write a regular expression such as '\+4917[0-9]+' or 'order\s+[0-9]+'"
# What RE2 says of things that others offer, or of too much of something; what to say instead; and what would do.
_WORDS = (
    (
        r"invalid perl operator: (\(\?<?[=!])",
        r"looks around with \1, which no pattern here can",
        "write what is to be there; what must not be there takes a rule of its own",
    ),
    (
        r"invalid perl operator: (\(\?P)$|invalid escape sequence: (\\[1-9gk])",
        r"refers back with \1\2, which no pattern here can",
        "write once more what is to be there again",
    ),
    (
        r"(invalid repetition size: .*|pattern too large)",
        r"is too large: \1",
        "repeat less: counts such as {2,5} go up, count many times inside each other, and end at 1000",
    ),
)


@dataclass(frozen=True, slots=True)
class Pattern:
    """Made by `compile`; of any thread."""

    written: str
    _made: Any

    def fullmatch(self, text: str) -> bool:
        """Does the whole of it match?"""
        return self._made.fullmatch(_octets(text)) is not None

    def search(self, text: str) -> bool:
        """Is it found anywhere?"""
        return self._made.search(_octets(text)) is not None

    def group(self, text: str, name: str) -> str:
        """What the group of this name holds where the pattern is found first; nothing where it is not."""
        found = self._made.search(_octets(text))
        return ((found and found[name]) or b"").decode()

    @property
    def groups(self) -> tuple[str, ...]:
        """Those that have a name."""
        return tuple(self._made.groupindex)


def compile(written: str, field: str, *, ignore_case: bool = False, longest: int = LONGEST) -> Pattern:
    """Raises BadValue naming `field`. Those asked for lately are at hand."""
    if len(written) > longest:
        raise BadValue(field, f"is longer than {longest} characters", "make it shorter")
    try:
        return _compiled(written, ignore_case)
    except UnicodeEncodeError as fault:
        raise BadValue(field, f"{written!r} holds what is no character", _REMEDY) from fault
    except re2.error as fault:
        raise BadValue(field, *_refusal(written, fault.args[0])) from fault


@lru_cache(maxsize=_MOST_AT_HAND)
def _compiled(written: str, ignore_case: bool) -> Pattern:
    options = re2.Options()
    options.max_mem = _MOST_MEMORY
    options.case_sensitive = not ignore_case
    options.log_errors = False
    return Pattern(written, re2.compile(written, options))


def _refusal(written: str, said: bytes) -> tuple[str, str]:
    """The reason and the remedy."""
    words = said.decode(errors="replace")
    for form, instead, remedy in _WORDS:
        if found := re.match(form, words):
            return f"{written!r} {found.expand(instead)}", remedy
    return f"{written!r} is no pattern: {words}", _REMEDY


def _octets(text: str) -> bytes:
    return text.encode(errors="replace")  # of an emoji cut in two, half a one may be left
