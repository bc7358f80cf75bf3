"""A web server that plays literal octets, for what must hold to the letter between us and a box."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence

CHALLENGE = (
    b"HTTP/1.1 401 Unauthorized\r\nServer: Web Server\r\n"
    b'WWW-Authenticate: Digest realm="Web Server", qop="auth", nonce="5f2b9c", algorithm="MD5"\r\n'
    b"Content-Type: text/html\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
)
FORBIDDEN = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
HANG_UP = b""


def says(body: str, *, close: bool = False) -> bytes:
    octets = body.encode()
    return (
        b"HTTP/1.1 200 Data follows\r\nServer: Web Server\r\nDate: Sat, 21 Nov 2026 20:03:04 GMT\r\n"
        b"Set-Cookie: devckie=dbd2-0300-0000-0001\r\nContent-Type: application/json\r\n"
        + f"Content-Length: {len(octets)}\r\nConnection: {'close' if close else 'keep-alive'}\r\n\r\n".encode()
        + octets
    )


class Peer:
    """Answers the nth request with the nth octets; `HANG_UP` cuts the connection."""

    def __init__(self, answers: Sequence[bytes]) -> None:
        self.url = ""
        self.requests: list[tuple[str, dict[str, str], bytes]] = []  # first line, headers, body
        self.connections = 0
        self._answers = list(answers)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while head := (await reader.readuntil(b"\r\n\r\n")).decode():
                first, *lines = head.strip().split("\r\n")
                headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
                self.requests.append((first, headers, await reader.readexactly(int(headers.get("content-length", "0")))))
                answer = self._answers.pop(0)
                writer.write(answer)
                await writer.drain()
                if answer == HANG_UP or b"Connection: close" in answer:
                    break
        writer.close()


@contextlib.asynccontextmanager
async def peer(*answers: bytes) -> AsyncIterator[Peer]:
    playing = Peer(answers)
    server = await asyncio.start_server(playing.serve, "127.0.0.1", 0)
    playing.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield playing
    finally:
        server.close()
        await server.wait_closed()
