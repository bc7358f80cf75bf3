"""Text mode: headers, bodies and character sets."""

import pytest

from simulator.testing import running_bank

SENDER = "+4917012345"


@pytest.fixture
def bank():
    with running_bank() as bank:
        yield bank


@pytest.fixture
def p0(bank, connect):
    client = connect(bank.device("p0"))
    client.ask("AT+CMGF=1")
    return client


def test_a_text_is_listed_with_sender_and_stamp(bank, p0):
    bank.text(SENDER, "p0", "hello")
    lines = p0.ask('AT+CMGL="ALL"').split(b"\r\n")
    assert lines[1].startswith(b'+CMGL: 1,"REC UNREAD","+4917012345",,"')
    assert lines[2] == b"hello"


def test_csdh_shows_the_details(bank, p0):
    bank.text(SENDER, "p0", "hello")
    p0.ask("AT+CSDH=1")
    head = p0.ask("AT+CMGR=1").split(b"\r\n")[1]
    assert head.endswith(b',145,4,0,0,"+491760000443",145,5')


@pytest.mark.parametrize(("charset", "shown"), [
    ("GSM", b"5\x1be \x00"), ("UCS2", b"0035" b"20AC" b"0020" b"0040"), ("HEX", b"35" b"1B65" b"20" b"00"),
    ("IRA", b"5? @"),
])
def test_the_character_set_decides_how_a_text_is_shown(bank, p0, charset, shown):
    bank.text(SENDER, "p0", "5€ @")
    p0.ask(f'AT+CSCS="{charset}"')
    assert p0.ask("AT+CMGR=1").split(b"\r\n")[2] == shown


def test_ucs2_numbers_are_hexadecimal_too(bank, p0):
    p0.ask('AT+CSCS="UCS2"')
    assert b'"' + SENDER.encode("utf-16-be").hex().upper().encode() + b'"' not in p0.ask("AT+CSCA?")
    assert b'+CSCA: "002B003400390031003700360030003000300030003400340033",145' in p0.ask("AT+CSCA?")


@pytest.mark.parametrize(("charset", "typed", "text"), [
    ("GSM", b"5\x02 \x00", "5$ @"), ("UCS2", b"04340430", "да"), ("HEX", b"351B65", "5€"), ("IRA", b"plain", "plain"),
])
def test_the_character_set_decides_how_a_typed_text_is_understood(bank, p0, charset, typed, text):
    dcs = 8 if text == "да" else 0
    p0.ask(f'AT+CSCS="{charset}";+CSMP=17,167,0,{dcs}')
    number = SENDER.encode("utf-16-be").hex().upper() if charset == "UCS2" else SENDER
    p0.ask(f'AT+CMGS="{number}"')
    p0.write(typed + b"\x1a")
    p0.until(rb"OK\r\n")
    seen = bank.wait_for("submit")[0]
    assert (seen["text"], seen["to"]) == (text, SENDER)


def test_ucs2_by_dcs_is_typed_in_hexadecimal(bank, p0):
    p0.ask("AT+CSMP=17,167,0,8")
    p0.ask(f'AT+CMGS="{SENDER}"')
    p0.write(b"04340430\x1a")
    p0.until(rb"OK\r\n")
    assert bank.wait_for("submit")[0]["text"] == "да"


def test_csmp_asks_for_the_report(bank, p0):
    p0.ask("AT+CSMP=49,167,0,0;+CNMI=2,1,0,1,0")
    p0.ask(f'AT+CMGS="{SENDER}"')
    p0.write("hi\x1a")
    p0.until(rb'\+CDS: 6,1,"\+4917012345",145,"[^"]*","[^"]*",0\r\n')


def test_a_text_too_long_for_one_message_is_refused(bank, p0):
    p0.ask(f'AT+CMGS="{SENDER}"')
    p0.write("x" * 161 + "\x1a")
    assert p0.until(rb"ERROR[^\r]*\r\n") == b"\r\n+CMS ERROR: 305\r\n"


def test_a_shown_text_in_text_mode(bank, p0):
    p0.ask("AT+CNMI=2,2")
    bank.text(SENDER, "p0", "OK thanks")
    assert p0.until(rb"thanks\r\n").startswith(b'\r\n+CMT: "+4917012345",,"')


@pytest.mark.parametrize("number", ["", "abc", "+", "1" * 21])
def test_a_number_that_is_none_gets_no_prompt(p0, number):
    assert p0.ask(f'AT+CMGS="{number}"') == b"\r\n+CMS ERROR: 305\r\n"
