"""An Asterisk's manager port, as its documents describe it: greeting, challenge, login, events in between. It calls nobody.

It runs on the event loop of the test. Octets are written here by hand; the code under test is not asked what is right.
"""

from __future__ import annotations

import asyncio
import hashlib
import ssl
from base64 import b64decode
from collections import deque
from dataclasses import dataclass, field

from tests.ports import free_port

CHALLENGE = "840415273"
SENT = b"Response: Success\r\nActionID: %s\r\nMessage: Message successfully sent\r\n\r\n"
NOBODY_THERE = b"Response: Error\r\nActionID: %s\r\nMessage: Message failed to send.\r\n\r\n"
NOT_ALLOWED = b"Response: Error\r\nActionID: %s\r\nMessage: Permission denied\r\n\r\n"
EVENT = b"Event: PeerStatus\r\nPrivilege: system,all\r\nPeer: PJSIP/1001\r\nPeerStatus: Reachable\r\n\r\n"
CLOSE = b""
SILENCE = b"silence"


@dataclass
class Asterisk:
    """`async with Asterisk() as pbx:` listens; `answers` are for MessageSend in turn, then all succeed."""

    user: str = "simrack"
    secret: str = "swordfish"
    offers_md5: bool = True
    greeting: bytes = b"Asterisk Call Manager/5.0.2\r\n"
    piece: int = 65536  # so many octets are written at once
    tls: ssl.SSLContext | None = None
    port: int = field(default_factory=free_port)  # while it is away, nobody else is given it
    answers: deque[bytes] = field(default_factory=deque)
    actions: list[dict[str, str]] = field(default_factory=list)  # without those of the login
    logins: list[dict[str, str]] = field(default_factory=list)
    raw: bytes = b""
    open: int = 0

    async def __aenter__(self) -> Asterisk:
        self._news = asyncio.Condition()
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, ssl=self.tls)
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._server.close()
        for writer in list(self._writers):
            writer.transport.abort()

    @property
    def url(self) -> str:
        return f"ami://127.0.0.1:{self.port}"

    @property
    def texts(self) -> list[str]:
        return [b64decode(one["Base64Body"]).decode() for one in self.actions if one["Action"] == "MessageSend"]

    async def done(self, count: int) -> list[dict[str, str]]:
        """The actions, once there are so many."""
        async with asyncio.timeout(30), self._news:
            await self._news.wait_for(lambda: len(self.actions) >= count)
        return self.actions

    def __post_init__(self) -> None:
        self._writers: set[asyncio.StreamWriter] = set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        self.open += 1
        try:
            await self._write(writer, self.greeting)
            while True:
                block = await reader.readuntil(b"\r\n\r\n")
                self.raw += block
                answer = self._answer(block)
                async with self._news:
                    self._news.notify_all()
                if answer == CLOSE:
                    return
                await self._write(writer, answer if answer != SILENCE else EVENT)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.open -= 1
            self._writers.discard(writer)
            writer.close()

    def _answer(self, block: bytes) -> bytes:
        fields: dict[str, str] = {}
        for line in block.decode().rstrip("\r\n").split("\r\n"):
            name, _, value = line.partition(": ")
            fields.setdefault(name, value)
        id = fields.get("ActionID", "").encode()
        match fields["Action"]:
            case "Challenge":
                if not self.offers_md5:
                    return b"Response: Error\r\nActionID: %s\r\nMessage: Must specify AuthType\r\n\r\n" % id
                return b"Response: Success\r\nActionID: %s\r\nChallenge: %s\r\n\r\n" % (id, CHALLENGE.encode())
            case "Login":
                self.logins.append(fields)
                if not self._knows(fields):
                    return b"Response: Error\r\nActionID: %s\r\nMessage: Authentication failed\r\n\r\n" % id
                return b"Response: Success\r\nActionID: %s\r\nMessage: Authentication accepted\r\n\r\n" % id + EVENT
        self.actions.append(fields)
        if fields["Action"] == "Logoff":
            return CLOSE
        if fields["Action"] == "Ping":
            return b"Response: Success\r\nActionID: %s\r\nPing: Pong\r\nTimestamp: 1795291384.000001\r\n\r\n" % id
        answer = self.answers.popleft() if self.answers else SENT
        return EVENT + answer % id + EVENT if b"%s" in answer else answer

    def _knows(self, fields: dict[str, str]) -> bool:
        if fields["Username"] != self.user:
            return False
        if "Key" in fields:
            return fields["Key"] == hashlib.md5((CHALLENGE + self.secret).encode()).hexdigest()
        return fields.get("Secret") == self.secret

    async def _write(self, writer: asyncio.StreamWriter, octets: bytes) -> None:
        for start in range(0, len(octets), self.piece):
            writer.write(octets[start : start + self.piece])
            await writer.drain()
            await asyncio.sleep(0)  # the reader sees each piece alone
