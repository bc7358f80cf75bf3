"""Whose turn it is when sends and service commands both wait."""

from __future__ import annotations

import asyncio

from gateway.modem.turns import Turns
from tests.modem.stage import story


async def queued(turns, kinds):
    """The order in which `kinds`, all waiting for a taken line, get it."""
    order = []

    async def one(number, kind):
        await turns.take(kind)
        order.append(f"{'send' if kind == Turns.SEND else 'service'} {number}")
        turns.give()

    await turns.take(Turns.SERVICE)
    tasks = [asyncio.create_task(one(number, kind)) for number, kind in enumerate(kinds)]
    await asyncio.sleep(0)
    turns.give()
    await asyncio.gather(*tasks)
    return order


@story
async def test_sends_and_service_alternate_while_both_wait():
    kinds = [Turns.SEND, Turns.SEND, Turns.SEND, Turns.SERVICE, Turns.SERVICE]
    assert await queued(Turns(), kinds) == ["send 0", "service 3", "send 1", "service 4", "send 2"]


@story
async def test_one_who_stops_waiting_is_passed_over():
    turns = Turns()
    await turns.take(Turns.SEND)
    impatient = asyncio.create_task(turns.take(Turns.SEND))
    patient = asyncio.create_task(turns.take(Turns.SEND))
    await asyncio.sleep(0)
    impatient.cancel()
    turns.give()
    await patient


@story
async def test_a_turn_granted_to_one_who_is_cancelled_in_that_moment_goes_on():
    turns = Turns()
    await turns.take(Turns.SEND)
    unlucky = asyncio.create_task(turns.take(Turns.SEND))
    await asyncio.sleep(0)
    turns.give()
    unlucky.cancel()
    await asyncio.wait([unlucky])
    async with asyncio.timeout(30):
        await turns.take(Turns.SERVICE)


@story
async def test_sends_that_are_held_back_wait_and_service_does_not():
    turns = Turns()
    turns.hold_sends()
    send = asyncio.create_task(turns.take(Turns.SEND))
    await asyncio.sleep(0)
    await turns.take(Turns.SERVICE)
    turns.give()
    await asyncio.sleep(0)
    assert not send.done()
    turns.release_sends()
    await send
    turns.give()
    await turns.take(Turns.SEND)
