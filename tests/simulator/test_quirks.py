"""The habits of firmware: each is a switch, and what it switches can be seen on the wire."""

import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from simulator import habits, personality, quirks
from simulator.testing import running_bank

SENDER = "+4917012345"
HELLO = "0021000A919471103254000005E8329BFD06"

# Quirk, what is typed, what must be in the answer.
ANSWERS = [
    ("no-ds2", "AT+CNMI=2,1,0,2,0", b"+CMS ERROR: 303"), ("no-ds1", "AT+CNMI=2,1,0,1,0", b"+CMS ERROR: 303"),
    ("no-reports", "AT+CNMI=2,1,0,1,1", b"+CMS ERROR: 303"), ("no-mode-2", "AT+CNMI=2,2,0,0,0", b"+CMS ERROR: 303"),
    ("bfr-1", "AT+CNMI=2,1,0,0,0", b"+CMS ERROR: 303"), ("bfr-1", 'AT+CPMS="SM","SM","ME"', b"+CMS ERROR: 302"),
    ("no-cmms-2", "AT+CMMS=2", b"+CMS ERROR: 500"), ("ussd-needs-gsm", 'AT+CSCS="UCS2";+CUSD=1,"*100#"', b"ERROR"),
    ("ussd-mode-first", 'AT+CUSD=1,"*100#",15', b"ERROR"), ("no-texts", "AT+CMGF=0", b"ERROR"),
    ("starts-without-radio", "AT+CPIN?", b"+CME ERROR: 13"), ("starts-without-radio", "AT+CFUN?", b"+CFUN: 0"),
    ("me-store", "AT+CPMS?", b'"ME",0'), ("cmgd-claims-4095", "AT+CMGD=?", b"(1-4095)"),
    ("command-not-support", "AT+FOO", b"COMMAND NOT SUPPORT"), ("no-stores", "AT+CPMS=?", b"+CPMS: (),(),()"),
    ("no-cmgl", "AT+CMGL=4", b"ERROR"), ("test-lists", "AT+CVHU=0", b"+CVHU: (0-1)"), ("ssmss", "AT^SSMSS=1", b"OK"),
    ("empty-slot-ok", "AT+CMGR=1", b"\r\nOK\r\n"), ("empty-slot-zeros", "AT+CMGR=1", b"+CMGR: 0,,0"),
    ("empty-slot-321", "AT+CMGR=1", b"+CMS ERROR: 321"), ("empty-slot-error", "AT+CMGR=1", b"\r\nERROR"),
    ("dummy-records", 'AT+CPMS="ME";+CMGL=4', b"FFFFFFFF"), ("lte-only", "AT+CREG?", b"+CREG: 0,2"),
    ("lte-only", "AT+CEREG?", b"+CEREG: 0,1"), ("blank-lines", "AT+CSQ", b"\r\n+CSQ: 20,99\r\n\r\n\r\nOK\r\n"),
]
# Quirk, settings, what a text from outside looks like then.
NEWS = [
    ("index-0", "AT+CNMI=2,1", rb'\+CMTI: "SM",0\r\n'), ("says-sm", 'AT+CPMS="ME","ME","ME";+CNMI=2,1', rb'\+CMTI: "SM",1\r\n'),
    ("blank-lines", "AT+CNMI=2,2", rb"\+CMT: ,23\r\n\r\n07"),
    ("full-year", "AT+CMGF=1;+CNMI=2,2", rb'\+CMT: "\+4917012345",,"20\d\d/'),
    ("no-stored-centre", "AT+CNMI=2,1", rb"\+CMTI"),
]


@pytest.fixture
def quirky(connect):
    """A client of a modem with one quirk: quirky(name) is bank and client."""
    banks = []

    def made(name: str, quiet: bool = True, **plan):
        context = running_bank(quirks=(name,), **plan)
        banks.append(context)
        bank = context.__enter__()
        return bank, connect(bank.device("p0"), quiet=quiet)

    yield made
    for context in reversed(banks):
        context.__exit__(None, None, None)


@pytest.mark.parametrize(("name", "typed", "answer"), ANSWERS)
def test_a_quirk_shows_in_an_answer(quirky, name, typed, answer):
    _, client = quirky(name)
    assert answer in client.ask(typed)


@pytest.mark.parametrize(("name", "settings", "news"), NEWS)
def test_a_quirk_shows_in_news(quirky, name, settings, news):
    bank, client = quirky(name)
    assert b"OK" in client.ask(settings)
    bank.text(SENDER, "p0", "hello")
    client.until(news)


@pytest.mark.parametrize(("name", "shown"), [
    ("ussd-packed", rb'\+CUSD: 0,"D977'), ("ussd-ucs2", rb'\+CUSD: 0,"0059006F[0-9A-F]+",72'),
    ("ussd-lies", rb'\+CUSD: 0,"0059006F[0-9A-F]+",7\r'), ("ussd-split", rb'\+CUSD: 0,"Your\r\nbalance'),
    ("ussd-doubled", rb"\+CUSD: 0[^\r]*\r\n\r\n\+CUSD: 0"), ("ussd-empty", rb'\+CUSD: 0,""\r'),
    ("ussd-early", rb"\+CUSD: 0[^\r]*\r\n\r\nOK\r\n"),
])
def test_the_coding_matrix_of_ussd(quirky, name, shown):
    _, client = quirky(name)
    client.write('AT+CUSD=1,"AA180C3602",15\r' if name == "ussd-packed" else 'AT+CUSD=1,"*100#",15\r')
    client.until(shown)


def test_ussd_is_plain_text_after_its_mode_was_set(quirky):
    _, client = quirky("ussd-mode-first")
    client.ask("AT^USSDMODE=0")
    client.ask('AT+CUSD=1,"*100#",15')
    client.until(rb'\+CUSD: 0,"Your balance')


@pytest.mark.parametrize(("name", "command"), [("cpin-without-ok", "AT+CPIN?"), ("cpms-without-ok", 'AT+CPMS="SM"')])
def test_an_answer_without_ok_is_followed_by_the_next(quirky, name, command):
    _, client = quirky(name)
    client.write(f"{command}\rAT+CSQ\r")
    assert client.until(rb"OK\r\n").count(b"+C") == 2


def test_cops_0_twice_is_never_answered(quirky):
    bank, client = quirky("cops-0-hangs", quiet=False)
    client.write("AT+COPS=0\rAT\r")
    client.until(rb"COPS=0\r")
    bank.reset("p0")
    assert client.ask("AT").startswith(b"AT\r")


def test_stored_reports_have_a_prefix(quirky):
    _, client = quirky("report-prefix")
    client.ask("AT+CNMI=2,1,0,2")
    client.send_pdu(HELLO)
    client.until(rb"\+CDSI")
    client.ask('AT+CPMS="SR"')
    assert b"\r\n000000FF0007" in client.ask("AT+CMGR=1")


def test_two_commands_are_busy_after_a_restart(quirky):
    _, client = quirky("busy-after-start")
    client.ask("AT+CFUN=1,1")
    client.ask("ATE0+CMEE=1")
    assert [b"515" in client.ask("AT+CSQ") for _ in range(3)] == [True, True, False]


def test_a_text_that_comes_in_ends_the_send(quirky):
    bank, client = quirky("collision", latency=0.2, quiet=False)
    client.ask("AT+CMEE=1")
    assert client.ask("AT+CMGS=17").endswith(b"> ")
    client.write(HELLO + "\x1a")
    client.until(HELLO.encode())  # The echo: the payload is there.
    bank.text(SENDER, "p0", "collision")
    client.until(rb"\+CMS ERROR: 512\r\n")
    assert not bank.journal(kind="submit")


def test_it_is_deaf_while_it_searches_and_dead_after_cfun(quirky):
    bank, client = quirky("deaf-while-searching")
    bank.registration("p0", 2)
    client.write("AT\r")
    bank.registration("p0", 1)
    assert client.says_nothing_but_ok()
    bank.registration("p0", 3)
    client.write("AT+CFUN=1\r")
    client.write("AT\r")
    bank.registration("p0", 1)
    assert bank.state("p0")["plugged"]


def test_autobaud_loses_the_lines_of_the_start(quirky):
    bank, client = quirky("autobaud", family="sim800", quiet=False)
    bank.signal("p0", 12)
    assert client.ask("AT") == b"AT\r\r\nOK\r\n"
    client.ask("ATE0+IPR=115200;&W")
    bank.reset("p0")
    client.until(rb"RDY\r\n")


@pytest.mark.parametrize("name", ["texts-need-no-word", "reports-need-no-word"])
def test_what_needs_no_word_gets_340(quirky, name):
    bank, client = quirky(name)
    client.ask("AT+CSMS=1;+CNMI=2,2,0,1,0")
    if name == "texts-need-no-word":
        bank.text(SENDER, "p0", "hello")
        client.until(rb"\+CMT: [^\r]*\r\n[^\r]*\r\n")
    else:
        client.send_pdu(HELLO)
        client.until(rb"\+CDS: [^\r]*\r\n[^\r]*\r\n")
    assert client.ask("AT+CNMA") == b"\r\n+CMS ERROR: 340\r\n"


def test_the_first_part_takes_the_others_with_it(quirky):
    bank, client = quirky("deletes-whole-texts")
    assert bank.text(SENDER, "p0", "long " * 60) == 2
    client.ask("AT+CMGD=1")
    assert client.ask("AT+CMGL=4") == b"\r\nOK\r\n"


def test_a_push_blocks_until_it_is_deleted(quirky):
    bank, client = quirky("push-blocks")
    client.ask("AT+CNMI=2,1")
    bank.text(SENDER, "p0", "00", dcs=4)
    client.until(rb'\+CMTI: "SM",1\r\n')
    bank.text(SENDER, "p0", "behind it")
    bank.wait_for("held")
    client.ask("AT+CMGD=1")
    client.until(rb'\+CMTI: "SM",1\r\n')


def test_an_unfinished_text_is_refused(quirky):
    _, client = quirky("prompt-ends-350")
    client.ask("AT+CMGS=17")
    client.until(rb"\+CMS ERROR: 350\r\n")
    assert client.says_nothing_but_ok()


def test_cfun_4_waits_for_the_sim(quirky):
    _, client = quirky("cfun-4-needs-sim", boot=50.0)
    assert client.ask("AT+CFUN=4") == b"\r\n+CME ERROR: 3\r\n"


def test_the_first_list_is_empty(quirky):
    bank, client = quirky("first-list-empty")
    bank.text(SENDER, "p0", "hello")
    assert [b"+CMGL" in client.ask("AT+CMGL=4") for _ in range(2)] == [False, True]


def test_texts_are_found_after_the_stores_were_cycled(quirky):
    bank, client = quirky("cpms-cycle")
    client.ask('AT+CPMS="ME","ME","ME"')
    bank.text(SENDER, "p0", "hello")
    found = [b"+CMGL" in client.ask("AT+CMGL=4")]
    for store in ("ME", "MT", "SM", "ME"):
        client.ask(f'AT+CPMS="{store}"')
    found.append(b"+CMGL" in client.ask("AT+CMGL=4"))
    assert found == [False, True]


def test_it_restarts_when_disturbed_after_the_pin(quirky):
    bank, client = quirky("fragile-after-pin", pins={"p0": "1234"}, boot=0.5)
    client.ask('AT+CPIN="1234"')
    client.write("AT\r")
    bank.wait_for("reset", port="p0")


def test_it_dies_of_a_command(quirky):
    bank, client = quirky("getportmode-crashes", quiet=False)
    client.write("AT^GETPORTMODE\r")
    bank.signal("p0", 7)
    while bank.state("p0")["silent"] != "mute":
        assert bank.state("p0")["plugged"]
    client.until(rb"PORTMODE\r")
    bank.reset("p0")
    assert client.ask("AT").startswith(b"AT\r")


def test_a_long_ucs2_text_restarts_it(quirky):
    bank, client = quirky("long-ucs2-crashes")
    client.ask('AT+CMGF=1;+CSMP=17,167,0,8;+CSCS="UCS2"')
    client.ask('AT+CMGS="002B0034"')
    client.write("0041" * 134 + "\x1a")
    bank.wait_for("reset", port="p0")


def test_a_sim_that_was_missing_is_not_found_again(quirky):
    bank, client = quirky("sim-needed-at-start")
    bank.sim("p0", False)
    bank.reset("p0")
    bank.sim("p0", True)
    client.ask("ATE0+CMEE=1")
    assert b"+CME ERROR: 10" in client.ask("AT+CPIN?")
    bank.reset("p0")
    client.ask("ATE0+CMEE=1")
    assert b"+CPIN: READY" in client.ask("AT+CPIN?")


def test_chatter_ends_with_curc(quirky):
    _, client = quirky("chatter", speed=0.01)
    client.until(rb"\^RSSI:20\r\n")
    assert client.ask("AT^CURC=0").endswith(b"OK\r\n")
    assert b"^CURC: 0" in client.ask("AT^CURC?")


def test_a_flood_ends_with_cpms(quirky):
    _, client = quirky("flood", speed=0)
    client.until(rb"\+ZUSIMR:2\r\n")
    assert b"OK" in client.ask("AT+CPMS?")


def test_every_row_of_the_list_of_quirks_is_a_switch_or_explained():
    switches = {row for quirk in quirks.LIST.values() for row in quirk.rows}
    table = (Path(quirks.__file__).parent / "README.md").read_text(encoding="utf-8").split("## The list of quirks")[1]
    explained = {int(row) for line in table.splitlines() if (match := re.match(r"\| ([\d, ]+) \|", line))
                 for row in match[1].split(",")}
    assert switches | explained == set(range(1, 84))


def test_a_shown_report_has_a_comma(quirky):
    _, client = quirky("cds-comma")
    client.ask("AT+CNMI=2,1,0,1")
    client.send_pdu(HELLO)
    client.until(rb"\+CDS: ,24\r\n")


def test_csmp_forgets_the_service_centre(quirky):
    _, client = quirky("csmp-clears-centre")
    client.ask("AT+CSMP=49,167,0,0")
    assert client.send_pdu(HELLO) == b"\r\n+CMS ERROR: 330\r\n"


def test_texts_are_late_after_the_sim(quirky):
    # The SIM is there after 1 s, texts 5 s later; ten times as fast.
    bank, client = quirky("texts-late", boot=1.0, speed=0.1)
    while b"READY" not in client.ask("AT+CPIN?"):
        assert bank.state("p0")["plugged"]
    assert client.ask("AT+CMGL=4") == b"\r\n+CMS ERROR: 314\r\n"


def test_a_command_too_soon_after_a_final_code_is_lost(quirky):
    bank, client = quirky("guard-20-ms", quiet=False)
    # Both arrive at once: the second follows the final code of the first within no time.
    client.write("ATE0\rAT+CSQ\r")
    client.until(rb"OK\r\n")
    bank.say("p0", "MARK")
    assert b"CSQ" not in client.until(rb"MARK\r\n")


def test_the_radio_is_late(quirky):
    _, client = quirky("slow-radio", boot=1.0)
    client.ask("AT+CFUN=0")
    assert client.ask("AT+CFUN=1") == b"\r\nOK\r\n"
    assert b"+CFUN: 0" in client.ask("AT+CFUN?")


@pytest.mark.parametrize("name", ["slow-reader", "very-slow-reader"])
def test_what_comes_too_fast_is_lost(quirky, name):
    bank, client = quirky(name, quiet=False)
    client.write("A" * 100 + "\r")
    bank.signal("p0", 3)
    assert len(client.until(rb"A+")) < 100


@pytest.mark.parametrize(("name", "quiet_before", "heard"), [
    ("sleeps", 1.0, [b"AT\r", b"AT\r"]), ("sleeps", 3.0, [b"", b"AT\r"]), ("deaf-after-start", 3.0, [b"", b""]),
    ("deaf-after-start", 30.0, [b"AT\r", b"AT\r"]),
])
def test_it_does_not_hear_everything(monkeypatch, name, quiet_before, heard):
    modem = SimpleNamespace(personality=quirks.given(personality.load("generic"), name), boot_scale=1.0)
    now = iter([0.0, quiet_before, quiet_before + 0.01])
    monkeypatch.setattr(habits, "_now", lambda: next(now))
    firmware = habits.Habits(modem)
    firmware.start()
    assert [firmware.typed(b"AT\r") for _ in range(2)] == heard


def test_everything_is_echoed_twice(quirky):
    _, client = quirky("echo-twice", quiet=False)
    assert client.ask("AT") == b"AT\rAT\r\r\nOK\r\n"


def test_a_call_keeps_texts_from_being_sent(quirky):
    bank, client = quirky("calls-block-texts")
    bank.call("p0", SENDER)
    client.until(rb"RING\r\n")
    assert client.ask("AT+CMGS=17") == b"\r\n+CMS ERROR: 302\r\n"
    client.ask("ATH")
    assert client.ask("AT+CMGS=17").endswith(b"> ")


def test_a_store_that_is_full_is_announced(quirky):
    bank, client = quirky("full-notice")
    client.ask("AT+CNMI=2,1")
    bank.fault("p0", "sim-full")
    bank.text(SENDER, "p0", "too much")
    client.until(rb'\^SMMEMFULL: "SM"\r\n')


def test_a_quirk_can_come_later(connect):
    with running_bank() as bank:
        client = connect(bank.device("p0"))
        bank.quirk("p0", "command-not-support")
        assert b"COMMAND NOT SUPPORT" in client.ask("AT+FOO")
        with pytest.raises(KeyError, match="no quirk 'odd'"):
            bank.quirk("p0", "odd")
