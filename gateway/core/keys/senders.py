"""From which channels a key, and an extension of it, may send. PURE: numbers of channels and meanings of names are handed in.

Own numbers are looked for where they are now: a SIM that moves to another port takes its rules along.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from gateway.errors import AgainstRule, BadValue
from gateway.records import ChannelFacts, Key

# In the place of an extension: any that is not named, and none.
ANY_EXTENSION = "*"
_MOST_SHOWN = 5

Expand = Callable[[str], Sequence[str]]  # a channel, dial string or pool to channels; raises BadValue for what is not there


@dataclass(frozen=True, slots=True)
class Origins:
    """The channels that are left, at least one; `who` may send from them, by `rules` as people wrote them.

    `groups` are all that hold: of each, the channel or its own number must be one.
    """

    channels: tuple[str, ...]
    who: str
    rules: tuple[str, ...]
    groups: tuple[tuple[str, ...], ...]

    @property
    def by_number(self) -> bool:
        """Numbers are among the rules: which channels are left changes as SIMs are moved."""
        return any(entry.startswith("+") for group in self.groups for entry in group)

    def require(self, channels: Iterable[str], field: str, what: str) -> None:
        """Raises AgainstRule unless all of these are among them."""
        if not set(channels) <= set(self.channels):
            raise self.refusal(field, what)

    def refusal(self, field: str, what: str) -> AgainstRule:
        return AgainstRule(field, f"{what} is nothing that {self.who} may send from", _listed("it may send from", self.rules))

    def among(self, channels: Iterable[str]) -> tuple[str, ...]:
        return tuple(channel for channel in channels if channel in self.channels)


def origins(key: Key, extension: str | None, facts: Sequence[ChannelFacts], expand: Expand, prefix: str) -> Origins | None:
    """None for a key without such a rule. Raises AgainstRule naming the extension, or the sender where no channel is left."""
    mine, who = _of_extension(key, extension, f"{prefix}extension")
    rules = [entries for entries in (key.rules.senders, mine) if entries]
    if not rules:
        return None
    groups = tuple(tuple(dict.fromkeys(name for entry in entries for name in _names_of(entry, expand))) for entries in rules)
    left = [one.name for one in facts if all(one.name in group or one.number in group for group in groups)]
    if not left:
        remedy = _listed("it may send from", rules[-1]) + "; GET /v1/channels shows the numbers there are"
        raise AgainstRule(f"{prefix}from", f"there is no channel that {who} may send from", remedy)
    return Origins(tuple(left), who, rules[-1], groups)


def _of_extension(key: Key, extension: str | None, field: str) -> tuple[tuple[str, ...], str]:
    """What the extension may, empty for whatever the key may; and who that is, in words."""
    table = key.rules.extensions
    if not table:
        return (), f"the key {key.name}"
    if extension is not None and extension in table:
        return table[extension], f"the extension {extension} of the key {key.name}"
    if ANY_EXTENSION not in table:
        reason = "is missing" if extension is None else f"{extension!r} is no extension of the key {key.name}"
        raise AgainstRule(field, reason, _listed("name one of its extensions:", tuple(table)))
    return table[ANY_EXTENSION], f"the key {key.name}"


def _names_of(entry: str, expand: Expand) -> Sequence[str]:
    """A number as it is, anything else as the channels that it means."""
    if entry.startswith("+"):
        return [entry]
    try:
        return expand(entry)
    except BadValue:  # the configuration no longer has it
        return ()


def _listed(words: str, entries: Sequence[str]) -> str:
    more = f" and {len(entries) - _MOST_SHOWN} more" if len(entries) > _MOST_SHOWN else ""
    return f"{words} {', '.join(entries[:_MOST_SHOWN])}{more}"
