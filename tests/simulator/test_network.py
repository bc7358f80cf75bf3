"""Texts and reports between SIMs, handsets and the network in the middle."""

import pytest

from simulator.testing import running_bank

# To +4917012345, "hello", report wanted: written by hand from 23.040 clause 9.2.2.2.
HELLO = "0021000A919471103254000005E8329BFD06"
# The same with TP-RD set and TP-MR 1.
HELLO_AGAIN = "0025010A919471103254000005E8329BFD06"


@pytest.fixture
def bank():
    with running_bank(ports=2) as bank:
        yield bank


@pytest.fixture
def p0(bank, connect):
    client = connect(bank.device("p0"))
    client.ask("AT+CNMI=2,1,0,1,0")
    return client


@pytest.fixture
def p1(bank, connect):
    client = connect(bank.device("p1"))
    client.ask("AT+CNMI=2,1,0,1,0")
    return client


def test_a_text_is_in_the_journal_with_everything_about_it(bank, p0):
    assert p0.send_pdu(HELLO) == b"\r\n+CMGS: 1\r\n\r\nOK\r\n"
    seen = bank.wait_for("submit")[0]
    assert (seen["port"], seen["from"], seen["to"], seen["text"], seen["mr"], seen["report"], seen["pdu"]) == (
        "p0", bank.number("p0"), "+4917012345", "hello", 1, True, HELLO[2:])


def test_a_report_follows_with_reference_and_recipient(bank, p0):
    p0.send_pdu(HELLO)
    report = p0.until(rb"\+CDS: 24\r\n[0-9A-F]+\r\n").split(b"\r\n")[-2]
    # Service centre, 06, the reference 01, the recipient as dialled; two stamps; status 00.
    assert report.startswith(b"07919471060040340601" b"0A9194711032" b"54")
    assert report.endswith(b"00")
    assert bank.wait_for("report")[0] | {"n": 0, "t": 0} == {
        "n": 0, "t": 0, "kind": "report", "port": "p0", "to": bank.number("p0"), "from": "+4917012345", "mr": 1,
        "status": 0, "how": "shown"}


def test_no_report_comes_when_none_was_asked_for(bank, p0):
    p0.send_pdu("0001" + HELLO[4:])
    bank.wait_for("text")
    assert p0.says_nothing_but_ok()


def test_references_wrap_after_255(bank, p0):
    bank.last_reference("p0", 254)
    answers = [p0.send_pdu("0001" + HELLO[4:]) for _ in range(3)]
    assert [answer.split()[1] for answer in answers] == [b"255", b"0", b"1"]


def test_two_sims_of_a_bank_can_text_each_other(bank, p0, p1):
    p0.ask("AT+CMGF=1")
    p0.ask(f'AT+CMGS="{bank.number("p1")}"')
    p0.write("good morning\x1a")
    p1.until(rb'\+CMTI: "SM",1\r\n')
    p1.ask("AT+CMGF=1")
    assert b'"' + bank.number("p0").encode() + b'"' in (shown := p1.ask("AT+CMGR=1"))
    assert b"good morning\r\n" in shown
    assert bank.wait_for("text")[0]["to"] == bank.number("p1")


def test_a_sim_is_reached_by_its_national_number_too(bank, p0, p1):
    p0.ask("AT+CMGF=1")
    p0.ask('AT+CMGS="0' + bank.number("p1").removeprefix("+49") + '"')
    p0.write("hi\x1a")
    p1.until(rb"\+CMTI")


def test_the_report_of_a_text_between_sims_waits_for_its_delivery(bank, p0):
    bank.unplug("p1")
    p0.ask("AT+CMGF=1;+CSMP=49,167,0,0")
    p0.ask(f'AT+CMGS="{bank.number("p1")}"')
    p0.write("later\x1a")
    assert bank.wait_for("held", port="p1")[0]["why"] == "not reachable"
    assert bank.journal(kind="report") == []
    bank.plug("p1")
    assert bank.wait_for("report", port="p0")[0]["status"] == 0


def test_a_duplicate_with_the_rejection_bit_is_refused_with_197(bank, p0):
    p0.send_pdu(HELLO)
    p0.until(rb"\+CDS: [^\r]*\r\n[^\r]*\r\n")
    assert p0.send_pdu(HELLO_AGAIN) == b"\r\n+CMS ERROR: 197\r\n"
    assert len(bank.journal(kind="submit")) == 1


def test_a_repeated_text_the_network_never_saw_is_taken_under_its_old_reference(bank, p0):
    assert p0.send_pdu(HELLO_AGAIN).startswith(b"\r\n+CMGS: 1\r\n")
    assert bank.wait_for("submit")[0]["rd"] is True


def test_a_forgotten_text_is_no_duplicate(bank, p0):
    p0.send_pdu(HELLO)
    p0.until(rb"\+CDS: [^\r]*\r\n[^\r]*\r\n")
    bank.network(duplicates_known_for=0.0)
    assert p0.send_pdu(HELLO_AGAIN).startswith(b"\r\n+CMGS: 1\r\n")


def test_an_echoing_handset_answers(bank, p0):
    bank.handset("+49170", "echo")
    p0.send_pdu(HELLO)
    p0.until(rb'\+CMTI: "SM",1\r\n')
    assert bank.wait_for("deliver")[0]["text"] == "echo: hello"


def test_a_handset_with_a_fixed_answer_gives_it(bank, p0):
    bank.handset("+49170", "answer:Thank you: yes")
    p0.send_pdu(HELLO)
    assert bank.wait_for("deliver")[0]["text"] == "Thank you: yes"


def test_the_longest_prefix_decides(bank, p0):
    bank.handset("+49", "refuse:1")
    bank.handset("+4917012345", "silent")
    assert b"+CMGS" in p0.send_pdu(HELLO)


def test_a_failing_handset_is_reported_and_never_gets_the_text(bank, p0):
    bank.handset("+49170", "fail:0x46")
    p0.send_pdu(HELLO)
    assert bank.wait_for("report")[0]["status"] == 0x46
    assert bank.journal(kind="text") == []


def test_a_sleeping_handset_is_reported_twice(bank, p0):
    bank.handset("+49170", "temporary:0.01")
    p0.send_pdu(HELLO)
    assert [entry["status"] for entry in bank.wait_for("report", 2)] == [0x30, 0]
    assert bank.wait_for("text")[0]["text"] == "hello"


def test_a_handset_without_reports_stays_unreported(bank, p0):
    bank.handset("+49170", "noreport")
    p0.send_pdu(HELLO)
    bank.wait_for("text")
    assert p0.says_nothing_but_ok()


def test_the_service_centre_can_refuse_a_number(bank, p0):
    bank.handset("+49170", "refuse:38")
    assert p0.send_pdu(HELLO) == b"\r\n+CMS ERROR: 38\r\n"
    assert bank.journal(kind="refused")[0]["code"] == 38


def test_a_long_text_arrives_in_parts_and_is_joined_in_the_journal(bank, p0):
    text = "ж" * 100
    assert bank.text("+4917012345", "p0", text) == 2
    entries = bank.wait_for("deliver", 2)
    assert [entry["concat"][1:] for entry in entries] == [[2, 1], [2, 2]]
    assert bank.wait_for("text")[0] | {"n": 0, "t": 0} == {
        "n": 0, "t": 0, "kind": "text", "from": "+4917012345", "to": bank.number("p0"), "text": text, "parts": 2}


def test_a_long_answer_to_a_long_text(bank, p0, p1):
    # Two parts of a long text, reference 7, written by hand: "ab" and "cd" behind six octets of header.
    bank.handset("+49170", "echo")
    part = "0041000A919471103254000009" "0500030702{:02X}{}"
    p0.send_pdu(part.format(1, "C262"))
    assert bank.journal(kind="text") == []
    p0.send_pdu(part.format(2, "C664"))
    assert bank.wait_for("text", 2)[1]["text"] == "echo: abcd"
    assert bank.journal(kind="text")[0]["text"] == "abcd"


def test_two_equal_texts_in_one_second_have_different_stamps(bank, p0):
    bank.text("+4917012345", "p0", "OK")
    bank.text("+4917012345", "p0", "OK")
    first, second = (entry["pdu"] for entry in bank.wait_for("deliver", 2))
    assert first != second and first[:20] == second[:20]


def test_an_unregistered_modem_sends_nothing_and_gets_nothing(bank, p0):
    bank.registration("p0", 2)
    bank.text("+4917012345", "p0", "wait")
    assert p0.ask("AT+CREG?") == b"\r\n+CREG: 0,2\r\n\r\nOK\r\n"
    assert p0.send_pdu(HELLO) == b"\r\n+CMS ERROR: 331\r\n"
    bank.registration("p0", 1)
    p0.until(rb"\+CMTI")


def test_registration_changes_are_told_who_asked(bank, p0):
    p0.ask("AT+CREG=2")
    bank.registration("p0", 3)
    p0.until(rb"\r\n\+CREG: 3\r\n")
    bank.registration("p0", 5)
    p0.until(rb'\r\n\+CREG: 5,"5E25","0000605F"\r\n|\+CREG: 5\r\n')


def test_latency_delays_the_answer_and_the_modem_listens_afterwards(bank, p0):
    bank.network(latency=0.05)
    p0.ask("AT+CMGS=17")
    p0.write(HELLO + "\x1a" + "AT+CSQ\r")
    p0.until(rb"^\r\n\+CMGS: 1\r\n\r\nOK\r\n")
    p0.until(rb"\+CSQ: 20,99\r\n\r\nOK\r\n")


def test_latency_is_drawn_from_a_seed():
    def times(seed: int) -> list[float]:
        with running_bank(latency="0.1-0.5", seed=seed) as bank:
            return bank.on_loop(lambda: [bank._bank.network.latency() for _ in range(5)])

    assert times(1) == times(1) != times(2)
    assert all(0.1 <= each <= 0.5 for each in times(3))


def test_identities_are_the_same_for_the_same_seed():
    def identities(seed: int) -> list[str]:
        with running_bank(ports=2, seed=seed) as bank:
            return [bank.state(port)[what] for port in ("p0", "p1") for what in ("imei", "imsi", "iccid", "number")]

    assert identities(1) == identities(1) != identities(2)
