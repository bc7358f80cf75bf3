"""Receivers that mean no good: clients name them in requests, and the webhooks that people made must not suffer for it."""

from __future__ import annotations

import socket
import threading
from pathlib import Path
from typing import Any

import pytest

from gateway.core import callbacks
from gateway.records import EventType
from tests.core.stage import Stage, story
from tests.core.test_callbacks import Client
from tests.receiver import Answer, Receiver


def test_names_of_callbacks_that_nobody_resolves_hold_up_no_webhook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    really, over, asked = socket.getaddrinfo, threading.Event(), threading.Semaphore(0)

    def silent(host: Any, *more: Any, **given: Any) -> Any:
        if str(host).endswith(".example"):
            asked.release()
            over.wait(30)
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return really(host, *more, **given)

    monkeypatch.setattr(socket, "getaddrinfo", silent)

    @story
    async def told() -> None:
        with Receiver() as pbx:
            async with Stage(tmp_path) as stage:
                client = Client(stage)
                for n in range(8):
                    message = await client.sends(callbacks.kannel(f"http://h{n}.example/?type=%d", 8))
                    await client.happens(message, EventType.MESSAGE_SENT)
                await stage.until(lambda: asked.acquire(blocking=False))
                stage.hook(pbx.url.replace("127.0.0.1", "localhost"))
                await stage.tell("for the PBX")
                assert (await pbx.expect(1))[0].data["text"] == "for the PBX"
                over.set()

    try:
        told()
    finally:
        over.set()


@story
async def test_callbacks_that_answer_late_leave_a_webhook_all_its_room(tmp_path: Path) -> None:
    with Receiver() as pbx, Receiver() as late:
        late.answers(*[Answer(hold=True)] * 40)
        pbx.answers(*[Answer(hold=True)] * 8)
        async with Stage(tmp_path) as stage:
            for n in range(40):  # as many hosts as there are keys
                client = Client(stage, n + 1)
                await client.happens(await client.sends(callbacks.kannel(f"{late.url}?n={n}", 8)), EventType.MESSAGE_SENT)
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
