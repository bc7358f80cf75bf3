"""`/v1/routes`: made, ordered, changed, explained and reset, by those who may."""

from __future__ import annotations

import pytest

from tests.web.conftest import Caller, Gateway, faults

SWISS = {"name": "swiss", "to_prefix": ["+41"], "pool": "main"}
NONE = {
    "enabled": True, "to_prefix": [], "country": None, "operator": None, "to_pattern": None, "from": None, "key": None,
    "priority_min": None, "priority_max": None, "campaign": None, "hours": None, "zone": "UTC", "pool": None, "refuse": None,
}  # fmt: skip


def names(caller: Caller) -> list[tuple[int, str]]:
    return [(one["position"], one["name"]) for one in caller.get("/v1/routes").json["data"]]


def test_a_route_is_made_and_shown_with_all_it_says(alice: Caller, carol: Caller) -> None:
    wanted = {
        "name": "spring", "enabled": False, "to_prefix": ["+4917", "+4915"], "country": "DE", "operator": "O2",
        "to_pattern": "01[57][0-9]+", "from": "0151 10000000", "key": "alice", "priority_min": -5, "priority_max": 5,
        "campaign": "spring", "hours": "Mon-Fri 08:00-20:00, Sat 09:00-12:00", "zone": "Europe/Berlin", "pool": "main",
    }  # fmt: skip
    made = alice.post("/v1/routes", wanted)
    assert made.status_code == 201, made.json
    assert made.json == {**wanted, "position": 1, "from": "+4915110000000", "refuse": None}
    assert carol.get(made.headers["Location"]).json == made.json
    assert carol.get("/v1/routes").json == {"data": [made.json]}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": "a b"}, "/name"),
        ({"name": "explain"}, "/name"),
        ({"to_prefix": ["41"]}, "/to_prefix"),
        ({"country": "ch"}, "/country"),
        ({"to_pattern": "("}, "/to_pattern"),
        ({"from": "me"}, "/from"),
        ({"priority_min": 11}, "/priority_min"),
        ({"campaign": ""}, "/campaign"),
        ({"hours": "always"}, "/hours"),
        ({"zone": "Mars"}, "/zone"),
        ({"pool": "mian"}, "/pool"),
        ({"refuse": "no"}, "/pool"),
        ({"pool": None}, "/pool"),
        ({"colour": "red"}, "/colour"),
    ],
)
def test_a_wrong_route_is_refused_by_the_name_of_its_field(alice: Caller, change: dict[str, object], field: str) -> None:
    refused = alice.post("/v1/routes", {**SWISS, **change})
    assert refused.status_code == 422 and faults(refused) == [field]


def test_what_contradicts_the_present_state_is_a_conflict(alice: Caller) -> None:
    alice.post("/v1/routes", SWISS)
    assert alice.post("/v1/routes", SWISS).status_code == 409
    unknown = alice.post("/v1/routes", {**SWISS, "name": "x", "key": "alcie"})
    assert unknown.status_code == 409 and faults(unknown) == ["/key"]
    crossed = alice.post("/v1/routes", {**SWISS, "name": "x", "priority_min": 1, "priority_max": 0})
    assert crossed.status_code == 409 and faults(crossed) == ["/priority_max"]


def test_a_route_is_said_anew_as_a_whole(alice: Caller) -> None:
    alice.post("/v1/routes", SWISS)
    changed = alice.put("/v1/routes/swiss", {"refuse": "not today"})
    assert changed.json == {**NONE, "name": "swiss", "position": 1, "refuse": "not today"}
    assert alice.put("/v1/routes/swiss", {"name": "other", "pool": "main"}).status_code == 422
    assert alice.put("/v1/routes/none", {"pool": "main"}).status_code == 404


def test_routes_are_moved_and_removed(alice: Caller) -> None:
    for name in "abc":
        alice.post("/v1/routes", {"name": name, "pool": "main"})
    alice.post("/v1/routes", {"name": "first", "pool": "main", "position": 1})
    assert names(alice) == [(1, "first"), (2, "a"), (3, "b"), (4, "c")]
    assert alice.post("/v1/routes/first/move", {"position": 99}).json["position"] == 4
    assert alice.delete("/v1/routes/b").status_code == 204
    assert names(alice) == [(1, "a"), (2, "c"), (3, "first")]
    assert alice.delete("/v1/routes/b").status_code == 404
    assert alice.post("/v1/routes/b/move", {"position": 1}).status_code == 404
    assert faults(alice.post("/v1/routes/a/move", {"position": 0})) == ["/position"]


def test_a_reset_removes_all_and_is_audited_with_the_key(alice: Caller, gateway: Gateway) -> None:
    for name in "ab":
        alice.post("/v1/routes", {"name": name, "pool": "main"})
    assert alice.post("/v1/routes/reset").json == {"removed": 2}
    assert names(alice) == [] and alice.post("/v1/routes/reset").json == {"removed": 0}
    rows = gateway.store.read(lambda db: db.execute_sql("SELECT who, what, subject FROM audit ORDER BY id").fetchall())
    assert rows[-2:] == [("alice", "route.reset", "route:a"), ("alice", "route.reset", "route:b")]


def test_readers_look_and_explain_but_change_nothing(carol: Caller, bob: Caller) -> None:
    assert carol.get("/v1/routes").status_code == 200
    assert carol.post("/v1/routes/explain", {"to": "015112345678"}).status_code == 200
    for refused in (
        carol.post("/v1/routes", SWISS),
        carol.put("/v1/routes/swiss", {"pool": "main"}),
        carol.delete("/v1/routes/swiss"),
        carol.post("/v1/routes/swiss/move", {"position": 1}),
        carol.post("/v1/routes/reset"),
        bob.get("/v1/routes"),
        bob.post("/v1/routes/explain", {"to": "015112345678"}),
    ):
        assert refused.status_code == 403


def test_an_explanation_tells_every_route_that_was_looked_at(alice: Caller) -> None:
    alice.post("/v1/keys", {"name": "shop", "scopes": ["send"]})
    alice.post("/v1/routes", SWISS)
    alice.post("/v1/routes", {"name": "night", "hours": "22:00-06:00", "zone": "Europe/Berlin", "pool": "main"})
    asked = {"to": "0151 12345678", "from": "x", "key": "shop", "priority": 3, "campaign": "spring"}
    found = alice.post("/v1/routes/explain", {**asked, "at": "2026-11-16T23:00:00+01:00"})
    assert found.json == {
        "to": "+4915112345678",
        "country": "DE",
        "operator": None,
        "key": "shop",
        "at": "2026-11-16T22:00:00.000Z",
        "looked_at": [
            {"position": 1, "route": "swiss", "matched": False, "why": "+4915112345678 does not begin with +41"},
            {"position": 2, "route": "night", "matched": True, "why": "all its conditions hold"},
        ],
        "route": "night",
        "pool": "main",
        "refusal": None,
        "channels": found.json["channels"],
    }
    day = alice.post("/v1/routes/explain", {**asked, "at": "2026-11-16T12:00:00Z"}).json
    assert (day["route"], day["pool"], day["looked_at"][1]["matched"]) == (None, None, False)


def test_an_explanation_is_for_the_key_that_asks_unless_another_is_named(alice: Caller, carol: Caller) -> None:
    alice.post("/v1/routes", {"name": "carols", "key": "carol", "pool": "main"})
    assert carol.post("/v1/routes/explain", {"to": "015112345678"}).json["route"] == "carols"
    assert alice.post("/v1/routes/explain", {"to": "015112345678"}).json["route"] is None
    assert alice.post("/v1/routes/explain", {"to": "015112345678", "key": "carol"}).json["route"] == "carols"


def test_an_explanation_of_a_closed_number_says_so_and_no_number_is_refused(alice: Caller) -> None:
    found = alice.post("/v1/routes/explain", {"to": "+41791234567"})
    assert found.status_code == 200 and 'add "CH"' in found.json["refusal"]
    assert faults(alice.post("/v1/routes/explain", {"to": "hello"})) == ["/to"]
    unknown = alice.post("/v1/routes/explain", {"to": "+41791234567", "key": "nobody"})
    assert unknown.status_code == 404 and "'nobody'" in unknown.json["detail"]


def test_the_document_offers_what_a_route_may_hold(alice: Caller) -> None:
    schemas = alice.get("/openapi.json").json["components"]["schemas"]
    for name in ("RouteIn", "RouteChange"):
        fields = schemas[name]["properties"]
        assert fields["pool"]["anyOf"][0]["enum"] == ["main"]
        assert "Europe/Berlin" in fields["zone"]["enum"] and "DE" in fields["country"]["anyOf"][0]["enum"]


# Sending by routes


TEXT = {"to": "015112345678", "text": "x"}


def test_a_text_goes_by_the_first_route_that_matches_and_says_so(alice: Caller) -> None:
    alice.post("/v1/routes", {"name": "spring", "campaign": "spring", "pool": "main"})
    sent = alice.post("/v1/messages", {**TEXT, "campaign": "spring"})
    assert sent.status_code == 202
    assert (sent.json["campaign"], sent.json["pool"], sent.json["route"]) == ("spring", "main", "spring")
    assert alice.get(f"/v1/messages/{sent.json['id']}").json["route"] == "spring"
    assert alice.post("/v1/messages", TEXT).json["route"] is None
    asked = alice.post("/v1/messages", {**TEXT, "campaign": "spring", "channel": "p0"}).json
    assert (asked["campaign"], asked["pool"], asked["route"]) == ("spring", None, None)


def test_the_time_of_a_route_is_when_the_text_may_leave(alice: Caller) -> None:
    alice.post("/v1/routes", {"name": "night", "hours": "22:00-06:00", "pool": "main"})
    for send_at, route in (("2026-11-16T23:00:00Z", "night"), ("2026-11-16T12:00:00Z", None)):
        assert alice.post("/v1/messages", {**TEXT, "send_at": send_at}).json["route"] == route


def test_a_route_may_refuse_with_its_own_words(alice: Caller) -> None:
    alice.post("/v1/routes", {"name": "no", "to_prefix": ["+4930"], "refuse": "Berlin is asleep"})
    refused = alice.post("/v1/messages", {**TEXT, "to": "030123456"})
    assert refused.status_code == 409 and refused.json["code"] == "against_rule"
    assert faults(refused) == ["/to"] and "Berlin is asleep" in refused.json["detail"]
    both = alice.post("/v1/messages/batch", {"messages": [TEXT, {**TEXT, "to": "030123456"}]})
    assert both.status_code == 409 and faults(both) == ["/messages/1/to"]


@pytest.mark.parametrize("named", [{"channel": "p0"}, {"channel": "0-1"}, {"pool": "main"}, {"pool": "main", "channel": "p0"}])
def test_a_route_that_refuses_is_heard_whatever_a_text_names(alice: Caller, named: dict[str, str]) -> None:
    alice.post("/v1/routes", {"name": "home", "to_prefix": ["+4989"], "pool": "main"})
    alice.post("/v1/routes", {"name": "no", "to_prefix": ["+4930", "+4989"], "refuse": "Berlin is asleep"})
    asleep = {**TEXT, "to": "030123456", **named}
    refused = alice.post("/v1/messages", asleep)
    assert refused.status_code == 409 and refused.json["code"] == "against_rule"
    assert faults(refused) == ["/to"] and "Berlin is asleep" in refused.json["detail"]
    assert faults(alice.post("/v1/messages/batch", {"messages": [{**TEXT, **named}, asleep]})) == ["/messages/1/to"]
    # The first that matches decides for everybody; where it chooses, what the text names stands instead.
    chosen = alice.post("/v1/messages", {**TEXT, "to": "089123456", **named})
    assert chosen.status_code == 202
    assert (chosen.json["pool"], chosen.json["route"]) == (named.get("pool"), None)


def test_numbers_abroad_are_refused_with_the_setting_that_opens_them(alice: Caller) -> None:
    refused = alice.post("/v1/messages", {**TEXT, "to": "+41791234567"})
    assert refused.status_code == 422 and faults(refused) == ["/to"] and 'add "CH" or "+41"' in refused.json["detail"]


@pytest.mark.parametrize("wrong", ["", "x" * 65, 5])
def test_a_campaign_is_a_short_text(alice: Caller, wrong: object) -> None:
    assert faults(alice.post("/v1/messages", {**TEXT, "campaign": wrong})) == ["/campaign"]


def test_messages_are_found_by_their_campaign(alice: Caller) -> None:
    for campaign in ("spring", "autumn", None):
        alice.post("/v1/messages", {**TEXT, "campaign": campaign})
    found = alice.get("/v1/messages?campaign=spring").json["data"]
    assert [one["campaign"] for one in found] == ["spring"]
