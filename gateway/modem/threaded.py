"""A blocking port (RFC 2217 has no file descriptor to wait for) as a transport: one thread reads, one writes.

They meet the loop in `call_soon_threadsafe` and nowhere else. Opens nothing.
"""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol


class BlockingPort(Protocol):
    @property
    def in_waiting(self) -> int: ...

    def read(self, size: int = 1) -> bytes: ...

    def write(self, data: bytes) -> int | None: ...

    def close(self) -> None: ...


class ThreadedPort:
    """What `Link` needs of a transport."""

    def __init__(self, port: BlockingPort, protocol: asyncio.Protocol, loop: asyncio.AbstractEventLoop) -> None:
        self._port = port
        self._protocol = protocol
        self._loop = loop
        self._closing = False
        self._writer = ThreadPoolExecutor(1, "rfc2217-write")
        threading.Thread(target=self._read, name="rfc2217-read", daemon=True).start()

    def is_closing(self) -> bool:
        return self._closing

    def write(self, data: bytes) -> None:
        self._writer.submit(self._port.write, data)  # a fault shows in the reader as well

    def abort(self) -> None:
        self._closing = True
        self._writer.shutdown(wait=False)

    def _read(self) -> None:
        fault: OSError | None = None
        try:
            while not self._closing:
                data = self._port.read(max(1, self._port.in_waiting))
                if data:
                    self._loop.call_soon_threadsafe(self._protocol.data_received, bytes(data))
        except OSError as lost:
            fault = lost
        self._port.close()
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._protocol.connection_lost, fault)
