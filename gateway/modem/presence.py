"""Whether a port is there, and whether it is still the one that was there before. Opens nothing."""

from __future__ import annotations

import asyncio
import os

Token = tuple[object, ...] | None


def token(port: str) -> Token:
    """Something that changes when the port goes away and comes back; None while it is away, or has no place to look at."""
    try:
        node, name = os.stat(port), os.lstat(port)
    except OSError:
        return None
    return os.path.realpath(port), node.st_ino, node.st_rdev, name.st_ino


async def plugged_in(port: str, before: Token, glance: float) -> None:
    """Returns when `port` has come (back) since `before`, looking every `glance` seconds; never for one behind a network."""
    while (now := token(port)) is None or now == before:
        before = None if now is None else before
        await asyncio.sleep(glance)
