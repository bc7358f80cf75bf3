"""The HTTP API of a simulated box, call by call, as the vendor's document has it."""

from __future__ import annotations

import json
import random

import pytest

from simulator.dinstar.plan import BoxPlan
from simulator.testing import running_bank
from tests.simulator.dinstar_client import BoxClient


@pytest.fixture
def bank():
    with running_bank(ports=0, boxes=[BoxPlan("box1", ports=4, sn="dbd2-0300-0000-0001")]) as bank:
        yield bank


def test_an_answer_looks_like_one_of_the_device(client):
    status, reason, body = client.raw("GET", "/api/query_sms_in_queue")
    assert (status, reason, body) == (200, "Data follows", b'{"error_code":200,"sn":"dbd2-0300-0000-0001","in_queue":0}')
    assert client.headers["Set-Cookie"] == "devckie=dbd2-0300-0000-0001"


def test_a_text_is_accepted_sent_and_delivered(bank, client, box):
    accepted = client.post("send_sms", '{"text":"Code #param#","port":[2],"encoding":"unicode","request_status_report":true,'
                           '"param":[{"number":"+4917012345","text_param":["123456"],"user_id":42}]}')
    assert accepted == {"error_code": 202, "sn": "dbd2-0300-0000-0001", "sms_in_queue": 1, "task_id": 1}
    sent = bank.wait_for("submit")[0]
    assert (sent["port"], sent["from"], sent["to"], sent["text"]) == ("box1.2", box.number(2), "+4917012345", "Code 123456")
    result = client.until("DELIVERED", 42)
    assert {name: value for name, value in result.items() if name != "time"} == {
        "port": 2, "user_id": 42, "number": "+4917012345", "status": "DELIVERED", "count": 1, "succ_count": 1,
        "ref_id": sent["mr"], "imsi": box.imsi(2)}
    status = client.post("query_sms_deliver_status", '{"number":["+4917012345"]}')["result"]
    assert [{name: each[name] for name in ("port", "ref_id", "status_code", "imsi")} for each in status] == [
        {"port": 2, "ref_id": sent["mr"], "status_code": 0, "imsi": box.imsi(2)}]


def test_each_recipient_gets_its_own_words_and_its_own_result(bank, client):
    client.post("send_sms", '{"text":"#param# owes #param#","param":['
                '{"number":"+4917001","text_param":["Ann","5"],"user_id":1},{"number":"+4917002","text_param":["Bob","7"],"user_id":2}]}')
    bank.wait_for("submit", count=2)
    assert {entry["to"]: entry["text"] for entry in bank.journal(kind="submit")} == {
        "+4917001": "Ann owes 5", "+4917002": "Bob owes 7"}
    results = client.post("query_sms_result", '{"user_id":[1,2]}')["result"]
    assert [(each["user_id"], each["number"]) for each in results] == [(1, "+4917001"), (2, "+4917002")]


def test_without_ports_the_box_spreads_texts_over_all_of_them(bank, client):
    for number in range(8):
        client.send(f"+491700{number}")
    bank.wait_for("submit", count=8)
    assert sorted(entry["port"] for entry in bank.journal(kind="submit")) == sorted([f"box1.{port}" for port in range(4)] * 2)


@pytest.mark.parametrize(("encoding", "text", "parts"), [
    ("gsm-7bit", "a" * 160, 1), ("gsm-7bit", "a" * 161, 2), ("gsm-7bit", "a" * 306, 2), ("gsm-7bit", "a" * 307, 3),
    ("unicode", "a" * 70, 1), ("unicode", "a" * 71, 2), ("unicode", "a" * 134, 2), ("unicode", "ж" * 135, 3),
])
def test_a_long_text_is_cut_by_the_box_and_its_parts_are_counted(bank, client, encoding, text, parts):
    client.send("+4917012345", text, encoding=encoding)
    result = client.until("DELIVERED")
    assert (result["count"], result["succ_count"]) == (parts, parts)
    sent = bank.journal(kind="submit")
    assert len(sent) == parts and "".join(entry["text"] for entry in sent) == text
    assert bank.wait_for("text")[0]["text"] == text


def test_seven_bits_have_no_place_for_every_character(bank, client):
    client.send("+4917012345", "ja ж", encoding="gsm-7bit")
    assert bank.wait_for("submit")[0]["text"] == "ja ?"


def test_no_report_is_asked_for_when_none_is_wanted(bank, client):
    client.send("+4917012345", request_status_report=False)
    assert bank.wait_for("submit")[0]["report"] is False
    client.until("SENT_OK")


def test_a_text_the_network_refuses_is_failed(bank, client):
    bank.handset("+4917012345", "refuse:21")
    client.send("+4917012345")
    assert client.until("FAILED")["succ_count"] == 0


def test_a_long_text_can_succeed_in_part(bank, client):
    bank.network(refuse=[{"nth": 2, "cause": 38}])
    client.send("+4917012345", "ж" * 140)
    result = client.until("FAILED")
    assert (result["count"], result["succ_count"]) == (3, 1)


def test_reports_that_are_temporary_or_bad_leave_a_text_sent(bank, client):
    bank.handset("+491701", "fail:0x46")
    bank.handset("+491702", "temporary:0.01")
    client.send("+491701", user_id=1)
    client.send("+491702", user_id=2)
    client.until("DELIVERED", 2)
    codes = {each: [status["status_code"] for status in client.post("query_sms_deliver_status", {"number": [each]})["result"]]
             for each in ("+491701", "+491702")}
    assert codes == {"+491701": [70], "+491702": [48, 0]}
    assert client.result(1)["status"] == "SENT_OK"


@pytest.mark.parametrize(("body", "code"), [
    ("", 400), ("{", 400), ("[]", 400), ('{"text":"hi"}', 400), ('{"text":"hi","param":[]}', 400),
    ('{"param":[{"number":"1"}]}', 400),
    ('{"text":"","param":[{"number":"1"}]}', 400), ('{"text":"hi","param":[{"number":"abc"}]}', 400),
    ('{"text":"hi","param":[{}]}', 400), ('{"text":"hi","encoding":"klingon","param":[{"number":"1"}]}', 400),
    ('{"text":"hi","port":["x"],"param":[{"number":"1"}]}', 400), ('{"text":"hi","port":[9],"param":[{"number":"1"}]}', 550),
    ('{"text":"' + "a" * 1501 + '","param":[{"number":"1"}]}', 413),
    ('{"text":"' + "ж" * 751 + '","param":[{"number":"1"}]}', 413),
    ('{"text":"hi","param":[' + ",".join(['{"number":"1"}'] * 129) + "]}", 413),
])
def test_what_cannot_be_sent_is_answered_with_its_code(bank, client, body, code):
    assert client.post("send_sms", body) == {"error_code": code, "sn": "dbd2-0300-0000-0001"}
    assert client.raw("GET", "/api/query_sms_in_queue")[0] == 200 and not bank.journal(kind="submit")


def test_so_many_numbers_and_so_many_octets_are_accepted(bank, client):
    numbers = ",".join(f'{{"number":"+49170{number:05d}"}}' for number in range(128))
    assert client.post("send_sms", f'{{"text":"{"a" * 1500}","encoding":"gsm-7bit","param":[{numbers}]}}')["error_code"] == 202
    bank.wait_for("submit", count=128 * 10, timeout=60)


@pytest.mark.parametrize(("call", "body", "code"), [
    ("query_sms_result", {"number": ["+4917"] * 33}, 413), ("query_sms_result", {"user_id": list(range(33))}, 413),
    ("query_sms_result", {"number": ["1" * 25]}, 413), ("query_sms_result", {"time_after": "yesterday"}, 400),
    ("query_sms_deliver_status", {"number": ["+4917"] * 33}, 413), ("send_ussd", {"text": "*" * 61, "port": [0]}, 413),
    ("send_ussd", {"text": "*100#", "port": [7]}, 400), ("send_ussd", {"text": "*100#"}, 400), ("get_status", {}, 400),
])
def test_queries_have_limits(client, call, body, code):
    assert client.post(call, body)["error_code"] == code


@pytest.mark.parametrize(("target", "code"), [
    ("stop_sms?task_id=7", 404), ("send_sms", 400), ("get_port_info?port=0&info_type=shoe", 400), ("set_port_info?port=0", 400),
    ("set_port_info?port=0&action=explode", 400), ("set_port_info?port=0&action=power&param=maybe", 400),
    ("set_port_info?port=0&action=slot&param=1", 400), ("set_port_info?port=0&action=imei&param=12", 400),
    ("get_port_info?port=4", 400),
])
def test_calls_that_make_no_sense_are_answered_with_their_code(client, target, code):
    assert client.get(target)["error_code"] == code


def test_an_unknown_path_is_not_found(client):
    assert client.raw("GET", "/api/make_coffee")[0] == 404 and client.raw("GET", "/")[0] == 404


def test_results_are_found_by_number_port_and_time_of_the_box(bank, client, box):
    client.send("+491701", user_id=1, port=[0])
    client.send("+491702", user_id=2, port=[1])
    first = client.until("DELIVERED", 1)
    client.until("DELIVERED", 2)
    box.change(clock=7200)
    client.send("+491703", user_id=3, port=[1])
    later = client.until("DELIVERED", 3)["time"]
    assert later > first["time"]

    def found(query):
        return [each["user_id"] for each in client.post("query_sms_result", query)["result"]]

    assert found({"number": ["+491702", "+491703"]}) == [2, 3] and found({"port": [1]}) == [2, 3] and found({}) == [1, 2, 3]
    assert found({"time_after": later}) == [3] and found({"time_before": first["time"], "port": [0]}) == [1]
    assert found({"user_id": [4]}) == []


def test_times_follow_the_clock_and_the_zone_of_the_box(client, box):
    box.change(clock=-86400 * 365 * 5, zone=28800)
    client.send("+491701")
    assert client.until("DELIVERED")["time"] < client.get("query_sms_in_queue").get("time", "2025")
    assert " 20" in client.headers["Date"] and client.headers["Date"].endswith("GMT")


def test_a_task_is_stopped_before_its_texts_are_on_the_air(bank, client):
    bank.network(latency=30)
    task = client.post("send_sms", {"text": "x", "port": [0], "param": [{"number": f"+49170{n}", "user_id": n} for n in range(5)]})
    assert client.get("query_sms_in_queue")["in_queue"] == 5
    assert client.get(f"stop_sms?task_id={task['task_id']}")["error_code"] == 200
    assert client.get("query_sms_in_queue")["in_queue"] == 1
    assert [client.result(n)["status"] for n in range(5)] == ["SENDING"] + ["FAILED"] * 4


def test_incoming_texts_are_read_by_flag_port_and_number(bank, client, box):
    for port, text in ((0, "one"), (1, "two"), (0, "drei ж")):
        box.text("+4917099", port, text)
    bank.wait_for("text", count=3)
    first = client.get("query_incoming_sms?flag=all&port=0")
    assert [(each["incoming_sms_id"], each["port"], each["number"], each["text"]) for each in first["sms"]] == [
        (1, 0, "+4917099", "one"), (3, 0, "+4917099", "drei ж")]
    assert (first["read"], first["unread"]) == (0, 2)
    assert [each["incoming_sms_id"] for each in client.get("query_incoming_sms?flag=unread&port=0")["sms"]] == [1, 3]
    assert [each["incoming_sms_id"] for each in client.get("query_incoming_sms?flag=unread")["sms"]] == [2]
    assert client.get("query_incoming_sms?flag=unread")["sms"] == []
    assert [each["text"] for each in client.get("query_incoming_sms?flag=read&incoming_sms_id=1")["sms"]] == ["two", "drei ж"]
    assert client.get("query_incoming_sms?flag=all")["read"] == 3


@pytest.mark.parametrize("target", [
    "query_incoming_sms?flag=all&port=[1]", "query_incoming_sms?flag=all,port=1", "query_incoming_sms?flag=al&port=1",
    "query_incoming_sms?port=1&flag=unred",
])
def test_queries_as_real_scripts_write_them_are_understood(bank, client, box, target):
    box.text("+4917099", 0, "one")
    box.text("+4917099", 1, "two")
    bank.wait_for("text", count=2)
    assert [each["text"] for each in client.get(target)["sms"]] == ["two"]
    assert client.get("query_incoming_sms?flag=all")["unread"] == 2


def test_incoming_texts_can_be_asked_for_by_post(bank, client, box):
    box.text("+4917099", 0, "one")
    bank.wait_for("text")
    assert [each["text"] for each in client.post("query_incoming_sms", '{"flag":"unread","port":[0]}')["sms"]] == ["one"]


def test_a_long_incoming_text_comes_out_whole(bank, client, box):
    bank.text_like("+4917099", "box1.0", "long:shuffled")
    bank.wait_for("text")
    inbox = client.get("query_incoming_sms?flag=all")["sms"]
    assert len(inbox) == 1 and len(inbox[0]["text"]) == 399


def test_ports_tell_who_they_are(client, box):
    info = client.get("get_port_info?port=0,3&info_type=port,type,imsi,number,reg,slot,callstate,signal,smsc")["info"]
    assert info[1] == {"port": 3, "type": "LTE", "imsi": box.imsi(3), "number": box.number(3), "reg": "REGISTER_OK", "slot": 255,
                       "callstate": "Idle", "signal": 23, "smsc": "+491760000443"}
    assert info[0]["port"] == 0 and len(client.get("get_port_info")["info"]) == 4
    assert {"imei", "iccid", "gprs", "remain_credit", "CallForward"} <= set(client.get("get_port_info?port=0")["info"][0])


@pytest.mark.parametrize(("stat", "reg"), [(0, "UNREGISTER"), (2, "SEARCHING_NETWORK"), (3, "UNREGISTER"), (5, "REGISTER_OK")])
def test_a_port_tells_its_registration(client, box, stat, reg):
    box.registration(1, stat)
    assert client.get("get_port_info?port=1&info_type=reg")["info"] == [{"port": 1, "reg": reg}]


def test_a_port_tells_of_power_and_sim(client, box):
    box.sim(0, False)
    client.get("set_port_info?port=1&action=power&param=off")
    assert [each["reg"] for each in client.get("get_port_info?info_type=reg")["info"][:2]] == ["NO_SIM", "POWER_OFF"]
    client.get("set_port_info?port=1&action=power&param=on")
    client.when(lambda: client.get("get_port_info?port=1&info_type=reg")["info"][0]["reg"], "REGISTER_OK".__eq__)


@pytest.mark.parametrize(("away", "back"), [("block", "unblock"), ("lock", "unlock")])
def test_a_port_taken_out_of_use_gets_no_texts(bank, client, away, back):
    assert client.get(f"set_port_info?port=0,1,2,3&action={away}")["error_code"] == 200
    assert client.send("+491701")["error_code"] == 550
    client.get(f"set_port_info?port=2&action={back}")
    assert client.send("+491701", port=[1, 2])["error_code"] == 202
    assert bank.wait_for("submit")[0]["port"] == "box1.2"


def test_imei_and_number_of_a_port_can_be_written(client):
    client.get("set_port_info?port=0&action=imei&param=490154203237518")
    client.get("set_port_info?port=0&action=number&param=%2B49301234")
    assert client.get("get_port_info?port=0&info_type=imei,number")["info"] == [
        {"port": 0, "imei": "490154203237518", "number": "+49301234"}]


def test_a_reset_fails_the_text_under_way_and_the_port_comes_back(bank, client):
    bank.network(latency=30)
    client.send("+491701", port=[0])
    assert client.get("set_port_info?port=0&action=reset")["error_code"] == 200
    assert client.result()["status"] == "FAILED"
    client.when(lambda: client.get("get_port_info?port=0&info_type=reg")["info"][0]["reg"], "REGISTER_OK".__eq__)


def test_another_slot_is_another_sim():
    with running_bank(ports=0, boxes=[BoxPlan("box1", ports=2, slots=2)]) as bank:
        box = bank.box("box1")
        client = BoxClient(box.url, box.user, box.password)
        before = client.get("get_port_info?port=0&info_type=slot,imsi,number")["info"][0]
        assert client.get("set_port_info?port=0&action=slot&param=1")["error_code"] == 200
        client.when(lambda: client.get("get_port_info?port=0&info_type=reg")["info"][0]["reg"], "REGISTER_OK".__eq__)
        after = client.get("get_port_info?port=0&info_type=slot,imsi,number")["info"][0]
        assert (before["slot"], after["slot"]) == (0, 1) and before["imsi"] != after["imsi"]
        client.send("+491701", port=[0])
        assert bank.wait_for("submit")[0]["from"] == after["number"]
        bank.text("+4917099", before["number"], "for the card that is out of use")
        assert bank.wait_for("held")[0]["to"] == before["number"]
        client.close()


def test_a_ussd_code_is_answered_by_the_network(bank, client):
    bank.network(credit={"balances": {"box1.0": 1234}})
    assert client.post("send_ussd", '{"text":"*100#","port":[0],"command":"send"}') == {
        "error_code": 202, "sn": "dbd2-0300-0000-0001", "result": [{"port": 0, "status": 200}]}
    reply = client.when(lambda: client.get("query_ussd_reply?port=0")["reply"], bool)
    assert reply == [{"port": 0, "text": "Your balance is 12.34 EUR."}]


def test_a_port_is_busy_or_not_registered_for_ussd(bank, client, box):
    bank.network(latency=30)
    box.registration(1, 0)
    client.post("send_ussd", '{"text":"*100#","port":[0]}')
    states = client.post("send_ussd", '{"text":"*100#","port":[0,1]}')["result"]
    assert states == [{"port": 0, "status": 486}, {"port": 1, "status": 503}]
    assert client.post("send_ussd", '{"text":"","port":[0],"command":"cancel"}')["result"] == [{"port": 0, "status": 200}]
    assert client.post("send_ussd", '{"text":"*100#","port":[0]}')["result"] == [{"port": 0, "status": 200}]


def test_the_other_calls_answer(client):
    assert client.post("get_cdr", '{"port":[0],"time_after":"2026-11-21 20:00:00"}')["cdr"] == []
    status = client.post("get_status", '["performance"]')
    assert "error_code" not in status and "cpu_used" in status["performance"]


def test_the_limit_of_a_sim_makes_its_port_fall_out(bank, client, box):
    box.change(limit=2)
    for _ in range(2):
        client.send("+491701", port=[0])
    bank.wait_for("submit", count=2)
    assert client.send("+491701", port=[0])["error_code"] == 550
    assert client.send("+491701", port=[0, 1])["error_code"] == 202
    assert bank.wait_for("submit", count=3)[2]["port"] == "box1.1"


def test_nothing_a_client_writes_upsets_the_box(client):
    chance = random.Random(7)
    pieces = [None, True, -1, 10**30, 2.5, "", "x", "0,2", "[0]", "\ud83d", [], [[]], {}, {"number": 5}, ["+4917"],
              "2026-11-21 20:00:00"]
    names = ["text", "param", "port", "encoding", "number", "user_id", "time_after", "flag", "incoming_sms_id", "command"]
    calls = ["send_sms", "query_sms_result", "query_sms_deliver_status", "query_incoming_sms", "send_ussd", "stop_sms", "get_cdr"]
    for _ in range(600):
        body = {name: chance.choice(pieces) for name in chance.sample(names, 5)}
        assert client.post(chance.choice(calls), body)["error_code"] in (200, 202, 400, 404, 413, 550), body
    assert client.post("send_sms", "[" * 100_000)["error_code"] == 400
    assert client.post("send_sms", json.dumps({"text": "hi", "param": [{"number": "1" * 24}]}))["error_code"] == 202
    client.when(lambda: client.get("query_sms_in_queue")["in_queue"], (0).__eq__)
