"""Listens for SMPP clients, lets them bind, and wires their sessions to what takes texts in and what brings receipts out."""

from __future__ import annotations

import asyncio
import errno
import logging
import ssl
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from weakref import WeakValueDictionary

from gateway.clock import Clock
from gateway.core.keys import Keys
from gateway.core.smpp_deliveries import SmppDeliveries
from gateway.core.submitting import Submission, Submitting
from gateway.errors import AlreadyRunning, BadSetting, BadValue, SimrackError
from gateway.numbers import recipient
from gateway.records import ChannelFacts, Key, Message
from gateway.settings import Settings
from gateway.settings.networks import within
from gateway.smpp.collector import Collector, Taken
from gateway.smpp.handing_on import HandingOn
from gateway.smpp.session import Session
from gateway.smpp.words import Status
from gateway.store import Store

log = logging.getLogger("simrack.smpp")

# Clients that have not bound count too.
_MOST_CONNECTIONS = 500
# Of one address; so whoever only knocks does not keep out those from elsewhere.
_MOST_UNBOUND = 50
_LOOK_EVERY_S = 5.0


class SmppServer:
    """Bound between `start` and `stop`; `run` keeps it going. All methods run on the event loop."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        keys: Keys,
        submitting: Submitting,
        clock: Clock,
        facts: Callable[[], Sequence[ChannelFacts]],
    ) -> None:
        self._settings = settings.smpp
        self._networks = settings.doors.networks("smpp")
        self._country = settings.numbers.country
        self._store = store
        self._keys = keys
        self._submitting = submitting
        self._clock = clock
        self._facts = facts
        self._collector = Collector(submitting.take)
        self._handing_on = HandingOn(SmppDeliveries(store), settings.smpp, clock)
        # One login after the other: each takes a while, which also slows down who guesses.
        self._logins = ThreadPoolExecutor(1, thread_name_prefix="smpp-login")
        # One at a time for each address: who tries many passwords stands in line behind himself alone.
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._server: asyncio.Server | None = None
        self._sessions: set[Session] = set()

    @property
    def address(self) -> tuple[str, int]:
        assert self._server is not None
        host, port = self._server.sockets[0].getsockname()[:2]
        return str(host), int(port)

    async def start(self) -> None:
        """Raises AlreadyRunning, or BadSetting."""
        if not self._settings.listen:
            return
        context = self._context()
        handshake = None if context is None else self._settings.bind_within_s
        try:
            self._server = await asyncio.start_server(
                self._connected, self._settings.host, self._settings.port, ssl=context, ssl_handshake_timeout=handshake
            )
        except OSError as fault:
            listen = self._settings.listen
            if fault.errno == errno.EADDRINUSE:
                raise AlreadyRunning(f"{listen} is in use by another program; give [smpp] listen another port") from fault
            raise BadSetting("smpp.listen", f"cannot listen on {listen!r}: {fault}", "choose an address of this machine") from fault
        log.info("SMPP listens on %s:%d", *self.address)

    async def run(self) -> None:
        collecting = asyncio.create_task(self._collector.run(), name="smpp collector")
        try:
            while True:
                await asyncio.sleep(_LOOK_EVERY_S)
                try:
                    await self._look()
                except Exception as fault:  # the one broad net of this loop
                    log.error("SMPP: a look around failed: %s", fault, exc_info=not isinstance(fault, SimrackError))
        finally:
            collecting.cancel()

    async def stop(self) -> None:
        """No new clients; those that are here hear what became of their texts, then goodbye. Called while `run` still runs."""
        if self._server is not None:
            self._server.close()
        await asyncio.gather(*(session.end() for session in list(self._sessions)), return_exceptions=True)
        await self._handing_on.close()

    def close(self) -> None:
        self._collector.close()
        self._logins.shutdown(wait=True)

    def wake(self) -> None:
        """A receipt or a text may wait for a client."""
        self._handing_on.wake()

    # What sessions ask

    async def login(self, system_id: str, password: str, address: str) -> Key | Status:
        def work() -> Key | Status:
            found = self._keys.smpp_login(system_id, password)
            if found is None:
                return Status.BAD_PASSWORD if self._store.keys.smpp(system_id) else Status.BAD_SYSTEM_ID
            return found if found.revoked_at is None else Status.BIND_FAILED

        async with self._turns.setdefault(address, asyncio.Lock()):
            return await asyncio.get_running_loop().run_in_executor(self._logins, work)

    def joined(self, session: Session) -> bool:
        """False when the key has all the binds it may have."""
        assert session.key is not None
        if len(self._handing_on.binds(session.key)) >= self._settings.most_binds:
            return False
        self._handing_on.joined(session, session.key)
        return True

    def submit(self, submission: Submission) -> asyncio.Future[Taken]:
        return self._collector.put(submission)

    async def find(self, message: str, key: Key) -> Message | None:
        return await self._collector.call(lambda: self._submitting.find(message, key))

    async def cancel(self, message: str, key: Key) -> None:
        await self._collector.call(lambda: self._submitting.cancel(message, key))
        self.wake()

    def is_own_number(self, written: str) -> bool:
        try:
            number = recipient(written, self._country)
        except BadValue:
            return False
        return any(facts.number == number for facts in self._facts())

    # Connections

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = writer.get_extra_info("peername")
        address = str(peer[0]) if peer else ""
        if self._networks is not None and not within(address, self._networks):
            log.warning("SMPP: a client at %s is turned away; [doors] addresses does not name it", address)
            writer.close()
            return
        if len(self._sessions) >= _MOST_CONNECTIONS:
            log.warning("SMPP: %d clients are connected; one more is turned away", _MOST_CONNECTIONS)
            writer.close()
            return
        if sum(one.key is None and one.address == address for one in self._sessions) >= _MOST_UNBOUND:
            log.warning("SMPP: %d clients at %s have not bound; one more is turned away", _MOST_UNBOUND, address)
            writer.close()
            return
        session = Session(reader, writer, self, self._settings, self._clock)
        self._sessions.add(session)
        try:
            await session.run()
        finally:
            self._sessions.discard(session)
            if session.key is not None:
                self._handing_on.left(session, session.key)

    async def _look(self) -> None:
        """Keys may be revoked by another process; segments may have waited long enough."""
        for key in self._handing_on.keys:
            found = self._store.keys.get(key.name)
            if found is None or found.revoked_at is not None:
                for session in self._handing_on.binds(key):
                    log.warning("SMPP: %s is disconnected: its key is revoked", session)
                    await session.end()
        if await self._collector.call(self._submitting.give_up):
            self.wake()

    def _context(self) -> ssl.SSLContext | None:
        if not self._settings.certificate_file:
            return None
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        try:
            context.load_cert_chain(self._settings.certificate_file, self._settings.key_file or None)
        except (ssl.SSLError, OSError) as fault:
            remedy = "give the certificate and the key that belongs to it as PEM, the key without a password"
            raise BadSetting("smpp.certificate_file", f"cannot be used with its key: {fault}", remedy) from fault
        return context
