"""What formats are tried with: one received text, one report of each kind, and a webhook; written by hand."""

from __future__ import annotations

from typing import Any

from gateway.pbx.formats import FORMATS, hook
from gateway.pbx.request import HttpRequest
from gateway.records import Event, EventType

URL = "https://pbx.example/sms/in?x=1"
AT = 1795291385.9  # 2026-11-21T20:03:05.9Z
RECEIVED = Event(
    "evt_1",
    EventType.MESSAGE_RECEIVED,
    1795291384.0,  # 2026-11-21T20:03:04Z
    "+4915550199",
    {
        "id": "msg_1",
        "direction": "in",
        "status": "received",
        "from": "+491711234567",
        "to": "+4915110000000",
        "text": "Grüße & 50%",
        "encoding": "gsm7",
        "parts": 1,
        "channel": "p3",
        "client_ref": None,
        "error": None,
    },
)


def report(kind: EventType, **more: Any) -> Event:
    data = {
        "id": "msg_2",
        "direction": "out",
        "status": kind.value.rpartition(".")[2],
        "from": "+4915110000000",
        "to": "+491711234567",
        "text": "Hallo",
        "encoding": "gsm7",
        "parts": 2,
        "channel": "p3",
        "client_ref": "42",
        "error": None,
    }
    return Event("evt_2", kind, 1795291384.0, "+491711234567", {**data, **more})


SENT = report(EventType.MESSAGE_SENT)
DELIVERED = report(EventType.MESSAGE_DELIVERED)
UNDELIVERED = report(EventType.MESSAGE_UNDELIVERED, error={"code": "69", "reason": "no such subscriber", "advice": ""})
FAILED = report(EventType.MESSAGE_FAILED, error={"code": "21", "reason": "rejected", "advice": ""})
TEST = Event("evt_3", EventType.WEBHOOK_TEST, 1795291384.0, "evt_3", {"webhook": "wh_1", "text": "A test."})


def posted(format: str, event: Event = RECEIVED, secret: str = "12345678", url: str = URL, **options: Any) -> HttpRequest:
    request = tried(format, event, secret, url, **options)
    assert request is not None
    return request


def tried(format: str, event: Event, secret: str = "12345678", url: str = URL, **options: Any) -> HttpRequest | None:
    return FORMATS[format].compose(event, hook("wh_1", url, secret, format, options, "DE"), AT)


def header(request: HttpRequest, name: str) -> str:
    (value,) = [value for one, value in request.headers if one == name]
    return value
