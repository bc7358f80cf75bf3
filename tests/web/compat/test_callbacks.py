"""Callbacks that requests name: which doors keep them, for what, and how an address that cannot be one is refused."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest

from gateway.store import callbacks
from tests.web.compat.conftest import KEY, Open, basic

TO = "+4915112345678"
URL = "http://pbx.example/dlr?type=%d&id=%I"


def kept(opened: Open) -> list[tuple[Any, ...]]:
    """(address, events, form, options, receiver's address) of all callbacks."""
    rows = opened.gateway.store.read(
        lambda db: db.execute_sql(
            "SELECT c.url, c.events, w.format, w.options, w.url FROM callbacks c JOIN webhooks w ON w.id = c.webhook_id"
        ).fetchall()
    )
    return [(url, {event.removeprefix("message.") for event in json.loads(events)}, *rest) for url, events, *rest in rows]


def kannel(opened: Open, **more: object) -> tuple[int, str]:
    query = urlencode({"username": "u", "password": KEY, "to": TO, "text": "x", **more})
    answer = opened.client.get(f"/cgi-bin/sendsms?{query}")
    return answer.status_code, answer.text


def test_kannel_keeps_a_callback_for_each_receiver_of_a_text(opened: Open) -> None:
    assert kannel(opened, to=f"{TO} +4915112345679", **{"dlr-mask": 3, "dlr-url": URL})[0] == 202
    assert kept(opened) == [(URL, {"delivered", "undelivered"}, "kannel-dlr", "{}", "http://pbx.example:80")] * 2
    (receiver,) = opened.gateway.webhooks.receivers()
    assert receiver.callback and opened.gateway.webhooks.all() == []


@pytest.mark.parametrize("given", [{"dlr-url": URL}, {"dlr-mask": 31}, *({"dlr-mask": mask, "dlr-url": URL} for mask in (0, 32))])
def test_kannel_without_a_mask_or_an_address_keeps_none(opened: Open, given: dict[str, object]) -> None:
    assert kannel(opened, **given)[0] == 202
    assert kept(opened) == []


BAD = [
    *("ftp://x/", "http://", "//x", "http://u:p@x/", "http://x:0/", "http://%i.example/", "http://x/ y", "http://x/" + "y" * 2000),
    *("http://169.254.169.254/", "http://127.0.0.1:8080/"),
]


@pytest.mark.parametrize("url", BAD)
def test_kannel_refuses_an_address_that_cannot_be_one(opened: Open, url: str) -> None:
    assert kannel(opened, **{"dlr-mask": 31, "dlr-url": url}) == (400, "DLR-URL field misformed, rejected")
    assert not opened.messages()


JASMIN = {"username": "u", "password": KEY, "to": TO, "content": "x", "dlr": "yes", "dlr-url": "http://pbx.example/dlr"}


@pytest.mark.parametrize(
    ("changed", "events", "options"),
    [
        ({}, {"sent", "failed"}, '{"level": 1, "method": "post"}'),
        ({"dlr-level": "2", "dlr-method": "GET"}, {"delivered", "undelivered", "failed"}, '{"level": 2, "method": "get"}'),
        ({"dlr-level": "3"}, {"sent", "delivered", "undelivered", "failed"}, '{"level": 3, "method": "post"}'),
    ],
)
def test_jasmin_keeps_level_and_method(opened: Open, changed: dict[str, str], events: set[str], options: str) -> None:
    assert opened.client.get("/send", query_string={**JASMIN, **changed}).status_code == 200
    assert kept(opened) == [("http://pbx.example/dlr", events, "jasmin-dlr", options, "http://pbx.example:80")]


@pytest.mark.parametrize("changed", [{"dlr": "no"}, {"dlr-url": ""}])
def test_jasmin_without_dlr_or_an_address_keeps_none(opened: Open, changed: dict[str, str]) -> None:
    assert opened.client.get("/send", query_string={**JASMIN, **changed}).status_code == 200
    assert kept(opened) == []


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"dlr-url": "pbx.example"}, 'Error "Argument [dlr-url] has an invalid value."'),
        ({"dlr-level": "4"}, 'Error "dlr-level: is not between 1 and 3"'),
        ({"dlr-method": "PUT"}, 'Error "dlr-method: is neither GET nor POST"'),
    ],
)
def test_jasmin_says_what_is_wrong(opened: Open, changed: dict[str, str], sentence: str) -> None:
    answer = opened.client.get("/send", query_string={**JASMIN, **changed})
    assert (answer.status_code, answer.text) == (400, sentence)
    assert not opened.messages()


def telnyx(opened: Open, url: object) -> Any:
    return opened.post("/compat/telnyx/v2/messages", {"to": TO, "text": "x", "webhook_url": url})


def test_telnyx_keeps_a_callback_for_the_webhook_url_of_a_request(opened: Open) -> None:
    assert telnyx(opened, "https://pbx.example/reports?x=1").status_code == 200
    told = {"sent", "delivered", "undelivered", "failed"}
    assert kept(opened) == [("https://pbx.example/reports?x=1", told, "telnyx", "{}", "https://pbx.example:443")]
    assert telnyx(opened, "").status_code == telnyx(opened, None).status_code == 200
    assert len(kept(opened)) == 1


@pytest.mark.parametrize("url", ["pbx.example/cb", 7, "http://169.254.169.254/"])
def test_telnyx_names_the_field_of_an_address_that_is_none(opened: Open, url: object) -> None:
    answer = telnyx(opened, url)
    assert (answer.status_code, answer.json["errors"][0]["source"]) == (422, {"pointer": "/webhook_url"})
    assert not opened.messages()


ACCOUNT = "AC0123456789abcdef0123456789abcdef"


def twilio(opened: Open, url: str) -> Any:
    form = {"To": TO, "From": "+4915110000000", "Body": "x", "StatusCallback": url}
    return opened.client.post(f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json", data=form, headers=basic())


def test_twilio_keeps_a_callback_without_what_is_for_twilio_alone(opened: Open) -> None:
    assert twilio(opened, "https://pbx.example/cb?x=1#rc=3&rp=5xx").status_code == 201
    told = {"sent", "delivered", "undelivered", "failed"}
    options = f'{{"account_sid": "{ACCOUNT}"}}'
    assert kept(opened) == [("https://pbx.example/cb?x=1", told, "twilio", options, "https://pbx.example:443")]


def test_twilio_has_a_number_for_an_address_that_is_none(opened: Open) -> None:
    answer = twilio(opened, "pbx.example/cb")
    assert (answer.status_code, answer.json["code"]) == (400, 21609)
    assert not opened.messages()


def vonage(opened: Open, **more: str) -> str:
    given = {"to": TO, "from": "4915110000000", "text": "x", "api_key": "4f5a", "api_secret": KEY, **more}
    return str(opened.client.post("/sms/json", data=given).json["messages"][0]["status"])


def test_vonage_keeps_a_callback_with_the_name_its_client_goes_by(opened: Open) -> None:
    json_too = opened.again(vonage_callbacks="json")
    assert vonage(opened, callback="https://pbx.example:8443/dlr") == "0"
    assert vonage(json_too, callback="https://PBX.example:8443/dlr") == "0"
    told = {"sent", "delivered", "undelivered", "failed", "unknown"}
    receiver = "https://pbx.example:8443"
    assert kept(opened) == [
        ("https://pbx.example:8443/dlr", told, "vonage", '{"api_key": "4f5a", "method": "post"}', receiver),
        ("https://PBX.example:8443/dlr", told, "vonage", '{"api_key": "4f5a", "method": "json"}', receiver),
    ]


def test_vonage_tells_the_name_of_the_key_where_its_client_goes_by_none(opened: Open) -> None:
    given = {"to": TO, "from": "4915110000000", "text": "x", "callback": "https://pbx.example/dlr"}
    for user in ("", "\ud83d"):
        answer = opened.client.post("/sms/json", json={**given, "api_key": user, "api_secret": KEY})
        assert answer.json["messages"][0]["status"] == "0"
    assert [options for _, _, _, options, _ in kept(opened)] == ['{"api_key": "pbx", "method": "post"}'] * 2


def test_vonage_keeps_none_if_no_report_is_wanted(opened: Open) -> None:
    assert vonage(opened, **{"callback": "https://pbx.example/dlr", "status-report-req": "0"}) == "0"
    assert kept(opened) == []


def test_vonage_has_a_number_for_an_address_that_is_none(opened: Open) -> None:
    assert vonage(opened, callback="pbx.example/dlr") == "23"
    assert not opened.messages()


def test_each_key_has_its_receivers_and_not_without_end(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(callbacks, "MOST_RECEIVERS", 4)
    # With half of them named, paths of a host share one receiver.
    hosts = ["http://a/1", "http://a/2", "http://b/", "http://a/3", "http://a/4", "http://c/", "https://a/"]
    answers = [kannel(opened, **{"dlr-mask": 31, "dlr-url": url}) for url in hosts]
    assert [status for status, _ in answers] == [202] * 5 + [400] * 2
    assert len(opened.messages()) == 5
    _, other = opened.gateway.keys.add("other", ["send"])
    assert kannel(opened, password=other, **{"dlr-mask": 31, "dlr-url": "http://a/"})[0] == 202
    assert [one.url for one in opened.gateway.webhooks.receivers()] == [
        "http://a:80", "http://a:80", "http://b:80", "http://a:80", "http://a:80",
    ]  # fmt: skip


def test_a_text_that_comes_again_with_its_reference_keeps_the_callback_it_had(opened: Open) -> None:
    for path in ("1", "2"):
        vonage(opened, callback=f"https://pbx.example/{path}", **{"client-ref": "r1"})
    assert [url for url, *_ in kept(opened)] == ["https://pbx.example/1"]


def test_an_address_is_in_no_log(opened: Open, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    for url in ("http://x/?password=swordfish", "http://x:0/?password=swordfish"):
        kannel(opened, **{"dlr-mask": 31, "dlr-url": url})
    assert "swordfish" not in caplog.text
