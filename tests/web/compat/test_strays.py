"""What never comes to a view of a door (unknown paths, other methods, too much, broken headers) is answered in its language."""

from __future__ import annotations

import http.client
import json
import socket

import pytest

from gateway.settings import DOORS
from tests.web.compat.conftest import Open

# (method, path, HTTP status, the start of the answer)
STRAYS = {
    "telnyx": ("GET", "/compat/telnyx/v2/phone_numbers", 404, '{"errors":[{"code":"10005","title":"Resource not found"'),
    "plain": ("PUT", "/api/send", 405, "ERROR "),
    "integra": ("POST", "/Integra/resources/SMS/Status", 404, "ERROR"),
    "kannel": ("GET", "/cgi-bin/status", 404, "The requested URL"),
    "twilio": ("PUT", "/2010-04-01/Accounts/AC1/Messages.json", 401, '{"code":20003'),
    "vonage": ("GET", "/sms/search", 200, '{"message-count":"1","messages":[{"status":"'),
    "smseagle": ("GET", "/http_api/get_queue_length", 404, "Wrong parameters"),
    "smsgate": ("GET", "/3rdparty/v1/logs", 404, '{"message":"'),
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
    answer = narrow.client.get("/3rdparty/v1/logs", environ_base={"REMOTE_ADDR": "192.0.2.8"})
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


TWILIO = b"POST /2010-04-01/Accounts/AC1/Messages.json HTTP/1.1\r\nHost: x\r\n"
SMSGATE = b"POST /3rdparty/v1/messages HTTP/1.1\r\nHost: x\r\n"
KANNEL = b"GET /cgi-bin/sendsms?to=1 HTTP/1.1\r\nHost: x\r\n"
MUCH = b"Content-Length: 1000001\r\n\r\n"
MORE = b"Transfer-Encoding: chunked\r\n\r\nf4241\r\n" + b"x" * 1_000_001
BROKEN = b"Content-Length: many\r\n\r\n"
LONG = b"Cookie: " + b"x" * 40_000 + b"\r\n\r\n"


@pytest.mark.parametrize(
    ("raw", "status", "code"),
    [
        (TWILIO + MUCH, 413, 20413),
        (TWILIO + b"Expect: 100-continue\r\n" + MUCH, 413, 20413),
        (TWILIO + MORE, 413, 20413),
        (TWILIO + BROKEN, 400, 20001),
        (TWILIO + LONG, 413, 20413),
        (b"POST /2010-04-01/Nothing HTTP/1.1\r\nHost: x\r\n" + MUCH, 413, 20413),
    ],
)
def test_too_much_and_what_is_broken_is_an_error_of_twilio(url: str, raw: bytes, status: int, code: int) -> None:
    found, media_type, body = exchange(url, raw)
    error = json.loads(body)
    assert (found, media_type, error["code"], error["status"]) == (status, "application/json", code, status)


@pytest.mark.parametrize(("rest", "status"), [(MUCH, 413), (BROKEN, 400), (LONG, 413)])
def test_too_much_and_what_is_broken_is_an_error_of_other_doors(url: str, rest: bytes, status: int) -> None:
    found, _, body = exchange(url, SMSGATE + rest)
    assert (found, list(json.loads(body))) == (status, ["message"])
    found, media_type, body = exchange(url, KANNEL + rest)
    assert media_type.startswith("text/") and found in (400, 403, 413) and b"{" not in body


def test_too_much_for_nobody_is_a_problem(url: str) -> None:
    status, media_type, _ = exchange(url, b"POST /nothing HTTP/1.1\r\nHost: x\r\n" + MUCH)
    assert (status, media_type) == (413, "application/problem+json")
