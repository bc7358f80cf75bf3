"""`simrack channels` and `simrack pools`, as a person meets them, against a gateway that answers over HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import Result

from gateway.clock import SystemClock
from gateway.core.keys import Keys
from gateway.core.webhooks import Webhooks
from gateway.records import ChannelFacts, ChannelState, Counted, Limit, Per, Sent
from gateway.settings import HttpSettings, parse
from gateway.store import Store
from gateway.web.app import create_app
from gateway.web.server import Server
from tests.test_cli import complaint, simrack
from tests.web.conftest import CONFIGURATION, Gateway

Ask = Callable[..., Result]


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    settings, clock = parse(CONFIGURATION, tmp_path), SystemClock()
    store = Store.open(settings.store, clock, serving=True)
    facts = [
        ChannelFacts("p0", ChannelState.READY, number="+4915110000000"),
        ChannelFacts("p1", ChannelState.LOST, reason="unplugged"),
    ]
    yield Gateway(settings, clock, store, Keys(store, clock), Webhooks(store, clock, lambda: None), facts)  # type: ignore[arg-type]
    store.close()


@pytest.fixture
def ask(gateway: Gateway) -> Iterator[Ask]:
    """The command line with the address and a key of that gateway."""
    server = Server(create_app(gateway.doors()), HttpSettings("127.0.0.1:0", threads=2))
    server.start()
    key = gateway.keys.add("cli", ["read", "admin"])[1]
    yield lambda *args: simrack(*args, SIMRACK_URL=server.address, SIMRACK_KEY=key)
    server.stop()


def test_channels_are_listed_for_people_and_for_programs(ask: Ask, gateway: Gateway) -> None:
    gateway.fitness.heard("p0", gateway.facts[0].sim, Sent(1), 3.0)
    lines = ask("channels").stdout.splitlines()
    assert lines[0].split()[:5] == ["channel", "state", "traffic", "until", "score"]
    assert lines[1].split() == ["p0", "ready", "open", "100", "0", "+4915110000000", "main"]
    assert lines[2].endswith("unplugged")
    assert [one["traffic"]["state"] for one in json.loads(ask("channels", "--json").stdout)] == ["open", "open"]


def test_what_limits_leave_a_sim_today_is_a_column(ask: Ask, gateway: Gateway) -> None:
    wanted = Limit(0, "sim:port:p1", Counted.TEXTS, Per.DAY, 7)
    gateway.limits.add(wanted, "somebody", [])
    head, first, second = ask("channels").stdout.splitlines()
    at = head.index("left")
    assert (first[at : at + 4].strip(), second[at : at + 4].strip()) == ("", "7")


def test_channels_are_paused_drained_and_resumed_by_name(ask: Ask) -> None:
    paused = ask("channels", "pause", "p0", "p1", "--reason", "new antenna").stdout
    assert paused == "p0 is paused: paused by cli: new antenna\np1 is paused: paused by cli: new antenna\n"
    assert "paused by cli" in ask("channels").stdout and "paused" in ask("status").stdout
    assert ask("channels", "drain", "p0").stdout == "p0 is draining: being drained by cli\n"
    assert ask("channels", "resume", "p0").stdout == "p0 is open\n"


def test_all_channels_are_paused_at_once(ask: Ask) -> None:
    assert ask("channels", "pause", "--all").stdout.count("all channels are paused by cli") == 2
    refused = ask("channels", "resume", "p0")
    assert refused.exit_code == 1 and "all of them first" in complaint(refused)
    assert ask("status").exit_code == 1
    assert ask("channels", "drain", "--all").stdout.count("all channels are being drained by cli") == 2
    assert ask("channels", "resume", "--all").stdout == "p0 is open\np1 is open\n"


@pytest.mark.parametrize("args", [("pause",), ("pause", "p0", "--all"), ("resume",), ("drain",), ("drain", "p0", "--all")])
def test_who_names_no_channel_is_told_so(ask: Ask, args: tuple[str, ...]) -> None:
    result = ask("channels", *args)
    assert result.exit_code == 2 and complaint(result)


def test_a_channel_that_does_not_exist_ends_with_1(ask: Ask) -> None:
    result = ask("channels", "pause", "p9")
    assert result.exit_code == 1 and "there is no channel p9" in complaint(result)


def test_pools_are_listed_changed_made_and_reset(ask: Ask, gateway: Gateway) -> None:
    gateway.fitness.pause("p0", "alice")
    assert ask("pools").stdout.splitlines()[1].split() == ["main", "rotate", "p0", "p1", "p0(paused)", "p1(lost)", "configuration"]
    changed = ask("pools", "set", "main", "--strategy", "sticky,weighted", "--weight", "p0=3").stdout
    assert changed == "main is changed: sticky,weighted over p0 | p1\n"
    assert ask("pools", "set", "spare", "--channel", "0-1").stdout == "spare is created: rotate over p0,p1\n"
    assert ask("pools", "reset", "spare").stderr == "spare is removed\n"
    assert ask("pools", "reset", "main").stderr == "main is as in the configuration\n"
    (one,) = json.loads(ask("pools", "--json").stdout)
    assert (one["strategy"], one["origin"]) == ("rotate", "configuration")


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (("set", "main"), 2, "nothing"),
        (("set", "main", "--weight", "p0"), 2, "p0=3"),
        (("set", "main", "--weight", "p0=much"), 2, "p0=3"),
        (("set", "main", "--strategy", "fastest"), 1, "fastest"),
        (("set", "main", "--channel", "p9"), 1, "p9"),
        (("reset", "other"), 1, "there is no pool other"),
    ],
)
def test_what_makes_no_pool_is_refused_with_the_reason(ask: Ask, args: tuple[str, ...], code: int, words: str) -> None:
    result = ask("pools", *args)
    assert result.exit_code == code and words in complaint(result)


def test_a_pool_and_a_channel_are_explained_and_a_no_is_an_exit_code(ask: Ask, gateway: Gateway) -> None:
    told = ask("pools", "explain", "main", "--to", "015112345678")
    first, head, p0, p1 = told.stdout.splitlines()
    assert told.exit_code == 0 and first == "p0 would have the next text of main (rotate)"
    assert head.split() == ["channel", "standing", "until", "reason"]
    assert p0.split() == ["p0", "open", "rotate:", "turn", "1"] and p1.split() == ["p1", "lost", "unplugged"]
    assert json.loads(ask("pools", "explain", "main", "--json").stdout)["next"] == "p0"
    assert ask("channels", "explain", "p0").stdout == (
        "p0 is open: it may take texts\nits score is 100\nit belongs to main\n"
    )
    ask("limits", "add", "pool:main", "--parts", "2", "--per", "day")
    limited = ask("pools", "explain", "main", "--parts", "3")
    assert limited.exit_code == 1
    assert limited.stdout.splitlines()[0] == "no channel of main would have a text"
    assert "pool:main: limit 1 says no for ever" in limited.stdout.splitlines()[1]
    refused = ask("pools", "explain", "main", "--to", "+41791234567")
    assert refused.exit_code == 1 and refused.stdout.startswith("refused: +41791234567 is a number of CH")
    ask("channels", "pause", "p0", "--reason", "new antenna")
    paused = ask("channels", "explain", "p0")
    assert paused.exit_code == 1 and paused.stdout.startswith("p0 is paused: paused by cli: new antenna\n")
    assert "no pool mian; did you mean 'main'?" in complaint(ask("pools", "explain", "mian"))
    assert "no channel p9; did you mean 'p1'?" in complaint(ask("channels", "explain", "p9"))
