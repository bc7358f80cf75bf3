"""The names of lanes: whom a queued text may leave by. Any channel, those of a pool, one channel, or a set a client named. Pure.

Each of them may also be held to own numbers, wherever these are by the time a text leaves: "@from:+491,p3&+491,+492" is for a
channel that fits both groups, each by its own number or by its name.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

ANY = ""
FROM = "@from:"
_ONLY, _ASKED = "only:", "channel:"


def of_channel(name: str) -> str:
    return f"channel:{name}"


def of_pool(name: str, kind: str = "") -> str:
    """`kind` tells texts apart for which the channels of one pool stand in different orders."""
    return f"pool:{name}@{kind}" if kind else f"pool:{name}"


def of_member(pool: str, channel: str) -> str:
    """Texts of a pool that must leave from the number of one of its channels: its limits hold, its strategy has no choice."""
    return of_pool(pool, f"{_ONLY}{channel}")


def of_asked_member(pool: str, channel: str) -> str:
    """As `of_member`, for texts that asked for this channel by its name."""
    return of_pool(pool, f"{_ASKED}{channel}")


def of_members(pool: str, channels: Iterable[str]) -> str:
    """Texts of a pool that may leave by some of its channels alone: its limits hold, and its strategy among these."""
    return of_pool(pool, "among:" + ",".join(channels))


def of_set(channels: Iterable[str]) -> str:
    return "set:" + ",".join(channels)


def held(lane: str, groups: Iterable[Iterable[str]]) -> str:
    """Texts of a lane that may leave only from certain own numbers: of each group the channel, or its number, must be one."""
    return f"{lane}{FROM}{'&'.join(','.join(group) for group in groups)}"


def whole(lane: str) -> str:
    """The lane itself, of one that may be held to own numbers."""
    return lane.partition(FROM)[0]


@lru_cache(maxsize=4096)
def groups_of(lane: str) -> tuple[frozenset[str], ...]:
    """The groups to which a lane is held; none for a lane that asks for no number."""
    groups = lane.partition(FROM)[2]
    return tuple(frozenset(group.split(",")) for group in groups.split("&")) if groups else ()


def admits(lane: str, channel: str, number: str) -> bool:
    """May a text of this lane leave by this channel, whose SIM has this number now?"""
    return all(channel in group or number in group for group in groups_of(lane))


def serves(lane: str, channel: str, number: str) -> bool:
    """Of a lane of a pool, and one of its channels, whose SIM has this number: may this channel send its texts?"""
    return channel in (members_of(lane) or (channel,)) and admits(lane, channel, number)


def may_follow(lane: str, channel: str, number: str) -> bool:
    """May a text of this lane that has begun go on by this channel, where its SIM, which has this number, was put?"""
    asked = set_of(lane) or ((channel_of(lane),) if channel_of(lane) else ())
    return channel in (asked or (channel,)) and serves(lane, channel, number)


def is_bound(lane: str) -> bool:
    """Is there only one channel, or one number, that will do?"""
    return bool(channel_of(lane)) or any(len(group) == 1 for group in groups_of(lane))


def numbers_of(lane: str) -> tuple[str, ...]:
    """The own numbers that a lane names."""
    return tuple(sorted({entry for group in groups_of(lane) for entry in group if entry.startswith("+")}))


def pool_of(lane: str) -> str:
    """The name of the pool whose texts wait in this lane; empty for other lanes."""
    return lane.removeprefix("pool:").partition("@")[0] if lane.startswith("pool:") else ""


def channel_of(lane: str) -> str:
    """The one channel whose texts wait in this lane; empty for other lanes."""
    if lane.startswith("channel:"):
        return whole(lane).removeprefix("channel:")
    kind = whole(lane).partition("@")[2] if lane.startswith("pool:") else ""
    return next((kind.removeprefix(mark) for mark in (_ONLY, _ASKED) if kind.startswith(mark)), "")


def is_asked(lane: str) -> bool:
    """Did its texts ask for their one channel by its name, and not by its number?"""
    return lane.startswith("channel:") or f"@{_ASKED}" in lane


def members_of(lane: str) -> tuple[str, ...]:
    """The channels of a pool to which its texts are held; empty for other lanes."""
    return tuple(whole(lane).partition("@among:")[2].split(",")) if lane.startswith("pool:") and "@among:" in lane else ()


def set_of(lane: str) -> tuple[str, ...]:
    """The channels that a client named; empty for other lanes."""
    return tuple(whole(lane).removeprefix("set:").split(",")) if lane.startswith("set:") else ()
