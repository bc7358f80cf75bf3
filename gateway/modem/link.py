"""The only module that touches a serial port: a device, a pseudo-terminal, `socket://host:port` or `rfc2217://host:port`.

Bytes go through unread. A port is opened exclusively; a hang-up is told once, at once. Framing, time-outs: above.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import fcntl
import os
import socket
import termios
from collections.abc import Callable
from typing import Protocol
from urllib.parse import urlsplit

import serial
import serial_asyncio_fast

from gateway.errors import LinkLost
from gateway.modem.holders import holders
from gateway.modem.threaded import ThreadedPort


class Listener(Protocol):
    def heard(self, data: bytes) -> None: ...

    def lost(self, fault: LinkLost) -> None: ...


class Link(asyncio.Protocol):
    """An open port. `listener.lost` is called once when it goes away, but not after `close`."""

    def __init__(self, port: str, listener: Listener) -> None:
        self._port = port
        self._listener = listener
        self._transport: asyncio.WriteTransport | ThreadedPort | None = None
        self._closing = False
        self._closed = asyncio.Event()
        self.opened = asyncio.Event()  # what is written before goes nowhere

    def write(self, data: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def set_dtr(self, high: bool) -> None:
        """Ports without that line (a pseudo-terminal, plain TCP) have nothing to set."""
        device = self._transport.get_extra_info("serial") if isinstance(self._transport, asyncio.Transport) else None
        if device is not None:
            with contextlib.suppress(OSError):
                device.dtr = high

    async def close(self) -> None:
        """Returns when the port is free for others, or after 2 s if the driver of a dying device holds on to it."""
        self._closing = True
        if self._transport is None:
            return
        if not self._transport.is_closing():  # a port that is being lost already would be closed twice
            self._transport.abort()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._closed.wait(), 2.0)

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport | ThreadedPort) -> None:
        assert isinstance(transport, asyncio.WriteTransport | ThreadedPort)
        self._transport = transport
        self.opened.set()
        if self._closing:  # nobody waits for it any more
            transport.abort()

    def data_received(self, data: bytes) -> None:
        if not self._closing:
            self._listener.heard(data)

    def connection_lost(self, exc: BaseException | None) -> None:
        self._closed.set()
        if not self._closing:
            self._closing = True
            self._listener.lost(LinkLost(f"{self._port} is gone: {exc or 'closed by the other end'}"))


async def open_link(port: str, baud: int, listener: Listener, patience: float = 10.0) -> Link:
    """Open `port`; raises LinkLost in words for the person who plugged it in."""
    link = Link(port, listener)
    opened = False
    try:
        async with asyncio.timeout(patience):
            await _connect(port, baud, link)
        opened = True
    except TimeoutError:
        raise LinkLost(f"{port} could not be opened within {patience:.0f} s") from None
    except OSError as fault:  # serial.SerialException is one of these
        raise LinkLost(await asyncio.to_thread(_why, port, fault)) from fault
    finally:
        if not opened:
            await link.close()
    return link


async def _connect(port: str, baud: int, link: Link) -> None:
    if port.startswith("socket://"):
        await _open_socket(port, link)
    elif port.startswith("rfc2217://"):
        await _open_rfc2217(port, baud, link)
    else:
        await _open_device(port, baud, link)


async def _open_device(port: str, baud: int, link: Link) -> None:
    device = await _in_executor(lambda: _device(port, baud))
    await serial_asyncio_fast.connection_for_serial(asyncio.get_running_loop(), lambda: link, device)
    await link.opened.wait()


def _device(port: str, baud: int) -> serial.Serial:
    """Exclusive twice: flock keeps out programs that ask (another gateway), TIOCEXCL those that do not (a terminal)."""
    device = serial.Serial(port, baud, timeout=0, exclusive=True)
    # A pseudo-terminal keeps TIOCEXCL as long as its other end lives: a killed gateway would lock itself out.
    if not os.path.realpath(port).startswith("/dev/pts/"):
        fcntl.ioctl(device.fileno(), termios.TIOCEXCL)
    _keep_dtr(device.fileno())
    return device


def _keep_dtr(handle: int) -> None:
    """Closing must not drop DTR: Falcom, GM22 and SIM900 then hang up or stop listening."""
    attributes = termios.tcgetattr(handle)
    attributes[2] &= ~termios.HUPCL
    termios.tcsetattr(handle, termios.TCSANOW, attributes)


async def _open_socket(port: str, link: Link) -> None:
    address = urlsplit(port)
    if not address.hostname or not address.port:
        raise OSError(f"{port} should read socket://host:port")
    transport, _ = await asyncio.get_running_loop().create_connection(lambda: link, address.hostname, address.port)
    wire = transport.get_extra_info("socket")
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)  # a dead network is noticed without traffic
    wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 30)
    wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 10)
    wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3)


async def _open_rfc2217(port: str, baud: int, link: Link) -> None:
    device = await _in_executor(lambda: serial.serial_for_url(port, baud, timeout=0.5))
    link.connection_made(ThreadedPort(device, link, asyncio.get_running_loop()))


async def _in_executor(opening: Callable[[], serial.SerialBase]) -> serial.SerialBase:
    """Opening may block. If nobody waits for it any more, the port is closed again when it opens after all."""
    future = asyncio.get_running_loop().run_in_executor(None, opening)
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        future.add_done_callback(_close_unwanted)
        raise


def _close_unwanted(future: asyncio.Future[serial.SerialBase]) -> None:
    if not future.cancelled() and future.exception() is None:
        future.result().close()


def _why(port: str, fault: OSError) -> str:
    if fault.errno in (errno.EBUSY, errno.EAGAIN):
        by = ", ".join(holders(port)) or "another user's, or this gateway itself"
        return f"{port} is held by another program: {by}; stop it, or keep it away from this port"
    if fault.errno == errno.ENOENT:
        return f"{port} does not exist: check cable, power and the name in the configuration"
    if fault.errno in (errno.EACCES, errno.EPERM):
        return f"{port} may not be opened: the gateway's user must be in the group dialout"
    return f"{port} cannot be opened: {fault}"
