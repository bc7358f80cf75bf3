"""A modem that falls silent, restarts, loses its SIM or is pulled out."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from gateway.errors import LinkLost, ModemSilent, ModemUnfit
from gateway.records import ChannelState, Sent, Word
from tests.modem.peer import OK, SILENCE, Peer, info
from tests.modem.stage import QUICK, SAYS_OK, on_stage, story

pytestmark = pytest.mark.slow

BRIEF = replace(QUICK, command=0.5, slow_command=0.5, retry=0.1)


@story
async def test_a_modem_that_falls_silent_is_lost_and_serves_again_when_it_answers():
    silent = []
    peer = Peer()
    peer.script["AT+CSQ"] = lambda _: SILENCE if silent else info("+CSQ: 20,0")
    async with on_stage(peer.device, replace(BRIEF, ladder=1.0), status_s=0.05) as stage:
        await stage.ready()
        silent.append(1)
        await stage.until(lambda: stage.modem.facts.state is ChannelState.LOST)
        assert "does not answer" in stage.modem.facts.reason
        silent.clear()
        await stage.ready()
        assert await stage.send() == Sent(1)


@story
async def test_a_modem_that_stays_silent_ends_the_life_so_that_the_port_is_opened_anew():
    silent = []
    peer = Peer()
    peer.script["AT+CSQ"] = lambda _: SILENCE if silent else info("+CSQ: 20,0")
    async with on_stage(peer.device, BRIEF, status_s=0.05) as stage:
        await stage.ready()
        silent.append(1)
        assert isinstance(await stage.end(), ModemSilent)


@story
async def test_chatter_is_no_proof_of_life():
    silent = []
    peer = Peer()
    peer.script["AT+CSQ"] = lambda _: b"\r\n^RSSI:18\r\n\r\n^BOOT:20952548,0,0,0,75\r\n" if silent else info("+CSQ: 20,0")
    async with on_stage(peer.device, BRIEF, status_s=0.05) as stage:
        await stage.ready()
        silent.append(1)
        assert isinstance(await stage.end(), ModemSilent)


@story
async def test_a_late_ok_after_silence_is_not_credited_to_the_next_command():
    stuck = [1]

    def cmgd(line):
        return SILENCE if stuck else peer._cmgd(line.partition("=")[2])

    def csq(_):
        late = OK if stuck and peer.count("AT+CMGD") else b""
        if late:
            stuck.clear()
        return late + info("+CSQ: 20,0")

    peer = Peer({"AT+CMGD=": cmgd, "AT+CSQ": csq})
    peer.stores["SM"] = {1: SAYS_OK}
    async with on_stage(peer.device, BRIEF) as stage:
        await peer.until_told("AT+CMGD=1", 2)
        assert peer.stores["SM"] == {}
        await stage.ready()
        assert await stage.send() == Sent(1)


@story
async def test_a_restarted_modem_is_prepared_again():
    peer = Peer()
    async with on_stage(peer.device) as stage:
        await stage.ready()
        prepared = peer.count("AT+CMGF=0")
        peer.say(b"\r\nRDY\r\n\r\n+CFUN: 1\r\n")
        await peer.until(lambda: peer.count("AT+CMGF=0") > prepared)
        await stage.ready()


@story
async def test_a_sim_that_is_pulled_out_is_noticed():
    out = []
    peer = Peer()
    peer.script["AT+CPIN?"] = lambda _: b"\r\n+CME ERROR: 10\r\n" if out else info("+CPIN: READY")
    async with on_stage(peer.device) as stage:
        await stage.ready()
        out.append(1)
        peer.say(b"\r\n+CPIN: NOT READY\r\n")
        fault = await stage.end()
        assert isinstance(fault, ModemUnfit) and fault.reason == "there is no SIM"


@story
async def test_a_modem_that_is_pulled_out_is_lost_at_once():
    peer = Peer()
    async with on_stage(peer.device) as stage:
        await stage.ready()
        peer.unplug()
        async with asyncio.timeout(10):
            assert isinstance(await stage.end(), LinkLost)
        assert stage.modem.facts.state is ChannelState.LOST and "is gone" in stage.modem.facts.reason


@story
async def test_storage_is_looked_at_when_the_text_service_comes_up_late():
    peer = Peer()
    async with on_stage(peer.device) as stage:
        await stage.ready()
        await peer.until_told('AT+CPMS="SM"', 2)
        peer.stores["SM"][1] = SAYS_OK
        peer.say(b"\r\nSMS Ready\r\n")
        await stage.until(lambda: stage.parts)


@story
async def test_a_modem_that_restarted_without_a_word_gets_no_payload_in_text_mode():
    """After a restart it echoes again, and CMGS=19 may mean: to the number 19."""
    restarted = []

    def cmgs(line):
        peer._at_prompt = True
        return (f"{line}\r".encode() if restarted else b"") + b"\r\n> "

    peer = Peer({"AT+CMGS=": cmgs})
    async with on_stage(peer.device) as stage:
        await stage.ready()
        restarted.append(1)
        outcome = await stage.send()
        assert (outcome.word, outcome.code) == (Word.CHANNEL, "modem:restarted")
        assert peer.count("PDU:") == 0
        restarted.clear()
        await peer.until_told("AT+CMGF=0", 2)
        await stage.ready()
        assert await stage.send() == Sent(1)


@story
async def test_a_restart_without_a_word_is_noticed_when_the_network_is_looked_at():
    restarted = []
    peer = Peer({"ATE0V1": lambda _: restarted.clear() or OK})
    peer.script["AT+CSQ"] = lambda line: (f"{line}\r".encode() if restarted else b"") + info("+CSQ: 20,0")
    async with on_stage(peer.device, status_s=0.1) as stage:
        await stage.ready()
        restarted.append(1)
        await peer.until_told("AT+CMGF=0", 2)


@story
async def test_a_modem_that_always_echoes_is_not_prepared_for_ever():
    peer = Peer()
    peer.echoes = True
    async with on_stage(peer.device, status_s=0.05) as stage:
        await stage.ready()
        assert await stage.send() == Sent(1)
        assert peer.count("AT+CMGF=0") == 1


@story
async def test_last_words_are_a_reason_to_look_whether_anybody_is_left():
    gone = []
    peer = Peer()
    peer.script["AT+CREG?"] = lambda _: SILENCE if gone else info("+CREG: 1,1")
    peer.script["AT+CSQ"] = lambda _: SILENCE if gone else info("+CSQ: 20,0")
    async with on_stage(peer.device, BRIEF) as stage:
        await stage.ready()
        gone.append(1)
        peer.say(b"\r\nUNDER-VOLTAGE POWER DOWN\r\n")
        assert isinstance(await stage.end(), ModemSilent)


@story
async def test_the_pin_is_not_written_into_the_wire_trace(caplog):
    caplog.set_level("DEBUG", "simrack.wire")
    peer = Peer({"AT+CPINR": info("+CPINR: SIM PIN,3,3")})
    states = [info("+CPIN: SIM PIN")]
    peer.script["AT+CPIN?"] = lambda _: states[-1]
    peer.script["AT+CPIN="] = lambda _: states.append(info("+CPIN: READY")) or OK
    async with on_stage(peer.device, pin="8642") as stage:
        await stage.ready()
    assert "AT+CPIN=…" in caplog.text and "8642" not in caplog.text
