"""What `simrack probe` finds on the ports it is given."""

from __future__ import annotations

from dataclasses import replace

from gateway.modem.finder import BRIEF, Found, probe
from tests.modem.peer import SILENCE, Peer, info
from tests.modem.stage import on_stage, story

HURRIED = replace(BRIEF, wake=0.1, quiet=0.01)


@story
async def test_a_modem_is_found_with_its_names():
    peer = Peer({"AT+CGMI": info("huawei"), "AT+CGMM": info("E173")})
    (port,) = await probe([peer.device], timing=HURRIED)
    assert (port.found, port.manufacturer, port.model, port.family) == (Found.MODEM, "huawei", "E173", "huawei")
    assert port.imei == "351179009153435"
    assert not any(told.startswith(("AT^CURC", "AT+CNMI", "AT+CPMS", "AT+CPIN")) for told in peer.told)


@story
async def test_a_port_where_nobody_answers_is_silent():
    peer = Peer({"AT": SILENCE})
    (port,) = await probe([peer.device], timing=HURRIED)
    assert port.found is Found.SILENT and "check power" in port.note


@story
async def test_a_port_that_is_not_there_is_closed():
    (port,) = await probe(["/dev/simrack/nowhere"], timing=HURRIED)
    assert port.found is Found.CLOSED


@story
async def test_a_port_this_gateway_serves_is_not_disturbed():
    peer = Peer()
    async with on_stage(peer.device) as stage:
        await stage.ready()
        (port,) = await probe([peer.device], timing=HURRIED)
        assert port.found is Found.CLOSED and "held by another program" in port.note


@story
async def test_ports_are_reported_in_the_order_they_were_asked_for():
    peers = [Peer(), Peer({"AT": SILENCE}), Peer()]
    found = await probe([peer.device for peer in peers], timing=HURRIED)
    assert [port.device for port in found] == [peer.device for peer in peers]
