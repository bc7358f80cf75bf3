"""A PBX's ear: an HTTP/1.1 server on 127.0.0.1 that keeps what it is told and answers as a test wishes.

It runs in a thread of its own, keeps connections alive, and can be stopped and started again on the same port. It verifies
nothing: tests do.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from tests.ports import free_port


@dataclass(frozen=True, slots=True)
class Answer:
    """`drop` closes the connection instead of answering; `hold` waits for `Receiver.release`; `delay` is in seconds."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    delay: float = 0.0
    hold: bool = False
    drop: bool = False
    close: bool = False  # answer, then close the connection


@dataclass(frozen=True, slots=True)
class Received:
    method: str
    path: str
    headers: dict[str, str]  # names in lower case
    body: bytes
    at: float  # monotonic
    connection: int  # which connection it came on, counted from 1

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def type(self) -> str:
        return str(self.json["type"])

    @property
    def data(self) -> dict[str, Any]:
        return dict(self.json["data"])


class Receiver:
    """Use it as a context manager, or `start` and `stop` it. All methods may be called from any thread."""

    def __init__(self, port: int = 0, tls: ssl.SSLContext | None = None) -> None:
        # Not one that the system chooses: it would give it to somebody else while we are stopped.
        self.port = port or free_port()
        self.default = Answer()
        self.decide: Callable[[Received], Answer | None] | None = None  # before the list, for answers that depend
        self.requests: list[Received] = []
        self.connections = 0
        self.held = 0  # requests that wait for `release`
        self._tls = tls
        self._answers: deque[Answer] = deque()
        self._news = threading.Condition()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._released: asyncio.Event | None = None
        self._thread: threading.Thread | None = None
        self._open: set[_Connection] = set()

    # What a test says.

    def answers(self, *answers: int | Answer) -> None:
        """The next answers, in order; after them, `default`."""
        self._answers.extend(Answer(answer) if isinstance(answer, int) else answer for answer in answers)

    def release(self) -> None:
        """Answer everything that is held, and hold nothing from now on."""
        assert self._loop is not None and self._released is not None
        self._loop.call_soon_threadsafe(self._released.set)

    def wait_for(self, count: int, timeout: float = 30.0) -> list[Received]:
        """The requests, once there are at least so many."""
        with self._news:
            came = self._news.wait_for(lambda: len(self.requests) >= count, timeout)
            assert came, f"{len(self.requests)} of {count} requests came within {timeout:g} s"
            return list(self.requests)

    async def expect(self, count: int, within: float = 30.0) -> list[Received]:
        """`wait_for`, for a test that runs on an event loop."""
        return await asyncio.to_thread(self.wait_for, count, within)

    # What a test may ask.

    @property
    def url(self) -> str:
        scheme, host = ("http", "127.0.0.1") if self._tls is None else ("https", "localhost")
        return f"{scheme}://{host}:{self.port}/hook"

    @property
    def ids(self) -> list[str]:
        return [request.id for request in self.requests]

    # Life.

    def start(self) -> Receiver:
        ready: Future[None] = Future()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve(ready)), name="receiver", daemon=True)
        self._thread.start()
        ready.result(10)
        return self

    def stop(self) -> None:
        """Close the port and every connection: from now on, connection refused."""
        if self._thread is None or self._loop is None:
            return
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join(10)
        self._thread = self._loop = None

    def __enter__(self) -> Receiver:
        return self.start()

    def __exit__(self, *exc: object) -> None:
        self.stop()

    async def _serve(self, ready: Future[None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._released, self._ended = asyncio.Event(), asyncio.Event()
        try:
            server = await self._loop.create_server(
                lambda: _Connection(self), "127.0.0.1", self.port, ssl=self._tls, reuse_address=True
            )
        except OSError as fault:
            ready.set_exception(fault)
            return
        ready.set_result(None)
        await self._ended.wait()
        server.close()
        for connection in list(self._open):
            connection.abort()

    def _opened(self, connection: _Connection) -> int:
        self._open.add(connection)
        self.connections += 1
        return self.connections

    def _closed(self, connection: _Connection) -> None:
        self._open.discard(connection)

    def _received(self, request: Received) -> Answer:
        answer = self.decide(request) if self.decide is not None else None
        if answer is None:
            answer = self._answers.popleft() if self._answers else self.default
        with self._news:
            self.requests.append(request)
            self.held += answer.hold
            self._news.notify_all()
        return answer

    async def _wait_for_release(self) -> None:
        assert self._released is not None
        await self._released.wait()


class _Connection(asyncio.Protocol):
    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._number = self._receiver._opened(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._receiver._closed(self)

    def abort(self) -> None:
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (request := self._next()) is not None:
            answer = self._receiver._received(request)
            if answer.hold or answer.delay:
                self._later = asyncio.ensure_future(self._answer_later(answer))
            else:
                self._answer(answer)

    def _next(self) -> Received | None:
        head, found, rest = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return None
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        length = int(headers.get("content-length", "0"))
        if len(rest) < length:
            return None
        self._buffer = rest[length:]
        method, path, _ = first.split(" ")
        return Received(method, path, headers, rest[:length], time.monotonic(), self._number)

    async def _answer_later(self, answer: Answer) -> None:
        if answer.hold:
            await self._receiver._wait_for_release()
        await asyncio.sleep(answer.delay)
        self._answer(answer)

    def _answer(self, answer: Answer) -> None:
        if answer.drop:
            self._transport.abort()
            return
        headers = {"Content-Length": str(len(answer.body)), **answer.headers}
        if answer.close:
            headers["Connection"] = "close"
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self._transport.write(f"HTTP/1.1 {answer.status} Whatever\r\n{lines}\r\n".encode("latin-1") + answer.body)
        if answer.close:
            self._transport.close()
