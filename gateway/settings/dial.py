"""Dial strings: how contact-centre software names several channels in one word, such as `0-3`, `(0.3)` or `box1.0-7,p0`.

Pure: the channels are handed in, names come out. An exact name always wins over any other reading; positions count from 0.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from gateway.errors import BadValue
from gateway.settings.spelling import nearest

_POSITION = re.compile(r"[0-9]{1,6}")
_POSITIONS = re.compile(r"([0-9]{1,6})-([0-9]{1,6})|\(([0-9]{1,6})\.([0-9]{1,6})\)")
_NUMBERED = re.compile(r"(.*?)([0-9]{1,6})")

Pools = Mapping[str, Sequence[str]]


def expand(written: str, channels: Sequence[str], pools: Pools | None = None) -> tuple[str, ...]:
    """The channels that one entry or a list with commas names, in order, each once. Raises BadValue for what is unknown."""
    return tuple(dict.fromkeys(_entry(written, channels, pools or {}, ())))


def tiers(entries: Sequence[str], channels: Sequence[str], pools: Pools) -> tuple[tuple[str, ...], ...]:
    """The channels of each entry, without those that an earlier entry named: such a tier may be empty.

    `pools` are the entries of pools as written, which may name further pools. Raises BadValue for a circle of them.
    """
    seen: set[str] = set()
    found = []
    for entry in entries:
        found.append(tuple(one for one in expand(entry, channels, pools) if one not in seen))
        seen.update(found[-1])
    return tuple(found)


def _entry(written: str, channels: Sequence[str], pools: Pools, within: tuple[str, ...]) -> Iterator[str]:
    """`within` are the pools that led here, the outermost first."""
    for part in written.split(","):
        yield from _part(part.strip(), channels, pools, within)


def _part(part: str, channels: Sequence[str], pools: Pools, within: tuple[str, ...]) -> Iterator[str]:
    pool = part.removeprefix("pool:")
    if part in channels:
        yield part
    elif pool in pools:
        if pool in within:
            circle = " -> ".join([*within[within.index(pool) :], pool])
            raise BadValue("", f"the pool {pool!r} holds itself: {circle}", "take one of them out of the other")
        for entry in pools[pool]:
            yield from _entry(entry, channels, pools, (*within, pool))
    elif pool != part:
        raise BadValue("", f"{pool!r} is not a pool", nearest(pool, pools))
    else:
        yield from _range(part, channels, pools)


def _range(part: str, channels: Sequence[str], pools: Pools) -> list[str]:
    """Channels whose numbers follow each other; else positions among all channels."""
    missing = ""
    for names in _numbered(part):
        found = []
        for name in names:
            if name not in channels:
                missing = missing or name
                break
            found.append(name)
        else:
            return found
    if ends := _POSITIONS.fullmatch(part):
        return _places(part, int(ends[1] or ends[3]), int(ends[2] or ends[4]), channels)
    if _POSITION.fullmatch(part):
        return _places(part, int(part), int(part), channels)
    if missing:
        raise BadValue("", f"{part!r} names {missing!r}, which is not a channel", nearest(missing, channels))
    what = f"{part!r} is not a channel" if part else "a name is missing before, behind or between commas"
    raise BadValue("", what, nearest(part, [*channels, *pools]) if part else 'write it as "p0,p1"')


def _numbered(part: str) -> Iterator[Iterator[str]]:
    """Every reading of `p0-p3` and `p0-3` as names that differ in the number they end with; names may hold '-' themselves."""
    for dash in (place for place, sign in enumerate(part) if sign == "-"):
        left, right = _NUMBERED.fullmatch(part[:dash]), _NUMBERED.fullmatch(part[dash + 1 :])
        if left and right and right[1] in ("", left[1]):
            # Either end may show how wide the numbers are: p00-p11, p11-p00.
            width = max((len(end) for end in (left[2], right[2]) if end.startswith("0")), default=1)
            yield (f"{left[1]}{number:0{width}}" for number in _steps(int(left[2]), int(right[2])))


def _places(part: str, first: int, last: int, channels: Sequence[str]) -> list[str]:
    beyond = next((one for one in (first, last) if one >= len(channels)), None)
    if beyond is not None:
        there = f"positions are 0 to {len(channels) - 1}" if channels else "none is configured"
        raise BadValue("", f"{part!r}: there is no channel at position {beyond}", there)
    return [channels[place] for place in _steps(first, last)]


def _steps(first: int, last: int) -> range:
    return range(first, last + 1) if last >= first else range(first, last - 1, -1)
