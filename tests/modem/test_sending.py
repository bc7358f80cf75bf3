"""Texts going out: three outcomes and never two, whatever the modem does between the command and its final."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from gateway.records import ChannelState, Encoding, Part, Refused, Sent, Unknown, Word
from tests.modem.peer import OK, SILENCE, Peer, info
from tests.modem.stage import QUICK, on_stage, story

IMPATIENT = replace(QUICK, prompt=1.0, send=1.0)


@story
async def test_a_text_the_network_takes_is_sent_with_its_reference():
    peer = Peer()
    async with on_stage(peer.device) as stage:
        await stage.ready()
        assert await stage.send() == Sent(1)
        assert peer.told[-2:] == ["AT+CMGS=19", "PDU:0001000D91947110325476F8000005E8329BFD06"]


@pytest.mark.parametrize(
    ("dial", "told"),
    [
        ("e164", ["AT+CMGS=19", "PDU:0001000D91947110325476F8000005E8329BFD06"]),
        ("00", ["AT+CMGS=20", "PDU:0001000F8100947110325476F8000005E8329BFD06"]),
        ("national", ["AT+CMGS=18", "PDU:0001000C81100721436587000005E8329BFD06"]),
        ("plain", ["AT+CMGS=19", "PDU:0001000D81947110325476F8000005E8329BFD06"]),
    ],
)
@story
async def test_a_number_is_dialled_as_the_operator_of_the_sim_wants_it(dial, told):
    """Octets by hand: 0049…, 0… and 49… are of unknown type (81), 3GPP TS 23.040 clause 9.1.2.5."""
    peer = Peer()
    async with on_stage(peer.device, dial=dial) as stage:
        await stage.ready()
        assert await stage.send() == Sent(1)
        assert peer.told[-2:] == told


@story
async def test_begun_is_called_between_the_prompt_and_the_payload():
    peer = Peer()
    async with on_stage(peer.device) as stage:
        await stage.ready()
        told_by_then = []
        await stage.send(begun=lambda: told_by_then.extend(peer.told))
        assert told_by_then[-1] == "AT+CMGS=19"


@pytest.mark.parametrize("prompt", [b"\r\n> ", b"\r\n>", b"\r\n> \r\n", b">"])
@story
async def test_a_prompt_is_a_prompt_with_and_without_its_blank(prompt):
    peer = Peer()
    peer.prompt = prompt
    async with on_stage(peer.device) as stage:
        await stage.ready()
        assert await stage.send() == Sent(1)


@story
async def test_a_refusal_carries_the_familys_word():
    peer = Peer()
    peer.verdicts = [b"\r\n+CMS ERROR: 30\r\n", b"\r\n+CMS ERROR: 50\r\n", b"\r\n+CMS ERROR: 42\r\n"]
    async with on_stage(peer.device) as stage:
        await stage.ready()
        outcomes = [await stage.send() for _ in range(3)]
    assert [(outcome.word, outcome.code) for outcome in outcomes] == [
        (Word.NEVER, "cms:30"),
        (Word.CHANNEL, "cms:50"),
        (Word.LATER, "cms:42"),
    ]


@story
async def test_a_full_sim_refuses_for_the_moment_only():
    peer = Peer({"AT+CMGS=": b"\r\n+CMS ERROR: 322\r\n"})
    async with on_stage(peer.device) as stage:
        await stage.ready()
        outcome = await stage.send()
        assert (outcome.word, outcome.code) == (Word.LATER, "cms:322")


@pytest.mark.parametrize(("maker", "code"), [("WAVECOM MODEM", 513), ("Simple", 332)])
@story
async def test_a_code_that_leaves_it_open_is_unknown(maker, code):
    peer = Peer({"AT+CGMI": info(maker), "AT+CGMM": info("MULTIBAND  900E  1800")})
    peer.verdicts = [f"\r\n+CMS ERROR: {code}\r\n".encode()]
    async with on_stage(peer.device) as stage:
        await stage.ready()
        assert isinstance(await stage.send(), Unknown)
        assert await stage.send() == Sent(2)


@story
async def test_a_rejected_duplicate_means_that_the_earlier_copy_was_sent():
    peer = Peer()
    peer.verdicts = [b"\r\n+CMS ERROR: 197\r\n"]
    async with on_stage(peer.device) as stage:
        await stage.ready()
        assert await stage.send(reference=77, reject_duplicates=True) == Sent(77)


@story
async def test_a_text_that_makes_no_pdu_is_refused_for_good_and_nothing_is_typed():
    peer = Peer()
    async with on_stage(peer.device) as stage:
        await stage.ready()
        told = len(peer.told)
        outcome = await stage.send(part=Part("x" * 200, Encoding.GSM7))
        assert isinstance(outcome, Refused) and outcome.word is Word.NEVER
        assert len(peer.told) == told


@story
async def test_without_a_prompt_the_payload_is_never_typed_and_the_next_text_goes():
    peer = Peer()
    peer.prompt = SILENCE
    async with on_stage(peer.device, IMPATIENT) as stage:
        await stage.ready()
        begun = []
        outcome = await stage.send(begun=lambda: begun.append(1))
        assert (outcome.word, outcome.code) == (Word.CHANNEL, "prompt:timeout")
        assert not begun and peer.count("PDU:") == 0
        peer.prompt = b"\r\n> "
        await stage.ready()
        assert await stage.send() == Sent(1)


@story
async def test_silence_after_the_payload_is_unknown_and_the_modem_serves_again():
    peer = Peer()
    peer.verdicts = [SILENCE]
    async with on_stage(peer.device, IMPATIENT) as stage:
        await stage.ready()
        assert isinstance(await stage.send(), Unknown)
        assert stage.modem.facts.state is ChannelState.LOST
        await stage.ready()
        assert await stage.send() == Sent(2)


@story
async def test_a_late_ok_is_not_credited_to_the_next_text_but_its_reference_settles_the_first():
    peer = Peer({"AT+CSQ": info("+CSQ: 20,0")})
    peer.verdicts = [SILENCE]
    async with on_stage(peer.device, IMPATIENT) as stage:
        await stage.ready()
        assert isinstance(await stage.send(attempt=41), Unknown)
        peer.say(info("+CMGS: 77"))
        await stage.until(lambda: stage.late)
        assert stage.late == [(41, 77)]
        await stage.ready()
        assert await stage.send(attempt=42) == Sent(2)
        assert stage.late == [(41, 77)]


@story
async def test_nothing_is_typed_while_the_network_decides():
    peer = Peer()
    peer.verdicts = [SILENCE]
    async with on_stage(peer.device, replace(QUICK, send=0.5), status_s=0.01, sweep_s=0.01) as stage:
        await stage.ready()
        sending = asyncio.create_task(stage.send())
        await peer.until_told("PDU:")
        told = len(peer.told)
        peer.say(b'\r\n+CMTI: "SM",1\r\n\r\n+CMTI: "SM",2\r\n\r\nRING\r\n')
        assert isinstance(await sending, Unknown)
        assert len(peer.told) == told


@story
async def test_unplugged_between_prompt_and_ok_the_outcome_is_unknown():
    peer = Peer()
    peer.verdicts = [SILENCE]
    async with on_stage(peer.device) as stage:
        await stage.ready()
        sending = asyncio.create_task(stage.send())
        await peer.until_told("PDU:")
        peer.unplug()
        outcome = await sending
        assert isinstance(outcome, Unknown) and "is gone" in outcome.reason
        assert "is gone" in str(await stage.end())


@story
async def test_unplugged_before_the_prompt_the_text_certainly_did_not_go():
    peer = Peer()
    peer.prompt = SILENCE
    async with on_stage(peer.device) as stage:
        await stage.ready()
        begun = []
        sending = asyncio.create_task(stage.send(begun=lambda: begun.append(1)))
        await peer.until_told("AT+CMGS")
        peer.unplug()
        outcome = await sending
        assert (outcome.word, outcome.code) == (Word.CHANNEL, "link:lost")
        assert not begun


@story
async def test_a_restart_between_prompt_and_ok_is_unknown_at_once_and_the_modem_is_prepared_again():
    peer = Peer()
    peer.verdicts = [b"\r\nRDY\r\n"]
    async with on_stage(peer.device) as stage:
        await stage.ready()
        assert isinstance(await stage.send(), Unknown)
        await stage.ready()
        assert peer.count("AT+CNMI=2") == 2
        assert await stage.send() == Sent(2)


@story
async def test_a_cancelled_send_is_seen_to_its_end_and_cancelled_after_it():
    peer = Peer()
    peer.verdicts = [SILENCE]
    async with on_stage(peer.device) as stage:
        await stage.ready()
        outcomes = []

        async def caller():
            outcomes.append(await stage.send())
            await asyncio.Event().wait()

        task = asyncio.create_task(caller())
        await peer.until_told("PDU:")
        task.cancel()
        peer.say(info("+CMGS: 9"))
        await asyncio.wait([task])
        assert outcomes == [Sent(9)] and task.cancelled()


@story
async def test_a_send_cancelled_before_its_payload_leaves_the_prompt():
    peer = Peer()
    peer.prompt = SILENCE
    async with on_stage(peer.device) as stage:
        await stage.ready()
        task = asyncio.create_task(stage.send())
        await peer.until_told("AT+CMGS")
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()
        peer.prompt = b"\r\n> "
        await peer.until_told("AT+CSQ", 2)
        await stage.ready()
        assert await stage.send() == Sent(1)


@story
async def test_a_stopping_driver_waits_for_what_is_on_the_air():
    peer = Peer()
    peer.verdicts = [SILENCE]
    async with on_stage(peer.device) as stage:
        await stage.ready()
        sending = asyncio.create_task(stage.send())
        await peer.until_told("PDU:")
        stage.run.cancel()
        peer.say(info("+CMGS: 9"))
        assert await sending == Sent(9)


@story
async def test_a_stopping_driver_does_not_wait_for_ever():
    peer = Peer()
    peer.verdicts = [SILENCE]
    async with on_stage(peer.device, replace(QUICK, send=60.0, last_word=0.1)) as stage:
        await stage.ready()
        sending = asyncio.create_task(stage.send())
        await peer.until_told("PDU:")
        stage.run.cancel()
        assert isinstance(await sending, Unknown)


@story
async def test_before_the_modem_is_prepared_a_text_belongs_elsewhere():
    peer = Peer({"AT+CGMI": SILENCE})
    async with on_stage(peer.device) as stage:
        await peer.until_told("AT+CGMI")
        outcome = await stage.send()
        assert (outcome.word, outcome.code) == (Word.ELSEWHERE, "channel:not-ready")


@story
async def test_the_radio_link_is_kept_once_more_than_one_text_waits():
    peer = Peer()
    async with on_stage(peer.device) as stage:
        await stage.ready()
        await stage.send()
        assert peer.count("AT+CMMS") == 0
        await stage.send(more=True)
        await stage.send(more=True)
        assert peer.count("AT+CMMS=2") == 1


@story
async def test_a_modem_that_refuses_to_keep_the_link_sends_all_the_same():
    peer = Peer({"AT+CMMS=2": b"\r\n+CMS ERROR: 500\r\n"})
    async with on_stage(peer.device) as stage:
        await stage.ready()
        assert await stage.send(more=True) == Sent(1)


@story
async def test_two_notices_during_a_send_do_not_disturb_it_and_both_texts_come_in():
    peer = Peer()
    peer.verdicts = [SILENCE]
    async with on_stage(peer.device) as stage:
        await stage.ready()
        await peer.until_told("AT+CMGL", 2)
        sending = asyncio.create_task(stage.send())
        await peer.until_told("PDU:")
        peer.stores["SM"] = {
            1: "0791947106004034040D91947110325476F8000062111202304040036F7719",
            2: "0791947106004034040D91947110325476F800006211120230404003F4FB1B",
        }
        peer.say(b'\r\n+CMTI: "SM",1\r\n\r\n+CMTI: "SM",2\r\n' + b"\r\n+CMGS: 5\r\n" + OK)
        assert await sending == Sent(5)
        await stage.until(lambda: len(stage.parts) == 2)
        assert [part.text for part in stage.parts] == ["one", "two"]


@story
async def test_constant_sending_does_not_starve_incoming_texts():
    peer = Peer()
    async with on_stage(peer.device) as stage:
        await stage.ready()
        sends = [asyncio.create_task(stage.send(attempt)) for attempt in range(200)]
        await peer.until_told("PDU:", 10)
        peer.stores["SM"] = {1: "0791947106004034040D91947110325476F8000062111202304040036F7719"}
        peer.say(b'\r\n+CMTI: "SM",1\r\n')
        await stage.until(lambda: stage.parts)
        assert peer.count("PDU:") < 100
        await asyncio.gather(*sends)
