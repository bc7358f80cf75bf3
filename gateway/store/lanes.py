"""The names of lanes: whom a queued text may leave by. Any channel, those of a pool, one channel, or a set a client named. Pure."""

from __future__ import annotations

from collections.abc import Iterable

ANY = ""


def of_channel(name: str) -> str:
    return f"channel:{name}"


def of_pool(name: str, kind: str = "") -> str:
    """`kind` tells texts apart for which the channels of one pool stand in different orders."""
    return f"pool:{name}@{kind}" if kind else f"pool:{name}"


def of_member(pool: str, channel: str) -> str:
    """Texts of a pool that must leave from the number of one of its channels: its limits hold, its strategy has no choice."""
    return of_pool(pool, f"only:{channel}")


def of_members(pool: str, channels: Iterable[str]) -> str:
    """Texts of a pool that may leave by some of its channels alone: its limits hold, and its strategy among these."""
    return of_pool(pool, "among:" + ",".join(channels))


def of_set(channels: Iterable[str]) -> str:
    return "set:" + ",".join(channels)


def pool_of(lane: str) -> str:
    """The name of the pool whose texts wait in this lane; empty for other lanes."""
    return lane.removeprefix("pool:").partition("@")[0] if lane.startswith("pool:") else ""


def channel_of(lane: str) -> str:
    """The one channel whose texts wait in this lane; empty for other lanes."""
    if lane.startswith("channel:"):
        return lane.removeprefix("channel:")
    return lane.partition("@only:")[2] if lane.startswith("pool:") else ""


def members_of(lane: str) -> tuple[str, ...]:
    """The channels of a pool to which its texts are held; empty for other lanes."""
    return tuple(lane.partition("@among:")[2].split(",")) if lane.startswith("pool:") and "@among:" in lane else ()


def set_of(lane: str) -> tuple[str, ...]:
    """The channels that a client named; empty for other lanes."""
    return tuple(lane.removeprefix("set:").split(",")) if lane.startswith("set:") else ()
