"""Which route a text takes: every condition by itself, all together, and the first that matches."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.routing.match import NO_ROUTE, Decision, RouteFacts, choose, compiled, look
from gateway.store.routes import Route

MONDAY_NOON = datetime(2026, 11, 16, 12, tzinfo=UTC).timestamp()
TEXT = RouteFacts("+4915112345678", None, "shop", 0, None, MONDAY_NOON)
POOLS = ("main", "spare")


def matches(route: Route, facts: RouteFacts = TEXT) -> bool:
    return choose(compiled([route], "DE"), facts, POOLS.__contains__) != NO_ROUTE


@pytest.mark.parametrize(
    ("condition", "facts", "matched"),
    [
        ({}, {}, True),
        ({"to_prefix": ("+4917", "+4915")}, {}, True),
        ({"to_prefix": ("+4917",)}, {}, False),
        ({"to_prefix": ("+49",)}, {"to": "22022"}, False),
        ({"country": "DE"}, {}, True),
        ({"country": "CH"}, {}, False),
        ({"country": "CH"}, {"to": "+41791234567"}, True),
        ({"country": "DE"}, {"to": "22022"}, True),  # short codes are of the country of the gateway
        ({"country": "CA"}, {"to": "+14165550100"}, True),
        ({"country": "US"}, {"to": "+14165550100"}, False),
        ({"operator": "t-mobile"}, {}, True),
        ({"operator": "Vodafone"}, {}, False),
        ({"operator": "Vodafone"}, {"to": "+491721234567"}, True),
        ({"operator": "Vodafone"}, {"to": "+4930123456"}, False),
        ({"operator": "Vodafone"}, {"to": "22022"}, False),
        ({"to_pattern": r"\+4915\d+"}, {}, True),
        ({"to_pattern": r"0151\d+"}, {}, True),
        ({"to_pattern": r"151\d+"}, {}, False),
        ({"to_pattern": r"220\d\d"}, {"to": "22022"}, True),
        ({"to_pattern": r"\+(((\d*)*)*)*x"}, {}, False),
        ({"to_pattern": r"(0|\+)((\d+)+)+5"}, {"to": "+49151123456785"}, True),
        ({"to_pattern": r"\+?" + r"\d*" * 40 + "x"}, {}, False),
        ({"to_pattern": r"(?=\+).*"}, {}, False),  # kept by another version
        ({"from_": "+4915110000000"}, {"from_": "0151 10000000"}, True),
        ({"from_": "+4915110000000"}, {"from_": "+4915110000001"}, False),
        ({"from_": "+4915110000000"}, {"from_": "hello"}, False),
        ({"from_": "+4915110000000"}, {}, False),
        ({"key": "shop"}, {}, True),
        ({"key": "Shop"}, {}, False),
        ({"priority_min": 1}, {}, False),
        ({"priority_min": 1}, {"priority": 1}, True),
        ({"priority_max": -1}, {"priority": 0}, False),
        ({"priority_max": -1}, {"priority": -10}, True),
        ({"priority_min": -2, "priority_max": 2}, {"priority": 3}, False),
        ({"campaign": "spring"}, {"campaign": "spring"}, True),
        ({"campaign": "spring"}, {"campaign": "autumn"}, False),
        ({"campaign": "spring"}, {}, False),
        ({"hours": "Mon-Fri 08:00-20:00"}, {}, True),
        ({"hours": "Mon-Fri 08:00-12:00"}, {}, False),
        ({"hours": "Mon-Fri 08:00-12:30", "zone": "Europe/Berlin"}, {}, False),  # 13:00 there
        ({"enabled": False}, {}, False),
        ({"pool": "gone"}, {}, False),
    ],
)
def test_one_condition_holds_or_not(condition: dict[str, object], facts: dict[str, object], matched: bool) -> None:
    route = replace(Route("r", 1, pool="main"), **condition)  # type: ignore[arg-type]
    assert matches(route, replace(TEXT, **facts)) is matched  # type: ignore[arg-type]


def test_all_conditions_must_hold() -> None:
    route = Route("r", 1, to_prefix=("+49",), key="shop", campaign="spring", pool="main")
    assert matches(route, replace(TEXT, campaign="spring"))
    assert not matches(route, replace(TEXT, campaign="spring", key_name="other"))
    assert not matches(route, replace(TEXT, campaign="spring", to="+41791234567"))


def test_a_route_chooses_a_pool_or_refuses() -> None:
    assert choose(compiled([Route("r", 1, pool="main")], "DE"), TEXT, POOLS.__contains__) == Decision("main", "r", None)
    assert choose(compiled([Route("r", 1, refuse="not today")], "DE"), TEXT, POOLS.__contains__) == Decision(None, "r", "not today")
    assert choose((), TEXT, POOLS.__contains__) == Decision(None, None, None)


def test_every_route_that_is_looked_at_says_why_it_does_not_match() -> None:
    routes = [
        Route("off", 1, enabled=False, pool="main"),
        Route("gone", 2, pool="gone"),
        Route("swiss", 3, country="CH", key="other", pool="main"),
        Route("late", 4, hours="22:00-06:00", priority_min=5, pool="main"),
        Route("kept", 5, to_pattern=r"(?=\+).*", pool="main"),
        Route("rest", 6, pool="spare"),
        Route("never", 7, pool="main"),
    ]
    seen = [(one.route, one.matched, one.why) for one in look(compiled(routes, "DE"), TEXT, POOLS.__contains__)]
    assert seen == [
        ("off", False, "it is disabled"),
        ("gone", False, "its pool 'gone' is not there any more"),
        ("swiss", False, "the key is shop, not other; +4915112345678 belongs to DE, not to CH"),
        ("late", False, "the priority 0 is below 5; 2026-11-16T12:00:00.000Z is outside 22:00-06:00 in UTC"),
        ("kept", False, r"its pattern cannot be used: '(?=\\+).*' looks around with (?=, which no pattern here can"),
        ("rest", True, "it takes every text"),
    ]


def test_a_ported_number_is_said_to_keep_its_old_name() -> None:
    (seen,) = look(compiled([Route("r", 1, operator="O2", pool="main")], "DE"), TEXT, POOLS.__contains__)
    assert "given out by T-Mobile" in seen.why and "ported" in seen.why


def test_the_tables_of_operators_are_not_loaded_for_nothing() -> None:
    program = (
        "import sys; from gateway.core.routing.routes import Routes; from gateway.core.routing.match import *;"
        "from gateway.store.routes import Route;"
        "choose(compiled([Route('r', 1, country='CH', pool='main')], 'DE'), RouteFacts('+4915112345678'), bool);"
        "sys.exit('phonenumbers.carrier' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], timeout=60).returncode == 0


_conditions = st.fixed_dictionaries(
    {},
    optional={
        "to_prefix": st.sampled_from([("+49",), ("+4915", "+41"), ("+41",)]),
        "key": st.sampled_from(["shop", "other"]),
        "campaign": st.sampled_from(["spring", "autumn"]),
        "priority_min": st.integers(-10, 10),
        "enabled": st.booleans(),
        "pool": st.sampled_from(["main", "spare", "gone"]),
    },
)
_texts = st.builds(
    RouteFacts,
    st.sampled_from(["+4915112345678", "+41791234567", "22022"]),
    st.none(),
    st.sampled_from(["shop", "other"]),
    st.integers(-10, 10),
    st.sampled_from([None, "spring", "autumn"]),
    st.just(MONDAY_NOON),
)


@settings(max_examples=300)
@given(st.lists(_conditions, max_size=8), _texts)
def test_the_first_route_that_matches_wins_and_looking_says_the_same(made: list[dict[str, object]], facts: RouteFacts) -> None:
    routes = [Route(**{"name": f"r{n}", "position": n, "pool": "main", **one}) for n, one in enumerate(made, 1)]  # type: ignore[arg-type]
    rules = compiled(routes, "DE")
    alone = [route for route in routes if matches(route, facts)]
    expected = Decision(alone[0].pool, alone[0].name) if alone else NO_ROUTE
    assert choose(rules, facts, POOLS.__contains__) == expected
    looks = look(rules, facts, POOLS.__contains__)
    assert [one.route for one in looks if one.matched] == [expected.route] * bool(alone)
    assert [one.position for one in looks] == list(range(1, (alone[0].position if alone else len(routes)) + 1))
