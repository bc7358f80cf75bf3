"""The calls of a Dinstar box at our door, with bodies as its known clients write them, and answers written from the document."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from gateway.records import Message, Report, Status
from gateway.store import reports
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
    opened.gateway.keys.change_rules("pbx", {"longest": 1500}, "a test", opened.gateway.settings)
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
        sim = "INSERT OR IGNORE INTO sims VALUES ('8949001','8949001','262011234567890','','',?,'','',?,?,'')"
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


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(name=st.sampled_from(CALLS), content=st.dictionaries(st.sampled_from(_WORDS), _WHAT) | _WHAT)
def test_whatever_is_asked_is_answered_in_the_language_of_a_box(opened: Open, name: str, content: object) -> None:
    answer = opened.client.post(f"/api/{name}", data=json.dumps(content), headers=basic())
    assert answer.status_code == 200, answer.text
    assert "performance" in answer.json or answer.json["error_code"] in (200, 202, 400, 404, 413, 500, 550)


def test_results_may_be_asked_for_in_the_address(opened: Open) -> None:
    call(opened, "send_sms", {"text": "x", "param": [{"number": ANNA, "user_id": 5}]})
    for question in ("?user_id=5", "?number=+4915112345678,110", "?number=%2B4915112345678&user_id=[5]"):
        assert [one["user_id"] for one in call(opened, f"query_sms_result{question}")["result"]] == [5]
