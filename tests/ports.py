"""Ports for programs that are told where to listen, and for those that come back where they were. Knows no program."""

from __future__ import annotations

import os
import random
import socket

# Below the range from which systems take the ports of outgoing connections (32768 on Linux): between our choice and its use
# nobody else is given one of these.
_FIRST, _LAST = 20_000, 31_999
_chance = random.Random()


def _own_ports() -> list[int]:
    """Workers that test side by side choose from different ones: two of them would find the same port free."""
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    ports = list(range(_FIRST, _LAST + 1))[number % workers :: workers]
    _chance.shuffle(ports)  # two whole runs of the tests may be on one machine
    return ports


_ports = _own_ports()


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on; given out only once until all have been, as its first user may come back."""
    while True:
        port = _ports.pop()
        _ports.insert(0, port)
        with socket.socket() as tried:
            try:
                tried.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def free_ports(count: int) -> list[int]:
    return [free_port() for _ in range(count)]
