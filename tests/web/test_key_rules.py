"""`PATCH /v1/keys/NAME`, and what the rules of a key do to its texts."""

from __future__ import annotations

from dataclasses import replace

import pytest

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


def test_rules_are_shown_with_their_key_and_every_change_leaves_a_trace(alice: Caller, bob: Caller, gateway: Gateway) -> None:
    (shown,) = [key for key in alice.get("/v1/keys").json["data"] if key["name"] == "bob"]
    assert shown["rules"]["longest"] is None and shown["rules"]["links"] is None
    rule(alice, longest=160)
    changed = alice.patch("/v1/keys/bob", {"links": "warn"}).json
    assert (changed["rules"]["longest"], changed["rules"]["links"]) == (160, "warn")
    newest, first = Audit(gateway.store.read).page("key", None, 10)
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
