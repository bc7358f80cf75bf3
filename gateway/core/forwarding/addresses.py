"""Which addresses a webhook may live at, decided after its name is resolved and for the very address that is then called.

A PBX is normally on a private network or on this machine, so those are allowed, unless `[forwarding] allow` names what is. Never
allowed, whatever that says: link-local addresses, the metadata services of clouds, and our own HTTP and SMPP listeners.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.settings import Settings

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Listener = tuple[str, int]

# Link-local covers 169.254.169.254; these are the ones outside it.
_METADATA = frozenset(
    ipaddress.ip_address(address)
    for address in ("100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254", "fd20:ce::254")
)
# IPv6 addresses whose last 32 bits are the IPv4 address that is reached: NAT64 (RFC 6052, RFC 8215), IPv4-compatible.
_WRAPPED = tuple(ipaddress.IPv6Network(network) for network in ("64:ff9b::/96", "64:ff9b:1::/48", "::/96"))
_THIS_NETWORK = ipaddress.IPv4Network("0.0.0.0/8")


@dataclass(frozen=True, slots=True)
class Reach:
    """How far webhooks reach. `allow` is as configured: networks, addresses and names of hosts; empty is all but what never is."""

    listeners: tuple[Listener, ...] = ()
    allow: tuple[str, ...] = ()

    @classmethod
    def of(cls, settings: Settings) -> Reach:
        own = [(settings.http.host, settings.http.port)]
        if settings.smpp.listen:
            own.append((settings.smpp.host, settings.smpp.port))
        return cls(tuple(own), settings.forwarding.allow)

    def why_not(self, host: str, address: str, port: int) -> str | None:
        """The reason why `address`, which is what `host` stands for, is not called; None if it may be."""
        reason = why_never(address, port, self.listeners)
        if reason is not None or not self.allow or self._named(host):
            return reason
        ip = true_address(address)
        if any(ip in network for network in self._networks()):
            return None
        return f"{ip} is not among what [forwarding] allow names"

    def why_not_yet(self, host: str, port: int) -> str | None:
        """What can be said before a name is resolved."""
        address = numeric(host)
        if address is not None:
            return self.why_not(host, address, port)
        if self.allow and not self._named(host) and not self._networks():
            return f"{host} is not among what [forwarding] allow names"
        return None

    def _named(self, host: str) -> bool:
        wanted = host.lower().rstrip(".")
        return any(wanted == one.lower().rstrip(".") for one in self.allow)

    def _networks(self) -> list[Network]:
        return [network for network in map(_network, self.allow) if network is not None]


def numeric(host: str) -> str | None:
    """The address that a host is without a name server: also 2130706433, 0x7f.1 and 0177.0.0.1, as the system reads them."""
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        pass
    try:
        return socket.inet_ntoa(socket.inet_aton(host))
    except OSError:
        return None


def why_never(address: str, port: int, listeners: Sequence[Listener]) -> str | None:
    """The reason this address is never called, or None."""
    ip = true_address(address)
    if ip.is_link_local:
        return f"{ip} is a link-local address"
    if ip in _METADATA:
        return f"{ip} is a cloud metadata service"
    if ip.is_multicast or ip.is_unspecified or ip in _THIS_NETWORK:
        return f"{ip} is no address of a host"
    if any(port == listener[1] and _reaches(ip, listener[0]) for listener in listeners):
        return f"{ip} port {port} is this gateway itself"
    return None


def true_address(address: str) -> Address:
    """The IPv4 address that an IPv6 address wraps, if it does."""
    ip = ipaddress.ip_address(address)
    if not isinstance(ip, ipaddress.IPv6Address) or ip.is_loopback or ip.is_unspecified:
        return ip
    if any(ip in network for network in _WRAPPED):
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour or ip


def _network(written: str) -> Network | None:
    try:
        return ipaddress.ip_network(written)
    except ValueError:  # a name
        return None


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
