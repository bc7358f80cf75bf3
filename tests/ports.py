"""Ports for programs that are told where to listen. Knows no program."""

from __future__ import annotations

import random
import socket

# Below the range from which systems take the ports of outgoing connections (32768 on Linux): between our choice and its use
# nobody else is given one of these.
_FIRST, _LAST = 20_000, 31_999
_chance = random.Random()


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    while True:
        port = _chance.randint(_FIRST, _LAST)
        with socket.socket() as tried:
            try:
                tried.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def free_ports(count: int) -> list[int]:
    found: set[int] = set()
    while len(found) < count:
        found.add(free_port())
    return list(found)
