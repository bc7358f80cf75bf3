"""`simrack routes` and `simrack route` against a gateway that serves HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.cli import main
from gateway.clock import SystemClock
from gateway.core.keys import Keys
from gateway.core.webhooks import Webhooks
from gateway.settings import HttpSettings, parse
from gateway.store import Store
from gateway.web.app import create_app
from gateway.web.server import Server
from tests.web.conftest import CONFIGURATION, Gateway

Simrack = Callable[..., Result]


@pytest.fixture
def simrack(tmp_path: Path) -> Iterator[Simrack]:
    """The command line of somebody who may do everything."""
    settings, clock = parse(CONFIGURATION, tmp_path), SystemClock()
    store = Store.open(settings.store, clock, serving=True)
    gateway = Gateway(settings, clock, store, Keys(store, clock), Webhooks(store, clock, lambda: None))  # type: ignore[arg-type]
    server = Server(create_app(gateway.doors()), HttpSettings("127.0.0.1:0", threads=2))
    server.start()
    environment = {"SIMRACK_URL": server.address, "SIMRACK_KEY": gateway.keys.add("cli", ["admin"])[1]}

    def run(*args: str, given: str | None = None) -> Result:
        result = CliRunner().invoke(main, args, input=given, env=environment)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    yield run
    server.stop()
    store.close()


def shown(simrack: Simrack) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(simrack("routes", "list", "--json").stdout)
    return found


def test_routes_are_made_listed_and_ordered(simrack: Simrack) -> None:
    made = simrack(
        "routes", "add", "work", "--to-prefix", "+49,+43", "--to-prefix", "+41", "--key", "cli", "--from", "+4915110000000",
        "--priority-min", "-2", "--hours", "Mon-Fri 08:00-20:00", "--zone", "Europe/Berlin", "--pool", "main",
    )  # fmt: skip
    assert made.exit_code == 0, made.stderr
    assert simrack("routes", "add", "rest", "--refuse", "not today", "--disabled").stderr == "rest is route 2\n"
    lines = simrack("routes", "list").stdout.splitlines()
    assert simrack("routes").stdout.splitlines() == lines
    assert lines[1].split() == [
        *("1", "work", "on", "to", "+49", "or", "+43", "or", "+41;", "from", "+4915110000000;", "key", "cli;"),
        *("Mon-Fri", "08:00-20:00", "(Europe/Berlin);", "priority", "-2", "to", "10", "pool", "main"),
    ]
    assert lines[2].split() == ["2", "rest", "off", "every", "text", "refuse:", "not", "today"]
    assert simrack("routes", "move", "rest", "1").stderr == "rest is route 1\n"
    assert [one["name"] for one in shown(simrack)] == ["rest", "work"]
    assert simrack("routes", "remove", "work").exit_code == 0
    assert [one["name"] for one in shown(simrack)] == ["rest"]


def test_a_change_leaves_what_is_not_given(simrack: Simrack) -> None:
    simrack("routes", "add", "a", "--country", "DE", "--campaign", "spring", "--pool", "main")
    before = shown(simrack)[0]
    assert simrack("routes", "change", "a", "--campaign", "autumn").exit_code == 0
    assert shown(simrack)[0] == {**before, "campaign": "autumn"}
    assert simrack("routes", "change", "a", "--refuse", "no", "--disable", "--without", "country").exit_code == 0
    changed = {**before, "campaign": "autumn", "pool": None, "refuse": "no", "enabled": False, "country": None}
    assert shown(simrack)[0] == changed


def test_a_wrong_route_is_refused_in_one_line(simrack: Simrack) -> None:
    refused = simrack("routes", "add", "a", "--pool", "mian")
    assert refused.exit_code == 1 and "did you mean 'main'" in refused.stderr and len(refused.stderr.splitlines()) == 1
    assert simrack("routes", "change", "none", "--pool", "main").exit_code == 1
    assert simrack("routes", "move", "none", "0").exit_code == 2


def test_a_reset_asks_first(simrack: Simrack) -> None:
    simrack("routes", "add", "a", "--pool", "main")
    simrack("routes", "reset", given="n\n")
    assert len(shown(simrack)) == 1
    assert "1 route removed" in simrack("routes", "reset", "--yes").stderr
    assert shown(simrack) == []


def test_a_decision_is_explained_and_a_refusal_is_a_no(simrack: Simrack) -> None:
    simrack("routes", "add", "swiss", "--country", "CH", "--pool", "main")
    simrack("routes", "add", "night", "--hours", "22:00-06:00", "--campaign", "spring", "--priority-min", "1", "--pool", "main")
    told = simrack("route", "0151 12345678", "--campaign", "spring", "--priority", "2", "--at", "2026-11-16T23:00:00Z")
    assert told.exit_code == 0
    assert told.stdout.splitlines()[:4] == [
        "+4915112345678 (DE), for the key cli, at 2026-11-16T23:00:00.000Z",
        "  1 swiss: no, +4915112345678 belongs to DE, not to CH",
        "  2 night: matches, all its conditions hold",
        "goes over the pool main, by the route night",
    ]
    told = simrack("route", "015112345678", "--at", "2026-11-16T12:00:00Z")
    assert "goes over any channel, for no route matches" in told.stdout
    told = simrack("route", "+41791234567")
    assert told.exit_code == 1 and "refused: +41791234567 is a number of CH" in told.stdout
    assert json.loads(simrack("route", "+41791234567", "--json").stdout)["route"] == "swiss"
