"""Receivers that mean no good: clients name them in requests, and the webhooks that people made must not suffer for it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from gateway.core import callbacks
from gateway.core.forwarding.places import UNHEARD_PER_KEY
from gateway.records import EventType
from gateway.settings import ForwardingSettings
from tests.core.stage import Stage, story
from tests.core.test_callbacks import Client
from tests.receiver import Answer, Receiver


@contextmanager
def silent_hosts(count: int) -> Iterator[list[str]]:
    """Ports that take connections and never say anything."""
    with ExitStack() as open_:
        servers = [open_.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        yield [f"http://127.0.0.1:{server.getsockname()[1]}/" for server in servers]


async def told(client: Client, url: str, conversation: str = "alice") -> None:
    message = await client.sends(callbacks.kannel(url, 8))
    await client.happens(message, EventType.MESSAGE_SENT, conversation)


@story
async def test_a_key_that_names_many_silent_hosts_has_few_connections_and_keeps_nobody(tmp_path: Path) -> None:
    with Receiver() as web, Receiver() as mine, silent_hosts(60) as silent:
        async with Stage(tmp_path, settings=ForwardingSettings(timeout_s=300.0)) as stage:
            bad, good = Client(stage, 1), Client(stage, 2)
            await told(bad, mine.url)
            await mine.expect(1)
            for url in silent:
                await told(bad, url)
            await stage.until(lambda: stage.forwarding.in_the_air == UNHEARD_PER_KEY)
            for n in range(20):
                await told(good, f"{web.url}?n={n}")
                await told(bad, f"{mine.url}?n={n}")
            await web.expect(20)
            await mine.expect(21)
            await stage.until(lambda: stage.forwarding.in_the_air == UNHEARD_PER_KEY)


@story
async def test_silent_hosts_take_turns_and_a_new_one_of_the_same_key_is_before_those_that_failed(tmp_path: Path) -> None:
    with Receiver() as web, silent_hosts(3 * UNHEARD_PER_KEY) as silent:
        async with Stage(tmp_path, settings=ForwardingSettings(timeout_s=0.1)) as stage:
            client = Client(stage)
            for url in silent:
                await told(client, url)
            for receiver in stage.webhooks.receivers():
                await stage.recorded(receiver, "pending", tries=1)
            stage.later(400)
            await told(client, web.url)
            await web.expect(1)
            for receiver in stage.webhooks.receivers()[:-1]:
                await stage.until(lambda receiver=receiver: stage.rows(receiver)[0].tries >= 2)


def without_names(monkeypatch: pytest.MonkeyPatch) -> tuple[threading.Event, threading.Semaphore]:
    """Names below .example are not resolved until the event is set; the semaphore counts who asked."""
    really, over, asked = socket.getaddrinfo, threading.Event(), threading.Semaphore(0)

    def silent(host: Any, *more: Any, **given: Any) -> Any:
        if str(host).endswith(".example"):
            asked.release()
            over.wait(30)
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return really(host, *more, **given)

    monkeypatch.setattr(socket, "getaddrinfo", silent)
    return over, asked


def test_names_of_callbacks_that_nobody_resolves_hold_up_no_other_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    over = without_names(monkeypatch)[0]

    @story
    async def happens() -> None:
        with Receiver() as web:
            async with Stage(tmp_path) as stage:
                for n in range(20):
                    await told(Client(stage, 1), f"http://h{n}.example/")
                await stage.until(lambda: stage.forwarding.in_the_air == UNHEARD_PER_KEY)
                await told(Client(stage, 2), web.url.replace("127.0.0.1", "localhost"))
                await web.expect(1)
                over.set()

    try:
        happens()
    finally:
        over.set()


def test_names_of_callbacks_that_nobody_resolves_hold_up_no_webhook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    over, asked = without_names(monkeypatch)

    @story
    async def happens() -> None:
        with Receiver() as pbx:
            async with Stage(tmp_path) as stage:
                for n in range(8):
                    await told(Client(stage), f"http://h{n}.example/?type=%d")
                await stage.until(lambda: asked.acquire(blocking=False))
                stage.hook(pbx.url.replace("127.0.0.1", "localhost"))
                await stage.tell("for the PBX")
                assert (await pbx.expect(1))[0].data["text"] == "for the PBX"
                over.set()

    try:
        happens()
    finally:
        over.set()


@story
async def test_callbacks_that_answer_late_leave_a_webhook_all_its_room(tmp_path: Path) -> None:
    with Receiver() as pbx, Receiver() as late:
        late.answers(*[Answer(hold=True)] * 40)
        pbx.answers(*[Answer(hold=True)] * 8)
        async with Stage(tmp_path) as stage:
            for n in range(40):  # as many hosts as there are keys
                await told(Client(stage, n + 1), f"{late.url}?n={n}")
            await late.expect(40)
            stage.hook(pbx.url)
            await stage.tell_all(*((f"text {n}", f"person {n}") for n in range(8)))
            await pbx.expect(8)
            pbx.release()
            late.release()


@story
async def test_an_address_is_called_as_it_was_given_its_parameters_too(tmp_path: Path) -> None:
    with Receiver() as pbx:
        async with Stage(tmp_path) as stage:
            stage.hook(f"{pbx.url};jsessionid=12;v=1?x=1;y")
            client = Client(stage)
            await client.happens(await client.sends(callbacks.kannel(f"{pbx.url};id=7/dlr;type=%d", 8)), EventType.MESSAGE_SENT)
            await stage.tell("hello")
            paths = {one.path for one in await pbx.expect(2)}
            assert paths == {"/hook;jsessionid=12;v=1?x=1;y", "/hook;id=7/dlr;type=8"}
