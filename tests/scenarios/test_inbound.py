"""Numbers to people, told whole: texts to two SIMs reach different PBXs, a keyword a third, and nothing is lost by a kill."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.testing import running_bank
from tests.bench.stage import stage, until
from tests.receiver import Receiver
from tests.scenarios.box import Box, running_gateway
from tests.scenarios.test_killed import kill_and_restart

pytestmark = pytest.mark.slow

HANDSET = "+491709900001"


def webhook(box: Box, receiver: Receiver, *events: str) -> str:
    status, made = box.call("/v1/webhooks", "POST", {"url": receiver.url, "events": list(events)})
    assert status == 201, made
    return str(made["id"])


def rule(box: Box, name: str, **given: object) -> None:
    status, made = box.call("/v1/inbound", "POST", {"name": name, **given})
    assert status == 201, made


def told(receiver: Receiver, count: int) -> list[tuple[str, str | None, str]]:
    return [(event.data["text"], event.data["extension"], event.data["channel"]) for event in receiver.wait_for(count)]


def test_two_sims_reach_two_pbxs_a_keyword_a_third_and_the_rest_waits_for_a_person(tmp_path: Path) -> None:
    with (
        Receiver() as sales,
        Receiver() as support,
        Receiver() as third,
        running_bank(3) as bank,
        running_gateway(tmp_path, bank, 3) as box,
    ):
        first, second = webhook(box, sales, "message.received"), webhook(box, support, "message.received")
        last = webhook(box, third, "message.failed")
        rule(box, "stop", keywords=["Stop"], webhooks=[last], extension="abuse")
        rule(box, "sales", to=[bank.number("p0")], webhooks=[first], extension="100")
        rule(box, "support", channels=["p1"], webhooks=[second], extension="200")
        bank.text(HANDSET, "p0", "What does it cost?")
        bank.text(HANDSET, "p1", "It does not work")
        bank.text("+491709900002", "p1", "STOP! I have had enough")
        bank.text(HANDSET, "p2", "Is anybody there?")
        assert told(sales, 1) == [("What does it cost?", "100", "p0")]
        assert told(support, 1) == [("It does not work", "200", "p1")]
        assert told(third, 1) == [("STOP! I have had enough", "abuse", "p1")]

        (waiting,) = box.wait(lambda: box.call("/v1/messages?claimed=false")[1]["data"], "the text nobody was told of")
        assert (waiting["text"], waiting["claimed"], waiting["inbound"]) == ("Is anybody there?", False, None)
        rule(box, "rest", webhooks=[first], extension="front")
        assert box.call("/v1/inbound/replay", "POST", {"ids": [waiting["id"]]}) == (202, {"replayed": 1, "nobody": []})
        assert told(sales, 2)[1] == ("Is anybody there?", "front", "p2")
        assert box.call("/v1/messages?claimed=false")[1]["data"] == []
        assert [len(one.requests) for one in (sales, support, third)] == [2, 1, 1]


def test_a_kill_between_the_commit_and_the_posting_loses_neither_text_nor_decision() -> None:
    with stage() as on, Receiver() as pbx, Receiver() as other:
        bank = on.bank(1, latency="0.02")
        gateway = on.gateway(bank, webhook=other.url, events=["message.received"])
        made = gateway.call("/v1/webhooks", "POST", {"url": pbx.url, "events": ["message.failed"]})
        gateway.call("/v1/inbound", "POST", {"name": "order", "keywords": ["order"], "webhooks": [made["id"]], "extension": "7"})
        pbx.stop()
        bank.control("/text", {"from": HANDSET, "to": "p0", "text": "Order 12"})
        bank.control("/text", {"from": HANDSET, "to": "p0", "text": "Hello"})
        until(lambda: len(gateway.call("/v1/messages?direction=in")["data"]) == 2, 20, "both texts")
        kill_and_restart(on, gateway, 1)
        pbx.start()
        gateway.call(f"/v1/webhooks/{made['id']}", "PATCH", {"enabled": True})  # it is tried at once, however often it was before
        (event,) = pbx.wait_for(1)
        assert (event.data["text"], event.data["extension"], event.data["inbound"]) == ("Order 12", "7", "order")
        (waiting,) = gateway.call("/v1/messages?claimed=false")["data"]
        assert waiting["text"] == "Hello" and other.requests == []
        assert gateway.call("/v1/inbound/replay", "POST", {"ids": [waiting["id"]], "webhook": made["id"]})["replayed"] == 1
        assert [one.data["text"] for one in pbx.wait_for(2)] == ["Order 12", "Hello"]
