"""Rows of routes: what is kept comes back, positions have no gaps, and a move disturbs nobody else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from peewee import SqliteDatabase

from gateway.errors import Conflict, NotFound
from gateway.store.routes import ROUTES, Route

FULL = Route(
    "full", 1, False, ("+49", "+41"), "DE", "O2", r"\+49\d+", "+4915110000000", "shop", -3, 7, "spring",
    "Mon-Fri 08:00-20:00", "Europe/Berlin", "main", "",
)  # fmt: skip


def names(db: SqliteDatabase) -> list[str]:
    return [route.name for route in ROUTES.all_of(db)]


def test_what_is_kept_comes_back(db: SqliteDatabase) -> None:
    assert ROUTES.add(db, FULL) == FULL
    changed = replace(FULL, to_prefix=(), priority_min=None, pool="", refuse="no", enabled=True)
    assert ROUTES.change(db, "full", changed) == changed
    assert ROUTES.all_of(db) == [changed]


def test_a_change_keeps_name_and_position(db: SqliteDatabase) -> None:
    for name in "abc":
        ROUTES.add(db, Route(name, pool="main"))
    assert ROUTES.change(db, "b", Route("x", 9, pool="spare")) == Route("b", 2, pool="spare")


def test_a_name_is_used_once(db: SqliteDatabase) -> None:
    ROUTES.add(db, Route("a", pool="main"))
    with pytest.raises(Conflict):
        ROUTES.add(db, Route("a", pool="main"))


@pytest.mark.parametrize(
    "deed", [lambda db: ROUTES.found(db, "x"), lambda db: ROUTES.change(db, "x", FULL), lambda db: ROUTES.move(db, "x", 1)]
)
def test_what_is_not_there_cannot_be_changed(db: SqliteDatabase, deed: Callable[[SqliteDatabase], object]) -> None:
    with pytest.raises(NotFound):
        deed(db)


def test_a_route_may_be_put_between_others(db: SqliteDatabase) -> None:
    for name in "abc":
        ROUTES.add(db, Route(name, pool="main"))
    assert ROUTES.add(db, Route("new", pool="main"), 2).position == 2
    assert names(db) == ["a", "new", "b", "c"]


_deeds = st.lists(st.tuples(st.sampled_from("amr"), st.sampled_from("abcdef"), st.integers(-1, 9)), max_size=25)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(_deeds)
def test_the_order_is_that_of_a_list_whatever_is_done(db: SqliteDatabase, deeds: list[tuple[str, str, int]]) -> None:
    ROUTES.reset(db)
    order: list[str] = []
    for deed, name, position in deeds:
        if deed == "a" and name not in order:
            ROUTES.add(db, Route(name, pool="main"))
            order.append(name)
        elif deed == "m" and name in order:
            order.remove(name)
            order.insert(max(position - 1, 0), name)
            assert ROUTES.move(db, name, position).position == order.index(name) + 1
        elif deed == "r" and name in order:
            ROUTES.remove(db, name)
            order.remove(name)
        assert [(one.position, one.name) for one in ROUTES.all_of(db)] == list(enumerate(order, 1))
