"""A stage for SMPP: the real server over a real store, without channels, and a client that writes its PDUs by hand."""

from __future__ import annotations

import asyncio
import ssl
import struct
from dataclasses import dataclass, replace
from pathlib import Path

from gateway.clock import ManualClock
from gateway.core.keys import Keys
from gateway.core.pools import Pools
from gateway.core.reporting import announce
from gateway.core.routing.routes import Routes
from gateway.core.sending import Sending
from gateway.core.submitting import Submitting
from gateway.records import ChannelFacts, ChannelState, Direction, Encoding, Message, Status
from gateway.settings import parse
from gateway.smpp.server import SmppServer
from gateway.store import Database, Store, smpp
from gateway.store.messages import MessageFilter

PATIENCE_S = 30.0
CONFIGURATION = """
[store]
path = "simrack.db"
reserve_mb = 0
[[modem]]
name = "p0"
port = "/dev/simrack/p0"
number = "+4915110000000"
[smpp]
listen = "127.0.0.1:0"
"""
BIND_RX, BIND_TX, QUERY, SUBMIT, DELIVER, UNBIND, CANCEL, BIND_TRX, ENQUIRE = 1, 2, 3, 4, 5, 6, 8, 9, 0x15
RESPONSE = 0x80000000


@dataclass(frozen=True)
class Heard:
    command: int
    status: int
    sequence: int
    body: bytes


class Peer:
    """A client on its own connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self.writer = writer
        self._sequence = 0

    def say(self, command: int, body: bytes = b"", status: int = 0, sequence: int | None = None) -> int:
        if sequence is None:
            self._sequence += 1
            sequence = self._sequence
        self.writer.write(struct.pack(">IIII", 16 + len(body), command, status, sequence) + body)
        return sequence

    async def hear(self) -> Heard:
        async with asyncio.timeout(PATIENCE_S):
            length, *header = struct.unpack(">IIII", await self._reader.readexactly(16))
            return Heard(*header, await self._reader.readexactly(length - 16))

    async def ask(self, command: int, body: bytes = b"") -> Heard:
        sequence = self.say(command, body)
        heard = await self.hear()
        assert heard.sequence == sequence, heard
        return heard

    async def bind(self, name: str, password: str, command: int = BIND_TRX, version: int = 0x34) -> Heard:
        return await self.ask(command, name.encode() + b"\0" + password.encode() + b"\0test\0" + bytes((version, 0, 0)) + b"\0")

    async def submit(self, to: bytes = b"4917012345", text: bytes = b"hello", **given: bytes | int) -> Heard:
        return await self.ask(SUBMIT, submit_body(to, text, **given))

    def acknowledge(self, heard: Heard, status: int = 0) -> None:
        self.say(heard.command | RESPONSE, b"\0", status, heard.sequence)

    async def ends(self) -> None:
        """Waits until the other side has closed."""
        async with asyncio.timeout(PATIENCE_S):
            while await self._reader.read(1000):
                pass

    def close(self) -> None:
        self.writer.close()


def submit_body(
    to: bytes = b"4917012345",
    text: bytes = b"hello",
    *,
    ton: int = 1,
    source: bytes = b"\0\0\0",
    esm: int = 0,
    pid: int = 0,
    priority: int = 0,
    schedule: bytes = b"",
    validity: bytes = b"",
    registered: int = 0,
    replace: int = 0,
    coding: int = 0,
    tlvs: bytes = b"",
) -> bytes:
    return (
        b"\0" + source + bytes((ton, 1)) + to + b"\0" + bytes((esm, pid, priority)) + schedule + b"\0" + validity + b"\0"
        + bytes((registered, replace, coding, 0, len(text))) + text + tlvs
    )  # fmt: skip


class Stage:
    """`async with Stage(folder, "window = 2") as stage:` serves; the lines go into [smpp]."""

    def __init__(self, folder: Path, *lines: str) -> None:
        self.settings = parse(CONFIGURATION + "\n".join(lines), folder)
        self.clock = ManualClock()
        self._peers: list[Peer] = []

    async def __aenter__(self) -> Stage:
        await self._open()
        return self

    async def __aexit__(self, *exc: object) -> None:
        for peer in self._peers:
            peer.close()
        await self._close()

    async def restart(self) -> None:
        await self._close()
        await self._open()

    async def _open(self) -> None:
        self.store = Store.open(self.settings.store, self.clock, serving=True)
        self.keys = Keys(self.store, self.clock)
        facts = [ChannelFacts("p0", ChannelState.READY, number="+4915110000000")]
        pools = Pools(self.store, self.settings, self.clock, lambda: None)
        self.sending = Sending(
            *(self.store, self.settings, self.clock, lambda: facts, pools, Routes(self.store, self.settings, self.clock, pools)),
            wake=lambda: None,
            came_in=lambda lanes, priority: None,
            due=lambda: None,
        )
        self.submitting = Submitting(self.store, self.sending, self.clock)
        self.server = SmppServer(self.settings, self.store, self.keys, self.submitting, self.clock, lambda: facts)
        await self.server.start()
        self._running = asyncio.create_task(self.server.run())

    async def _close(self) -> None:
        await self.server.stop()
        self._running.cancel()
        await asyncio.gather(self._running, return_exceptions=True)
        self.server.close()
        self.store.close()

    def account(self, name: str = "bank", *scopes: str) -> str:
        """The password of a new account."""
        self.keys.add(name, scopes or ("send", "read"))
        return self.keys.add_smpp(name)[1]

    async def peer(self, context: ssl.SSLContext | None = None) -> Peer:
        host, port = self.server.address
        peer = Peer(*await asyncio.open_connection(host, port, ssl=context))
        self._peers.append(peer)
        return peer

    async def bound(self, name: str, password: str, command: int = BIND_TRX) -> Peer:
        peer = await self.peer()
        assert (await peer.bind(name, password, command)).status == 0
        return peer

    def messages(self) -> list[Message]:
        return list(reversed(self.store.messages.find(MessageFilter(direction=Direction.OUT), None, 100).messages))

    def reports(self) -> list[bool]:
        """Of which messages the network is asked for a report."""
        return self.store.read(lambda db: [bool(row[0]) for row in db.execute_sql("SELECT report FROM messages ORDER BY id")])

    async def becomes(self, message: Message, status: Status) -> None:
        """What the network says of a message, without a network."""
        def job(db: Database) -> None:
            announce(db, replace(message, status=status), self.clock.now())

        await self.store.writer.arun(job)
        self.server.wake()

    async def text_comes(self, text: str, sender: str = "+491700001", message: str = "msg_in", data: bytes = b"") -> None:
        incoming = Message(
            message, Direction.IN, Status.RECEIVED, "+4915110000000", sender, text, Encoding.GSM7, 1, "p0", None, 0.0, data=data
        )
        await self.store.writer.arun(lambda db: smpp.tell(db, incoming, self.clock.now()))
        self.server.wake()

    def waiting(self, name: str = "bank") -> int:
        key = self.store.keys.get(name)
        assert key is not None
        return len(self.store.read(lambda db: smpp.waiting(db, key.id, (), 100)))

    async def until_waiting(self, count: int) -> None:
        """Until so many deliveries are left: the acknowledgement is read, and its commit done, on the loop we share."""
        async with asyncio.timeout(PATIENCE_S):
            while self.waiting() != count:  # noqa: ASYNC110
                await asyncio.sleep(0)


def short_text(body: bytes) -> tuple[int, int, bytes, bytes]:
    """esm_class, data_coding, short_message and the octets behind it, of a deliver_sm."""
    at = body.index(b"\0") + 1
    for _ in range(2):
        at = body.index(b"\0", at + 2) + 1
    esm = body[at]
    coding, length = body[at + 7], body[at + 9]  # two empty times lie between
    return esm, coding, body[at + 10 : at + 10 + length], body[at + 10 + length :]
