"""From an open port to a modem that serves, or to the words that tell a person what to do."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.errors import ModemSilent, ModemUnfit
from gateway.modem.pin import PinGuard
from gateway.records import ChannelState, Sent
from tests.modem.peer import ERROR, OK, SILENCE, Peer, info
from tests.modem.stage import QUICK, on_stage, story

WANTS_PIN = info("+CPIN: SIM PIN")


def locked(tries: bytes, accepts: bytes = OK) -> Peer:
    """A SIM that wants its PIN and answers AT+CPINR with `tries`."""
    peer = Peer({"AT+CPINR": tries})
    states = [WANTS_PIN]
    peer.script["AT+CPIN?"] = lambda _: states[-1]

    def take_pin(_):
        if accepts is OK:
            states.append(info("+CPIN: READY"))
        return accepts

    peer.script["AT+CPIN="] = take_pin
    return peer


@story
async def test_a_prepared_modem_is_known_by_all_its_facts():
    peer = Peer()
    async with on_stage(peer.device) as stage:
        await stage.ready()
        facts = stage.modem.facts
        assert (facts.manufacturer, facts.model, facts.revision, facts.family) == ("Simple", "One", "1.0", "generic")
        assert (facts.imei, facts.imsi, facts.iccid) == ("351179009153435", "262998286444249", "8949293072227288805")
        assert (facts.number, facts.smsc) == ("+4915112345670", "+491760000443")
        assert (facts.operator, facts.registration, facts.signal_dbm) == ("Simple Net", "home", -73)


@story
async def test_the_configured_number_and_service_centre_win():
    peer = Peer()
    async with on_stage(peer.device, number="+4915199999999", smsc="+49171076000") as stage:
        await stage.ready()
        assert (stage.modem.facts.number, stage.modem.facts.smsc) == ("+4915199999999", "+49171076000")
        assert 'AT+CSCA="+49171076000",145' in peer.told
        assert "AT+CNUM" not in peer.told


@story
async def test_a_lost_service_centre_is_given_back_and_one_that_is_there_is_left_alone():
    for shown, given in (('+CSCA: "",129', True), ('+CSCA: "+491710760000",145', False)):
        peer = Peer({"AT+CSCA?": info(shown)})
        async with on_stage(peer.device) as stage:
            stage.centres["8949293072227288805"] = "+491760000443"
            await stage.ready()
            assert ('AT+CSCA="+491760000443",145' in peer.told) is given
            assert stage.modem.facts.smsc == ("+491760000443" if given else "+491710760000")


@story
async def test_a_modem_that_speaks_in_numbers_and_echoes_is_brought_to_words():
    state = {"verbose": False}

    def at(_):
        return OK if state["verbose"] else b"0\r"

    def verbose(_):
        state["verbose"] = True
        return b"ATE0V1\r" + OK

    peer = Peer({"AT": at, "ATE0V1": verbose})
    async with on_stage(peer.device) as stage:
        await stage.ready()


@story
async def test_a_modem_that_loses_the_first_command_is_asked_again():
    answers = [SILENCE]
    peer = Peer()
    peer.script["AT"] = lambda _: answers.pop() if answers else OK
    async with on_stage(peer.device) as stage:
        await stage.ready()
        assert peer.count("AT") > 2


@story
async def test_a_port_where_nobody_answers_says_what_to_check():
    peer = Peer({"AT": SILENCE})
    async with on_stage(peer.device, replace(QUICK, wake=0.05)) as stage:
        fault = await stage.end()
        assert isinstance(fault, ModemSilent) and "check power, cable and baud" in str(fault)
        assert stage.modem.facts.state is ChannelState.LOST and "check power" in stage.modem.facts.reason


@story
async def test_wavecom_need_not_end_its_answer_about_the_pin():
    peer = Peer({
        "AT+CGMI": info(" WAVECOM MODEM"), "AT+CGMM": info(" MULTIBAND  900E  1800"), "AT+CPIN?": b"\r\n+CPIN: READY\r\n",
        "AT+CPMS=?": info('+CPMS: (("SM","BM","SR"),("SM"))'),
    })  # fmt: skip
    async with on_stage(peer.device) as stage:
        await stage.ready()
        assert stage.modem.facts.family == "wavecom"
        assert 'AT+CPMS="SM","SM"' in peer.told


@story
async def test_a_storage_command_that_is_carried_out_without_ok_is_taken_for_done():
    peer = Peer({'AT+CPMS="SM","SM","SM"': SILENCE})
    async with on_stage(peer.device) as stage:
        await stage.ready()
        assert await stage.send() == Sent(1)


@story
async def test_a_question_a_modem_never_answers_does_not_keep_it_from_serving():
    peer = Peer({"AT+CNUM": SILENCE, "AT+COPS?": SILENCE})
    async with on_stage(peer.device, replace(QUICK, command=0.5)) as stage:
        await stage.ready()
        assert await stage.send() == Sent(1)


@story
async def test_a_text_service_that_is_still_starting_is_waited_for():
    answers = [b"\r\n+CMS ERROR: 515\r\n", b"\r\n+CME ERROR: 14\r\n"]
    peer = Peer()
    peer.script["AT+CMGF=0"] = lambda _: answers.pop() if answers else OK
    async with on_stage(peer.device) as stage:
        await stage.ready()
        assert peer.count("AT+CMGF=0") == 3


@story
async def test_a_data_only_modem_is_unfit():
    peer = Peer({"AT+CMGF=0": ERROR})
    async with on_stage(peer.device) as stage:
        fault = await stage.end()
        assert isinstance(fault, ModemUnfit) and "PDU mode" in fault.reason


@story
async def test_without_a_sim_a_person_is_told_to_put_one_in():
    peer = Peer({"AT+CPIN?": b"\r\n+CME ERROR: 10\r\n"})
    async with on_stage(peer.device) as stage:
        fault = await stage.end()
        assert isinstance(fault, ModemUnfit) and fault.remedy == "put a SIM into this port"


@story
async def test_a_sim_that_is_busy_is_waited_for():
    answers = [b"\r\n+CME ERROR: 14\r\n", b"\r\n+CME ERROR: 515\r\n"]
    peer = Peer()
    peer.script["AT+CPIN?"] = lambda _: answers.pop() if answers else info("+CPIN: READY")
    async with on_stage(peer.device) as stage:
        await stage.ready()


@story
async def test_a_sim_that_wants_its_puk_is_left_to_a_person():
    peer = Peer({"AT+CPIN?": info("+CPIN: SIM PUK")})
    async with on_stage(peer.device, pin="1234") as stage:
        assert "SIM PUK" in str(await stage.end())
        assert peer.count("AT+CPIN=") == 0


# -- the PIN


@story
async def test_the_pin_is_given_while_three_tries_are_left():
    peer = locked(info("+CPINR: SIM PIN,3,3"))
    async with on_stage(peer.device, pin="1234") as stage:
        await stage.ready()
        assert 'AT+CPIN="1234"' in peer.told


@story
async def test_the_pin_is_not_given_with_two_tries_left():
    peer = locked(info("+CPINR: SIM PIN,2,3"))
    async with on_stage(peer.device, pin="1234") as stage:
        fault = await stage.end()
        assert isinstance(fault, ModemUnfit) and "only 2 tries are left" in fault.reason
        assert peer.count("AT+CPIN=") == 0


@story
async def test_without_a_configured_pin_a_person_is_asked_for_it():
    peer = locked(info("+CPINR: SIM PIN,3,3"))
    async with on_stage(peer.device) as stage:
        fault = await stage.end()
        assert isinstance(fault, ModemUnfit) and fault.reason == "SIM wants its PIN"


@pytest.mark.parametrize(
    ("maker", "model", "command", "answer"),
    [
        ("SIMCOM_Ltd", "SIMCOM_SIM800L", "AT+SPIC", "+SPIC: 2,10,3,10"),
        ("Quectel", "EC25", "AT+QPINC?", '+QPINC: "SC",2,10'),
        ("huawei", "E173", "AT^CPIN?", "^CPIN: SIM PIN,,10,2,10,3"),
        ("SIEMENS", "MC35i", "AT^SPIC", "^SPIC: 2"),
    ],
)
@story
async def test_every_family_is_asked_in_its_own_way_how_many_tries_are_left(maker, model, command, answer):
    peer = locked(ERROR)
    peer.script |= {"AT+CGMI": info(maker), "AT+CGMM": info(model), command: info(answer)}
    async with on_stage(peer.device, pin="1234") as stage:
        assert "only 2 tries" in str(await stage.end())
        assert peer.count("AT+CPIN=") == 0


@story
async def test_without_a_counter_a_refused_pin_is_never_given_again():
    peer = locked(ERROR, accepts=b"\r\n+CME ERROR: 16\r\n")
    guard = PinGuard()
    for _ in range(2):
        async with on_stage(peer.device, guard=guard, pin="1234") as stage:
            assert isinstance(await stage.end(), ModemUnfit)
    assert peer.count("AT+CPIN=") == 1
    async with on_stage(peer.device, guard=guard, pin="4321") as stage:  # a corrected one is another matter
        await stage.end()
    assert peer.count("AT+CPIN=") == 2


@story
async def test_without_a_counter_an_accepted_pin_may_be_given_after_a_restart():
    guard = PinGuard()
    for _ in range(2):
        peer = locked(ERROR)
        async with on_stage(peer.device, guard=guard, pin="1234") as stage:
            await stage.ready()
        assert peer.count("AT+CPIN=") == 1


# -- the network


@story
async def test_a_modem_without_network_says_so_and_is_ready_as_soon_as_it_has_one():
    states = ["+CREG: 1,2"]
    peer = Peer({"AT+CEREG?": ERROR})
    peer.script["AT+CREG?"] = lambda _: info(states[-1])
    async with on_stage(peer.device, status_s=60.0) as stage:
        await stage.until(lambda: stage.modem.facts.state is ChannelState.UNREGISTERED)
        assert stage.modem.facts.registration == "searching" and "antenna" in stage.modem.facts.reason
        states.append("+CREG: 1,5")
        await stage.ready()
        assert (stage.modem.facts.registration, stage.modem.facts.reason) == ("roaming", "")


@story
async def test_a_lost_network_is_noticed_when_the_modem_says_so():
    states = ["+CREG: 1,1"]
    peer = Peer({"AT+CEREG?": ERROR})
    peer.script["AT+CREG?"] = lambda _: info(states[-1])
    async with on_stage(peer.device, status_s=60.0) as stage:
        await stage.ready()
        states.append("+CREG: 1,3")
        peer.say(b"\r\n+CREG: 3\r\n")
        await stage.until(lambda: stage.modem.facts.state is ChannelState.UNREGISTERED)
        assert stage.modem.facts.registration == "denied"


@story
async def test_an_lte_modem_may_be_registered_in_the_other_domain_only():
    peer = Peer({"AT+CREG?": info("+CREG: 0,2"), "AT+CEREG?": info("+CEREG: 0,1")})
    async with on_stage(peer.device) as stage:
        await stage.ready()
        assert stage.modem.facts.registration == "home"


@story
async def test_signal_is_followed():
    levels = ["+CSQ: 20,0"]
    peer = Peer()
    peer.script["AT+CSQ"] = lambda _: info(levels[-1])
    async with on_stage(peer.device, status_s=0.05) as stage:
        await stage.ready()
        levels.append("+CSQ: 5,0")
        await stage.until(lambda: stage.modem.facts.signal_dbm == -103)
