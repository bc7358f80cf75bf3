"""Which addresses a webhook may live at, decided after its name is resolved and for the very address that is then called.

A PBX is normally on a private network or on this machine, so those are allowed. Never allowed: link-local addresses,
the metadata services of clouds, and our own HTTP listener.
"""

from __future__ import annotations

import ipaddress
import socket

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# Link-local covers 169.254.169.254; these are the ones outside it.
_METADATA = frozenset(
    ipaddress.ip_address(address)
    for address in ("100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254", "fd20:ce::254")
)
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def why_never(address: str, port: int, listener: tuple[str, int]) -> str | None:
    """The reason this address is never called, or None."""
    ip = _true_address(ipaddress.ip_address(address))
    if ip.is_link_local:
        return f"{ip} is a link-local address"
    if ip in _METADATA:
        return f"{ip} is a cloud metadata service"
    if ip.is_multicast or ip.is_unspecified:
        return f"{ip} is no address of a host"
    if port == listener[1] and _reaches(ip, listener[0]):
        return f"{ip} port {port} is this gateway itself"
    return None


def _true_address(ip: Address) -> Address:
    """The IPv4 address that an IPv6 address wraps, if it does."""
    if not isinstance(ip, ipaddress.IPv6Address):
        return ip
    if ip in _NAT64:
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour or ip


def _reaches(ip: Address, host: str) -> bool:
    """Whether a listener bound to `host` answers at `ip`."""
    try:
        bound: Address | None = ipaddress.ip_address(host)
    except ValueError:  # a name such as localhost: assume the widest
        bound = None
    if bound is not None and not bound.is_unspecified:
        return ip == bound or (ip.is_loopback and bound.is_loopback)
    return ip.is_loopback or _is_ours(ip)


def _is_ours(ip: Address) -> bool:
    """Whether `ip` belongs to this machine: then the kernel talks to it from that same address. Nothing is sent."""
    family = socket.AF_INET if ip.version == 4 else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((str(ip), 9))
            return ipaddress.ip_address(probe.getsockname()[0]) == ip
    except OSError:  # no route: it cannot be us
        return False
