"""The Standard Webhooks form, judged by the reference verifier and by a vector worked with openssl."""

from __future__ import annotations

import json
import time
from base64 import b64decode, b64encode

import pytest
from standardwebhooks.webhooks import Webhook as Verifier
from standardwebhooks.webhooks import WebhookVerificationError

from gateway.errors import BadValue
from gateway.pbx.formats import FORMATS, hook
from gateway.pbx.request import HttpRequest
from gateway.pbx.signature import key_of, new_secret
from gateway.records import Event, EventType

URL = "https://pbx.example/hook"
SECRET = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="  # the 32 octets 0123456789abcdef0123456789abcdef
HALLO = Event(
    id="evt_1",
    type=EventType.MESSAGE_RECEIVED,
    created_at=1795291384.0,
    conversation="+491711234567",
    data={"from": "+491711234567", "text": "Hallo"},
)


def posted(event: Event = HALLO, secret: str = SECRET, at: float = 1795291385.9) -> HttpRequest:
    request = FORMATS["standard"].compose(event, hook("wh_1", URL, secret, "standard", {}, "DE"), at)
    assert request is not None
    return request


def test_the_request_is_the_vector_worked_by_hand() -> None:
    # B='{"type":"message.received","timestamp":"2026-11-21T20:03:04.000Z",'
    # B=$B'"data":{"from":"+491711234567","text":"Hallo"}}'
    # KEY=$(printf 0123456789abcdef0123456789abcdef | xxd -p | tr -d '\n')
    # printf 'evt_1.1795291385.%s' "$B" | openssl dgst -sha256 -mac HMAC -macopt hexkey:$KEY -binary | base64
    request = posted()
    assert request.method == "POST"
    assert request.url == URL
    assert request.body == (
        b'{"type":"message.received","timestamp":"2026-11-21T20:03:04.000Z",'
        b'"data":{"from":"+491711234567","text":"Hallo"}}'
    )
    assert request.headers == (
        ("Content-Type", "application/json"),
        ("User-Agent", "simrack"),
        ("webhook-id", "evt_1"),
        ("webhook-timestamp", "1795291385"),
        ("webhook-signature", "v1,LbMqvA5TOWfu3MWMpMuIXKHHEgppWXcur8U7Yoy1xw8="),
    )


def test_the_reference_verifier_accepts_it() -> None:
    request = posted(at=time.time())
    assert Verifier(SECRET).verify(request.body, dict(request.headers))["data"] == {
        "from": "+491711234567",
        "text": "Hallo",
    }


def test_the_reference_verifier_refuses_a_changed_body() -> None:
    request = posted(at=time.time())
    with pytest.raises(WebhookVerificationError):
        Verifier(SECRET).verify(request.body.replace(b"Hallo", b"Hullo"), dict(request.headers))


def test_a_retry_has_the_same_id_and_body_and_a_new_timestamp_and_signature() -> None:
    first, again = posted(at=1795291385.0), posted(at=1795291485.0)
    assert first.body == again.body
    changed = {name for (name, value), (_, other) in zip(first.headers, again.headers, strict=True) if value != other}
    assert changed == {"webhook-timestamp", "webhook-signature"}


def test_a_text_with_emoji_and_half_a_surrogate_pair_can_still_be_posted() -> None:
    text = "\N{GRINNING FACE} \ud83d"
    event = Event("evt_2", EventType.MESSAGE_RECEIVED, 1795291384.0, "c", {"text": text})
    request = posted(event, at=time.time())
    Verifier(SECRET).verify(request.body, dict(request.headers))
    assert json.loads(request.body)["data"]["text"] == text


def test_a_new_secret_is_accepted_by_us_and_by_the_verifier_and_is_never_the_same() -> None:
    secret = new_secret()
    assert len(key_of(secret)) == 32
    request = posted(secret=secret, at=time.time())
    Verifier(secret).verify(request.body, dict(request.headers))
    assert new_secret() != secret


@pytest.mark.parametrize("octets", [24, 64])
def test_a_given_secret_of_24_to_64_octets_is_taken(octets: int) -> None:
    assert key_of("whsec_" + b64encode(bytes(octets)).decode()) == bytes(octets)


@pytest.mark.parametrize(
    "secret",
    [
        "",
        "hunter2",
        "whsec_",
        "whsec_*not*base64*",
        "whsec_" + b64encode(bytes(23)).decode(),
        "whsec_" + b64encode(bytes(65)).decode(),
        "whsec_äöü",
        "WHSEC_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
    ],
)
def test_an_impossible_secret_is_refused_by_name_and_not_repeated(secret: str) -> None:
    with pytest.raises(BadValue) as refusal:
        key_of(secret)
    assert refusal.value.field == "secret"
    assert len(secret) < 8 or secret not in str(refusal.value)


def test_the_signing_key_is_what_base64_says() -> None:
    assert key_of(SECRET) == b"0123456789abcdef0123456789abcdef" == b64decode(SECRET.removeprefix("whsec_"))
