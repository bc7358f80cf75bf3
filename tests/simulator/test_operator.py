"""What an operator lays down: rules, caps, credit, number plans, service centres, validity, coverage."""

import random

import pytest

from simulator.pace import Lognormal, span
from simulator.testing import running_bank
from simulator.validity import seconds
from tests.simulator.test_network import HELLO

# HELLO with TP-VP 0 (five minutes), report wanted.
SHORT_LIVED = "0031000A91947110325400000005E8329BFD06"


@pytest.fixture
def bank():
    with running_bank(ports=2) as bank:
        yield bank


@pytest.fixture
def p0(bank, connect):
    client = connect(bank.device("p0"))
    client.ask("AT+CNMI=2,1,0,1,0")
    return client


def results(client, count: int) -> list[str]:
    """Each send's reference or cause."""
    return [client.send_pdu(HELLO).split(b"\r\n")[1].decode().split(": ")[-1] for _ in range(count)]


def test_a_rule_refuses_by_recipient_with_its_cause(bank, p0):
    bank.network(refuse=[{"to": "+4917", "cause": 27}])
    assert p0.send_pdu(HELLO) == b"\r\n+CMS ERROR: 27\r\n"


def test_a_rule_for_other_senders_refuses_nothing(bank, p0):
    bank.network(refuse=[{"sender": bank.number("p1"), "cause": 27}])
    assert b"+CMGS" in p0.send_pdu(HELLO)


def test_a_rule_refuses_every_third(bank, p0):
    bank.network(refuse=[{"nth": 3, "cause": 41}])
    assert results(p0, 6) == ["1", "2", "41", "4", "5", "41"]


def test_a_rule_ends_after_its_times(bank, p0):
    bank.network(refuse=[{"times": 2, "cause": 42}])
    assert results(p0, 3)[:2] == ["42", "42"] and bank.journal(kind="submit")


def test_a_rule_finds_words_in_the_text(bank, p0):
    bank.network(refuse=[{"text": "h[ae]llo", "cause": 21}])
    assert results(p0, 1) == ["21"]


def test_chance_refuses_the_same_texts_for_the_same_seed(connect):
    def refused(seed: int) -> list[str]:
        with running_bank(seed=seed) as bank:
            bank.network(refuse=[{"chance": 0.5, "cause": 500}])
            return results(connect(bank.device("p0")), 20)

    assert refused(1) == refused(1) != refused(2)
    assert 4 < refused(1).count("500") < 16


@pytest.mark.parametrize(("to", "kind"), [
    ("+4915112", "own"), ("+4917012345", "other"), ("+33612345678", "foreign"), ("22033", "short")])
def test_numbers_are_own_other_foreign_or_short(bank, to, kind):
    assert bank.on_loop(lambda: bank._bank.network.admission.numbers.kind(to)) == kind


def test_nobody_has_an_unassigned_number(bank, p0):
    bank.network(numbers={"unassigned": ["+491701"]})
    assert p0.send_pdu(HELLO) == b"\r\n+CMS ERROR: 1\r\n"


def test_a_number_plan_of_another_country_dials_differently(bank, p0):
    bank.network(numbers={"country": "43"})
    p0.ask("AT+CMGF=1")
    p0.ask('AT+CMGS="066012345"')
    p0.write("servus\x1a")
    assert bank.wait_for("submit")[0]["to"] == "+4366012345"


def test_a_service_centre_that_is_out_of_order_refuses_everything(bank, p0):
    bank.network(centres={"+491760000443": 38, "+491760000444": 0})
    assert p0.send_pdu(HELLO) == b"\r\n+CMS ERROR: 38\r\n"
    p0.ask('AT+CSCA="+491760000444"')
    assert b"+CMGS" in p0.send_pdu(HELLO)


def test_a_service_centre_named_in_the_pdu_counts(bank, p0):
    bank.network(centres={"+491760000443": 38, "+491760000444": 0})
    assert b"+CMGS" in p0.send_pdu("0791947106004044" + HELLO[2:])


def test_an_unknown_service_centre_takes_nothing(bank, p0):
    bank.network(centres={"+491760000443": 0})
    p0.ask('AT+CSCA="+4411111"')
    assert p0.send_pdu(HELLO) == b"\r\n+CMS ERROR: 38\r\n"


def test_a_cap_answers_with_its_cause_and_then_blocks_the_sim(bank, p0):
    bank.network(caps={"minute": 2, "cause": 50, "block_after": 2})
    p0.ask("AT+CREG=1")
    assert results(p0, 4) == ["1", "2", "50", "50"]
    p0.until(rb"\+CREG: 3\r\n")
    assert p0.send_pdu(HELLO) == b"\r\n+CMS ERROR: 331\r\n"


def test_each_sim_has_its_own_cap(bank, p0, connect):
    bank.network(caps={"hour": 1})
    assert results(p0, 2) == ["1", "21"]
    assert results(connect(bank.device("p1")), 1) == ["1"]


def test_the_minute_of_a_cap_passes_with_the_speed_of_the_network(bank, p0):
    bank.network(caps={"minute": 1}, speed=0)
    assert results(p0, 2) == ["1", "21"]
    bank.network(speed=1e-9)
    assert b"+CMGS" in p0.send_pdu(HELLO)


def test_a_prepaid_sim_pays_until_it_is_empty_and_is_topped_up_by_ussd(bank, p0):
    bank.network(credit={"price": 9, "cause": 21, "balances": {"p0": 20}})
    assert results(p0, 3) == ["1", "2", "21"]
    p0.ask('AT+CUSD=1,"*100#",15')
    p0.until(rb'"Your balance is 0\.02 EUR\."')
    p0.ask('AT+CUSD=1,"*104*500#",15')
    p0.until(rb'"Your balance is 5\.02 EUR\."')
    assert b"+CMGS" in p0.send_pdu(HELLO)


def test_a_text_abroad_costs_more(bank, p0):
    bank.network(credit={"price": 9, "foreign_price": 29, "cause": 38, "balances": {"p0": 28}})
    p0.ask("AT+CMGF=1;+CMEE=1")
    p0.ask('AT+CMGS="+33612345678"')
    p0.write("salut\x1a")
    p0.until(rb"\+CMS ERROR: 38\r\n")


def test_a_sim_with_a_contract_is_never_refused(bank, connect):
    bank.network(credit={"balances": {"p0": 0}})
    client = connect(bank.device("p1"))
    assert results(client, 1) == ["1"]
    client.ask('AT+CUSD=1,"*100#",15')
    client.until(rb"12\.34 EUR")


def test_without_coverage_nothing_goes_and_everything_waits(bank, p0):
    bank.network(coverage=False)
    assert p0.send_pdu(HELLO) == b"\r\n+CMS ERROR: 331\r\n"
    bank.text("+491701", "p0", "wait")
    bank.network(coverage=True)
    p0.until(rb"\+CMTI")


def test_a_text_for_an_absent_sim_expires_with_its_validity_and_is_reported(bank, p0):
    bank.unplug("p1")
    bank.network(speed=0.0001)
    p0.send_pdu("003100" "0E9194510100000010" "0000" "00" "05E8329BFD06")
    assert bank.wait_for("report", port="p0")[0]["status"] == 0x46
    bank.plug("p1")
    assert bank.state("p1")["waiting"] == 0


def test_a_handset_that_stays_off_lets_the_text_expire(bank, p0):
    bank.handset("+49170", "off")
    bank.network(speed=0.0001)
    p0.send_pdu(SHORT_LIVED)
    assert bank.wait_for("report")[0]["status"] == 0x46
    assert bank.journal(kind="text") == []


def test_a_handset_that_is_switched_on_in_time_gets_the_text(bank, p0):
    bank.handset("+49170", "off:20")
    bank.network(speed=0.0001)
    p0.send_pdu(SHORT_LIVED)
    assert bank.wait_for("report")[0]["status"] == 0
    assert bank.wait_for("text")[0]["text"] == "hello"


@pytest.mark.parametrize(("first", "period", "expected"), [
    (0x11, "00", 300), (0x11, "8F", 43200), (0x11, "A7", 86400), (0x11, "AA", 4 * 86400), (0x11, "FF", 63 * 604800),
    (0x01, "", None), (0x09, "022D0000000000", 45), (0x09, "03103002000000", 1 * 3600 + 3 * 60 + 20), (0x19, "00101000000000", 0)])
def test_validity_is_read_in_all_three_formats(first, period, expected):
    assert seconds(first, bytes.fromhex(period)) == expected


def test_a_lognormal_latency_has_its_median_and_never_ends_the_world():
    drawn = span("lognormal:4,0.5")
    chance = random.Random(3)
    times = sorted(drawn.draw(chance) for _ in range(999))
    assert isinstance(drawn, Lognormal) and 3.5 < times[499] < 4.5 and times[-1] <= 42


@pytest.mark.parametrize(("values", "complaint"), [
    ({"latency": "lognormal:0"}, "no distribution"), ({"refuse": [{"caus": 1}]}, "a rule has no caus"),
    ({"refuse": [{"kind": "alien"}]}, "no kind of number"), ({"refuse": [{"text": "("}]}, "no pattern"),
    ({"refuse": [{"nth": 0}]}, "nth counts from 1"), ({"caps": {"week": 1}}, "caps have no week"),
    ({"credit": {"debt": 1}}, "credit has no debt"), ({"numbers": {"planet": "x"}}, "number plan has no planet"),
    ({"coverage": 1}, "true or false"), ({"report_delay": -1}, "below 0"), ({"weather": 1}, "the network has no 'weather'")])
def test_what_a_network_cannot_be_told_is_said_why(bank, values, complaint):
    with pytest.raises(ValueError, match=complaint):
        bank.network(**values)
