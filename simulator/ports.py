"""The wires a client can hold: pseudo terminals under stable names, TCP and unix sockets. Bytes in, bytes out.
RFC 2217 is in rfc2217.py."""

import asyncio
import contextlib
import fcntl
import os
import tty
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

Receive = Callable[[bytes], None]

# What nobody reads is lost on a wire; this much may wait for a slow reader first.
_MOST_WAITING = 1 << 18
_CHUNK = 65536


class Port(Protocol):
    """One wire of one modem. `device` is what a client opens."""

    device: str

    async def open(self, receive: Receive) -> None: ...
    def write(self, data: bytes) -> None: ...
    def close(self) -> None: ...


class PtyPort:
    """A pseudo terminal; `path` is a link to whichever one is current, and so is `by_path`, which keeps its name."""

    def __init__(self, path: Path, by_path: Path | None = None) -> None:
        self.path = path
        self.by_path = by_path
        self._master = -1
        self._slave = -1
        self._waiting = bytearray()

    @property
    def device(self) -> str:
        return str(self.path)

    async def open(self, receive: Receive) -> None:
        self._master, self._slave = os.openpty()
        # The slave stays open here too: otherwise the master reports a hang-up each time a client goes.
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        for link in self._links():
            # A client that opens a new terminal by the link must not find a half-made one.
            fresh = link.with_name(link.name + ".new")
            fresh.unlink(missing_ok=True)
            fresh.symlink_to(os.ttyname(self._slave))
            fresh.replace(link)
        asyncio.get_running_loop().add_reader(self._master, self._readable, receive)

    def write(self, data: bytes) -> None:
        if self._master < 0:
            return
        if not self._waiting:
            with contextlib.suppress(BlockingIOError):
                data = data[os.write(self._master, data):]
        if not data:
            return
        if len(self._waiting) > _MOST_WAITING:
            self._waiting.clear()
        if not self._waiting:
            asyncio.get_running_loop().add_writer(self._master, self._writable)
        self._waiting += data

    def close(self) -> None:
        """Hangs up: who holds the terminal gets EIO, and the name is gone."""
        if self._master < 0:
            return
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._master)
        loop.remove_writer(self._master)
        for link in self._links():
            link.unlink(missing_ok=True)
        os.close(self._slave)
        os.close(self._master)
        self._master = self._slave = -1
        self._waiting.clear()

    def _links(self) -> list[Path]:
        return [self.path, self.by_path] if self.by_path else [self.path]

    def _readable(self, receive: Receive) -> None:
        try:
            data = os.read(self._master, _CHUNK)
        except BlockingIOError:
            return
        receive(data)

    def _writable(self) -> None:
        with contextlib.suppress(BlockingIOError):
            del self._waiting[:os.write(self._master, self._waiting)]
        if not self._waiting:
            asyncio.get_running_loop().remove_writer(self._master)


class Wire(asyncio.Protocol):
    """One connection to a socket port."""

    def __init__(self, port: "SocketPort", receive: Receive) -> None:
        self._port = port
        self._receive = receive
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._port.taken_by(transport)

    def data_received(self, data: bytes) -> None:
        if self._port.client is self._transport:
            self._receive(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._port.left_by(self._transport)


class SocketPort:
    """A listening socket with one client; a newcomer takes the place of the one before, as after a lost cable."""

    wire = Wire

    def __init__(self, device: str) -> None:
        self.device = device
        self.client: asyncio.Transport | None = None
        self._server: asyncio.Server | None = None

    async def open(self, receive: Receive) -> None:
        self._server = await self._listen(lambda: self.wire(self, receive))

    async def _listen(self, wire: Callable[[], asyncio.Protocol]) -> asyncio.Server:
        raise NotImplementedError

    def write(self, data: bytes) -> None:
        if self.client and self.client.get_write_buffer_size() < _MOST_WAITING:
            self.client.write(data)

    def close(self) -> None:
        if self._server:
            self._server.close()
            self._server = None
        if self.client:
            self.client.abort()
            self.client = None

    def taken_by(self, client: asyncio.Transport) -> None:
        if self.client:
            self.client.abort()
        self.client = client

    def left_by(self, client: asyncio.Transport | None) -> None:
        if self.client is client:
            self.client = None


class TcpPort(SocketPort):
    """Raw bytes over TCP, as a serial server gives them. Port 0 takes a free one, and keeps it over an unplugging."""

    scheme = "socket"

    def __init__(self, host: str, port: int) -> None:
        super().__init__(f"{self.scheme}://{host}:{port}")
        self._host = host
        self._port = port

    async def _listen(self, wire: Callable[[], asyncio.Protocol]) -> asyncio.Server:
        server = await asyncio.get_running_loop().create_server(wire, self._host, self._port)
        self._port = server.sockets[0].getsockname()[1]
        self.device = f"{self.scheme}://{self._host}:{self._port}"
        return server


class UnixPort(SocketPort):
    """A unix stream socket at a path."""

    def __init__(self, path: Path) -> None:
        super().__init__(str(path))
        self._path = path

    async def _listen(self, wire: Callable[[], asyncio.Protocol]) -> asyncio.Server:
        self._path.unlink(missing_ok=True)
        return await asyncio.get_running_loop().create_unix_server(wire, str(self._path))

    def close(self) -> None:
        super().close()
        self._path.unlink(missing_ok=True)


class AbstractPort(SocketPort):
    """A unix stream socket in the abstract name space of Linux: it has a name, but no file."""

    def __init__(self, name: str) -> None:
        super().__init__(f"abstract:{name}")
        self._name = name

    async def _listen(self, wire: Callable[[], asyncio.Protocol]) -> asyncio.Server:
        return await asyncio.get_running_loop().create_unix_server(wire, f"\0{self._name}")


def lock_folder(folder: Path) -> int:
    """Claims a folder of stable names for this bank. Raises BlockingIOError when another bank holds it."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise
    return lock
