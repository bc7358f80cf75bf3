"""Regular expressions over texts that anybody may send: tried in step with the text, so that no text makes them slow.

What Python's own `re` does with a text can take for ever, if the text is made for it. Here every place in the pattern is looked at
once for each character. For that there is no looking back or ahead and no back reference. PURE; finds, and captures nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from re import _constants as codes  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

from gateway.errors import BadValue

# What a text costs at most is the product of these two.
LOOKED_AT = 500  # characters of the text
MOST_STEPS = 200  # of the pattern, counts such as {3} written out
LONGEST_PATTERN = 200

_REMEDY = r"write a regular expression such as 'order\s+[0-9]+'"
_SPANS_LINES = re.DOTALL | re.MULTILINE

Test = Callable[[str], bool]


@dataclass(slots=True)
class _Step:
    """A place in the pattern: a character to pass, an assertion about the place in the text, or neither; and what follows."""

    follows: list[int] = field(default_factory=list)
    passes: Test | None = None
    place: Any = None


class Pattern:
    """Matches anywhere in the beginning of a text; upper and lower case are the same. Raises BadValue for what it cannot be."""

    def __init__(self, written: str, name: str = "pattern") -> None:
        self.written = written
        self._field = name
        try:
            parsed = parser.parse(written, re.IGNORECASE)
        except (re.error, OverflowError, RecursionError) as fault:
            raise BadValue(name, f"{written!r} is no pattern: {fault}", _REMEDY) from fault
        self._flags = parsed.state.flags
        self._steps: list[_Step] = []
        self._end = self._step(_Step())
        self._begin = self._sequence(parsed, self._end)

    def found_in(self, text: str) -> bool:
        text = text[:LOOKED_AT]
        reached: set[int] = set()
        for at in range(len(text) + 1):
            places = self._spread([*reached, self._begin], text, at)
            if self._end in places:
                return True
            if at < len(text):
                sign = text[at]
                steps = [self._steps[one] for one in places]
                reached = {one for step in steps if step.passes is not None and step.passes(sign) for one in step.follows}
        return False

    def _spread(self, begun: Iterable[int], text: str, at: int) -> set[int]:
        """All places that are reached without passing a character."""
        found: set[int] = set()
        waiting = list(begun)
        while waiting:
            one = waiting.pop()
            if one in found:
                continue
            found.add(one)
            step = self._steps[one]
            if step.passes is None and (step.place is None or self._is_at(step.place, text, at)):
                waiting += step.follows
        return found

    def _is_at(self, place: Any, text: str, at: int) -> bool:
        lines = bool(self._flags & re.MULTILINE)
        if place in (codes.AT_BEGINNING, codes.AT_BEGINNING_STRING):
            return at == 0 or (lines and place is codes.AT_BEGINNING and text[at - 1] == "\n")
        if place in (codes.AT_END, codes.AT_END_STRING):
            rest = text[at:] if place is codes.AT_END else "" if at == len(text) else " "
            return rest in ("", "\n") or (lines and rest.startswith("\n"))
        border = (at > 0 and _is_word(text[at - 1])) is not (at < len(text) and _is_word(text[at]))
        return border is (place is codes.AT_BOUNDARY)

    # Built from its end, so that each part knows what follows.

    def _step(self, step: _Step) -> int:
        if len(self._steps) >= MOST_STEPS:
            reason = f"takes more than {MOST_STEPS} steps, counts such as {{3}} written out"
            raise BadValue(self._field, reason, "make it shorter, or use keywords")
        self._steps.append(step)
        return len(self._steps) - 1

    def _sequence(self, parts: Any, after: int) -> int:
        for kind, what in reversed(list(parts)):
            after = self._part(kind, what, after)
        return after

    def _part(self, kind: Any, what: Any, after: int) -> int:
        if kind is codes.AT:
            return self._step(_Step([after], place=what))
        if kind is codes.BRANCH:
            return self._step(_Step([self._sequence(one, after) for one in what[1]]))
        if kind is codes.SUBPATTERN and not (what[1] | what[2]) & ~re.IGNORECASE:
            return self._sequence(what[3], after)
        if kind in (codes.MAX_REPEAT, codes.MIN_REPEAT):
            return self._repeat(*what, after)
        if kind in (codes.ANY, codes.LITERAL, codes.NOT_LITERAL, codes.IN):
            return self._step(_Step([after], passes=self._test(kind, what)))
        reason = f"holds something that is not offered here ({str(kind).lower().replace('_', ' ')})"
        raise BadValue(self._field, reason, "groups, |, sets, repetitions, ^, $ and \\b are")

    def _repeat(self, least: int, most: Any, part: Any, after: int) -> int:
        if most is codes.MAXREPEAT:
            loop = self._step(_Step([after]))
            self._steps[loop].follows.append(self._sequence(part, loop))
            begin = loop
        else:
            begin = after
            for _ in range(most - least):
                begin = self._step(_Step([after, self._sequence(part, begin)]))
        for _ in range(least):
            before, begin = begin, self._sequence(part, begin)
            if begin == before:
                break  # nothing, many times
        return begin

    def _test(self, kind: Any, what: Any) -> Test:
        if kind is codes.ANY:
            return (lambda sign: True) if self._flags & re.DOTALL else (lambda sign: sign != "\n")
        if kind is codes.IN:
            negated = what[0][0] is codes.NEGATE
            tests = [_member(*one) for one in what[negated:]]
            return lambda sign: any(test(one) for one in _cases(sign) for test in tests) is not negated
        same = frozenset(_cases(chr(what)))
        wanted = kind is codes.LITERAL
        return lambda sign: (not same.isdisjoint(_cases(sign))) is wanted


def _member(kind: Any, what: Any) -> Test:
    if kind is codes.LITERAL:
        return lambda sign: ord(sign) == what
    if kind is codes.RANGE:
        return lambda sign: what[0] <= ord(sign) <= what[1]
    return _CATEGORIES[what]


def _cases(sign: str) -> tuple[str, ...]:
    """In lower and in upper case, where these are one character."""
    return tuple(one for one in (sign, sign.lower(), sign.upper()) if len(one) == 1)


def _is_word(sign: str) -> bool:
    return sign.isalnum() or sign == "_"


_CATEGORIES: dict[Any, Test] = {
    codes.CATEGORY_DIGIT: str.isdecimal,
    codes.CATEGORY_NOT_DIGIT: lambda sign: not sign.isdecimal(),
    codes.CATEGORY_SPACE: str.isspace,
    codes.CATEGORY_NOT_SPACE: lambda sign: not sign.isspace(),
    codes.CATEGORY_WORD: _is_word,
    codes.CATEGORY_NOT_WORD: lambda sign: not _is_word(sign),
}
