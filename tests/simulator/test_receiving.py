"""How a received text or report reaches the client: stored, shown, acknowledged, kept back."""

import pytest

from simulator.testing import running_bank

SENDER = "+4917012345"
HELLO = "0021000A919471103254000005E8329BFD06"


@pytest.fixture
def bank():
    with running_bank(ack_seconds=60) as bank:
        yield bank


@pytest.fixture
def hasty():
    """A bank whose modems hardly wait for an acknowledgement."""
    with running_bank(ack_seconds=0.05) as bank:
        yield bank


@pytest.fixture
def p0(bank, connect):
    return connect(bank.device("p0"))


def test_without_cnmi_a_text_is_stored_in_silence(bank, p0):
    bank.text(SENDER, "p0", "hello")
    assert p0.says_nothing_but_ok()
    assert b"+CMGL: 1,0,," in p0.ask("AT+CMGL=4")


def test_mt_1_stores_and_tells(bank, p0):
    p0.ask("AT+CNMI=2,1")
    bank.text(SENDER, "p0", "hello")
    assert p0.until(rb'\+CMTI: "SM",1\r\n') == b'\r\n+CMTI: "SM",1\r\n'


def test_mem3_decides_where_a_text_goes(bank, p0):
    p0.ask('AT+CNMI=2,1;+CPMS="ME","SM","ME"')
    bank.text(SENDER, "p0", "hello")
    p0.until(rb'\+CMTI: "ME",1\r\n')
    assert b"+CPMS: \"ME\",1,100,\"SM\",0,30,\"ME\",1,100" in p0.ask("AT+CPMS?")


def test_mt_2_shows_and_keeps_nothing(bank, p0):
    p0.ask("AT+CNMI=2,2")
    bank.text(SENDER, "p0", "hello")
    # 24 octets: 04, sender, PID, DCS, stamp, 05, five septets of "hello".
    shown = p0.until(rb"\+CMT: ,23\r\n[0-9A-F]+\r\n")
    assert shown.endswith(b"05E8329BFD06\r\n")
    assert p0.ask("AT+CMGL=4") == b"\r\nOK\r\n"


def test_class_2_is_stored_even_with_mt_2_and_class_3_alone_is_shown_with_mt_3(bank, p0):
    p0.ask("AT+CNMI=2,2")
    bank.text(SENDER, "p0", "for the SIM", 0xF2)
    p0.until(rb"\+CMTI")
    p0.ask("AT+CNMI=2,3")
    bank.text(SENDER, "p0", "for the TE", 0xF3)
    p0.until(rb"\+CMT: ,")
    bank.text(SENDER, "p0", "for anyone")
    p0.until(rb"\+CMTI")


def test_mode_0_keeps_news_back_until_the_mode_changes(bank, p0):
    p0.ask("AT+CNMI=0,1,0,0,0")
    bank.text(SENDER, "p0", "hello")
    assert p0.says_nothing_but_ok()
    p0.write("AT+CNMI=2,1,0,0,0\r")
    assert p0.until(rb"\+CMTI[^\r]*\r\n") == b'\r\nOK\r\n\r\n+CMTI: "SM",1\r\n'


def test_bfr_1_drops_what_was_kept_back(bank, p0):
    p0.ask("AT+CNMI=0,1,0,0,0")
    bank.text(SENDER, "p0", "hello")
    p0.ask("AT+CNMI=2,1,0,0,1")
    assert p0.says_nothing_but_ok()


def test_news_waits_for_the_answer_in_progress(bank, p0):
    bank.network(latency=0.05)
    p0.ask("AT+CNMI=2,1")
    p0.ask("AT+CMGS=17")
    p0.write(HELLO + "\x1a")
    bank.text(SENDER, "p0", "hello")
    assert p0.until(rb"\+CMTI[^\r]*\r\n") == b'\r\n+CMGS: 1\r\n\r\nOK\r\n\r\n+CMTI: "SM",1\r\n'


def test_news_waits_while_the_prompt_is_shown(bank, p0):
    p0.ask("AT+CNMI=2,1")
    p0.ask("AT+CMGS=17")
    bank.text(SENDER, "p0", "hello")
    bank.wait_for("deliver")
    assert p0.left == b""
    p0.write(b"\x1b")
    p0.until(rb"\+CMTI")


def test_phase_2_plus_waits_for_the_acknowledgement_of_each_text(bank, p0):
    p0.ask("AT+CSMS=1;+CNMI=2,2")
    bank.text(SENDER, "p0", "one")
    bank.text(SENDER, "p0", "two")
    p0.until(rb"\+CMT: ,\d+\r\n[0-9A-F]+\r\n")
    assert bank.journal(kind="deliver") == []
    assert p0.ask("AT+CNMA") == b"\r\nOK\r\n"
    p0.until(rb"\+CMT: ,\d+\r\n[0-9A-F]+\r\n")
    assert p0.ask("AT+CNMA=0") == b"\r\nOK\r\n"
    assert [entry["text"] for entry in bank.journal(kind="deliver")] == ["one", "two"]


def test_an_acknowledgement_nobody_asked_for_is_refused(bank, p0):
    assert p0.ask("AT+CNMA") == b"\r\n+CMS ERROR: 340\r\n"


def test_a_missed_acknowledgement_deafens_the_modem_and_the_text_comes_again(hasty, connect):
    p0 = connect(hasty.device("p0"))
    p0.ask("AT+CSMS=1;+CNMI=2,2,0,1,0")
    hasty.text(SENDER, "p0", "urgent")
    p0.until(rb"\+CMT: ,\d+\r\n[0-9A-F]+\r\n")
    hasty.wait_for("unacknowledged")
    assert b"+CNMI: 2,0,0,0,0" in p0.ask("AT+CNMI?")
    # With mt=0 the next attempt is stored, and nobody is told.
    assert hasty.wait_for("deliver")[0]["how"] == "stored"
    assert p0.says_nothing_but_ok()


def test_a_late_acknowledgement_is_refused(hasty, connect):
    p0 = connect(hasty.device("p0"))
    p0.ask("AT+CSMS=1;+CNMI=2,2")
    hasty.text(SENDER, "p0", "urgent")
    hasty.wait_for("unacknowledged")
    p0.until(rb"\+CMT: ,\d+\r\n[0-9A-F]+\r\n")
    assert p0.ask("AT+CNMA") == b"\r\n+CMS ERROR: 340\r\n"


def test_a_rejected_text_comes_again(bank, p0):
    p0.ask("AT+CSMS=1;+CNMI=2,2")
    bank.text(SENDER, "p0", "no thanks")
    p0.until(rb"\+CMT: ,\d+\r\n[0-9A-F]+\r\n")
    p0.ask("AT+CNMA=2")
    p0.until(rb"\+CMT: ,\d+\r\n[0-9A-F]+\r\n")
    p0.ask("AT+CNMA=1")
    assert [entry["how"] for entry in bank.wait_for("deliver", 2)] == ["rejected", "shown"]


def test_reports_are_stored_and_told_with_ds_2(bank, p0):
    p0.ask("AT+CNMI=2,1,0,2,0")
    p0.send_pdu(HELLO)
    p0.until(rb'\+CDSI: "SR",1\r\n')
    p0.ask('AT+CPMS="SR"')
    assert b"\r\n+CMGR: 0,,24\r\n07919471060040340601" in p0.ask("AT+CMGR=1")


def test_reports_are_dropped_with_ds_0(bank, p0):
    p0.send_pdu(HELLO)
    assert bank.wait_for("report")[0]["how"] == "dropped"


def test_a_full_store_keeps_texts_in_the_network_until_one_is_deleted(bank, p0):
    p0.ask("AT+CNMI=2,1")
    bank.fault("p0", "sim-full")
    bank.text(SENDER, "p0", "let me in")
    assert bank.wait_for("held")[0]["why"] == "store full"
    assert p0.ask("AT+CMGD=7") == b"\r\nOK\r\n"
    p0.until(rb'\+CMTI: "SM",7\r\n')


def test_texts_wait_for_an_unplugged_modem_in_their_order(bank, p0):
    bank.unplug("p0")
    for text in ("one", "two", "three"):
        bank.text(SENDER, "p0", text)
    bank.plug("p0")
    assert [entry["text"] for entry in bank.wait_for("deliver", 3)] == ["one", "two", "three"]


def test_any_octets_can_be_delivered(bank, p0):
    p0.ask("AT+CNMI=2,1")
    bank.pdu("p0", "04FFDEADBEEF")
    p0.until(rb"\+CMTI")
    assert b"+CMGR: 0,,6\r\n079194710600403404FFDEADBEEF\r\n" in p0.ask("AT+CMGR=1")
