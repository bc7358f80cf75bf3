"""The command line, as a person or a script meets it: what it prints where, and how it ends."""

from __future__ import annotations

import json
import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.cli import main
from gateway.cli.options import store_of
from gateway.clock import SystemClock
from gateway.core.keys import Keys
from gateway.core.webhooks import Webhooks
from gateway.records import ChannelFacts, ChannelState
from gateway.settings import HttpSettings, load
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


def test_help_names_every_command() -> None:
    shown = simrack("--help").stdout
    commands = ["run", "demo", "check", "key", "webhook", "send", "status", "sims", "ussd", "probe", "decode", "encode", "backup"]
    for command in commands:
        assert f"\n  {command} " in shown


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
    (tmp_path / "simrack.toml").write_text('[[modem]]\nname = "p0"\nport = "/dev/simrack/nowhere"\n')
    result = simrack("check", str(tmp_path / "simrack.toml"))
    assert result.exit_code == 0 and "/dev/simrack/nowhere" in result.stderr


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
    assert result.exit_code == 1 and "send, read, admin" in complaint(result)


def test_keys_are_listed_and_revoked(config: str) -> None:
    simrack("key", "add", "pbx", "--scope", "read", "--scope", "send", "--config", config)
    listed = json.loads(simrack("key", "list", "--json", "--config", config).stdout)
    assert [(key["name"], key["scopes"], key["revoked_at"]) for key in listed] == [("pbx", "read,send", "")]
    assert simrack("key", "revoke", "pbx", "--config", config).exit_code == 0
    assert json.loads(simrack("key", "list", "--json", "--config", config).stdout)[0]["revoked_at"]
    missing = simrack("key", "revoke", "nobody", "--config", config)
    assert missing.exit_code == 1 and "nobody" in complaint(missing)


# Webhooks


def test_a_webhook_is_made_listed_tested_and_removed(config: str) -> None:
    wanted = ("https://pbx.example/sms", "--event", "message.received", "--event", "message.delivered")
    made = json.loads(simrack("webhook", "add", *wanted, "--json", "--config", config).stdout)
    assert made["secret"].startswith("whsec_")
    listed = simrack("webhook", "list", "--config", config).stdout
    assert made["id"] in listed and "message.received,message.delivered" in listed and made["secret"] not in listed
    assert simrack("webhook", "test", made["id"], "--config", config).stdout.startswith("evt_")
    assert simrack("webhook", "remove", made["id"], "--config", config).exit_code == 0
    assert simrack("webhook", "remove", made["id"], "--config", config).exit_code == 1


def test_a_wrong_event_is_refused_with_the_right_ones(config: str) -> None:
    result = simrack("webhook", "add", "https://pbx.example/", "--event", "message.lost", "--config", config)
    assert result.exit_code == 1 and "message.received" in complaint(result)


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
    sent = simrack("send", "015112345678", "-", "--json", given="from a pipe", SIMRACK_URL=url, SIMRACK_KEY=key)
    assert json.loads(sent.stdout)["text"] == "from a pipe"


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


def test_the_status_is_shown_for_people_and_for_programs(running: tuple[str, str]) -> None:
    url, key = running
    shown = simrack("status", "--url", url, SIMRACK_KEY=key)
    assert shown.exit_code == 0 and "p0" in shown.stdout and "-71 dBm" in shown.stdout
    assert json.loads(simrack("status", "--json", "--url", url, SIMRACK_KEY=key).stdout)["ready"] is True


def test_a_gateway_that_is_not_there_ends_with_4() -> None:
    result = simrack("status", "--url", "http://127.0.0.1:9", SIMRACK_KEY="x")
    assert result.exit_code == 4 and "http://127.0.0.1:9" in complaint(result)


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


def test_pdus_come_line_by_line_and_a_malformed_one_is_told_among_them() -> None:
    result = simrack("decode", "--json", given=f"{HELLO}\nnonsense\n\n{HELLO[:20]}\n{HELLO}")
    assert result.exit_code == 1
    shown = [json.loads(line) for line in result.stdout.splitlines()]
    assert ["error" in one for one in shown] == [False, True, True, True, False]
    assert set(shown[1]["error"]) == {"field", "octet", "reason"}


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
