"""What 3CX, Yeastar, Bicom, uContact, Vodia, Asterisk and Wildix send, by their documents, and where they read the id."""

from __future__ import annotations

import http.client
import json
import socket

import pytest

from tests.web.compat.conftest import KEY, Open, basic

BEARER = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
FLAT = b'{"from":"+4915110000000","to":"+4915112345678","text":"hello"}'


def test_an_extension_comes_by_the_plain_door_and_as_the_agent_of_integra(opened: Open) -> None:
    rules = {"extensions": {"101": ["p0"], "102": ["p1"]}}
    opened.gateway.keys.change_rules("pbx", rules, "a test", opened.gateway.settings)
    asked = {"to": "015112345678", "text": "hello", "key": KEY}
    assert opened.client.get("/api/send", query_string={**asked, "extension": "102"}).status_code == 200
    assert (opened.last().extension, opened.last().from_) == ("102", "+4915110000001")
    renamed = opened.again(plain_names={"extension": "user"})
    assert renamed.client.get("/api/send", query_string={**asked, "user": "101"}).status_code == 200
    assert opened.last().extension == "101"
    refused = opened.client.get("/api/send", query_string={**asked, "extension": "x y"})
    assert (refused.status_code, refused.text[:16]) == (400, "ERROR extension:")
    form = {"destination": "015112345678", "message": "hello"}
    path, headers = "/Integra/resources/SMS/SendSMS", {"Authorization": KEY}
    assert opened.client.post(path, data={**form, "agent": "102"}, headers=headers).text == "OK"
    assert opened.last().extension == "102"
    assert opened.client.post(path, data={**form, "agent": "Anna Blume"}, headers=headers).text == "ERROR"
    opened.gateway.keys.change_rules("pbx", {"extensions": {}}, "a test", opened.gateway.settings)
    assert opened.client.post(path, data={**form, "agent": "Anna Blume"}, headers=headers).text == "OK"
    assert opened.last().extension is None


@pytest.mark.parametrize("path", ["/compat/3cx", "/compat/yeastar", "/compat/bicom", "/compat/telnyx/v2/messages"])
def test_the_id_stands_where_each_pbx_reads_it(opened: Open, path: str) -> None:
    answer = opened.client.post(path, data=FLAT, headers=BEARER)
    assert answer.status_code == 200
    message = opened.last()
    assert (message.to, message.from_, message.text) == ("+4915112345678", "+4915110000000", "hello")
    data = answer.json["data"]
    assert data["payload"]["id"] == data["id"] == message.id  # 3CX the first, Yeastar the second
    assert data["to"] == [{"phone_number": "+4915112345678", "status": "queued"}]
    assert (data["record_type"], data["direction"], data["encoding"], data["parts"]) == ("message", "outbound", "GSM-7", 1)


@pytest.mark.parametrize(
    "body",
    [
        b'{"to":["+4915112345678"],"body":"hello"}',
        b'{"to":[{"phone_number":"+4915112345678"}],"from":{"phone_number":"+4915110000000"},"message":"hello","media_urls":[]}',
    ],
)
def test_other_spellings_of_the_flat_form_are_understood(opened: Open, body: bytes) -> None:
    assert opened.client.post("/compat/bicom", data=body, headers=BEARER).status_code == 200
    assert (opened.last().to, opened.last().text) == ("+4915112345678", "hello")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "10015"),
        (b"[1]", 400, "10015"),
        (b'{"to":"+4915112345678"}', 422, "10004"),
        (b'{"text":"hello"}', 422, "10004"),
        (b'{"to":["+4915112345678","+4915112345679"],"text":"hello"}', 422, "10015"),
        (b'{"to":true,"text":"hello"}', 422, "10015"),
        (b'{"to":"+4915112345678","text":7}', 422, "10015"),
        (b'{"to":"+4915112345678","text":"\\ud800"}', 422, "10015"),
        (b'{"to":"+4915112345678","text":"hello","media_urls":["https://x/y.png"]}', 422, "10015"),
        (b'{"to":"+4915112345678","text":"hello","send_at":"tomorrow"}', 422, "10015"),
        (b'{"to":"+41791234567","text":"hello"}', 422, "40310"),
    ],
)
def test_what_telnyx_would_refuse_is_refused_as_it_does(opened: Open, body: bytes, status: int, code: str) -> None:
    answer = opened.client.post("/compat/3cx", data=body, headers=BEARER)
    assert (answer.status_code, [one["code"] for one in answer.json["errors"]]) == (status, [code]), answer.text
    assert not opened.messages()


def test_telnyx_messages_are_looked_up_with_the_right_to_read(opened: Open) -> None:
    sent = opened.client.post("/compat/3cx", data=FLAT, headers=BEARER).json["data"]["id"]
    found = opened.client.get(f"/compat/telnyx/v2/messages/{sent}", headers=BEARER)
    assert found.json["data"]["id"] == sent
    assert opened.client.get("/compat/telnyx/v2/messages/msg_no", headers=BEARER).json["errors"][0]["code"] == "10005"


URL = f"/api/send?key={KEY}&"


def test_a_url_template_sends_and_is_answered_in_a_line(opened: Open) -> None:
    answer = opened.client.get(URL + "to=%2B4915112345678&text=h%C3%A4ufig+%26+gern&ref=77")
    assert (answer.status_code, answer.content_type) == (200, "text/plain; charset=utf-8")
    message = opened.last()
    assert answer.text == f"OK {message.id}\n"
    assert (message.to, message.text, message.client_ref) == ("+4915112345678", "häufig & gern", "77")


@pytest.mark.parametrize("to", ["+4915112345678", "%2B4915112345678", "015112345678", "004915112345678", "0151%2012345678"])
def test_numbers_come_as_people_type_them(opened: Open, to: str) -> None:
    opened.client.get(URL + f"to={to}&text=x")
    assert opened.last().to == "+4915112345678"


def test_the_same_reference_with_the_same_text_is_sent_once(opened: Open) -> None:
    first, again = (opened.client.get(URL + "to=015112345678&text=x&ref=1").text for _ in range(2))
    assert first == again and len(opened.messages()) == 1
    opened.client.get(URL + "to=015112345678&text=y&ref=1")
    assert len(opened.messages()) == 2


def test_the_key_comes_as_basic_as_bearer_or_as_a_field(opened: Open) -> None:
    form = {"to": "015112345678", "text": "x"}
    for given in (
        {"data": form, "headers": basic(user="")},
        {"data": form, "headers": {"Authorization": f"Bearer {KEY}"}},
        {"data": {**form, "key": KEY}},
        {"json": {**form, "key": KEY}},
    ):
        assert opened.client.post("/api/send", **given).status_code == 200
    refused = opened.client.post("/api/send", data=form)
    assert (refused.status_code, refused.text) == (401, "ERROR the key is missing\n")
    assert refused.headers["WWW-Authenticate"].startswith("Basic ")


def test_its_names_are_chosen_in_the_configuration(opened: Open) -> None:
    vodia = opened.again(plain_names={"to": "phone", "text": "message", "key": "password", "channel": "line"})
    answer = vodia.client.get(f"/api/send?phone=015112345678&message=x&password={KEY}&line=p1")
    assert answer.status_code == 200
    assert vodia.client.get(f"/api/send?to=015112345678&message=x&password={KEY}").text == "ERROR phone is missing\n"


def test_a_line_says_what_is_wrong(opened: Open) -> None:
    assert opened.client.get(URL + "to=015112345678&text=x&pool=no").text.startswith("ERROR pool: there is no pool 'no'")
    long = opened.client.get(URL + "to=015112345678&text=" + "x" * 3000)
    assert (long.status_code, long.text.startswith("ERROR text:")) == (400, True)
    assert len(long.text.splitlines()) == 1


def test_urlsmsauth_of_ucontact_is_a_get_with_basic(opened: Open) -> None:
    query = "/api/send?to=%2B4915112345678&text=h%C3%A4ufig&ref=77"
    answer = opened.client.get(query, headers=basic(user="ucontact"))
    message = opened.last()
    assert (answer.status_code, answer.text) == (200, f"OK {message.id}\n")
    assert (message.to, message.text, message.client_ref) == ("+4915112345678", "häufig", "77")
    refused = opened.client.get(query, headers=basic("guessed"))
    assert (refused.status_code, refused.text) == (401, "ERROR the key is not known\n")
    assert refused.headers["WWW-Authenticate"].startswith("Basic ")


INTEGRA = "/Integra/resources/SMS/SendSMS"


@pytest.mark.parametrize("headers", [basic(), {"Authorization": KEY}, {"Authorization": f"Bearer {KEY}"}])
def test_integras_form_is_answered_with_the_bare_word(opened: Open, headers: dict[str, str]) -> None:
    form = "destination=4915112345678&message=h%C3%A4ufig&campaign=winter&agent=anna&source=p0"
    kind = "application/x-www-form-urlencoded; charset=UTF-8"
    posted = opened.client.post(INTEGRA, data=form, headers=headers, content_type=kind)
    assert (posted.status_code, posted.data) == (200, b"OK")
    got = opened.client.get(f"{INTEGRA}?{form}", headers=headers)
    assert (got.status_code, got.data) == (200, b"OK")
    for message in opened.messages():
        assert (message.to, message.text, message.campaign) == ("+4915112345678", "häufig", "winter")


def test_integras_source_is_a_channel_or_a_number_of_ours(opened: Open) -> None:
    for source, status in (("p1", 200), ("+4915110000000", 200), ("+15550100", 400)):
        form = {"destination": "015112345678", "message": "x", "source": source}
        answer = opened.client.post(INTEGRA, data=form, headers=basic())
        assert (answer.status_code, answer.text) == (status, "OK" if status == 200 else "ERROR")
    assert "+15550100" in answer.headers["X-Reason"]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/destination=4915112345678&message=h%C3%A4ufig%20%26+gern&api=KEY", "häufig & gern"),
        ("/destination=+4915112345678&message=at%20https://example.org//a/b&api=KEY", "at https://example.org//a/b"),
        ("/destination=4915112345678&message=How%20are%20you?&api=KEY", "How are you?"),
        ("/destination=4915112345678&message=How%20are%20you%3F?api=KEY", "How are you?"),
        ("?destination=4915112345678&message=hello&api=KEY", "hello"),
    ],
)
def test_integras_form_may_stand_in_the_path_with_the_key_as_api(opened: Open, path: str, text: str) -> None:
    answer = opened.client.get(INTEGRA + path.replace("KEY", KEY))
    assert (answer.status_code, answer.data) == (200, b"OK"), answer.headers
    assert (opened.last().to, opened.last().text) == ("+4915112345678", text)


def test_integras_form_takes_the_key_from_its_body_and_no_wrong_one_from_the_path(opened: Open) -> None:
    form = {"destination": "015112345678", "message": "hello"}
    assert opened.client.post(INTEGRA, data={**form, "api": KEY}).data == b"OK"
    for path in ("/destination=015112345678&message=hello&api=guessed", "/destination=015112345678&message=hello", "/hello"):
        refused = opened.client.get(INTEGRA + path)
        assert (refused.status_code, refused.data) == (401, b"ERROR")
    refused = opened.client.get(f"{INTEGRA}/message=hello&api={KEY}")
    assert (refused.status_code, refused.data, refused.headers["X-Reason"]) == (400, b"ERROR", "destination is missing")


def test_integras_path_may_hold_blanks_and_letters_that_nobody_encoded(opened: Open, url: str) -> None:
    host, _, port = url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        line = f"GET {INTEGRA}/destination=015112345678&message=Der Tisch für Müller ist frei&api={KEY} HTTP/1.1\r\nHost: x\r\n\r\n"
        connection.sendall(line.encode())
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        assert answer.read() == b"OK"
    assert opened.last().text == "Der Tisch für Müller ist frei"


WILDIX = "/api/v1/originate/sms"


def test_wildix_sends_to_several_by_either_form(opened: Open) -> None:
    form = {"number": "+4915112345678,+4915112345679", "message": "hello"}
    for kind in ("application/x-www-form-urlencoded", "multipart/form-data"):
        answer = opened.client.post(WILDIX, data=form, headers=basic(), content_type=kind)
        assert (answer.status_code, answer.json) == (200, {"type": "result", "result": "Success"})
    assert [one.to[-1] for one in opened.messages()] == ["8", "9", "8", "9"]


def test_wildix_reads_why_not(opened: Open) -> None:
    answer = opened.client.post(WILDIX, data={"message": "hello"}, headers=basic())
    assert json.loads(answer.data) == {"type": "error", "reason": "Number should not be empty", "result": None}
    late = {"number": "+4915112345678", "message": "hello", "postpone": "14/07/2034 15:35"}
    opened.client.get(WILDIX, query_string=late, headers=basic())
    assert opened.last().send_at == 2036504100.0
    assert opened.client.get(WILDIX, query_string={**late, "postpone": "soon"}, headers=basic()).status_code == 400
