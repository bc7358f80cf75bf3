"""What never comes to a view of a door (unknown paths, other methods, too much, broken headers) is answered in its language."""

from __future__ import annotations

import http.client
import itertools
import json
import socket
from dataclasses import dataclass

import pytest

from gateway.settings import DOORS
from tests.web.compat.conftest import KEY, Open, basic

# (method, path, HTTP status, the start of the answer)
STRAYS = {
    "telnyx": ("GET", "/compat/telnyx/v2/phone_numbers", 404, '{"errors":[{"code":"10005","title":"Resource not found"'),
    "plain": ("PUT", "/api/send", 405, "ERROR "),
    "integra": ("POST", "/Integra/resources/SMS/Status", 404, "ERROR"),
    "kannel": ("GET", "/cgi-bin/status", 404, "The requested URL"),
    "twilio": ("PUT", "/2010-04-01/Accounts/AC1/Messages.json", 401, '{"code":20003'),
    "vonage": ("GET", "/sms/search", 200, '{"message-count":"1","messages":[{"status":"'),
    "smseagle": ("GET", "/http_api/get_queue_length", 404, "Wrong parameters"),
    "smsgate": ("GET", "/3rdparty/v1/contacts", 404, '{"message":"'),
    "wildix": ("GET", "/api/v1/originate/call", 404, '{"type":"error","reason":"'),
    "playsms": ("PUT", "/index.php", 200, '{"status":"ERR","error":"'),
    "jasmin": ("GET", "/secure/balance", 404, '{"message":"'),
    "dinstar": ("GET", "/api/get_cpu", 200, '{"error_code":'),
}


def test_every_door_is_asked_for_what_it_has_not() -> None:
    assert set(STRAYS) == set(DOORS)


@pytest.mark.parametrize("door", sorted(STRAYS))
def test_what_a_door_has_not_is_told_in_its_language(opened: Open, door: str) -> None:
    method, path, status, start = STRAYS[door]
    answer = opened.client.open(path, method=method)
    assert (answer.status_code, answer.text[: len(start)]) == (status, start)
    assert answer.content_type != "application/problem+json"
    shut = opened.again(open=tuple(one for one in DOORS if one != door)).client.open(path, method=method)
    assert (shut.status_code, shut.content_type) == (404, "application/problem+json")


def test_a_method_that_is_not_offered_is_told_with_those_that_are(opened: Open) -> None:
    assert opened.client.put("/api/send").headers["Allow"] == "GET, HEAD, OPTIONS, POST"


def test_our_own_api_keeps_its_language_beside_the_doors(opened: Open) -> None:
    for path in ("/v1/nothing", "/api/nothing", "/nothing", "/"):
        answer = opened.client.get(path)
        assert (answer.status_code, answer.content_type) == (404, "application/problem+json"), path


def test_unknown_paths_of_a_door_are_open_to_its_addresses_alone(opened: Open, caplog: pytest.LogCaptureFixture) -> None:
    narrow = opened.again(addresses={"smsgate": "192.0.2.7"})
    answer = narrow.client.get("/3rdparty/v1/contacts", environ_base={"REMOTE_ADDR": "192.0.2.8"})
    assert answer.status_code == 403
    assert "smsgate: a request from 192.0.2.8 was refused" in caplog.text


def exchange(url: str, raw: bytes) -> tuple[int, str, bytes]:
    """(status, Content-Type, body); what follows such a request is not read."""
    host, _, port = url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        connection.sendall(raw)
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        body = answer.read()
        assert answer.headers["Connection"] == "close"
        return answer.status, answer.headers["Content-Type"], body


MUCH = b"Content-Length: 1000001\r\n\r\n"
MORE = b"Transfer-Encoding: chunked\r\n\r\nf4241\r\n" + b"x" * 1_000_001
BROKEN = b"Content-Length: many\r\n\r\n"
LONG = b"Cookie: " + b"x" * 40_000 + b"\r\n\r\n"
JSON, TEXT, HTML = "application/json", "text/plain; charset=utf-8", "text/html; charset=utf-8"


@dataclass(frozen=True)
class Told:
    """Status and body for what is too much, and for what is broken; WHY is what waitress calls it."""

    line: str
    media_type: str
    too_much: tuple[int, str]
    broken: tuple[int, str]


TOLD = {
    "telnyx": Told(
        "POST /compat/3cx", JSON,
        (413, '{"errors":[{"code":"10015","title":"Bad Request","detail":"WHY"}]}'),
        (400, '{"errors":[{"code":"10015","title":"Bad Request","detail":"WHY"}]}'),
    ),
    "plain": Told("GET /api/send?to=1", TEXT, (413, "ERROR WHY\n"), (400, "ERROR WHY\n")),
    "integra": Told("POST /Integra/resources/SMS/SendSMS", TEXT, (400, "ERROR"), (400, "ERROR")),
    "kannel": Told("GET /cgi-bin/sendsms?to=1", HTML, (400, "WHY"), (400, "WHY")),
    "twilio": Told(
        "POST /2010-04-01/Accounts/AC1/Messages.json", JSON,
        (413, '{"code":20413,"message":"WHY","more_info":"https://www.twilio.com/docs/errors/20413","status":413}'),
        (400, '{"code":20001,"message":"WHY","more_info":"https://www.twilio.com/docs/errors/20001","status":400}'),
    ),
    "vonage": Told(
        "POST /sms/json", JSON,
        (200, '{"message-count":"1","messages":[{"status":"3","error-text":"WHY"}]}'),
        (200, '{"message-count":"1","messages":[{"status":"3","error-text":"WHY"}]}'),
    ),
    "smseagle": Told("GET /http_api/send_sms", TEXT, (400, "Wrong parameters: WHY"), (400, "Wrong parameters: WHY")),
    "smsgate": Told("POST /3rdparty/v1/messages", JSON, (413, '{"message":"WHY"}'), (400, '{"message":"WHY"}')),
    "wildix": Told(
        "POST /api/v1/originate/sms", JSON,
        (413, '{"type":"error","reason":"WHY","result":null}'),
        (400, '{"type":"error","reason":"WHY","result":null}'),
    ),
    "playsms": Told(
        "GET /index.php?app=ws", JSON,
        (200, '{"status":"ERR","error":"200","error_string":"WHY"}'),
        (200, '{"status":"ERR","error":"200","error_string":"WHY"}'),
    ),
    "jasmin": Told("GET /send?to=1", TEXT, (413, 'Error "WHY"'), (400, 'Error "WHY"')),
    "dinstar": Told(
        "POST /api/send_sms", JSON,
        (200, '{"error_code":413,"sn":"simrack","detail":"WHY"}'),
        (200, '{"error_code":400,"sn":"simrack","detail":"WHY"}'),
    ),
}  # fmt: skip


@pytest.mark.parametrize("door", sorted(DOORS))
def test_too_much_and_what_is_broken_is_told_in_the_language_of_the_door(url: str, door: str) -> None:
    told = TOLD[door]
    for rest, (status, body), why in (
        (MUCH, told.too_much, "exceeds max_body of 1000001"),
        (MORE, told.too_much, "exceeds max_body of 1000001"),
        (LONG, told.too_much, "exceeds max_header of 32768"),
        (BROKEN, told.broken, "Content-Length is invalid"),
    ):
        raw = f"{told.line} HTTP/1.1\r\nHost: x\r\n".encode() + rest
        assert exchange(url, raw) == (status, told.media_type, body.replace("WHY", why).encode()), rest[:20]


NO_JSON, NO_OBJECT = "the body is not JSON", "the body is not a JSON object"
BEARER = {"Authorization": f"Bearer {KEY}"}
# Content-Type, octets, headers, status and body of the answer.
UNREADABLE = [
    ("telnyx", JSON, b'{"to":', BEARER, 400, f'{{"errors":[{{"code":"10015","title":"Bad Request","detail":"{NO_JSON}"}}]}}'),
    ("telnyx", JSON, b'"text"', BEARER, 400, f'{{"errors":[{{"code":"10015","title":"Bad Request","detail":"{NO_OBJECT}"}}]}}'),
    ("plain", JSON, b'{"to":', {}, 400, f"ERROR {NO_JSON}\n"),
    ("plain", JSON, b'{"to":"\xff"}', {}, 400, f"ERROR {NO_JSON}\n"),
    ("integra", JSON, b'{"destination":', {}, 400, "ERROR"),
    ("kannel", JSON, b'{"to":', {}, 400, "Invalid content-type"),
    ("kannel", "text/xml", b"<message>", {}, 400, "Invalid content-type"),
    ("vonage", JSON, b'{"to":', {}, 200, f'{{"message-count":"1","messages":[{{"status":"3","error-text":"{NO_JSON}"}}]}}'),
    ("vonage", JSON, b"[1]", {}, 200, f'{{"message-count":"1","messages":[{{"status":"3","error-text":"{NO_OBJECT}"}}]}}'),
    ("smseagle", JSON, b'{"to":', {}, 400, f"Wrong parameters: {NO_JSON}"),
    ("smsgate", JSON, b'{"message":', basic(), 400, f'{{"message":"{NO_JSON}"}}'),
    ("smsgate", JSON, b"[1]", basic(), 400, f'{{"message":"{NO_OBJECT}"}}'),
    ("smsgate", JSON, b"[" * 100_000, basic(), 400, f'{{"message":"{NO_JSON}"}}'),
    ("wildix", JSON, b'{"number":', basic(), 400, f'{{"type":"error","reason":"{NO_JSON}","result":null}}'),
    ("playsms", JSON, b'{"app":', {}, 200, f'{{"status":"ERR","error":"200","error_string":"{NO_JSON}"}}'),
    ("jasmin", JSON, b'{"to":', {}, 400, f'Error "{NO_JSON}"'),
    ("dinstar", JSON, b'{"text":', basic(), 200, f'{{"error_code":400,"sn":"simrack","detail":"{NO_JSON}"}}'),
    ("dinstar", JSON, b"[1]", basic(), 200, f'{{"error_code":400,"sn":"simrack","detail":"{NO_OBJECT}"}}'),
]


@pytest.mark.parametrize(("door", "media_type", "octets", "headers", "status", "body"), UNREADABLE)
def test_a_body_that_cannot_be_read_is_told_in_the_language_of_the_door(
    opened: Open, door: str, media_type: str, octets: bytes, headers: dict[str, str], status: int, body: str
) -> None:
    path = TOLD[door].line.split()[1].partition("?")[0]
    answer = opened.client.post(path, data=octets, content_type=media_type, headers=headers)
    assert (answer.status_code, answer.text) == (status, body)
    assert not opened.messages()


MEDIA_TYPES = (JSON, "application/x-www-form-urlencoded", "multipart/form-data; boundary=", "text/plain", "x")
OCTETS = (b"text=%FF&to=%", b"\xff" * 40, b"--\r\n\r\n--", b"")


@pytest.mark.parametrize("door", sorted(DOORS))
def test_octets_of_any_kind_are_no_fault_of_ours(opened: Open, door: str) -> None:
    path = TOLD[door].line.split()[1].partition("?")[0]
    for media_type, octets in itertools.product(MEDIA_TYPES, OCTETS):
        answer = opened.client.post(path, data=octets, content_type=media_type, headers=basic())
        assert answer.status_code < 500 and answer.content_type == TOLD[door].media_type, (media_type, octets, answer.text)
    assert not opened.messages()


@pytest.mark.parametrize(
    "line",
    ["POST /2010-04-01/Accounts/AC1/Messages.json HTTP/1.1\r\nExpect: 100-continue", "POST /2010-04-01/Nothing HTTP/1.1"],
)
def test_too_much_on_any_path_of_a_door_is_told_in_its_language(url: str, line: str) -> None:
    status, media_type, body = exchange(url, f"{line}\r\nHost: x\r\n".encode() + MUCH)
    error = json.loads(body)
    assert (status, media_type, error["code"], error["status"]) == (413, JSON, 20413, 413)


def test_too_much_for_nobody_is_a_problem(url: str) -> None:
    status, media_type, _ = exchange(url, b"POST /nothing HTTP/1.1\r\nHost: x\r\n" + MUCH)
    assert (status, media_type) == (413, "application/problem+json")
