"""`PATCH /v1/keys/NAME`, and what the rules of a key do to its texts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.records import ChannelFacts, ChannelState
from gateway.store.audit import Audit
from gateway.web.app import create_app
from tests.web.conftest import Caller, Gateway, faults

TO = "+4915112345678"
LINK = "Track it: https://example.com/t/7"


def rule(alice: Caller, **changes: object) -> None:
    changed = alice.patch("/v1/keys/bob", changes)
    assert changed.status_code == 200, changed.text


def test_a_text_has_670_characters_at_most_unless_the_configuration_says_otherwise(bob: Caller) -> None:
    assert bob.post("/v1/messages", {"to": TO, "text": "x" * 670}).status_code == 202
    refused = bob.post("/v1/messages", {"to": TO, "text": "x" * 671})
    assert refused.status_code == 422 and faults(refused) == ["/text"]
    assert refused.json["detail"].startswith("text: has 671 characters; the key bob may send 670")


def test_a_key_may_have_a_length_of_its_own(alice: Caller, bob: Caller) -> None:
    rule(alice, longest=5)
    assert bob.post("/v1/messages", {"to": TO, "text": "12345"}).status_code == 202
    assert faults(bob.post("/v1/messages", {"to": TO, "text": "123456"})) == ["/text"]
    assert alice.post("/v1/messages", {"to": TO, "text": "123456"}).status_code == 202
    rule(alice, longest=1500)
    assert bob.post("/v1/messages", {"to": TO, "text": "x" * 1500}).json["parts"] == 10
    refused = bob.post("/v1/messages", {"to": TO, "text": "ж" * 1500})
    assert "needs 23 parts; at most 10 parts are allowed" in refused.json["detail"]
    rule(alice, longest=None)
    assert faults(bob.post("/v1/messages", {"to": TO, "text": "x" * 671})) == ["/text"]


def test_an_emoji_is_one_character_as_the_counter_counts(alice: Caller, bob: Caller) -> None:
    rule(alice, longest=5)
    assert bob.post("/v1/messages/preview", {"text": "😀" * 5}).json["characters"] == 5
    assert bob.post("/v1/messages", {"to": TO, "text": "😀" * 5}).status_code == 202
    assert bob.post("/v1/messages", {"to": TO, "text": "😀" * 6}).status_code == 422


def test_one_text_that_is_too_long_refuses_the_whole_batch_by_its_place(alice: Caller, bob: Caller) -> None:
    rule(alice, longest=5)
    refused = bob.post("/v1/messages/batch", {"messages": [{"to": TO, "text": "12345"}, {"to": TO, "text": "123456"}]})
    assert faults(refused) == ["/messages/1/text"]
    assert alice.get("/v1/messages").json["data"] == []


def test_links_are_allowed_unless_a_rule_says_otherwise(bob: Caller) -> None:
    accepted = bob.post("/v1/messages", {"to": TO, "text": LINK})
    assert accepted.status_code == 202 and "warnings" not in accepted.json


def test_a_link_can_be_warned_of(alice: Caller, bob: Caller, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "simrack.sending")
    rule(alice, links="warn")
    wanted = {"to": TO, "text": LINK}
    accepted = bob.post("/v1/messages", wanted, {"Idempotency-Key": "1"})
    assert accepted.status_code == 202
    assert accepted.json["warnings"] == ["holds a link: https://example.com/t/7"]
    assert bob.post("/v1/messages", wanted, {"Idempotency-Key": "1"}).json == accepted.json
    assert f"{accepted.json['id']} was accepted; its text holds a link" in caplog.text
    assert "example.com" not in caplog.text
    assert "warnings" not in alice.get(f"/v1/messages/{accepted.json['id']}").json
    assert "warnings" not in bob.post("/v1/messages", {"to": TO, "text": "no link"}).json
    both = bob.post("/v1/messages/batch", {"messages": [{"to": TO, "text": "none"}, wanted]}).json["data"]
    assert [one.get("warnings") for one in both] == [None, ["holds a link: https://example.com/t/7"]]


def test_a_link_can_be_refused(alice: Caller, bob: Caller) -> None:
    rule(alice, links="refuse")
    refused = bob.post("/v1/messages", {"to": TO, "text": LINK})
    assert refused.status_code == 409 and refused.json["code"] == "against_rule"
    assert faults(refused) == ["/text"]
    assert refused.json["detail"] == "text: holds a link: https://example.com/t/7; the key bob may send none"
    assert bob.post("/v1/messages", {"to": TO, "text": "am 3.Dezember"}).status_code == 202


def test_the_configuration_can_refuse_links_and_a_key_be_allowed_them(alice: Caller, bob: Caller, gateway: Gateway) -> None:
    settings = replace(gateway.settings, sending=replace(gateway.settings.sending, links="refuse", max_characters=40))
    gateway.sending._settings = settings
    strict = Caller(create_app(replace(gateway.doors(), settings=settings)).test_client(), bob.token)
    assert strict.post("/v1/messages", {"to": TO, "text": LINK}).status_code == 409
    assert strict.post("/v1/messages", {"to": TO, "text": "x" * 41}).status_code == 422
    rule(alice, links="allow", longest=41)
    assert strict.post("/v1/messages", {"to": TO, "text": LINK}).status_code == 202
    assert strict.post("/v1/messages", {"to": TO, "text": "x" * 41}).status_code == 202


def test_a_preview_says_what_the_key_may(alice: Caller, bob: Caller) -> None:
    rule(alice, longest=10, links="warn")
    shown = bob.post("/v1/messages/preview", {"text": "see www.example.com"}).json
    assert (shown["characters"], shown["longest"], shown["fits"]) == (19, 10, False)
    assert shown["warnings"] == ["holds a link: www.example.com"]
    shown = bob.post("/v1/messages/preview", {"text": "short"}).json
    assert (shown["longest"], shown["fits"], shown["warnings"]) == (10, True, [])


def test_a_preview_says_when_a_rule_would_refuse_it(alice: Caller, bob: Caller) -> None:
    rule(alice, links="refuse")
    shown = bob.post("/v1/messages/preview", {"text": "see www.example.com"}).json
    assert (shown["fits"], shown["warnings"]) == (False, ["holds a link: www.example.com, which the key may not send"])
    assert bob.post("/v1/messages/preview", {"text": "see you"}).json["fits"] is True
    assert bob.post("/v1/messages/preview", {"text": "ж" * 670}).json["fits"] is True
    assert bob.post("/v1/messages/preview", {"text": "😀" * 670}).json["fits"] is False  # 21 parts


def test_a_preview_with_a_recipient_says_what_the_rules_of_the_key_say(alice: Caller, bob: Caller) -> None:
    rule(alice, extensions={"101": ["p0"]})
    for wish in ({}, {"extension": "102"}, {"extension": "101", "channel": "p1"}):
        wanted = {"to": TO, "text": "x", **wish}
        shown = bob.post("/v1/messages/preview", wanted).json
        assert shown["fits"] is False and shown["refusal"] == bob.post("/v1/messages", wanted).json
        assert shown["refusal"]["code"] == "against_rule"
    shown = bob.post("/v1/messages/preview", {"to": TO, "text": "x", "extension": "101"}).json
    assert (shown["fits"], shown["channel"], shown["from"]) == (True, "p0", "+4915110000000")


def test_a_preview_shows_how_a_name_would_look_where_senders_may_have_one(bob: Caller) -> None:
    shown = bob.post("/v1/messages/preview", {"text": "x", "from": "Café Größe 24"}).json
    assert shown["sender"] == {
        "name": "Cafe Grosse",
        "changes": ["é becomes e", "ö becomes o", "ß becomes ss", "cut to 11 characters"],
    }
    assert "sender" not in bob.post("/v1/messages/preview", {"text": "x", "from": "+4915110000000"}).json


def test_rules_are_shown_with_their_key_and_every_change_leaves_a_trace(alice: Caller, bob: Caller, gateway: Gateway) -> None:
    (shown,) = [key for key in alice.get("/v1/keys").json["data"] if key["name"] == "bob"]
    assert shown["rules"]["longest"] is None and shown["rules"]["links"] is None
    rule(alice, longest=160)
    changed = alice.patch("/v1/keys/bob", {"links": "warn"}).json
    assert (changed["rules"]["longest"], changed["rules"]["links"]) == (160, "warn")
    newest, first, *_ = Audit(gateway.store.read).page("key", None, 10)
    assert (newest.who, newest.what, newest.subject) == ("alice", "key.rules", "key:bob")
    assert (newest.before["links"], newest.after["links"], newest.after["longest"]) == (None, "warn", 160)
    assert first.after["longest"] == 160


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"longest": 0}, "/longest"),
        ({"longest": 8416}, "/longest"),
        ({"longest": "160"}, "/longest"),
        ({"links": "maybe"}, "/links"),
        ({"lonegst": 160}, "/lonegst"),
    ],
)
@pytest.mark.usefixtures("bob")
def test_a_wrong_rule_is_refused_by_the_name_of_its_field(alice: Caller, changes: dict[str, object], field: str) -> None:
    refused = alice.patch("/v1/keys/bob", changes)
    assert refused.status_code == 422 and faults(refused) == [field]


def test_rules_are_for_admins_to_change_and_for_keys_that_are_there(alice: Caller, bob: Caller, gateway: Gateway) -> None:
    assert bob.patch("/v1/keys/bob", {"longest": 8000}).status_code == 403
    assert alice.patch("/v1/keys/nobody", {"longest": 1}).status_code == 404
    gateway.keys.revoke("bob")
    assert alice.patch("/v1/keys/bob", {"longest": 1}).status_code == 409


# Own numbers and extensions

FIRST, SECOND = "+4915110000000", "+4915110000001"  # of p0 and p1


def lane(gateway: Gateway) -> str:
    """Of the newest message."""
    return str(gateway.store.read(lambda db: db.execute_sql("SELECT lane FROM messages ORDER BY id DESC").fetchone()[0]))


def refusal(bob: Caller, **wishes: object) -> tuple[int, list[str], str]:
    answer = bob.post("/v1/messages", {"to": TO, "text": "x", **wishes})
    return answer.status_code, faults(answer), answer.json["detail"]


def test_a_key_with_one_own_number_sends_from_it_without_naming_it(alice: Caller, bob: Caller, gateway: Gateway) -> None:
    rule(alice, **{"from": ["0151 10000001"]})
    assert [key["rules"]["from"] for key in alice.get("/v1/keys").json["data"] if key["name"] == "bob"] == [[SECOND]]
    for wishes, whole in (({}, ""), ({"from": SECOND}, ""), ({"channel": "p1"}, "channel:p1")):
        accepted = bob.post("/v1/messages", {"to": TO, "text": "x", **wishes})
        assert accepted.status_code == 202 and lane(gateway) == f"{whole}@from:{SECOND}"
        assert accepted.json["from"] == ("" if "channel" in wishes else SECOND)
    assert bob.post("/v1/messages", {"to": TO, "text": "x", "pool": "main"}).status_code == 202
    assert lane(gateway) == f"pool:main@from:{SECOND}"


def test_a_sender_that_is_not_the_keys_is_refused_with_what_it_may(alice: Caller, bob: Caller) -> None:
    rule(alice, **{"from": [SECOND]})
    words = "is nothing that the key bob may send from; it may send from +4915110000001"
    assert refusal(bob, **{"from": FIRST}) == (409, ["/from"], f"from: {FIRST} {words}")
    assert refusal(bob, channel="p0") == (409, ["/channel"], f"channel: 'p0' {words}")
    assert refusal(bob, channel="p0,p1") == (409, ["/channel"], f"channel: 'p0,p1' {words}")
    batch = bob.post("/v1/messages/batch", {"messages": [{"to": TO, "text": "x"}, {"to": TO, "text": "x", "from": FIRST}]})
    assert faults(batch) == ["/messages/1/from"]
    assert alice.get("/v1/messages").json["data"] == []


def test_a_key_with_several_numbers_takes_any_of_these(alice: Caller, bob: Caller, gateway: Gateway) -> None:
    gateway.facts.append(ChannelFacts("p2", ChannelState.READY, number="+4915110000002"))
    rule(alice, **{"from": ["p0", SECOND]})
    accepted = bob.post("/v1/messages", {"to": TO, "text": "x"})
    assert accepted.json["from"] == "" and lane(gateway) == f"@from:p0,{SECOND}"
    assert refusal(bob, **{"from": "+4915110000002"})[:2] == (409, ["/from"])
    assert bob.post("/v1/messages", {"to": TO, "text": "x", "from": FIRST}).status_code == 202
    assert lane(gateway) == f"@from:{FIRST}&p0,{SECOND}"


def test_of_a_pool_that_holds_others_too_only_the_keys_channels_send(alice: Caller, bob: Caller, gateway: Gateway) -> None:
    gateway.pools.change("main", {"channels": ["p0-p1"], "strategy": "least-used"}, "a test")
    gateway.pools.change("other", {"channels": ["p0"]}, "a test")
    rule(alice, **{"from": ["main"]})
    bob.post("/v1/messages", {"to": TO, "text": "x", "pool": "main"})
    assert lane(gateway) == "pool:main"
    rule(alice, **{"from": ["p1"]})
    assert refusal(bob, pool="other")[:2] == (409, ["/pool"])
    assert bob.post("/v1/messages", {"to": TO, "text": "x", "pool": "main"}).json["pool"] == "main"


def test_a_lane_of_some_of_a_pools_channels_keeps_its_strategy(gateway: Gateway) -> None:
    gateway.pools.change("main", {"strategy": "failover,weighted", "channels": ["p1", "p0"], "weights": {"p0": 3}}, "a test")
    name, _ = gateway.pools.lane_of_members("main", ("p1", "p0"))
    gateway.pools.remember([name])
    found = gateway.pools.lanes()[name]
    assert (found.name, found.tiers) == ("pool:main@among:p1,p0", (("p1",), ("p0",)))
    gateway.pools.change("main", {"strategy": "rotate", "channels": ["p0"]}, "a test")
    gateway.pools.remember([name])
    assert gateway.pools.lanes()[name].tiers == (("p0",),)


def test_an_extension_sends_from_its_number(alice: Caller, bob: Caller, gateway: Gateway) -> None:
    rule(alice, extensions={"101": [FIRST], "102": [FIRST, SECOND], "boss@pbx": []})
    accepted = bob.post("/v1/messages", {"to": TO, "text": "x", "extension": "101"})
    assert (accepted.json["extension"], accepted.json["from"], lane(gateway)) == ("101", FIRST, f"@from:{FIRST}")
    assert alice.get(f"/v1/messages/{accepted.json['id']}").json["extension"] == "101"
    bob.post("/v1/messages", {"to": TO, "text": "x", "extension": "102"})
    assert lane(gateway) == f"@from:{FIRST},{SECOND}"
    bob.post("/v1/messages", {"to": TO, "text": "x", "extension": "boss@pbx"})
    assert lane(gateway) == ""
    words = "extension: {}; name one of its extensions: 101, 102, boss@pbx"
    assert refusal(bob) == (409, ["/extension"], words.format("is missing"))
    assert refusal(bob, extension="103") == (409, ["/extension"], words.format("'103' is no extension of the key bob"))
    told = f"from: {SECOND} is nothing that the extension 101 of the key bob may send from; it may send from {FIRST}"
    assert refusal(bob, extension="101", **{"from": SECOND}) == (409, ["/from"], told)


def test_a_star_is_any_other_extension_and_none(alice: Caller, bob: Caller, gateway: Gateway) -> None:
    rule(alice, extensions={"101": [FIRST], "*": ["p1"]})
    for extension, lane_of in (("101", f"@from:{FIRST}"), ("7", "channel:p1"), (None, "channel:p1")):
        assert bob.post("/v1/messages", {"to": TO, "text": "x", "extension": extension}).status_code == 202
        assert lane(gateway) == lane_of


def test_what_key_and_extension_both_may_is_left(alice: Caller, bob: Caller, gateway: Gateway) -> None:
    rule(alice, **{"from": [SECOND], "extensions": {"101": ["main"], "102": [FIRST]}})
    bob.post("/v1/messages", {"to": TO, "text": "x", "extension": "101"})
    assert lane(gateway) == f"@from:{SECOND}&p0,p1"
    status, field, detail = refusal(bob, extension="102")
    assert (status, field) == (409, ["/from"]) and "there is no channel that the extension 102" in detail


def test_a_number_is_where_its_sim_is(alice: Caller, bob: Caller, gateway: Gateway) -> None:
    rule(alice, **{"from": [SECOND]})
    gateway.facts[:] = [replace(gateway.facts[0], number=SECOND), replace(gateway.facts[1], number=FIRST)]
    bob.post("/v1/messages", {"to": TO, "text": "x"})
    assert lane(gateway) == f"@from:{SECOND}"
    gateway.facts[:] = [replace(facts, number="") for facts in gateway.facts]
    assert refusal(bob)[:2] == (409, ["/from"])


def test_routes_go_on_deciding_for_a_key_with_numbers(alice: Caller, bob: Caller, gateway: Gateway) -> None:
    gateway.pools.change("first", {"channels": ["p0"]}, "a test")
    assert alice.post("/v1/routes", {"name": "all", "pool": "first"}).status_code == 201
    rule(alice, **{"from": ["p0", "p1"]})
    bob.post("/v1/messages", {"to": TO, "text": "x"})
    assert lane(gateway) == "pool:first"
    rule(alice, **{"from": [SECOND]})
    assert "no channel of the pool first has the number" in refusal(bob)[2]
    gateway.facts[1] = replace(gateway.facts[1], number="")
    rule(alice, **{"from": ["p1"]})
    assert "the pool first is nothing that the key bob may send from" in refusal(bob)[2]


def test_an_extension_without_a_rule_is_kept_and_shown(bob: Caller) -> None:
    assert bob.post("/v1/messages", {"to": TO, "text": "x", "extension": "anna.b+1@pbx"}).json["extension"] == "anna.b+1@pbx"
    refused = bob.post("/v1/messages", {"to": TO, "text": "x", "extension": "x" * 33})
    assert refused.status_code == 422 and faults(refused) == ["/extension"]
    assert "up to 32 letters" in refused.json["detail"]


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"from": ["p9"]}, "/from/0", "'p9' is not a channel"),
        ({"from": ["p0", "22022"]}, "/from/1", ""),
        ({"from": ["+499"]}, "/from/0", ""),
        ({"from": "p0"}, "/from", ""),
        ({"from": ["p0"] * 201}, "/from", "201 are too many"),
        ({"extensions": {"1 2": ["p0"]}}, "/extensions/1 2", "is no extension"),
        ({"extensions": {"101": ["pool:none"]}}, "/extensions/101/0", "'none' is not a pool"),
        ({"extensions": {"101": "p0"}}, "/extensions/101", ""),
    ],
)
@pytest.mark.usefixtures("bob")
def test_a_sender_that_is_not_there_is_no_rule(alice: Caller, changes: dict[str, object], field: str, words: str) -> None:
    refused = alice.patch("/v1/keys/bob", changes)
    assert refused.status_code == 422 and faults(refused) == [field]
    assert words in refused.json["detail"]


def test_rules_are_taken_back(alice: Caller, bob: Caller, gateway: Gateway) -> None:
    rule(alice, **{"from": [SECOND], "extensions": {"101": []}, "longest": 1})
    rule(alice, **{"from": None, "extensions": {}, "longest": None})
    assert bob.post("/v1/messages", {"to": TO, "text": "anything"}).status_code == 202
    assert lane(gateway) == ""
    row = gateway.store.read(lambda db: db.execute_sql("SELECT rules FROM keys WHERE name = 'bob'").fetchone())
    assert row == (None,)
