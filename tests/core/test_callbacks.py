"""Callbacks that requests named, through the machinery of webhooks: the same guarantees, but in order per message."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest

from gateway.core import callbacks
from gateway.core.forwarding.judge import MOST_WAITING_ALONE
from gateway.core.forwarding.loop import RECEIVER_KEPT_S
from gateway.core.identifiers import new_id
from gateway.errors import Conflict
from gateway.records import Callback, Event, EventType, Webhook
from gateway.store import callbacks as rows
from gateway.store import erasing
from gateway.store.callbacks import MOST_PATHS
from tests.core.stage import Stage, story
from tests.receiver import Answer, Received, Receiver

SENT, DELIVERED = EventType.MESSAGE_SENT, EventType.MESSAGE_DELIVERED
ACK = Answer(200, body=b"ACK/Jasmin")


class Client:
    """Sends texts with callbacks, and things happen to them."""

    def __init__(self, stage: Stage, key_id: int = 1) -> None:
        self._stage = stage
        self._key_id = key_id

    async def sends(self, wanted: Callback | None) -> str:
        assert wanted is not None
        now = self._stage.clock.now()
        public_id, checked = new_id("msg", now), callbacks.checked(wanted, now, "callback")
        await self._stage.store.writer.arun(lambda db: rows.add(db, public_id, self._key_id, checked, now))
        return public_id

    async def happens(self, public_id: str, kind: EventType, conversation: str = "alice", **more: Any) -> None:
        now = self._stage.clock.now()
        data = {"id": public_id, "to": "+491711234567", "from": "+4915110000000", "text": "Hi", "channel": "p0", **more}
        event = Event(new_id("evt", now), kind, now, conversation, data)
        await self._stage.store.writer.arun(lambda db: rows.tell(db, public_id, event))
        self._stage.forwarding.wake()


def receiver_of(stage: Stage) -> Webhook:
    (found,) = stage.webhooks.receivers()
    return found


def query(request: Received) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(request.path).query))


def at(path: str) -> str:
    return urlsplit(path).path


@story
async def test_only_what_was_asked_for_is_told(tmp_path: Path) -> None:
    with Receiver() as web:
        async with Stage(tmp_path) as stage:
            client = Client(stage)
            first = await client.sends(callbacks.kannel(f"{web.url}?type=%d&n=1", 1))
            second = await client.sends(callbacks.kannel(f"{web.url}?type=%d&n=2", 8))
            for one in (first, second):
                await client.happens(one, SENT)
                await client.happens(one, DELIVERED)
            await client.happens("msg_without", SENT)
            heard = [query(one) for one in await web.expect(2)]
            await stage.idle()
            assert heard == [{"type": "1", "n": "1"}, {"type": "8", "n": "2"}]
            await stage.recorded(receiver_of(stage), "accepted", "accepted")


@story
async def test_a_receiver_that_is_down_holds_up_itself_alone_and_hears_in_order_later(tmp_path: Path) -> None:
    dead = Receiver().start()
    dead.stop()
    with Receiver() as web:
        async with Stage(tmp_path) as stage:
            client = Client(stage)
            there = await client.sends(callbacks.kannel(f"{dead.url}?type=%d", 31))
            here = await client.sends(callbacks.kannel(f"{web.url}?type=%d", 31))
            for one in (there, here):
                await client.happens(one, SENT)
                await client.happens(one, DELIVERED)
            assert [query(one)["type"] for one in await web.expect(2)] == ["8", "1"]
            away = stage.webhooks.receivers()[0]
            await stage.recorded(away, "pending", "pending", tries=1)
            await stage.restart()
            with dead:
                stage.later(400)
                assert [query(one)["type"] for one in await dead.expect(2)] == ["8", "1"]
                await stage.recorded(away, "accepted", "accepted")


@story
async def test_a_callback_that_always_fails_holds_up_its_own_message_alone(tmp_path: Path) -> None:
    with Receiver() as web:
        web.decide = lambda one: Answer(500 if query(one)["n"] == "a" else 200)
        async with Stage(tmp_path) as stage:
            client = Client(stage)
            first = await client.sends(callbacks.kannel(f"{web.url}?type=%d&n=a", 31))
            second = await client.sends(callbacks.kannel(f"{web.url}?type=%d&n=b", 31))
            await client.happens(first, SENT)
            await web.expect(1)
            for one in (first, second):
                await client.happens(one, DELIVERED)
            await client.happens(second, SENT)
            await web.expect(3)
            await stage.recorded(receiver_of(stage), "pending", "pending", "accepted", "accepted")
            web.decide = None
            stage.later(10)
            heard = [query(one) for one in await web.expect(5)]
            assert [one["type"] for one in heard if one["n"] == "a"] == ["8", "8", "1"]
            assert [one["type"] for one in heard if one["n"] == "b"] == ["1", "8"]


@story
async def test_a_hundred_callbacks_that_are_refused_do_not_keep_one_that_is_taken(tmp_path: Path) -> None:
    with Receiver() as web:
        web.decide = lambda one: Answer(404 if query(one)["n"] != "last" else 200)
        async with Stage(tmp_path) as stage:
            client = Client(stage)
            for n in (*range(100), "last"):
                await client.happens(await client.sends(callbacks.kannel(f"{web.url}?n={n}", 8)), SENT)
            await stage.recorded(receiver_of(stage), *["pending"] * 100, "accepted")


@story
async def test_a_receiver_that_refuses_everything_is_left_alone_in_the_end(tmp_path: Path) -> None:
    most = MOST_WAITING_ALONE + 100
    with Receiver() as web:
        web.default = Answer(500)
        async with Stage(tmp_path) as stage:
            client = Client(stage)
            for n in range(most):
                message = await client.sends(callbacks.kannel(f"{web.url}?n={n}", 8))
                await client.happens(message, SENT)
            await web.expect(MOST_WAITING_ALONE)
            await stage.idle()
            assert MOST_WAITING_ALONE <= len(web.requests) < most
            web.default = Answer(200)
            for _ in range(3):
                stage.later(400)
                await stage.idle()
            await stage.recorded(receiver_of(stage), *["accepted"] * most)


@pytest.mark.parametrize("broken", [Answer(503), Answer(drop=True)])
def test_an_address_that_is_down_does_not_keep_another_one_at_its_host(tmp_path: Path, broken: Answer) -> None:
    @story
    async def told() -> None:
        with Receiver() as web:
            web.decide = lambda one: broken if at(one.path) == "/down" else Answer(200)
            async with Stage(tmp_path) as stage:
                client = Client(stage)
                there = await client.sends(callbacks.kannel(f"http://127.0.0.1:{web.port}/down?n=%d", 31))
                here = await client.sends(callbacks.kannel(f"http://127.0.0.1:{web.port}/up?n=%d", 31))
                await client.happens(there, SENT)
                await stage.recorded(stage.webhooks.receivers()[0], "pending", tries=1)
                await client.happens(here, SENT)
                await stage.recorded(stage.webhooks.receivers()[1], "accepted")

    told()


@story
async def test_a_host_whose_every_address_is_another_gets_few_receivers(tmp_path: Path) -> None:
    with Receiver() as web:
        async with Stage(tmp_path) as stage:
            client = Client(stage)
            for n in range(30):
                message = await client.sends(callbacks.kannel(f"{web.url}/{n}?type=%d", 8))
                await client.happens(message, SENT)
            assert {at(one.path) for one in await web.expect(30)} == {f"/hook/{n}" for n in range(30)}
            assert len(stage.webhooks.receivers()) == MOST_PATHS + 1
            assert {one.url for one in stage.webhooks.receivers()} == {f"http://127.0.0.1:{web.port}"}


@story
async def test_keys_do_not_share_a_receiver(tmp_path: Path) -> None:
    with Receiver() as web:
        async with Stage(tmp_path) as stage:
            for key_id in (1, 2, 1):
                await Client(stage, key_id).sends(callbacks.kannel(f"{web.url}?type=%d", 31))
            assert len(stage.webhooks.receivers()) == 2


@story
async def test_jasmin_is_asked_again_until_it_says_its_words(tmp_path: Path) -> None:
    with Receiver() as web:
        async with Stage(tmp_path) as stage:
            web.answers(200, Answer(200, body=b"OK"), ACK)
            client = Client(stage)
            message = await client.sends(callbacks.jasmin(web.url, 3, "post"))
            await client.happens(message, SENT)
            (row,) = await stage.recorded(receiver_of(stage), "pending", tries=1)
            assert row.last_error == "HTTP 200: it was not answered by ACK/Jasmin"
            stage.later(10)
            await web.expect(2)
            await stage.recorded(receiver_of(stage), "pending", tries=2)
            stage.later(60)
            assert parse_qs((await web.expect(3))[2].body.decode())["message_status"] == ["ESME_ROK"]
            await stage.recorded(receiver_of(stage), "accepted")


@story
async def test_twilios_library_takes_the_signature_of_a_callback(tmp_path: Path) -> None:
    validator = pytest.importorskip("twilio.request_validator").RequestValidator("the-secret-0123456789")
    with Receiver() as web:
        async with Stage(tmp_path, callback_secrets={"twilio": "the-secret-0123456789"}) as stage:
            url = f"{web.url}?order=7%20b"
            client = Client(stage)
            message = await client.sends(callbacks.twilio(f"{url}#rc=3", "AC0123456789abcdef0123456789abcdef"))
            await client.happens(message, SENT)
            await client.happens(message, EventType.MESSAGE_UNDELIVERED)
            sent, undelivered = await web.expect(2)
            for one in (sent, undelivered):
                form = dict(parse_qsl(one.body.decode(), keep_blank_values=True))
                assert validator.validate(url, form, one.headers["x-twilio-signature"])
                assert not validator.validate(url, {**form, "To": "+1"}, one.headers["x-twilio-signature"])
            assert form["AccountSid"] == "AC0123456789abcdef0123456789abcdef"
            assert (form["MessageStatus"], form["SmsStatus"], form["ErrorCode"]) == ("undelivered", "undelivered", "30008")


@story
async def test_without_a_secret_callbacks_are_not_signed_and_with_another_tomorrow_by_that(tmp_path: Path) -> None:
    with Receiver() as web:
        async with Stage(tmp_path) as stage:
            client = Client(stage)
            message = await client.sends(callbacks.twilio(web.url, "AC1"))
            await client.happens(message, SENT)
            assert "x-twilio-signature" not in (await web.expect(1))[0].headers
            await stage.recorded(receiver_of(stage), "accepted")
        async with Stage(tmp_path, callback_secrets={"twilio": "the-secret-0123456789"}) as stage:
            await Client(stage).happens(message, DELIVERED)
            assert "x-twilio-signature" in (await web.expect(2))[1].headers


@pytest.mark.parametrize("method", ["post", "get"])
def test_vonages_library_takes_the_signature_of_a_callback(tmp_path: Path, method: str) -> None:
    auth = pytest.importorskip("vonage_http_client").Auth(
        api_key="4f5a", api_secret="x", signature_secret="the-secret-0123456789", signature_method="sha256"
    )

    @story
    async def tell() -> None:
        with Receiver() as web:
            async with Stage(tmp_path, callback_secrets={"vonage": "the-secret-0123456789"}) as stage:
                client = Client(stage)
                message = await client.sends(callbacks.vonage(web.url, "4f5a", method))
                await client.happens(message, DELIVERED, client_ref="r&1")
                (one,) = await web.expect(1)
                told = dict(parse_qsl(one.body.decode())) if method == "post" else query(one)
                assert one.method == method.upper()
                assert (told["messageId"], told["status"], told["err-code"], told["api-key"]) == (message, "delivered", "0", "4f5a")
                assert (told["msisdn"], told["to"], told["client-ref"]) == ("491711234567", "4915110000000", "r&1")
                assert auth.check_signature(dict(told))
                assert not auth.check_signature({**told, "status": "failed"})

    tell()


@story
async def test_410_gives_up_this_callback_and_no_other(tmp_path: Path) -> None:
    with Receiver() as web:
        async with Stage(tmp_path) as stage:
            web.answers(410)
            client = Client(stage)
            for n in range(2):
                await client.happens(await client.sends(callbacks.kannel(f"{web.url}?n={n}", 8)), SENT, f"conversation {n}")
            await web.expect(2)
            first, _ = await stage.recorded(receiver_of(stage), "dead", "accepted")
            assert receiver_of(stage).enabled and first.last_status == 410


@story
async def test_what_is_dead_is_replayed_to_its_own_address(tmp_path: Path) -> None:
    with Receiver() as web:
        async with Stage(tmp_path) as stage:
            web.answers(410)
            client = Client(stage)
            await client.happens(await client.sends(callbacks.kannel(f"{web.url}?n=1", 8)), SENT)
            await stage.recorded(receiver_of(stage), "dead")
            assert await _in_thread(stage.webhooks.replay, receiver_of(stage).id) == 1
            first, second = await web.expect(2)
            assert first.path == second.path
            await stage.recorded(receiver_of(stage), "accepted")


@story
async def test_an_address_that_is_never_called_is_not_called_for_a_callback(tmp_path: Path) -> None:
    async with Stage(tmp_path) as stage:
        client = Client(stage)
        await client.happens(await client.sends(callbacks.kannel("http://169.254.169.254/?type=%d", 8)), SENT)
        (row,) = await stage.recorded(receiver_of(stage), "dead")
        assert row.last_error == "never called: 169.254.169.254 is a link-local address"


@story
async def test_a_receiver_is_switched_off_and_removed_but_not_changed_or_tested(tmp_path: Path) -> None:
    with Receiver() as web:
        async with Stage(tmp_path) as stage:
            client, do = Client(stage), stage.webhooks
            message = await client.sends(callbacks.kannel(f"{web.url}?type=%d", 31))
            found = receiver_of(stage)
            with pytest.raises(Conflict):
                await _in_thread(do.change, found.id, url="http://other.example/")
            with pytest.raises(Conflict):
                await _in_thread(do.test, found.id)
            await _in_thread(do.change, found.id, enabled=False)
            await client.happens(message, SENT)
            assert stage.rows(found) == []
            await _in_thread(do.change, found.id, enabled=True)
            await client.happens(message, DELIVERED)
            assert query((await web.expect(1))[0])["type"] == "1"
            await _in_thread(do.remove, found.id)
            await client.happens(message, DELIVERED)
            await stage.idle()
            assert len(web.requests) == 1 and do.receivers() == []


@story
async def test_a_connection_is_kept_for_a_minute(tmp_path: Path) -> None:
    with Receiver() as web:
        async with Stage(tmp_path) as stage:
            client = Client(stage)
            for n, pause in enumerate((0.0, RECEIVER_KEPT_S - 1, RECEIVER_KEPT_S + 1), 1):
                stage.later(pause)
                await stage.idle()
                await client.happens(await client.sends(callbacks.kannel(f"{web.url}?n={n}", 8)), SENT)
                await web.expect(n)
                await stage.recorded(receiver_of(stage), *["accepted"] * n)
            assert [one.connection for one in web.requests] == [1, 1, 2]


@story
async def test_nothing_is_told_of_a_message_that_was_erased(tmp_path: Path) -> None:
    dead = Receiver().start()
    dead.stop()
    async with Stage(tmp_path) as stage:
        client = Client(stage)
        message = await client.sends(callbacks.kannel(f"{dead.url}?secret=swordfish", 31))
        await client.happens(message, SENT)
        await stage.recorded(receiver_of(stage), "pending", tries=1)

        def erased(db: Any) -> None:
            db.execute_sql(
                "INSERT INTO messages (public_id, direction, status, recipient, sender, text, encoding, parts, created_at)"
                " VALUES (?, 'out', 'delivered', '+491711234567', '', 'Hi', 'gsm7', 1, 0)",
                (message,),
            )
            erasing.erase(db, message, None)

        await stage.store.writer.arun(erased)
        left = stage.store.read(lambda db: "\n".join(db.connection().iterdump()))
        assert "swordfish" not in left


async def _in_thread(call: Any, *given: Any, **more: Any) -> Any:
    return await asyncio.to_thread(call, *given, **more)


@story
async def test_telnyx_is_told_by_the_envelope_of_its_webhooks(tmp_path: Path) -> None:
    with Receiver() as web:
        async with Stage(tmp_path) as stage:
            client = Client(stage)
            message = await client.sends(callbacks.telnyx(web.url))
            await client.happens(message, SENT)
            await client.happens(message, DELIVERED)
            told = [one.json["data"] for one in await web.expect(2)]
            assert [(one["event_type"], one["payload"]["to"][0]["status"]) for one in told] == [
                ("message.sent", "sent"),
                ("message.finalized", "delivered"),
            ]
            assert {one["payload"]["id"] for one in told} == {message}
