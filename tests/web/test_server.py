"""The server behind a real socket: it listens, refuses in its own words, and stops cleanly."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator

import pytest

from gateway.errors import AlreadyRunning, BadSetting
from gateway.settings import HttpSettings
from gateway.web.app import create_app
from gateway.web.server import Server
from tests.web.conftest import Gateway


@pytest.fixture
def server(gateway: Gateway) -> Iterator[Server]:
    server = Server(create_app(gateway.doors()), HttpSettings("127.0.0.1:0", threads=2))
    server.start()
    yield server
    server.stop()


def port_of(server: Server) -> int:
    return int(server.address.rpartition(":")[2])


def exchange(server: Server, raw: bytes) -> tuple[int, str, dict[str, object]]:
    with socket.create_connection(("127.0.0.1", port_of(server)), timeout=30) as connection:
        connection.sendall(raw)
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        return answer.status, answer.headers["Content-Type"], json.loads(answer.read())


def test_it_answers_many_requests_on_one_connection(server: Server) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port_of(server), timeout=30)
    for _ in range(3):
        connection.request("GET", "/healthz")
        answer = connection.getresponse()
        assert answer.status == 200 and json.load(answer) == {"status": "ok"}
        assert answer.headers["Server"] is None
    connection.close()


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"POST /v1/messages HTTP/1.1\r\nHost: x\r\nContent-Length: 90000000\r\n\r\n", 413),
        (b"POST /v1/messages HTTP/1.1\r\nHost: x\r\nContent-Length: many\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nCookie: " + b"x" * 40_000 + b"\r\n\r\n", 431),
    ],
)
def test_what_never_reaches_the_application_is_a_problem_too(server: Server, raw: bytes, status: int) -> None:
    code, media_type, problem = exchange(server, raw)
    assert code == problem["status"] == status
    assert media_type == "application/problem+json"


def test_a_port_in_use_is_told_with_a_remedy(server: Server) -> None:
    with pytest.raises(AlreadyRunning, match="listen"):
        Server(None, HttpSettings(f"127.0.0.1:{port_of(server)}"))


def test_an_address_of_somebody_else_is_told_by_its_key() -> None:
    with pytest.raises(BadSetting) as caught:
        Server(None, HttpSettings("203.0.113.7:8080"))
    assert caught.value.field == "http.listen"


def test_after_a_stop_nothing_listens(gateway: Gateway) -> None:
    server = Server(create_app(gateway.doors()), HttpSettings("127.0.0.1:0", threads=2))
    server.start()
    port = port_of(server)
    keeps_open = socket.create_connection(("127.0.0.1", port), timeout=30)
    keeps_open.sendall(b"GET /healthz HTTP/1.1\r\nHost: here\r\n\r\n")
    assert keeps_open.recv(12) == b"HTTP/1.1 200"  # it is served, and not only waiting to be
    server.stop()
    while keeps_open.recv(4096):
        pass
    keeps_open.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=30)


def test_a_server_that_never_started_can_be_stopped(gateway: Gateway) -> None:
    Server(create_app(gateway.doors()), HttpSettings("127.0.0.1:0", threads=2)).stop()


@pytest.mark.parametrize("text", ["Der Tisch für Müller ist frei".encode(), b"Der Tisch f%C3%BCr M%C3%BCller+ist%20frei"])
def test_blanks_and_letters_that_nobody_encoded_pass_in_a_query(server: Server, gateway: Gateway, text: bytes) -> None:
    key = gateway.keys.add("pbx", ["send", "read"])[1].encode()
    with socket.create_connection(("127.0.0.1", port_of(server)), timeout=30) as connection:
        line = b"GET /api/send?key=" + key + b"&to=015112345678&text=" + text + b" HTTP/1.1\r\nHost: x\r\n\r\n"
        connection.sendall(line)
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        public_id = answer.read().decode().split()[1]
    message = gateway.store.messages.get(public_id)
    assert message is not None and message.text == "Der Tisch für Müller ist frei"
