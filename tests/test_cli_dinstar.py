"""`simrack key dinstar`: a password for the Dinstar door, shown once; of it only what checks a Digest is kept."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.cli import main
from gateway.clock import ManualClock
from gateway.settings import load
from gateway.store import Store


@pytest.fixture
def config(tmp_path: Path) -> str:
    path = tmp_path / "simrack.toml"
    path.write_text('[store]\npath = "simrack.db"\nreserve_mb = 0\n')
    return str(path)


def simrack(*words: str) -> Result:
    return CliRunner().invoke(main, list(words))


def kept(config: str, name: str) -> str | None:
    store = Store.open(load(config).store, ManualClock(), serving=False)
    try:
        found = store.keys.dinstar(name)
        return None if found is None else found[1]
    finally:
        store.close()


def test_the_password_is_printed_and_kept_as_ha1_alone(config: str) -> None:
    simrack("key", "add", "pbx", "--scope", "send,read", "--config", config)
    assert kept(config, "pbx") is None
    shown = simrack("key", "dinstar", "pbx", "--config", config)
    password = shown.stdout.strip()
    assert len(password) == 20 and "'pbx'" in shown.stderr
    assert kept(config, "pbx") == hashlib.md5(f"pbx:Web Server:{password}".encode()).hexdigest()
    assert not any(password.encode() in file.read_bytes() for file in Path(config).parent.glob("simrack.db*"))
    again = simrack("key", "dinstar", "pbx", "--config", config).stdout.strip()
    assert again != password
    assert kept(config, "pbx") == hashlib.md5(f"pbx:Web Server:{again}".encode()).hexdigest()


def test_a_new_key_may_have_every_password_at_once(config: str) -> None:
    made = simrack("key", "add", "pbx", "--scope", "send", "--smpp", "--dinstar", "--config", config)
    token, smpp, dinstar = made.stdout.split()
    assert (token[:4], len(smpp), len(dinstar)) == ("srk_", 8, 20)


def test_revoked_and_unknown_keys_get_none(config: str) -> None:
    simrack("key", "add", "pbx", "--scope", "send", "--config", config)
    simrack("key", "revoke", "pbx", "--config", config)
    for name in ("pbx", "nobody"):
        refused = simrack("key", "dinstar", name, "--config", config)
        assert refused.exit_code != 0 and refused.stdout == ""
