"""Commands that clients rely on beside texts: calls, power, registration, operator, clock, card."""

import pytest

from simulator.testing import running_bank

CALLER = "+4917012345"


@pytest.fixture
def bank():
    with running_bank() as bank:
        yield bank


@pytest.fixture
def p0(bank, connect):
    return connect(bank.device("p0"))


def how(bank) -> list[str]:
    return [entry["how"] for entry in bank.journal(kind="call")]


def test_a_call_rings_with_its_number_until_it_is_hung_up(bank, p0):
    p0.ask("AT+CLIP=1;+CRC=1")
    assert bank.call("p0", CALLER)
    assert p0.until(rb"\+CLIP[^\r]*\r\n") == b'\r\n+CRING: VOICE\r\n\r\n+CLIP: "+4917012345",145,"",,"",0\r\n'
    assert b'+CLCC: 1,1,4,0,0,"+4917012345",145' in p0.ask("AT+CLCC")
    assert b"+CPAS: 3" in p0.ask("AT+CPAS")
    assert p0.ask("ATH") == b"\r\nOK\r\n"
    assert p0.ask("AT+CLCC") == b"\r\nOK\r\n"
    assert how(bank) == ["ringing", "hung up"]


def test_a_caller_loses_patience(bank, p0):
    bank.call("p0", CALLER, seconds=0.05)
    assert p0.until(rb"NO CARRIER\r\n") == b"\r\nRING\r\n\r\nNO CARRIER\r\n"
    assert how(bank) == ["ringing", "given up"]


def test_a_call_can_be_answered(bank, p0):
    assert p0.ask("ATA") == b"\r\nNO CARRIER\r\n"
    bank.call("p0", CALLER)
    p0.until(rb"RING\r\n")
    assert p0.ask("ATA") == b"\r\nOK\r\n"
    assert b"+CLCC: 1,1,0" in p0.ask("AT+CLCC")
    p0.ask("AT+CHUP")
    assert how(bank) == ["ringing", "answered"]


def test_nobody_rings_where_nobody_is(bank, p0):
    bank.registration("p0", 2)
    assert not bank.call("p0", CALLER)
    assert how(bank) == ["unreachable"]


@pytest.mark.parametrize(("typed", "answer"), [
    ("AT+CMUX=0", b"\r\nERROR\r\n"), ("AT+NOSUCH", b"\r\nERROR\r\n"), ("AT+NOSUCH=1", b"\r\nERROR\r\n"),
    ("AT^CVOICE?", b"\r\nERROR\r\n"), ("AT+CMEE=1;+NOSUCH;+CSQ", b"\r\nERROR\r\n"), ("ATO", b"\r\nERROR\r\n"),
    ("AT+CFUN=9", b"\r\n+CME ERROR: 50\r\n"), ("AT+IPR=1234", b"\r\n+CME ERROR: 50\r\n"),
    ('AT+CLCK="XX",2', b"\r\n+CME ERROR: 4\r\n"), ('AT+COPS=1,2,"26201"', b"\r\n+CME ERROR: 30\r\n"),
    ('AT+CCLK="26/13/01,00:00:00"', b"\r\n+CME ERROR: 50\r\n"), ("AT+CRSM=176,1,0,0,1", b"\r\n+CRSM: 106,130\r\n\r\nOK\r\n"),
])
def test_what_is_unknown_or_wrong_is_refused(p0, typed, answer):
    assert p0.ask(typed) == answer


def test_a_scan_finds_two_networks(p0):
    assert b'+COPS: (2,"Simrack Mobile","Simrack","26299"),(3,"Another","Other","26298"),,(0-4),(0-2)' in p0.ask("AT+COPS=?")


def test_a_modem_can_leave_the_network_and_come_back(bank, p0):
    p0.ask("AT+CREG=1;+CGREG=1;+CEREG=1")
    p0.write("AT+COPS=2\r")
    p0.until(rb"OK\r\n\r\n\+CREG: 0\r\n\r\n\+CGREG: 0\r\n\r\n\+CEREG: 0\r\n")
    assert not bank.state("p0")["reachable"]
    p0.write('AT+COPS=1,2,"26299"\r')
    p0.until(rb"\+CREG: 1\r\n")


def test_strength_is_shown_in_the_extended_form(bank, p0):
    assert b"+CESQ: 37,99,255,255,255,255" in p0.ask("AT+CESQ")
    bank.signal("p0", 99)
    assert b"+CESQ: 99,99,255,255,255,255" in p0.ask("AT+CESQ")


def test_simcom_says_its_signal_unasked_under_the_name_of_the_answer(bank, p0):
    p0.ask("AT+AUTOCSQ=1,1")
    bank.signal("p0", 9)
    p0.until(rb"\r\n\+CSQ: 9,99\r\n")


def test_the_clock_can_be_set(p0):
    assert p0.ask('AT+CCLK="30/01/02,03:04:05+04"') == b"\r\nOK\r\n"
    assert b'+CCLK: "30/01/02,03:04:' in p0.ask("AT+CCLK?")


def test_the_pin_can_be_changed_while_it_is_asked_for(bank, p0):
    assert p0.ask('AT+CPWD="SC","1234","4321"') == b"\r\n+CME ERROR: 3\r\n"
    p0.ask('AT+CLCK="SC",1,"1234"')
    assert p0.ask('AT+CPWD="SC","9999","4321"') == b"\r\n+CME ERROR: 16\r\n"
    assert p0.ask('AT+CPWD="SC","1234","4321"') == b"\r\nOK\r\n"
    bank.reset("p0")
    p0.ask("ATE0+CMEE=1")
    p0.left = b""
    assert p0.ask('AT+CPIN="4321"') == b"\r\nOK\r\n"


def test_the_card_number_can_be_read_as_a_file(bank, p0):
    iccid = bank.state("p0")["iccid"]
    swapped = p0.ask("AT+CRSM=176,12258,0,0,10").split(b'"')[1].decode()
    assert "".join(swapped[i + 1] + swapped[i] for i in range(0, 20, 2)).rstrip("F") == iccid


@pytest.mark.parametrize(("family", "typed", "words"), [
    ("sim800", "AT+CPOWD=1", rb"NORMAL POWER DOWN\r\n"), ("quectel_ec25", "AT+QPOWD=1", rb"POWERED DOWN\r\n"),
    ("mc35i", "AT^SMSO", rb"\^SHUTDOWN\r\n"),
])
def test_each_family_has_its_last_words(connect, family, typed, words):
    with running_bank(family=family) as bank:
        connect(bank.device("p0")).write(typed + "\r")
        bank.wait_for("off", port="p0")


@pytest.mark.parametrize(("family", "typed"), [
    ("sim7600", "AT+CRESET"), ("huawei_e173", "AT^RESET"), ("telit_he910", "AT#REBOOT"), ("ublox_toby_l2", "AT+CFUN=16"),
    ("generic", "AT+CFUN=1,1"),
])
def test_each_family_restarts_in_its_own_way(connect, family, typed):
    with running_bank(family=family) as bank:
        client = connect(bank.device("p0"))
        client.write(typed + "\r")
        client.until(rb"OK\r\n")
        bank.wait_for("reset", port="p0")


def test_numeric_answers_and_line_feeds_behind_the_cr(p0):
    p0.write("ATV0\r\n")
    p0.until(rb"0\r")
    p0.write("AT+NOSUCH\r\n")
    p0.until(rb"^4\r$")
    p0.write("AT V1\r\n")
    p0.until(rb"\r\nOK\r\n")


def test_delays_are_those_of_the_family_times_the_speed(connect):
    with running_bank(delays=1.0, speed=0.001) as bank:
        client = connect(bank.device("p0"))
        # 30 s of a scan at least, a thousand times as fast.
        assert b"+COPS: (2," in client.ask("AT+COPS=?")
        assert b"+CMGS: 1" in client.send_pdu("0021000A919471103254000005E8329BFD06")


def test_speed_0_does_everything_at_once(connect):
    with running_bank(family="sim800", boot=1.0, delays=1.0, latency="20-30", report_delay=100.0, speed=0.0) as bank:
        client = connect(bank.device("p0"), quiet=False)
        client.until(rb"SMS Ready\r\n")
        client.ask("ATE0+CNMI=2,1,0,1,0")
        client.send_pdu("0021000A919471103254000005E8329BFD06")
        client.until(rb"\+CDS: 24\r\n")
