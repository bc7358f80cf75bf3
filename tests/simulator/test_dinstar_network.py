"""A box on the network of its bank: texts from and to modems, what the operator has laid down, what the journal shows."""

from __future__ import annotations

import pytest

from simulator.dinstar.plan import BoxPlan, box_plan
from simulator.testing import running_bank
from tests.simulator.dinstar_client import BoxClient


@pytest.fixture
def bank():
    with running_bank(ports=1, boxes=[BoxPlan("box1", ports=2), BoxPlan("box2", ports=1, user="other")]) as bank:
        yield bank


@pytest.fixture
def client(bank):
    box = bank.box("box1")
    client = BoxClient(box.url, box.user, box.password)
    yield client
    client.close()


def test_every_sim_of_a_bank_has_a_number_of_its_own(bank):
    names = ["p0", "box1.0", "box1.1", "box2.0"]
    assert [bank.number(name) for name in names] == ["+49151000000000", "+49151000001000", "+49151000001001", "+49151000002000"]
    assert bank.box("box1").sn != bank.box("box2").sn


def test_a_text_of_a_box_reaches_a_modem(bank, client, connect):
    modem = connect(bank.device("p0"))
    modem.ask("AT+CMGF=1;+CNMI=2,1")
    client.send(bank.number("p0"), "from the box", encoding="gsm-7bit", port=[1])
    modem.until(rb'\+CMTI: "SM",1\r\n')
    shown = modem.ask("AT+CMGR=1")
    assert b'"+49151000001001"' in shown and b"\r\nfrom the box\r\n" in shown
    client.until("DELIVERED")


def test_a_text_of_a_modem_reaches_a_box(bank, client, connect):
    modem = connect(bank.device("p0"))
    modem.ask("AT+CMGF=1;+CSMP=49,167,0,0;+CNMI=2,1,0,1")
    modem.ask(f'AT+CMGS="{bank.number("box1.0")}"')
    modem.write("from the modem\x1a")
    modem.until(rb"\+CDS: ")
    inbox = client.get("query_incoming_sms?flag=all")["sms"]
    assert [(each["port"], each["number"], each["text"]) for each in inbox] == [(0, "+49151000000000", "from the modem")]


def test_texts_go_from_box_to_box_and_long_ones_stay_whole(bank, client):
    other = BoxClient(bank.box("box2").url, "other", "secret")
    text = "0123456789" * 32
    client.send(bank.number("box2.0"), text, encoding="gsm-7bit", port=[0])
    client.until("DELIVERED")
    assert [each["text"] for each in other.get("query_incoming_sms?flag=all")["sms"]] == [text]
    parts = [entry["concat"] for entry in bank.journal(kind="submit")]
    assert [part[1:] for part in parts] == [[3, 1], [3, 2], [3, 3]] and len({part[0] for part in parts}) == 1
    other.close()


def test_the_journal_counts_by_sim_and_recipient(bank, client):
    for number in range(6):
        client.send(f"+49170000{number}", f"text {number}")
    bank.wait_for("submit", count=6)
    assert len(bank.journal(kind="submit", port="box1.0")) == len(bank.journal(kind="submit", port="box1.1")) == 3
    entry = bank.journal(kind="submit", to="+491700004")[0]
    assert (entry["from"], entry["text"], entry["report"]) == (bank.number(entry["port"]), "text 4", True)


def test_national_numbers_are_understood_by_the_network_and_shown_as_given(bank, client):
    client.send("01701234567")
    assert bank.wait_for("submit")[0]["to"] == "+491701234567"
    assert client.until("DELIVERED")["number"] == "01701234567"


def test_handsets_answer_a_box(bank, client):
    bank.handset("+4917099", "echo")
    client.send("+49170991", "hello", port=[1])
    inbox = client.when(lambda: client.get("query_incoming_sms?flag=all")["sms"], bool)
    assert [(each["port"], each["number"], each["text"]) for each in inbox] == [(1, "+49170991", "echo: hello")]


def test_caps_and_credit_of_the_operator_count_for_a_box(bank, client):
    bank.network(caps={"minute": 2, "cause": 21}, credit={"balances": {"box1.1": 9}, "price": 9})
    for user_id in range(1, 4):
        client.send("+491701", user_id=user_id, port=[0])
    for user_id in range(4, 6):
        client.send("+491701", user_id=user_id, port=[1])
    assert [client.until(status, user_id)["status"] for user_id, status in
            enumerate(["DELIVERED", "DELIVERED", "FAILED", "DELIVERED", "FAILED"], 1)]
    assert [entry["code"] for entry in bank.journal(kind="refused")] == [21, 21]


def test_a_box_loses_the_network_with_everybody_else_and_gets_its_texts_later(bank, client):
    bank.network(coverage=False)
    assert client.get("get_port_info?port=0&info_type=reg")["info"][0]["reg"] == "SEARCHING_NETWORK"
    assert client.send("+491701")["error_code"] == 550
    bank.text("+4917099", "box1.0", "later")
    assert bank.wait_for("held", port="box1.0") and client.get("query_incoming_sms?flag=all")["sms"] == []
    bank.network(coverage=True)
    assert [each["text"] for each in client.get("query_incoming_sms?flag=all")["sms"]] == ["later"]


def test_each_port_works_its_own_queue_part_by_part(bank, client):
    bank.box("box1").fault("hung-port", port=0)
    client.send("+491701", "a" * 200, user_id=1, port=[0])
    client.send("+491702", user_id=2, port=[0])
    client.send("+491703", user_id=3, port=[1])
    client.until("DELIVERED", 3)  # the other port does not wait for them
    bank.box("box1").release("hung-port")
    sent = bank.wait_for("submit", count=5)
    assert [entry["to"] for entry in sent] == ["+491703"] + ["+491701"] * 3 + ["+491702"]


def test_a_plan_is_read_from_words_and_says_what_is_wrong_with_it():
    assert box_plan("box7:ports=4,delay=0.5,close=yes,push=sms+ussd,nonce_once=no") == BoxPlan(
        "box7", ports=4, delay=0.5, close=True, push=("sms", "ussd"))
    for words, complaint in (("box1:prots=4", "no 'prots'"), ("box1:ports=0", "1 to 128"), ("box1:login=none", "digest"),
                             ("box1:push=fax", "no push fax"), ("a b", "no name"), ("box1:close", "no value"),
                             ("box1:certificate=x.pem", "both"), ("box1:slots=9", "slots")):
        with pytest.raises(ValueError, match=complaint):
            box_plan(words)


def test_two_boxes_of_a_bank_cannot_share_a_name():
    with pytest.raises(ValueError, match="named 'box1'"), running_bank(boxes=[BoxPlan("box1"), BoxPlan("box1")]):
        pass
