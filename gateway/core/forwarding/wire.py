"""Speaks HTTP/1.1 to one webhook over connections that are kept alive. Follows no redirect, reads no proxy from the environment.

httpcore's connection is used directly, over a small stream of our own: a posting costs a quarter of what httpx's client takes,
and the address that `dialling` has checked is the address that is called.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast
from urllib.parse import urlsplit

import httpcore

from gateway.core.forwarding.dialling import Surroundings, Unreachable, dial
from gateway.pbx.request import HttpRequest

# More of an answer than this is not read; the connection is closed instead.
_MOST_OF_AN_ANSWER = 64 * 1024
_SHOWN_OF_AN_ANSWER = 200
_FAULTS = (OSError, httpcore.NetworkError, httpcore.ProtocolError)


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    retry_after: str | None
    date: str | None
    excerpt: str  # of the body, for a person; empty for an acceptance
    body: bytes = b""  # of an acceptance: some receivers say more there

    @property
    def accepts(self) -> bool:
        return 200 <= self.status < 300


class Wire:
    def __init__(self, surroundings: Surroundings) -> None:
        self._surroundings = surroundings
        self._idle: list[httpcore.AsyncHTTP11Connection] = []

    async def post(self, request: HttpRequest) -> Answer:
        """Raises Unreachable and Forbidden."""
        try:
            async with asyncio.timeout(self._surroundings.timeout_s):
                return await self._post(request)
        except TimeoutError:
            raise Unreachable(f"no answer within {self._surroundings.timeout_s:g} s") from None
        except _FAULTS as fault:
            raise Unreachable(str(fault) or type(fault).__name__) from fault

    async def close(self) -> None:
        while self._idle:
            await self._idle.pop().aclose()

    async def _post(self, request: HttpRequest) -> Answer:
        connection = await self._kept(_endpoint(request.url).origin)
        if connection is not None:
            try:
                return await self._exchange(connection, request)
            except (httpcore.NetworkError, httpcore.RemoteProtocolError):
                # Closed by the other side just now, as it may at any moment. The event id makes a second posting harmless.
                pass
        return await self._exchange(await self._connect(_endpoint(request.url).origin), request)

    async def _kept(self, origin: httpcore.Origin) -> httpcore.AsyncHTTP11Connection | None:
        while self._idle:
            connection = self._idle.pop()
            if connection.can_handle_request(origin) and not connection.has_expired():
                return connection
            await connection.aclose()
        return None

    async def _exchange(self, connection: httpcore.AsyncHTTP11Connection, request: HttpRequest) -> Answer:
        response = await connection.handle_async_request(_on_the_wire(request))
        body = await _read(response)
        if connection.is_available():
            self._idle.append(connection)
        headers = {name.lower(): value for name, value in response.headers}
        accepted = 200 <= response.status < 300
        return Answer(
            response.status,
            _text(headers.get(b"retry-after")),
            _text(headers.get(b"date")),
            "" if accepted else _excerpt(body),
            body if accepted else b"",
        )

    async def _connect(self, origin: httpcore.Origin) -> httpcore.AsyncHTTP11Connection:
        stream = await dial(self._surroundings, origin.host.decode(), origin.port, origin.scheme == b"https", _Stream)
        return httpcore.AsyncHTTP11Connection(origin, stream)


class _Stream(asyncio.Protocol, httpcore.AsyncNetworkStream):
    """A TCP or TLS connection as httpcore reads and writes it. Head and body of a request leave in one packet."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._unsent = b""
        self._received = bytearray()
        self._ended = False
        self._fault: Exception | None = None
        self._waiter: asyncio.Future[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        self._news()

    def connection_lost(self, exc: Exception | None) -> None:
        self._ended = True
        self._fault = exc
        self._news()

    def eof_received(self) -> None:  # and None lets the transport close itself
        self._ended = True
        self._news()

    # The timeouts are httpcore's to name and nobody's to use: `Wire.post` bounds the whole.
    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
        self._send()
        if not self._received and not self._ended:
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        if self._received:
            data = bytes(self._received[:max_bytes])
            del self._received[:max_bytes]
            return data
        if self._fault is not None:
            raise httpcore.ReadError(str(self._fault))
        return b""

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        self._unsent += buffer

    async def aclose(self) -> None:
        if self._transport is not None:
            self._transport.abort()  # close() would wait for a peer that reads no more

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable":  # while idle: anything to read means closed, or nothing we asked for
            return bool(self._received) or self._ended
        return None

    def _send(self) -> None:
        if self._unsent and self._transport is not None:
            self._transport.write(self._unsent)
            self._unsent = b""

    def _news(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


async def _read(response: httpcore.Response) -> bytes:
    body = bytearray()
    async with aclosing(cast(Any, response.stream).__aiter__()) as chunks:
        async for chunk in chunks:
            body += chunk
            if len(body) > _MOST_OF_AN_ANSWER:
                break
    await response.aclose()
    return bytes(body)


@lru_cache(maxsize=256)
def _endpoint(url: str) -> httpcore.URL:
    # Taken apart here: httpcore would leave out what stands behind a ';' in the last step of the path.
    split = urlsplit(url)
    target = (split.path or "/") + (f"?{split.query}" if split.query else "")
    return httpcore.URL(scheme=split.scheme, host=split.hostname or "", port=split.port, target=target)


def _on_the_wire(request: HttpRequest) -> httpcore.Request:
    url = _endpoint(request.url)
    headers = [(b"Host", _host(request.url)), (b"Content-Length", b"%d" % len(request.body))]
    headers += [(name.encode(), value.encode()) for name, value in request.headers]
    return httpcore.Request(request.method, url, headers=headers, content=request.body)


@lru_cache(maxsize=256)
def _host(url: str) -> bytes:
    return urlsplit(url).netloc.encode()


def _excerpt(body: bytes) -> str:
    """The beginning of an answer as one printable line."""
    text = body[: 4 * _SHOWN_OF_AN_ANSWER].decode(errors="replace")
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:_SHOWN_OF_AN_ANSWER]


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode("latin-1").strip()
