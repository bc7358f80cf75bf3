"""A client for the tests: writes what it is told, reads until what it waits for is there. Knows nothing of SMS."""

import os
import re
import select
import socket
from collections.abc import Callable, Iterator

import pytest

from tests.simulator.dinstar_client import BoxClient

FINAL = rb"\r\n(OK|ERROR|NO CARRIER|COMMAND NOT SUPPORT|\+CM[ES] ERROR: [^\r]*)\r\n|\r\n> $"


class Client:
    """One end of a wire. Everything read and not yet asked for stays in `left`."""

    def __init__(self, device: str) -> None:
        self._socket: socket.socket | None = None
        if device.startswith("socket://"):
            host, _, port = device.removeprefix("socket://").rpartition(":")
            self._socket = socket.create_connection((host, int(port)))
        elif device.endswith(".sock"):
            self._socket = socket.socket(socket.AF_UNIX)
            self._socket.connect(device)
        self.fd = self._socket.detach() if self._socket else os.open(device, os.O_RDWR | os.O_NOCTTY)
        self.left = b""

    def write(self, typed: str | bytes) -> None:
        os.write(self.fd, typed.encode("latin-1") if isinstance(typed, str) else typed)

    def until(self, pattern: bytes, timeout: float = 30.0) -> bytes:
        """Everything up to the end of the first match."""
        while not (match := re.search(pattern, self.left)):
            ready, _, _ = select.select([self.fd], [], [], timeout)
            assert ready, f"no {pattern!r} within {timeout} s; there is {self.left!r}"
            data = os.read(self.fd, 65536)
            assert data, f"hung up while waiting for {pattern!r}; there is {self.left!r}"
            self.left += data
        taken, self.left = self.left[:match.end()], self.left[match.end():]
        return taken

    def ask(self, command: str) -> bytes:
        """A command's answer with its final code."""
        self.write(command + "\r")
        return self.until(FINAL)

    def says_nothing_but_ok(self) -> bool:
        """Whether nothing was said before a fresh AT is answered."""
        return self.ask("AT") == b"\r\nOK\r\n"

    def send_pdu(self, pdu: str) -> bytes:
        """Sends a PDU with its service-centre address and returns the result."""
        octets = bytes.fromhex(pdu)
        assert self.ask(f"AT+CMGS={len(octets) - octets[0] - 1}").endswith(b"> ")
        self.write(pdu + "\x1a")
        return self.until(FINAL)

    def close(self) -> None:
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1


@pytest.fixture
def connect() -> Iterator[Callable[..., Client]]:
    """Opens clients: `connect(device)` with echo off and numeric errors, `connect(device, quiet=False)` untouched."""
    clients: list[Client] = []

    def opened(device: str, quiet: bool = True) -> Client:
        client = Client(device)
        clients.append(client)
        if quiet:
            client.ask("ATE0+CMEE=1")
        return client

    yield opened
    for client in clients:
        client.close()


@pytest.fixture
def box(bank):
    """The first box of the bank that a test file starts."""
    return bank.box("box1")


@pytest.fixture
def client(box):
    client = BoxClient(box.url, box.user, box.password)
    yield client
    client.close()
