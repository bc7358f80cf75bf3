"""The second, short password of a key: made by the command line, checked slowly, kept hashed, gone with its successor."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.cli import main
from gateway.clock import ManualClock
from gateway.core.keys import Keys
from gateway.settings import load
from gateway.store import Store


@pytest.fixture
def config(tmp_path: Path) -> str:
    path = tmp_path / "simrack.toml"
    path.write_text('[store]\npath = "simrack.db"\nreserve_mb = 0\n')
    return str(path)


def simrack(*words: str) -> Result:
    return CliRunner().invoke(main, list(words))


def login(config: str, name: str, password: str) -> bool:
    store = Store.open(load(config).store, ManualClock(), serving=False)
    try:
        return Keys(store, ManualClock()).smpp_login(name, password) is not None
    finally:
        store.close()


def test_a_key_with_smpp_prints_its_token_and_its_password_which_is_kept_as_a_hash_alone(config: str) -> None:
    made = simrack("key", "add", "bank", "--scope", "send", "--smpp", "--config", config)
    token, password = made.stdout.split()
    assert len(password) == 8
    assert login(config, "bank", password)
    assert not login(config, "bank", token)
    assert not login(config, "bank", password.swapcase())
    folder = Path(config).parent
    assert not any(password.encode() in file.read_bytes() for file in folder.glob("simrack.db*"))


def test_a_new_password_ends_the_one_before(config: str) -> None:
    simrack("key", "add", "bank", "--scope", "send", "--config", config)
    assert not login(config, "bank", "")
    first = simrack("key", "smpp", "bank", "--config", config).stdout.strip()
    second = simrack("key", "smpp", "bank", "--config", config).stdout.strip()
    assert first != second
    assert (login(config, "bank", first), login(config, "bank", second)) == (False, True)


def test_names_that_smpp_has_no_room_for_and_revoked_keys_are_told_before_anything_is_made(config: str) -> None:
    refused = simrack("key", "add", "a-bank-with-a-long-name", "--scope", "send", "--smpp", "--config", config)
    assert refused.exit_code != 0
    assert "a-bank-with-a-long-name" not in simrack("key", "list", "--config", config).stdout
    simrack("key", "add", "bank", "--scope", "send", "--config", config)
    simrack("key", "revoke", "bank", "--config", config)
    assert simrack("key", "smpp", "bank", "--config", config).stdout == ""
    assert simrack("key", "smpp", "nobody", "--config", config).exit_code != 0
