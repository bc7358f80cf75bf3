"""Talks to the manager interface of one Asterisk: logs in, has actions done one after the other, logs off when nothing comes.

What Asterisk answered for is not handed over again, be it a piece of a text. A piece whose answer was lost is, as every wire does;
Asterisk knows no ids, so a phone may show it twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast
from urllib.parse import urlsplit

from gateway.core.forwarding.dialling import Surroundings, Unreachable, dial
from gateway.pbx import ami
from gateway.pbx.ami import Action, NotAmi, Replies, Verdict
from gateway.pbx.request import AmiRequest

PORTS = {"ami": 5038, "amis": 5039}
_IDLE_S = 60.0


class AmiWire:
    def __init__(self, surroundings: Surroundings, idle_s: float = _IDLE_S) -> None:
        self._surroundings = surroundings
        self._idle_s = idle_s
        self._turn = asyncio.Lock()  # Asterisk does the actions of a connection one after the other anyway
        self._session: _Session | None = None
        self._login = ("", "", "")
        self._rest: asyncio.TimerHandle | None = None

    async def post(
        self, request: AmiRequest, handed: str | None = None, took: Callable[[str], None] = lambda mark: None
    ) -> Verdict:
        """`handed` marks the actions that were done before; `took` hears that mark anew after each that others follow.
        Raises Unreachable and Forbidden."""
        async with self._turn:
            self._stay()
            whole = False
            try:
                async with asyncio.timeout(self._surroundings.timeout_s):
                    verdict = await self._post(request, handed, took)
                whole = True
                return verdict
            except TimeoutError:
                raise Unreachable(f"no answer from Asterisk within {self._surroundings.timeout_s:g} s") from None
            except NotAmi as fault:
                raise Unreachable(f"no Asterisk manager answers there: {fault}") from fault
            except OSError as fault:
                raise Unreachable(str(fault) or type(fault).__name__) from fault
            finally:
                if whole:
                    self._rest = asyncio.get_running_loop().call_later(self._idle_s, self._leave)
                else:  # whatever it still says would be about something that is over
                    self._drop()

    async def close(self) -> None:
        self._stay()
        self._leave()

    async def _post(self, request: AmiRequest, handed: str | None, took: Callable[[str], None]) -> Verdict:
        session = await self._logged_in(request)
        rest = ami.rest(request.actions, handed)
        for left, action in zip(reversed(range(len(rest))), rest, strict=True):
            verdict = ami.verdict(await session.ask(action), action.about)
            if verdict.fault:
                return verdict
            if left:
                took(ami.mark(request.actions[:-left]))
        return Verdict()

    async def _logged_in(self, request: AmiRequest) -> _Session:
        login = (request.url, request.user, request.secret)
        if self._session is not None and self._login == login and not self._session.ended:
            return self._session
        self._leave()
        split = urlsplit(request.url)
        host, port = split.hostname or "", split.port or PORTS[split.scheme]
        self._session, self._login = await dial(self._surroundings, host, port, split.scheme == "amis", _Session), login
        await self._session.greeted()
        challenged = (await self._session.ask(ami.challenge())).get("challenge", "")
        reply = await self._session.ask(ami.login(request.user, request.secret, challenged))
        if not ami.succeeded(reply):
            words = f"{ami.words_of(reply)!r}; look at the user, its secret and its permit lines in manager.conf"
            raise Unreachable(f"Asterisk refuses the login of {request.user}: {words}")
        return self._session

    def _stay(self) -> None:
        if self._rest is not None:
            self._rest.cancel()
            self._rest = None

    def _leave(self) -> None:
        """Say goodbye, and wait for no answer."""
        session, self._session = self._session, None
        if session is not None:
            session.say_and_close(ami.logoff())

    def _drop(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            session.abort()


class _Session(asyncio.Protocol):
    """One connection. What comes unasked is thrown away as it comes, so that nothing fills up between two texts."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._replies = Replies()
        self._waiter: asyncio.Future[dict[str, str]] | None = None
        self._asked = ""
        self._fault: Exception | None = None
        self.ended = False

    async def greeted(self) -> None:
        if self._replies.greeting is None:
            await self._wait()

    async def ask(self, action: Action) -> dict[str, str]:
        """The reply that carries its ActionID. Raises OSError and NotAmi."""
        self._asked = action.id
        if self._transport is not None and not self.ended:
            self._transport.write(action.octets)
        return await self._wait()

    def say_and_close(self, action: Action) -> None:
        if self._transport is not None and not self.ended:
            self._transport.write(action.octets)
            self._transport.close()

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    async def _wait(self) -> dict[str, str]:
        if self.ended:
            raise self._fault or ConnectionResetError("Asterisk closed the connection")
        self._waiter = asyncio.get_running_loop().create_future()
        return await self._waiter

    # Called by the loop.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        known = self._replies.greeting is not None
        try:
            replies = self._replies.feed(data)
        except NotAmi as fault:
            self._end(fault)
            self.abort()
            return
        if not known and self._replies.greeting is not None:
            self._tell({})
        for reply in replies:
            if reply.get("actionid") == self._asked:
                self._tell(reply)

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(exc)

    def _end(self, fault: Exception | None) -> None:
        if not self.ended:
            self.ended, self._fault = True, fault
            if self._waiter is not None and not self._waiter.done():
                self._waiter.set_exception(fault or ConnectionResetError("Asterisk closed the connection"))

    def _tell(self, reply: dict[str, str]) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(reply)
