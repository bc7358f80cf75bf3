"""Ports: opened exclusively, lost at once, and refused in words for the person who plugged them in."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import socket
import subprocess
import sys
import threading

import pytest
import serial
from serial.rfc2217 import PortManager

from gateway.errors import LinkLost
from gateway.modem.link import open_link
from gateway.records import Sent
from tests.modem.peer import Peer
from tests.modem.stage import on_stage, story


class Ear:
    def __init__(self) -> None:
        self.data = bytearray()
        self.faults: list[LinkLost] = []
        self.changed = asyncio.Event()

    def heard(self, data: bytes) -> None:
        self.data += data
        self.changed.set()

    def lost(self, fault: LinkLost) -> None:
        self.faults.append(fault)
        self.changed.set()


@story
async def test_bytes_go_both_ways_unread():
    peer, ear = Peer(), Ear()
    link = await open_link(peer.device, 115200, ear)
    link.write(b"AT\r")
    await ear.changed.wait()
    assert ear.data == b"\r\nOK\r\n"
    await link.close()


@story
async def test_a_closed_port_can_be_opened_again_at_once():
    peer = Peer()
    for _ in range(3):
        link = await open_link(peer.device, 115200, Ear())
        await link.close()


@story
async def test_a_hang_up_is_told_once():
    peer, ear = Peer(), Ear()
    await open_link(peer.device, 115200, ear)
    peer.unplug()
    await ear.changed.wait()
    (fault,) = ear.faults
    assert f"{peer.device} is gone" in str(fault)


@story
async def test_closing_is_no_loss():
    peer, ear = Peer(), Ear()
    link = await open_link(peer.device, 115200, ear)
    await link.close()
    assert not ear.faults


@story
async def test_a_port_held_by_another_program_says_by_which():
    peer = Peer()
    program = (
        "import fcntl, os, sys\n"
        "handle = os.open(sys.argv[1], os.O_RDWR | os.O_NOCTTY)\n"
        "fcntl.flock(handle, fcntl.LOCK_EX)\n"
        "print('held', flush=True)\n"
        "sys.stdin.read()\n"
    )
    holder = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, peer.device, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        await holder.stdout.readline()
        with pytest.raises(LinkLost, match=rf"held by another program: .*\({holder.pid}\)"):
            await open_link(peer.device, 115200, Ear())
    finally:
        holder.stdin.close()
        await holder.wait()


@story
async def test_the_driver_holds_its_port_against_a_second_gateway():
    peer = Peer()
    async with on_stage(peer.device) as stage:
        await stage.ready()
        handle = os.open(peer.device, os.O_RDWR | os.O_NOCTTY)
        with pytest.raises(BlockingIOError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.close(handle)


@pytest.mark.parametrize(
    ("port", "words"),
    [
        ("/dev/simrack/nowhere", "does not exist: check cable"),
        ("/etc/hostname", "cannot be opened"),
        ("socket://127.0.0.1:1", "cannot be opened"),
        ("socket://127.0.0.1", "should read socket://host:port"),
    ],
)
@story
async def test_a_port_that_cannot_be_opened_says_why(port, words):
    with pytest.raises(LinkLost, match=words):
        await open_link(port, 115200, Ear(), 5.0)


@story
async def test_a_modem_behind_tcp_is_a_modem():
    peer = Peer()

    async def serve(reader, writer):
        master = os.open(peer.device, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        loop = asyncio.get_running_loop()
        loop.add_reader(master, lambda: writer.write(os.read(master, 4096)))
        while data := await reader.read(4096):
            os.write(master, data)
        loop.remove_reader(master)
        os.close(master)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        async with on_stage(f"socket://127.0.0.1:{port}") as stage:
            await stage.ready()
            assert await stage.send() == Sent(1)


@pytest.mark.filterwarnings("ignore::DeprecationWarning:serial.rfc2217")
@story
async def test_a_modem_behind_rfc2217_is_a_modem():
    peer = Peer()
    server = Rfc2217Server(peer.device)
    try:
        async with on_stage(f"rfc2217://127.0.0.1:{server.port}") as stage:
            await stage.ready()
            assert await stage.send() == Sent(1)
            server.hang_up()
            assert isinstance(await stage.end(), LinkLost)
    finally:
        server.hang_up()


class WithoutModemLines(serial.Serial):
    """A pseudo-terminal has none to read or set."""

    cts = dsr = ri = cd = property(lambda _: False)

    def _update_dtr_state(self) -> None: ...

    def _update_rts_state(self) -> None: ...


class Rfc2217Server:
    """A serial port server as pyserial ships one, for one connection, in a thread of its own."""

    def __init__(self, device: str) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._serial = WithoutModemLines(device, timeout=0.05)
        self._open = True
        threading.Thread(target=self._serve, daemon=True).start()

    def hang_up(self) -> None:
        self._open = False

    def write(self, data: bytes) -> None:
        self._connection.sendall(data)

    def _serve(self) -> None:
        self._connection, _ = self._listener.accept()
        self._connection.settimeout(0.02)
        ports = PortManager(self._serial, self)
        while self._open:
            with contextlib.suppress(TimeoutError):
                self._serial.write(b"".join(ports.filter(self._connection.recv(1024))))
            data = self._serial.read(self._serial.in_waiting or 1) if self._serial.in_waiting else b""
            if data:
                self.write(b"".join(ports.escape(data)))
        self._connection.close()
        self._listener.close()
        self._serial.close()


@story
async def test_a_tcp_port_that_closes_is_lost():
    async def serve(_, writer):
        writer.close()

    ear = Ear()
    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        await open_link(f"socket://127.0.0.1:{port}", 115200, ear)
        await ear.changed.wait()
        assert "closed by the other end" in str(ear.faults[0])


@pytest.mark.parametrize("pauses", range(8))
@story
async def test_a_port_whose_opening_was_given_up_is_free_again(pauses):
    peer = Peer()
    opening = asyncio.create_task(open_link(peer.device, 115200, Ear()))
    for _ in range(20 * pauses):
        await asyncio.sleep(0)
    opening.cancel()
    await asyncio.wait([opening])
    if not opening.cancelled():
        await opening.result().close()
    await free(peer.device)


async def free(device: str) -> None:
    """Returns when the port can be opened; the thread that opens an unwanted one may still be at it."""
    while True:
        try:
            link = await open_link(device, 115200, Ear())
        except LinkLost:
            await asyncio.sleep(0)
            continue
        await link.close()
        return
