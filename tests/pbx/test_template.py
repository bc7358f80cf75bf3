"""Templates: each value is escaped for the place it stands in, and no text can leave its place."""

from __future__ import annotations

import json

import pytest

from gateway.errors import BadValue
from gateway.pbx.formats import FORMATS, checked, hook
from gateway.records import Event, EventType
from tests.pbx.told import RECEIVED, URL, header, posted

NASTY = Event("evt_8", EventType.MESSAGE_RECEIVED, 0.0, "c", {"from": "+491711234567", "text": 'a"b\\c&d=<e>\r\nX: {secret}/#?é'})


def test_a_target_is_url_encoded_and_stays_on_its_host() -> None:
    request = posted("template", NASTY, method="GET", target="/send/{from}?t={text}")
    encoded = "a%22b%5Cc%26d%3D%3Ce%3E%0D%0AX%3A%20%7Bsecret%7D%2F%23%3F%C3%A9"
    assert (request.method, request.body) == ("GET", b"")
    assert request.url == f"https://pbx.example/send/%2B491711234567?t={encoded}"


def test_a_body_of_json_stays_json() -> None:
    body = {"message": {"to": ["{to}"], "body": "{text}!"}, "urgent": True, "n": 3}
    request = posted("template", NASTY, body=body)
    assert json.loads(request.body) == {"message": {"to": [""], "body": NASTY.data["text"] + "!"}, "urgent": True, "n": 3}  # type: ignore[operator]
    assert header(request, "Content-Type") == "application/json"


def test_a_body_of_text_is_escaped_by_its_content_type() -> None:
    def body(content_type: str, template: str) -> str:
        return posted("template", NASTY, body=template, content_type=content_type).body.decode()

    encoded = "a%22b%5Cc%26d%3D%3Ce%3E%0D%0AX%3A+%7Bsecret%7D%2F%23%3F%C3%A9"
    assert body("", "Body={text}") == body("application/x-www-form-urlencoded", "Body={text}") == f"Body={encoded}"
    assert json.loads(body("application/vnd.api+json", '{"t": "{text}"}')) == {"t": NASTY.data["text"]}
    assert body("text/xml", "<t>{text}</t>") == "<t>a&quot;b\\c&amp;d=&lt;e&gt;\r\nX: {secret}/#?é</t>"
    assert body("text/plain", "{from}: {text}") == f"+491711234567: {NASTY.data['text']}"


def test_it_can_say_for_whom_a_text_is() -> None:
    for given, told in (({"extension": "1001"}, "1001"), ({"extension": None}, ""), ({}, "")):
        event = Event("evt_8", EventType.MESSAGE_RECEIVED, 0.0, "c", {"text": "hi", **given})
        request = posted("template", event, method="GET", target="/in?for={extension}&t={text}")
        assert request.url == f"https://pbx.example/in?for={told}&t=hi"


def test_a_header_cannot_be_left_by_a_text() -> None:
    request = posted("template", NASTY, headers={"X-Text": "{text}", "X-Key": "k {secret}"})
    assert header(request, "X-Text") == 'a"b\\c&d=<e>%0D%0AX: {secret}/#?%C3%A9'
    assert header(request, "X-Key") == "k 12345678"
    blank = Event("evt_8", EventType.MESSAGE_RECEIVED, 0.0, "c", {"text": "  hi  "})
    assert header(posted("template", blank, headers={"X-Text": " {text} "}), "X-Text") == "hi"  # HTTP allows no blanks at the ends


def test_without_a_word_it_is_flat_json() -> None:
    assert json.loads(posted("template").body) == {
        "event": "message.received",
        "event_id": "evt_1",
        "id": "msg_1",
        "from": "+491711234567",
        "to": "+4915110000000",
        "text": "Grüße & 50%",
        "channel": "p3",
        "status": "received",
        "time": "2026-11-21T20:03:04.000Z",
    }


def test_it_tells_of_channels_too() -> None:
    data = {"channel": "p0", "state": "lost", "reason": "unplugged"}
    event = Event("evt_9", EventType.CHANNEL_DOWN, 0.0, "channel:p0", data)
    request = posted("template", event, body={"text": "{event}: {channel} is {status}, {reason}"})
    assert json.loads(request.body) == {"text": "channel.down: p0 is lost, unplugged"}


def test_an_answer_must_hold_what_is_expected() -> None:
    known = hook("wh_1", URL, "x", "template", {"expect": "ACK/Jasmin"}, "DE")
    assert FORMATS["template"].hear(known, "ACK/Jasmin\n").fault == ""
    assert "ACK/Jasmin" in FORMATS["template"].hear(known, "NACK").fault


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"body": {"a": ["{txt}"]}}, "options/body"),
        ({"target": "/x?{form}"}, "options/target"),
        ({"target": "x"}, "options/target"),
        ({"target": "/x y"}, "options/target"),
        ({"target": "/x#y"}, "options/target"),
        ({"headers": {"X-A": "{nothing}"}}, "options/headers"),
        ({"headers": {"Host": "elsewhere"}}, "options/headers"),
        ({"headers": {"X A": "b"}}, "options/headers"),
        ({"headers": {"X-A": "a\r\nb"}}, "options/headers"),
        ({"body": 3}, "options/body"),
        ({"method": "DELETE"}, "options/method"),
        ({"content_type": "a\nb"}, "options/content_type"),
        ({"url": "https://elsewhere.example"}, "options/url"),
    ],
)
def test_a_wrong_option_is_named_with_a_remedy(options: dict[str, object], field: str) -> None:
    with pytest.raises(BadValue) as refusal:
        checked("template", options)
    assert refusal.value.field == field and refusal.value.remedy


def test_a_received_text_has_every_placeholder() -> None:
    body = "{event_id} {client_ref} {code} {reason} {timestamp} {status}"
    assert posted("template", RECEIVED, body=body, content_type="text/plain").body == b"evt_1    1795291385 received"
