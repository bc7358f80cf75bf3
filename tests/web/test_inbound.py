"""`/v1/inbound`: rules for incoming texts are made, ordered, changed, explained and reset, by those who may."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from gateway.core.receiving import Receiving
from gateway.records import IncomingPart
from tests.web.conftest import Caller, Gateway, faults

NONE = {
    "enabled": True, "to": [], "channels": [], "pool": None, "from": [], "keywords": [], "pattern": None,
    "webhooks": [], "extension": None, "follow_days": None,
}  # fmt: skip
OWN = {"p0": "+4915110000000", "p1": "+4915110000001"}


def names(caller: Caller) -> list[tuple[int, str]]:
    return [(one["position"], one["name"]) for one in caller.get("/v1/inbound").json["data"]]


def webhook(caller: Caller, *events: str) -> str:
    made = caller.post("/v1/webhooks", {"url": "https://pbx.example/sms", "events": list(events) or ["message.received"]})
    return str(made.json["id"])


def comes(gateway: Gateway, *texts: str, channel: str = "p0") -> None:
    receiving = Receiving(
        gateway.store, gateway.settings.receiving, gateway.clock, lambda name: OWN[name],
        forward=lambda: None, parts_wait=lambda: None, heard=lambda *told: None, decide=gateway.inbound.decide,
    )  # fmt: skip
    for number, text in enumerate(texts):
        at = datetime(2026, 11, 21, 20, tzinfo=UTC) + timedelta(seconds=number)
        part = IncomingPart(channel, "sim", f"raw {text}", sender="+4917012345678", service_time=at, text=text)
        asyncio.run(receiving.keep(part))


def test_a_rule_is_made_and_shown_with_all_it_says(alice: Caller, carol: Caller) -> None:
    wanted = {
        "name": "vip", "enabled": False, "to": ["0151 10000000"], "channels": ["p0"], "pool": "main",
        "from": ["0170 12345678", "+4915*", "Bank*"], "keywords": ["Order"], "pattern": "[0-9]{3}",
        "webhooks": [webhook(alice)], "extension": "a.b", "follow_days": 7,
    }  # fmt: skip
    made = alice.post("/v1/inbound", wanted)
    assert made.status_code == 201, made.json
    kept = {"to": ["+4915110000000"], "from": ["+4917012345678", "+4915*", "Bank*"], "keywords": ["order"], "position": 1}
    assert made.json == {**wanted, **kept}
    assert carol.get(made.headers["Location"]).json == made.json
    assert carol.get("/v1/inbound").json == {"data": [made.json]}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": "a b"}, "/name"),
        ({"name": "replay"}, "/name"),
        ({"to": ["me"]}, "/to"),
        ({"channels": ["p9"]}, "/channels"),
        ({"pool": "mian"}, "/pool"),
        ({"from": ["0151*"]}, "/from"),
        ({"keywords": ["a b"]}, "/keywords"),
        ({"pattern": "("}, "/pattern"),
        ({"extension": "a b"}, "/extension"),
        ({"follow_days": 91}, "/follow_days"),
        ({"colour": "red"}, "/colour"),
    ],
)
def test_a_wrong_rule_is_refused_by_the_name_of_its_field(alice: Caller, change: dict[str, object], field: str) -> None:
    refused = alice.post("/v1/inbound", {"name": "r", **change})
    assert refused.status_code == 422 and faults(refused) == [field]


def test_what_contradicts_the_present_state_is_a_conflict(alice: Caller) -> None:
    alice.post("/v1/inbound", {"name": "r"})
    assert alice.post("/v1/inbound", {"name": "r"}).status_code == 409
    gone = alice.post("/v1/inbound", {"name": "x", "webhooks": ["wh_gone"]})
    assert gone.status_code == 409 and faults(gone) == ["/webhooks"]
    named = webhook(alice)
    assert alice.put("/v1/inbound/r", {"webhooks": [named]}).status_code == 200
    refused = alice.delete(f"/v1/webhooks/{named}")
    assert refused.status_code == 409 and "inbound rule r" in refused.json["detail"]


def test_rules_are_changed_moved_and_removed(alice: Caller) -> None:
    for name in "abc":
        alice.post("/v1/inbound", {"name": name, "extension": name})
    alice.post("/v1/inbound", {"name": "first", "position": 1})
    assert names(alice) == [(1, "first"), (2, "a"), (3, "b"), (4, "c")]
    assert alice.put("/v1/inbound/a", {"pool": "main"}).json == {**NONE, "name": "a", "position": 2, "pool": "main"}
    assert alice.post("/v1/inbound/first/move", {"position": 99}).json["position"] == 4
    assert alice.delete("/v1/inbound/b").status_code == 204
    assert names(alice) == [(1, "a"), (2, "c"), (3, "first")]
    assert alice.post("/v1/inbound/reset").json == {"removed": 3}
    for refused in (alice.get("/v1/inbound/a"), alice.put("/v1/inbound/a", {}), alice.delete("/v1/inbound/a")):
        assert refused.status_code == 404


def test_readers_read_and_explain_and_only_admins_change(alice: Caller, bob: Caller, carol: Caller) -> None:
    alice.post("/v1/inbound", {"name": "r"})
    assert bob.get("/v1/inbound").status_code == 403
    assert carol.post("/v1/inbound/explain", {}).status_code == 200
    for refused in (
        carol.post("/v1/inbound", {"name": "x"}),
        carol.put("/v1/inbound/r", {}),
        carol.post("/v1/inbound/r/move", {"position": 1}),
        carol.delete("/v1/inbound/r"),
        carol.post("/v1/inbound/reset"),
        carol.post("/v1/inbound/replay", {"ids": ["msg_1"]}),
    ):
        assert refused.status_code == 403


def test_an_explanation_says_which_rule_webhooks_and_extension(alice: Caller) -> None:
    named = webhook(alice)
    alice.post("/v1/inbound", {"name": "order", "keywords": ["order"], "webhooks": [named]})
    alice.post("/v1/inbound", {"name": "p1", "to": ["+4915110000001"], "webhooks": [named], "extension": "200"})
    found = alice.post("/v1/inbound/explain", {"to": "0151 10000001", "from": "0170 12345678", "text": "Hello, you"})
    assert found.json == {
        "to": "+4915110000001", "channel": "p1", "from": "+4917012345678", "keyword": "hello",
        "looked_at": [
            {"position": 1, "rule": "order", "matched": False, "why": "its first word is 'hello', not order"},
            {"position": 2, "rule": "p1", "matched": True, "why": "all its conditions hold"},
        ],
        "rule": "p1", "webhooks": [named], "extension": "200", "claimed": True,
    }  # fmt: skip
    assert alice.post("/v1/inbound/explain", {"channel": "p0"}).json["claimed"] is False
    unknown = alice.post("/v1/inbound/explain", {"channel": "p9"})
    assert faults(unknown) == ["/channel"] and "did you mean 'p1'?" in unknown.json["detail"]


def test_unclaimed_texts_are_listed(gateway: Gateway, alice: Caller) -> None:
    alice.post("/v1/inbound", {"name": "order", "keywords": ["order"], "webhooks": [webhook(alice)], "extension": "7"})
    comes(gateway, "Order 12", "Hello")
    shown = alice.get("/v1/messages?direction=in").json["data"]
    facts = [(one["text"], one["extension"], one["inbound"], one["claimed"]) for one in shown]
    assert facts == [("Hello", None, None, False), ("Order 12", "7", "order", True)]
    assert [one["text"] for one in alice.get("/v1/messages?claimed=false").json["data"]] == ["Hello"]
    assert [one["text"] for one in alice.get("/v1/messages?claimed=true").json["data"]] == ["Order 12"]


def test_unclaimed_texts_are_handed_on_to_a_webhook_or_as_the_rules_say_now(gateway: Gateway, alice: Caller) -> None:
    order, other = webhook(alice), webhook(alice, "message.sent")
    alice.post("/v1/inbound", {"name": "order", "keywords": ["order"], "webhooks": [order]})
    comes(gateway, "One", "Two", "Three")
    three, two, one = [shown["id"] for shown in alice.get("/v1/messages?claimed=false").json["data"]]
    assert "simrack_messages_unclaimed 3.0" in alice.get("/metrics").text
    handed = alice.post("/v1/inbound/replay", {"ids": [one], "webhook": other})
    assert handed.status_code == 202 and handed.json == {"replayed": 1, "nobody": []}
    assert alice.post("/v1/inbound/replay", {"ids": [three, two]}).json == {"replayed": 0, "nobody": [two, three]}
    alice.post("/v1/inbound", {"name": "two", "pattern": "^tw", "webhooks": [order], "extension": "2"})
    assert alice.post("/v1/inbound/replay", {"ids": [three, two, two]}).json == {"replayed": 1, "nobody": [three]}
    assert [one["id"] for one in alice.get("/v1/messages?claimed=false").json["data"]] == [three]
    shown = alice.get(f"/v1/messages/{two}").json
    assert (shown["extension"], shown["inbound"], shown["claimed"]) == ("2", "two", True)
    waiting = {name: alice.get(f"/v1/webhooks/{name}/deliveries").json["data"] for name in (order, other)}
    assert {name: [row["event_type"] for row in rows] for name, rows in waiting.items()} == {
        order: ["message.received"],
        other: ["message.received"],
    }
    assert "simrack_messages_unclaimed 1.0" in alice.get("/metrics").text
    alice.patch(f"/v1/webhooks/{other}", {"enabled": False})
    assert alice.post("/v1/inbound/replay", {"ids": [one], "webhook": other}).status_code == 409
    assert alice.post("/v1/inbound/replay", {"ids": [one], "webhook": "wh_gone"}).status_code == 404
    assert alice.post("/v1/inbound/replay", {"ids": [three, "msg_gone"], "webhook": order}).status_code == 404
    assert len(alice.get(f"/v1/webhooks/{order}/deliveries").json["data"]) == 1  # all or none
