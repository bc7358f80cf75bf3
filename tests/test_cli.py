"""The command line, as a person or a script meets it: what it prints where, and how it ends."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from gateway.cli import main, options
from gateway.cli.options import store_of
from gateway.clock import SystemClock
from gateway.core.keys import Keys
from gateway.core.webhooks import Webhooks
from gateway.records import ChannelFacts, ChannelState
from gateway.settings import HttpSettings, StoreSettings, load
from gateway.store import Store, sims
from gateway.web.app import create_app
from gateway.web.server import Server
from tests.web.conftest import Gateway

CONFIGURATION = """
[http]
listen = "127.0.0.1:0"
[store]
path = "simrack.db"
reserve_mb = 0
"""


@pytest.fixture
def config(tmp_path: Path) -> str:
    (tmp_path / "simrack.toml").write_text(CONFIGURATION)
    return str(tmp_path / "simrack.toml")


def simrack(*args: str, given: str | None = None, **environment: str) -> Result:
    result = CliRunner().invoke(main, args, input=given, env={"SIMRACK_KEY": None, "SIMRACK_URL": None, **environment})
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def complaint(result: Result) -> str:
    """What went wrong, which must be one line."""
    lines = result.stderr.splitlines()
    assert len(lines) == 1 and lines[0].startswith("simrack: "), result.stderr
    return lines[0]


# Help and usage


@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_the_demo_has_help_too(flag: str) -> None:
    result = simrack("demo", flag)
    assert result.exit_code == 0 and "--once" in result.stdout


def test_help_names_every_command() -> None:
    shown = simrack("--help").stdout
    for command in main.commands:
        assert f"\n  {command} " in shown


def test_no_short_help_is_cut_off() -> None:
    for group in ((), *((name,) for name, command in main.commands.items() if isinstance(command, click.Group))):
        result = simrack(*group, "--help")
        _, heading, commands = result.stdout.partition("Commands:")
        assert result.exit_code == 0 and heading and "..." not in commands, group


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("sned",), "send"),
        (("key", "add"), "NAME"),
        (("key", "add", "x"), "--scope"),
        (("decode", "--direction", "up", "00"), "deliver"),
        (("status",), "SIMRACK_KEY"),
    ],
)
def test_wrong_usage_ends_with_2_and_one_line(args: tuple[str, ...], words: str) -> None:
    result = simrack(*args)
    assert result.exit_code == 2 and words in complaint(result)


# Configuration


def test_a_sound_configuration_is_called_sound(config: str) -> None:
    result = simrack("check", config)
    assert result.exit_code == 0 and "is sound" in result.stdout


def test_a_wrong_configuration_is_told_by_key_fault_and_remedy(tmp_path: Path) -> None:
    (tmp_path / "simrack.toml").write_text('[http]\nlisen = "x"\n')
    result = simrack("check", str(tmp_path / "simrack.toml"))
    assert result.exit_code == 1
    assert "http.lisen" in complaint(result) and "'listen'" in result.stderr


@pytest.mark.parametrize("command", [("run",), ("key", "list"), ("webhook", "list"), ("backup", "copy.db")])
def test_a_command_with_a_wrong_configuration_ends_with_3(tmp_path: Path, command: tuple[str, ...]) -> None:
    result = simrack(*command, "--config", str(tmp_path / "nowhere.toml"))
    assert result.exit_code == 3 and "nowhere.toml" in complaint(result)


def test_a_modem_that_is_not_plugged_in_is_a_note(tmp_path: Path) -> None:
    (tmp_path / "simrack.toml").write_text(CONFIGURATION + '[[modem]]\nname = "p0"\nport = "/dev/simrack/nowhere"\n')
    result = simrack("check", str(tmp_path / "simrack.toml"))
    assert result.exit_code == 0 and "/dev/simrack/nowhere" in result.stderr
    assert "1 modem, 0 pools" in result.stdout


def test_every_fault_of_a_configuration_has_its_line(tmp_path: Path) -> None:
    (tmp_path / "simrack.toml").write_text('[http]\nlisen = "x"\nthreads = 0\n[numbers]\ncountry = "XX"\n')
    result = simrack("check", str(tmp_path / "simrack.toml"))
    assert result.exit_code == 1
    keys = [line.split(": ")[2] for line in result.stderr.splitlines()]
    assert keys == ["http.lisen", "http.threads", "numbers.country"]
    started = simrack("run", "--config", str(tmp_path / "simrack.toml"))
    assert started.exit_code == 3 and "2 more" in complaint(started) and f"{tmp_path}/simrack.toml: http.lisen" in started.stderr


@pytest.mark.parametrize("command", [("check",), ("run", "--config")])
def test_a_file_that_is_not_there_is_named_once(tmp_path: Path, command: tuple[str, ...]) -> None:
    assert complaint(simrack(*command, f"{tmp_path}/nofile")).count(f"{tmp_path}/nofile") == 1


def store_at(folder: Path, path: str) -> str:
    (folder / "simrack.toml").write_text(f'[store]\npath = "{path}"\n')
    return str(folder / "simrack.toml")


def test_a_store_that_cannot_be_is_told_by_its_key_and_nothing_is_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no database, and long enough to have been one " * 10)
    with sqlite3.connect(tmp_path / "other.db") as other:
        other.execute("CREATE TABLE addresses (name)")
    other.close()
    damaged = Path(options.settings_of(store_at(tmp_path, "damaged.db")).store.path)
    Store.open(StoreSettings(str(damaged)), SystemClock(), serving=False).close()
    damaged.write_bytes(damaged.read_bytes()[:100] + b"\xff" * 4000)
    before = sorted(tmp_path.iterdir())
    for path, words in (
        (".", "is a folder"),
        ("file/simrack.db", "is not a folder"),
        ("file", "is no database"),
        ("other.db", "another program"),
        ("damaged.db", "damaged"),
    ):
        result = simrack("check", store_at(tmp_path, path))
        assert result.exit_code == 1 and "store.path: " in complaint(result) and words in result.stderr
        assert result.stderr.rstrip().endswith(")")
    assert simrack("check", store_at(tmp_path, "later/and/deeper.db")).exit_code == 0
    assert sorted(tmp_path.iterdir()) == before


def test_the_database_of_a_gateway_that_runs_is_found_sound(running: tuple[str, str], config: str, tmp_path: Path) -> None:
    before = sorted(tmp_path.iterdir())
    assert simrack("check", config).exit_code == 0
    assert sorted(tmp_path.iterdir()) == before


@pytest.fixture
def somebody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """May write nothing, as a user who is not the one that runs simrack; root may everything, so it is said, not done."""
    monkeypatch.setattr(os, "access", lambda _path, mode: not mode & os.W_OK)


@pytest.mark.usefixtures("somebody_else")
@pytest.mark.parametrize("path", ["simrack.db", "later/simrack.db"])
def test_a_folder_that_cannot_be_written_is_told_by_check(tmp_path: Path, path: str) -> None:
    result = simrack("check", store_at(tmp_path, path))
    assert result.exit_code == 1 and "store.path: " in complaint(result) and "user that runs simrack" in result.stderr


@pytest.mark.usefixtures("somebody_else")
@pytest.mark.parametrize(("command", "shown"), [("key list", "key list"), ("webhook list", "webhook list"), ("backup x", "backup")])
def test_a_command_that_may_not_write_says_how_to_become_who_may(config: str, tmp_path: Path, command: str, shown: str) -> None:
    result = simrack(*command.split(), "--config", config)
    assert result.exit_code == 1 and f"sudo -u {tmp_path.owner()} simrack {shown} …" in complaint(result)


def test_a_file_of_a_pin_that_everybody_may_read_is_a_warning(tmp_path: Path) -> None:
    pin = tmp_path / "p0.pin"
    pin.write_text("1234")
    (tmp_path / "simrack.toml").write_text(
        CONFIGURATION + '[[modem]]\nname = "p0"\nport = "socket://127.0.0.1:7001"\npin_file = "p0.pin"\n'
    )
    pin.chmod(0o644)
    result = simrack("check", str(tmp_path / "simrack.toml"))
    assert result.exit_code == 0 and f"warning: modem[1].pin_file: {pin}" in result.stderr
    pin.chmod(0o640)
    assert "warning" not in simrack("check", str(tmp_path / "simrack.toml")).stderr


# Keys


def test_a_new_key_stands_alone_on_standard_output(config: str) -> None:
    result = simrack("key", "add", "pbx", "--scope", "send,read", "--config", config)
    assert result.exit_code == 0
    assert result.stdout.startswith("srk_") and len(result.stdout) == 48 and result.stdout.endswith("\n")
    assert result.stdout.strip() not in simrack("key", "list", "--config", config).output


def test_a_given_key_is_taken_and_not_printed(config: str, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("a-key-of-our-own-with-32-characters-\n")
    result = simrack("key", "add", "pbx", "--scope", "admin", "--from-file", str(tmp_path / "key"), "--config", config)
    assert result.exit_code == 0 and result.stdout == ""
    store = Store.open(load(config).store, SystemClock(), serving=False)
    found = store.keys.find("a-key-of-our-own-with-32-characters-")
    store.close()
    assert found is not None and found.name == "pbx" and found.may("send")


def test_a_short_key_is_refused(config: str) -> None:
    result = simrack("key", "add", "pbx", "--scope", "send", "--from-file", "-", "--config", config, given="too-short")
    assert result.exit_code == 1 and "32" in complaint(result)


def test_an_unknown_scope_is_refused(config: str) -> None:
    result = simrack("key", "add", "pbx", "--scope", "sned", "--config", config)
    assert result.exit_code == 2 and "send, read, admin" in complaint(result)


@pytest.mark.parametrize("held", [b"too-short", b"", b"\xff" * 40, b"two words " * 5])
def test_a_file_that_holds_no_good_key_is_named(config: str, tmp_path: Path, held: bytes) -> None:
    (tmp_path / "key").write_bytes(held)
    result = simrack("key", "add", "pbx", "--scope", "send", "--from-file", str(tmp_path / "key"), "--config", config)
    assert result.exit_code == 1 and f"--from-file {tmp_path / 'key'}: " in complaint(result)


def test_the_help_says_that_a_revoked_name_stays_taken() -> None:
    assert "name stays taken" in simrack("key", "revoke", "--help").stdout


def test_keys_are_listed_and_revoked(config: str) -> None:
    simrack("key", "add", "pbx", "--scope", "read", "--scope", "send", "--config", config)
    listed = json.loads(simrack("key", "list", "--json", "--config", config).stdout)
    assert [(key["name"], key["scopes"], key["revoked_at"]) for key in listed] == [("pbx", "read,send", "")]
    assert simrack("key", "revoke", "pbx", "--config", config).exit_code == 0
    assert json.loads(simrack("key", "list", "--json", "--config", config).stdout)[0]["revoked_at"]
    missing = simrack("key", "revoke", "nobody", "--config", config)
    assert missing.exit_code == 1 and "nobody" in complaint(missing)


def test_what_a_key_may_send_is_changed_shown_and_given_back(config: str) -> None:
    simrack("key", "add", "pbx", "--scope", "send", "--config", config)
    assert simrack("key", "rules", "pbx", "--config", config).stdout == "as the configuration says\n"
    changed = simrack("key", "rules", "pbx", "--longest", "160", "--links", "warn", "--per-second", "0.5", "--config", config)
    assert changed.exit_code == 0 and changed.stdout == "longest=160 links=warn per-second=0.5\n"
    assert "longest=160 links=warn" in simrack("key", "list", "--config", config).stdout
    shown = json.loads(simrack("key", "rules", "pbx", "--longest", "default", "--json", "--config", config).stdout)
    assert (shown["longest"], shown["links"]) == (None, "warn")
    assert json.loads(simrack("key", "list", "--json", "--config", config).stdout)[0]["rules"] == shown
    Path(config).write_text(CONFIGURATION + '[[modem]]\nname = "p0"\nport = "/dev/p0"\n')
    wanted = ("--from", "0151 12345670,p0", "--extension", "101=p0", "--extension", "*=")
    found = simrack("key", "rules", "pbx", *wanted, "--config", config).stdout
    assert found == "links=warn per-second=0.5 from=+4915112345670,p0 101=p0 *=\n"
    simrack("key", "rules", "pbx", "--from", "all", "--per-second", "default", "--config", config)
    assert simrack("key", "rules", "pbx", "--extension", "none", "--config", config).stdout == "links=warn\n"
    limits = (("--longest", "many"), ("--longest", "0"), ("--links", "maybe"))
    for wrong in (*limits, ("--from", "p9"), ("--extension", "101"), ("--extension", "1 2=p0")):
        assert simrack("key", "rules", "pbx", *wrong, "--config", config).exit_code != 0
    missing = simrack("key", "rules", "nobody", "--config", config)
    assert missing.exit_code == 1 and "nobody" in complaint(missing)


# Webhooks


def test_a_webhook_is_made_listed_tested_and_removed(config: str) -> None:
    wanted = ("https://pbx.example/sms", "--event", "message.received", "--event", "message.delivered")
    made = json.loads(simrack("webhook", "add", *wanted, "--json", "--config", config).stdout)
    assert made["secret"].startswith("whsec_")
    listed = simrack("webhook", "list", "--config", config).stdout
    assert made["id"] in listed and "message.received,message.delivered" in listed and made["secret"] not in listed
    tested = simrack("webhook", "test", made["id"], "--config", config)
    assert tested.stdout.startswith("evt_") and f"simrack webhook deliveries {made['id']}" in tested.stderr
    told = json.loads(simrack("webhook", "deliveries", made["id"], "--json", "--config", config).stdout)
    assert [(one["event"], one["type"], one["state"]) for one in told] == [(tested.stdout.strip(), "webhook.test", "pending")]
    assert json.loads(simrack("webhook", "list", "--callbacks", "--json", "--config", config).stdout) == []
    assert simrack("webhook", "remove", made["id"], "--config", config).exit_code == 0
    assert simrack("webhook", "remove", made["id"], "--config", config).exit_code == 1


def test_what_died_for_a_webhook_is_posted_again(config: str) -> None:
    added = simrack("webhook", "add", "https://pbx.example/sms", "--event", "*", "--json", "--config", config)
    made = json.loads(added.stdout)["id"]
    first, second = (simrack("webhook", "test", made, "--config", config).stdout.strip() for _ in range(2))
    with store_of(config) as store:
        store.writer.run(lambda db: db.execute_sql("UPDATE forwards SET state = 'dead', finished_at = created_at"))
    assert simrack("webhook", "replay", made, first, "--config", config).stderr == "1 event will be posted again\n"
    assert simrack("webhook", "replay", made, "--config", config).stderr == "1 event will be posted again\n"
    told = json.loads(simrack("webhook", "deliveries", made, "--json", "--config", config).stdout)
    assert sorted((one["event"], one["state"]) for one in told) == sorted([(first, "pending"), (second, "pending")])
    assert simrack("webhook", "replay", "wh_none", "--config", config).exit_code == 1


def test_a_webhook_is_made_in_another_form_and_changed(config: str, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("swordfish\n")
    wanted = ("https://pbx.example/sms", "--event", "*", "--format", "dinstar-push", "--secret-file", str(secret))
    options = ("--option", "numbers=00", "--option", 'ports={"p0": 3}', "--option", "sn=12345")
    made = simrack("webhook", "add", *wanted, *options, "--json", "--config", config)
    shown = json.loads(made.stdout)
    assert shown["secret"] == "swordfish" and "channel.limit" in made.stderr
    assert "dinstar-push" in simrack("webhook", "list", "--config", config).stdout
    changed = simrack("webhook", "change", shown["id"], "--format", "kannel", "--option", "dlr_mask=3", "--config", config)
    assert changed.exit_code == 0 and "is changed" in changed.stderr
    assert json.loads(simrack("webhook", "list", "--json", "--config", config).stdout)[0]["format"] == "kannel"
    refused = simrack("webhook", "change", shown["id"], "--format", "kannel", "--option", "dlr_mask=many", "--config", config)
    assert refused.exit_code == 1 and "options/dlr_mask" in complaint(refused)
    lone = simrack("webhook", "change", shown["id"], "--option", "dlr_mask=3", "--config", config)
    assert lone.exit_code == 1 and "format" in complaint(lone)
    assert simrack("webhook", "add", "https://pbx.example/", "--event", "*", "--option", "x", "--config", config).exit_code == 2
    unknown = simrack("webhook", "add", "https://pbx.example/", "--event", "*", "--format", "fax", "--config", config)
    assert unknown.exit_code == 1 and "dinstar-push" in complaint(unknown)


def test_a_webhook_is_switched_off_and_on(config: str) -> None:
    wanted = ("https://pbx.example/sms", "--event", "*", "--json", "--config", config)
    made = json.loads(simrack("webhook", "add", *wanted).stdout)["id"]
    assert simrack("webhook", "disable", made, "--config", config).exit_code == 0
    assert "off: disabled by a person" in simrack("webhook", "list", "--config", config).stdout
    assert simrack("webhook", "enable", made, "--config", config).exit_code == 0
    assert json.loads(simrack("webhook", "list", "--json", "--config", config).stdout)[0]["state"] == "on"
    assert simrack("webhook", "enable", "wh_none", "--config", config).exit_code == 1


def test_a_channel_that_does_not_exist_is_refused_with_those_that_do(tmp_path: Path) -> None:
    config = tmp_path / "simrack.toml"
    config.write_text(CONFIGURATION + '[[modem]]\nname = "p0"\nport = "/dev/p0"\n[[modem]]\nname = "p1"\nport = "/dev/p1"\n')
    wanted = ("webhook", "add", "https://pbx.example/sms", "--event", "*", "--config", str(config), "--channel")
    refused = simrack(*wanted, "p0,p9")
    assert refused.exit_code == 1 and "'p9'" in complaint(refused) and "p0, p1" in refused.stderr
    assert simrack(*wanted, "p0,p1").exit_code == 0


def test_a_webhook_is_told_of_one_port_of_a_dinstar_box(tmp_path: Path) -> None:
    config = tmp_path / "simrack.toml"
    config.write_text(CONFIGURATION + '[[dinstar]]\nname = "box1"\nurl = "https://192.0.2.10"\npassword = "pw"\nports = "0-1"\n')
    wanted = ("webhook", "add", "https://pbx.example/sms", "--event", "*", "--config", str(config), "--channel")
    assert simrack(*wanted, "box1.1").exit_code == 0
    refused = simrack(*wanted, "box1.2")
    assert refused.exit_code == 1 and "box1.0, box1.1" in refused.stderr


def test_a_wrong_event_is_refused_with_the_right_ones(config: str) -> None:
    result = simrack("webhook", "add", "https://pbx.example/", "--event", "message.lost", "--config", config)
    assert result.exit_code == 1 and "message.received" in complaint(result)


@pytest.mark.parametrize(
    ("wish", "told"),
    [
        (("--from", "p0,nix"), "--from: 'nix' is not a channel"),
        (("--extension", "101=nix"), "--extension 101: 'nix' is not a channel"),
        (("--extension", "a b=p0"), "--extension a b: is no extension"),
        (("--longest", "0"), "--longest: 0 characters are no limit"),
        (("--per-second", "-1"), "--per-second: -1 texts are no pace"),
    ],
)
def test_a_wrong_rule_of_a_key_is_told_by_the_option_that_gave_it(tmp_path: Path, wish: tuple[str, str], told: str) -> None:
    config = tmp_path / "simrack.toml"
    config.write_text(CONFIGURATION + '[[modem]]\nname = "p0"\nport = "/dev/simrack/p0"\n')
    simrack("key", "add", "shop", "--scope", "send", "--config", str(config))
    result = simrack("key", "rules", "shop", *wish, "--config", str(config))
    assert result.exit_code == 1 and complaint(result).startswith(f"simrack: {told}")


@pytest.mark.parametrize(
    ("command", "could"),
    [
        (("limits", "change", "9"), "--subject, --texts"),
        (("routes", "change", "x"), "--to-prefix"),
        (("inbound", "change", "x"), "--keyword"),
        (("pools", "set", "x"), "--strategy"),
        (("webhook", "change", "wh_1"), "--url, --event"),
    ],
)
def test_a_change_of_nothing_is_wrong_usage_and_told_what_could_be(command: tuple[str, ...], could: str) -> None:
    result = simrack(*command, SIMRACK_KEY="x")
    assert result.exit_code == 2 and "nothing is to be changed" in complaint(result) and could in result.stderr
    assert "--key-file" not in result.stderr and "--config" not in result.stderr


# Talking to a running gateway


@pytest.fixture
def running(config: str) -> Iterator[tuple[str, str]]:
    """Address and key of a gateway that serves the database of `config`."""
    settings, clock = load(config), SystemClock()
    store = Store.open(settings.store, clock, serving=True)
    gateway = Gateway(settings, clock, store, Keys(store, clock), Webhooks(store, clock, lambda: None))  # type: ignore[arg-type]
    gateway.facts.append(ChannelFacts("p0", ChannelState.READY, number="+4915110000000", signal_dbm=-71))
    server = Server(create_app(gateway.doors()), HttpSettings("127.0.0.1:0", threads=2))
    server.start()
    yield server.address, gateway.keys.add("cli", ["send", "read", "admin"])[1]
    server.stop()
    store.close()


def test_a_text_is_sent_and_its_id_printed(running: tuple[str, str], tmp_path: Path) -> None:
    url, key = running
    (tmp_path / "key").write_text(key)
    sent = simrack("send", "015112345678", "hello", "--url", url, "--key-file", str(tmp_path / "key"))
    assert sent.exit_code == 0 and sent.stdout.startswith("msg_")
    here = {"SIMRACK_URL": url, "SIMRACK_KEY": key}
    counted = simrack("send", "015112345678", "x" * 200, "--preview", "--from", "Café", **here)
    assert counted.exit_code == 1 and counted.stdout.splitlines()[:2] == [
        "200 of 670 characters, gsm7, 2 parts, 106 left in it",
        "the sender would be 'Cafe' where names are allowed",
    ]
    assert counted.stdout.splitlines()[2].startswith("refused: from: 'Café' is a name")
    counted = simrack("send", "015112345678", "x", "--preview", **here)
    assert counted.exit_code == 0
    assert counted.stdout.splitlines()[-1] == "it would go to +4915112345678, over any channel that may"
    for wish in (("x" * 671,), ("x", "--channel", "p9"), ("x", "--pool", "nix"), ("x", "--from", "+4915199999999")):
        seen = simrack("send", "015112345678", *wish, "--preview", **here)
        refused = simrack("send", "015112345678", *wish, **here)
        assert seen.exit_code == refused.exit_code == 1
        assert complaint(refused).partition(": ")[2].partition(": ")[2] == seen.stdout.splitlines()[-1].removeprefix("refused: ")
    sent = simrack("send", "015112345678", "-", "--json", given="from a pipe", SIMRACK_URL=url, SIMRACK_KEY=key)
    assert json.loads(sent.stdout)["text"] == "from a pipe"


@pytest.mark.parametrize(("given", "text"), [("hello\n", "hello"), ("a\nb\n\n", "a\nb\n"), ("hello ", "hello ")])
def test_one_line_end_behind_a_piped_text_is_left_away(running: tuple[str, str], given: str, text: str) -> None:
    sent = simrack("send", "015112345678", "-", "--json", given=given, SIMRACK_URL=running[0], SIMRACK_KEY=running[1])
    assert json.loads(sent.stdout)["text"] == text


def test_a_service_code_prints_the_words_of_the_network(running: tuple[str, str]) -> None:
    url, key = running
    assert simrack("ussd", "p0", "*100#", "--url", url, SIMRACK_KEY=key).stdout == "Your balance is 12.34 EUR.\n"
    shown = simrack("ussd", "p0", "*100#", "--json", "--url", url, SIMRACK_KEY=key).stdout
    assert json.loads(shown) == {"text": "Your balance is 12.34 EUR.", "open": False}
    refused = simrack("ussd", "p9", "*100#", "--url", url, SIMRACK_KEY=key)
    assert refused.exit_code == 1 and "404" in complaint(refused)


def test_sims_are_listed_for_people_and_for_programs(running: tuple[str, str], config: str) -> None:
    url, key = running
    facts = ChannelFacts("p0", ChannelState.READY, number="+4915110000000", iccid="8949001")
    with store_of(config) as store:
        store.writer.run(lambda db: sims.seen(db, facts, 1_790_000_000.0))
    shown = simrack("sims", "--url", url, SIMRACK_KEY=key).stdout
    assert shown.startswith("sim ") and "8949001" in shown and "+4915110000000" in shown
    assert [one["id"] for one in json.loads(simrack("sims", "--json", "--url", url, SIMRACK_KEY=key).stdout)] == ["8949001"]


def test_a_refused_text_ends_with_1_and_the_reason(running: tuple[str, str]) -> None:
    url, key = running
    result = simrack("send", "nonsense", "hello", "--url", url, SIMRACK_KEY=key)
    assert result.exit_code == 1 and "to: " in complaint(result)


def test_a_wrong_key_ends_with_1_and_is_not_repeated(running: tuple[str, str]) -> None:
    result = simrack("status", "--url", running[0], SIMRACK_KEY="srk_wrong")
    assert result.exit_code == 1 and "401" in complaint(result) and "srk_wrong" not in result.output
    assert "simrack key list" in result.stderr


def test_the_status_is_shown_for_people_and_for_programs(running: tuple[str, str]) -> None:
    url, key = running
    shown = simrack("status", "--url", url, SIMRACK_KEY=key)
    assert shown.exit_code == 0 and "p0" in shown.stdout and "-71 dBm" in shown.stdout
    assert json.loads(simrack("status", "--json", "--url", url, SIMRACK_KEY=key).stdout)["ready"] is True


def test_a_gateway_that_is_not_there_ends_with_4() -> None:
    result = simrack("status", "--url", "http://127.0.0.1:9", SIMRACK_KEY="x")
    assert result.exit_code == 4 and "http://127.0.0.1:9" in complaint(result)


@pytest.mark.parametrize("url", ["notaurl", "127.0.0.1:8080", "http://", "http://host:port", "http://a b"])
def test_what_is_no_address_is_wrong_usage(url: str) -> None:
    result = simrack("status", "--url", url, SIMRACK_KEY="x")
    assert result.exit_code == 2 and "http://127.0.0.1:8080" in complaint(result)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\nnot found",
        b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]",
        b"SSH-2.0-OpenSSH_9.2\r\n",
    ],
)
def test_another_program_on_the_port_is_called_a_stranger(answer: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(answer)

        stranger = threading.Thread(target=serve)
        stranger.start()
        result = simrack("status", "--url", f"http://127.0.0.1:{listener.getsockname()[1]}", SIMRACK_KEY="x")
        stranger.join()
    assert result.exit_code == 4 and "is not a simrack" in complaint(result)


@pytest.mark.parametrize(("held", "words"), [(b"", "is empty"), (b" \n", "is empty"), (b"a b", "alone"), (b"\xff", "plain text")])
def test_a_key_file_without_a_key_is_named(tmp_path: Path, held: bytes, words: str) -> None:
    (tmp_path / "key").write_bytes(held)
    result = simrack("status", "--key-file", str(tmp_path / "key"))
    assert result.exit_code == 2 and str(tmp_path / "key") in complaint(result) and words in result.stderr


def test_keys_and_backups_work_while_a_gateway_serves(running: tuple[str, str], config: str, tmp_path: Path) -> None:
    key = simrack("key", "add", "late", "--scope", "read", "--config", config).stdout.strip()
    assert simrack("status", "--url", running[0], SIMRACK_KEY=key).exit_code == 0
    copy = tmp_path / "copy.db"
    assert simrack("backup", str(copy), "--config", config).exit_code == 0
    with sqlite3.connect(copy) as database:
        assert ("late",) in database.execute("SELECT name FROM keys").fetchall()
    database.close()
    assert stat.S_IMODE(os.stat(copy).st_mode) == 0o600
    again = simrack("backup", str(copy), "--config", config)
    assert again.exit_code == 1 and str(copy) in complaint(again)


def test_a_backup_of_nothing_is_refused(config: str, tmp_path: Path) -> None:
    result = simrack("backup", str(tmp_path / "copy.db"), "--config", config)
    assert result.exit_code == 1 and not (tmp_path / "copy.db").exists()


def test_a_second_gateway_on_the_same_database_ends_with_4(running: tuple[str, str], config: str) -> None:
    # A process of its own: `run` arranges the whole process for itself.
    command = [sys.executable, "-m", "gateway", "run", "--config", config]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 4 and "another simrack" in ended.stderr and "Traceback" not in ended.stderr


# PDUs

# "hello" (E8 32 9B FD 06) from +4915112345678 on 2026-11-21 at 20:03:04 UTC, without a service centre (3GPP TS 23.040
# clause 9.2.2.1).
HELLO = "00" + "04" + "0D91945111325476F8" + "0000" + "62111202304000" + "05E8329BFD06"


def test_a_pdu_is_decoded_for_programs() -> None:
    result = simrack("decode", "--json", HELLO, HELLO.lower())
    assert result.exit_code == 0
    shown = [json.loads(line) for line in result.stdout.splitlines()]
    assert len(shown) == 2 and shown[0] == shown[1]
    assert (shown[0]["number"], shown[0]["text"]) == ("+4915112345678", "hello")
    assert shown[0]["timestamp"] == "2026-11-21T20:03:04+00:00"


def test_what_encode_prints_is_what_decode_reads() -> None:
    printed = simrack("encode", "--to", "+4915112345678", "--text", "ж" * 71).stdout
    assert printed.startswith("AT+CMGS=")
    shown = [json.loads(line) for line in simrack("decode", "--json", given=f"\n{printed}\n").stdout.splitlines()]
    assert "".join(one["text"] for one in shown) == "ж" * 71
    words = printed.splitlines()[0].split()
    assert simrack("decode", *words).stdout == simrack("decode", " ".join(words)).stdout != ""


def test_a_pdu_of_another_direction_is_told_which_one_it_is() -> None:
    submit = "0001000D91945111325476F8000005E8329BFD06"
    result = simrack("decode", submit)
    assert result.exit_code == 1 and "not an SMS-DELIVER; try --direction submit" in complaint(result)
    result = simrack("decode", "--direction", "submit", HELLO)
    assert "not an SMS-SUBMIT; try --direction deliver" in complaint(result)
    assert "--direction" not in simrack("decode", "zz").stderr


def test_a_malformed_pdu_among_several_is_told_by_its_place() -> None:
    assert "line 3: " in complaint(simrack("decode", given=f"{HELLO}\n\nnonsense\n{HELLO}\n"))
    assert "argument 2: " in complaint(simrack("decode", HELLO, "nonsense"))


@pytest.mark.parametrize(
    ("options", "words"),
    [(("--to", "abc"), "+4915112345678"), (("--to", ""), "+49"), (("--to", "+4915112345678", "--smsc", "foo"), "+491710760000")],
)
def test_what_is_no_number_is_not_encoded(options: tuple[str, ...], words: str) -> None:
    result = simrack("encode", "--text", "x", *options)
    assert result.exit_code == 2 and words in complaint(result)


@pytest.mark.parametrize("number", ["+4915112345678", "015112345678", "8888", "*100#"])
def test_numbers_and_short_codes_are_encoded(number: str) -> None:
    assert simrack("encode", "--to", number, "--text", "x").exit_code == 0


def test_pdus_come_line_by_line_and_a_malformed_one_is_told_among_them() -> None:
    result = simrack("decode", "--json", given=f"{HELLO}\nnonsense\n\n{HELLO[:20]}\n{HELLO}")
    assert result.exit_code == 1
    shown = [json.loads(line) for line in result.stdout.splitlines()]
    assert ["error" in one for one in shown] == [False, True, True, False]
    assert set(shown[1]["error"]) == {"field", "octet", "reason"}
    assert [one.get("line") for one in shown] == [None, 2, 4, None]


def test_half_a_surrogate_pair_at_the_end_of_a_part_is_shown() -> None:
    half = "00" + "44" + HELLO[4:22] + "0008" + "62111202304000" + "08" + "050003010201" + "D83D"
    assert json.loads(simrack("decode", "--json", half).stdout)["text"] == "\ud83d"
    assert simrack("decode", half).exit_code == 0


# Modems


def test_a_port_that_holds_no_modem_is_shown_with_its_reason(tmp_path: Path) -> None:
    result = simrack("probe", str(tmp_path / "nowhere"))
    assert result.exit_code == 1 and str(tmp_path / "nowhere") in result.stdout and "closed" in result.stdout
    shown = json.loads(simrack("probe", "--json", str(tmp_path / "nowhere")).stdout)
    assert shown[0]["found"] == "closed"


def test_a_pdu_is_decoded_for_people() -> None:
    result = simrack("decode", "--no-smsc", HELLO[2:], "zz")
    assert result.exit_code == 1 and "hello" in result.stdout and len(result.stderr.splitlines()) == 1


def test_a_text_is_encoded_and_decodes_to_itself() -> None:
    shown = json.loads(simrack("encode", "--to", "+4915112345678", "--text", "hello", "--json").stdout)
    assert shown["encoding"] == "gsm7"
    assert shown["parts"] == [{"pdu": "0001000D91945111325476F8000005E8329BFD06", "tpdu_len": 19}]
    long = json.loads(simrack("encode", "--to", "+4915112345678", "--text", "ж" * 71, "--json").stdout)
    assert long["encoding"] == "ucs2" and len(long["parts"]) == 2
    decoded = simrack("decode", "--direction", "submit", "--json", *(part["pdu"] for part in long["parts"]))
    assert "".join(json.loads(line)["text"] for line in decoded.stdout.splitlines()) == "ж" * 71
