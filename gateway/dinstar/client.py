"""The only HTTP between us and a box: one request at a time, Digest or Basic, everything bounded. Knows no texts.

The web server of such a box is weak, and some firmware counts a login that fails: no probing, one connection, few tries.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

from gateway.dinstar import trust, wire
from gateway.dinstar.faults import BoxSilent, Garbled
from gateway.dinstar.timing import Timing
from gateway.dinstar.wire import Document, Request
from gateway.errors import ModemUnfit
from gateway.settings import DinstarSettings

# They would write a line for every request, and headers at debug level.
for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)

_STALE = re.compile(r'stale="?true', re.IGNORECASE)
_MOST_OCTETS = 16_000_000
_LOGIN = "look at user, password_file and auth of this box, and at its page Mobile Configuration, Basic Configuration, API"
_NO_API = "switch on API = New Version at its page Mobile Configuration, Basic Configuration; it needs firmware 1102 or newer"


@dataclass(frozen=True, slots=True)
class Answer:
    code: int
    document: Document
    date: datetime | None  # what the box's clock showed


class _Body(httpx.AsyncByteStream):
    """Octets of a request; asked for when the connection stands and the head has left."""

    def __init__(self, octets: bytes, leaving: Callable[[], None]) -> None:
        self._octets = octets
        self._leaving = leaving
        self.left = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if not self.left:
            self._leaving()
            self.left = True
        yield self._octets


class Client:
    """`turn` is held by whoever asks; `ask` takes it. Use `exchange` alone while holding it."""

    def __init__(self, settings: DinstarSettings, timing: Timing) -> None:
        self._settings = settings
        self._timing = timing
        self._trust = trust.context(settings)
        self._auth = self._login()
        self._http = self._connection()
        self.turn = asyncio.Lock()
        self.answers = 0

    async def ask(self, request: Request) -> Answer:
        """Raises BoxSilent and ModemUnfit."""
        async with self.turn:
            return await self.exchange(request)

    async def exchange(self, request: Request, leaving: Callable[[], None] = lambda: None) -> Answer:
        """As `ask`. `leaving` is called once, at the last moment before the body leaves."""
        body = _Body(request.body, leaving)
        response, octets = await self._post(request, body)
        if response.status_code in (401, 403):
            await self._renew()
            await asyncio.sleep(self._timing.login_again)
            response, octets = await self._post(request, body)
        if _STALE.search(response.headers.get("www-authenticate", "")):
            raise BoxSilent("the box finds every login too old", left=False)  # it is not the password that it refuses
        if response.status_code in (401, 403):
            raise ModemUnfit(f"the box refuses our login ({response.status_code})", _LOGIN)
        if response.status_code != 200:
            reason = f"the box answered {request.call} with HTTP {response.status_code}"
            raise BoxSilent(reason, left=True, status=response.status_code)
        try:
            document = wire.document(octets)
            answer = Answer(wire.error_code(document), document, _date(response.headers.get("date")))
        except Garbled as fault:
            raise BoxSilent(f"{request.call}: {fault}", left=True) from fault
        self.answers += 1
        return answer

    async def close(self) -> None:
        await self._http.aclose()

    async def _post(self, request: Request, body: _Body) -> tuple[httpx.Response, bytes]:
        try:
            async with asyncio.timeout(self._settings.timeout_s):
                return await self._read(self._prepared(request, body))
        except TimeoutError as fault:
            await self._renew()
            raise BoxSilent(
                f"no answer to {request.call} within {self._settings.timeout_s:g} s", left=body.left or not request.body
            ) from fault
        except httpx.HTTPError as fault:
            await self._renew()
            if why := trust.refused(fault):
                raise trust.untrusted(self._settings, why) from fault
            reason = f"{request.call}: {fault or type(fault).__name__}"
            raise BoxSilent(reason, left=body.left or not request.body) from fault
        except (KeyError, NotImplementedError, ValueError) as fault:  # what httpx makes of a challenge it cannot read
            raise ModemUnfit("the box asks for a login that is not understood", 'try auth = "basic"') from fault

    def _prepared(self, request: Request, body: _Body) -> httpx.Request:
        url = self._settings.url + request.path
        if not request.body:
            return self._http.build_request(request.method, url)
        headers = {"Content-Type": "application/json", "Content-Length": str(len(request.body))}
        return self._http.build_request(request.method, url, content=body, headers=headers)

    async def _read(self, request: httpx.Request) -> tuple[httpx.Response, bytes]:
        response = await self._http.send(request, stream=True)
        octets = bytearray()
        try:
            async for piece in response.aiter_bytes():
                octets += piece
                if len(octets) > _MOST_OCTETS:
                    raise httpx.ReadError("the answer is too long")
        finally:
            await response.aclose()
        return response, bytes(octets)

    async def _renew(self) -> None:
        """The next request has a connection of its own, and a login of its own."""
        old, self._auth = self._http, self._login()
        self._http = self._connection()
        await old.aclose()

    def _login(self) -> httpx.Auth:
        kind = httpx.BasicAuth if self._settings.auth == "basic" else httpx.DigestAuth
        return kind(self._settings.user, self._settings.password)

    def _connection(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            auth=self._auth,
            verify=self._trust,
            headers={"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "simrack"},
            timeout=httpx.Timeout(self._settings.timeout_s),
            limits=httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=self._timing.kept),
            trust_env=False,
            follow_redirects=False,
        )


def no_api() -> ModemUnfit:
    return ModemUnfit("the box has no HTTP API at this address", _NO_API)


def _date(header: str | None) -> datetime | None:
    try:
        date = None if header is None else parsedate_to_datetime(header)
    except ValueError:
        return None
    return date.replace(tzinfo=UTC) if date is not None and date.tzinfo is None else date
