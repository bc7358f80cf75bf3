"""Events reach webhooks: signed, once, in order per conversation, without one webhook or conversation waiting for another."""

from __future__ import annotations

import asyncio
import logging
import shutil
import ssl
import subprocess
import threading
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import pytest
from standardwebhooks.webhooks import Webhook as Verifier

from gateway.clock import SystemClock
from gateway.records import ForwardState
from tests.core.stage import Stage, story
from tests.receiver import Answer, Receiver


@pytest.fixture
def pbx() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def other() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


@story
async def test_an_event_arrives_signed_and_is_accepted(tmp_path: Path, pbx: Receiver) -> None:
    async with Stage(tmp_path, SystemClock()) as stage:  # the verifier looks at the real clock
        webhook = stage.hook(pbx.url)
        event_id = await stage.tell("Hallo")
        (request,) = await pbx.expect(1)
        verified = Verifier(stage.secret).verify(request.body, request.headers)
        assert verified["type"] == "message.received"
        assert verified["data"] == {"text": "Hallo"}
        assert (request.method, request.path, request.id) == ("POST", "/hook", event_id)
        assert request.headers["content-type"] == "application/json"
        assert request.headers["host"] == f"127.0.0.1:{pbx.port}"
        (row,) = await stage.recorded(webhook, "accepted")
        assert (row.tries, row.last_status) == (1, 200)


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_any_2xx_is_an_acceptance(tmp_path: Path, pbx: Receiver, status: int) -> None:
    @story
    async def told() -> None:
        async with Stage(tmp_path) as stage:
            webhook = stage.hook(pbx.url)
            pbx.answers(status)
            await stage.tell("Hallo")
            (row,) = await stage.recorded(webhook, "accepted")
            assert row.last_status == status

    told()


@story
async def test_what_was_queued_before_the_start_is_posted_at_the_start(tmp_path: Path, pbx: Receiver) -> None:
    async with Stage(tmp_path) as stage:
        stage.hook(pbx.url)
        pbx.stop()
        ids = await stage.tell_all(("one", "alice"), ("two", "alice"), ("three", "bob"))
        await stage.idle()

        async def comes_back() -> None:
            pbx.start()

        await stage.restart(comes_back)
        stage.later(60)  # past the back-off that the rows remember
        await pbx.expect(3)
        assert sorted(pbx.ids) == sorted(ids)


@story
async def test_the_second_event_of_a_conversation_waits_for_the_first_and_another_conversation_does_not(
    tmp_path: Path, pbx: Receiver
) -> None:
    async with Stage(tmp_path) as stage:
        stage.hook(pbx.url)
        pbx.decide = lambda request: Answer(hold=True) if request.data["text"] == "first" else None
        first, second, bobs = await stage.tell_all(("first", "alice"), ("second", "alice"), ("hello", "bob"))
        await pbx.expect(2)
        bobs_next = await stage.tell("and again", "bob")
        await pbx.expect(3)
        assert set(pbx.ids) == {first, bobs, bobs_next}
        pbx.release()
        assert (await pbx.expect(4))[-1].id == second


@story
async def test_many_events_of_many_conversations_arrive_once_and_in_order(tmp_path: Path, pbx: Receiver) -> None:
    async with Stage(tmp_path) as stage:
        webhook = stage.hook(pbx.url)
        ids = await stage.tell_all(*((str(number), f"caller {number % 7}") for number in range(1500)))
        requests = await pbx.expect(1500, within=60)
        assert sorted(pbx.ids) == sorted(ids)
        by_caller = sorted(requests, key=lambda request: int(request.data["text"]) % 7)  # a stable sort
        for _, theirs in groupby(by_caller, key=lambda request: int(request.data["text"]) % 7):
            numbers = [int(request.data["text"]) for request in theirs]
            assert numbers == sorted(numbers)
        await stage.until(lambda: stage.store.forwards.backlogs()[0].pending == 0)
        assert len(pbx.requests) == 1500
        assert pbx.connections <= 8
        assert len(stage.rows(webhook, ForwardState.ACCEPTED)) == 1000  # the page's bound


@story
async def test_one_conversation_uses_one_connection(tmp_path: Path, pbx: Receiver) -> None:
    async with Stage(tmp_path) as stage:
        stage.hook(pbx.url)
        await stage.tell_all(*((str(number), "alice") for number in range(50)))
        requests = await pbx.expect(50)
        assert [int(request.data["text"]) for request in requests] == list(range(50))
        assert pbx.connections == 1


@story
async def test_the_next_event_does_not_wait_for_the_disk(tmp_path: Path, pbx: Receiver) -> None:
    async with Stage(tmp_path) as stage:
        webhook = stage.hook(pbx.url)
        await stage.tell_all(*((str(number), "alice") for number in range(20)))
        slow_disk = threading.Event()
        blocked = stage.store.writer.submit(lambda db: slow_disk.wait(60))
        await pbx.expect(20)
        assert {row.state for row in stage.rows(webhook)} == {ForwardState.PENDING}
        slow_disk.set()
        await blocked
        await stage.recorded(webhook, *["accepted"] * 20)


@story
async def test_a_webhook_that_answers_slowly_does_not_delay_another(tmp_path: Path, pbx: Receiver, other: Receiver) -> None:
    async with Stage(tmp_path) as stage:
        pbx.default = Answer(hold=True)
        for _ in range(5):  # enough of them to hold every place there is
            stage.hook(pbx.url)
        stage.hook(other.url)
        await stage.tell_all(*((str(number), f"caller {number}") for number in range(40)))
        await other.expect(40)
        with pbx._news:  # more may be coming in
            assert pbx.held == len(pbx.requests) < 5 * 40
        pbx.release()
        await pbx.expect(5 * 40)


@story
async def test_each_webhook_hears_what_it_asked_for(tmp_path: Path, pbx: Receiver, other: Receiver) -> None:
    async with Stage(tmp_path) as stage:
        stage.hook(pbx.url, events=("message.received",), channels=("p1",))
        stage.hook(other.url, events=("*",))
        await stage.tell("on p0", channel="p0")
        on_p1 = await stage.tell("on p1", channel="p1")
        await other.expect(2)
        await pbx.expect(1)
        await stage.idle()
        assert pbx.ids == [on_p1]


@story
async def test_a_webhook_added_while_the_gateway_runs_is_served(tmp_path: Path, pbx: Receiver) -> None:
    async with Stage(tmp_path) as stage:
        await stage.tell("nobody listens")
        stage.hook(pbx.url)
        event_id = await stage.tell("somebody listens")
        await pbx.expect(1)
        assert pbx.ids == [event_id]


@story
async def test_what_waits_goes_to_the_new_address_at_once(tmp_path: Path, pbx: Receiver, other: Receiver) -> None:
    async with Stage(tmp_path) as stage:
        pbx.stop()
        webhook = stage.hook(pbx.url)
        ids = await stage.tell_all(("one", "alice"), ("two", "bob"))
        await stage.until(lambda: all(row.last_error for row in stage.rows(webhook)))
        await asyncio.to_thread(lambda: stage.webhooks.change(webhook.id, url=other.url))
        await other.expect(2)
        assert sorted(other.ids) == sorted(ids)


@story
async def test_a_disabled_webhook_gets_nothing_until_it_is_enabled(tmp_path: Path, pbx: Receiver) -> None:
    async with Stage(tmp_path) as stage:
        webhook = stage.hook(pbx.url)
        pbx.answers(Answer(hold=True))
        first, second = await stage.tell_all(("one", "alice"), ("two", "alice"))
        await pbx.expect(1)
        await asyncio.to_thread(lambda: stage.webhooks.change(webhook.id, enabled=False))
        pbx.release()
        await stage.recorded(webhook, "accepted", "pending")
        await stage.tell("unheard")
        await stage.idle()
        assert pbx.ids == [first]
        await asyncio.to_thread(lambda: stage.webhooks.change(webhook.id, enabled=True))
        await pbx.expect(2)
        assert pbx.ids == [first, second]


@story
async def test_a_removed_webhook_gets_nothing_more(tmp_path: Path, pbx: Receiver, other: Receiver) -> None:
    async with Stage(tmp_path) as stage:
        webhook = stage.hook(pbx.url)
        stage.hook(other.url)
        await stage.tell("one")
        await pbx.expect(1)
        await asyncio.to_thread(lambda: stage.webhooks.remove(webhook.id))
        await stage.tell("two")
        await other.expect(2)
        await stage.idle()
        assert len(pbx.requests) == 1


@story
async def test_a_connection_closed_after_each_answer_costs_no_retry(tmp_path: Path, pbx: Receiver) -> None:
    async with Stage(tmp_path) as stage:
        webhook = stage.hook(pbx.url)
        pbx.default = Answer(close=True)
        for number in range(3):
            await stage.tell(str(number))
            await pbx.expect(number + 1)
        rows = await stage.recorded(webhook, "accepted", "accepted", "accepted")
        assert [row.tries for row in rows] == [1, 1, 1]
        assert pbx.connections == 3


@story
async def test_a_connection_that_breaks_when_it_is_used_again_is_replaced_at_once(tmp_path: Path, pbx: Receiver) -> None:
    async with Stage(tmp_path) as stage:
        webhook = stage.hook(pbx.url)
        pbx.answers(200, Answer(drop=True), 200)
        first, second = await stage.tell_all(("one", "alice"), ("two", "alice"))
        await stage.recorded(webhook, "accepted", "accepted")
        assert pbx.ids == [first, second, second]
        assert stage.forwarding.failed_total == 0


@story
async def test_an_endless_answer_is_not_read_to_its_end(tmp_path: Path, pbx: Receiver) -> None:
    async with Stage(tmp_path) as stage:
        webhook = stage.hook(pbx.url)
        pbx.default = Answer(body=b"x" * 1_000_000)
        await stage.tell_all(("one", "alice"), ("two", "alice"))
        await stage.recorded(webhook, "accepted", "accepted")
        assert pbx.connections == 2


@story
async def test_an_answer_that_nobody_asked_for_is_not_taken_for_the_next(tmp_path: Path) -> None:
    # Some servers say "408 Request Timeout" into an idle connection before they close it.
    greetings: list[asyncio.StreamWriter] = []
    texts: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        greetings.append(writer)
        while head := await reader.readuntil(b"\r\n\r\n"):
            length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            texts.append((await reader.readexactly(length)).decode())
            writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with Stage(tmp_path) as stage:
        webhook = stage.hook(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
        await stage.tell("one")
        await stage.recorded(webhook, "accepted")
        greetings[0].write(b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n")
        await greetings[0].drain()
        await stage.idle()
        await stage.tell("two")
        rows = await stage.recorded(webhook, "accepted", "accepted")
        assert [row.last_status for row in rows] == [204, 204]
    server.close()


@story
async def test_secrets_and_addresses_stay_out_of_the_log(tmp_path: Path, pbx: Receiver, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with Stage(tmp_path) as stage:
        webhook = stage.hook(f"{pbx.url}?token=hunter2")
        pbx.answers(200, 500, 302, 410)
        for number in range(4):
            await stage.tell(str(number), conversation=str(number))
            await pbx.expect(number + 1)
        await stage.until(lambda: not stage.webhooks.get(webhook.id).enabled)
        assert webhook.id in caplog.text
        simrack = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith("simrack"))
        assert "hunter2" not in simrack
        assert stage.secret not in caplog.text
        assert stage.secret.removeprefix("whsec_") not in caplog.text


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A key and a certificate for localhost that nobody trusts yet."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed: no certificate to try TLS with")
    folder = tmp_path_factory.mktemp("tls")
    key, cert = folder / "key.pem", folder / "cert.pem"
    making = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
    subprocess.run(
        [*making.split(), "-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(cert)],
        check=True,
        capture_output=True,
    )
    return key, cert


@pytest.fixture
def tls_pbx(certificate: tuple[Path, Path]) -> Iterator[Receiver]:
    key, cert = certificate
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    with Receiver(tls=context) as receiver:
        yield receiver


@story
async def test_https_to_a_trusted_name_is_kept_alive(tmp_path: Path, tls_pbx: Receiver, certificate: tuple[Path, Path]) -> None:
    trust = ssl.create_default_context(cafile=str(certificate[1]))
    async with Stage(tmp_path, trust=trust) as stage:
        webhook = stage.hook(tls_pbx.url)
        await stage.tell_all(*((str(number), "alice") for number in range(5)))
        await stage.recorded(webhook, *["accepted"] * 5)
        assert tls_pbx.connections == 1


@story
async def test_a_certificate_nobody_vouches_for_gets_nothing(tmp_path: Path, tls_pbx: Receiver) -> None:
    async with Stage(tmp_path) as stage:
        webhook = stage.hook(tls_pbx.url)
        await stage.tell("Hallo")
        (row,) = await stage.recorded(webhook, "pending", tries=1)
        assert "certificate" in str(row.last_error)
        assert tls_pbx.requests == []


@story
async def test_a_certificate_for_another_name_gets_nothing(
    tmp_path: Path, tls_pbx: Receiver, certificate: tuple[Path, Path]
) -> None:
    trust = ssl.create_default_context(cafile=str(certificate[1]))
    async with Stage(tmp_path, trust=trust) as stage:
        webhook = stage.hook(tls_pbx.url.replace("localhost", "127.0.0.1"))
        await stage.tell("Hallo")
        (row,) = await stage.recorded(webhook, "pending", tries=1)
        assert "certificate" in str(row.last_error)
        assert tls_pbx.requests == []
