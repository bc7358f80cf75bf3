"""Pools as lanes: tiers of failover, orders of price, sets that clients name."""

from __future__ import annotations

from gateway.core import lanes
from gateway.core.lanes import PoolView
from gateway.settings import TariffSettings

HOME = TariffSettings("home", {"+49": 0.07, "+": 0.30})
AWAY = TariffSettings("away", {"+49": 0.09, "+4917": 0.05, "+": 0.20})
TARIFFS = {"p0": HOME, "p1": AWAY, "p2": HOME, "p3": None}


def view(how: str, *tiers: tuple[str, ...]) -> PoolView:
    return PoolView("main", tuple(",".join(tier) for tier in tiers), tiers, how)


def test_texts_of_one_pool_wait_by_the_order_of_prices_for_their_recipient() -> None:
    pool = view("cheapest", ("p0", "p1", "p2", "p3"))
    built = lanes.build(("p0", "p1", "p2", "p3"), [pool], TARIFFS)

    found = {to: lanes.lane_of(pool, to, TARIFFS) for to in ("+4930123456", "+491701234567", "+33612345678", "112")}
    assert built[found["+4930123456"]].tiers == (("p0", "p2"), ("p1",), ("p3",))
    assert built[found["+491701234567"]].tiers == (("p1",), ("p0", "p2"), ("p3",))
    assert built[found["+33612345678"]].tiers == (("p1",), ("p0", "p2"), ("p3",))
    assert built[found["112"]].tiers == (("p1",), ("p0", "p2"), ("p3",))
    assert found["+491701234567"] == found["+33612345678"]  # one order, one lane


def test_channels_of_one_price_are_one_choice() -> None:
    even = TariffSettings("even", {"+": 0.07, "+49": 0.07})
    pool = view("cheapest", ("p0", "p1"))
    tariffs = {"p0": HOME, "p1": even}
    built = lanes.build(("p0", "p1"), [pool], tariffs)
    assert built[lanes.lane_of(pool, "+4930123456", tariffs)].tiers == (("p0", "p1"),)


def test_entries_are_the_choices_of_failover_and_one_set_otherwise() -> None:
    entries = (("p0", "p1"), (), ("p2",))
    assert lanes.build(("p0", "p1", "p2"), [view("failover", *entries)], {})["pool:main"].tiers == (("p0", "p1"), ("p2",))
    assert lanes.build(("p0", "p1", "p2"), [view("rotate", *entries)], {})["pool:main"].tiers == (("p0", "p1", "p2"),)


def test_every_channel_has_a_lane_of_its_own_and_all_have_one_together() -> None:
    built = lanes.build(("p0", "p1"), [], {})
    assert set(built) == {"", "channel:p0", "channel:p1"}
    assert built[""].channels == ("p0", "p1")
    assert lanes.of_set(("p1", "p0")).channels == ("p1", "p0")
