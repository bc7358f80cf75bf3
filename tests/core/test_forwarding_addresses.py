"""Whom a webhook may reach: private networks and this machine, yes; link-local, metadata services and ourselves, never."""

from __future__ import annotations

import pytest

from gateway.core.forwarding.addresses import Reach, numeric, why_never

OURS = [("127.0.0.1", 8080)]


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
        "64:ff9b:1::a9fe:a9fe",
        "::169.254.169.254",
        "0.1.2.3",
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
    assert "this gateway itself" in str(why_never(address, 8080, [(listener, 8080)]))
    assert why_never(address, 8081, [(listener, 8080)]) is None


def test_another_machine_on_our_port_is_not_us() -> None:
    assert why_never("192.0.2.1", 8080, [("0.0.0.0", 8080)]) is None
    assert why_never("192.0.2.1", 8080, [("192.0.2.7", 8080)]) is None


def test_each_of_our_listeners_is_us() -> None:
    both = [("127.0.0.1", 8080), ("0.0.0.0", 2775)]
    assert why_never("127.0.0.1", 2775, both) and why_never("127.0.0.1", 8080, both)
    assert why_never("127.0.0.1", 5038, both) is None


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2130706433", "127.0.0.1"),
        ("0x7f000001", "127.0.0.1"),
        ("0x7f.1", "127.0.0.1"),
        ("0177.0.0.1", "127.0.0.1"),
        ("127.1", "127.0.0.1"),
        ("::ffff:192.0.2.7", "::ffff:192.0.2.7"),
        ("pbx.example", None),
        ("192.0.2.7.example", None),
        ("256.1.1.1", None),
    ],
)
def test_a_host_that_is_a_number_is_known_without_a_name_server(host: str, address: str | None) -> None:
    found = numeric(host)
    assert found == address or (address is not None and found == "::ffff:c000:207")


NARROW = Reach((("127.0.0.1", 8080),), ("192.0.2.0/24", "2001:db8::5", "PBX.example.net", "127.0.0.1"))


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("192.0.2.9", "192.0.2.9"),
        ("any.example", "192.0.2.9"),
        ("::ffff:192.0.2.9", "::ffff:192.0.2.9"),
        ("64:ff9b::c000:209", "64:ff9b::c000:209"),
        ("2001:db8::5", "2001:db8::5"),
        ("pbx.example.net", "198.51.100.7"),
        ("pbx.example.net.", "198.51.100.7"),
        ("127.0.0.1", "127.0.0.1"),
    ],
)
def test_what_is_named_may_be_called(host: str, address: str) -> None:
    assert NARROW.why_not(host, address, 443) is None


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("192.0.3.9", "192.0.3.9"),
        ("any.example", "198.51.100.7"),
        ("xpbx.example.net", "198.51.100.7"),
        ("2001:db8::6", "2001:db8::6"),
        ("127.0.0.2", "127.0.0.2"),
        ("::1", "::1"),
    ],
)
def test_what_is_not_named_is_not_called(host: str, address: str) -> None:
    assert "[forwarding] allow" in str(NARROW.why_not(host, address, 443))


def test_what_is_never_called_is_not_called_although_it_is_named() -> None:
    careless = Reach((("127.0.0.1", 8080),), ("0.0.0.0/0", "::/0", "metadata.example"))
    assert careless.why_not("10.0.0.1", "10.0.0.1", 80) is None
    assert "metadata" in str(careless.why_not("100.100.100.200", "100.100.100.200", 80))
    assert "link-local" in str(careless.why_not("metadata.example", "169.254.169.254", 80))
    assert "this gateway" in str(careless.why_not("127.0.0.1", "127.0.0.1", 8080))


def test_before_a_name_is_resolved_only_what_is_sure_is_said() -> None:
    assert NARROW.why_not_yet("unheard.example", 443) is None  # it may lead into a network that is named
    assert "allow" in str(Reach((), ("pbx.example.net",)).why_not_yet("other.example", 443))
    assert "allow" in str(NARROW.why_not_yet("10.0.0.1", 443))
    assert "link-local" in str(Reach().why_not_yet("0xa9fea9fe", 80))
    assert Reach().why_not_yet("10.0.0.1", 80) is None
