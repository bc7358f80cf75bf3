"""Dinstar boxes and tariffs: their ports are channels, their secrets and certificates are files, their prices are by prefix."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.settings import DinstarSettings, TariffSettings, parse, secret_files
from tests.settings.table import BOX, MODEM, TARIFF, assert_refused, refusal

CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMAo=\n-----END CERTIFICATE-----\n"


def test_a_box_that_says_the_least_has_the_defaults():
    (box,) = parse(BOX, "/etc/simrack").dinstars
    assert box == DinstarSettings(name="box1", url="https://192.0.2.10", password="geheim")
    assert (box.user, box.auth, box.port_numbers, box.push_from) == ("admin", "digest", (0, 1, 2, 3, 4, 5, 6, 7), ())


def test_a_box_that_says_everything_arrives_in_its_record(tmp_path):
    (tmp_path / "box1.pw").write_text("geheim\n")
    (tmp_path / "ca.pem").write_text(CERTIFICATE)
    (box,) = parse(
        TARIFF
        + """
        [[dinstar]]
        name = "box1"
        url = "https://box.example:8443/"
        user = "api"
        password_file = "box1.pw"
        ports = "0, 2, 6-4"
        auth = "basic"
        ca_file = "ca.pem"
        push_from = ["192.0.2.10", "2001:db8::/32"]
        poll_s = 1
        inbox_s = 2.5
        status_s = 10
        timeout_s = 3
        numbers = { 0 = "+4915112345670", "6" = "+4915112345676" }
        dial = "00"
        tariff = "flat"
        reset_after_s = 0
        """,
        tmp_path,
    ).dinstars
    assert box.url == "https://box.example:8443"
    assert (box.user, box.password, box.auth) == ("api", "geheim", "basic")
    assert box.channels == ("box1.0", "box1.2", "box1.6", "box1.5", "box1.4")
    assert box.ca_file == str(tmp_path / "ca.pem")
    assert box.push_from == ("192.0.2.10", "2001:db8::/32")
    assert (box.poll_s, box.inbox_s, box.status_s, box.timeout_s, box.reset_after_s) == (1.0, 2.5, 10.0, 3.0, 0.0)
    assert box.numbers == {"0": "+4915112345670", "6": "+4915112345676"}
    assert (box.dial, box.tariff) == ("00", "flat")


def test_channels_are_modems_and_then_ports_of_boxes():
    settings = parse(BOX.replace("box1", "a") + 'ports = "1,0"\n' + MODEM, "/etc/simrack")
    assert settings.channel_names == ("p0", "a.1", "a.0")


def test_a_tariff_is_found_by_channel():
    settings = parse(MODEM + 'tariff = "flat"\n' + BOX + 'ports = "0"\n' + TARIFF, "/etc/simrack")
    assert settings.tariff_of("p0") == TariffSettings("flat", {"+49": 0.0, "+": 0.19})
    assert settings.tariff_of("box1.0") is None and settings.tariff_of("nobody") is None


def test_two_tables_may_share_out_the_ports_of_one_box():
    text = BOX + 'ports = "0-3"\n' + BOX.replace("box1", "box2") + 'ports = "4-7"\n'
    assert len(parse(text, "/etc/simrack").channel_names) == 8


@pytest.mark.parametrize(
    ("more", "key", "words"),
    [
        ('ports = "0-x"\n', "ports", ["'0-x'", "0-7"]),
        ('ports = ""\n', "ports", ["''", "0-7"]),
        ('ports = "0-256"\n', "ports", ["255"]),
        ('ports = "0-3,2"\n', "ports", ["port 2 twice"]),
        ('auth = "bearer"\n', "auth", ["'bearer'", "basic"]),
        ('dial = "+49"\n', "dial", ["'+49'", "e164"]),
        ('user = ""\n', "user", ["''"]),
        ("poll_s = 0.01\n", "poll_s", ["0.02 to 60"]),
        ("inbox_s = 4000\n", "inbox_s", ["0.05 to 3600"]),
        ("status_s = 0\n", "status_s", ["0.1 to 86400"]),
        ("timeout_s = 301\n", "timeout_s", ["0.1 to 300"]),
        ("reset_after_s = -1\n", "reset_after_s", ["-1"]),
        ('push_from = ["box.example"]\n', "push_from", ["'box.example'", "192.0.2.0/24"]),
        ('push_from = ["192.0.2.10/24"]\n', "push_from", ["'192.0.2.10/24'"]),
        ('push_from = "192.0.2.10"\n', "push_from", ['["192.0.2.10"]']),
        ('numbers = { 8 = "+4915112345678" }\n', "numbers", ["'8'", "0-7"]),
        ('numbers = { 0 = "0151" }\n', "numbers.0", ["'0151'", "+49"]),
        ("numbers = { 0 = 4915112345678 }\n", "numbers.0", ["text in quotes"]),
        ('numbers = ["+4915112345678"]\n', "numbers", ["{ 0 = "]),
        ('tariff = "flat"\n', "tariff", ["'flat'", "none is configured"]),
        ('ca_file = "nowhere.pem"\n', "ca_file", ["nowhere.pem", "cannot be read"]),
        ('pasword_file = "x"\n', "pasword_file", ["'password_file'"]),
        ('polls = 1\n', "polls", ["'poll_s'"]),
    ],
)  # fmt: skip
def test_a_wrong_setting_of_a_box_is_refused_by_key_and_remedy(more, key, words):
    assert_refused(BOX + more, f"dinstar[1].{key}", words)


@pytest.mark.parametrize("url", ["192.0.2.10", "ftp://192.0.2.10", "https://", "https://192.0.2.10/api", "http://host:port"])
def test_an_url_is_a_scheme_and_a_host(url):
    assert_refused(BOX.replace("https://192.0.2.10", url), "dinstar[1].url", [repr(url), "https://192.0.2.10"])


@pytest.mark.parametrize("url", ["https://192.0.2.10:70000", "http://192.0.2.256", "https://[2001::db8::1]:80"])
def test_the_host_of_an_url_can_be(url):
    assert refusal(BOX.replace("https://192.0.2.10", url)).field == "dinstar[1].url"


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080", "https://[2001:db8::1]", "https://[2001:db8::1]:443", "http://box-1.lan"])
def test_addresses_and_names_are_hosts(url):
    assert parse(BOX.replace("https://192.0.2.10", url), "/etc/simrack").dinstars[0].url == url


@pytest.mark.parametrize(
    ("text", "key", "words"),
    [
        ('[[dinstar]]\nname = "box1"\nurl = "http://h"\n', "dinstar[1].password", ["missing", "password_file"]),
        ('[[dinstar]]\nname = "box1"\npassword = "x"\n', "dinstar[1].url", ["missing", "https://192.0.2.10"]),
        ('[dinstar]\nname = "box1"\n', "dinstar", ["[[dinstar]]"]),
        (BOX + BOX.replace("192.0.2.10", "192.0.2.11"), "dinstar[2].name", ["'box1'", "dinstar[1]"]),
        (BOX + BOX.replace("box1", "box2") + 'ports = "7-9"\n', "dinstar[2].ports", ["port 7", "dinstar[1]"]),
        (BOX + MODEM.replace("p0", "box1.3"), "dinstar[1].name", ["'box1.3'", "modem[1]"]),
        (MODEM + 'tariff = "falt"\n' + TARIFF, "modem[1].tariff", ["'falt'", "'flat'"]),
        (TARIFF + TARIFF, "tariff[2].name", ["'flat'", "tariff[1]"]),
        ('[[tariff]]\nname = "flat"\n', "tariff[1].prices", ["missing", "+49"]),
        ('[[tariff]]\nname = "flat"\nprices = {}\n', "tariff[1].prices", ["+49"]),
        ('[[tariff]]\nname = "flat"\nprices = 3\n', "tariff[1].prices", ["3", "+49"]),
        ('[[tariff]]\nname = "flat"\nprices = { "+49" = -1 }\n', "tariff[1].prices.+49", ["-1", "0 to"]),
        ('[[tariff]]\nname = "flat"\nprices = { "+49" = nan }\n', "tariff[1].prices.+49", ["nan"]),
        ('[[tariff]]\nname = "flat"\nprices = { "+49" = true }\n', "tariff[1].prices.+49", ["True", "a number"]),
        ('[[tariff]]\nname = "flat"\nprices = { "+49" = "0.05" }\n', "tariff[1].prices.+49", ["'0.05'", "a number"]),
        ('[[tariff]]\nname = "flat"\nprices = { 49 = 1 }\n', "tariff[1].prices", ["'49'", "+49"]),
        ('[[tariff]]\nname = "flat"\nprices = { "+0" = 1 }\n', "tariff[1].prices", ["'+0'", "+49"]),
    ],
)
def test_tables_that_do_not_fit_are_refused_by_key_and_remedy(text, key, words):
    assert_refused(text, key, words)


def test_a_password_is_never_shown(tmp_path):
    assert "geheim" not in repr(parse(BOX, tmp_path))
    for wrong in (
        BOX.replace("password =", "pasword ="),
        BOX.replace("password =", "pw ="),
        BOX.replace('"geheim"', '["geheim"]'),
        BOX.replace('"geheim"', '"""geheim\\nund noch etwas"""'),
        BOX.replace("https://", "https://admin:geheim@"),
    ):
        assert "geheim" not in str(refusal(wrong))


def test_a_password_file_is_told_with_its_key_and_must_hold_something(tmp_path):
    text = BOX.replace('password = "geheim"', 'password_file = "box1.pw"\nca_file = "ca.pem"')
    (tmp_path / "simrack.toml").write_text(MODEM + text)
    (tmp_path / "ca.pem").write_text(CERTIFICATE)
    (tmp_path / "box1.pw").write_text("\n")
    fault = refusal(text, str(tmp_path))
    assert fault.field == "dinstar[1].password_file" and "holds no password" in fault.reason and "PIN" not in str(fault)
    (tmp_path / "box1.pw").write_text("geheim\n")
    assert secret_files(tmp_path / "simrack.toml") == [("dinstar[1].password_file", tmp_path / "box1.pw")]
    fault = refusal(text + 'password = "geheim"\n', str(tmp_path))
    assert fault.field == "dinstar[1].password_file" and "beside password" in fault.reason


def files(folder: Path) -> str:
    for name, text in (("ca.pem", CERTIFICATE), ("box.pem", CERTIFICATE), ("key.pem", "-----BEGIN PRIVATE KEY-----\n")):
        (folder / name).write_text(text)
    return str(folder)


@pytest.mark.parametrize(
    ("text", "key", "words"),
    [
        (BOX + 'ca_file = "ca.pem"\ncertificate_file = "box.pem"\n', "certificate_file", "one of the two"),
        (BOX + 'ca_file = "key.pem"\n', "ca_file", "BEGIN CERTIFICATE"),
        (BOX.replace("https", "http") + 'certificate_file = "box.pem"\n', "certificate_file", "https"),
    ],
)
def test_certificates_that_do_not_fit_are_refused(tmp_path, text, key, words):
    fault = refusal(text, files(tmp_path))
    assert fault.field == f"dinstar[1].{key}" and words in fault.remedy
