"""Voice calls: refused once, told once, with the number if there is one, and never in the middle of a text."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from gateway.records import Sent
from tests.modem.peer import SILENCE, Peer, info
from tests.modem.stage import QUICK, on_stage, story

ONE_LONG_CALL = replace(QUICK, ring_gap=60.0)
RING = b"\r\nRING\r\n"
CLIP = b'\r\n+CLIP: "+4917012345678",145,"",,"",0\r\n'


@story
async def test_a_call_is_refused_once_and_told_once_however_often_it_rings():
    peer = Peer()
    async with on_stage(peer.device, ONE_LONG_CALL) as stage:
        await stage.ready()
        peer.say(RING + CLIP + RING + CLIP)
        await peer.until_told("ATH")
        peer.say(RING + CLIP)
        await stage.send()
        assert stage.calls == [("p0", "+4917012345678")] and peer.count("ATH") == 1


@story
async def test_the_number_is_asked_for():
    peer = Peer()
    async with on_stage(peer.device) as stage:
        await stage.ready()
        assert "AT+CLIP=1" in peer.told


@story
async def test_the_number_may_come_a_moment_after_the_ring():
    peer = Peer()
    async with on_stage(peer.device, replace(ONE_LONG_CALL, clip=5.0)) as stage:
        await stage.ready()
        peer.say(b"\r\n+CRING: VOICE\r\n")
        await stage.send()
        assert peer.count("ATH") == 0
        peer.say(b'\r\n+CLIP: "4917012345678",145\r\n')
        await peer.until_told("ATH")
        assert stage.calls == [("p0", "+4917012345678")]


@story
async def test_a_withheld_number_is_not_waited_for_long():
    peer = Peer()
    async with on_stage(peer.device, ONE_LONG_CALL) as stage:
        await stage.ready()
        peer.say(RING)
        await peer.until_told("ATH")
        assert stage.calls == [("p0", "")]


@story
async def test_two_calls_are_two():
    peer = Peer()
    async with on_stage(peer.device, ONE_LONG_CALL) as stage:
        await stage.ready()
        for calls in (1, 2):
            peer.say(RING + CLIP)
            await peer.until_told("ATH", calls)
            peer.say(b"\r\nNO CARRIER\r\n")
        assert len(stage.calls) == 2


@story
async def test_a_call_that_has_ended_by_itself_is_told_and_not_refused():
    peer = Peer()
    async with on_stage(peer.device, ONE_LONG_CALL) as stage:
        await stage.ready()
        peer.say(RING + CLIP + b"\r\nNO CARRIER\r\n")
        await stage.until(lambda: stage.calls)
        assert await stage.send() == Sent(1)
        assert stage.calls == [("p0", "+4917012345678")] and peer.count("ATH") == 0


@story
async def test_a_call_during_a_send_waits_until_the_send_ends():
    peer = Peer()
    peer.verdicts = [SILENCE]
    async with on_stage(peer.device, ONE_LONG_CALL) as stage:
        await stage.ready()
        sending = asyncio.create_task(stage.send())
        await peer.until_told("PDU:")
        peer.say(RING + CLIP)
        assert peer.told[-1].startswith("PDU:")
        peer.say(RING + CLIP + info("+CMGS: 5"))
        assert await sending == Sent(5)
        await peer.until_told("ATH")
        assert stage.calls == [("p0", "+4917012345678")]


@story
async def test_a_person_may_want_it_to_ring_on():
    peer = Peer()
    async with on_stage(peer.device, ONE_LONG_CALL, hang_up=False) as stage:
        await stage.ready()
        peer.say(RING + CLIP)
        await stage.until(lambda: stage.calls)
        await stage.send()
        assert peer.count("ATH") == 0


@story
async def test_the_family_says_how_to_refuse():
    peer = Peer({"AT+CGMI": info("huawei"), "AT+CGMM": info("E173")})
    async with on_stage(peer.device, ONE_LONG_CALL) as stage:
        await stage.ready()
        peer.say(RING + CLIP)
        await peer.until_told("AT+CHUP")
