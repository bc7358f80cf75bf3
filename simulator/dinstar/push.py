"""What a box tells a server unasked: one JSON POST per event, in order, without login and without a second try."""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

_PATIENCE = 5.0
_MOST_WAITING = 5000


class Pusher:
    """The events that wait to be told. `told` hears what became of each: an HTTP status, 0 when nobody answered."""

    def __init__(self, told: Callable[[dict[str, Any], int], None]) -> None:
        self._told = told
        self._waiting: asyncio.Queue[tuple[str, dict[str, Any]]] = asyncio.Queue(_MOST_WAITING)
        self._task: asyncio.Task[None] | None = None

    def put(self, url: str, event: dict[str, Any]) -> None:
        """Tells it when those before it are told; too many at once are lost."""
        with contextlib.suppress(asyncio.QueueFull):
            self._waiting.put_nowait((url, event))
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._work())

    def forget(self) -> None:
        while not self._waiting.empty():
            self._waiting.get_nowait()

    async def stop(self) -> None:
        if self._task:
            self._task.cancel()
            await asyncio.wait([self._task])
            self._task = None

    async def _work(self) -> None:
        while True:
            url, event = await self._waiting.get()
            status = 0
            # Nobody there, or no HTTP: the event is lost, as with the real box.
            with contextlib.suppress(OSError, ValueError, asyncio.IncompleteReadError):
                status = await asyncio.wait_for(_post(url, json.dumps(event, ensure_ascii=False).encode()), _PATIENCE)
            self._told(event, status)


async def _post(url: str, body: bytes) -> int:
    """The status of one POST on a connection of its own. Certificates are not checked: the box cannot."""
    address = urlsplit(url)
    tls = None
    if address.scheme == "https":
        tls = ssl.create_default_context()
        tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
    reader, writer = await asyncio.open_connection(address.hostname, address.port or (443 if tls else 80), ssl=tls)
    try:
        target = (address.path or "/") + (f"?{address.query}" if address.query else "")
        writer.write(f"POST {target} HTTP/1.1\r\nHost: {address.netloc.rpartition('@')[2]}\r\nContent-Type: application/json\r\n"
                     f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body)
        await writer.drain()
        return int((await reader.readline()).split()[1])
    except IndexError:
        return 0
    finally:
        writer.close()
