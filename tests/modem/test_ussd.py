"""Service codes: dialled, answered, refused, left open, and in nobody's way."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from gateway.errors import LinkLost, UssdFailed
from gateway.records import Sent, UssdReply
from tests.modem.peer import ERROR, OK, SILENCE, Peer, info
from tests.modem.stage import QUICK, on_stage, story

DIAL = 'AT+CUSD=1,"*100#",15'
TEXT = "PDU:0001000D91947110325476F8000005E8329BFD06"
PATIENCE = 5.0


def answered(value: str, before_ok: bool = False) -> bytes:
    news = f"\r\n+CUSD: {value}\r\n".encode()
    return news + OK if before_ok else OK + news


async def dialled(answer, code: str = "*100#", timing=QUICK, patience: float = PATIENCE, **script):
    peer = Peer({DIAL: answer, **script})
    async with on_stage(peer.device, timing) as stage:
        await stage.ready()
        return await stage.modem.ussd(code, patience), peer


async def refused(answer, patience: float = PATIENCE) -> UssdFailed:
    with pytest.raises(UssdFailed) as fault:
        await dialled(answer, patience=patience, **{"AT+CUSD=": answer})
    return fault.value


@pytest.mark.parametrize("before_ok", [False, True])
@pytest.mark.parametrize(
    ("value", "text"),
    [
        ('0,"3.00 EUR",15', "3.00 EUR"),
        ('2,"Maaf, permintaan Anda",0', "Maaf, permintaan Anda"),
        ('0,"tariff "Mega Tariff". More *111#.",15', 'tariff "Mega Tariff". More *111#.'),
        ('0,"one\r\ntwo",15', "one\ntwo"),
        ('0,"00530061006C0064006F",15', "Saldo"),
        ("0, AA180C3602", "*100#"),
    ],
)
@story
async def test_the_answer_is_read_before_and_after_its_ok(value, text, before_ok):
    reply, _ = await dialled(answered(value, before_ok))
    assert (reply.text, reply.open) == (text, False)


@story
async def test_the_answer_keeps_what_the_modem_wrote():
    reply, _ = await dialled(answered('0,"AA180C3602",15'))
    assert reply == UssdReply("*100#", False, "AA180C3602")


@story
async def test_an_answer_that_is_never_ended_is_an_answer():
    reply, peer = await dialled(b'\r\n+CUSD: 0,"3.00 EUR",15\r\n')
    assert reply.text == "3.00 EUR"
    assert peer.count("AT+CUSD=2") == 0


@story
async def test_an_empty_answer_is_taken_unless_words_follow():
    reply, _ = await dialled(answered('0,""'))
    assert reply == UssdReply("")
    reply, _ = await dialled(answered('0,""') + b'\r\n+CUSD: 0,"5 EUR",15\r\n')
    assert reply.text == "5 EUR"


@story
async def test_an_answer_that_comes_twice_answers_one_code_only():
    answers = [answered('0,"first",15') + b'\r\n+CUSD: 0,"first",15\r\n', answered('0,"second",15')]
    peer = Peer({DIAL: lambda _: answers.pop(0)})
    async with on_stage(peer.device) as stage:
        await stage.ready()
        assert (await stage.modem.ussd("*100#", PATIENCE)).text == "first"
        assert (await stage.modem.ussd("*100#", PATIENCE)).text == "second"


@pytest.mark.parametrize(
    ("answer", "why"),
    [(ERROR, "refused"), (answered("4"), "refused"), (answered("2"), "refused"), (answered("5"), "timeout")],
)
@story
async def test_a_code_without_an_answer_says_why(answer, why):
    assert (await refused(answer)).why == why


@story
async def test_a_network_that_says_nothing_is_not_waited_for_for_ever():
    peer = Peer()
    async with on_stage(peer.device) as stage:
        await stage.ready()
        with pytest.raises(UssdFailed) as fault:
            await stage.modem.ussd("*100#", 0.3)
        assert fault.value.why == "timeout" and peer.count("AT+CUSD=2") == 1
        assert await stage.send() == Sent(1)


@story
async def test_an_error_on_cancelling_means_nothing():
    peer = Peer({"AT+CUSD=2": ERROR})
    async with on_stage(peer.device) as stage:
        await stage.ready()
        with pytest.raises(UssdFailed, match="not answered in time"):
            await stage.modem.ussd("*100#", 0.2)
        assert await stage.send() == Sent(1)


@story
async def test_a_menu_is_answered_and_texts_wait_behind_it():
    peer = Peer({DIAL: answered('1,"1 Balance\r\n2 Top up",15'), 'AT+CUSD=1,"1",15': answered('0,"3 EUR",15')})
    async with on_stage(peer.device) as stage:
        await stage.ready()
        assert await stage.modem.ussd("*100#", PATIENCE) == UssdReply("1 Balance\n2 Top up", True, "1 Balance\n2 Top up")
        sending = asyncio.create_task(stage.send())
        assert (await stage.modem.ussd("1", PATIENCE)).text == "3 EUR"
        assert await sending == Sent(1)
        told = peer.told
        assert told.index('AT+CUSD=1,"1",15') < told.index(TEXT)


@story
async def test_a_menu_nobody_answers_is_closed_and_texts_go_on():
    peer = Peer({DIAL: answered('1,"1 Balance",15')})
    async with on_stage(peer.device, replace(QUICK, menu=0.1)) as stage:
        await stage.ready()
        await stage.modem.ussd("*100#", PATIENCE)
        assert await stage.send() == Sent(1)
        assert peer.told.index("AT+CUSD=2") < peer.told.index(TEXT)


@story
async def test_a_menu_the_network_ends_holds_nobody_up():
    peer = Peer({DIAL: answered('1,"1 Balance",15')})
    async with on_stage(peer.device) as stage:
        await stage.ready()
        await stage.modem.ussd("*100#", PATIENCE)
        peer.say(b"\r\n+CUSD: 2\r\n")
        assert await stage.send() == Sent(1)
        assert peer.count("AT+CUSD=2") == 0


@story
async def test_a_new_code_ends_the_menu_before_it():
    peer = Peer({DIAL: answered('1,"1 Balance",15'), 'AT+CUSD=1,"*101#",15': answered('0,"other",15')})
    async with on_stage(peer.device) as stage:
        await stage.ready()
        await stage.modem.ussd("*100#", PATIENCE)
        assert (await stage.modem.ussd("*101#", PATIENCE)).text == "other"
        assert peer.count("AT+CUSD=2") == 1


@story
async def test_one_code_at_a_time():
    peer = Peer({DIAL: OK})
    async with on_stage(peer.device) as stage:
        await stage.ready()
        first = asyncio.create_task(stage.modem.ussd("*100#", PATIENCE))
        await peer.until_told("AT+CUSD=1")
        with pytest.raises(UssdFailed) as fault:
            await stage.modem.ussd("*101#", PATIENCE)
        assert fault.value.why == "busy"
        peer.say(b'\r\n+CUSD: 0,"3 EUR",15\r\n')
        assert (await first).text == "3 EUR"


@story
async def test_no_code_is_dialled_while_a_text_is_on_its_way():
    peer = Peer({DIAL: answered('0,"3 EUR",15')})
    peer.verdicts = [SILENCE]
    async with on_stage(peer.device) as stage:
        await stage.ready()
        sending = asyncio.create_task(stage.send())
        await peer.until_told("PDU:")
        dialling = asyncio.create_task(stage.modem.ussd("*100#", PATIENCE))
        await asyncio.sleep(0)
        with pytest.raises(UssdFailed) as fault:
            await stage.modem.ussd("*101#", PATIENCE)
        assert fault.value.why == "busy"
        told = len(peer.told)
        peer.say(info("+CMGS: 7"))
        assert await sending == Sent(7)
        assert (await dialling).text == "3 EUR"
        assert peer.told[told:].count(DIAL) == 1


@story
async def test_a_code_that_gets_no_turn_in_time_is_never_dialled():
    peer = Peer()
    peer.verdicts = [SILENCE]
    async with on_stage(peer.device) as stage:
        await stage.ready()
        sending = asyncio.create_task(stage.send())
        await peer.until_told("PDU:")
        with pytest.raises(UssdFailed) as fault:
            await stage.modem.ussd("*100#", 0.1)
        assert fault.value.why == "busy" and peer.count("AT+CUSD") == 0
        peer.say(info("+CMGS: 7"))
        assert await sending == Sent(7)


@story
async def test_who_stops_waiting_leaves_the_line_in_order():
    peer = Peer({DIAL: OK})
    async with on_stage(peer.device) as stage:
        await stage.ready()
        dialling = asyncio.create_task(stage.modem.ussd("*100#", 0.3))
        await peer.until_told("AT+CUSD=1")
        dialling.cancel()
        assert await stage.send() == Sent(1)
        assert peer.told.index("AT+CUSD=2") < peer.told.index(TEXT)


@story
async def test_an_unplugged_modem_answers_no_code():
    peer = Peer({DIAL: OK})
    async with on_stage(peer.device) as stage:
        await stage.ready()
        dialling = asyncio.create_task(stage.modem.ussd("*100#", PATIENCE))
        await peer.until_told("AT+CUSD=1")
        peer.unplug()
        with pytest.raises(UssdFailed) as fault:
            await dialling
        assert fault.value.why == "not-ready"
        assert isinstance(await stage.end(), LinkLost)
        with pytest.raises(UssdFailed) as fault:
            await stage.modem.ussd("*100#", PATIENCE)
        assert fault.value.why == "not-ready"


@story
async def test_old_huawei_is_dialled_in_packed_hex():
    reply, peer = await dialled(
        OK, **{
            "AT+CGMI": info("huawei"), "AT+CGMM": info("E173"),
            'AT+CUSD=1,"AA180C3602",15': answered('0,"00530061006C0064006F",72'),
        },
    )  # fmt: skip
    assert reply.text == "Saldo" and DIAL not in peer.told


@story
async def test_huawei_that_refuses_packed_hex_is_switched_to_text_and_that_is_remembered():
    text_mode = []
    peer = Peer({
        "AT+CGMI": info("huawei"), "AT+CGMM": info("E1752"), "AT^USSDMODE=0": lambda _: text_mode.append(1) or OK,
        DIAL: lambda _: answered('0,"3 EUR",15') if text_mode else ERROR, 'AT+CUSD=1,"AA180C3602",15': ERROR,
    })  # fmt: skip
    async with on_stage(peer.device) as stage:
        await stage.ready()
        for _ in range(2):
            assert (await stage.modem.ussd("*100#", PATIENCE)).text == "3 EUR"
        assert peer.count('AT+CUSD=1,"AA180C3602",15') == 1


@story
async def test_a_modem_that_wants_ucs2_gets_it_and_is_set_back():
    reply, peer = await dialled(
        answered("4"),
        **{'AT+CUSD=1,"*100#"': ERROR, 'AT+CUSD=1,"002A0031003000300023",15': answered('0,"00330045",72')},
    )
    assert reply.text == "3E"
    assert [told for told in peer.told if "CSCS" in told][-1] == 'AT+CSCS="GSM"'


@story
async def test_what_cannot_be_dialled_is_refused_without_a_word_to_the_modem():
    peer = Peer()
    async with on_stage(peer.device) as stage:
        await stage.ready()
        with pytest.raises(UssdFailed) as fault:
            await stage.modem.ussd('"\r', PATIENCE)
        assert fault.value.why == "refused" and peer.count("AT+CUSD") == 0
