"""Opens a connection to a webhook: the name is resolved, its addresses are judged, and the very address that passed is called.

Name and certificate are still those of the URL. What is said on the connection is the business of the wires.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import TypeVar

from gateway.core.forwarding.addresses import Reach, numeric

P = TypeVar("P", bound=asyncio.Protocol)


class Unreachable(Exception):
    """No answer came: name, network, certificate, login, time or a broken answer. Says which."""


class Forbidden(Exception):
    """The webhook lives at an address that is never called."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all wires share."""

    timeout_s: float  # for a whole posting, from resolving the name to the end of the answer
    reach: Reach
    trust: Callable[[], ssl.SSLContext]
    resolver: Executor  # threads of its own: a name server that is silent must not use up the loop's


async def dial(surroundings: Surroundings, host: str, port: int, tls: bool, protocol: Callable[[], P]) -> P:
    """Raises Unreachable, Forbidden and OSError. The caller bounds the whole in time."""
    context = surroundings.trust() if tls else None
    addresses = await _allowed(surroundings, host, port)
    for number, address in enumerate(addresses):
        share = surroundings.timeout_s / len(addresses)
        try:
            async with asyncio.timeout(share):
                return await _open(address, port, context, host, protocol)
        except OSError:  # TimeoutError is one
            if number == len(addresses) - 1:
                raise
    raise Unreachable(f"{host} has no address")


async def _allowed(surroundings: Surroundings, host: str, port: int) -> list[str]:
    """The addresses of `host` that may be called, best first. Raises Forbidden if it has only others."""
    addresses = await _resolve(surroundings, host, port)
    reasons = {address: surroundings.reach.why_not(host, address, port) for address in addresses}
    allowed = [address for address, reason in reasons.items() if reason is None]
    if addresses and not allowed:
        raise Forbidden("; ".join(reason for reason in reasons.values() if reason))
    return allowed


async def _resolve(surroundings: Surroundings, host: str, port: int) -> list[str]:
    address = numeric(host)
    if address is not None:
        return [address]
    loop = asyncio.get_running_loop()
    try:
        found = await loop.run_in_executor(surroundings.resolver, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
    except socket.gaierror as fault:
        raise Unreachable(f"the name {host} cannot be resolved: {fault.strerror}") from fault
    except UnicodeError as fault:
        raise Unreachable(f"{host} is no name of a host") from fault
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


async def _open(address: str, port: int, context: ssl.SSLContext | None, host: str, protocol: Callable[[], P]) -> P:
    loop = asyncio.get_running_loop()
    server = host if context is not None else None
    return (await loop.create_connection(protocol, address, port, ssl=context, server_hostname=server))[1]
