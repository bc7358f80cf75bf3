"""`simrack limits`, as a person or a script meets it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from click.testing import Result

from gateway.cli import limit_words as words
from gateway.clock import ManualClock
from gateway.core.keys import Keys
from gateway.core.webhooks import Webhooks
from gateway.records import ChannelFacts, ChannelState
from gateway.settings import HttpSettings, parse
from gateway.store import Store, sims
from gateway.web.app import create_app
from gateway.web.server import Server
from tests.test_cli import complaint, simrack
from tests.web.conftest import CONFIGURATION, Gateway


@pytest.fixture
def access(tmp_path: Path) -> Iterator[dict[str, str]]:
    """How a running gateway with two SIMs is reached."""
    settings, clock = parse(CONFIGURATION, tmp_path), ManualClock()
    store = Store.open(settings.store, clock, serving=True)
    facts = [ChannelFacts(f"p{n}", ChannelState.READY, iccid=f"894900{n}") for n in range(2)]
    gateway = Gateway(settings, clock, store, Keys(store, clock), Webhooks(store, clock, lambda: None), facts)
    for one in facts:
        store.writer.run(lambda db, one=one: sims.seen(db, one, clock.now()))
    server = Server(create_app(gateway.doors()), HttpSettings("127.0.0.1:0", threads=2))
    server.start()
    yield {"SIMRACK_URL": server.address, "SIMRACK_KEY": gateway.keys.add("cli", ["admin"])[1], "TZ": "UTC"}
    server.stop()
    store.close()


def limits(access: dict[str, str], *args: str) -> Result:
    return simrack("limits", *args, **access)


def test_limits_are_made_listed_changed_reset_and_removed(access: dict[str, str]) -> None:
    made = limits(access, "add", "sim:*", "--texts", "200", "--per", "day", "--zone", "Europe/Berlin")
    assert made.exit_code == 0 and made.stderr == "limit 1: 200 texts a day (Europe/Berlin) for sim:*\n"
    assert limits(access, "add", "channel:p0", "--gap", "5-20").stderr == "limit 2: gap 5-20 s for sim:8949000\n"
    listed = limits(access).stdout.splitlines()
    assert listed[0].split() == ["limit", "for", "channel", "used", "left", "until"]
    assert listed[1].split()[:3] == ["1", "200", "texts"] and listed[2].split()[:4] == ["sim:8949000", "p0", "0", "200"]
    assert limits(access, "change", "1", "--texts", "300").stderr == "limit 1: 300 texts a day (Europe/Berlin) for sim:*\n"
    assert limits(access, "change", "1", "--per", "month", "--reset-day", "31").stderr.startswith(
        "limit 1: 300 texts a month from day 31"
    )
    assert limits(access, "change", "1", "--per", "hour").stderr == "limit 1: 300 texts an hour (Europe/Berlin) for sim:*\n"
    assert limits(access, "change", "2", "--hours", "08:00-20:00").stderr == "limit 2: hours 08:00-20:00 (UTC) for sim:8949000\n"
    assert limits(access, "reset", "1").exit_code == 0
    assert limits(access, "remove", "2").exit_code == 0
    assert [one["id"] for one in json.loads(limits(access, "list", "--json").stdout)] == [1]
    assert len(limits(access, "audit").stdout.splitlines()) == 1 + 8
    assert "300 texts an hour" in limits(access, "audit").stdout


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["pool:main", "--parts", "5", "--per", "minute"], "5 parts a minute for pool:main"),
        (["key:*", "--recipients", "50", "--per", "day"], "50 recipients a day (UTC) for key:*"),
        (["key:cli", "--share", "2"], "share 2 for key:cli"),
        (
            ["sim:*", "--warmup", "20", "--factor", "1.5", "--days", "14"],
            "warm-up 20 texts, x1.5 a day for 14 days (UTC) for sim:*",
        ),
        (["sim:*", "--gap", "10"], "gap 10 s for sim:*"),
    ],
)
def test_every_kind_of_limit_can_be_made(access: dict[str, str], args: list[str], told: str) -> None:
    assert limits(access, "add", *args).stderr == f"limit 1: {told}\n"


@pytest.mark.parametrize(
    ("args", "code", "word"),
    [
        (["add", "sim:*"], 2, "--texts"),
        (["add", "sim:*", "--texts", "5", "--parts", "5"], 2, "--parts"),
        (["add", "sim:*", "--gap", "often"], 2, "5-20"),
        (["add", "sim:*", "--texts", "5"], 1, "per"),
        (["add", "sim:*", "--texts", "5", "--per", "day", "--zone", "Mars"], 1, "Europe/Berlin"),
        (["add", "pool:none", "--texts", "5", "--per", "day"], 1, "pool none"),
        (["remove", "9"], 1, "no limit 9"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(access: dict[str, str], args: list[str], code: int, word: str) -> None:
    refused = limits(access, *args)
    assert refused.exit_code == code and word in complaint(refused)


def test_an_explanation_ends_with_1_when_nothing_could_leave(access: dict[str, str]) -> None:
    assert limits(access, "explain", "--pool", "main").stdout == "a text could leave now, over p0, p1\n"
    limits(access, "add", "pool:main", "--parts", "2", "--per", "day")
    told = limits(access, "explain", "--pool", "main", "--parts", "3")
    assert (
        told.exit_code == 1 and told.stdout.splitlines()[0] == "no text could leave" and "limit 1 says no for ever" in told.stdout
    )


def test_a_forecast_is_a_sentence_and_a_table(access: dict[str, str]) -> None:
    limits(access, "add", "sim:*", "--texts", "1000", "--per", "day")
    told = limits(access, "forecast", "--count", "5000", "--pool", "main")
    assert told.exit_code == 0 and told.stdout.startswith("5,000 texts will take until ") and " on 2 SIMs\n" in told.stdout
    assert told.stdout.splitlines()[1] == "what holds them back the longest is limit 1: 1000 texts a day (UTC) for sim:*"
    assert [line.split() for line in told.stdout.splitlines()[3:]] == [["p0", "2500", "1"], ["p1", "2500", "1"]]
    limits(access, "change", "1", "--texts", "1")
    never = limits(access, "forecast", "--count", "5000")
    assert never.exit_code == 1 and "longer than 400 days" in never.stdout


NOW = datetime(2026, 11, 22, 12, 0).astimezone()


@pytest.mark.parametrize(
    ("later", "told"),
    [
        (timedelta(hours=3), "15:00"),
        (timedelta(days=4, hours=2, minutes=20), "Thursday 14:20"),
        (timedelta(days=12), "Friday 2026-12-04 12:00"),
        (timedelta(days=-3), "Thursday 2026-11-19 12:00"),
    ],
)
def test_a_moment_is_told_as_people_tell_it(later: timedelta, told: str) -> None:
    assert words.moment((NOW + later).isoformat(), NOW) == told


def test_one_text_on_one_sim_is_told_in_the_singular() -> None:
    found = {"count": 1, "waiting": 2, "until": NOW.isoformat(), "channels": [{"channel": "p0", "texts": 3, "held_by": None}]}
    assert words.forecast(found, NOW) == "1 text will take until 12:00 on 1 SIM, behind 2 that wait already"
