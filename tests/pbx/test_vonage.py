"""Vonage's inbound messages and receipts; the signature by openssl, and by the SDK where it is installed."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlsplit

import pytest

from gateway.records import Event, EventType
from tests.pbx import told
from tests.pbx.told import URL, posted

BODY = (
    "msisdn=491711234567&to=4915110000000&messageId=msg_1&text=Gr%C3%BC%C3%9Fe+%26+50%25&type=text&keyword=GR%C3%9CSSE"
    "&message-timestamp=2026-11-21+20%3A03%3A04&api-key=simrack"
)
# printf msg_1.1795291385 | openssl dgst -sha256
STAMPED = "&timestamp=1795291385&nonce=48c89121dd2a08ec056f973ac4b89f82"


def test_an_unsigned_text_is_the_plain_form() -> None:
    assert posted("vonage", signing="none").body == BODY.encode()


@pytest.mark.parametrize(
    ("signing", "sig"),
    [
        # V='&api-key=simrack&keyword=GRÜSSE&message-timestamp=2026-11-21 20:03:04&messageId=msg_1&msisdn=491711234567'
        # V=$V'&nonce=48c89121dd2a08ec056f973ac4b89f82&text=Grüße _ 50%&timestamp=1795291385&to=4915110000000&type=text'
        # printf '%s' "$V" | openssl dgst -sha256 -hmac 12345678; printf '%s' "${V}12345678" | openssl dgst -md5
        ("vonage-sha256", "2532824494471b0df07ab232f7ba28fcecf79d817c6d816168258a91999cdd6a"),
        ("vonage-md5hash", "acf541ee5bf87a1b79c4ef9cb02b7921"),
    ],
)
def test_the_signature_is_the_one_worked_with_openssl(signing: str, sig: str) -> None:
    assert posted("vonage", signing=signing).body == f"{BODY}{STAMPED}&sig={sig}".encode()


@pytest.mark.parametrize("method", ["md5", "sha1", "sha256", "sha512"])
def test_the_sdk_accepts_the_signature(method: str) -> None:
    auth = pytest.importorskip("vonage_http_client.auth").Auth(
        api_key="k", api_secret="s", signature_secret="12345678", signature_method=method
    )
    for event in (told.RECEIVED, told.DELIVERED):
        fields = json.loads(posted("vonage", event, method="json", signing=f"vonage-{method}").body)
        assert auth.check_signature(dict(fields))
        assert not auth.check_signature({**fields, "to": "1"})


def test_it_may_come_as_query() -> None:
    request = posted("vonage", method="get", signing="none")
    assert (request.method, request.url, request.body) == ("GET", f"{URL}&{BODY}", b"")
    assert parse_qs(urlsplit(request.url).query)["text"] == ["Grüße & 50%"]


@pytest.mark.parametrize(
    ("event", "status", "code"),
    [
        (told.SENT, "accepted", "0"),
        (told.DELIVERED, "delivered", "0"),
        (told.UNDELIVERED, "failed", "1"),
        (told.FAILED, "rejected", "1"),
        (told.report(EventType.MESSAGE_FAILED, status="expired"), "expired", "1"),
        (told.report(EventType.MESSAGE_UNKNOWN), "unknown", "1"),
    ],
)
def test_a_receipt_says_what_became_of_it(event: Event, status: str, code: str) -> None:
    assert json.loads(posted("vonage", event, method="json", signing="none").body) == {
        "msisdn": "491711234567",
        "to": "4915110000000",
        "network-code": "00000",
        "messageId": "msg_2",
        "price": "0.0000",
        "status": status,
        "scts": "2611212003",
        "err-code": code,
        "message-timestamp": "2026-11-21 20:03:04",
        "client-ref": "42",
        "api-key": "simrack",
    }
