"""`simrack check` says what a configuration comes down to, and what a technician should know of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.cli import main
from tests.settings.table import BOX, pool

MODEM = '[[modem]]\nname = "p0"\nport = "socket://127.0.0.1:7001"\n'
STORE = '[store]\npath = "simrack.db"\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "box1.pw").write_text("geheim\n")
    (tmp_path / "box1.pw").chmod(0o600)
    return tmp_path


def check(folder: Path, text: str) -> Result:
    (folder / "simrack.toml").write_text(STORE + text)
    return CliRunner().invoke(main, ("check", str(folder / "simrack.toml")))


def test_boxes_and_the_channels_of_pools_are_listed(folder: Path) -> None:
    inner = pool('["p0", "box1.1-0"]', name="inner")
    result = check(folder, MODEM + BOX + 'ports = "0-2"\n' + pool('["box1.2", "inner"]', 'strategy = "failover"') + inner)
    assert result.exit_code == 0 and result.stderr == ""
    first, *rest = result.stdout.splitlines()
    assert "is sound: 1 modem, 1 Dinstar box, 2 pools, listens on 127.0.0.1:8080" in first
    assert rest == [
        "box box1 (https://192.0.2.10): box1.0, box1.1, box1.2",
        "pool m (failover): box1.2; then p0, box1.1, box1.0",
        "pool inner (rotate): p0, box1.1, box1.0",
    ]


def test_a_file_of_a_password_that_everybody_may_read_is_a_warning(folder: Path) -> None:
    (folder / "box1.pw").chmod(0o644)
    result = check(folder, BOX.replace('password = "geheim"', 'password_file = "box1.pw"'))
    assert result.exit_code == 0 and f"warning: dinstar[1].password_file: {folder / 'box1.pw'}" in result.stderr
    assert "geheim" not in result.output


def test_a_password_that_would_be_sent_readable_is_a_warning(folder: Path) -> None:
    assert "warning: dinstar[1].auth" in check(folder, BOX.replace("https", "http") + 'auth = "basic"\n').stderr
    assert check(folder, BOX + 'auth = "basic"\n').stderr == ""


def test_an_entry_that_adds_no_channel_is_a_note(folder: Path) -> None:
    result = check(folder, MODEM + pool('["0", "p0"]'))
    assert result.exit_code == 0 and "note: pool[1].channels: 'p0' adds nothing" in result.stderr


def test_a_configuration_without_channels_is_a_note(folder: Path) -> None:
    assert "no [[modem]] and no [[dinstar]]" in check(folder, "").stderr


def test_without_a_file_the_one_that_the_environment_names_is_checked(folder: Path) -> None:
    (folder / "other.toml").write_text(STORE + MODEM)
    result = CliRunner().invoke(main, ("check",), env={"SIMRACK_CONFIG": str(folder / "other.toml")})
    assert result.exit_code == 0 and result.stdout.startswith(f"{folder / 'other.toml'} is sound")


def test_a_pattern_between_double_quotes_is_told_how_to_be_written(folder: Path) -> None:
    result = check(folder, MODEM + '[[pool]]\nname = "m"\nchannels = ["p0"]\naccept = "\\+49.*"\n')
    assert result.exit_code == 1 and r"between single quotes, as '\+49.*'" in result.stderr


def test_a_name_without_quotes_is_told_to_take_some(folder: Path) -> None:
    assert "texts stand between quotes" in check(folder, "[[modem]]\nname = p0\n").stderr


def test_a_pool_of_the_dinstar_door_that_the_file_does_not_name_is_a_note(folder: Path) -> None:
    door = '[doors]\nopen = ["dinstar"]\ndinstar_pool = '
    result = check(folder, MODEM + pool('["p0"]') + door + '"mm"\n')
    assert result.exit_code == 0 and "note: doors.dinstar_pool: 'mm' is no pool of this file" in result.stderr
    assert check(folder, MODEM + pool('["p0"]') + door + '"m"\n').stderr == ""


def told(folder: Path, text: str) -> list[str]:
    """The keys of all that is wrong, in one run."""
    result = check(folder, text)
    assert result.exit_code == 1
    return [line.split(": ")[2] for line in result.stderr.splitlines()]


NO_CHANNELS = MODEM + '[[pool]]\nname = "a"\nchannls = ["p0"]\n'
HTTP = '[http]\nlistn = "127.0.0.1:8080"\n'


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        (HTTP + MODEM + pool('["p0", "p9"]'), ["http.listn", "pool[1].channels"]),
        (HTTP + MODEM + MODEM, ["http.listn", "modem[2].name", "modem[2].port"]),
        (HTTP + MODEM + 'tariff = "flat"\n', ["http.listn", "modem[1].tariff"]),
        (MODEM + 'bawd = 9600\ntariff = "flat"\n' + pool('["p0", "p9"]'), ["modem[1].bawd", "modem[1].tariff", "pool[1].channels"]),
        (MODEM + pool('["p9"]', "acept = '.*'"), ["pool[1].acept", "pool[1].channels"]),
        ('[[modem]]\nname = "p0"\n' + pool('["p0", "p9"]'), ["modem[1].port", "pool[1].channels"]),
        (BOX + 'auth = "none"\n' + pool('["box1.0", "box1.9"]'), ["dinstar[1].auth", "pool[1].channels"]),
        (HTTP + '[sending]\nretry_first_s = 60\nretry_longest_s = 30\n', ["http.listn", "sending.retry_first_s"]),
    ],
)
def test_everything_that_is_wrong_is_told_in_one_run(folder: Path, text: str, keys: list[str]) -> None:
    assert told(folder, text) == keys


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        # Nobody knows which channels there are.
        ('[[modem]]\nnam = "p0"\nport = "/dev/p0"\n' + pool('["p0"]'), ["modem[1].nam", "modem[1].name"]),
        ('[[modm]]\nname = "p0"\nport = "/dev/p0"\n' + pool('["p0"]'), ["modm"]),
        ('[modem]\nname = "p0"\nport = "/dev/p0"\n' + pool('["p0"]'), ["modem"]),
        (BOX + 'ports = "0-x"\n' + pool('["box1.0"]'), ["dinstar[1].ports"]),
        (MODEM + '[[pool]]\nnam = "a"\nchannels = ["p0"]\n' + pool('["a"]'), ["pool[1].nam", "pool[1].name"]),
        # It may only follow from what was told.
        (NO_CHANNELS + pool('["a"]', "weights = { p0 = 2 }"), ["pool[1].channls", "pool[1].channels"]),
        (MODEM + 'tarif = "flat"\n' + pool('["p0"]', 'strategy = "cheapest"'), ["modem[1].tarif"]),
        (MODEM + 'balance_text = "?"\nbalance_from = 7\n', ["modem[1].balance_from"]),
        ('[http]\nlisten = "8080"\n[smpp]\nlisten = "127.0.0.1:8080"\n', ["http.listen"]),
        ('[smpp]\nlisten = "127.0.0.1:2775"\nkey_file = "k.pem"\ncertificat_file = "c.pem"\n', ["smpp.certificat_file"]),
    ],
)
def test_nothing_is_told_that_may_only_follow_from_another_fault(folder: Path, text: str, keys: list[str]) -> None:
    (folder / "k.pem").write_text("k")
    assert told(folder, text) == keys
