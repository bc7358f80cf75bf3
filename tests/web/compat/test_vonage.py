"""The official Vonage library against the gateway, unmodified but for its transport: it knows no scheme but https."""

from __future__ import annotations

from typing import Any

import pytest

vonage = pytest.importorskip("vonage")
from requests.adapters import HTTPAdapter  # noqa: E402
from vonage_http_client import Auth, HttpClientOptions  # noqa: E402
from vonage_sms import SmsMessage  # noqa: E402
from vonage_sms.errors import SmsError  # noqa: E402

from gateway.clock import SystemClock  # noqa: E402
from tests.web.compat.conftest import KEY, SECRET, Open, basic  # noqa: E402

TO, FROM = "4915112345678", "4915110000000"


class WithoutTls(HTTPAdapter):
    def send(self, request: Any, *more: Any, **given: Any) -> Any:
        request.url = request.url.replace("https://", "http://", 1)
        return super().send(request, *more, **given)


def client(url: str, **auth: str) -> Any:
    found = vonage.Vonage(Auth(**auth), HttpClientOptions(rest_host=url.removeprefix("http://"), max_retries=0))
    found.http_client._session.mount("https://", WithoutTls())
    return found


def test_the_library_sends_with_basic(url: str, opened: Open) -> None:
    sms = client(url, api_key="pbx", api_secret=KEY).sms
    answer = sms.send(SmsMessage(to=TO, from_=FROM, text="hi & bye", client_ref="r1", ttl=600_000))
    message = opened.last()
    assert (message.to, message.from_, message.text) == ("+4915112345678", "+4915110000000", "hi & bye")
    assert message.expires_at == opened.gateway.clock.now() + 600
    assert (answer.message_count, len(answer.messages)) == ("1", 1)
    told = answer.messages[0]
    assert (told.to, told.status, told.message_id, told.client_ref) == (TO, "0", message.id, "r1")


def test_each_part_of_a_long_text_is_told(url: str, opened: Open) -> None:
    answer = client(url, api_key="pbx", api_secret=KEY).sms.send(SmsMessage(to=TO, from_=FROM, text="x" * 200, type="text"))
    assert (answer.message_count, len(answer.messages)) == ("2", 2)
    assert len(opened.messages()) == 1


@pytest.mark.parametrize("method", ["md5", "sha1", "sha256", "sha512"])
def test_the_library_signs(url: str, opened: Open, method: str) -> None:
    opened.gateway.clock.jump(SystemClock().now() - opened.gateway.clock.now())
    signing = client(url, api_key="pbx", signature_secret=SECRET, signature_method=method).sms
    assert signing.send(SmsMessage(to=TO, from_=FROM, text="a=b&c", status_report_req=True)).messages[0].status == "0"
    assert opened.last().text == "a=b&c"
    with pytest.raises(SmsError, match="code 14"):
        client(url, api_key="pbx", signature_secret=SECRET + "x", signature_method=method).sms.send(
            SmsMessage(to=TO, from_=FROM, text="x")
        )


# &api_key=pbx&from=4915110000000&text=a_b_c&timestamp=1790000000&to=4915112345678
SIGNED = {"api_key": "pbx", "from": FROM, "text": "a=b&c", "timestamp": "1790000000", "to": TO}
SIGNATURE = "9d76b78092a7cd658a9374f19c877608bb41c8c6780f9c3e20ea287b802f9374"


def test_a_signature_is_of_the_sorted_fields(opened: Open) -> None:
    assert opened.client.post("/sms/json", data={**SIGNED, "sig": SIGNATURE}).json["messages"][0]["status"] == "0"
    for changed in ({"text": "a=b&d"}, {"api_key": "other"}, {"timestamp": ""}, {"sig": "0" * 64}, {"sig": "é"}):
        answer = opened.client.post("/sms/json", data={**SIGNED, "sig": SIGNATURE, **changed})
        assert (answer.status_code, answer.json["messages"][0]["status"]) == (200, "14")
    opened.gateway.clock.advance(301)
    assert opened.client.post("/sms/json", data={**SIGNED, "sig": SIGNATURE}).json["messages"][0]["status"] == "14"
    assert len(opened.messages()) == 1


def test_without_a_secret_in_the_configuration_no_signature_fits(opened: Open) -> None:
    bare = opened.again(vonage_key="", vonage_secret="")
    for key in ("pbx", ""):
        answer = bare.client.post("/sms/json", data={**SIGNED, "api_key": key, "sig": SIGNATURE})
        assert answer.json["messages"][0]["status"] == "14"


def test_older_clients_put_key_and_secret_anywhere(opened: Open) -> None:
    given = {"api_key": "pbx", "api_secret": KEY, "to": TO, "from": FROM, "text": "x"}
    answers = [
        opened.client.get("/sms/json", query_string=given),
        opened.client.post("/sms/json", data=given),
        opened.client.post("/sms/json", json=given),
    ]
    assert [answer.json["messages"][0]["status"] for answer in answers] == ["0", "0", "0"]
    assert len(opened.messages()) == 3


def test_a_reference_with_the_same_text_is_sent_once(opened: Open) -> None:
    given = {"to": TO, "from": FROM, "text": "x", "client-ref": "r1"}
    ids = {opened.client.post("/sms/json", data=given, headers=basic()).json["messages"][0]["message-id"] for _ in range(3)}
    assert len(ids) == len(opened.messages()) == 1
    opened.client.post("/sms/json", data={**given, "text": "y"}, headers=basic())
    assert len(opened.messages()) == 2


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"to": ""}, "2"),
        ({"text": ""}, "2"),
        ({"to": "12x"}, "3"),
        ({"from": "Acme"}, "15"),
        ({"type": "binary", "body": "00"}, "3"),
        ({"ttl": "5"}, "3"),
        ({"text": "x" * 3000}, "12"),
        ({"client-ref": "x" * 101}, "3"),
    ],
)
def test_errors_are_numbers_with_a_sentence_and_http_200(opened: Open, changed: dict[str, str], status: str) -> None:
    answer = opened.client.post("/sms/json", data={"to": TO, "from": FROM, "text": "x", **changed}, headers=basic())
    assert answer.status_code == 200
    assert answer.json["message-count"] == "1"
    (told,) = answer.json["messages"]
    assert told["status"] == status and told["error-text"]
    assert not opened.messages()


def test_xml_is_answered_where_it_is_asked_for(opened: Open) -> None:
    answer = opened.client.post("/sms/xml", data={"to": TO, "from": FROM, "text": "x", "client-ref": "<1>"}, headers=basic())
    assert answer.content_type.startswith("application/xml")
    assert f"<messageId>{opened.last().id}</messageId><status>0</status>" in answer.text
    assert "<clientRef>&lt;1&gt;</clientRef>" in answer.text
