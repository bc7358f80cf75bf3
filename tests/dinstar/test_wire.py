"""Questions and answers of a box as its document and its clients write them."""

from __future__ import annotations

import json

import pytest

from gateway.dinstar import texts, wire
from gateway.dinstar.faults import Garbled
from gateway.dinstar.inbox import incoming_part
from gateway.dinstar.recovery import Recovery
from gateway.dinstar.timing import Timing
from gateway.dinstar.window import Window
from gateway.dinstar.wire import DeliverStatus, Result, TextResult
from gateway.records import Encoding, OutgoingPart, Part, Word

RESULT = (
    '{"error_code":200,"sn":"dbd2-0300-0000-0001","result":[{"port":0,"user_id":42,"number":"+15550100",'
    '"time":"2026-11-21 20:01:02","status":"DELIVERED","count":1,"succ_count":1,"ref_id":215,"imsi":"001010000000001"}]}'
)
INBOX = (
    '{"error_code":200,"sn":"dbd2-0300-0000-0001","sms":[{"incoming_sms_id":18,"port":0,"number":"+15550199",'
    '"smsc":"+15550000","timestamp":"2026-11-21 20:03:04","text":"hi"}],"read":10,"unread":1}'
)


def box_text(user_id: int, words: str, number: str = "+15550100", seven_bit: bool = True, report: bool = True) -> texts.BoxText:
    return texts.BoxText(user_id, number, words, seven_bit, report)


def sent(*given: texts.BoxText) -> dict[str, object]:
    request = texts.send(given, 3)
    assert (request.method, request.path) == ("POST", "/api/send_sms")
    document: dict[str, object] = json.loads(request.body)
    return document


def test_one_text_is_written_as_it_is() -> None:
    assert sent(box_text(42, "Grüße\n\"x\"")) == {
        "text": 'Grüße\n"x"', "port": [3], "encoding": "gsm-7bit", "request_status_report": True,
        "param": [{"number": "+15550100", "user_id": 42}],
    }  # fmt: skip


def test_texts_that_differ_go_as_values_and_equal_ones_once() -> None:
    both = sent(box_text(1, "one", seven_bit=False, report=False), box_text(2, "two", "+15550102", False, False))
    assert both == {
        "text": "#param#", "port": [3], "encoding": "unicode", "request_status_report": False,
        "param": [
            {"number": "+15550100", "user_id": 1, "text_param": ["one"]},
            {"number": "+15550102", "user_id": 2, "text_param": ["two"]},
        ],
    }  # fmt: skip
    assert sent(box_text(1, "same"), box_text(2, "same", "+15550102"))["text"] == "same"


def test_the_place_of_a_value_may_stand_in_a_text() -> None:
    document = sent(box_text(1, "#param#param# #param#"))
    assert document["text"] == "#param#"
    assert document["param"] == [{"number": "+15550100", "user_id": 1, "text_param": ["#param#param# #param#"]}]


def test_the_request_is_plain_ascii_as_the_clients_send_that_boxes_understand() -> None:
    assert b"\\ud83d\\ude00" in texts.send([box_text(1, "😀")], 0).body


def test_only_so_many_texts_and_so_many_bytes_go_together() -> None:
    assert texts.go_together([box_text(n, "x") for n in range(128)])
    assert not texts.go_together([box_text(n, "x") for n in range(129)])
    assert not texts.go_together([box_text(1, "x" * 800), box_text(2, "y" * 800)])
    assert not texts.go_together([box_text(1, "x"), box_text(2, "y", seven_bit=False)])
    assert not texts.go_together([box_text(1, "x"), box_text(2, "y", report=False)])


@pytest.mark.parametrize(
    ("part", "seven_bit"),
    [
        (Part("abc", Encoding.GSM7), True),
        (Part("ışğ", Encoding.GSM7, locking=1), False),
        (Part("ç", Encoding.GSM7, single=1), False),
        (Part("abc", Encoding.UCS2), False),
    ],
)
def test_seven_bits_are_asked_for_in_the_default_alphabet_alone(part: Part, seven_bit: bool) -> None:
    assert texts.box_text(OutgoingPart(1, "+15550100", part)).seven_bit is seven_bit


def test_a_text_of_1500_bytes_goes_and_one_of_1501_does_not() -> None:
    assert texts.cannot(OutgoingPart(1, "+15550100", Part("ä" * 750, Encoding.UCS2))) is None
    refused = texts.cannot(OutgoingPart(1, "+15550100", Part("ä" * 750 + "a", Encoding.UCS2)))
    assert refused is not None and (refused.word, refused.code) == (Word.ELSEWHERE, "dinstar:too-long")


def test_questions_are_written_as_the_document_shows_them() -> None:
    assert wire.incoming(17).path == "/api/query_incoming_sms?flag=all&incoming_sms_id=17"
    assert wire.set_port(2, "power", "off").path == "/api/set_port_info?port=2&action=power&param=off"
    assert wire.port_info().path == "/api/get_port_info?info_type=port,type,imei,imsi,iccid,smsc,number,reg,signal"
    assert json.loads(wire.deliver_statuses([0, 1], "2026-11-21 20:00:00").body) == {
        "port": [0, 1], "time_after": "2026-11-21 20:00:00",
    }  # fmt: skip
    assert json.loads(wire.send_ussd(1, "*100#").body) == {"text": "*100#", "port": [1], "command": "send"}


def test_a_result_is_read() -> None:
    rows = wire.text_results(wire.document(RESULT.encode())["result"])
    assert rows == [TextResult(42, 0, "+15550100", "2026-11-21 20:01:02", Result.DELIVERED, 1, 1, 215)]


def test_of_two_results_with_one_id_the_newer_one_is_the_last() -> None:
    old = {"port": 0, "user_id": 1, "number": "1", "time": "2026-01-01 00:00:00", "status": "FAILED"}
    new = {**old, "time": "2026-11-21 20:01:02", "status": "SENDING"}
    assert [row.status for row in wire.text_results([new, old])] == [Result.FAILED, Result.SENDING]


@pytest.mark.parametrize(
    "row", [{}, {"user_id": 1}, {"user_id": "x", "status": "FAILED"}, {"user_id": 1, "status": "LOST"}, [], None, 7, "row"]
)
def test_rows_that_make_no_sense_are_left_out(row: object) -> None:
    assert wire.text_results([row]) == []
    assert wire.text_results(row) == []
    assert wire.delivery([row]) == []


@pytest.mark.parametrize("body", [b"", b"\xff", b"[]", b"null", b'{"error_code":', b"<html>"])
def test_what_is_no_object_is_garbled(body: bytes) -> None:
    with pytest.raises(Garbled):
        wire.document(body)


@pytest.mark.parametrize("number", ["+15550199", "15550199", "12345", "MyBank"])
def test_senders_are_spelt_as_everywhere(number: str) -> None:
    row = {**wire.document(INBOX.encode())["sms"][0], "number": number}
    part = incoming_part(row, "box1", "sn", lambda port, imsi: "8949001")
    assert part is not None and part.sender == number


def test_an_incoming_text_is_read_with_what_tells_it_from_others() -> None:
    row = wire.document(INBOX.encode())["sms"][0]
    part = incoming_part(row, "box1", "dbd2", lambda port, imsi: "8949001")
    assert part is not None
    assert (part.channel, part.sim, part.serial, part.smsc, part.text) == ("box1.0", "8949001", "dbd2:18", "+15550000", "hi")
    assert part.service_time is not None and part.service_time.isoformat() == "2026-11-21T20:03:04+00:00"
    assert json.loads(part.raw) == {**row, "sn": "dbd2"}
    assert incoming_part(row, "box1", "dbd2", lambda port, imsi: None) is None


@pytest.mark.parametrize("broken", [{"timestamp": "yesterday"}, {"timestamp": None}, {"text": 7}, {"text": None}])
def test_a_text_that_cannot_be_read_whole_is_kept_with_a_flag(broken: dict[str, object]) -> None:
    row = {**wire.document(INBOX.encode())["sms"][0], **broken}
    part = incoming_part(row, "box1", "dbd2", lambda port, imsi: "8949001")
    assert part is not None and part.flaws and '"incoming_sms_id":18' in part.raw


# Recovery and windows


def test_a_port_is_reset_then_switched_and_each_pause_is_twice_the_one_before() -> None:
    recovery = Recovery(300.0, Timing())
    taken: list[tuple[float, str]] = []
    for now in range(0, 8000, 30):
        step = recovery.due(float(now))
        if step is not None:
            recovery.taken(step, float(now))
            taken.append((now, step))
    assert taken == [(300, "reset"), (600, "power"), (1200, "reset"), (2400, "power"), (4800, "reset")]
    assert recovery.counters == (("reset", 3), ("power", 2))


def test_a_port_that_serves_again_begins_with_the_first_step_and_none_is_taken_when_switched_off() -> None:
    recovery = Recovery(300.0, Timing())
    assert recovery.due(0.0) is None and recovery.due(300.0) == "reset"
    recovery.taken("reset", 300.0)
    recovery.serves()
    assert recovery.due(10_000.0) is None and recovery.due(10_300.0) == "reset"
    never = Recovery(0.0, Timing())
    assert never.due(0.0) is None and never.due(1e9) is None


def test_reports_are_asked_for_from_a_little_before_the_newest_by_the_clock_of_the_box() -> None:
    window = Window(Timing())
    assert window.after == ""
    window.clock_shows(wire.moment("2026-11-21 20:00:00"))
    assert window.after == "2026-11-20 20:00:00"
    row = DeliverStatus(0, "+15550100", "2026-11-21 19:00:00", 7, 0)
    stranger = DeliverStatus(0, "+15550102", "2026-11-21 19:00:01", 8, 0)
    window.heard([row], [row, stranger])
    assert window.after == "2026-11-21 18:58:01"
    assert window.fresh([row, stranger]) == [stranger]
    window.clock_shows(wire.moment("2020-01-01 00:00:00"))
    assert window.after == "2019-12-31 00:00:00"
