"""Requests that no honest client makes: a door refuses or takes them, and nothing behind it stumbles over them later."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from gateway.cli.run import prepare_log
from tests.web.compat.conftest import KEY, Open, basic

TO = "+4915112345678"
BEARER = {"Authorization": f"Bearer {KEY}"}

# Their own offset takes them out of the years 1 to 9999.
MOMENTS = pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])


@MOMENTS
def test_a_moment_that_no_calendar_has_in_utc_spoils_no_list(opened: Open, moment: str) -> None:
    opened.post("/compat/3cx", {"to": TO, "text": "by Telnyx", "send_at": moment})
    opened.post("/3rdparty/v1/messages", {"phoneNumbers": [TO], "message": "by SMSGate", "scheduleAt": moment})
    twilio = {"To": TO, "Body": "by Twilio", "From": "+4915110000000", "SendAt": moment, "ScheduleType": "fixed"}
    opened.client.post("/2010-04-01/Accounts/AC1/Messages.json", data=twilio, headers=basic())
    answer = opened.client.get("/v1/messages", headers=BEARER)
    assert answer.status_code == 200, answer.text
    assert {"by Telnyx", "by Twilio"} <= {message["text"] for message in answer.get_json()["data"]}


HALF = "\ud800"


@pytest.mark.parametrize(
    ("path", "body", "word"),
    [
        ("/api/query_sms_result", {"number": [HALF]}, '"result":[]'),
        ("/api/query_sms_deliver_status", {"number": [HALF]}, '"result":[]'),
        ("/index.php", {"app": "ws", "op": "ds", "h": KEY, "smslog_id": HALF}, "no delivery status available"),
        ("/index.php", {"app": "ws", "op": "ds", "h": HALF, "smslog_id": "1"}, "authentication failed"),
    ],
)
def test_half_a_character_finds_nothing(opened: Open, path: str, body: dict[str, Any], word: str) -> None:
    answer = opened.client.post(path, json=body, headers=basic())
    assert (answer.status_code, word in answer.text) == (200, True), answer.text


@pytest.mark.parametrize("token", [7, True, 1.5, [KEY], {"key": KEY}])
def test_a_key_that_is_no_text_is_not_known(opened: Open, token: object) -> None:
    params = {"access_token": token, "to": TO, "message": "hello"}
    answer = opened.client.post("/jsonrpc/sms", json={"method": "sms.send_sms", "params": params})
    assert (answer.status_code, "Invalid login or password" in answer.text) == (401, True), answer.text
    assert not opened.messages()


@pytest.fixture
def everything_logged(caplog: pytest.LogCaptureFixture) -> Any:
    """As by `simrack run --log-level debug`."""
    names = ("httpx", "httpcore", "apscheduler", "waitress", "peewee")
    before = {name: logging.getLogger(name).level for name in names}
    caplog.set_level(logging.DEBUG)
    prepare_log("debug")
    yield caplog
    for name, level in before.items():
        logging.getLogger(name).setLevel(level)


def test_no_key_and_no_password_of_a_callback_is_logged(opened: Open, everything_logged: pytest.LogCaptureFixture) -> None:
    url = "http://pbx.example/dlr?password=open-sesame&d=%d"
    told = {"username": "u", "to": TO, "text": "hello", "dlr-mask": "31", "dlr-url": url}
    for password in (KEY, "wrong-open-sesame-0123456789-0123456789"):
        opened.client.get("/cgi-bin/sendsms", query_string={**told, "password": password})
        opened.client.get("/api/send", query_string={"to": TO, "text": "hello", "key": password})
        opened.client.get("/send", query_string={"username": "u", "password": password, "to": TO, "content": "hello"})
    assert len(opened.messages()) == 3
    assert "open-sesame" not in everything_logged.text
    assert KEY not in everything_logged.text


def test_a_key_in_a_path_is_not_logged_when_something_breaks(
    opened: Open, everything_logged: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*given: object) -> None:
        raise RuntimeError("something that nobody thought of")

    monkeypatch.setattr(opened.gateway.sending, "accept_batch", breaks)
    path = f"/Integra/resources/SMS/SendSMS/destination={TO}&message=a-secret-text&api={KEY}"
    answer = opened.client.get(path)
    assert (answer.status_code, answer.text) == (500, "ERROR")
    assert "something that nobody thought of" in everything_logged.text and "/Integra/" in everything_logged.text
    assert KEY not in everything_logged.text and "a-secret-text" not in everything_logged.text
