"""The configuration file is understood whole, or refused with the key, the value and what to do."""

from __future__ import annotations

import pytest

from gateway.errors import BadSetting
from gateway.modem.profiles import PROFILES
from gateway.settings import FAMILIES, NumbersSettings, Settings, examine, load, parse, secret_files
from tests.settings.table import MODEM, assert_refused, refusal


def test_an_empty_file_gives_the_defaults():
    assert parse("", "/etc/simrack") == Settings()


def test_every_table_arrives_in_its_record(tmp_path):
    (tmp_path / "p0.pin").write_text("1234\n")
    parsed = parse(
        """
        [http]
        listen = "[::1]:9090"
        threads = 4
        [store]
        path = "data/simrack.db"
        [numbers]
        country = "AT"
        open = ["CH", "+49151", "*"]
        premium = true
        [sending]
        unknown_wait_s = 90
        national_tables = true
        [receiving]
        incomplete_after_hours = 12.5
        [forwarding]
        timeout_s = 20
        [[modem]]
        name = "p0"
        port = "/dev/simrack/p0"
        number = "+4366012345678"
        pin_file = "p0.pin"
        family = "huawei"
        [[modem]]
        name = "p1"
        port = "socket://127.0.0.1:7001"
        [[pool]]
        name = "main"
        channels = ["p0", "p1"]
        """,
        tmp_path,
    )
    assert (parsed.http.host, parsed.http.port, parsed.http.threads) == ("::1", 9090, 4)
    assert parsed.store.path == str(tmp_path / "data/simrack.db")
    assert parsed.numbers == NumbersSettings("AT", ("CH", "+49151", "*"), True)
    assert parsed.sending.unknown_wait_s == 90.0 and parsed.sending.national_tables is True
    assert parsed.modems[0].pin == "1234" and parsed.modems[1].port == "socket://127.0.0.1:7001"
    assert parsed.pools[0].channels == ("p0", "p1")


@pytest.mark.parametrize(
    ("text", "key", "words"),
    [
        ("[htpp]\n", "htpp", ["'http'"]),
        ('[http]\nlisten_on = "x"\n', "http.listen_on", ["'x'", "'listen'"]),
        ("[http]\nthreads = 0\n", "http.threads", ["0", "1 to 64"]),
        ("[http]\nthreads = true\n", "http.threads", ["True", "whole number"]),
        ('[http]\nthreads = "8"\n', "http.threads", ["'8'", "whole number"]),
        ('[http]\nlisten = "8080"\n', "http.listen", ["'8080'", "127.0.0.1:8080"]),
        ('[http]\nlisten = "127.0.0.1:99999"\n', "http.listen", ["99999", "65535"]),
        ('[http]\nlisten = "999.0.0.1:80"\n', "http.listen", ["999.0.0.1"]),
        ("[sending]\nretry_first_s = nan\n", "sending.retry_first_s", ["nan"]),
        ("[sending]\nretry_first_s = 60\nretry_longest_s = 30\n", "sending.retry_first_s", ["60", "30"]),
        ("[sending]\nnational_tables = 1\n", "sending.national_tables", ["true or false"]),
        ('[numbers]\ncountry = "Germany"\n', "numbers.country", ["'Germany'", "two letters", "DE"]),
        ('[numbers]\ncountry = "UK"\n', "numbers.country", ["'UK'", "two letters"]),
        ('[numbers]\ncountry = "de"\n', "numbers.country", ["'DE'"]),
        ("http = 3\n", "http", ["[http]"]),
        ("[[http]]\n", "http", ["[http]"]),
        ('[modem]\nname = "p0"\n', "modem", ["[[modem]]"]),
        ('[[modem]]\nport = "/dev/p0"\n', "modem[1].name", ["missing"]),
        ('[[modem]]\nname = "p0"\n', "modem[1].port", ["missing", "/dev/ttyUSB0"]),
        (MODEM + 'prot = "x"\n', "modem[1].prot", ["'x'", "'port'"]),
        ('[[modem]]\nname = "p 0"\nport = "/dev/p0"\n', "modem[1].name", ["'p 0'"]),
        ('[[modem]]\nname = "p0"\nport = "ttyUSB0"\n', "modem[1].port", ["'ttyUSB0'", "/dev/ttyUSB0"]),
        ('[[modem]]\nname = "p0"\nport = "socket://h:70000"\n', "modem[1].port", ["70000"]),
        (MODEM + 'number = "0151"\n', "modem[1].number", ["'0151'", "+49"]),
        (MODEM + 'family = "hauwei"\n', "modem[1].family", ["'hauwei'", "'huawei'"]),
        (MODEM + "baud = 1\n", "modem[1].baud", ["1", "9600", "115200"]),
        (MODEM + "baud = 11520\n", "modem[1].baud", ["11520", "115200"]),
        ("[store]\nreserve_mb = -1\n", "store.reserve_mb", ["0 to 1000000"]),
        (MODEM + MODEM, "modem[2].name", ["'p0'", "modem[1]"]),
        (MODEM + MODEM.replace('"p0"', '"p1"'), "modem[2].port", ["/dev/simrack/p0", "modem[1]"]),
        (MODEM + '[[pool]]\nname = "m"\nchannels = ["p1"]\n', "pool[1].channels", ["'p1'", "'p0'"]),
        (MODEM + '[[pool]]\nname = "m"\nchannels = ["p0", "p0"]\n', "pool[1].channels", ["twice"]),
        (MODEM + '[[pool]]\nname = "m"\nchannels = []\n', "pool[1].channels", ["list"]),
        (MODEM + '[[pool]]\nname = "m"\nchannels = "p0"\n', "pool[1].channels", ["list"]),
        (MODEM + '[[pool]]\nname = "m"\nchannels = ["p0"]\nstrategy = "random"\n', "pool[1].strategy", ["rotate"]),
        (MODEM + 'dial = "0"\n', "modem[1].dial", ["'0'", "'00'"]),
        ('[numbers]\nopen = ["ch"]\n', "numbers.open", ["'ch'", "'CH'"]),
        ('[numbers]\nopen = ["0041"]\n', "numbers.open", ["'0041'", "+41"]),
        ('[numbers]\nopen = ["XX"]\n', "numbers.open", ["'XX'", "CH"]),
        ('[numbers]\nopen = "CH"\n', "numbers.open", ["'CH'", '["CH", "+43"]']),
        ('[numbers]\npremium = "no"\n', "numbers.premium", ["true or false"]),
        (MODEM + 'hang_up = "no"\n', "modem[1].hang_up", ["'no'", "true or false"]),
        (MODEM + 'balance_ussd = "star 100"\n', "modem[1].balance_ussd", ["'star 100'", "*100#"]),
        (MODEM + 'balance_pattern = "([0-9]+"\n', "modem[1].balance_pattern", ["([0-9]+", "amount"]),
        (MODEM + "balance_pattern = '(?P<amount>1)|(?P<amount>2)'\n", "modem[1].balance_pattern", ["two groups"]),
        (MODEM + 'balance_pattern = "[0-9]+"\n', "modem[1].balance_pattern", ["[0-9]+", "amount"]),
        (MODEM + "balance_every_hours = 0\n", "modem[1].balance_every_hours", ["0", "8760"]),
        (MODEM + "balance_warn_below = -1\n", "modem[1].balance_warn_below", ["-1"]),
        (MODEM + 'balance_text = "BAL"\n', "modem[1].balance_from", ["'BAL'"]),
        (MODEM + 'balance_text = "BAL"\nbalance_ussd = "*100#"\n', "modem[1].balance_text", ["'BAL'", "one of the two"]),
        (MODEM + 'balance_form = "8888"\n', "modem[1].balance_form", ["'balance_from'"]),
        (MODEM + "keep_alive_days = 30\n", "modem[1].keep_alive_to", ["30"]),
        (MODEM + "keep_alive_days = 400\n", "modem[1].keep_alive_days", ["400", "365"]),
        (MODEM + 'keep_alive_to = "mum"\n', "modem[1].keep_alive_to", ["'mum'", "+49"]),
        ("[http\n", "configuration", ["line 1"]),
    ],
)
def test_a_wrong_setting_is_refused_by_key_and_remedy(text, key, words):
    assert_refused(text, key, words)


def test_two_names_of_one_device_are_refused(tmp_path):
    for name in ("ttyUSB0", "ttyUSB1"):
        (tmp_path / name).touch()
    (tmp_path / "left").symlink_to("ttyUSB0")
    ports = [tmp_path / "ttyUSB0", tmp_path / "ttyUSB1", tmp_path / "left"]
    fault = refusal("".join(f'[[modem]]\nname = "p{n}"\nport = "{port}"\n' for n, port in enumerate(ports)))
    assert fault.field == "modem[3].port"
    assert f"{str(ports[0])!r} of modem[1]" in str(fault)


def test_every_fault_of_the_tables_is_found(tmp_path):
    (tmp_path / "simrack.toml").write_text(
        '[htpp]\n[http]\nthreads = 0\nlisen = "x"\n[numbers]\ncountry = "XX"\n[[modem]]\nname = "p 0"\n[[modem]]\nname = "p1"\n'
    )
    found, faults = examine(tmp_path / "simrack.toml")
    assert found is None
    assert [fault.field for fault in faults] == [
        *("htpp", "http.threads", "http.lisen", "numbers.country", "modem[1].name", "modem[1].port", "modem[2].port"),
    ]


def test_every_contradiction_of_sound_tables_is_found(tmp_path):
    (tmp_path / "simrack.toml").write_text(
        MODEM + MODEM + '[sending]\nretry_first_s = 60\nretry_longest_s = 30\n[[pool]]\nname = "m"\nchannels = ["p1", "p2"]\n'
    )
    fields_at_fault = [fault.field for fault in examine(tmp_path / "simrack.toml")[1]]
    assert fields_at_fault == [
        *("modem[2].name", "modem[2].port", "pool[1].channels", "pool[1].channels", "sending.retry_first_s"),
    ]


def test_files_of_secrets_are_told_with_their_keys(tmp_path):
    (tmp_path / "p0.pin").write_text("1234")
    (tmp_path / "simrack.toml").write_text(MODEM + 'pin_file = "p0.pin"\n')
    assert secret_files(tmp_path / "simrack.toml") == [("modem[1].pin_file", tmp_path / "p0.pin")]


def test_a_pin_is_never_shown_even_under_a_misspelt_key(tmp_path):
    assert "98765432100" not in str(refusal(MODEM + 'pin = "98765432100"\n'))
    assert "4711" not in str(refusal(MODEM + 'pim = "4711"\n'))
    assert "4711" not in repr(parse(MODEM + 'pin = "4711"\n', tmp_path))


def test_a_pin_file_that_cannot_be_read_is_named(tmp_path):
    fault = refusal(MODEM + 'pin_file = "nowhere.pin"\n', str(tmp_path))
    assert fault.field == "modem[1].pin_file"
    assert str(tmp_path / "nowhere.pin") in str(fault)


def test_a_pin_file_must_hold_a_pin(tmp_path):
    (tmp_path / "p0.pin").write_text("secret words\n")
    fault = refusal(MODEM + 'pin_file = "p0.pin"\n', str(tmp_path))
    assert fault.field == "modem[1].pin_file" and "secret words" not in str(fault)
    assert str(tmp_path / "p0.pin") in str(fault) and "quotes" not in str(fault)


def test_a_pin_and_its_file_exclude_each_other(tmp_path):
    assert "pin" in str(refusal(MODEM + 'pin = "1234"\npin_file = "x"\n'))


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(BadSetting) as caught:
        load(tmp_path / "simrack.toml")
    assert str(tmp_path / "simrack.toml") in str(caught.value)


def test_a_file_that_is_not_utf8_is_named(tmp_path):
    (tmp_path / "simrack.toml").write_bytes(b'[numbers]\ncountry = "\xff"\n')
    with pytest.raises(BadSetting) as caught:
        load(tmp_path / "simrack.toml")
    assert "UTF-8" in str(caught.value)


def test_relative_names_belong_to_the_folder_of_the_file(tmp_path):
    (tmp_path / "simrack.toml").write_text('[store]\npath = "here.db"\n')
    assert load(tmp_path / "simrack.toml").store.path == str(tmp_path / "here.db")


def test_every_modem_family_can_be_named():
    assert set(FAMILIES) == {"auto", *(profile.name for profile in PROFILES)}
