"""A load generator for the HTTP API: keep-alive clients on raw sockets, figures as one JSON object.

    python -m tests.bench.load http://127.0.0.1:8080 KEY --seconds 5 --batch 100

Uses the standard library alone, and speaks just enough HTTP to send POSTs and read their answers, so that a slow client is not
mistaken for a slow gateway. Run it in a process of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import time
from collections import Counter
from collections.abc import Iterator
from urllib.parse import urlsplit

from tests.bench.digest import Digest, challenge
from tests.bench.door_requests import OURS, Request, request

DIGEST = ", Digest"  # behind the name of a door: its requests log in by it


class Client(asyncio.Protocol):
    """One keep-alive connection: the next request leaves when the answer to the one before is complete."""

    def __init__(self, requests: Iterator[bytes], until: float, took: list[float], statuses: Counter[str]) -> None:
        self._requests = requests
        self._until = until
        self._took = took
        self._statuses = statuses
        self._buffer = b""
        self._sent_at = 0.0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._next()

    def _next(self) -> None:
        self._sent_at = time.perf_counter()
        self._transport.write(next(self._requests))  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, blank, body = self._buffer.partition(b"\r\n\r\n")
        if not blank or len(body) < _content_length(head):
            return
        now = time.perf_counter()
        self._took.append(now - self._sent_at)
        self._statuses[head[9:12].decode()] += 1
        self._buffer = b""
        if now < self._until:
            self._next()
        else:
            self._transport.close()

    def connection_lost(self, fault: Exception | None) -> None:
        if not self.done.done():
            self.done.set_result(None)


def _content_length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


def requests(host: str, key: str, batch: int, door: str) -> Iterator[bytes]:
    """Texts to ever new recipients, alone or in batches."""
    name = door.removesuffix(DIGEST)
    digest: Digest | None = None
    for first in itertools.count(step=max(batch, 1)):
        texts = [{"to": f"+4915{n % 10**9:09d}", "text": f"Text number {n}"} for n in range(first, first + max(batch, 1))]
        if batch:
            head = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
            written: Request = ("POST", "/v1/messages/batch", head, json.dumps({"messages": texts}).encode())
        else:
            written = request(name, key, texts[0]["to"], texts[0]["text"])
        if name != door:
            method, target, headers, body = written
            digest = digest or Digest(key, challenge(f"http://{host}{target}"))
            written = method, target, {**headers, "Authorization": digest.header(method, target)}, body
        yield _octets(host, *written)


def _octets(host: str, method: str, target: str, headers: dict[str, str], body: bytes) -> bytes:
    if method == "POST":
        headers = {**headers, "Content-Length": str(len(body))}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"{method} {target} HTTP/1.1\r\nHost: {host}\r\n{lines}\r\n".encode() + body


async def load(url: str, key: str, *, seconds: float, clients: int, batch: int, door: str) -> dict[str, object]:
    parts = urlsplit(url)
    took: list[float] = []
    statuses: Counter[str] = Counter()
    loop = asyncio.get_running_loop()
    began = time.perf_counter()
    stream = requests(parts.netloc, key, batch, door)
    opened = [
        await loop.create_connection(
            lambda: Client(stream, began + seconds, took, statuses), parts.hostname, parts.port
        )
        for _ in range(clients)
    ]
    await asyncio.gather(*(protocol.done for _, protocol in opened))
    elapsed = time.perf_counter() - began
    took.sort()
    return {
        "requests_per_s": round(len(took) / elapsed, 1),
        "texts_per_s": round(len(took) * max(batch, 1) / elapsed, 1),
        "p50_ms": round(_quantile(took, 0.50) * 1000, 2),
        "p99_ms": round(_quantile(took, 0.99) * 1000, 2),
        "statuses": dict(statuses),
    }


def _quantile(ordered: list[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("url")
    parser.add_argument("key")
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--batch", type=int, default=0, help="texts in one request; 0 posts them one by one")
    parser.add_argument("--door", default=OURS, help="whose API takes the texts")
    given = parser.parse_args()
    figures = load(given.url, given.key, seconds=given.seconds, clients=given.clients, batch=given.batch, door=given.door)
    print(json.dumps(asyncio.run(figures)))


if __name__ == "__main__":
    main()
