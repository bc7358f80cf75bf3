"""The web server of a box: HTTP/1.1 with kept connections, one request at a time. Knows no paths and no users."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

_MOST_BYTES = 1 << 20
# Such servers say "Data follows" where others say "OK".
_REASONS = {200: "Data follows", 401: "Unauthorized", 403: "Forbidden", 404: "Site or Page Not Found", 405: "Method Not Allowed",
            500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable"}


@dataclass(frozen=True, slots=True)
class Request:
    """One request; header names are in lower case. `last`: the client wants no other on this connection."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    last: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer. `cut`: so many bytes of the body, then the connection ends; -1: nothing at all does."""

    status: int = 200
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    kind: str = "application/json"
    cut: int | None = None

    def octets(self, close: bool) -> bytes:
        lines = [f"HTTP/1.1 {self.status} {_REASONS.get(self.status, 'Error')}", "Server: Web Server", f"Content-Type: {self.kind}",
                 *(f"{name}: {value}" for name, value in self.headers), f"Content-Length: {len(self.body)}",
                 f"Connection: {'close' if close else 'keep-alive'}", "", ""]
        return "\r\n".join(lines).encode("latin-1") + self.body[:self.cut]


Answer = Callable[[Request], Awaitable[Reply]]


class WebServer:
    """Listens at one address and asks `answer` about each request. `closes`: whether a connection ends with its
    answer; `wanted`: whether it shall listen."""

    def __init__(self, host: str, port: int, files: tuple[Path, Path] | None, answer: Answer, closes: Callable[[], bool]) -> None:
        self._host = host
        self._port = port
        self._tls: ssl.SSLContext | None = None
        if files:
            self._tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            self._tls.load_cert_chain(*files)
        self._answer = answer
        self._closes = closes
        self._server: asyncio.Server | None = None
        self._kept: socket.socket | None = None  # holds the port while nobody listens there
        self._open: dict[asyncio.Task[None], asyncio.StreamWriter] = {}
        self._turn = asyncio.Lock()
        self.wanted = True
        self.silent = False

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://{self._host}:{self._port}"

    async def listen(self) -> None:
        """Takes connections; with port 0 the url tells which port it became, and it keeps that."""
        if self._server is not None:
            return
        server = await asyncio.start_server(self._serve, self._host, self._port, ssl=self._tls)
        self._port = server.sockets[0].getsockname()[1]
        self._give_up_port()
        if self.wanted:
            self._server = server
        else:
            server.close()

    def refuse(self) -> None:
        """Takes no connections any more and cuts those that are open."""
        self.wanted = False
        if self._server:
            self._server.close()
            self._server = None
            self._keep_port()
        self.cut()

    def _keep_port(self) -> None:
        """It is refused to clients, and the system gives it to nobody else meanwhile."""
        self._give_up_port()
        self._kept = socket.socket(socket.AF_INET6 if ":" in self._host else socket.AF_INET)
        self._kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._kept.bind((self._host, self._port))

    def _give_up_port(self) -> None:
        if self._kept:
            self._kept.close()
            self._kept = None

    def cut(self) -> None:
        """Cuts every open connection. A request that does this itself goes on to its end."""
        for task, writer in self._open.items():
            writer.transport.abort()
            if task is not asyncio.current_task():
                task.cancel()

    async def stop(self) -> None:
        self.refuse()
        self._give_up_port()
        # One that is cancelled removes itself; wait until none is left.
        while self._open:
            await asyncio.wait(self._open)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._open[task] = writer
        # The client may go away at any time, or speak no HTTP; and the box may cut it off.
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, ValueError, asyncio.CancelledError, ssl.SSLError):
            while (request := await _read(reader, writer)) is not None:
                if not await self._one(request, writer):
                    break
        del self._open[task]
        writer.close()

    async def _one(self, request: Request, writer: asyncio.StreamWriter) -> bool:
        """Answers one request. False when the connection shall end."""
        if self.silent:
            await asyncio.Event().wait()
        async with self._turn:
            reply = await self._answer(request)
        if self.silent:
            await asyncio.Event().wait()
        if reply.cut is not None and reply.cut < 0:
            return False
        close = self._closes() or request.last
        writer.write(reply.octets(close))
        await writer.drain()
        return not close and reply.cut is None


async def _read(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Request | None:
    """The next request, None when the client has finished. Raises ValueError for what is no HTTP."""
    line = await reader.readline()
    if not line:
        return None
    method, target, version = line.decode("latin-1").split(" ", 2)
    headers: dict[str, str] = {}
    while (header := await reader.readline()).strip():
        name, _, value = header.decode("latin-1").partition(":")
        headers[name.strip().lower()] = value.strip()
    length = int(headers.get("content-length", "0"))
    if not 0 <= length <= _MOST_BYTES:
        raise ValueError("body too long")
    if headers.get("expect", "").lower() == "100-continue":
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    kept = headers.get("connection", "keep-alive" if version.strip() == "HTTP/1.1" else "close").lower() != "close"
    return Request(method, target, headers, await reader.readexactly(length), not kept)
