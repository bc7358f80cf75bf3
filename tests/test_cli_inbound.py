"""`simrack inbound` against a gateway that serves HTTP."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.cli import main
from gateway.clock import SystemClock
from gateway.core.keys import Keys
from gateway.core.receiving import Receiving
from gateway.core.webhooks import Webhooks
from gateway.records import IncomingPart
from gateway.settings import HttpSettings, parse
from gateway.store import Store
from gateway.web.app import create_app
from gateway.web.server import Server
from tests.web.conftest import CONFIGURATION, Gateway

Simrack = Callable[..., Result]


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    settings, clock = parse(CONFIGURATION, tmp_path), SystemClock()
    store = Store.open(settings.store, clock, serving=True)
    yield Gateway(settings, clock, store, Keys(store, clock), Webhooks(store, clock, lambda: None))  # type: ignore[arg-type]
    store.close()


@pytest.fixture
def simrack(gateway: Gateway) -> Iterator[Simrack]:
    """The command line of somebody who may do everything."""
    server = Server(create_app(gateway.doors()), HttpSettings("127.0.0.1:0", threads=2))
    server.start()
    environment = {"SIMRACK_URL": server.address, "SIMRACK_KEY": gateway.keys.add("cli", ["admin"])[1]}

    def run(*args: str, given: str | None = None) -> Result:
        result = CliRunner().invoke(main, ("inbound", *args), input=given, env=environment)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    yield run
    server.stop()


def comes(gateway: Gateway, *texts: str) -> None:
    receiving = Receiving(
        gateway.store, gateway.settings.receiving, gateway.clock, lambda name: "+4915110000000",
        forward=lambda: None, parts_wait=lambda: None, heard=lambda *told: None, decide=gateway.inbound.decide,
    )  # fmt: skip
    for number, text in enumerate(texts):
        at = datetime(2026, 11, 21, 20, tzinfo=UTC) + timedelta(seconds=number)
        part = IncomingPart("p0", "sim", f"raw {text}", sender="+4917012345678", service_time=at, text=text)
        asyncio.run(receiving.keep(part))


def shown(simrack: Simrack, *command: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(simrack(*command, "--json").stdout)
    return found


def test_rules_are_made_listed_and_ordered(gateway: Gateway, simrack: Simrack) -> None:
    named = gateway.webhooks.add("https://pbx.example/sms", ["message.received"])[0].id
    made = simrack(
        "add", "vip", "--to", "0151 10000000", "--channel", "p0,p1", "--pool", "main", "--from", "+4915*", "--from", "Bank*",
        "--keyword", "Order", "--pattern", "[0-9]+", "--webhook", named, "--extension", "100",
    )  # fmt: skip
    assert made.exit_code == 0, made.stderr
    assert simrack("add", "rest", "--disabled").stderr == "rest is rule 2\n"
    lines = simrack("list").stdout.splitlines()
    assert simrack().stdout.splitlines() == lines
    assert lines[1].split() == [
        *("1", "vip", "on", "to", "+4915110000000;", "channel", "p0", "or", "p1;", "pool", "main;", "from", "+4915*", "or"),
        *("Bank*;", "keyword", "order;", "pattern", "[0-9]+", "extension", "100,", named),
    ]
    assert lines[2].split() == ["2", "rest", "off", "every", "text", "those", "that", "subscribed"]
    assert simrack("move", "rest", "1").stderr == "rest is rule 1\n"
    assert simrack("remove", "vip").exit_code == 0
    assert [one["name"] for one in shown(simrack, "list")] == ["rest"]
    assert simrack("reset", given="y\n").stderr == "1 rule removed\n"


def test_a_change_leaves_what_is_not_given(simrack: Simrack) -> None:
    simrack("add", "a", "--to", "+4915110000000", "--keyword", "yes,no", "--extension", "1")
    before = shown(simrack, "list")[0]
    assert simrack("change", "a", "--extension", "2").exit_code == 0
    assert shown(simrack, "list")[0] == {**before, "extension": "2"}
    assert simrack("change", "a", "--disable", "--without", "keywords", "--without", "extension").exit_code == 0
    assert shown(simrack, "list")[0] == {**before, "keywords": [], "extension": None, "enabled": False}


def test_a_wrong_rule_is_refused_in_one_line(simrack: Simrack) -> None:
    refused = simrack("add", "a", "--pool", "mian")
    assert refused.exit_code == 1 and "pool: there is no pool 'mian'; did you mean 'main'?" in refused.stderr
    gone = simrack("add", "a", "--webhook", "wh_gone")
    assert gone.exit_code == 1 and "there is no webhook 'wh_gone'" in gone.stderr


def test_an_explanation_tells_each_rule_and_what_comes_of_it(gateway: Gateway, simrack: Simrack) -> None:
    named = gateway.webhooks.add("https://pbx.example/sms", ["message.received"])[0].id
    assert simrack("explain", "Hi").stdout.splitlines()[-1] == f"told to {named}, for there are no rules"
    simrack("add", "order", "--keyword", "order", "--webhook", named, "--extension", "7")
    taken = simrack("explain", "Order: 12", "--to", "0151 10000000", "--from", "0170 12345678")
    assert taken.exit_code == 0 and taken.stdout.splitlines() == [
        "to +4915110000000, from +4917012345678",
        "  1 order: matches, all its conditions hold",
        f"for the extension 7, told to {named}, by the rule order",
    ]
    nobody = simrack("explain", "Hello", "--channel", "p0")
    assert nobody.exit_code == 1 and nobody.stdout.splitlines()[1:] == [
        "  1 order: no, its first word is 'hello', not order",
        "told to nobody: unclaimed, for no rule matches",
    ]


def test_unclaimed_texts_are_listed_and_handed_on(gateway: Gateway, simrack: Simrack) -> None:
    named = gateway.webhooks.add("https://pbx.example/sms", ["message.sent"])[0].id
    comes(gateway, "One", "Two\nlines " + "x" * 80, "Three")
    lines = simrack("unclaimed").stdout.splitlines()
    assert [line.split()[4] for line in lines[1:]] == ["One", "Two", "Three"] and lines[2].endswith("x…")
    one, two, three = [str(text["id"]) for text in shown(simrack, "unclaimed")]
    assert simrack("replay", one, "--webhook", named).stderr == "1 text handed on\n"
    nobody = simrack("replay", "--all")
    assert nobody.exit_code == 1 and f"2 texts: {two}, {three}" in nobody.stderr
    assert simrack("replay", "--all", "--webhook", named).stderr == "2 texts handed on\n"
    assert shown(simrack, "unclaimed") == []
    waiting = gateway.webhooks.deliveries(named).forwards
    assert [forward.data["id"] for forward in reversed(waiting)] == [one, two, three]
    assert simrack("replay").exit_code == 2 and simrack("replay", one, "--all").exit_code == 2
