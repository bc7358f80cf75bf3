"""Dinstar push, SMSEagle, SMSGate, FusionPBX and uContact: bodies written by hand from what their receivers read."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from gateway.pbx.formats import FORMATS, hook
from gateway.pbx.request import AsBox, HttpRequest
from gateway.records import Event, EventType
from tests.pbx import told
from tests.pbx.told import URL, header, posted, tried


def texted(text: str) -> Event:
    return Event("evt_7", EventType.MESSAGE_RECEIVED, 1795291384.0, "c", {"from": "+491711234567", "text": text})


def test_a_dinstar_push_has_port_number_and_text() -> None:
    event = replace(told.RECEIVED, data={**told.RECEIVED.data, "serial": 18, "created_at": "2026-11-21T20:02:59.900Z"})
    assert json.loads(posted("dinstar-push", event, sn="dbd2-0300-0000-0001").body) == {
        "sn": "dbd2-0300-0000-0001",
        "sms": [
            {
                "incoming_sms_id": 18,
                "port": 3,
                "number": "+491711234567",
                "smsc": "",
                "timestamp": "2026-11-21 20:02:59",
                "text": "Grüße & 50%",
            }
        ],
    }


def test_a_dinstar_push_tells_results_and_reports() -> None:
    sent = told.report(EventType.MESSAGE_SENT, reference=215)
    assert json.loads(posted("dinstar-push", sent, ports={"p3": 7}).body)["sms_result"] == [
        {
            "port": 7,
            "user_id": 42,
            "number": "+491711234567",
            "time": "2026-11-21 20:03:04",
            "status": "SENT_OK",
            "count": 2,
            "succ_count": 2,
            "ref_id": 215,
            "imsi": "",
        }
    ]
    (failed,) = json.loads(posted("dinstar-push", told.FAILED).body)["sms_result"]
    assert (failed["status"], failed["succ_count"]) == ("FAILED", 0)
    given_up = told.report(EventType.MESSAGE_UNDELIVERED, error={"code": "report:70", "reason": "", "advice": ""}, reference=9)
    told_of = (told.DELIVERED, told.UNDELIVERED, given_up)
    reports = [json.loads(posted("dinstar-push", one).body)["sms_deliver_status"][0] for one in told_of]
    assert [(one["status_code"], one["ref_id"]) for one in reports] == [(0, 0), (64, 0), (70, 9)]


@pytest.mark.parametrize(("given", "user_id"), [(None, 0), ("order-7", 0), ("4294967296", 4294967296), ("9" * 19, 0), ("²", 0)])
def test_a_dinstar_push_knows_a_text_by_the_user_id_it_was_sent_with(given: str | None, user_id: int) -> None:
    (result,) = json.loads(posted("dinstar-push", told.report(EventType.MESSAGE_SENT, client_ref=given)).body)["sms_result"]
    assert result["user_id"] == user_id


def test_a_dinstar_push_tells_which_ports_come_and_go() -> None:
    data = {"channel": "p3", "sim": "8949001234567890123", "state": "ready", "traffic": "open", "reason": "", "until": None}
    for kind, word in ((EventType.CHANNEL_UP, "up"), (EventType.CHANNEL_DOWN, "down")):
        (port,) = json.loads(posted("dinstar-push", Event("evt_9", kind, 1795291384.0, "channel:p3", data)).body)["register"]
        assert (port["port"], port["status"], port["iccid"], port["imsi"]) == (3, word, "8949001234567890123", "")


def test_a_dinstar_push_names_ports_and_itself_as_the_door_does_unless_it_is_told_otherwise() -> None:
    def said(**options: object) -> tuple[str, int]:
        known = hook("wh_1", URL, "", "dinstar-push", options, "DE", AsBox("box-7", {"p3": 0}))
        request = FORMATS["dinstar-push"].compose(told.RECEIVED, known, told.AT)
        assert isinstance(request, HttpRequest)
        content = json.loads(request.body)
        return content["sn"], content["sms"][0]["port"]

    assert said() == ("box-7", 0)
    assert said(sn="other", ports={"p3": 5}) == ("other", 5)


def test_ids_that_must_be_numbers_are_the_same_on_each_retry() -> None:
    assert posted("dinstar-push").body == posted("dinstar-push").body


def test_an_smseagle_callback_is_a_form_with_its_apikey() -> None:
    request = posted("smseagle", secret="swordfish", ports={"p3": 2})
    head, _, rest = request.body.decode().partition("&msgid=")
    assert head == "sender=%2B491711234567&timestamp=20261121200304&text=Gr%C3%BC%C3%9Fe+%26+50%25"
    assert rest.partition("&")[2] == "modemno=2&oid=&apikey=swordfish"
    assert b"swordfish" not in posted("smseagle", secret="swordfish", signing="none").body


def test_an_sms_gate_webhook_is_signed_over_body_and_timestamp() -> None:
    request = posted("sms-gate")
    assert request.body == (
        b'{"deviceId":"simrack","event":"sms:received","id":"evt_1","webhookId":"wh_1","payload":{"messageId":"msg_1",'
        b'"message":"Gr\\u00fc\\u00dfe & 50%","sender":"+491711234567","phoneNumber":"+491711234567",'
        b'"recipient":"+4915110000000","simNumber":3,"receivedAt":"2026-11-21T20:03:04.000+00:00"}}'
    )
    # printf '%s' "${BODY}1795291385" | openssl dgst -sha256 -hmac 12345678
    assert header(request, "X-Timestamp") == "1795291385"
    assert header(request, "X-Signature") == "a940c2a963ab3f9df31dac53065f0aee735440de8715a5452c863caff2e60354"


@pytest.mark.parametrize(
    ("event", "kind", "more"),
    [
        (told.SENT, "sms:sent", {"partsCount": 2, "sentAt": "2026-11-21T20:03:04.000+00:00"}),
        (told.DELIVERED, "sms:delivered", {"deliveredAt": "2026-11-21T20:03:04.000+00:00"}),
        (told.UNDELIVERED, "sms:failed", {"failedAt": "2026-11-21T20:03:04.000+00:00", "reason": "no such subscriber"}),
        (told.FAILED, "sms:failed", {"failedAt": "2026-11-21T20:03:04.000+00:00", "reason": "rejected"}),
    ],
)
def test_sms_gate_is_told_what_became_of_a_text(event: Event, kind: str, more: dict[str, object]) -> None:
    content = json.loads(posted("sms-gate", event).body)
    both = {"messageId": "msg_2", "sender": "+4915110000000", "recipient": "+491711234567", "phoneNumber": "+491711234567"}
    assert (content["event"], content["payload"]) == (kind, {**both, "simNumber": 3, **more})


def test_fusionpbx_gets_flat_json() -> None:
    assert json.loads(posted("fusionpbx").body) == {
        "id": "msg_1",
        "from": "+491711234567",
        "to": "+4915110000000",
        "text": "Grüße & 50%",
    }


@pytest.mark.parametrize(("text", "written"), [("50%20off 5%", "50%2520off 5%25"), ("100% sure", "100% sure"), ("%zz", "%zz")])
def test_a_text_that_fusionpbx_would_decode_is_encoded_first(text: str, written: str) -> None:
    assert json.loads(posted("fusionpbx", texted(text)).body)["text"] == written


def test_ucontact_is_called_with_phone_and_message() -> None:
    url = "https://pbx.example/Integra/resources/InboundSMS/ReceiveURLSMS"
    request = posted("ucontact", url=url)
    assert (request.method, request.body) == ("GET", b"")
    assert request.url == f"{url}?phone=491711234567&message=Gr%C3%BC%C3%9Fe%20%26%2050%25"
    assert posted("ucontact", numbers="national").url == f"{URL}&phone=01711234567&message=Gr%C3%BC%C3%9Fe%20%26%2050%25"


@pytest.mark.parametrize(("body", "good"), [("OK", True), ("", True), ("ERROR", False), (" error\n", False), ('"ERROR"', False)])
def test_ucontacts_error_is_a_refusal(body: str, good: bool) -> None:
    assert (FORMATS["ucontact"].hear(hook("wh_1", URL, "x", "ucontact", {}, "DE"), body).fault == "") is good


@pytest.mark.parametrize("format", ["smseagle", "fusionpbx", "ucontact"])
def test_a_receiver_of_texts_alone_is_told_of_nothing_else(format: str) -> None:
    for event in (told.SENT, told.DELIVERED, told.FAILED, told.report(EventType.CHANNEL_UP)):
        assert tried(format, event) is None
    assert tried(format, told.TEST) is not None


@pytest.mark.parametrize("format", [name for name in FORMATS if name not in ("standard", "asterisk-ami")])
def test_half_a_surrogate_pair_breaks_no_format(format: str) -> None:
    assert posted(format, texted("half \ud83d whole \N{GRINNING FACE}")).url.isascii()


@pytest.mark.parametrize("format", [name for name in FORMATS if "bearer" in FORMATS[name].signings])
def test_a_secret_may_be_a_bearer_token(format: str) -> None:
    assert header(posted(format, signing="bearer", secret="swordfish"), "Authorization") == "Bearer swordfish"
