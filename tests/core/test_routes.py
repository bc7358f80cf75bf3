"""What people may ask of routes: wrong ones are refused by the name of their field, changes hold at once and are audited."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.clock import ManualClock
from gateway.core.keys import Keys
from gateway.core.pools import Pools
from gateway.core.routing.routes import Decision, RouteFacts, Routes
from gateway.errors import BadValue, Conflict, NotFound
from gateway.settings import Settings, parse
from gateway.store import Store
from gateway.store.routes import Route

CONFIGURATION = """
[store]
path = "simrack.db"
reserve_mb = 0
[numbers]
open = ["CH"]
[[modem]]
name = "p0"
port = "/dev/simrack/p0"
[[pool]]
name = "main"
channels = ["p0"]
[[pool]]
name = "swiss"
channels = ["p0"]
accept = '\\+41\\d+'
hint = "Swiss numbers only"
"""
ALL = Route("all", pool="main")
TEXT = RouteFacts("+4915112345678", None, "shop", 0, None, 1_790_000_000.0)


class Desk:
    def __init__(self, folder: Path) -> None:
        self.clock = ManualClock()
        self.settings: Settings = parse(CONFIGURATION, folder)
        self.store = Store.open(self.settings.store, self.clock, serving=True)
        self.routes = self.anew()
        Keys(self.store, self.clock).add("shop", ["send"])

    def anew(self, settings: Settings | None = None) -> Routes:
        """As after a restart."""

        def fits(pool: str | None, to: str) -> list[dict[str, str]]:
            return [{"channel": "p0", "standing": "open", "reason": f"{pool} {to}"}]

        settings = settings or self.settings
        self.pools = Pools(self.store, settings, self.clock, lambda: None)
        return Routes(self.store, settings, self.clock, self.pools, fits)

    def audited(self) -> list[tuple[str, str]]:
        sql = "SELECT what, subject FROM audit WHERE what LIKE 'route%' ORDER BY id"
        rows = self.store.read(lambda db: db.execute_sql(sql).fetchall())
        return [(what, subject) for what, subject in rows]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    desk.store.close()


@pytest.mark.parametrize(
    ("wrong", "field", "words"),
    [
        ({"name": ""}, "name", "64 letters"),
        ({"name": "a b"}, "name", "64 letters"),
        ({"name": "reset"}, "name", "another name"),
        ({"to_prefix": ("49",)}, "to_prefix", "+49"),
        ({"to_prefix": ("+49",) * 201}, "to_prefix", "at most 200"),
        ({"country": "de"}, "country", "'DE'"),
        ({"country": "XX"}, "country", "known are"),
        ({"to_pattern": "("}, "to_pattern", "regular expression"),
        ({"to_pattern": r"(?!\+4917)\+49.*"}, "to_pattern", "a rule of its own"),
        ({"to_pattern": r"[\pL\pN]{1000}"}, "to_pattern", "repeat less"),
        ({"to_pattern": "x" * 201}, "to_pattern", "shorter"),
        ({"from_": "hello"}, "from", "+49151"),
        ({"priority_min": 11}, "priority_min", "-10 to 10"),
        ({"priority_min": 3, "priority_max": 2}, "priority_max", "exchange"),
        ({"hours": "9 to 5"}, "hours", "Mon-Fri 08:00-20:00"),
        ({"zone": "Mars"}, "zone", "Europe/Berlin"),
        ({"pool": "mian"}, "pool", "'main'"),
        ({"pool": ""}, "pool", "refuses"),
        ({"refuse": "no"}, "pool", "either"),
    ],
)
def test_a_wrong_route_is_refused_by_the_name_of_its_field(desk: Desk, wrong: dict[str, object], field: str, words: str) -> None:
    for deed in (lambda one: desk.routes.add(one, "ann"), lambda one: desk.routes.change("all", one, "ann")):
        with pytest.raises(BadValue) as refused:
            deed(replace(ALL, **wrong))
        assert refused.value.field == field and words in refused.value.remedy
    assert desk.routes.all() == [] and desk.audited() == []


def test_a_key_that_is_not_there_is_refused_with_the_nearest(desk: Desk) -> None:
    with pytest.raises(Conflict, match="did you mean 'shop'"):
        desk.routes.add(replace(ALL, key="shoop"), "ann")
    assert desk.routes.add(replace(ALL, key="shop"), "ann").key == "shop"


def test_a_route_is_kept_in_one_spelling(desk: Desk) -> None:
    made = desk.routes.add(replace(ALL, from_="0151 10000000", to_prefix=("+49", "+41", "+49")), "ann")
    assert made.from_ == "+4915110000000" and made.to_prefix == ("+49", "+41")


def test_a_change_holds_for_the_next_text_and_after_a_restart(desk: Desk) -> None:
    assert desk.routes.choose(TEXT) == Decision()
    desk.routes.add(ALL, "ann")
    assert desk.routes.choose(TEXT) == Decision("main", "all")
    desk.routes.add(Route("no", refuse="not today"), "ann", position=1)
    assert desk.routes.choose(TEXT) == Decision(None, "no", "not today")
    desk.routes.move("no", 2, "ann")
    assert desk.routes.choose(TEXT) == desk.anew().choose(TEXT) == Decision("main", "all")
    desk.routes.change("all", replace(ALL, enabled=False), "ann")
    assert desk.routes.choose(TEXT) == Decision(None, "no", "not today")
    desk.routes.remove("no", "ann")
    assert desk.routes.choose(TEXT) == Decision()
    assert desk.routes.reset("ann") == 1 and desk.routes.all() == []


def test_every_change_is_audited_and_no_failure_is(desk: Desk) -> None:
    desk.routes.add(ALL, "ann")
    desk.routes.add(Route("no", refuse="not today"), "ann")
    with pytest.raises(Conflict):
        desk.routes.add(ALL, "ann")
    desk.routes.change("all", replace(ALL, campaign="spring"), "ann")
    desk.routes.move("no", 1, "ann")
    desk.routes.remove("no", "ann")
    desk.routes.reset("bob")
    for deed in (desk.routes.get, lambda name: desk.routes.move(name, 1, "ann"), lambda name: desk.routes.remove(name, "ann")):
        with pytest.raises(NotFound):
            deed("gone")
    assert desk.audited() == [
        ("route.add", "route:all"),
        ("route.add", "route:no"),
        ("route.change", "route:all"),
        ("route.move", "route:no"),
        ("route.remove", "route:no"),
        ("route.reset", "route:all"),
    ]


def test_a_pool_that_vanished_lets_texts_pass_and_is_told_once(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    desk.routes.add(ALL, "ann")
    desk.routes.add(Route("rest", pool="swiss"), "ann")
    without = replace(desk.settings, pools=desk.settings.pools[1:])
    with caplog.at_level(logging.WARNING, "simrack.routes"):
        routes = desk.anew(without)
        for _ in range(3):
            assert routes.choose(TEXT) == Decision("swiss", "rest")
        routes.move("rest", 1, "ann")
        routes.move("rest", 2, "ann")
    assert len(caplog.records) == 1 and "no pool 'main' any more" in caplog.text
    assert "not there" in routes.explain(TEXT).looks[0].why


def test_a_pool_that_people_make_serves_routes_until_they_remove_it(desk: Desk) -> None:
    desk.pools.change("new", {"channels": ["p0"]}, "ann")
    desk.routes.add(Route("to-new", pool="new"), "ann")
    assert desk.routes.choose(TEXT) == Decision("new", "to-new")
    desk.pools.reset("new", "ann")
    assert desk.routes.choose(TEXT) == Decision()
    desk.pools.change("new", {"channels": ["p0"]}, "ann")
    assert desk.routes.choose(TEXT) == Decision("new", "to-new")


def test_the_explanation_takes_what_a_person_writes_and_tells_the_channels(desk: Desk) -> None:
    desk.routes.add(Route("swiss", country="CH", pool="swiss"), "ann")
    desk.routes.add(ALL, "ann")
    found = desk.routes.explain(replace(TEXT, to="0151 12345678"))
    assert found.facts.to == "+4915112345678" and found.country == "DE" and found.operator is None
    assert [(one.route, one.matched) for one in found.looks] == [("swiss", False), ("all", True)]
    assert found.decision == Decision("main", "all") and found.refusal is None
    assert found.channels == ({"channel": "p0", "standing": "open", "reason": "main +4915112345678"},)
    assert desk.routes.explain(replace(TEXT, to="+41791234567")).decision == Decision("swiss", "swiss")
    with pytest.raises(BadValue):
        desk.routes.explain(replace(TEXT, to="hello"))


@pytest.mark.parametrize(
    ("route", "to", "refusal"),
    [
        (ALL, "+43660123456", "number of AT"),  # before any route is asked
        (Route("no", refuse="not today"), "+4915112345678", "not today"),
        (Route("all", pool="swiss"), "+4915112345678", "Swiss numbers only"),
    ],
)
def test_the_explanation_says_who_would_refuse(desk: Desk, route: Route, to: str, refusal: str) -> None:
    desk.routes.add(route, "ann")
    found = desk.routes.explain(replace(TEXT, to=to))
    assert found.refusal is not None and refusal in found.refusal and found.channels == ()


def test_the_operator_is_told_where_a_route_asks_for_it(desk: Desk) -> None:
    desk.routes.add(replace(ALL, operator="O2"), "ann")
    assert desk.routes.explain(TEXT).operator == "T-Mobile"


def test_changes_from_many_threads_leave_memory_and_disk_alike(desk: Desk) -> None:
    def change(name: str) -> None:
        for _ in range(5):
            desk.routes.add(Route(name, pool="main"), "ann", position=1)
            desk.routes.move(name, 3, "ann")
            desk.routes.remove(name, "ann")
        desk.routes.add(Route(name, pool="main"), "ann")

    threads = [threading.Thread(target=change, args=(f"r{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(desk.routes.all()) == 4 and desk.routes.all() == desk.anew().all()
    assert [route.position for route in desk.routes.all()] == [1, 2, 3, 4]
