"""What the optional fields of each door ask for, written as its documents write them, stands in the text that is queued."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.web.compat.conftest import KEY, Open, basic

TO, TEXT, OURS = "+4915112345678", "hello", "+4915110000000"
NOW = 1_790_000_000  # of the gateway's clock: 2026-09-21T14:13:20Z
BEARER = {"Authorization": f"Bearer {KEY}"}


def url(path: str, given: Mapping[str, object], fields: Mapping[str, object]) -> dict[str, Any]:
    return {"path": path, "query_string": {**given, **fields}}


def form(path: str, given: Mapping[str, object], fields: Mapping[str, object]) -> dict[str, Any]:
    return {"path": path, "method": "POST", "data": {**given, **fields}}


def body(path: str, given: Mapping[str, object], fields: Mapping[str, object], **headers: str) -> dict[str, Any]:
    return {"path": path, "method": "POST", "json": {**given, **fields}, "headers": headers or BEARER}


DOORS = {
    "plain": lambda **f: url("/api/send", {"to": TO, "text": TEXT, "key": KEY}, f),
    "kannel": lambda **f: url("/cgi-bin/sendsms", {"username": "u", "password": KEY, "to": TO, "text": TEXT}, f),
    "jasmin": lambda **f: url("/send", {"username": "u", "password": KEY, "to": TO, "content": TEXT}, f),
    "jasmin rest": lambda **f: body("/secure/send", {"to": TO, "content": TEXT}, f, **basic()),
    "vonage": lambda **f: form("/sms/json", {"to": TO[1:], "from": OURS[1:], "text": TEXT, "api_key": "a", "api_secret": KEY}, f),
    "playsms": lambda **f: url("/index.php", {"app": "ws", "op": "pv", "u": "u", "h": KEY, "to": TO, "msg": TEXT}, f),
    "smsgate": lambda **f: body("/3rdparty/v1/messages", {"phoneNumbers": [TO], "message": TEXT, "id": "o-1"}, f, **basic()),
    "dinstar": lambda **f: body("/api/send_sms", {"text": TEXT, "param": [{"number": TO}]}, f, **basic()),
    "smseagle": lambda **f: url("/http_api/send_sms", {"access_token": KEY, "to": TO, "message": TEXT}, f),
    "smseagle rpc": lambda **f: body(
        "/jsonrpc/sms", {}, {"method": "sms.send_sms", "params": {"access_token": KEY, "to": TO, "message": TEXT, **f}}
    ),
    "smseagle v2": lambda **f: body("/api/v2/messages/sms", {"to": [TO], "text": TEXT}, f, **{"access-token": KEY}),
}

# Door, fields of its documents, what the text is then; what is not named stays as it is without them.
ASKED = [
    ("plain", {"flash": "1"}, {"flash": True}),
    ("plain", {"flash": "0"}, {}),
    ("plain", {"channel": "p0"}, {"channel": "p0"}),
    ("plain", {"pool": "main"}, {"pool": "main"}),
    ("plain", {"ref": "order-17"}, {"client_ref": "order-17"}),
    ("plain", {"extension": "204"}, {"extension": "204"}),
    ("kannel", {"validity": "90"}, {"validity_minutes": 90}),
    ("kannel", {"validity": "1"}, {"validity_minutes": 5}),
    ("kannel", {"validity": "999999"}, {"validity_minutes": 635040}),
    ("kannel", {"deferred": "10"}, {"send_at": "2026-09-21T14:23:20.000Z"}),
    ("kannel", {"priority": "3"}, {"priority": 3}),
    ("kannel", {"mclass": "0"}, {"flash": True}),
    ("kannel", {"mclass": "1"}, {}),
    ("kannel", {"dlr-mask": "1"}, {}),
    ("kannel", {"dlr-mask": "2"}, {}),
    ("kannel", {"dlr-mask": "31"}, {}),
    ("kannel", {"dlr-mask": "0"}, {"report": False}),
    ("kannel", {"dlr-mask": "24"}, {"report": False}),
    ("kannel", {"dlrmask": "8"}, {"report": False}),
    ("kannel", {"smsc": "p0"}, {"channel": "p0"}),
    ("jasmin", {}, {"report": False}),
    ("jasmin", {"dlr": "no"}, {"report": False}),
    ("jasmin", {"dlr": "yes"}, {}),
    ("jasmin", {"dlr": "yes", "priority": "2"}, {"priority": 2}),
    ("jasmin", {"dlr": "yes", "validity-period": "1440"}, {"validity_minutes": 1440}),
    ("jasmin rest", {"dlr": "yes", "priority": 3, "validity-period": 30}, {"priority": 3, "validity_minutes": 30}),
    ("jasmin rest", {"dlr": "no"}, {"report": False}),
    ("vonage", {"message-class": "0"}, {"flash": True}),
    ("vonage", {"message-class": "1"}, {}),
    ("vonage", {"ttl": "900000"}, {"validity_minutes": 15, "expires_at": "2026-09-21T14:28:20.000Z"}),
    ("vonage", {"ttl": "20000"}, {"validity_minutes": 5, "expires_at": "2026-09-21T14:13:40.000Z"}),
    ("vonage", {"status-report-req": "0"}, {"report": False}),
    ("vonage", {"status-report-req": "false"}, {"report": False}),
    ("vonage", {"status-report-req": "1"}, {}),
    ("vonage", {"client-ref": "r1"}, {"client_ref": "r1"}),
    ("playsms", {"type": "flash"}, {"flash": True}),
    ("playsms", {"type": "text"}, {}),
    ("smsgate", {"priority": 127}, {"priority": 9}),
    ("smsgate", {"priority": 100}, {"priority": 7}),
    ("smsgate", {"priority": 0}, {}),
    ("smsgate", {"priority": -128}, {"priority": -10}),
    ("smsgate", {"scheduleAt": "2026-09-21T17:00:00+02:00"}, {"send_at": "2026-09-21T15:00:00.000Z"}),
    ("smsgate", {"scheduleAt": "2026-09-21T15:00:00Z"}, {"send_at": "2026-09-21T15:00:00.000Z"}),
    ("smsgate", {"validUntil": "2026-09-21T15:00:00Z"}, {"expires_at": "2026-09-21T15:00:00.000Z"}),
    ("smsgate", {"ttl": 600}, {"expires_at": "2026-09-21T14:23:20.000Z"}),
    ("smsgate", {"withDeliveryReport": False}, {"report": False}),
    ("smsgate", {"withDeliveryReport": True}, {}),
    ("smsgate", {"simNumber": 1}, {"channel": "p0"}),
    ("dinstar", {"request_status_report": False}, {"report": False}),
    ("dinstar", {"request_status_report": True}, {}),
    ("dinstar", {"port": [0]}, {"channel": "p0"}),
    ("smseagle", {"date": "202609211500"}, {"send_at": "2026-09-21T15:00:00.000Z"}),
    ("smseagle", {"flash": "1"}, {"flash": True}),
    ("smseagle", {"flash": "0"}, {}),
    ("smseagle", {"highpriority": "1"}, {"priority": 5}),
    ("smseagle", {"highpriority": "0"}, {}),
    ("smseagle", {"modem_no": "1"}, {"channel": "p0"}),
    ("smseagle", {"oid": "77"}, {"client_ref": "77"}),
    ("smseagle", {"validity": "5m"}, {"validity_minutes": 5}),
    ("smseagle", {"validity": "12h"}, {"validity_minutes": 720}),
    ("smseagle", {"validity": "max"}, {}),
    ("smseagle rpc", {"date": "202609211500", "highpriority": 1, "flash": 1}, {
        "send_at": "2026-09-21T15:00:00.000Z", "priority": 5, "flash": True,
    }),
    ("smseagle rpc", {"validity": "2d"}, {"validity_minutes": 2880}),
    ("smseagle v2", {"date": "2026-09-21T15:00:00Z"}, {"send_at": "2026-09-21T15:00:00.000Z"}),
    ("smseagle v2", {"priority": 9}, {"priority": 9}),
    ("smseagle v2", {"flash": True, "validity": "1w"}, {"flash": True, "validity_minutes": 10080}),
]  # fmt: skip


USUAL = {
    "flash": False,
    "priority": 0,
    "send_at": None,
    "expires_at": None,
    "channel": None,
    "pool": None,
    "client_ref": None,
    "extension": None,
    "validity_minutes": None,
    "report": True,
}
# A text of android-sms-gateway always has an id.
USUALLY = {"smsgate": {**USUAL, "client_ref": "o-1"}}


def asked_for(opened: Open) -> dict[str, object]:
    """Of the one text there is: what /v1 says, and from its row what /v1 says nothing of."""
    (message,) = opened.client.get("/v1/messages", headers=BEARER).get_json()["data"]
    rows = "SELECT lane, expiry_given, validity_minutes, report FROM messages"
    lane, expiry_given, validity, report = opened.gateway.store.read(lambda db: db.execute_sql(rows).fetchone())
    return {
        **{name: message[name] for name in ("flash", "priority", "send_at", "pool", "client_ref", "extension")},
        "expires_at": message["expires_at"] if expiry_given else None,
        "channel": lane.removeprefix("channel:") if lane.startswith("channel:") else None,
        "validity_minutes": validity,
        "report": bool(report),
    }


@pytest.mark.parametrize(("door", "fields", "expected"), ASKED, ids=[f"{door} {fields}" for door, fields, _ in ASKED])
def test_what_a_field_asks_for_stands_in_the_text(
    opened: Open, door: str, fields: dict[str, object], expected: dict[str, object]
) -> None:
    assert opened.gateway.clock.now() == NOW
    answer = opened.client.open(**DOORS[door](**fields))
    assert answer.status_code in (200, 201, 202), answer.text
    assert asked_for(opened) == {**USUALLY.get(door, USUAL), **expected}


# Door, fields, HTTP status and the words of the door for what they cannot be.
REFUSED = [
    ("kannel", {"validity": "soon"}, 400, "validity: is no whole number, rejected"),
    ("kannel", {"priority": "4"}, 400, "priority: is not between 0 and 3, rejected"),
    ("kannel", {"dlr-mask": "64"}, 400, "dlr-mask: is not between 0 and 63, rejected"),
    ("jasmin", {"priority": "4"}, 400, 'Error "priority: is not between 0 and 3"'),
    ("jasmin", {"validity-period": "soon"}, 400, 'Error "validity-period: is no whole number"'),
    ("vonage", {"ttl": "19999"}, 200, '"status":"3","error-text":"ttl: is not between 20000 and 604800000"'),
    ("playsms", {"schedule": "2026-09-21 15:00:00"}, 200, '"error":"200","error_string":"schedule: is not offered here'),
    ("smsgate", {"priority": 128}, 400, '"message":"priority: is not between -128 and 127"'),
    ("smsgate", {"scheduleAt": "soon"}, 400, '"message":"scheduleAt: is no ISO 8601 moment"'),
    ("smseagle", {"date": "soon"}, 400, "Wrong parameters: date: is not written as YYYYMMDDHHMM"),
    ("smseagle", {"date": "202613010000"}, 400, "Wrong parameters: date: is not written as YYYYMMDDHHMM"),
    ("smseagle", {"validity": "3y"}, 400, "Wrong parameters: validity: is none of 5m, 10m"),
    ("smseagle v2", {"priority": 10}, 400, '"message":"priority: is not between 0 and 9"'),
]


@pytest.mark.parametrize(("door", "fields", "status", "words"), REFUSED, ids=[f"{row[0]} {row[1]}" for row in REFUSED])
def test_what_a_field_cannot_be_is_refused_in_the_words_of_the_door(
    opened: Open, door: str, fields: dict[str, object], status: int, words: str
) -> None:
    answer = opened.client.open(**DOORS[door](**fields))
    assert (answer.status_code, words in answer.text) == (status, True), answer.text
    assert not opened.messages()
