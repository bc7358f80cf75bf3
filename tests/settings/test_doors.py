"""The table [doors]: what it takes, and what it refuses with key and remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.errors import BadSetting
from gateway.settings import DoorsSettings, parse, secret_files


def doors(folder: Path, lines: str) -> DoorsSettings:
    return parse(f"[doors]\n{lines}\n", folder).doors


def test_the_plain_door_alone_is_open_unless_the_table_says_otherwise(tmp_path: Path) -> None:
    assert parse("", tmp_path).doors.open == ("plain",)
    assert doors(tmp_path, "open = []").open == ()
    assert doors(tmp_path, 'open = ["twilio", "kannel"]').open == ("twilio", "kannel")


def test_addresses_are_networks_by_door(tmp_path: Path) -> None:
    found = doors(tmp_path, 'addresses = { kannel = "192.0.2.7, 2001:db8::/64" }')
    assert found.networks("kannel") == ("192.0.2.7/32", "2001:db8::/64")
    assert found.networks("twilio") is None


def test_our_own_api_and_smpp_have_addresses_as_doors_have(tmp_path: Path) -> None:
    found = doors(tmp_path, 'addresses = { v1 = "127.0.0.1", smpp = "192.0.2.0/24" }')
    assert (found.networks("v1"), found.networks("smpp")) == (("127.0.0.1/32",), ("192.0.2.0/24",))
    with pytest.raises(BadSetting):
        doors(tmp_path, 'open = ["v1"]')


def test_proxies_are_addresses(tmp_path: Path) -> None:
    assert parse("", tmp_path).http.trusted_proxies == ()
    found = parse('[http]\ntrusted_proxies = ["127.0.0.1", "fd00::/64"]\n', tmp_path).http
    assert found.trusted_proxies == ("127.0.0.1", "fd00::/64")
    with pytest.raises(BadSetting) as caught:
        parse('[http]\ntrusted_proxies = ["proxy.example"]\n', tmp_path)
    assert caught.value.field == "http.trusted_proxies"


@pytest.mark.parametrize(
    ("line", "where", "word"),
    [
        ('open = ["twillio"]', "doors.open", "twilio"),
        ('open = "plain"', "doors.open", '["plain", "twilio"]'),
        ('addresses = { kannell = "192.0.2.7" }', "doors.addresses", "kannel"),
        ('addresses = { kannel = "192.0.2.7/24" }', "doors.addresses.kannel", "192.0.2.0/24"),
        ('addresses = { kannel = "" }', "doors.addresses.kannel", "192.0.2.10"),
        ('plain_names = { number = "phone" }', "doors.plain_names", "known are"),
        ('plain_names = { to = "a b" }', "doors.plain_names.to", "letters"),
        ('other_senders = "drop"', "doors.other_senders", "refuse"),
        ('bare_numbers = "local"', "doors.bare_numbers", "national"),
        ('vonage_key = "pbx"', "doors.vonage_secret", "both"),
        ('vonage_secret = "0123456789abcdef"', "doors.vonage_key", "both"),
        ('vonage_key = "pbx"\nvonage_secret = "short"', "doors.vonage_secret", "16"),
        ("dinstar_ports = { p0 = -1 }", "doors.dinstar_ports.p0", "0 to 999"),
        ('dinstar_ports = { p0 = "0" }', "doors.dinstar_ports.p0", "whole number"),
        ("dinstar_ports = { p9 = 0 }", "doors.dinstar_ports.p9", "none is configured"),
        ('dinstar_pool = "a pool"', "doors.dinstar_pool", "pool"),
        ('vonage_callbacks = "put"', "doors.vonage_callbacks", "post"),
        ('twilio_secret = "short"', "doors.twilio_secret", "twilio_secret_file"),
    ],
)
def test_what_is_impossible_is_refused_with_its_key_and_a_remedy(tmp_path: Path, line: str, where: str, word: str) -> None:
    with pytest.raises(BadSetting) as caught:
        doors(tmp_path, line)
    assert caught.value.field.startswith(where) and word in caught.value.remedy
    assert "short" not in str(caught.value)


def test_the_secret_may_stand_in_a_file_that_check_looks_after(tmp_path: Path) -> None:
    (tmp_path / "v.secret").write_text("0123456789abcdef\n")
    text = '[doors]\nvonage_key = "pbx"\nvonage_secret_file = "v.secret"\n'
    (tmp_path / "simrack.toml").write_text(text)
    found = parse(text, tmp_path).doors
    assert found.vonage_secret == "0123456789abcdef" and "0123456789abcdef" not in repr(found)
    assert secret_files(tmp_path / "simrack.toml") == [("doors.vonage_secret_file", tmp_path / "v.secret")]


MODEMS = '[[modem]]\nname = "p0"\nport = "/dev/a"\n[[modem]]\nname = "p1"\nport = "/dev/b"\n'


def test_ports_are_the_channels_in_the_order_of_the_file_unless_they_are_given(tmp_path: Path) -> None:
    plain = parse(MODEMS, tmp_path)
    assert plain.doors.ports_of(plain.channel_names) == {"p0": 0, "p1": 1}
    given = parse(f"[doors]\ndinstar_ports = {{ p1 = 4 }}\n{MODEMS}", tmp_path)
    assert given.doors.ports_of(given.channel_names) == {"p1": 4}
    with pytest.raises(BadSetting, match=r"dinstar_ports\.p1: 3 is the port of p0 already"):
        parse(f"[doors]\ndinstar_ports = {{ p0 = 3, p1 = 3 }}\n{MODEMS}", tmp_path)


def test_the_secret_that_signs_callbacks_stands_alone(tmp_path: Path) -> None:
    (tmp_path / "t.secret").write_text("0123456789abcdef\n")
    found = doors(tmp_path, 'twilio_secret_file = "t.secret"')
    assert found.twilio_secret == "0123456789abcdef" and "0123456789abcdef" not in repr(found)
