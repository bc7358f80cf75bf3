"""Twilio's forms and signature, judged by a vector that the SDK accepted and by the SDK itself where it is installed; TwiML."""

from __future__ import annotations

from urllib.parse import parse_qs

import pytest

from gateway.pbx.formats import FORMATS, hook
from gateway.pbx.request import HttpRequest
from gateway.pbx.signing import signed
from gateway.pbx.twilio import sid
from gateway.records import Event, EventType
from tests.pbx import told
from tests.pbx.told import AT, RECEIVED, URL, header, posted, tried

TOKEN = "0123456789abcdef0123456789abcdef"
ULID = Event("evt_1", EventType.MESSAGE_RECEIVED, 1795291384.0, "c", {**RECEIVED.data, "id": "msg_01kakb6khr000000000000000z"})


def heard(body: str, **options: object) -> tuple[str, ...]:
    return FORMATS["twilio"].hear(hook("wh_1", URL, TOKEN, "twilio", options, "DE"), body).replies


def test_a_received_text_is_twilios_form() -> None:
    request = posted("twilio", ULID, account_sid="AC11111111111111111111111111111111")
    # Five bits a letter: 01kakb6khr are the 48 bits 019aa6b34e38 (and two zeros before), then chance, z is 1f.
    name = "SM019aa6b34e380000000000000000001f"
    assert request.body == (
        f"MessageSid={name}&SmsSid={name}&SmsMessageSid={name}&AccountSid=AC11111111111111111111111111111111"
        "&From=%2B491711234567&To=%2B4915110000000&Body=Gr%C3%BC%C3%9Fe+%26+50%25&NumMedia=0&NumSegments=1"
        "&SmsStatus=received&ApiVersion=2010-04-01"
    ).encode()
    assert request.headers[0] == ("Content-Type", "application/x-www-form-urlencoded")
    assert header(request, "I-Twilio-Idempotency-Token") == "evt_1"


def test_the_signature_is_the_one_that_the_sdk_accepted() -> None:
    form = f"MessageSid=SM{'1' * 32}&From=%2B15550199&To=%2B15550101&Body=hi&NumMedia=0"
    request = HttpRequest("POST", "https://pbx.example.net/sms/in?x=1", (), form.encode())
    made = signed(request, RECEIVED, hook("wh_1", request.url, TOKEN, "twilio", {}, "DE"), AT)
    assert made.headers == (("X-Twilio-Signature", "4+PC59YPWLC+S8md6hqQZlSvDRw="),)


def test_the_sdk_accepts_every_request() -> None:
    validator = pytest.importorskip("twilio.request_validator").RequestValidator(TOKEN)
    for event in (RECEIVED, told.SENT, told.DELIVERED, told.UNDELIVERED, told.FAILED, told.TEST):
        request = posted("twilio", event, TOKEN)
        fields = {name: value for name, (value,) in parse_qs(request.body.decode(), keep_blank_values=True).items()}
        assert validator.validate(URL, fields, header(request, "X-Twilio-Signature"))
        assert not validator.validate(URL, {**fields, "To": "+1"}, header(request, "X-Twilio-Signature"))


@pytest.mark.parametrize(
    ("event", "status", "code"),
    [
        (told.SENT, "sent", None),
        (told.DELIVERED, "delivered", None),
        (told.UNDELIVERED, "undelivered", ["30008"]),
        (told.FAILED, "failed", ["30008"]),
    ],
)
def test_a_status_callback_says_what_became_of_it(event: Event, status: str, code: list[str] | None) -> None:
    fields = parse_qs(posted("twilio", event).body.decode())
    assert fields["MessageStatus"] == fields["SmsStatus"] == [status]
    assert (fields["From"], fields["To"], fields.get("ErrorCode")) == (["+4915110000000"], ["+491711234567"], code)
    assert fields["MessageSid"] == [sid("msg_2")]


@pytest.mark.parametrize(
    ("event", "code", "number"),
    [
        (EventType.MESSAGE_FAILED, "cms:1", "30005"),
        (EventType.MESSAGE_FAILED, "cms:30", "30005"),
        (EventType.MESSAGE_FAILED, "cms:195", "30005"),
        (EventType.MESSAGE_FAILED, "cms:196", "30004"),
        (EventType.MESSAGE_FAILED, "cms:27", "30003"),
        (EventType.MESSAGE_FAILED, "cms:21", "30008"),  # rejected, and nobody says why
        (EventType.MESSAGE_FAILED, "expired", "30036"),
        (EventType.MESSAGE_UNDELIVERED, "report:67", "30003"),
        (EventType.MESSAGE_UNDELIVERED, "report:69", "30006"),
        (EventType.MESSAGE_UNDELIVERED, "report:70", "30003"),
        (EventType.MESSAGE_UNDELIVERED, "report:97", "30003"),
        (EventType.MESSAGE_UNDELIVERED, "report:98", "30003"),
        (EventType.MESSAGE_UNDELIVERED, "report:64", "30008"),
    ],
)
def test_a_cause_that_twilio_has_a_number_for_is_told_by_it(event: EventType, code: str, number: str) -> None:
    told_of = told.report(event, error={"code": code, "reason": "a reason", "advice": ""})
    assert parse_qs(posted("twilio", told_of).body.decode())["ErrorCode"] == [number]


def test_an_unknown_outcome_has_no_form() -> None:
    assert tried("twilio", told.report(EventType.MESSAGE_UNKNOWN)) is None


def test_every_message_of_twiml_is_a_reply() -> None:
    assert heard("<Response/>") == ()
    assert heard('<?xml version="1.0"?><Response><Message>Grüße &amp; Dank</Message></Response>') == ("Grüße & Dank",)
    assert heard("<Response><Message><Body> one </Body></Message><Message>two</Message></Response>") == ("one", "two")
    assert heard("<Response><!-- no --><Message><![CDATA[a < b]]></Message></Response>") == ("a < b",)


@pytest.mark.parametrize(
    "body",
    [
        "OK",
        "{}",
        "<html>hi</html>",
        "<Response><Message>cut",
        "<Response><Message></Message></Response>",
        '<Response><Message to="+15550100">to somebody else</Message></Response>',
        "<Response><Redirect>/x</Redirect></Response>",
        '<!DOCTYPE x [<!ENTITY a "b">]><Response><Message>&a;</Message></Response>',
    ],
)
def test_what_asks_for_no_text_back_sends_none(body: str) -> None:
    assert heard(body) == ()


def test_replies_can_be_ignored_and_are_never_many() -> None:
    assert heard("<Response><Message>x</Message></Response>", replies=False) == ()
    assert len(heard("<Response>" + "<Message>x</Message>" * 50 + "</Response>")) == 10
