"""What came in, as clients of a Dinstar box ask for it: by a rising number, or unread, each key for itself."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.records import Encoding, IncomingPart
from gateway.store import inbox
from gateway.web.compat import dinstar
from tests.web.compat.conftest import Open, basic
from tests.web.compat.test_dinstar import BERT, call


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
