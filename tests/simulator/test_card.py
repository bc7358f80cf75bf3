"""PIN, PUK, the card pulled out, the radio switched off, restarts, USSD."""

import pytest

from simulator.testing import running_bank

HELLO = "0021000A919471103254000005E8329BFD06"


@pytest.fixture
def locked(connect):
    with running_bank(pins={"p0": "4321"}) as bank:
        client = connect(bank.device("p0"))
        client.bank = bank
        yield client


def test_a_locked_sim_asks_for_its_pin_and_does_nothing_before(locked):
    assert locked.ask("AT+CPIN?") == b"\r\n+CPIN: SIM PIN\r\n\r\nOK\r\n"
    assert locked.ask("AT+CIMI") == b"\r\n+CME ERROR: 11\r\n"
    assert locked.ask("AT+CMGL=4") == b"\r\n+CMS ERROR: 311\r\n"
    assert locked.ask("AT+CREG?") == b"\r\n+CREG: 0,0\r\n\r\nOK\r\n"


def test_the_right_pin_opens_the_sim_and_lets_texts_in(locked):
    locked.bank.text("+4917012345", "p0", "hello")
    assert locked.ask('AT+CPIN="4321"') == b"\r\nOK\r\n"
    locked.bank.wait_for("deliver")
    assert locked.ask("AT+CPIN?") == b"\r\n+CPIN: READY\r\n\r\nOK\r\n"


def test_wrong_pins_are_counted_until_the_puk_is_wanted(locked):
    assert b"SIM PIN,3,3" in locked.ask("AT+CPINR")
    assert locked.ask("AT+CPIN=1111") == b"\r\n+CME ERROR: 16\r\n"
    assert b"SIM PIN,2,3" in locked.ask("AT+CPINR")
    locked.ask("AT+CPIN=1111")
    assert locked.ask("AT+CPIN=1111") == b"\r\n+CME ERROR: 12\r\n"
    assert locked.ask("AT+CPIN?") == b"\r\n+CPIN: SIM PUK\r\n\r\nOK\r\n"
    assert locked.ask('AT+CPIN="12345678","9999"') == b"\r\nOK\r\n"
    assert b"READY" in locked.ask("AT+CPIN?")


def test_a_restart_locks_the_sim_again(locked):
    locked.ask("AT+CPIN=4321")
    assert locked.ask("AT+CFUN=1,1") == b"\r\nOK\r\n"
    locked.ask("ATE0")
    assert b"SIM PIN" in locked.ask("AT+CPIN?")


@pytest.fixture
def bank():
    with running_bank() as bank:
        yield bank


@pytest.fixture
def p0(bank, connect):
    return connect(bank.device("p0"))


def test_a_card_that_is_pulled_out_is_missed(bank, p0):
    bank.sim("p0", present=False)
    assert p0.ask("AT+CPIN?") == b"\r\n+CME ERROR: 10\r\n"
    assert p0.ask("AT+CMGS=17") == b"\r\n+CMS ERROR: 310\r\n"
    bank.sim("p0", present=True)
    assert b"READY" in p0.ask("AT+CPIN?")


def test_without_radio_nothing_goes_and_what_came_waits(bank, p0):
    p0.ask("AT+CFUN=4;+CNMI=2,1")
    bank.text("+4917012345", "p0", "hello")
    assert p0.send_pdu(HELLO) == b"\r\n+CMS ERROR: 331\r\n"
    assert p0.ask("AT+CSQ") == b"\r\n+CSQ: 99,99\r\n\r\nOK\r\n"
    p0.write("AT+CFUN=1\r")
    p0.until(rb"OK\r\n\r\n\+CMTI")


def test_signal_is_what_was_set(bank, p0):
    bank.signal("p0", 7)
    assert b"+CSQ: 7,99" in p0.ask("AT+CSQ")


def test_without_a_service_centre_nothing_is_sent(p0):
    p0.ask('AT+CSCA=""')
    assert p0.ask("AT+CSCA?") == b"\r\n+CMS ERROR: 330\r\n"
    assert p0.send_pdu(HELLO) == b"\r\n+CMS ERROR: 330\r\n"
    assert b"+CMGS" in p0.send_pdu("07919471060040F3" + HELLO[2:])
    p0.ask('AT+CSCA="+491760000443",145')
    assert b"+CMGS" in p0.send_pdu(HELLO)


def test_a_restart_forgets_settings_unless_they_were_saved(p0):
    p0.ask("AT+CMGF=1;&W")
    p0.ask("AT+CSDH=1;+CFUN=1,1")
    assert b"+CMGF: 1" in p0.ask("AT+CMGF?") and b"+CSDH: 0" in p0.ask("AT+CSDH?")
    p0.ask("AT&F")
    assert b"+CMGF: 0" in p0.ask("AT+CMGF?")


def test_the_balance_can_be_asked_for(p0):
    p0.write('AT+CUSD=1,"*100#",15\r')
    assert p0.until(rb"\+CUSD[^\r]*\r\n") == b'\r\nOK\r\n\r\n+CUSD: 0,"Your balance is 12.34 EUR.",15\r\n'


def test_an_unknown_ussd_code_is_not_supported(p0):
    p0.ask('AT+CUSD=1,"*999#"')
    p0.until(rb"\+CUSD: 4\r\n")


def test_cnmi_out_of_range_is_refused_and_changes_nothing(p0):
    assert p0.ask("AT+CNMI=2,1,0,3,0") == b"\r\n+CMS ERROR: 303\r\n"
    assert p0.ask("AT+CNMI?") == b"\r\n+CNMI: 0,0,0,0,0\r\n\r\nOK\r\n"
