"""`/v1/audit`: whatever people change is kept with who did it, and no secret is."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.records import EventType
from gateway.store import forwards
from tests.web.conftest import Caller, Gateway, faults

WANTED = {"url": "https://pbx.example/sms?token=swordfish", "events": ["message.received", "message.failed"]}


def rows(caller: Caller, about: str) -> list[tuple[str, str, str, Any, Any]]:
    """Oldest first."""
    found = caller.get(f"/v1/audit?about={about}").json["data"]
    return [(one["who"], one["what"], one["subject"], one["before"], one["after"]) for one in reversed(found)]


def test_keys_are_made_changed_and_revoked_by_somebody(alice: Caller) -> None:
    made = alice.post("/v1/keys", {"name": "shop", "scopes": ["send", "read"]}).json
    alice.patch("/v1/keys/shop", {"longest": 160})
    for _ in range(2):
        assert alice.delete("/v1/keys/shop").status_code == 200
    found = [row for row in rows(alice, "key") if row[2] == "key:shop"]
    free = {"longest": None, "links": None, "per_second": None, "from": [], "extensions": {}}
    assert found == [
        ("alice", "key.add", "key:shop", None, {"scopes": ["read", "send"]}),
        ("alice", "key.rules", "key:shop", free, {**free, "longest": 160}),
        ("alice", "key.revoke", "key:shop", {"scopes": ["read", "send"]}, None),
    ]
    assert made["key"] not in alice.get("/v1/audit").text
    again = alice.post("/v1/keys", {"name": "shop", "scopes": ["send"]})
    assert again.status_code == 409 and "was revoked" in again.json["detail"]


def test_rules_are_written_down_with_the_fields_of_the_api(alice: Caller) -> None:
    assert alice.post("/v1/inbound", {"name": "bank", "from": ["Bank*"]}).status_code == 201
    ((*_, after),) = rows(alice, "inbound")
    assert after["from"] == ["Bank*"] and "from_" not in after


def test_webhooks_are_made_changed_and_removed_by_somebody(alice: Caller) -> None:
    made = alice.post("/v1/webhooks", WANTED).json
    path = f"/v1/webhooks/{made['id']}"
    alice.patch(path, {"enabled": False})
    alice.patch(path, {"enabled": False})  # nothing became different
    alice.patch(path, {"format": "template", "options": {"headers": {"X-Token": "perch"}}, "secret": "herring" * 5})
    assert alice.delete(path).status_code == 204
    shown = {
        "url": "https://pbx.example/sms", "events": WANTED["events"], "channels": [], "format": "standard", "options": [],
        "enabled": True,
    }  # fmt: skip
    other = {**shown, "enabled": False, "format": "template", "options": ["headers"]}
    subject = f"webhook:{made['id']}"
    assert rows(alice, "webhook") == [
        ("alice", "webhook.add", subject, None, shown),
        ("alice", "webhook.change", subject, shown, {**shown, "enabled": False, "changed": ["enabled"]}),
        ("alice", "webhook.change", subject, {**shown, "enabled": False}, {**other, "changed": ["format", "options", "secret"]}),
        ("alice", "webhook.remove", subject, other, None),
    ]
    for secret in (made["secret"], "swordfish", "perch", "herring"):
        assert secret not in alice.get("/v1/audit").text


def test_dead_letters_are_posted_again_by_somebody(alice: Caller, gateway: Gateway) -> None:
    path = f"/v1/webhooks/{alice.post('/v1/webhooks', WANTED).json['id']}"
    alice.post(f"{path}/test")
    assert alice.post(f"{path}/replay").json == {"replayed": 0}
    ((row,),) = gateway.store.read(lambda db: db.execute_sql("SELECT id FROM forwards").fetchall())
    gateway.store.writer.run(lambda db: forwards.record(db, [forwards.Dead(row, gateway.clock.now(), 500, "refused")]))
    assert alice.post(f"{path}/replay").json == {"replayed": 1}
    subject = path.replace("/v1/webhooks/", "webhook:")
    assert rows(alice, "webhook")[1:] == [("alice", "webhook.replay", subject, None, {"events": 1})]


@pytest.mark.parametrize(("decision", "became"), [("failed", "failed"), ("resend", "queued")])
def test_a_held_text_is_settled_by_somebody_and_whoever_waits_is_told_that_it_failed(
    alice: Caller, bob: Caller, gateway: Gateway, decision: str, became: str
) -> None:
    alice.post("/v1/webhooks", WANTED)
    held = bob.post("/v1/messages", {"to": "+4915112345678", "text": "x", "on_unknown": "hold"}).json["id"]
    assert bob.post(f"/v1/messages/{held}/settle", {"decision": decision}).status_code == 409
    for table in ("messages", "parts"):
        gateway.store.writer.run(lambda db, table=table: db.execute_sql(f"UPDATE {table} SET status = 'unknown'"))
    assert bob.post(f"/v1/messages/{held}/settle", {"decision": decision}).json["status"] == became
    assert rows(alice, "message") == [("bob", "message.settle", f"message:{held}", {"status": "unknown"}, {"status": became})]
    told = gateway.store.read(lambda db: db.execute_sql("SELECT event_type FROM forwards").fetchall())
    assert told == ([(EventType.MESSAGE_FAILED,)] if became == "failed" else [])


def test_an_unknown_kind_of_thing_is_refused_by_name_with_those_there_are(alice: Caller) -> None:
    refused = alice.get("/v1/audit?about=nix")
    assert refused.status_code == 422 and faults(refused) == ["about"]
    assert all(kind in refused.json["detail"] for kind in ("channel", "key", "message", "webhook"))
    parameters = alice.get("/openapi.json").json["paths"]["/v1/audit"]["get"]["parameters"]
    (schema,) = [one["schema"] for one in parameters if one["name"] == "about"]
    assert "webhook" in schema["anyOf"][0]["enum"]
