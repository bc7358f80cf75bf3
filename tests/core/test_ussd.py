"""Service codes: one at a time on each channel, answered to threads and to the loop, never holding up the web."""

from __future__ import annotations

import asyncio

import pytest

from gateway.core.ussd import Ussd
from gateway.errors import NotFound, UssdFailed
from gateway.records import ChannelFacts, UssdReply
from tests.core.lines import Line
from tests.core.stage import story


async def nobody(facts: ChannelFacts, code: str, reply: UssdReply) -> None:
    pass


@story
async def test_a_thread_gets_the_words_of_the_network() -> None:
    line = Line("p0")
    ussd = Ussd([line], nobody, callers=1)
    assert (await asyncio.to_thread(ussd.ask, "p0", "*100#")).text == "Your balance is 12.34 EUR."
    assert line.dialled == ["*100#"]


@story
async def test_an_answer_is_heard_before_the_caller_has_it() -> None:
    heard: list[tuple[str, str, str]] = []

    async def answered(facts: ChannelFacts, code: str, reply: UssdReply) -> None:
        heard.append((facts.sim, code, reply.text))

    await Ussd([Line("p0")], answered, callers=1).dial("p0", "*100#")
    assert heard == [("a", "*100#", "Your balance is 12.34 EUR.")]


@story
async def test_a_channel_that_is_not_there_is_named() -> None:
    ussd = Ussd([Line("p0")], nobody, callers=1)
    with pytest.raises(NotFound, match="p9"):
        await asyncio.to_thread(ussd.ask, "p9", "*100#")


@story
async def test_a_second_code_on_one_channel_is_refused_while_the_first_waits() -> None:
    line, other = Line("p0"), Line("p1")
    line.open.clear()
    ussd = Ussd([line, other], nobody, callers=1)
    first = asyncio.create_task(ussd.dial("p0", "*100#"))
    await asyncio.sleep(0)
    with pytest.raises(UssdFailed) as caught:
        await ussd.dial("p0", "*101#")
    assert caught.value.why == "busy" and caught.value.remedy
    await ussd.dial("p1", "*101#")
    line.open.set()
    await first
    await ussd.dial("p0", "*101#")  # free again


@story
async def test_a_refusal_frees_the_channel() -> None:
    line = Line("p0")
    line.network = UssdFailed("refused", "the network knows no *999#", "look at the code")
    ussd = Ussd([line], nobody, callers=1)
    for _ in range(2):
        with pytest.raises(UssdFailed, match="knows no"):
            await asyncio.to_thread(ussd.ask, "p0", "*999#")


@story
async def test_threads_that_wait_for_networks_are_few() -> None:
    line, other = Line("p0"), Line("p1")
    line.open.clear()
    ussd = Ussd([line, other], nobody, callers=1)
    first = asyncio.create_task(asyncio.to_thread(ussd.ask, "p0", "*100#"))
    await line.dialling.wait()
    with pytest.raises(UssdFailed) as caught:
        await asyncio.to_thread(ussd.ask, "p1", "*100#")
    assert caught.value.why == "busy"
    line.open.set()
    await first
    await asyncio.to_thread(ussd.ask, "p1", "*100#")
