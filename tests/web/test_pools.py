"""Pools over HTTP: looked at with their channels, changed, made, and reset to the configuration."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.store.audit import Audit
from tests.web.conftest import Caller, Gateway, faults


def test_a_pool_shows_its_tiers_and_the_traffic_of_its_channels(carol: Caller, gateway: Gateway) -> None:
    gateway.fitness.pause("p0", "alice")
    (found,) = carol.get("/v1/pools").json["data"]
    assert found == carol.get("/v1/pools/main").json
    assert found["channels"] == ["p0", "p1"] and found["tiers"] == [["p0"], ["p1"]]
    assert (found["strategy"], found["weights"], found["accept"], found["origin"]) == ("rotate", {}, "", "configuration")
    paused, lost = found["members"]
    assert paused["traffic"]["state"] == "paused" and lost["state"] == "lost"
    assert carol.get("/v1/pools/other").status_code == 404


def test_a_pool_is_changed_for_what_is_said_and_keeps_the_rest(alice: Caller) -> None:
    changed = alice.put("/v1/pools/main", {"strategy": "sticky,weighted", "weights": {"p0": 3}}).json
    assert (changed["strategy"], changed["weights"], changed["origin"]) == ("sticky,weighted", {"p0": 3.0}, "changed")
    assert changed["channels"] == ["p0", "p1"]
    again = alice.put("/v1/pools/main", {"accept": r"\+49.*", "hint": "only within Germany"}).json
    assert again["strategy"] == "sticky,weighted" and again["hint"] == "only within Germany"


def test_a_changed_pool_is_reset_and_a_made_one_removed(alice: Caller, carol: Caller) -> None:
    alice.put("/v1/pools/main", {"strategy": "failover"})
    made = alice.put("/v1/pools/spare", {"channels": ["0-1"]}).json
    assert made["origin"] == "created" and made["tiers"] == [["p0", "p1"]]
    assert alice.get("/v1/channels/p1").json["pools"] == ["main", "spare"]
    assert alice.delete("/v1/pools/main").status_code == alice.delete("/v1/pools/spare").status_code == 204
    (found,) = carol.get("/v1/pools").json["data"]
    assert (found["strategy"], found["origin"]) == ("rotate", "configuration")
    assert alice.delete("/v1/pools/spare").status_code == 404


def test_a_pool_in_which_texts_wait_is_not_removed(alice: Caller) -> None:
    alice.put("/v1/pools/spare", {"channels": ["p0"]})
    alice.post("/v1/messages", {"to": "+4915112345678", "text": "x", "pool": "spare"})
    refused = alice.delete("/v1/pools/spare")
    assert refused.status_code == 409 and "texts wait" in refused.json["detail"]


def test_a_pool_that_another_holds_is_not_removed(alice: Caller) -> None:
    alice.put("/v1/pools/spare", {"channels": ["p1"]})
    for entry in ("spare", "pool:spare", "p0, spare"):
        alice.put("/v1/pools/main", {"channels": [entry]})
        refused = alice.delete("/v1/pools/spare")
        assert refused.status_code == 409 and "the pool main holds the pool spare" in refused.json["detail"]
        assert alice.get("/v1/pools/main").json["members"][-1]["name"] == "p1"
    alice.delete("/v1/pools/main")
    assert alice.delete("/v1/pools/spare").status_code == 204


def test_a_pool_takes_only_recipients_of_its_pattern_and_says_so_with_its_hint(alice: Caller, gateway: Gateway) -> None:
    alice.put("/v1/pools/main", {"accept": r"\+4915\d+", "hint": "only numbers that begin with 015"})
    fitting, other = {"to": "015112345678", "text": "x", "pool": "main"}, {"to": "017112345678", "text": "x", "pool": "main"}
    assert alice.post("/v1/messages", fitting).status_code == 202
    refused = alice.post("/v1/messages", other)
    assert refused.status_code == 409 and faults(refused) == ["/to"]
    assert "only numbers that begin with 015" in str(refused.json)
    both = alice.post("/v1/messages/batch", {"messages": [fitting, other]})
    assert both.status_code == 409 and faults(both) == ["/messages/1/to"]
    assert "only numbers that begin with 015" in str(both.json)
    with_from = alice.post("/v1/messages", {**other, "from": "+4915110000000"})
    assert with_from.status_code == 409 and faults(with_from) == ["/to"]
    assert alice.post("/v1/messages", {"to": other["to"], "text": "x"}).status_code == 202, "of no pool"
    alice.post("/v1/routes", {"name": "all", "pool": "main"})
    assert alice.post("/v1/messages", {"to": other["to"], "text": "x"}).status_code == 409, "a route chose the pool"


def test_a_pool_may_refuse_a_text_that_names_one_of_its_channels_too(alice: Caller) -> None:
    alice.put("/v1/pools/main", {"accept": r"\+4915\d+", "hint": "only 015"})
    both = {"text": "x", "pool": "main", "channel": "p0"}
    assert alice.post("/v1/messages", {**both, "to": "015112345678"}).json["pool"] == "main"
    refused = alice.post("/v1/messages", {**both, "to": "017112345678"})
    assert refused.status_code == 409 and faults(refused) == ["/to"]


@pytest.mark.parametrize("channel", ["p1", "p0,p1", "0-1"])
def test_a_channel_that_is_not_of_the_pool_is_refused_beside_it(alice: Caller, channel: str) -> None:
    alice.put("/v1/pools/spare", {"channels": ["p0"]})
    wrong = {"to": "015112345678", "text": "x", "pool": "spare", "channel": channel}
    refused = alice.post("/v1/messages", wrong)
    assert refused.status_code == 422 and faults(refused) == ["/channel"]
    assert "'p1' is no channel of the pool spare" in refused.json["detail"]
    right = {**wrong, "channel": "p0"}
    assert faults(alice.post("/v1/messages/batch", {"messages": [right, wrong]})) == ["/messages/1/channel"]
    assert faults(alice.post("/v1/messages", {**wrong, "channel": "p9"})) == ["/channel"]
    assert faults(alice.post("/v1/messages", {**wrong, "pool": "none"})) == ["/pool"]
    assert faults(alice.post("/v1/messages", {**right, "from": "+4915110000001"})) == ["/from"]
    assert alice.post("/v1/messages", {**right, "from": "+4915110000000"}).status_code == 202
    assert len(alice.get("/v1/messages").json["data"]) == 1


def test_a_pool_explains_who_would_have_the_next_text_and_why_nobody_else(alice: Caller, carol: Caller, gateway: Gateway) -> None:
    lost = {"channel": "p1", "may_send": False, "standing": "lost", "reason": "unplugged", "until": None}
    assert carol.get("/v1/pools/main/explain").json == {
        "pool": "main", "to": None, "strategy": "rotate", "next": "p0", "until": None, "refusal": None, "refusals": [],
        "channels": [
            {"channel": "p0", "may_send": True, "standing": "open", "reason": "rotate: turn 1", "until": None}, lost,
        ],
    }  # fmt: skip
    gateway.fitness.pause("p0", "alice", "new antenna")
    paused = carol.get("/v1/pools/main/explain?to=0151 12345678&parts=3").json
    assert (paused["to"], paused["next"], paused["until"]) == ("+4915112345678", None, None)
    told = {one["channel"]: (one["may_send"], one["standing"], one["reason"]) for one in paused["channels"]}
    assert told == {"p0": (False, "paused", "paused by alice: new antenna"), "p1": (False, "lost", "unplugged")}


def test_a_pool_explains_what_it_and_its_limits_refuse(alice: Caller, bob: Caller) -> None:
    hours = {"counted": "hours", "hours": "00:00-00:01", "zone": "UTC"}
    limit = alice.post("/v1/limits", {"subject": "key:bob", **hours}).json
    assert alice.get("/v1/pools/main/explain").json["next"] == "p0", "nobody's limits but those of the SIMs and the pool"
    found = alice.get("/v1/pools/main/explain?key=bob").json
    assert (found["next"], found["until"]) == (None, "2026-09-22T00:00:00.000Z")
    (refusal,) = found["refusals"]
    assert (refusal["limit"]["id"], refusal["subject"], refusal["channel"]) == (limit["id"], "key:bob", None)
    alice.put("/v1/pools/main", {"accept": r"\+4915\d+", "hint": "only 015"})
    refused = alice.get("/v1/pools/main/explain?to=%2B491701234567").json
    assert refused["next"] is None and refused["refusal"].endswith("only 015")
    assert "add " in alice.get("/v1/pools/main/explain?to=%2B41791234567").json["refusal"]


@pytest.mark.parametrize(
    ("path", "status", "where"),
    [
        ("none/explain", 404, []),
        ("main/explain?key=nobody", 404, ["key"]),
        ("main/explain?to=hello", 422, ["to"]),
        ("main/explain?parts=0", 422, ["parts"]),
        ("main/explain?channel=p0", 422, ["channel"]),
    ],
)
def test_what_there_is_not_is_not_explained(carol: Caller, bob: Caller, path: str, status: int, where: list[str]) -> None:
    answer = carol.get(f"/v1/pools/{path}")
    assert (answer.status_code, faults(answer)) == (status, where)
    assert bob.get("/v1/pools/main/explain").status_code == 403


def test_every_change_of_a_pool_is_in_the_audit(alice: Caller, gateway: Gateway) -> None:
    alice.put("/v1/pools/main", {"strategy": "failover"})
    alice.delete("/v1/pools/main")
    entries = Audit(gateway.store.read).page("pool", None, 10)
    assert [(entry.who, entry.subject) for entry in entries] == [("alice", "pool:main")] * 2


@pytest.mark.parametrize(
    ("name", "content", "status", "where"),
    [
        ("main", {"channels": ["p9"]}, 422, "/channels"),
        ("main", {"channels": []}, 422, "/channels"),
        ("main", {"channels": ["p0", "p0"]}, 422, "/channels"),
        ("main", {"channels": ["pool:main"]}, 422, "/channels"),
        ("main", {"strategy": "fastest"}, 422, "/strategy"),
        ("main", {"strategy": "rotate,sticky"}, 422, "/strategy"),
        ("main", {"strategy": "cheapest"}, 409, "/strategy"),  # no channel has a tariff
        ("main", {"weights": {"p9": 1}}, 409, "/weights"),
        ("main", {"weights": {"p0": 0}}, 422, "/weights/p0"),
        ("main", {"accept": "("}, 422, "/accept"),
        ("main", {"speed": "high"}, 422, "/speed"),
        ("new", {"strategy": "rotate"}, 409, "/channels"),
    ],
)
def test_what_makes_no_pool_is_refused_by_field(
    alice: Caller, name: str, content: dict[str, Any], status: int, where: str
) -> None:
    before = alice.get("/v1/pools").json
    answer = alice.put(f"/v1/pools/{name}", content)
    assert answer.status_code == status and faults(answer) == [where], answer.json
    assert alice.get("/v1/pools").json == before


@pytest.mark.parametrize("name", ["0-3", "7", "a b", "-x", "x" * 33])
def test_what_cannot_name_a_pool_is_not_found(alice: Caller, name: str) -> None:
    assert alice.put(f"/v1/pools/{name}", {"channels": ["p0"]}).status_code in (404, 405)


def test_only_a_key_with_the_scope_admin_changes_pools(bob: Caller, carol: Caller) -> None:
    for caller in (bob, carol):
        assert caller.put("/v1/pools/main", {"strategy": "failover"}).status_code == 403
        assert caller.delete("/v1/pools/main").status_code == 403
