"""What goes over the wire octet by octet: framing, echo, prompt, command lines."""

import pytest

from simulator.testing import running_bank

HEY_YO = "0021000B914356143254F6000006E8721E947F03"


@pytest.fixture(scope="module")
def bank():
    with running_bank(ports=1) as bank:
        yield bank


@pytest.fixture
def raw(bank, connect):
    client = connect(bank.device("p0"), quiet=False)
    client.ask("ATZ")
    client.left = b""
    return client


def test_a_command_is_echoed_and_answered_in_frames(raw):
    assert raw.ask("AT+CSQ") == b"AT+CSQ\r\r\n+CSQ: 20,99\r\n\r\nOK\r\n"


def test_the_command_that_turns_the_echo_off_is_still_echoed(raw):
    assert raw.ask("ATE0") == b"ATE0\r\r\nOK\r\n"
    assert raw.ask("AT") == b"\r\nOK\r\n"


def test_a_line_feed_after_the_carriage_return_does_no_harm(raw):
    raw.ask("ATE0")
    raw.write("AT\r\nAT\r\n")
    assert raw.until(rb"OK\r\n") + raw.until(rb"OK\r\n") == b"\r\nOK\r\n" * 2
    assert raw.says_nothing_but_ok()


def test_numeric_answers_end_with_a_carriage_return_alone(raw):
    raw.ask("ATE0")
    raw.write("ATV0\r")
    raw.until(rb"^0\r")
    raw.write("AT+CSQ\r")
    assert raw.until(rb"0\r$") == b"+CSQ: 20,99\r\n0\r"
    raw.write("AT+NONSENSE\r")
    assert raw.until(rb"4\r$") == b"4\r"
    assert raw.ask("ATV1") == b"\r\nOK\r\n"


def test_no_final_code_after_atq1(raw):
    raw.ask("ATE0")
    raw.write("ATQ1\rAT+CSQ\rATQ0\r")
    assert raw.until(rb"OK\r\n") == b"\r\n+CSQ: 20,99\r\n\r\nOK\r\n"


def test_small_letters_and_blanks_are_understood(raw):
    assert b"+CSQ: 20,99" in raw.ask("at +csq")


def test_several_commands_in_one_line_have_one_final_code(raw):
    raw.ask("ATE0")
    assert raw.ask("AT+CMGF=0;+CSQ;+CMGF?") == b"\r\n+CSQ: 20,99\r\n\r\n+CMGF: 0\r\n\r\nOK\r\n"


def test_commands_behind_a_failing_one_are_dropped(raw):
    raw.ask("ATE0")
    assert raw.ask("AT+CSQ;+NONSENSE;+CMGF=1") == b"\r\n+CSQ: 20,99\r\n\r\nERROR\r\n"
    assert b"+CMGF: 0" in raw.ask("AT+CMGF?")


def test_basic_commands_stand_side_by_side(raw):
    assert raw.ask("ATE0V1Q0X4&C1&D2S0=0+CMEE=1") == b"ATE0V1Q0X4&C1&D2S0=0+CMEE=1\r\r\nOK\r\n"


@pytest.mark.parametrize(("level", "answer"), [
    (0, b"\r\nERROR\r\n"), (1, b"\r\n+CME ERROR: 50\r\n"), (2, b"\r\n+CME ERROR: incorrect parameters\r\n"),
])
def test_errors_are_worded_by_cmee(raw, level, answer):
    raw.ask(f"ATE0+CMEE={level}")
    assert raw.ask('AT+CSCS="KLINGON"') == answer


def test_message_errors_are_worded_by_cmee(raw):
    raw.ask("ATE0+CMEE=2")
    assert raw.ask("AT+CMGR=30") == b"\r\n+CMS ERROR: invalid memory index\r\n"


def test_a_line_without_at_is_noise(raw):
    raw.ask("ATE0")
    raw.write("hello\r")
    assert raw.says_nothing_but_ok()


def test_backspace_takes_a_letter_back(raw):
    raw.ask("ATE0")
    assert raw.ask("AT+CSX\bQ") == b"\r\n+CSQ: 20,99\r\n\r\nOK\r\n"


def test_the_prompt_is_four_octets_and_the_payload_is_echoed(raw):
    raw.write("AT+CMGS=19\r")
    assert raw.until(rb"> $") == b"AT+CMGS=19\r\r\n> "
    raw.write(HEY_YO + "\x1a")
    assert raw.until(rb"OK\r\n").startswith(HEY_YO.encode() + b"\r\n+CMGS: ")


def test_escape_at_the_prompt_sends_nothing(bank, raw):
    raw.ask("ATE0")
    before = bank.last()
    raw.ask("AT+CMGS=19")
    raw.write(HEY_YO[:20] + "\x1b")
    assert raw.until(rb"OK\r\n") == b"\r\nOK\r\n"
    assert bank.last() == before


def test_escape_and_noise_before_a_command_are_forgotten(raw):
    raw.ask("ATE0")
    raw.write(b"\x1b\r\x1a\rgarbage\x1bAT+CSQ\r")
    assert raw.until(rb"OK\r\n") == b"\r\n+CSQ: 20,99\r\n\r\nOK\r\n"


def test_each_carriage_return_in_text_mode_brings_a_new_prompt(bank, raw):
    raw.ask("ATE0+CMGF=1")
    before = bank.last()
    raw.ask('AT+CMGS="+4917012345"')
    raw.write("one\rtwo\r")
    assert raw.until(rb"> \r\n> $") == b"\r\n> \r\n> "
    raw.write("three\x1a")
    assert b"+CMGS: " in raw.until(rb"OK\r\n")
    assert bank.wait_for("submit", since=before)[0]["text"] == "one\ntwo\nthree"


@pytest.mark.parametrize("cut", [1, 2, 3, 7])
def test_a_dialogue_in_small_pieces_is_the_same_dialogue(raw, cut):
    raw.ask("ATE0")
    typed = f"AT+CMGS=19\r{HEY_YO}\x1a"
    for start in range(0, len(typed), cut):
        raw.write(typed[start:start + cut])
    assert raw.until(rb"\+CMGS: \d+\r\n\r\nOK\r\n").startswith(b"\r\n> \r\n+CMGS: ")


def test_commands_typed_ahead_are_answered_in_order(raw):
    raw.ask("ATE0")
    raw.write("AT+CSQ\rAT+CMGF?\rAT\r")
    raw.until(rb"CSQ: 20,99\r\n\r\nOK\r\n\r\n\+CMGF: 0\r\n\r\nOK\r\n\r\nOK\r\n")


@pytest.mark.parametrize(("length", "pdu"), [
    (20, HEY_YO), (18, HEY_YO), (19, HEY_YO[:-1]), (19, "ZZ" + HEY_YO[2:]), (19, "00" + "FF" * 19), (19, ""),
])
def test_a_pdu_that_cannot_be_right_is_refused(bank, raw, length, pdu):
    raw.ask("ATE0+CMEE=1")
    before = bank.last()
    raw.ask(f"AT+CMGS={length}")
    raw.write(pdu + "\x1a")
    assert raw.until(rb"\r\n\+CMS[^\r]*\r\n") == b"\r\n+CMS ERROR: 304\r\n"
    assert bank.last() == before


def test_a_length_outside_7_to_164_gets_no_prompt(raw):
    raw.ask("ATE0+CMEE=1")
    assert raw.ask("AT+CMGS=6") == raw.ask("AT+CMGS=165") == raw.ask("AT+CMGS=") == b"\r\n+CMS ERROR: 304\r\n"
