"""Webhooks in other people's forms, posted by the real loop to a receiver that checks and answers as those do."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from gateway.clock import ManualClock
from gateway.core.keys import Keys
from gateway.core.replying import Replying
from gateway.records import EventType, Forward
from gateway.settings import parse
from gateway.store import Store
from gateway.store.messages import MessageFilter
from tests.core.stage import Stage, story
from tests.receiver import Answer, Receiver
from tests.web.conftest import CONFIGURATION, Gateway

TEXT = {"id": "msg_1", "from": "+491711234567", "to": "+4915110000000", "text": "Hallo & 1+1", "channel": "p0", "parts": 1}
THANKS = Answer(200, {"Content-Type": "text/xml"}, "<Response><Message>Danke für alles</Message></Response>".encode())


@pytest.fixture
def pbx() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


@story
async def test_yeastar_is_told_in_its_form_and_can_verify_it(tmp_path: Path, pbx: Receiver) -> None:
    async with Stage(tmp_path) as stage:
        webhook = stage.hook(pbx.url, format="telnyx", options={"signing": "hmac-sha256"}, secret="yeastar-secret")
        event_id = await stage.happens(EventType.MESSAGE_RECEIVED, TEXT)
        (request,) = await pbx.expect(1)
        data = request.json["data"]
        assert (data["event_type"], data["id"], data["payload"]["text"]) == ("message.received", event_id, "Hallo & 1+1")
        digest = hmac.new(b"yeastar-secret", request.body, hashlib.sha256).hexdigest()
        assert request.headers["x-signature-256"] == f"sha256={digest}"
        await stage.recorded(webhook, "accepted")


@story
async def test_kannel_is_called_with_get_and_any_2xx_accepts(tmp_path: Path, pbx: Receiver) -> None:
    async with Stage(tmp_path) as stage:
        webhook = stage.hook(pbx.url, format="kannel", options={"mo": "from=%p&text=%b"})
        pbx.answers(202)
        await stage.happens(EventType.MESSAGE_RECEIVED, TEXT)
        (request,) = await pbx.expect(1)
        assert (request.method, request.path, request.body) == ("GET", "/hook?from=%2B491711234567&text=Hallo+%26+1%2B1", b"")
        await stage.recorded(webhook, "accepted")


@story
async def test_what_a_format_cannot_express_is_never_queued_for_it(tmp_path: Path, pbx: Receiver) -> None:
    async with Stage(tmp_path) as stage:
        webhook, whole = stage.hook(pbx.url, format="telnyx"), stage.hook(pbx.url)
        await stage.happens(EventType.CHANNEL_DOWN, {"channel": "p0"}, "channel:p0")
        await stage.happens(EventType.MESSAGE_UNKNOWN, TEXT)
        await stage.happens(EventType.MESSAGE_SENT, TEXT)
        assert [row.event_type for row in stage.rows(webhook)] == [EventType.MESSAGE_SENT]
        assert len(stage.rows(whole)) == 3


@story
async def test_what_waited_while_the_format_changed_is_given_up_with_a_reason(tmp_path: Path, pbx: Receiver) -> None:
    async with Stage(tmp_path) as stage:
        webhook = stage.hook(pbx.url)
        pbx.stop()
        await stage.happens(EventType.CHANNEL_DOWN, {"channel": "p0"}, "channel:p0")
        await stage.recorded(webhook, "pending", tries=1)
        stage.webhooks.change(webhook.id, format="fusionpbx")
        (row,) = await stage.recorded(webhook, "dead")
        assert row.last_error == "never posted: fusionpbx cannot express channel.down"


@story
async def test_ucontacts_error_is_tried_again_though_it_comes_with_200(tmp_path: Path, pbx: Receiver) -> None:
    async with Stage(tmp_path) as stage:
        webhook = stage.hook(pbx.url, format="ucontact")
        pbx.answers(Answer(200, body=b"ERROR"), Answer(200, body=b"OK"))
        await stage.happens(EventType.MESSAGE_RECEIVED, TEXT)
        (row,) = await stage.recorded(webhook, "pending", tries=1)
        assert row.last_error == "HTTP 200: uContact answered ERROR"
        stage.later(60)
        await stage.recorded(webhook, "accepted")
        first, again = await pbx.expect(2)
        assert first.path == again.path == "/hook?phone=491711234567&message=Hallo%20%26%201%2B1"


@story
async def test_a_receiver_of_smseagle_takes_the_form_and_knows_the_key(tmp_path: Path, pbx: Receiver) -> None:
    async with Stage(tmp_path) as stage:
        webhook = stage.hook(pbx.url, format="smseagle", secret="eagle-secret", options={"ports": {"p0": 3}})
        pbx.answers(503, 200)
        await stage.happens(EventType.MESSAGE_RECEIVED, TEXT)
        await stage.happens(EventType.MESSAGE_SENT, TEXT)  # it knows no reports
        await stage.recorded(webhook, "pending", tries=1)
        stage.later(60)
        await stage.recorded(webhook, "accepted")
        first, again = await pbx.expect(2)
        assert (again.method, again.path, again.body) == (first.method, first.path, first.body)
        assert first.headers["content-type"].startswith("application/x-www-form-urlencoded")
        form = parse_qs(first.body.decode(), strict_parsing=True, keep_blank_values=True)
        assert list(form) == ["sender", "timestamp", "text", "msgid", "modemno", "oid", "apikey"]
        assert (form["sender"], form["text"], form["modemno"]) == (["+491711234567"], ["Hallo & 1+1"], ["3"])
        assert (form["oid"], form["apikey"]) == ([""], ["eagle-secret"])
        assert form["msgid"][0].isdigit() and len(form["timestamp"][0]) == 14


@story
async def test_a_test_arrives_in_every_format(tmp_path: Path, pbx: Receiver) -> None:
    async with Stage(tmp_path) as stage:
        for number, format in enumerate(("telnyx", "twilio", "vonage", "kannel", "sms-gate", "smseagle", "template"), 1):
            webhook = stage.hook(pbx.url, format=format)
            stage.webhooks.test(webhook.id)
            await stage.recorded(webhook, "accepted")
            assert len(await pbx.expect(number)) == number


class Front:
    """The real way of sending over the stage's own database, so that replies can be looked at as messages."""

    def __init__(self) -> None:
        self.stage: Stage | None = None
        self.crash = False

    async def reply(self, row: Forward, texts: Sequence[str]) -> None:
        assert self.stage is not None
        await Replying(self._gateway(self.stage.store).sending).reply(row, texts)
        if self.crash:
            self.crash = False
            raise OSError("the power went before the acceptance was written down")

    def messages(self) -> list[tuple[str, str, str | None]]:
        assert self.stage is not None
        found = self.stage.store.messages.find(MessageFilter(), None, 10).messages
        return [(one.to, one.text, one.client_ref) for one in found]

    def _gateway(self, store: Store) -> Gateway:
        assert self.stage is not None and isinstance(self.stage.clock, ManualClock)
        settings = parse(CONFIGURATION, Path("/nowhere"))
        return Gateway(settings, self.stage.clock, store, Keys(store, self.stage.clock), self.stage.webhooks)


@story
async def test_twiml_is_sent_back_to_who_wrote_once_however_often_it_is_said(tmp_path: Path, pbx: Receiver) -> None:
    front = Front()
    async with Stage(tmp_path, reply=front.reply) as stage:
        front.stage, front.crash = stage, True
        webhook = stage.hook(pbx.url, format="twilio")
        pbx.answers(THANKS, THANKS)
        event_id = await stage.happens(EventType.MESSAGE_RECEIVED, TEXT)
        await stage.recorded(webhook, "pending", tries=1)
        stage.later(60)
        await stage.recorded(webhook, "accepted")
        assert front.messages() == [("+491711234567", "Danke für alles", f"reply:{event_id}")]
        assert parse_qs((await pbx.expect(2))[0].body.decode())["Body"] == ["Hallo & 1+1"]


@story
async def test_twiml_that_is_longer_than_the_configuration_allows_is_not_sent(tmp_path: Path, pbx: Receiver) -> None:
    front = Front()
    async with Stage(tmp_path, reply=front.reply) as stage:
        front.stage = stage
        webhook = stage.hook(pbx.url, format="twilio")
        long, fitting = ("x" * 671, "x" * 670)
        said = f"<Response><Message>{long}</Message><Message>{fitting}</Message></Response>"
        pbx.answers(Answer(200, {"Content-Type": "text/xml"}, said.encode()))
        await stage.happens(EventType.MESSAGE_RECEIVED, TEXT)
        await stage.recorded(webhook, "accepted")
        assert [text for _, text, _ in front.messages()] == [fitting]


@story
async def test_twiml_for_a_status_or_for_a_sender_without_a_number_sends_nothing(tmp_path: Path, pbx: Receiver) -> None:
    front = Front()
    async with Stage(tmp_path, reply=front.reply) as stage:
        front.stage, pbx.default = stage, THANKS
        webhook = stage.hook(pbx.url, format="twilio")
        await stage.happens(EventType.MESSAGE_DELIVERED, TEXT)
        await stage.happens(EventType.MESSAGE_RECEIVED, {**TEXT, "from": "ACME"}, "ACME")
        await stage.recorded(webhook, "accepted", "accepted")
        assert front.messages() == []


@story
async def test_a_template_meets_its_receiver(tmp_path: Path, pbx: Receiver) -> None:
    async with Stage(tmp_path) as stage:
        options = {"target": "/sms/{to}?key={secret}", "body": "text={text}", "expect": "ACK", "method": "PUT", "numbers": "00"}
        webhook = stage.hook(pbx.url, format="template", options=options, secret="swordfish")
        pbx.answers(Answer(200, body=b"NO"), Answer(200, body=b"ACK/Jasmin"))
        await stage.happens(EventType.MESSAGE_RECEIVED, TEXT)
        (row,) = await stage.recorded(webhook, "pending", tries=1)
        assert row.last_error == "HTTP 200: the answer does not hold 'ACK'"
        stage.later(60)
        await stage.recorded(webhook, "accepted")
        request = (await pbx.expect(2))[1]
        assert (request.method, urlsplit(request.path).path) == ("PUT", "/sms/004915110000000")
        assert (request.path.partition("?")[2], request.body) == ("key=swordfish", b"text=Hallo+%26+1%2B1")
