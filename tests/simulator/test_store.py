"""Listing, reading and deleting stored texts; writing and sending them."""

import pytest

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
    for text in ("one", "two", "three"):
        bank.text(SENDER, "p0", text)
    return client


def indexes(answer: bytes) -> list[int]:
    return [int(line.split(b":")[1].split(b",")[0]) for line in answer.split(b"\r\n") if line.startswith(b"+CMGL")]


def test_unread_texts_are_listed_once_as_unread(p0):
    assert indexes(p0.ask("AT+CMGL=0")) == [1, 2, 3]
    assert indexes(p0.ask("AT+CMGL=0")) == []
    assert indexes(p0.ask("AT+CMGL=1")) == [1, 2, 3]


def test_a_listing_can_leave_texts_unread(p0):
    assert indexes(p0.ask("AT+CMGL=4,1")) == indexes(p0.ask("AT+CMGL=0")) == [1, 2, 3]


def test_reading_a_text_makes_it_read(p0):
    assert p0.ask("AT+CMGR=2").startswith(b"\r\n+CMGR: 0,,21\r\n0791947106004034040A9194711032540000")
    assert p0.ask("AT+CMGR=2").startswith(b"\r\n+CMGR: 1,,21\r\n")


def test_a_deleted_slot_is_empty_and_is_used_again(bank, p0):
    assert p0.ask("AT+CMGD=2") == b"\r\nOK\r\n"
    assert p0.ask("AT+CMGR=2") == b"\r\n+CMS ERROR: 321\r\n"
    assert p0.ask("AT+CMGD=?") == b"\r\n+CMGD: (1,3),(0-4)\r\n\r\nOK\r\n"
    bank.text(SENDER, "p0", "four")
    assert indexes(p0.ask("AT+CMGL=4")) == [1, 2, 3]


@pytest.mark.parametrize(("flag", "left"), [(1, [2, 3]), (2, [2, 3]), (4, [])])
def test_the_flags_of_cmgd_delete_by_state(p0, flag, left):
    p0.ask("AT+CMGR=1")
    p0.ask(f"AT+CMGD=1,{flag}")
    assert indexes(p0.ask("AT+CMGL=4")) == left


@pytest.mark.parametrize("command", ["AT+CMGD=99", "AT+CMGD=0"])
def test_an_index_outside_the_store_is_refused(p0, command):
    assert p0.ask(command) == b"\r\n+CMS ERROR: 321\r\n"


def test_a_client_that_reads_to_the_end_finds_one_even_where_empty_slots_are_answered_ok(connect):
    with running_bank(family="sim800") as bank:
        client = connect(bank.device("p0"))
        assert client.ask("AT+CMGR=30") == b"\r\nOK\r\n"
        assert client.ask("AT+CMGR=131") == b"\r\n+CMS ERROR: 321\r\n"


def test_text_states_are_for_text_mode_and_numbers_for_pdu_mode(p0):
    assert p0.ask('AT+CMGL="ALL"') == b"\r\n+CMS ERROR: 304\r\n"
    p0.ask("AT+CMGF=1")
    assert p0.ask("AT+CMGL=4") == b"\r\n+CMS ERROR: 305\r\n"
    assert indexes(p0.ask('AT+CMGL="REC UNREAD"')) == [1, 2, 3]


def test_a_text_is_written_listed_as_unsent_and_sent(bank, p0):
    p0.ask("AT+CMGW=17")
    p0.write(HELLO + "\x1a")
    p0.until(rb"\+CMGW: 4\r\n\r\nOK\r\n")
    assert indexes(p0.ask("AT+CMGL=2")) == [4]
    assert p0.ask("AT+CMSS=4") == b"\r\n+CMSS: 1\r\n\r\nOK\r\n"
    assert indexes(p0.ask("AT+CMGL=3")) == [4]
    assert bank.wait_for("submit")[0]["text"] == "hello"


def test_a_stored_text_goes_to_another_number(bank, p0):
    p0.ask("AT+CMGW=17")
    p0.write(HELLO + "\x1a")
    p0.until(rb"OK\r\n")
    p0.ask('AT+CMSS=4,"+4917099999"')
    assert bank.wait_for("submit")[0]["to"] == "+4917099999"


def test_an_sms_command_reaches_the_network(bank, p0):
    # 23.040 clause 9.2.2.4: type 2, reference 0, PID 0, an enquiry about message 7, to +4917012345, no data.
    assert p0.ask("AT+CMGC=13").endswith(b"> ")
    p0.write("00" + "02000000070A91947110325400" + "\x1a")
    assert p0.until(rb"OK\r\n") == b"\r\n+CMGC: 1\r\n\r\nOK\r\n"
    assert bank.wait_for("command", port="p0")[0]["pdu"] == "02000000070A91947110325400"


def test_what_is_no_sms_command_is_not_sent_as_one(p0):
    p0.ask("AT+CMGC=13")
    p0.write("00" + "01000000070A91947110325400" + "\x1a")
    assert p0.until(rb"ERROR[^\r]*\r\n") == b"\r\n+CMS ERROR: 304\r\n"


def test_mt_is_everything_and_its_indexes_run_on(bank, p0):
    p0.ask('AT+CPMS="MT","SM","ME"')
    bank.text(SENDER, "p0", "in the phone")
    assert indexes(p0.ask("AT+CMGL=4")) == [1, 101, 102, 103]
    assert b"+CMGR: " in p0.ask("AT+CMGR=103")
    p0.ask("AT+CMGD=103")
    assert indexes(p0.ask("AT+CMGL=4")) == [1, 101, 102]
