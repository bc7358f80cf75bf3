"""Names that lead elsewhere each time they are asked for: the address that was judged is the address that is called."""

from __future__ import annotations

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from gateway.core.forwarding.addresses import Listener, Reach
from gateway.core.forwarding.ami import AmiWire
from gateway.core.forwarding.dialling import Forbidden, Surroundings, Unreachable
from gateway.core.forwarding.wire import Wire
from gateway.pbx.ami import Action
from gateway.pbx.request import AmiRequest, HttpRequest
from tests.asterisk import Asterisk
from tests.core.stage import story
from tests.receiver import Receiver

NAME = "pbx.example"
ELSEWHERE, METADATA, HERE = "192.0.2.7", "169.254.169.254", "127.0.0.1"
MESSAGE = b"Action: MessageSend\r\nActionID: evt_1\r\nDestination: pjsip:1001\r\nBase64Body: aGk=\r\n\r\n"
wires = pytest.mark.parametrize("scheme", ["http", "ami"])


class Names:
    """What name servers and the kernel are asked: NAME is at `answers` in turn, the last of them for ever."""

    def __init__(self, patch: pytest.MonkeyPatch, *answers: list[str]) -> None:
        self._answers = answers
        self.asked = 0
        self.called: list[str] = []
        patch.setattr(socket, "getaddrinfo", self._resolve)
        loop = asyncio.get_running_loop()
        self._connect = loop.create_connection
        patch.setattr(loop, "create_connection", self._note)

    def _resolve(self, host: str, port: int, *_: object, **__: object) -> list[Any]:
        assert host == NAME
        self.asked += 1
        answer = self._answers[min(self.asked, len(self._answers)) - 1]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in answer]

    async def _note(self, protocol: Any, address: str, port: int, **more: Any) -> Any:
        """Nothing leaves this machine, and a name never gets here: it would be resolved once more."""
        self.called.append(address)
        if address != HERE:
            raise ConnectionRefusedError(f"{address} refuses")
        sock = socket.socket()
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, (address, port))
        return await self._connect(protocol, sock=sock, **more)


class Caller:
    """One wire of either kind, and the same event by it."""

    def __init__(self, scheme: str, port: int, *listeners: Listener) -> None:
        self._port = port
        self._threads = ThreadPoolExecutor(1)
        surroundings = Surroundings(5.0, Reach(listeners), lambda: pytest.fail("no TLS here"), self._threads)
        self._wire: Any = Wire(surroundings) if scheme == "http" else AmiWire(surroundings)
        url = f"{scheme}://{NAME}:{port}"
        http = HttpRequest("POST", url, (), b"{}")
        self._request = http if scheme == "http" else AmiRequest(url, "simrack", "swordfish", (Action("evt_1", MESSAGE),))

    async def __aenter__(self) -> Caller:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.hang_up()
        self._threads.shutdown()

    async def post(self) -> None:
        await self._wire.post(self._request)

    async def hang_up(self) -> None:
        await self._wire.close()


@wires
@pytest.mark.parametrize("then", [HERE, METADATA])
def test_a_name_that_leads_elsewhere_once_it_was_judged_is_not_followed(
    scheme: str, then: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    @story
    async def told() -> None:
        async with Asterisk() as ourselves, Caller(scheme, ourselves.port, (HERE, ourselves.port)) as caller:
            names = Names(monkeypatch, [ELSEWHERE], [then])
            with pytest.raises(Unreachable, match=f"{ELSEWHERE} refuses"):
                await caller.post()
            assert (names.asked, names.called) == (1, [ELSEWHERE])
            with pytest.raises(Forbidden, match=then):
                await caller.post()
            assert (names.asked, names.called) == (2, [ELSEWHERE])
            assert not ourselves.open and not ourselves.raw
            monkeypatch.undo()

    told()


@wires
@pytest.mark.parametrize("at_first", [[METADATA, HERE], [HERE, METADATA]])
def test_of_several_addresses_only_those_that_passed_are_called(
    scheme: str, at_first: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    @story
    async def told() -> None:
        with Receiver() as web:
            async with Asterisk() as pbx, Caller(scheme, web.port if scheme == "http" else pbx.port) as caller:
                names = Names(monkeypatch, at_first, [METADATA])
                await caller.post()
                assert (names.asked, names.called) == (1, [HERE])
                assert len(web.requests) + len(pbx.actions) == 1
                monkeypatch.undo()

    told()


@wires
def test_a_connection_that_stays_leads_where_it_led_and_the_next_is_judged_anew(
    scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    @story
    async def told() -> None:
        with Receiver() as web:
            async with Asterisk() as pbx, Caller(scheme, web.port if scheme == "http" else pbx.port) as caller:
                names = Names(monkeypatch, [HERE], [METADATA])
                await caller.post()
                await caller.post()
                assert (names.asked, names.called) == (1, [HERE])
                await caller.hang_up()
                with pytest.raises(Forbidden, match=METADATA):
                    await caller.post()
                assert (names.asked, names.called) == (2, [HERE])
                assert len(web.requests) + len([one for one in pbx.actions if one["Action"] == "MessageSend"]) == 2
                monkeypatch.undo()

    told()
