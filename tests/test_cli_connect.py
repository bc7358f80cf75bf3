"""`simrack connect`, as a technician meets it: what is made, what is printed, and what is made when it is called again."""

from __future__ import annotations

import json
from hashlib import md5
from pathlib import Path
from typing import Any

import pytest

from gateway.cli.options import store_of
from gateway.clock import SystemClock
from gateway.core.keys import Keys
from gateway.core.limits import Limits
from gateway.guides.recipes import RECIPES
from gateway.records import Counted, Per
from gateway.store import Store
from tests.test_cli import CONFIGURATION, complaint, simrack

URL = "https://pbx.example.net/sms/generic/155e125b"


@pytest.fixture
def config(tmp_path: Path) -> str:
    (tmp_path / "simrack.toml").write_text(CONFIGURATION)
    return str(tmp_path / "simrack.toml")


def connect(config: str, *args: str) -> dict[str, Any]:
    result = simrack("connect", *args, "--json", "--config", config)
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def limits_of(store: Store) -> Limits:
    return Limits(store, SystemClock(), lambda: None)


def test_the_systems_are_listed() -> None:
    shown = simrack("connect", "--list").stdout
    assert all(name in shown for name in RECIPES) and "/guides/3cx" in shown
    assert [one["name"] for one in json.loads(simrack("connect", "--list", "--json").stdout)] == list(RECIPES)


def test_without_a_system_it_says_which_there_are() -> None:
    result = simrack("connect")
    assert result.exit_code == 2 and "yeastar" in complaint(result)


def test_a_misspelt_system_is_told_the_right_one(config: str) -> None:
    result = simrack("connect", "yestar", "--config", config)
    assert result.exit_code == 2 and "'yeastar'" in complaint(result)


def test_key_webhook_and_limit_are_made_in_one_step(config: str) -> None:
    made = connect(config, "3cx", "--pbx", "pbx.example.net", "--id", "155e125b", "--gateway", "https://sms.example.net")
    assert made["type"] == {"Provider URL": "https://sms.example.net/compat/3cx", "API Key": made["key"]["key"]}
    with store_of(config) as store:
        key = store.keys.find(made["key"]["key"])
        assert key is not None and key.name == "3cx" and key.scopes == {"send"}
        (webhook,) = store.webhooks.all()
        assert (webhook.url, webhook.format, webhook.id) == (URL, "telnyx", made["webhook"]["id"])
        (limit,) = limits_of(store).all()
        assert (limit.subject, limit.counted, limit.per, limit.most) == ("key:3cx", Counted.TEXTS, Per.MINUTE, 20)


def test_a_person_is_told_field_by_field_what_to_type(config: str) -> None:
    shown = simrack("connect", "3cx", "--url", URL, "--gateway", "https://sms.example.net", "--config", config).stdout
    assert "Provider URL  https://sms.example.net/compat/3cx\n" in shown and "API Key       srk_" in shown
    assert '[doors]\n  open = ["plain", "telnyx"]\n' in shown
    assert "pbx.example.net -> sms.example.net, TCP 443" in shown and "this machine -> pbx.example.net, TCP 443" in shown
    assert "https://sms.example.net/guides/3cx" in shown


def test_connecting_again_makes_nothing_twice_and_shows_no_secret(config: str) -> None:
    first = connect(config, "yeastar", "--url", "https://pbx.example.net/api/v1.0/webhook/general/a")
    again = connect(config, "yeastar", "--url", "https://pbx.example.net/api/v1.0/webhook/general/a")
    assert again["made"] == [] and again["key"]["key"] is None and again["webhook"]["secret"] is None
    assert again["webhook"]["id"] == first["webhook"]["id"] and again["per_minute"] == 20
    shown = simrack("connect", "yeastar", "--config", config).stdout
    assert "all was there" in shown and first["key"]["key"] not in shown and first["webhook"]["secret"] not in shown
    with store_of(config) as store:
        assert len(store.webhooks.all()) == len(store.keys.all()) == len(limits_of(store).all()) == 1


def test_again_makes_new_secrets_and_ends_the_old_key(config: str) -> None:
    first = connect(config, "yeastar", "--url", "https://pbx.example.net/api/v1.0/webhook/general/a")
    again = connect(config, "yeastar", "--again")
    assert again["key"]["key"] != first["key"]["key"] and again["webhook"]["secret"] != first["webhook"]["secret"]
    with store_of(config) as store:
        assert store.keys.find(first["key"]["key"]) is None
        found = store.keys.find(again["key"]["key"])
        assert found is not None and found.name == "yeastar"
        (webhook,) = store.webhooks.all()
        assert webhook.options == {"signing": "hmac-sha256"} and webhook.id == first["webhook"]["id"]


def test_the_webhook_may_come_later_and_move(config: str) -> None:
    first = connect(config, "3cx")
    assert first["webhook"] is None and first["key"]["key"]
    second = connect(config, "3cx", "--url", URL)
    assert second["made"] == [f"the webhook {second['webhook']['id']}"] and second["key"]["key"] is None
    third = connect(config, "3cx", "--url", "https://pbx2.example.net/sms/generic/1")
    assert third["webhook"]["id"] == second["webhook"]["id"] and third["webhook"]["url"].startswith("https://pbx2.")


def test_options_of_the_webhook_are_chosen_and_changed(config: str) -> None:
    args = ["asterisk", "--pbx", "192.0.2.5", "--option"]
    first = connect(config, *args, "default_extension=1001")
    assert first["webhook"]["url"] == "ami://192.0.2.5:5038" and f"secret = {first['webhook']['secret']}" in first["file"]
    assert connect(config, *args, "default_extension=1001")["made"] == []
    assert connect(config, *args, "default_extension=1002")["made"] == [f"other options of the webhook {first['webhook']['id']}"]
    with store_of(config) as store:
        (webhook,) = store.webhooks.all()
        assert webhook.options == {"default_extension": "1002"}
    result = simrack("connect", "asterisk", "--option", "nothing=1", "--config", config)
    assert result.exit_code == 1 or "nothing" not in result.output


def test_the_limit_is_chosen_changed_and_left_away(config: str) -> None:
    assert connect(config, "3cx", "--per-minute", "5")["per_minute"] == 5
    assert connect(config, "3cx")["per_minute"] == 5
    assert connect(config, "3cx", "--per-minute", "7")["per_minute"] == 7
    assert connect(config, "3cx", "--per-minute", "0")["per_minute"] is None
    assert connect(config, "3cx")["per_minute"] is None


def test_a_second_system_of_a_kind_has_a_name_of_its_own(config: str) -> None:
    connect(config, "3cx", "--url", URL)
    assert connect(config, "3cx", "--name", "branch", "--url", URL)["key"]["name"] == "branch"
    with store_of(config) as store:
        assert len(store.webhooks.all()) == 2


def test_a_key_that_was_made_otherwise_is_not_touched(config: str) -> None:
    with store_of(config) as store:
        _, token = Keys(store, SystemClock()).add("3cx", ["admin"])
    for args in ([], ["--again"]):
        result = simrack("connect", "3cx", *args, "--config", config)
        assert result.exit_code == 1 and "--name" in complaint(result)
    with store_of(config) as store:
        assert store.keys.find(token) is not None


def test_a_revoked_name_stays_taken(config: str) -> None:
    connect(config, "3cx")
    assert simrack("key", "revoke", "3cx", "--config", config).exit_code == 0
    result = simrack("connect", "3cx", "--again", "--config", config)
    assert result.exit_code == 1 and "revoked" in complaint(result)


@pytest.mark.parametrize("args", [("--url", "ftp://pbx.example.net/"), ("--name", "no name")])
def test_what_cannot_be_made_leaves_nothing_behind(config: str, args: tuple[str, ...]) -> None:
    result = simrack("connect", "3cx", *args, "--config", config)
    assert result.exit_code == 1 and complaint(result)
    with store_of(config) as store:
        assert not store.keys.all() and not store.webhooks.all() and not limits_of(store).all()


def test_what_speaks_smpp_gets_a_password_for_it(config: str) -> None:
    made = connect(config, "smpp", "--name", "bank")
    assert made["type"]["system_id"] == "bank" and made["type"]["password"] == made["key"]["password"]
    assert len(made["key"]["password"]) == 8
    shown = simrack("connect", "smpp", "--name", "bank", "--config", config).stdout
    assert '[smpp]\n  listen = "0.0.0.0:2775"' in shown and made["key"]["password"] not in shown


def test_smpp_that_listens_here_alone_is_told_where_to_listen_and_of_no_proxy(tmp_path: Path) -> None:
    (tmp_path / "simrack.toml").write_text(CONFIGURATION + '[smpp]\nlisten = "127.0.0.1:2776"\n')
    args = ("--gateway", "http://192.0.2.20:8080", "--config", str(tmp_path / "simrack.toml"))
    shown = simrack("connect", "smpp", *args).stdout
    assert 'listen = "0.0.0.0:2776" in [smpp]' in shown and "proxy" not in shown
    assert "SMPP -> 192.0.2.20, TCP 2776" in shown


def test_what_takes_us_for_a_dinstar_box_gets_a_password_for_that(config: str) -> None:
    made = connect(config, "dinstar", "--name", "contact", "--gateway", "http://192.0.2.20:8080")
    assert made["type"]["URL"] == "http://192.0.2.20:8080" and made["type"]["User"] == "contact"
    with store_of(config) as store:
        found = store.keys.dinstar("contact")
        assert found is not None
        right = f"contact:Web Server:{made['type']['Password']}"
        assert md5(right.encode()).hexdigest() in found


def test_an_address_that_webhooks_may_not_point_to_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "simrack.toml").write_text(CONFIGURATION + '[forwarding]\nallow = ["pbx.example.net"]\n')
    config = str(tmp_path / "simrack.toml")
    result = simrack("connect", "3cx", "--url", "https://elsewhere.example.net/sms/generic/1", "--config", config)
    assert result.exit_code == 1 and "[forwarding] allow" in complaint(result)
    with store_of(config) as store:
        assert not store.keys.all()


def test_a_name_too_long_for_smpp_leaves_nothing_behind(config: str) -> None:
    result = simrack("connect", "smpp", "--name", "a" * 16, "--config", config)
    assert result.exit_code == 1 and "system_id" in complaint(result)
    with store_of(config) as store:
        assert not store.keys.all()


def test_a_file_is_printed_with_everything_filled_in(config: str) -> None:
    made = connect(config, "kannel", "--url", "http://192.0.2.7:13005/sms", "--gateway", "http://192.0.2.20:8080")
    lines = made["file"].splitlines()
    assert "send-url = http://192.0.2.20:8080/cgi-bin/sendsms" in lines and "port = 13005" in lines
    assert f'smsc-password = "{made["key"]["key"]}"' in lines and f'smsc-password = "{made["webhook"]["secret"]}"' in lines


def test_a_file_has_nothing_for_incoming_texts_before_there_is_a_webhook(config: str) -> None:
    made = connect(config, "kannel", "--gateway", "http://192.0.2.20:8080")
    assert made["file"].count("group = smsc") == 1 and made["key"]["key"] in made["file"]
    assert "when the webhook is made" not in made["file"]
    shown = simrack("connect", "kannel", "--config", config).stdout
    assert "none yet: call it again with --url" in shown and "simrack-in" not in shown


# What is for incoming texts alone, by system.
INCOMING = {
    "yeastar": ["Secret"],
    "url": ["Secret of the webhook"],
    "kannel": ["simrack-in"],
    "freepbx": ["Telnyx: API Key", "Let only simrack reach"],
    "asterisk": ["manager.conf", "default_extension"],
    "twilio": ["X-Twilio-Signature"],
    "vonage": ["Signature secret"],
}


@pytest.mark.parametrize("system", RECIPES)
def test_nothing_is_told_to_be_typed_for_incoming_texts_before_there_is_a_webhook(config: str, system: str) -> None:
    args = ("connect", system, "--gateway", "https://sms.example.net", "--config", config)
    before = simrack(*args)
    typed = json.dumps(json.loads(simrack(*args, "--json").stdout)["type"])
    assert before.exit_code == 0 and "when the webhook is made" not in before.stdout
    for words in INCOMING.get(system, []):
        assert words not in before.stdout and words not in typed
    if system in INCOMING:
        shown = simrack(*args, "--url", "ami://192.0.2.5" if system == "asterisk" else URL).stdout
        assert all(words in shown for words in INCOMING[system])


def test_whom_an_open_door_lets_in_is_told(tmp_path: Path) -> None:
    doors = '[doors]\nopen = ["kannel"]\naddresses = { kannel = "192.0.2.7, 198.51.100.0/24", smpp = "192.0.2.7" }\n'
    (tmp_path / "simrack.toml").write_text(CONFIGURATION + doors)
    config = str(tmp_path / "simrack.toml")

    def told(*args: str) -> str:
        return simrack("connect", *args, "--config", config).stdout

    listed = "192.0.2.7/32, 198.51.100.0/24 alone"
    assert f"The door kannel is closed to 192.0.2.9: it lets in {listed}. Add 192.0.2.9" in told("kannel", "--pbx", "192.0.2.9")
    assert f"The door kannel lets in {listed}, 198.51.100.3 among them." in told("kannel", "--pbx", "198.51.100.3")
    assert f"The door kannel lets in {listed}. Add the address of Kannel" in told("kannel", "--pbx", "pbx.example.net")
    assert "SMPP is closed to 192.0.2.9: it lets in 192.0.2.7/32 alone." in told("smpp", "--pbx", "192.0.2.9")
    assert "lets in" not in told("url")
    found = connect(config, "kannel")
    assert found["door"] == {"name": "kannel", "open": True, "addresses": ["192.0.2.7/32", "198.51.100.0/24"]}
    assert connect(config, "smpp")["door"] == {"name": "smpp", "open": False, "addresses": ["192.0.2.7/32"]}


def test_an_address_that_looks_wrong_is_told(config: str) -> None:
    shown = simrack("connect", "3cx", "--url", "https://pbx.example.net/", "--config", config).stdout
    assert "usually has /sms/generic/" in shown


def test_waiting_for_nobody_ends_with_1_and_says_what_did_not_come(config: str) -> None:
    result = simrack("connect", "3cx", "--url", URL, "--wait", "0.01", "--config", config)
    assert result.exit_code == 1
    assert "No text came from 3CX" in result.stdout and "No text came from a phone" in result.stdout


def test_who_else_hears_incoming_texts_is_told(config: str) -> None:
    connect(config, "3cx", "--url", URL)
    shown = simrack("connect", "url", "--url", "https://app.example.net/sms", "--config", config).stdout
    assert "1 other webhook may hear of incoming texts too" in shown
