"""Each named fault does what its sentence says."""

import pytest

from simulator.faults import CATALOGUE, Faults
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


def sent(p0) -> bytes:
    answer = p0.send_pdu(HELLO)
    if b"+CMGS" in answer:
        p0.until(rb"\+CDS: [^\r]*\r\n[^\r]*\r\n")
    return answer


@pytest.mark.parametrize(("options", "answer"), [
    ({"code": 38}, b"\r\n+CMS ERROR: 38\r\n"), ({"kind": "cme", "code": 30}, b"\r\n+CME ERROR: 30\r\n"),
    ({}, b"\r\n+CMS ERROR: 500\r\n"),
])
def test_refuse_refuses_one_send(bank, p0, options, answer):
    bank.fault("p0", "refuse", **options)
    assert sent(p0) == answer
    assert b"+CMGS" in sent(p0)
    assert [entry["kind"] for entry in bank.journal() if "mr" in entry][:2] == ["refused", "submit"]


def test_refuse_can_come_before_the_prompt(bank, p0):
    bank.fault("p0", "refuse", when="send", code=302)
    assert p0.ask("AT+CMGS=17") == b"\r\n+CMS ERROR: 302\r\n"


def test_a_fault_can_wait_for_the_third_time_and_strike_twice(bank, p0):
    bank.fault("p0", "refuse", nth=3, times=2)
    assert [b"+CMGS" in sent(p0) for _ in range(6)] == [True, True, False, False, True, True]


def test_a_fault_by_chance_depends_on_the_seed_alone():
    def struck(seed: int) -> list[bool]:
        faults = Faults(seed)
        faults.arm("refuse", chance=0.5)
        return [faults.strike("payload") is not None for _ in range(30)]

    assert struck(1) == struck(1) != struck(2)
    assert 5 < sum(struck(1)) < 25


def test_a_fault_that_is_not_known_is_refused(bank):
    with pytest.raises(KeyError, match="no fault 'refus'"):
        bank.fault("p0", "refus")
    with pytest.raises(ValueError, match="no option speed"):
        bank.fault("p0", "refuse", speed=3)
    with pytest.raises(ValueError, match="strikes at send, not at 'now'"):
        bank.fault("p0", "no-prompt", when="now")


def test_a_silent_modem_says_afterwards_what_it_owes(bank, p0):
    bank.fault("p0", "silence")
    bank.text(SENDER, "p0", "hello")
    assert bank.state("p0")["silent"] == "silence"
    p0.write("AT+CMGL=0\r")
    bank.release("p0", "silence")
    assert p0.until(rb"\+CMTI[^\r]*\r\n") == b'\r\n+CMTI: "SM",1\r\n'
    assert p0.until(rb"OK\r\n").startswith(b"\r\n+CMGL: 1,0,")


def test_silence_ends_by_itself(bank, p0):
    bank.fault("p0", "silence", seconds=0.05)
    assert p0.ask("AT") == b"\r\nOK\r\n"


def test_a_mute_modem_loses_what_it_owed(bank, p0):
    bank.fault("p0", "mute")
    bank.text(SENDER, "p0", "hello")
    bank.release("p0")
    assert p0.says_nothing_but_ok()
    assert b"+CMGL: 1,0" in p0.ask("AT+CMGL=4")


def test_silence_can_begin_with_the_payload(bank, p0):
    bank.fault("p0", "silence", when="payload", seconds=0.05)
    assert p0.send_pdu(HELLO) == b"\r\n+CMGS: 1\r\n\r\nOK\r\n"
    assert bank.journal(kind="submit")


def test_a_late_ok_comes_after_the_network_took_the_text(bank, p0):
    bank.fault("p0", "late-ok", seconds=0.05)
    p0.ask("AT+CMGS=17")
    p0.write(HELLO + "\x1a")
    bank.wait_for("submit")
    p0.until(rb"^\r\n\+CMGS: 1\r\n\r\nOK\r\n")


def test_without_a_prompt_escape_helps(bank, p0):
    bank.fault("p0", "no-prompt")
    p0.write("AT+CMGS=17\r")
    p0.write("\x1b")
    assert p0.until(rb"OK\r\n") == b"\r\nOK\r\n"
    assert b"+CMGS" in sent(p0)


def test_a_lost_result_leaves_the_text_in_the_network(bank, p0):
    bank.fault("p0", "lost-result")
    p0.ask("AT+CMGS=17")
    p0.write(HELLO + "\x1a")
    assert bank.wait_for("submit")[0]["mr"] == 1
    p0.until(rb"\+CDS: [^\r]*\r\n[^\r]*\r\n")
    assert p0.says_nothing_but_ok()


def test_garbage_comes_before_an_answer(bank, p0):
    bank.fault("p0", "garbage", count=5)
    answer = p0.ask("AT+CSQ")
    assert len(answer) == len(b"\r\n+CSQ: 20,99\r\n\r\nOK\r\n") + 5 and all(octet > 0x7F for octet in answer[:5])


def test_a_reset_before_the_payload_takes_nothing(bank, p0):
    bank.fault("p0", "reset-before-payload")
    p0.write("AT+CMGS=17\r")
    bank.wait_for("reset")
    assert p0.ask("AT").startswith(b"AT\r")  # The echo is back: settings are gone.
    assert bank.journal(kind="submit") == []


@pytest.mark.parametrize("taken", [True, False])
def test_a_reset_after_the_payload_may_have_sent_it(bank, p0, taken):
    bank.fault("p0", "reset-after-payload", taken=taken)
    p0.ask("AT+CMGS=17")
    p0.write(HELLO + "\x1a")
    bank.wait_for("reset")
    assert len(bank.journal(kind="submit")) == taken
    assert b"CMGS" not in p0.ask("AT")


def test_a_modem_unplugged_in_a_send_hangs_up_and_comes_back(bank, p0, connect):
    bank.fault("p0", "unplug-in-send", seconds=0.01)
    p0.ask("AT+CMGS=17")
    p0.write(HELLO + "\x1a")
    bank.wait_for("unplug")
    with pytest.raises((OSError, AssertionError)):
        p0.until(rb"OK")
    bank.wait_for("plug")
    assert len(bank.journal(kind="submit")) == 1
    assert connect(bank.device("p0")).ask("AT") == b"\r\nOK\r\n"


def test_a_full_sim_is_full_of_old_texts(bank, p0):
    bank.fault("p0", "sim-full")
    assert b'"SM",30,30' in p0.ask("AT+CPMS?")


def test_a_lost_notification_leaves_the_text_in_store(bank, p0):
    bank.fault("p0", "lost-notification")
    bank.text(SENDER, "p0", "hello")
    assert p0.says_nothing_but_ok()
    assert b"+CMGL: 1,0" in p0.ask("AT+CMGL=4")
    bank.text(SENDER, "p0", "hello")
    p0.until(rb"\+CMTI")


def test_news_comes_inside_a_reply(bank, p0):
    bank.fault("p0", "news-in-reply")
    bank.text(SENDER, "p0", "hello")
    assert p0.ask("AT+CSQ") == b'\r\n+CSQ: 20,99\r\n\r\n+CMTI: "SM",1\r\n\r\nOK\r\n'


def test_any_line_can_come_inside_a_reply(bank, p0):
    bank.fault("p0", "news-in-reply", line="RING")
    assert p0.ask("AT+CSQ") == b"\r\n+CSQ: 20,99\r\n\r\nRING\r\n\r\nOK\r\n"
    assert p0.says_nothing_but_ok()


def test_a_report_can_come_before_the_result(bank, p0):
    bank.fault("p0", "report-first")
    answer = p0.send_pdu(HELLO)
    assert answer.index(b"+CDS: 24") < answer.index(b"+CMGS: 1")


def test_a_text_can_be_delivered_twice(bank, p0):
    bank.fault("p0", "delivered-twice")
    bank.text(SENDER, "p0", "hello")
    p0.until(rb'\+CMTI: "SM",2')
    first, second = bank.wait_for("deliver", 2)
    assert first["pdu"] == second["pdu"]


def test_every_fault_has_a_sentence_and_can_be_armed():
    for name, kind in CATALOGUE.items():
        assert kind.sentence.endswith("."), name
        for moment in kind.moments:
            Faults().arm(name, when=moment)
