"""The calls of a Dinstar box at our door, with bodies as its known clients write them, and answers written from the document."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from gateway.errors import UssdFailed
from gateway.records import Encoding, IncomingPart, Message, Report, Status, UssdReply
from gateway.store import inbox, reports
from gateway.web.app import create_app
from gateway.web.compat import dinstar
from tests.web.compat.conftest import Open, basic

ANNA, BERT = "+4915112345678", "+4915112345679"


def call(opened: Open, name: str, content: object = None, headers: dict[str, str] | None = None) -> dict[str, Any]:
    """POST with a body, GET without."""
    answer = asked(opened, name, None if content is None else json.dumps(content), headers)
    assert answer.status_code == 200, answer.text
    return dict(answer.json)


def asked(opened: Open, name: str, body: str | None = None, headers: dict[str, str] | None = None) -> TestResponse:
    method = "GET" if body is None else "POST"
    return opened.client.open(f"/api/{name}", method=method, data=body, headers=headers or basic())


def test_a_request_for_several_numbers_becomes_a_text_each(opened: Open) -> None:
    answer = call(opened, "send_sms", {
        "text": "Code #param# for #param#", "port": [0], "encoding": "unicode", "request_status_report": True,
        "param": [{"number": ANNA, "text_param": ["1", "#param#"], "user_id": 42},
                  {"number": BERT, "text_param": ["2", "Bert", "more"], "user_id": "43"}],
    })  # fmt: skip
    assert answer == {"error_code": 202, "sn": "simrack", "sms_in_queue": 2, "task_id": answer["task_id"]}
    assert [(one.to, one.text, one.client_ref) for one in opened.messages()] == [
        (ANNA, "Code 1 for #param#", "42"),
        (BERT, "Code 2 for Bert", "43"),
    ]
    assert call(opened, "query_sms_in_queue") == {"error_code": 200, "sn": "simrack", "in_queue": 2}


def test_playsms_joins_its_json_from_pieces_and_writes_port_and_encoding_into_param(opened: Open) -> None:
    body = '{"text":"one\nline and another","param":[{"number":"' + ANNA + '","port":"1","encoding":"unicode","user_id":"7"}]}'
    answer = opened.client.post("/api/send_sms", data=body, headers=basic())
    assert answer.json["error_code"] == 202
    (message,) = opened.messages()
    assert (message.text, message.client_ref) == ("one\nline and another", "7")
    (row,) = call(opened, "query_sms_result", {"user_id": [7]})["result"]
    assert row["port"] == 1


@pytest.mark.parametrize("port", [[0, 1], "0,1", "[0,1]", ["0", "1"], [0, 1, 99]])
def test_several_ports_share_the_texts_out(opened: Open, port: object) -> None:
    assert call(opened, "send_sms", {"text": "x", "port": port, "param": [{"number": ANNA}]})["error_code"] == 202


def test_a_text_that_names_no_port_goes_by_the_pool_of_the_door(opened: Open) -> None:
    call(opened.again(dinstar_pool="main"), "send_sms", {"text": "x", "param": [{"number": ANNA}]})
    assert opened.last().pool == "main"
    for nothing in ([], "", None):
        call(opened, "send_sms", {"text": "x", "port": nothing, "param": [{"number": ANNA}]})
        assert opened.last().pool is None
    assert call(opened.again(dinstar_pool="gone"), "send_sms", {"text": "x", "param": [{"number": ANNA}]})["error_code"] == 550


def test_ports_may_be_numbered_otherwise(opened: Open) -> None:
    other = opened.again(dinstar_ports={"p1": 7})
    assert [one["port"] for one in call(other, "get_port_info")["info"]] == [7]
    assert call(other, "send_sms", {"text": "x", "port": [0], "param": [{"number": ANNA}]})["error_code"] == 550
    call(other, "send_sms", {"text": "x", "port": [7], "param": [{"number": ANNA, "user_id": 1}]})
    assert [one["port"] for one in call(other, "query_sms_result", {"user_id": [1]})["result"]] == [7]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("", 400), ("{", 400), ("[1]", 400), ("\xff", 400), ("[" * 100_000, 400),
        ('{"text":"x"}', 400), ('{"text":"x","param":[]}', 400), ('{"text":"x","param":["1"]}', 400),
        ('{"param":[{"number":"+4915112345678"}]}', 400), ('{"text":5,"param":[{"number":"+4915112345678"}]}', 400),
        ('{"text":"x","param":[{}]}', 400), ('{"text":"x","param":[{"number":true}]}', 400),
        ('{"text":"x","param":[{"number":"12ab"}]}', 400),
        ('{"text":"x","param":[{"number":"+4915112345678","user_id":[1,2]}]}', 400),
        ('{"text":"#param# #param#","param":[{"number":"+4915112345678","text_param":["1"]}]}', 400),
        ('{"text":"x","port":[5],"param":[{"number":"+4915112345678"}]}', 550),
        ('{"text":"x","port":"x","param":[{"number":"+4915112345678"}]}', 400),
        ('{"text":"x\\u0000","param":[{"number":"+4915112345678"}]}', 400),
        ('{"text":"\\ud800","param":[{"number":"+4915112345678"}]}', 400),
        (json.dumps({"text": "x", "param": [{"number": ANNA}] * 129}), 413),
        (json.dumps({"text": "x" * 1501, "param": [{"number": ANNA}]}), 413),
        (json.dumps({"text": "ä" * 751, "param": [{"number": ANNA}]}), 413),
        (json.dumps({"text": "#param#", "param": [{"number": ANNA, "text_param": ["x" * 1501]}]}), 413),
        (json.dumps({"text": "😀" * 340, "param": [{"number": ANNA}]}), 413),
    ],
)  # fmt: skip
def test_what_cannot_be_sent_is_told_by_its_error_code_and_nothing_is_queued(opened: Open, body: str, code: int) -> None:
    answer = asked(opened, "send_sms", body)
    assert (answer.status_code, answer.json["error_code"]) == (200, code), answer.text
    assert not opened.messages()


def test_128_numbers_and_1500_bytes_are_taken(opened: Open) -> None:
    param = [{"number": f"+49151123{n:05d}", "user_id": n} for n in range(128)]
    assert call(opened, "send_sms", {"text": "x" * 1500, "param": param})["error_code"] == 202
    assert len(call(opened, "query_sms_result", {})["result"]) == 128


def sent(opened: Open, message: Message, channel: str = "p0", reference: int = 215, part: int = 1) -> None:
    """Its part went out; written as rows, for nothing here has a modem."""

    def job(db: Any) -> None:
        (part_id, message_id) = db.execute_sql(
            "SELECT p.id, m.id FROM parts p JOIN messages m ON m.id = p.message_id WHERE m.public_id = ? AND p.number = ?",
            (message.id, part),
        ).fetchone()
        now = opened.gateway.clock.now()
        sim = "INSERT OR IGNORE INTO sims VALUES ('8949001','8949001','262011234567890','','',?,'','',?,?)"
        db.execute_sql(sim, (channel, now, now))
        db.execute_sql("UPDATE parts SET status='sent', channel=?, sim='8949001', reference=?, sent_at=? WHERE id = ?",
                       (channel, reference, now, part_id))  # fmt: skip
        db.execute_sql(
            "INSERT INTO attempts (message_id, part_id, number, channel, sim, recipient, state, started_at, ended_at, reference)"
            " VALUES (?,?,?,?,'8949001',?,'sent',?,?,?)",
            (message_id, part_id, part, channel, message.to, now, now, reference),
        )
        db.execute_sql("UPDATE messages SET status='sent', channel=?, sent_at=?, ready=0 WHERE id=?", (channel, now, message_id))

    opened.gateway.store.writer.run(job)


def report(opened: Open, to: str, reference: int, status: int) -> None:
    told = Report("p0", "8949001", f"{to} {reference} {status}", reference, to, status)
    opened.gateway.store.writer.run(lambda db: reports.keep(db, told, opened.gateway.clock.now()))


def test_results_and_reports_of_a_text(opened: Open) -> None:
    call(opened, "send_sms", {"text": "x", "port": [0], "param": [{"number": ANNA, "user_id": 42}]})
    shown = {"port": 0, "user_id": 42, "number": ANNA, "time": "2026-09-21 14:13:20", "status": "SENDING", "count": 1,
             "succ_count": 0, "ref_id": 0, "imsi": ""}  # fmt: skip
    assert call(opened, "query_sms_result", {"user_id": [42]}) == {"error_code": 200, "sn": "simrack", "result": [shown]}
    opened.gateway.clock.advance(5)
    sent(opened, opened.last())
    gone = {**shown, "status": "SENT_OK", "time": "2026-09-21 14:13:25", "succ_count": 1, "ref_id": 215, "imsi": "262011234567890"}
    assert call(opened, "query_sms_result", {"user_id": [42]})["result"] == [gone]
    for status, word in ((48, "SENT_OK"), (0, "DELIVERED")):
        opened.gateway.clock.advance(5)
        report(opened, ANNA, 215, status)
        assert call(opened, "query_sms_result", {"user_id": [42]})["result"][0]["status"] == word
    told = {"port": 0, "number": ANNA, "time": "2026-09-21 14:13:30", "ref_id": 215, "status_code": 48, "imsi": "262011234567890"}
    answer = call(opened, "query_sms_deliver_status", {"number": [ANNA], "port": [0]})
    assert answer["result"] == [told, {**told, "time": "2026-09-21 14:13:35", "status_code": 0}]
    assert call(opened, "query_sms_deliver_status", {"time_after": "2026-09-21 14:13:31"})["result"] == answer["result"][1:]
    assert call(opened, "query_sms_deliver_status", {"port": [1]})["result"] == []


def test_a_text_that_was_not_delivered_was_sent_all_the_same(opened: Open) -> None:
    call(opened, "send_sms", {"text": "x", "param": [{"number": ANNA, "user_id": 1}]})
    sent(opened, opened.last())
    report(opened, ANNA, 215, 70)
    assert opened.last().status is Status.UNDELIVERED
    assert call(opened, "query_sms_result", {"user_id": [1]})["result"][0]["status"] == "SENT_OK"
    assert [one["status_code"] for one in call(opened, "query_sms_deliver_status", {})["result"]] == [70]


def test_results_are_found_by_user_id_number_port_and_time(opened: Open) -> None:
    for n, (number, port) in enumerate(((ANNA, 0), (BERT, 0), (ANNA, 1)), 1):
        call(opened, "send_sms", {"text": "x", "port": [port], "param": [{"number": number, "user_id": n}]})
        opened.gateway.clock.advance(60)

    def found(**given: object) -> list[int]:
        return [one["user_id"] for one in call(opened, "query_sms_result", given)["result"]]

    assert found() == [1, 2, 3]
    assert (found(user_id=[3, 1, 9]), found(user_id="2"), found(number=[ANNA]), found(port=[0])) == ([1, 3], [2], [1, 3], [1, 2])
    assert (found(number=[ANNA], port=1), found(number=[BERT], user_id=[1]), found(port=[9])) == ([3], [], [])
    assert found(time_after="2026-09-21 14:14:20", time_before="2026-09-21 14:14:20") == [2]
    (row,) = call(opened, "query_sms_result", {"number": ["015112345679"]})["result"]
    assert row["number"] == "015112345679"


def test_a_key_hears_of_its_own_texts_alone(opened: Open) -> None:
    _, other = opened.gateway.keys.add("other", ["send", "read"])
    task = call(opened, "send_sms", {"text": "x", "param": [{"number": ANNA, "user_id": 1}]})["task_id"]
    for question in ({}, {"user_id": [1]}, {"number": [ANNA]}):
        assert call(opened, "query_sms_result", question, basic(other))["result"] == []
    assert call(opened, "stop_sms", {"task_id": task}, basic(other))["error_code"] == 404


@pytest.mark.parametrize(
    ("question", "code"),
    [
        ({"user_id": list(range(1, 34))}, 413), ({"number": ["+49151"] * 33}, 413), ({"number": ["1" * 25]}, 413),
        ({"time_after": "yesterday"}, 400), ({"time_before": "2026-02-30 00:00:00"}, 400), ({"user_id": ["a"]}, 400),
    ],
)  # fmt: skip
def test_questions_that_cannot_be_answered(opened: Open, question: object, code: int) -> None:
    assert call(opened, "query_sms_result", question)["error_code"] == code


def test_a_task_is_called_back_as_far_as_it_has_not_left(opened: Open) -> None:
    before = call(opened, "send_sms", {"text": "x", "param": [{"number": BERT}]})["task_id"]
    both = [{"number": ANNA, "user_id": 1}, {"number": BERT, "user_id": 2}]
    task = call(opened, "send_sms", {"text": "y", "param": both})["task_id"]
    call(opened, "send_sms", {"text": "z", "param": [{"number": BERT}]})
    assert before < task
    sent(opened, opened.messages()[1])
    assert call(opened, f"stop_sms?task_id={task}") == {"error_code": 200, "sn": "simrack"}
    assert [one.status.value for one in opened.messages()] == ["queued", "sent", "cancelled", "queued"]
    assert [one["status"] for one in call(opened, "query_sms_result", {"user_id": [1, 2]})["result"]] == ["SENT_OK", "FAILED"]
    for nothing in ("0", "999999", str(task + 2), "9223372036854775807"):
        assert call(opened, f"stop_sms?task_id={nothing}")["error_code"] == 404
    assert call(opened, "stop_sms")["error_code"] == 400


# What comes in


def came(opened: Open, text: str, channel: str = "p0", sender: str = BERT) -> int:
    """Its incoming_sms_id."""
    number = len(opened.messages())
    part = IncomingPart(channel, f"sim-{channel}", f"{number:04X}", sender, text=text, encoding=Encoding.GSM7, serial=str(number))
    message = opened.gateway.store.writer.run(
        lambda db: inbox.keep(db, part, "", lambda pieces: pieces[0].text, lambda: f"msg_{number}", opened.gateway.clock.now())
    )
    assert message is not None
    return message.serial


def test_a_text_that_came_in_is_shown_with_a_number_that_rises(opened: Open) -> None:
    first = came(opened, "hi")
    opened.gateway.clock.advance(1)
    second = came(opened, "there", "p1")
    assert first < second
    answer = call(opened, "query_incoming_sms?flag=all")
    assert answer["sms"][0] == {
        "incoming_sms_id": first, "port": 0, "number": BERT, "smsc": "", "timestamp": "2026-09-21 14:13:20", "text": "hi",
    }  # fmt: skip
    assert (answer["read"], answer["unread"], [one["text"] for one in answer["sms"]]) == (0, 2, ["hi", "there"])


def texts(opened: Open, question: str, **more: Any) -> list[str]:
    return [one["text"] for one in call(opened, f"query_incoming_sms{question}", **more)["sms"]]


def test_unread_is_what_this_key_has_not_asked_for(opened: Open) -> None:
    _, other = opened.gateway.keys.add("other", ["read"])
    for n in range(3):
        came(opened, f"t{n}", f"p{n % 2}")
    assert texts(opened, "?flag=all") == ["t0", "t1", "t2"]
    assert texts(opened, "?flag=unread&port=1") == ["t1"]
    assert (texts(opened, "?flag=read"), texts(opened, "?flag=unread"), texts(opened, "?flag=unread")) == (["t1"], ["t0", "t2"], [])
    answer = call(opened, "query_incoming_sms?flag=read")
    assert (answer["read"], answer["unread"], len(answer["sms"])) == (3, 0, 3)
    came(opened, "t3")
    assert texts(opened, "?flag=unread") == ["t3"]
    assert texts(opened, "?flag=unread", headers=basic(other)) == ["t0", "t1", "t2", "t3"]


def test_who_is_given_a_password_begins_with_what_comes_from_then_on(opened: Open) -> None:
    came(opened, "to somebody else")
    _, password = opened.gateway.keys.add_dinstar("pbx")
    came(opened, "to us")
    _, password = opened.gateway.keys.add_dinstar("pbx")
    assert texts(opened, "?flag=unread", headers=basic(password)) == ["to us"]
    assert len(texts(opened, "?flag=all", headers=basic(password))) == 2


def test_a_client_that_counts_reads_on_from_its_mark(opened: Open) -> None:
    marks = [came(opened, f"t{n}") for n in range(4)]
    assert texts(opened, f"?flag=all&incoming_sms_id={marks[1]}") == ["t2", "t3"]
    assert texts(opened, f"?flag=all&incoming_sms_id={marks[3]}") == []
    assert texts(opened, f"?flag=unread&incoming_sms_id={marks[2]}") == ["t3"]


@pytest.mark.parametrize("question", ["?flag=al,port=0", "?flag=All&port=[0]", '?port=["0"],flag=unreed', "?port=0&flag=every"])
def test_questions_as_scripts_misspell_them_mark_nothing(opened: Open, question: str) -> None:
    came(opened, "x")
    came(opened, "y", "p1")
    assert texts(opened, question) == ["x"]
    assert texts(opened, "?flag=unread") == ["x", "y"]


def test_it_may_be_asked_by_post_and_by_get_with_a_body(opened: Open) -> None:
    came(opened, "x")
    for method in ("GET", "POST"):
        answer = opened.client.open("/api/query_incoming_sms", method=method, data='{"flag":"all","port":[0]}', headers=basic())
        assert [one["text"] for one in answer.json["sms"]] == ["x"]


def test_of_very_many_the_newest_are_shown_and_those_behind_a_mark_in_turn(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dinstar, "_MOST_RESULTS", 2)
    marks = [came(opened, f"t{n}", f"p{n % 2}") for n in range(5)]
    assert texts(opened, "?flag=all") == ["t3", "t4"]
    assert texts(opened, "?flag=all&incoming_sms_id=0") == ["t0", "t1"]
    assert texts(opened, f"?flag=all&incoming_sms_id={marks[1]}") == ["t2", "t3"]
    assert [texts(opened, "?flag=unread") for _ in range(4)] == [["t0", "t1"], ["t2", "t3"], ["t4"], []]


# Ports and service codes


def test_ports_are_channels_with_what_is_known_of_them(opened: Open) -> None:
    opened.gateway.facts[0] = replace(opened.gateway.facts[0], imsi="262011234567890", imei="356938035643809", smsc="+491710760000")
    answer = call(opened, "get_port_info?port=0,1&info_type=imei,imsi,iccid,smsc,type,number,reg,slot,callstate,signal,gprs")
    assert answer["info"][0] == {
        "port": 0, "imei": "356938035643809", "imsi": "262011234567890", "iccid": "8949001", "smsc": "+491710760000", "type": "GSM",
        "number": "+4915110000000", "reg": "REGISTER_OK", "slot": 255, "callstate": "Idle", "signal": 21, "gprs": "detached",
    }  # fmt: skip
    assert (answer["info"][1]["port"], answer["info"][1]["reg"], answer["info"][1]["signal"]) == (1, "POWER_OFF", 0)
    assert call(opened, "get_port_info?info_type=reg,port")["info"] == [
        {"port": 0, "reg": "REGISTER_OK"}, {"port": 1, "reg": "POWER_OFF"},
    ]  # fmt: skip
    assert call(opened, "get_port_info?port=5")["error_code"] == 400


def administrator(opened: Open) -> dict[str, str]:
    return basic(opened.gateway.keys.add("boss", ["admin"])[1])


def test_a_service_code_is_dialled_and_its_answer_asked_for(opened: Open) -> None:
    boss = administrator(opened)
    called, go = threading.Event(), threading.Event()

    def network(channel: str, code: str) -> UssdReply:
        called.set()
        assert go.wait(5)
        if code == "*9#":
            raise UssdFailed("refused", "no such code", "try another")
        return UssdReply(f"{channel} {code}")

    settings = replace(opened.gateway.settings, doors=opened.settings)
    opened.client = create_app(replace(opened.gateway.doors(), ussd=network, settings=settings)).test_client()
    answer = call(opened, "send_ussd", {"text": "*100#", "port": [0, 1], "command": "send"}, boss)
    assert answer == {"error_code": 202, "sn": "simrack", "result": [{"port": 0, "status": 200}, {"port": 1, "status": 503}]}
    assert called.wait(5)
    assert call(opened, "query_ussd_reply?port=0", headers=boss)["reply"] == []
    assert call(opened, "send_ussd", {"text": "*101#", "port": [0]}, boss)["result"] == [{"port": 0, "status": 486}]
    go.set()
    assert reply(opened, boss) == "p0 *100#"
    assert call(opened, "send_ussd", {"text": "*9#", "port": 0}, boss)["result"][0]["status"] == 200
    deadline = time.monotonic() + 5  # until the network has refused it, the port is busy
    while call(opened, "send_ussd", {"text": "*101#", "port": 0}, boss)["result"][0]["status"] == 486:
        assert time.monotonic() < deadline
    assert reply(opened, boss) == "p0 *101#"
    assert call(opened, "send_ussd", {"text": "", "port": [0], "command": "cancel"}, boss)["result"] == [{"port": 0, "status": 200}]
    assert call(opened, "query_ussd_reply", headers=boss)["reply"] == []


def reply(opened: Open, headers: dict[str, str]) -> str:
    deadline = time.monotonic() + 5
    while not (found := call(opened, "query_ussd_reply?port=0", headers=headers)["reply"]):
        assert time.monotonic() < deadline
    assert found[0]["port"] == 0
    return str(found[0]["text"])


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        ({"text": "*100#"}, 400), ({"text": "hello", "port": [0]}, 400), ({"text": "", "port": [0]}, 400),
        ({"text": "*1#", "port": [0], "command": "stop"}, 400), ({"text": "1" * 61, "port": [0]}, 413),
        ({"text": "*1#", "port": [9]}, 400), ({"text": 5, "port": [0]}, 400),
    ],
)  # fmt: skip
def test_what_is_no_service_code_is_not_dialled(opened: Open, wanted: object, code: int) -> None:
    assert call(opened, "send_ussd", wanted, administrator(opened))["error_code"] == code


def test_service_codes_and_changes_of_ports_need_an_administrator_who_is_told_no_login_failed(opened: Open) -> None:
    assert call(opened, "send_ussd", {"text": "*1#", "port": [0]})["error_code"] == 500
    assert call(opened, "query_ussd_reply")["error_code"] == 500
    assert call(opened, "set_port_info?port=0&action=lock")["error_code"] == 500
    boss = administrator(opened)
    for action, traffic in (("lock", "paused"), ("unlock", "open"), ("block", "paused"), ("unblock", "open")):
        assert call(opened, f"set_port_info?port=0&action={action}", headers=boss)["error_code"] == 200
        assert opened.gateway.fitness.shown("p0", "8949001").traffic.value == traffic
    call(opened, "set_port_info?port=1&action=reset", headers=boss)
    assert opened.gateway.unparked == ["p1"]
    assert call(opened, "set_port_info?port=1&action=imei&param=1", headers=boss)["error_code"] == 400
    assert call(opened, "set_port_info?action=lock", headers=boss)["error_code"] == 400


def test_scopes_are_kept(opened: Open) -> None:
    _, reader = opened.gateway.keys.add("reader", ["read"])
    _, sender = opened.gateway.keys.add("sender", ["send"])
    assert asked(opened, "send_sms", "{}", basic(reader)).status_code == 403
    assert asked(opened, "query_sms_result", "{}", basic(sender)).status_code == 403
    assert asked(opened, "query_incoming_sms", None, basic(sender)).status_code == 403


def test_what_a_box_tells_of_calls_is_empty(opened: Open) -> None:
    assert call(opened, "get_cdr", {}) == {"error_code": 200, "sn": "simrack", "cdr": []}


def test_how_busy_the_machine_is_is_told_without_an_error_code(opened: Open) -> None:
    told = call(opened, "get_status", ["performance"])["performance"]
    assert told["cpu_used"].endswith("%") and int(told["flash_total"]) >= int(told["flash_used"]) > 0
    assert call(opened, "get_status", {"performance": 1})["error_code"] == 400


CALLS = (
    *("send_sms", "stop_sms", "query_sms_result", "query_sms_deliver_status", "query_incoming_sms", "get_port_info"),
    *("set_port_info", "send_ussd", "query_ussd_reply", "get_cdr", "get_status"),
)
_WORDS = (
    *("text", "param", "port", "number", "user_id", "text_param", "flag", "incoming_sms_id", "task_id", "time_after"),
    *("info_type", "action", "command"),
)
_WHAT = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from([ANNA, "#param#", "0,1"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_WORDS), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)
@given(name=st.sampled_from(CALLS), content=st.dictionaries(st.sampled_from(_WORDS), _WHAT) | _WHAT)
def test_whatever_is_asked_is_answered_in_the_language_of_a_box(opened: Open, name: str, content: object) -> None:
    answer = opened.client.post(f"/api/{name}", data=json.dumps(content), headers=basic())
    assert answer.status_code == 200, answer.text
    assert "performance" in answer.json or answer.json["error_code"] in (200, 202, 400, 404, 413, 500, 550)


def test_results_may_be_asked_for_in_the_address(opened: Open) -> None:
    call(opened, "send_sms", {"text": "x", "param": [{"number": ANNA, "user_id": 5}]})
    for question in ("?user_id=5", "?number=+4915112345678,110", "?number=%2B4915112345678&user_id=[5]"):
        assert [one["user_id"] for one in call(opened, f"query_sms_result{question}")["result"]] == [5]
