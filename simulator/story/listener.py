"""The webhook listener of a story: takes what the gateway posts, and answers as the story says."""

import asyncio
import contextlib
import json
import time
from dataclasses import dataclass
from typing import Any

_MOST_BYTES = 1 << 22


@dataclass(frozen=True, slots=True)
class Posting:
    """One request that came; `accepted` when it was answered with 2xx."""

    at: float
    path: str
    headers: dict[str, str]
    body: str
    accepted: bool

    @property
    def document(self) -> Any:
        try:
            return json.loads(self.body)
        except ValueError:
            return None


class Listener:
    """Listens on a free port of this machine."""

    def __init__(self) -> None:
        self.postings: list[Posting] = []
        self.status = 204
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self.url = ""

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/hook"

    async def stop(self) -> None:
        if self._server:
            self._server.close()
        for writer in self._open:
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            # A client that goes away, or speaks no HTTP, has nothing more to tell.
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, ValueError):
                while line := await reader.readline():
                    await self._take(line, reader, writer)
        finally:
            self._open.discard(writer)
            writer.close()

    async def _take(self, line: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        headers: dict[str, str] = {}
        while (header := (await reader.readline()).decode("latin-1").strip()):
            name, _, value = header.partition(":")
            headers[name.lower()] = value.strip()
        length = int(headers.get("content-length", 0))
        if length > _MOST_BYTES:
            raise ValueError("body too long")
        body = (await reader.readexactly(length)).decode("utf-8", "replace")
        path = line.decode("latin-1").split(" ")[1]
        self.postings.append(Posting(time.monotonic(), path, headers, body, 200 <= self.status < 300))
        writer.write(f"HTTP/1.1 {self.status} Told\r\nContent-Length: 0\r\n\r\n".encode())
        await writer.drain()
