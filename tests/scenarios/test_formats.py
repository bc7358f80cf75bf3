"""A whole gateway with webhooks in other forms: what comes in by a modem reaches a bot, which answers by SMS, and an Asterisk."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs

import pytest

from simulator.testing import running_bank
from tests.asterisk import Asterisk
from tests.core.stage import story
from tests.receiver import Answer, Receiver
from tests.scenarios.box import running_gateway

pytestmark = pytest.mark.slow

HANDSET = "+491709900001"


def test_a_bot_that_speaks_twiml_answers_over_the_sim_that_was_written_to(tmp_path: Path) -> None:
    with Receiver() as bot, running_bank(2) as bank, running_gateway(tmp_path, bank, 2) as box:
        wanted = {"url": bot.url, "events": ["*"], "format": "twilio", "secret": "0123456789abcdef0123456789abcdef"}
        status, made = box.call("/v1/webhooks", "POST", wanted)
        assert status == 201 and "channel.up" in made["not_told"]
        bot.answers(Answer(200, body="<Response><Message>Pong, grüß dich</Message></Response>".encode()))
        bank.text(HANDSET, "p1", "Ping")
        (answer,) = bank.wait_for("text", 1, to=HANDSET)
        assert (answer["text"], answer["from"]) == ("Pong, grüß dich", bank.number("p1"))
        asked, *callbacks = [parse_qs(one.body.decode()) for one in bot.wait_for(3)]
        assert (asked["From"], asked["Body"], asked["SmsStatus"]) == ([HANDSET], ["Ping"], ["received"])
        assert [one["MessageStatus"] for one in callbacks] == [["sent"], ["delivered"]]
        assert all((one["From"], one["To"]) == ([bank.number("p1")], [HANDSET]) for one in callbacks)


@story
async def test_a_text_to_a_number_rings_at_the_extension_that_has_it(tmp_path: Path) -> None:
    async with Asterisk() as pbx:
        with running_bank(2) as bank, running_gateway(tmp_path, bank, 2) as box:
            wanted = {"url": pbx.url, "events": ["message.received"], "format": "asterisk-ami", "secret": "swordfish"}
            status, made = box.call("/v1/webhooks", "POST", wanted)
            assert status == 201
            rule = {"name": "sales", "channels": ["p1"], "webhooks": [made["id"]], "extension": "1001"}
            assert box.call("/v1/inbound", "POST", rule)[0] == 201
            bank.text(HANDSET, "p1", "Grüße an alle 😀")
            (sent,) = await pbx.done(1)
            assert (sent["Action"], sent["Destination"]) == ("MessageSend", "pjsip:1001")
            assert (sent["From"], pbx.texts) == (f'"{HANDSET}" <sip:{HANDSET}@simrack>', ["Grüße an alle 😀"])
