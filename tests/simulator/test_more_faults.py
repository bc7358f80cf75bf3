"""The faults of line, power, SIM and store: each does what its sentence says."""

import pytest

from simulator import control
from simulator.testing import running_bank

SENDER = "+4917012345"
HELLO = "0021000A919471103254000005E8329BFD06"


@pytest.fixture
def bank():
    with running_bank() as bank:
        yield bank


@pytest.fixture
def p0(bank, connect):
    client = connect(bank.device("p0"))
    client.ask("AT+CNMI=2,1,0,1,0")
    return client


def test_no_answer_once(bank, p0):
    bank.fault("p0", "no-answer")
    p0.write("AT+CSQ\r")
    assert p0.ask("AT") == b"\r\nOK\r\n"


def test_a_hung_modem_still_says_news(bank, p0):
    bank.fault("p0", "hang")
    p0.write("AT+CSQ\r")
    bank.text(SENDER, "p0", "hello")
    assert p0.until(rb"\+CMTI[^\r]*\r\n") == b'\r\n+CMTI: "SM",1\r\n'
    assert bank.state("p0")["silent"] == "hang"
    bank.release("p0", "hang")
    assert p0.says_nothing_but_ok()


def test_it_can_hang_with_the_payload_in_hand(bank, p0):
    bank.fault("p0", "hang", when="payload")
    p0.ask("AT+CMGS=17")
    p0.write(HELLO + "\x1a")
    bank.wait_for("submit")
    assert p0.until(rb"\+CDS: 24\r\n[^\r]*\r\n").count(b"+CMGS") == 0


def test_a_command_can_be_refused(bank, p0):
    bank.fault("p0", "refuse-command", command="+CMGL", code=604)
    assert p0.ask("AT+CSQ").endswith(b"OK\r\n")
    assert p0.ask("AT+CMGL=4") == b"\r\n+CMS ERROR: 604\r\n"
    assert p0.ask("AT+CMGL=4") == b"\r\nOK\r\n"


def test_a_delete_can_fail(bank, p0):
    bank.text(SENDER, "p0", "hello")
    p0.until(rb"\+CMTI[^\r]*\r\n")
    bank.fault("p0", "delete-fails")
    assert p0.ask("AT+CMGD=1") == b"\r\n+CMS ERROR: 500\r\n"
    assert b"+CMGL: 1" in p0.ask("AT+CMGL=4")
    assert p0.ask("AT+CMGD=1") == b"\r\nOK\r\n"


def test_a_late_prompt_comes(bank, p0):
    bank.fault("p0", "late-prompt", seconds=0.02)
    assert p0.ask("AT+CMGS=17") == b"\r\n> "
    p0.write(HELLO + "\x1a")
    p0.until(rb"\+CMGS: 1\r\n")


def test_a_stuck_prompt_is_left_by_escape_alone(bank, p0):
    bank.fault("p0", "stuck-prompt")
    p0.ask("AT+CMGS=17")
    for _ in range(2):
        p0.write(HELLO + "\x1a")
        p0.until(rb"\r\n> $")
    p0.write("\x1b")
    assert p0.until(rb"OK\r\n") == b"\r\nOK\r\n"
    assert not bank.journal(kind="submit")
    assert b"+CMGS: 1" in p0.send_pdu(HELLO)


def test_the_echo_comes_back(bank, p0):
    bank.fault("p0", "echo-returns")
    assert p0.ask("AT") == b"AT\r\r\nOK\r\n"


def test_bytes_of_an_answer_are_lost(bank, p0):
    bank.fault("p0", "dropped-bytes", count=3)
    p0.write("AT+CSQ\rAT\r")
    assert len(p0.until(rb"[^C]\r\nOK\r\n\r\nOK\r\n|OK\r\n.*OK\r\n|\r\nOK\r\n$")) < len(b"\r\n+CSQ: 20,99\r\n\r\nOK\r\n\r\nOK\r\n")


def test_a_slow_line_gives_everything_in_the_end(bank, p0):
    bank.fault("p0", "slow-line", rate=400.0)
    assert p0.ask("AT+CSQ") == b"\r\n+CSQ: 20,99\r\n\r\nOK\r\n"
    p0.write("AT+CGMM\r")
    bank.release("p0", "slow-line")
    p0.until(rb"\r\nOK\r\n")


def test_a_brown_out_has_words_and_ends_in_a_restart(bank, p0):
    bank.fault("p0", "brown-out", when="payload")
    p0.ask("AT+CMGS=17")
    p0.write(HELLO + "\x1a")
    p0.until(rb"UNDER-VOLTAGE WARNNING\r\n\r\nUNDER-VOLTAGE POWER DOWN\r\n")
    bank.wait_for("reset")
    assert not bank.journal(kind="submit")
    assert p0.ask("AT").startswith(b"AT\r")


def test_a_modem_that_powers_down_says_so_and_comes_back(bank, p0):
    modem = bank._bank.modem("p0")
    state = bank.on_loop(lambda: (control.arm(modem, "power-down", seconds=0.05), control.show(modem))[1])
    assert state["plugged"] and not state["powered"]
    p0.until(rb"NORMAL POWER DOWN\r\n")
    bank.wait_for("reset")
    assert p0.ask("AT").startswith(b"AT\r")


def test_a_modem_that_is_off_is_plugged_in_again(bank, p0):
    assert p0.ask("AT+CPOF").startswith(b"\r\nOK\r\n")
    bank.wait_for("off")
    bank.plug("p0")
    p0.left = b""
    assert p0.ask("AT").endswith(b"AT\r\r\nOK\r\n")


def test_the_sim_goes_and_comes(bank, p0):
    bank.fault("p0", "sim-removed")
    assert p0.ask("AT+CPIN?") == b"\r\n+CME ERROR: 10\r\n"
    assert p0.ask("AT+CMGL=4") == b"\r\n+CMS ERROR: 310\r\n"
    bank.fault("p0", "sim-inserted")
    assert b"+CPIN: READY" in p0.ask("AT+CPIN?")
    bank.fault("p0", "sim-removed", seconds=0.01)
    bank.text(SENDER, "p0", "waits for the card")
    p0.until(rb"\+CMTI")


def test_the_backlog_of_a_full_sim_is_released_later(bank, p0):
    modem = bank._bank.modem("p0")
    bank.on_loop(lambda: (control.arm(modem, "sim-full", seconds=0.05), bank._bank.text(SENDER, "p0", "backlog")))
    bank.wait_for("held", why="store full")
    p0.until(rb'\+CMTI: "SM",1\r\n')


@pytest.mark.parametrize(("name", "news"), [
    ("index-lost", rb'\+CMTI: "SM",-1\r\n'), ("full-notice", rb'\^SMMEMFULL: "SM"\r\n'),
    ("announced-twice", rb'\+CMTI: "SM",1\r\n\r\n\+CMTI: "SM",1\r\n'),
])
def test_a_text_is_announced_wrongly(bank, p0, name, news):
    bank.fault("p0", name)
    bank.text(SENDER, "p0", "hello")
    p0.until(news)
    assert p0.ask("AT+CMGL=4").count(b"+CMGL") == 1


@pytest.mark.parametrize("moment", ["now", "news", "command"])
def test_cnmi_falls_to_zero_in_silence(bank, p0, moment):
    bank.fault("p0", "cnmi-reset", when=moment)
    if moment == "news":
        bank.text(SENDER, "p0", "nobody is told")
        bank.wait_for("deliver")
    assert p0.ask("AT+CNMI?") == b"\r\n+CNMI: 0,0,0,0,0\r\n\r\nOK\r\n"


def test_the_fault_of_one_modem_is_no_fault_of_another(connect):
    with running_bank(ports=2) as bank:
        bank.fault("p0", "hang")
        assert connect(bank.device("p1")).says_nothing_but_ok()
