"""One connection of a client: bind, requests and answers both ways, and the timers that find out when it is gone.

What is submitted is handed to the host, what is delivered comes from it; this knows neither messages nor rows.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Protocol

from gateway.clock import Clock
from gateway.core.submitting import Submission
from gateway.errors import SimrackError
from gateway.pace import Pace
from gateway.records import Key, Message
from gateway.settings import SmppSettings
from gateway.smpp import codec, delivers, submits, times
from gateway.smpp.codec import Malformed, Pdu
from gateway.smpp.collector import Taken
from gateway.smpp.words import RESPONSE, STATES, VERSION, Command, Status

log = logging.getLogger("simrack.smpp")

SYSTEM_ID = "simrack"
_READ_AT_ONCE = 65_536
_LAST_SEQUENCE = 0x7FFFFFFF
# Submits on their way to the disk are answered before a bind ends.
_LAST_ANSWERS_S = 5.0
_BINDS = {
    Command.BIND_TRANSMITTER: (True, False),
    Command.BIND_RECEIVER: (False, True),
    Command.BIND_TRANSCEIVER: (True, True),
}


class Host(Protocol):
    """What a session asks of the server."""

    async def login(self, system_id: str, password: str, address: str) -> Key | Status: ...

    def joined(self, session: Session) -> bool: ...

    def submit(self, submission: Submission) -> asyncio.Future[Taken]: ...

    async def find(self, message: str, key: Key) -> Message | None: ...

    async def cancel(self, message: str, key: Key) -> None: ...

    def is_own_number(self, written: str) -> bool: ...


class Session:
    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: Host, settings: SmppSettings, clock: Clock
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._host = host
        self._settings = settings
        self._clock = clock
        self._frames = codec.Frames()
        self._pace = Pace(settings.throughput, clock.monotonic())
        self._window = asyncio.Semaphore(settings.window)
        self._in_work: set[asyncio.Future[Taken]] = set()
        self._asked: dict[int, asyncio.Future[int]] = {}
        self._sequence = 0
        self._loop = asyncio.get_running_loop()
        self._heard_at = self._loop.time()
        self._bound = asyncio.Event()
        self._ended = False
        self.key: Key | None = None
        self.sends = False
        self.hears = False
        peer = writer.get_extra_info("peername")
        self.address = str(peer[0]) if peer else "?"
        self._requests: dict[int, Callable[[Pdu], Awaitable[None]]] = {
            **dict.fromkeys(_BINDS, self._bind),
            Command.SUBMIT_SM: self._submit,
            Command.QUERY_SM: self._query,
            Command.CANCEL_SM: self._cancel,
            Command.ENQUIRE_LINK: self._enquired,
            Command.UNBIND: self._unbind,
        }

    def __str__(self) -> str:
        return f"{self.key.name if self.key else 'a client'} at {self.address}"

    async def run(self) -> None:
        """Serve until the connection ends, whoever ends it."""
        watch = asyncio.create_task(self._watch())
        try:
            while not self._ended:
                octets = await self._reader.read(_READ_AT_ONCE)
                if not octets:
                    break
                self._heard_at = self._loop.time()
                await self._take_in(octets)
                if not self._ended:
                    await self._writer.drain()
        except OSError as fault:
            log.info("SMPP: %s is gone: %s", self, fault)
        finally:
            watch.cancel()
            self.close()

    async def deliver(self, body: bytes) -> int:
        """Give the client a deliver_sm; the status it answers with. Raises ConnectionError, or TimeoutError when it is silent."""
        if self._ended:
            raise ConnectionResetError("the bind has ended")
        sequence = self._next_sequence()
        answered: asyncio.Future[int] = self._loop.create_future()
        self._asked[sequence] = answered
        try:
            self._write(Pdu(Command.DELIVER_SM, Status.OK, sequence, body))
            async with asyncio.timeout(self._settings.answer_within_s):
                return await answered
        finally:
            self._asked.pop(sequence, None)

    async def end(self) -> None:
        """Answer what is in work, say goodbye and close."""
        await self._answer_all()
        if not self._ended:
            self._write(Pdu(Command.UNBIND, Status.OK, self._next_sequence()))
        self.close()

    def close(self) -> None:
        """What was written still leaves. Nobody waits any more for answers of this client."""
        self._ended = True
        for answered in self._asked.values():
            if not answered.done():
                answered.set_exception(ConnectionResetError("the connection ended"))
        self._writer.close()

    def _cut_off(self, why: str) -> None:
        """A client that does not read would keep what is still to be written for ever."""
        log.warning("SMPP: %s is disconnected: %s", self, why)
        self.close()
        self._writer.transport.abort()

    # Timers

    async def _watch(self) -> None:
        try:
            async with asyncio.timeout(self._settings.bind_within_s):
                await self._bound.wait()
        except TimeoutError:
            self._cut_off(f"no bind within {self._settings.bind_within_s:g} s")
            return
        while True:
            silent = self._loop.time() - self._heard_at
            if silent < self._settings.enquire_after_s:
                await asyncio.sleep(self._settings.enquire_after_s - silent)
                continue
            asked_at = self._loop.time()
            self._write(Pdu(Command.ENQUIRE_LINK, Status.OK, self._next_sequence()))
            await asyncio.sleep(self._settings.answer_within_s)
            if self._heard_at < asked_at:
                self._cut_off(f"it did not answer enquire_link within {self._settings.answer_within_s:g} s")
                return

    # In

    async def _take_in(self, octets: bytes) -> None:
        try:
            for pdu in self._frames.feed(octets):
                await self._handle(pdu)
                if self._ended:
                    return
        except codec.BadLength as fault:
            log.warning("SMPP: %s is disconnected: it does not speak SMPP (%s)", self, fault)
            self._write(codec.nack(Status.BAD_COMMAND_LENGTH))
            self.close()

    async def _handle(self, pdu: Pdu) -> None:
        if pdu.command & RESPONSE:
            self._answered(pdu)
            return
        handler = self._requests.get(pdu.command)
        if handler is None:
            self._write(codec.nack(Status.BAD_COMMAND, pdu.sequence))
            return
        try:
            await handler(pdu)
        except Malformed as fault:
            self._refuse(pdu, fault.status, str(fault))

    def _answered(self, pdu: Pdu) -> None:
        waiting = self._asked.get(pdu.sequence)
        if waiting is not None and not waiting.done():
            # A nack without a status still says no.
            waiting.set_result(pdu.status or (Status.SYSTEM_ERROR if pdu.command == Command.GENERIC_NACK else Status.OK))

    async def _bind(self, pdu: Pdu) -> None:
        if self.key is not None:
            self._write(codec.answer(pdu, Status.ALREADY_BOUND))
            return
        asked = codec.read_bind(pdu.body)
        sends, hears = _BINDS[Command(pdu.command)]
        found = await self._host.login(asked.system_id, asked.password, self.address)
        if isinstance(found, Status):
            self._no_bind(pdu, found, f"{asked.system_id!r} gave no right system_id and password")
            return
        if asked.version < VERSION:
            self._no_bind(pdu, Status.BIND_FAILED, f"{found.name} speaks version {asked.version:#04x}, older than 3.4")
            return
        if not (found.may("send") if sends else found.may("send") or found.may("read")):
            self._no_bind(pdu, Status.BIND_FAILED, f"the key {found.name} may not {'send' if sends else 'read'}")
            return
        self.key, self.sends, self.hears = found, sends, hears
        if not self._host.joined(self):
            self.key, self.sends, self.hears = None, False, False
            self._no_bind(pdu, Status.BIND_FAILED, f"{found.name} has {self._settings.most_binds} binds already")
            return
        self._bound.set()
        log.info("SMPP: %s has bound (%s)", self, Command(pdu.command).name.lower())
        self._write(codec.answer(pdu, Status.OK, codec.bind_answer(SYSTEM_ID, VERSION)))

    def _no_bind(self, pdu: Pdu, status: Status, why: str) -> None:
        log.warning("SMPP: no bind for %s: %s", self.address, why)
        self._write(codec.answer(pdu, status))
        self.close()

    async def _submit(self, pdu: Pdu) -> None:
        key = self._require_sender()
        if self._pace.wait(self._clock.monotonic()):
            self._write(codec.answer(pdu, Status.THROTTLED))
            return
        asked = codec.read_short_message(pdu.body)
        own_numbers = self._host.is_own_number if self._settings.other_senders == "ignore" else None
        submission = submits.submission(asked, key, self._clock.now(), own_numbers)
        # Beyond the window nothing more is read: a client that hurries waits, and loses nothing.
        await self._window.acquire()
        future = self._host.submit(submission)
        self._in_work.add(future)
        future.add_done_callback(partial(self._submitted, pdu))

    def _submitted(self, pdu: Pdu, future: asyncio.Future[Taken]) -> None:
        self._in_work.discard(future)
        self._window.release()
        if future.cancelled() or self._ended:
            return
        taken = future.result()
        if isinstance(taken, Exception):
            self._refuse(pdu, submits.status_of(taken), str(taken))
        else:
            self._write(codec.answer(pdu, Status.OK, codec.submit_answer(delivers.shown_id(taken))))

    async def _query(self, pdu: Pdu) -> None:
        key = self._require_sender()
        shown = codec.read_query(pdu.body)
        try:
            message = await self._host.find(delivers.public_id(shown), key)
        except SimrackError as fault:
            self._refuse(pdu, Status.QUERY_FAILED, str(fault))
            return
        state = delivers.state_of(message)
        delivered = message.delivered_at if message is not None else None
        final = "" if delivered is None else times.absolute(delivered)
        self._write(codec.answer(pdu, Status.OK, codec.query_answer(shown, final, STATES[state], 0)))

    async def _cancel(self, pdu: Pdu) -> None:
        key = self._require_sender()
        shown = codec.read_cancel(pdu.body)
        try:
            await self._host.cancel(delivers.public_id(shown), key)
        except SimrackError as fault:
            self._refuse(pdu, Status.CANCEL_FAILED, str(fault))
            return
        self._write(codec.answer(pdu))

    async def _enquired(self, pdu: Pdu) -> None:
        self._write(codec.answer(pdu))

    async def _unbind(self, pdu: Pdu) -> None:
        if self.key is None:
            self._write(codec.answer(pdu, Status.WRONG_BIND_STATE))
            return
        await self._answer_all()
        self._write(codec.answer(pdu))
        log.info("SMPP: %s has unbound", self)
        self.close()

    def _require_sender(self) -> Key:
        if self.key is None or not self.sends:
            raise Malformed(Status.WRONG_BIND_STATE, "it is not bound as a transmitter or transceiver")
        return self.key

    def _refuse(self, pdu: Pdu, status: Status, why: str) -> None:
        log.info("SMPP: %s is refused (%s): %s", self, status.name.lower(), why)
        self._write(codec.answer(pdu, status))

    # Out

    async def _answer_all(self) -> None:
        if self._in_work:
            await asyncio.wait(set(self._in_work), timeout=_LAST_ANSWERS_S)
            await asyncio.sleep(0)  # their callbacks write the answers

    def _write(self, pdu: Pdu) -> None:
        if not self._writer.is_closing():
            self._writer.write(pdu.octets())

    def _next_sequence(self) -> int:
        self._sequence = self._sequence % _LAST_SEQUENCE + 1
        return self._sequence
