"""Jasmin's DLR as its documents have it: which fields at which level, GET and POST, and the only answer that accepts."""

from __future__ import annotations

import pytest

from gateway.pbx.formats import CALLBACKS, hook
from gateway.pbx.jasmin_dlr import told_by
from gateway.pbx.request import HttpRequest
from gateway.records import Event, EventType
from tests.pbx import told

DELIVERED = told.report(EventType.MESSAGE_DELIVERED, sent_at="2026-11-21T20:01:59.000Z", text="Hallo, wie geht es Ihnen?")


def asked(event: Event, level: int = 3, method: str = "post", url: str = "http://x/dlr?x=1") -> HttpRequest:
    options = {"signing": "none", "level": level, "method": method}
    request = CALLBACKS["jasmin-dlr"].compose(event, hook("wh_1", url, "", "jasmin-dlr", options, "DE"), told.AT)
    assert request is not None
    return request


def test_a_report_of_the_network_has_four_fields() -> None:
    request = asked(told.SENT)
    assert (request.method, request.url) == ("POST", "http://x/dlr?x=1")
    assert request.headers[0] == ("Content-Type", "application/x-www-form-urlencoded")
    assert request.body == b"id=msg_2&message_status=ESME_ROK&level=1&connector=p3"
    assert asked(told.FAILED).body == b"id=msg_2&message_status=ESME_RSUBMITFAIL&level=1&connector=p3"


def test_a_report_of_the_phone_has_all_fields() -> None:
    rest = b"&level=2&connector=p3&subdate=2611212001&donedate=2611212003"
    assert asked(DELIVERED).body == (
        b"id=msg_2&id_smsc=msg_2&message_status=DELIVRD" + rest + b"&sub=001&dlvrd=001&err=000&text=Hallo%2C+wie+geht+es+I"
    )
    assert b"message_status=UNDELIV&level=2" in asked(told.UNDELIVERED).body
    assert b"&sub=001&dlvrd=000&err=001&text=Hallo" in asked(told.UNDELIVERED).body


def test_who_wants_the_second_level_alone_hears_there_that_a_text_never_left() -> None:
    assert b"message_status=UNDELIV&level=2" in asked(told.FAILED, level=2).body
    expired = told.report(EventType.MESSAGE_FAILED, status="expired")
    assert b"message_status=EXPIRED&level=2" in asked(expired, level=2).body


def test_get_puts_the_fields_into_the_address() -> None:
    request = asked(told.SENT, method="get")
    assert (request.method, request.body) == ("GET", b"")
    assert request.url == "http://x/dlr?x=1&id=msg_2&message_status=ESME_ROK&level=1&connector=p3"


@pytest.mark.parametrize(("body", "good"), [("ACK/Jasmin", True), ("ACK/Jasmin\n", True), ("", False), ("OK", False)])
def test_its_words_alone_accept(body: str, good: bool) -> None:
    known = hook("wh_1", "http://x/", "", "jasmin-dlr", {}, "DE")
    assert (CALLBACKS["jasmin-dlr"].hear(known, body).fault == "") is good


@pytest.mark.parametrize(
    ("level", "events"),
    [(1, {"sent", "failed"}), (2, {"delivered", "undelivered", "failed"}), (3, {"sent", "delivered", "undelivered", "failed"})],
)
def test_the_level_chooses_the_events(level: int, events: set[str]) -> None:
    assert {kind.value.removeprefix("message.") for kind in told_by(level)} == events
