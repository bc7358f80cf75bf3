"""The Telnyx envelope with exactly the fields that 3CX, Yeastar and FreePBX SMS Connector read."""

from __future__ import annotations

import json

import pytest

from gateway.records import Event, EventType
from tests.pbx import told
from tests.pbx.told import header, posted, tried

BODY = (
    b'{"data":{"event_type":"message.received","id":"evt_1","occurred_at":"2026-11-21T20:03:04.000Z","record_type":"event",'
    b'"payload":{"id":"msg_1","type":"SMS","direction":"inbound","record_type":"message","received_at":"2026-11-21T20:03:04.000Z",'
    b'"text":"Gr\\u00fc\\u00dfe & 50%","from":{"phone_number":"+491711234567"},"to":[{"phone_number":"+4915110000000"}]}}}'
)


def test_a_received_text_is_what_3cx_reads() -> None:
    request = posted("telnyx")
    assert (request.method, request.url, request.body) == ("POST", told.URL, BODY)
    assert request.headers == (("Content-Type", "application/json"), ("User-Agent", "simrack"))


def test_yeastar_gets_its_signature_over_the_exact_body() -> None:
    # printf '%s' "$BODY" | openssl dgst -sha256 -hmac 12345678
    signed = header(posted("telnyx", signing="hmac-sha256"), "X-Signature-256")
    assert signed == "sha256=488aeb57e2922243019dc289496e9cdedc1a435aeb117c62a67897f41ba60f72"
    assert header(posted("telnyx", signing="hmac-sha256", signature_header="X-Hub-Signature-256"), "X-Hub-Signature-256") == signed


@pytest.mark.parametrize(
    ("event", "kind", "status"),
    [
        (told.SENT, "message.sent", "sent"),
        (told.FAILED, "message.sent", "sending_failed"),
        (told.DELIVERED, "message.finalized", "delivered"),
        (told.UNDELIVERED, "message.finalized", "delivery_failed"),
    ],
)
def test_a_report_names_our_id_and_the_status_of_the_recipient(event: Event, kind: str, status: str) -> None:
    data = json.loads(posted("telnyx", event).body)["data"]
    assert (data["event_type"], data["payload"]["id"]) == (kind, "msg_2")
    assert data["payload"]["to"] == [{"phone_number": "+491711234567", "status": status}]
    assert data["payload"]["from"] == {"phone_number": "+4915110000000"}
    assert data["payload"]["completed_at"] == "2026-11-21T20:03:04.000Z"


def test_a_failure_says_why() -> None:
    assert json.loads(posted("telnyx", told.FAILED).body)["data"]["payload"]["errors"] == [{"code": "21", "title": "rejected"}]


@pytest.mark.parametrize("kind", [EventType.MESSAGE_UNKNOWN, EventType.CHANNEL_UP, EventType.CALL_MISSED])
def test_what_it_cannot_express_is_no_request(kind: EventType) -> None:
    assert tried("telnyx", told.report(kind)) is None


@pytest.mark.parametrize(
    ("style", "written"),
    [("+e164", "+491711234567"), ("e164", "491711234567"), ("00", "00491711234567"), ("national", "01711234567")],
)
def test_numbers_are_written_as_the_webhook_wants_them(style: str, written: str) -> None:
    payload = json.loads(posted("telnyx", numbers=style).body)["data"]["payload"]
    assert payload["from"] == {"phone_number": written}


def test_a_sender_with_a_name_stays_a_name() -> None:
    event = Event("evt_9", EventType.MESSAGE_RECEIVED, 0.0, "ACME", {"from": "ACME", "to": "+4915110000000", "text": "x"})
    assert json.loads(posted("telnyx", event, numbers="00").body)["data"]["payload"]["from"] == {"phone_number": "ACME"}


def test_a_test_comes_from_nobodys_number() -> None:
    payload = json.loads(posted("telnyx", told.TEST).body)["data"]["payload"]
    assert (payload["from"]["phone_number"], payload["text"]) == ("+12025550100", "A test.")
