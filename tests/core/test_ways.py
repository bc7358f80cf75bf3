"""By which lane a text leaves that names a channel, a pool or both, and one whose key is held to some channels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.clock import ManualClock
from gateway.core.pools import Pools
from gateway.core.routing.routes import Routes
from gateway.core.ways import Way, Ways
from gateway.records import ChannelFacts, ChannelState, Key, SendRequest
from gateway.settings import Settings, parse
from gateway.store import Store, lanes

TO = "+4915112345678"
CONFIGURATION = (
    '[store]\npath = "simrack.db"\nreserve_mb = 0\n'
    + "".join(f'[[modem]]\nname = "p{n}"\nport = "/dev/simrack/p{n}"\n' for n in range(4))
    + '[[pool]]\nname = "main"\nchannels = ["p0-p2"]\nstrategy = "sticky"\n'
)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return parse(CONFIGURATION, tmp_path)


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    store = Store.open(settings.store, ManualClock(), serving=True)
    yield store
    store.close()


@pytest.fixture
def pools(store: Store, settings: Settings) -> Pools:
    return Pools(store, settings, ManualClock(), lambda: None)


@pytest.fixture
def ways(store: Store, settings: Settings, pools: Pools) -> Ways:
    facts = [ChannelFacts(f"p{n}", ChannelState.READY, number=f"+491511000000{n}") for n in range(4)]
    return Ways(settings, lambda: facts, pools, Routes(store, settings, ManualClock(), pools))


P0, P1, P2 = "+4915110000000", "+4915110000001", "+4915110000002"


def way(ways: Ways, *held_to: str, **named: str) -> Way:
    key = Key(1, "shop", frozenset({"send"}), 0.0)
    key = replace(key, rules=replace(key.rules, senders=held_to))
    return ways.of(SendRequest(to=TO, text="x", **named), TO, key, 0.0, "")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("channel", "lane", "sticky"),
    [
        ("p1", "pool:main@channel:p1", ""),
        ("1", "pool:main@channel:p1", ""),
        ("p2,p0", "pool:main@among:p0,p2", "pool:main"),
        ("0-2", "pool:main", "pool:main"),
    ],
)
def test_a_text_that_names_channels_and_their_pool_leaves_by_these_as_one_of_the_pool(
    ways: Ways, channel: str, lane: str, sticky: str
) -> None:
    assert way(ways, channel=channel, pool="main") == Way(lane, sticky)
    assert way(ways, "p0-3", channel=channel, pool="main") == Way(lane, sticky)


def test_a_key_held_to_several_channels_of_a_pool_keeps_to_conversations_among_these(ways: Ways) -> None:
    assert way(ways, "p0", "p2", "p3", pool="main") == Way("pool:main@among:p0,p2", "pool:main")
    assert way(ways, "p0-3", pool="main") == Way("pool:main", "pool:main")
    assert way(ways, "p1", pool="main") == Way("pool:main@only:p1", "")
    assert way(ways, P0, P2, pool="main") == Way(f"pool:main@from:{P0},{P2}", "pool:main")


def test_a_text_that_names_a_channel_its_number_and_their_pool_leaves_when_all_three_fit(ways: Ways) -> None:
    assert way(ways, channel="p1", pool="main", from_=P1) == Way(f"pool:main@channel:p1@from:{P1}", "", sender=P1)
    assert way(ways, P1, P2, channel="p1", pool="main") == Way(f"pool:main@channel:p1@from:{P1},{P2}", "")
    assert way(ways, P0, P1, P2, channel="p1,p0", pool="main") == Way(f"pool:main@among:p0,p1@from:{P0},{P1},{P2}", "pool:main")


@pytest.mark.parametrize("lane", [f"pool:main@channel:p1@from:{P1}", f"pool:main@among:p0,p1@from:{P0},{P1}"])
def test_channels_that_were_asked_for_are_not_left_for_others_that_have_the_number_by_then(pools: Pools, lane: str) -> None:
    assert (lanes.channel_of(lane) or lanes.members_of(lane)) in ("p1", ("p0", "p1")) and lanes.pool_of(lane) == "main"
    pools.remember([lane])
    pools.look_at_numbers([ChannelFacts("p1", ChannelState.READY, number=P1)])
    assert pools.lanes()[lane].channels == ("p1",)
    pools.look_at_numbers([ChannelFacts("p2", ChannelState.READY, number=P1)])
    assert pools.lanes()[lane].channels == ()
