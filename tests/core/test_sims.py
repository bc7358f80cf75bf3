"""A SIM that becomes ready is remembered, and what is new about it is told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gateway.clock import ManualClock
from gateway.core.sims import Sims
from gateway.core.webhooks import Webhooks
from gateway.records import ChannelFacts, ChannelState
from gateway.settings import StoreSettings
from gateway.store import Store
from gateway.store import sims as rows
from tests.core.stage import story

FACTS = ChannelFacts("p0", ChannelState.READY, iccid="a", smsc="+491710760000")


def opened(folder: Path) -> Store:
    return Store.open(StoreSettings(path=str(folder / "simrack.db"), reserve_mb=0), ManualClock(), serving=True)


@story
async def test_a_sim_that_moved_is_told_once(tmp_path: Path) -> None:
    store, clock = opened(tmp_path), ManualClock()
    webhooks = Webhooks(store, clock, lambda: None)
    webhook, _ = webhooks.add("https://pbx.example/sms", ["sim.changed"])
    sims = Sims(store, clock, lambda: None, {}, "DE")
    for channel in ("p0", "p1", "p1"):
        await sims.ready(replace(FACTS, name=channel))

    told = [dict(one.data) for one in reversed(webhooks.deliveries(webhook.id).forwards)]
    assert told == [
        {"sim": "a", "channel": "p0", "was": "", "kind": "new", "instead_of": ""},
        {"sim": "a", "channel": "p1", "was": "p0", "kind": "moved", "instead_of": ""},
    ]
    store.close()


@story
async def test_the_service_centre_of_a_sim_is_known_after_a_restart_and_in_another_port(tmp_path: Path) -> None:
    store = opened(tmp_path)
    await Sims(store, ManualClock(), lambda: None, {}, "DE").ready(FACTS)
    store.close()

    store = opened(tmp_path)
    sims = Sims(store, ManualClock(), lambda: None, {}, "DE")
    assert sims.known_smsc("a") == "+491710760000" and sims.known_smsc("b") == ""
    await sims.ready(replace(FACTS, name="p1", smsc=""))
    assert sims.known_smsc("a") == "+491710760000"
    store.close()


@story
async def test_a_modem_that_shows_no_identity_of_its_sim_is_not_remembered(tmp_path: Path) -> None:
    store = opened(tmp_path)
    await Sims(store, ManualClock(), lambda: None, {}, "DE").ready(ChannelFacts("p0", ChannelState.READY))
    assert store.sims.all() == []
    store.close()


@story
async def test_a_sim_was_last_seen_when_its_channel_stopped_being_ready(tmp_path: Path) -> None:
    store, clock = opened(tmp_path), ManualClock()
    sims = Sims(store, clock, lambda: None, {}, "DE")
    await sims.ready(FACTS)
    clock.advance(3600)
    await sims.left(replace(FACTS, state=ChannelState.LOST))
    (known,) = store.sims.all()
    assert known.last_seen - known.first_seen == 3600
    store.close()


@story
async def test_a_number_of_the_configuration_goes_with_its_sim_over_a_restart_until_it_is_changed(tmp_path: Path) -> None:
    written = {"p0": "+4915110000001", "p1": "+4915110000002"}
    store, clock = opened(tmp_path), ManualClock()
    sims = Sims(store, clock, lambda: None, written, "DE")

    async def puts(sims: Sims, sim: str, channel: str) -> str:
        number = sims.own_number(sim, channel, "")
        await sims.ready(replace(FACTS, name=channel, iccid=sim, number=number))
        return number

    assert [await puts(sims, "a", "p0"), await puts(sims, "b", "p1")] == ["+4915110000001", "+4915110000002"]
    assert [await puts(sims, "b", "p0"), await puts(sims, "a", "p1")] == ["+4915110000002", "+4915110000001"]
    store.close()

    store = opened(tmp_path)
    sims = Sims(store, clock, lambda: None, written, "DE")
    assert [await puts(sims, "b", "p0"), await puts(sims, "a", "p1")] == ["+4915110000002", "+4915110000001"]
    store.close()

    store = opened(tmp_path)
    sims = Sims(store, clock, lambda: None, {"p0": "+4915110000003", "p1": "+4915110000001"}, "DE")
    assert [await puts(sims, "b", "p0"), await puts(sims, "a", "p1")] == ["+4915110000003", "+4915110000001"]
    assert [(sim.id, sim.number, sim.channel) for sim in store.sims.all()] == [
        ("a", "+4915110000001", "p1"), ("b", "+4915110000003", "p0"),
    ]  # fmt: skip
    store.close()


@story
async def test_a_number_that_a_sim_tells_nationally_is_known_as_clients_ask_for_it(tmp_path: Path) -> None:
    store = opened(tmp_path)
    sims = Sims(store, ManualClock(), lambda: None, {}, "DE")
    assert [sims.own_number("a", "p0", told) for told in ("015110000001", "4915110000001", "+4915110000001", "Voice", "")] == [
        *["+4915110000001"] * 3, "Voice", "",
    ]  # fmt: skip
    store.close()


@story
async def test_a_number_that_was_taken_for_one_of_the_configuration_is_the_sims_own_once_it_tells_it(tmp_path: Path) -> None:
    store, clock = opened(tmp_path), ManualClock()
    first, later = "+4915110000001", "+4915110000002"
    store.writer.run(lambda db: rows.seen(db, replace(FACTS, number=first), clock.now(), "p0"))  # as after an upgrade
    sims = Sims(store, clock, lambda: None, {}, "DE")
    assert sims.own_number("a", "p0", first) == first
    await sims.ready(replace(FACTS, number=first))
    assert sims.own_number("a", "p0", "") == first
    assert sims.own_number("a", "p1", later) == later
    store.close()


@pytest.mark.parametrize("restarted", [True, False])
@story
async def test_a_sim_that_took_the_place_of_one_that_moved_has_its_number_no_longer(tmp_path: Path, restarted: bool) -> None:
    written = {"p1": "+4915110000002"}
    store, clock = opened(tmp_path), ManualClock()
    sims = Sims(store, clock, lambda: None, written, country="DE")

    async def puts(sim: str, channel: str) -> str:
        clock.advance(1)
        number = sims.own_number(sim, channel, "")
        await sims.ready(replace(FACTS, name=channel, iccid=sim, number=number))
        return number

    assert [await puts("a", "p0"), await puts("b", "p1")] == ["", "+4915110000002"]
    await puts("a", "p1")  # nobody knows yet that b is not gone for good
    assert await puts("b", "p0") == "+4915110000002"
    if restarted:
        store.close()
        store = opened(tmp_path)
        sims = Sims(store, clock, lambda: None, written, country="DE")
    assert sims.own_number("a", "p1", "") == ""
    assert [await puts("a", "p0"), await puts("b", "p1")] == ["", "+4915110000002"]
    assert [(sim.id, sim.number) for sim in store.sims.all()] == [("a", ""), ("b", "+4915110000002")]
    store.close()
