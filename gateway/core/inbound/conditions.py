"""The conditions of inbound rules: does one hold for a text, and if not, why, in words for a person. PURE."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Protocol

from gateway import numbers, patterns
from gateway.core.unreadable import Unreadable
from gateway.errors import BadValue
from gateway.store.inbound import InboundRule

# What an entry of `from` may be, beside a number.
PREFIX = r"\+[1-9][0-9]{0,14}\*"
# A name holds something that no number holds.
NAME = r"[^\x00-\x1f\x7f]*[^\x00-\x1f\x7f0-9+*# ./()\-\u00a0\u2011][^\x00-\x1f\x7f]*"
_NUMBER = re.compile(r"[0-9+*# ./()\-\u00a0\u2011]+")

LOOKED_AT = 500  # characters of a text, for a pattern

# Which channels are in a pool now; nothing for a pool that is not there.
Members = Callable[[str], Collection[str]]


@dataclass(frozen=True, slots=True)
class InboundFacts:
    """What inbound rules look at. `to` is the number of the SIM that received; numbers are spelled as they are kept."""

    to: str
    channel: str
    from_: str
    text: str


class Condition(Protocol):
    def holds(self, facts: InboundFacts) -> bool: ...

    def against(self, facts: InboundFacts) -> str:
        """Why it does not hold; asked only when it does not."""


def number_of(written: str, country: str) -> str:
    """+E.164 of digits as a network, a SIM or a person tells them; all else, as names, stays as it is."""
    if not _NUMBER.fullmatch(written):
        return written
    try:
        return numbers.recipient(numbers.with_plus(written, country), country)
    except BadValue:
        return written


def word_of(text: str) -> str:
    """The first word of a text as keywords are compared: its case and the punctuation at its end do not count."""
    first = next((word.strip(_INVISIBLE) for word in text[:_FAR_ENOUGH].split() if word.strip(_INVISIBLE)), "")
    word = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", first).casefold())
    end = len(word)
    while end and unicodedata.category(word[end - 1]) in _ENDINGS:
        end -= 1
    return word[:end] or word  # a word of punctuation alone is one


# Punctuation, and signs that are not seen.
_ENDINGS = ("Pc", "Pd", "Pe", "Pf", "Pi", "Po", "Ps", "Cf")
_INVISIBLE = "\ufeff\u200b\u200e\u200f\u2060"
# A first word that is longer than this is no keyword.
_FAR_ENOUGH = 200


def of_rule(rule: InboundRule, country: str, members: Members) -> Iterator[Condition]:
    """The cheap ones first."""
    if rule.to:
        yield _Own(frozenset(rule.to))
    if rule.channels:
        yield _Channels(frozenset(rule.channels))
    if rule.pool:
        yield _Pool(rule.pool, members)
    if rule.from_:
        yield _sender(rule.from_, country)
    if rule.keywords:
        yield _Keywords(frozenset(rule.keywords))
    if rule.pattern:
        yield _pattern(rule.pattern)


def _sender(entries: Collection[str], country: str) -> _Sender:
    prefixes = tuple(one[:-1] for one in entries if re.fullmatch(PREFIX, one))
    names = tuple(one.casefold() for one in entries if re.fullmatch(NAME, one))
    return _Sender(frozenset(entries), prefixes, names, country)


def _pattern(written: str) -> Condition:
    try:
        return _Pattern(patterns.compile(written, "pattern", ignore_case=True))
    except BadValue as fault:
        return Unreadable(fault.reason)


def _one_of(entries: Collection[str]) -> str:
    shown = sorted(entries)
    return " or ".join(shown[:5]) + (" or another of the list" if len(shown) > 5 else "")


@dataclass(frozen=True, slots=True)
class _Own:
    numbers: frozenset[str]

    def holds(self, facts: InboundFacts) -> bool:
        return facts.to in self.numbers

    def against(self, facts: InboundFacts) -> str:
        return f"it came to {facts.to or 'a SIM whose number is not known'}, not to {_one_of(self.numbers)}"


@dataclass(frozen=True, slots=True)
class _Channels:
    names: frozenset[str]

    def holds(self, facts: InboundFacts) -> bool:
        return facts.channel in self.names

    def against(self, facts: InboundFacts) -> str:
        return f"it came over {facts.channel or 'a channel that is not known'}, not over {_one_of(self.names)}"


@dataclass(frozen=True, slots=True)
class _Pool:
    name: str
    members: Members

    def holds(self, facts: InboundFacts) -> bool:
        return facts.channel in self.members(self.name)

    def against(self, facts: InboundFacts) -> str:
        if not self.members(self.name):
            return f"its pool {self.name!r} is not there any more, or empty"
        return f"{facts.channel or 'its channel'} is not in the pool {self.name}"


@dataclass(frozen=True, slots=True)
class _Sender:
    entries: frozenset[str]
    prefixes: tuple[str, ...]
    names: tuple[str, ...]
    country: str

    def holds(self, facts: InboundFacts) -> bool:
        if not facts.from_:
            return False
        if not _NUMBER.fullmatch(facts.from_):
            return any(fnmatchcase(facts.from_.casefold(), name) for name in self.names)
        number = number_of(facts.from_, self.country)
        return number in self.entries or number.startswith(self.prefixes)

    def against(self, facts: InboundFacts) -> str:
        return f"it came from {facts.from_ or 'nobody'}, not from {_one_of(self.entries)}"


@dataclass(frozen=True, slots=True)
class _Keywords:
    words: frozenset[str]

    def holds(self, facts: InboundFacts) -> bool:
        return word_of(facts.text) in self.words

    def against(self, facts: InboundFacts) -> str:
        return f"its first word is {word_of(facts.text)[:40]!r}, not {_one_of(self.words)}"


@dataclass(frozen=True, slots=True)
class _Pattern:
    """Tried on the beginning of the text; upper and lower case are the same."""

    pattern: patterns.Pattern

    def holds(self, facts: InboundFacts) -> bool:
        return self.pattern.search(facts.text[:LOOKED_AT])

    def against(self, facts: InboundFacts) -> str:
        return f"the pattern {self.pattern.written} is not found in the text"
