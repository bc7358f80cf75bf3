"""Whether an address lies in one of some networks. Knows nothing of who asks."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from functools import lru_cache


def within(address: str, networks: Iterable[str]) -> bool:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    return any(found in _network(network) for network in networks)


@lru_cache(maxsize=256)
def _network(written: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    return ipaddress.ip_network(written)
