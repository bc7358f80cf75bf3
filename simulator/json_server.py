"""A minimal HTTP/1.1 server for JSON between programs on one machine. Knows no paths and no users."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

Body = dict[str, Any]
# Method, path in pieces, query and body as one; returns status and answer.
Answer = Callable[[str, list[str], Body], Awaitable[tuple[int, Any]]]

_REASONS = {200: "OK", 400: "Bad Request", 404: "Not Found"}
_MOST_BYTES = 1 << 20


class JsonServer:
    """Listens at one address and asks `answer` about each request."""

    def __init__(self, host: str, port: int, answer: Answer) -> None:
        self._host = host
        self._port = port
        self._answer = answer
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()

    @property
    def url(self) -> str:
        return f"http://{self._host}:{self._port}"

    async def start(self) -> None:
        """Listens; with port 0 the url tells which port it became."""
        self._server = await asyncio.start_server(self._serve, self._host, self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server:
            self._server.close()
            for writer in self._open:
                writer.close()
            self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            while (request := await _read_request(reader)) is not None:
                status, answer = await self._answer_to(*request)
                body = json.dumps(answer, ensure_ascii=False).encode() + b"\n"
                writer.write(f"HTTP/1.1 {status} {_REASONS[status]}\r\nContent-Type: application/json\r\n"
                             f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, ValueError):
            # The client went away, or spoke no HTTP: nobody is left to answer.
            pass
        finally:
            self._open.discard(writer)
            writer.close()

    async def _answer_to(self, method: str, target: str, raw: bytes) -> tuple[int, Any]:
        address = urlsplit(target)
        try:
            sent = json.loads(raw) if raw.strip() else {}
        except ValueError as wrong:
            return 400, {"error": f"body is no JSON: {wrong}"}
        if not isinstance(sent, dict):
            return 400, {"error": "body is no JSON object"}
        path = [unquote(piece) for piece in address.path.strip("/").split("/")]
        return await self._answer(method, path, dict(parse_qsl(address.query)) | sent)


async def _read_request(reader: asyncio.StreamReader) -> tuple[str, str, bytes] | None:
    """Method, target and body of the next request, None when the client has finished."""
    line = await reader.readline()
    if not line:
        return None
    method, target, _ = line.decode("latin-1").split(" ", 2)
    length = 0
    while (header := await reader.readline()).strip():
        name, _, value = header.partition(b":")
        if name.strip().lower() == b"content-length":
            length = int(value)
    if length > _MOST_BYTES:
        raise ValueError("body too long")
    return method, target, await reader.readexactly(length)
