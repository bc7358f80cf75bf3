"""Whom a webhook may reach: private networks and this machine, yes; link-local, metadata services and ourselves, never."""

from __future__ import annotations

import pytest

from gateway.core.forwarding.addresses import why_never

OURS = ("127.0.0.1", 8080)


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "127.0.0.2", "::1", "10.0.0.5", "192.168.1.20", "172.16.0.1", "fd12::5", "203.0.113.9", "2001:db8::1"]
)
def test_a_pbx_may_live_here(address: str) -> None:
    assert why_never(address, 5000, OURS) is None


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254",  # metadata of most clouds
        "169.254.1.1",
        "fe80::1",
        "fe80::1%eth0",
        "::ffff:169.254.169.254",  # the same in IPv6 clothes
        "64:ff9b::a9fe:a9fe",
        "2002:a9fe:a9fe::1",
        "fd00:ec2::254",
        "fd20:ce::254",
        "100.100.100.200",
        "168.63.129.16",
        "0.0.0.0",
        "::",
        "224.0.0.1",
        "ff02::1",
    ],
)
def test_nothing_is_ever_posted_here(address: str) -> None:
    assert why_never(address, 80, OURS)


@pytest.mark.parametrize(
    ("listener", "address"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("127.0.0.1", "::ffff:127.0.0.1"),
        ("0.0.0.0", "127.0.0.1"),
        ("0.0.0.0", "127.0.0.99"),
        ("::", "::1"),
        ("localhost", "127.0.0.1"),
        ("192.0.2.7", "192.0.2.7"),
    ],
)
def test_our_own_listener_is_never_called(listener: str, address: str) -> None:
    assert "this gateway itself" in str(why_never(address, 8080, (listener, 8080)))
    assert why_never(address, 8081, (listener, 8080)) is None


def test_another_machine_on_our_port_is_not_us() -> None:
    assert why_never("192.0.2.1", 8080, ("0.0.0.0", 8080)) is None
    assert why_never("192.0.2.1", 8080, ("192.0.2.7", 8080)) is None
