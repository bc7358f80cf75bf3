"""`/v1/webhooks`: made, changed, looked into, tried and removed."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from gateway.records import Event, EventType
from gateway.settings import parse
from gateway.store import Database, callbacks, forwards, webhooks
from gateway.store.callbacks import NewCallback
from gateway.web.app import create_app
from tests.web.conftest import CONFIGURATION, Caller, Gateway, faults

WANTED = {"url": "https://pbx.example/sms", "events": ["message.received"]}


def test_a_webhook_shows_its_secret_once(alice: Caller) -> None:
    made = alice.post("/v1/webhooks", WANTED)
    assert made.status_code == 201
    secret = made.json["secret"]
    assert secret.startswith("whsec_")
    shown = alice.get(made.headers["Location"])
    assert shown.status_code == 200 and shown.json == {k: v for k, v in made.json.items() if k != "secret"}
    assert secret not in alice.get("/v1/webhooks").text


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"url": "ftp://pbx.example"}, "/url"),
        ({"url": "https://user:pw@pbx.example/"}, "/url"),
        ({"url": "https://[::zz]/"}, "/url"),
        ({"events": []}, "/events"),
        ({"events": ["message.lost"]}, "/events/0"),
        ({"channels": [""]}, "/channels/0"),
        ({"channels": ["p0", "p9"]}, "/channels"),
        ({"format": "carrier-pigeon"}, "/format"),
    ],
)
def test_a_wrong_webhook_is_refused_by_the_name_of_its_field(alice: Caller, change: dict[str, object], field: str) -> None:
    refused = alice.post("/v1/webhooks", {**WANTED, **change})
    assert refused.status_code == 422 and faults(refused) == [field]


def test_a_webhook_has_a_format_with_options_and_says_what_it_cannot_tell(alice: Caller) -> None:
    wanted = {**WANTED, "events": ["message.received", "channel.up"], "format": "telnyx", "secret": "swordfish"}
    made = alice.post("/v1/webhooks", {**wanted, "options": {"signing": "hmac-sha256", "numbers": "e164"}})
    assert made.status_code == 201 and made.json["secret"] == "swordfish"
    shown = alice.get(made.headers["Location"]).json
    assert (shown["format"], shown["not_told"]) == ("telnyx", ["channel.up"])
    assert shown["options"] == {"signing": "hmac-sha256", "numbers": "e164"} and "secret" not in shown
    path = f"/v1/webhooks/{made.json['id']}"
    changed = alice.patch(path, {"format": "kannel", "options": {"dlr_mask": 3}, "secret": "sardine-tin"})
    assert (changed.json["format"], changed.json["options"]) == ("kannel", {"dlr_mask": 3})
    assert "sardine-tin" not in changed.text
    assert alice.patch(path, {"format": "standard"}).status_code == 409


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"format": "telnyx", "options": {"numbers": "+49"}}, "/options/numbers"),
        ({"format": "telnyx", "options": {"colour": "red"}}, "/options/colour"),
        ({"options": {"numbers": "00"}}, "/options/numbers"),
        ({"format": "template", "options": {"body": {"a": "{txt}"}}}, "/options/body"),
        ({"format": "twilio", "secret": "short"}, "/secret"),
        ({"format": "smseagle", "events": ["message.sent"]}, "/events"),
    ],
)
def test_a_wrong_option_is_refused_by_its_name(alice: Caller, change: dict[str, object], field: str) -> None:
    refused = alice.post("/v1/webhooks", {**WANTED, **change})
    assert refused.status_code == 422 and faults(refused) == [field]


def test_the_document_says_which_options_go_with_which_format(client: FlaskClient) -> None:
    made = client.get("/openapi.json").json["components"]["schemas"]["WebhookIn"]
    forms = {form["title"]: form for form in made["anyOf"]}
    assert set(made["properties"]["format"]["enum"]) == {form["properties"]["format"]["const"] for form in forms.values()}
    kannel = forms["kannel, none or basic or bearer"]["properties"]["options"]["properties"]
    assert (kannel["dlr_mask"]["maximum"], kannel["numbers"]["enum"]) == (63, ["+e164", "e164", "00", "national"])


def test_an_address_in_ipv6_is_taken(alice: Caller) -> None:
    assert alice.post("/v1/webhooks", {**WANTED, "url": "http://[fd00::12]:8080/sms?x=1"}).status_code == 201


def test_only_what_is_given_changes(alice: Caller) -> None:
    made = alice.post("/v1/webhooks", WANTED).json
    changed = alice.patch(f"/v1/webhooks/{made['id']}", {"enabled": False})
    assert changed.json["enabled"] is False and changed.json["url"] == WANTED["url"]
    assert faults(alice.patch(f"/v1/webhooks/{made['id']}", {"secret": "x"})) == ["/format"]
    assert alice.patch("/v1/webhooks/wh_none", {"enabled": True}).status_code == 404


def test_a_channel_that_does_not_exist_is_refused_with_those_that_do(alice: Caller) -> None:
    made = alice.post("/v1/webhooks", {**WANTED, "channels": ["p1"]}).json
    for refused in (
        alice.post("/v1/webhooks", {**WANTED, "channels": ["p9"]}),
        alice.patch(f"/v1/webhooks/{made['id']}", {"channels": ["p9"]}),
    ):
        assert refused.status_code == 422
        assert "'p9'" in refused.json["detail"] and "p0, p1" in refused.json["detail"]
    assert alice.get(f"/v1/webhooks/{made['id']}").json["channels"] == ["p1"]


def test_a_webhook_is_told_of_one_port_of_a_dinstar_box(gateway: Gateway, tmp_path: Path) -> None:
    box = '[[dinstar]]\nname = "box1"\nurl = "https://192.0.2.10"\npassword = "pw"\nports = "0-1"\n'
    gateway.settings = parse(CONFIGURATION + box, tmp_path)
    alice = Caller(create_app(gateway.doors()).test_client(), gateway.keys.add("alice", ["admin"])[1])
    made = alice.post("/v1/webhooks", {**WANTED, "channels": ["box1.1"]})
    assert made.status_code == 201 and made.json["channels"] == ["box1.1"]
    changed = alice.patch(made.headers["Location"], {"channels": ["p0", "box1.0"]})
    assert changed.status_code == 200 and changed.json["channels"] == ["p0", "box1.0"]
    assert faults(alice.patch(made.headers["Location"], {"channels": ["box1.2"]})) == ["/channels"]


def test_a_removed_webhook_is_gone(alice: Caller) -> None:
    made = alice.post("/v1/webhooks", WANTED).json
    assert alice.delete(f"/v1/webhooks/{made['id']}").status_code == 204
    assert alice.get(f"/v1/webhooks/{made['id']}").status_code == 404
    assert alice.delete(f"/v1/webhooks/{made['id']}").status_code == 404


def test_a_test_stands_among_the_deliveries(alice: Caller) -> None:
    path = f"/v1/webhooks/{alice.post('/v1/webhooks', WANTED).json['id']}"
    queued = alice.post(f"{path}/test")
    assert queued.status_code == 202
    page = alice.get(f"{path}/deliveries?state=pending").json
    assert [one["event_id"] for one in page["data"]] == [queued.json["event_id"]]
    assert page["data"][0]["event_type"] == EventType.WEBHOOK_TEST
    assert alice.get(f"{path}/deliveries?state=dead").json["data"] == []


def test_a_dead_delivery_can_be_posted_again(alice: Caller, gateway: Gateway) -> None:
    path = f"/v1/webhooks/{alice.post('/v1/webhooks', WANTED).json['id']}"
    event_id = alice.post(f"{path}/test").json["event_id"]
    row = gateway.store.read(lambda db: db.execute_sql("SELECT id FROM forwards").fetchone())[0]
    dead = forwards.Dead(row, gateway.clock.now(), 500, "refused")
    gateway.store.writer.run(lambda db: forwards.record(db, [dead]))
    assert alice.post(f"{path}/replay", {"ids": [event_id]}).json == {"replayed": 1}
    assert alice.get(f"{path}/deliveries").json["data"][0]["state"] == "pending"


@pytest.mark.parametrize("body", [{}, {"data": b""}, {"data": b"", "content_type": "application/json"}])
def test_a_replay_without_a_body_takes_all_dead_deliveries(alice: Caller, gateway: Gateway, body: dict[str, object]) -> None:
    path = f"/v1/webhooks/{alice.post('/v1/webhooks', WANTED).json['id']}"
    for _ in range(2):
        alice.post(f"{path}/test")
    rows = gateway.store.read(lambda db: db.execute_sql("SELECT id FROM forwards").fetchall())
    dead = [forwards.Dead(row, gateway.clock.now(), 500, "refused") for (row,) in rows]
    gateway.store.writer.run(lambda db: forwards.record(db, dead))
    replayed = alice.post(f"{path}/replay", **body)
    assert replayed.status_code == 202 and replayed.json == {"replayed": 2}


def test_a_body_that_must_be_given_cannot_be_left_out(alice: Caller) -> None:
    path = f"/v1/webhooks/{alice.post('/v1/webhooks', WANTED).json['id']}"
    assert alice.patch(path, {"nonsense": 1}).status_code == 422
    assert alice.post("/v1/webhooks").status_code == 415


def test_a_replay_names_events_or_a_time_but_not_both(alice: Caller) -> None:
    path = f"/v1/webhooks/{alice.post('/v1/webhooks', WANTED).json['id']}"
    refused = alice.post(f"{path}/replay", {"ids": ["evt_1"], "since": "2026-01-01T00:00:00Z"})
    assert refused.status_code == 422 and faults(refused) == ["/ids"]


def test_a_disabled_webhook_is_not_tested(alice: Caller) -> None:
    path = f"/v1/webhooks/{alice.post('/v1/webhooks', WANTED).json['id']}"
    alice.patch(path, {"enabled": False})
    assert alice.post(f"{path}/test").status_code == 409


def test_deliveries_of_nobody_are_a_404_and_junk_is_named(alice: Caller) -> None:
    assert alice.get("/v1/webhooks/wh_none/deliveries").status_code == 404
    path = f"/v1/webhooks/{alice.post('/v1/webhooks', WANTED).json['id']}/deliveries"
    assert faults(alice.get(f"{path}?cursor=x")) == ["cursor"]
    assert faults(alice.get(f"{path}?state=lost")) == ["state"]


def test_receivers_of_callbacks_are_listed_apart_and_their_dead_events_replayed(alice: Caller, gateway: Gateway) -> None:
    alice.post("/v1/webhooks", WANTED)
    wanted = NewCallback("http://a.example/?p=swordfish", "http://a.example:80", "d1", "kannel-dlr", ("message.sent",), "wh_1")
    event = Event("evt_1", EventType.MESSAGE_SENT, gateway.clock.now(), "alice", {"id": "msg_1"})

    def dead(db: Database) -> None:
        callbacks.add(db, "msg_1", 1, wanted, gateway.clock.now())
        callbacks.tell(db, "msg_1", event)
        forwards.bury(db, webhooks.row_id_of(db, "wh_1"), gateway.clock.now(), "given up")

    gateway.store.writer.run(dead)
    (made,) = alice.get("/v1/webhooks").json["data"]
    assert made["callback"] is False
    (receiver,) = alice.get("/v1/webhooks?callbacks=true").json["data"]
    assert (receiver["id"], receiver["url"], receiver["callback"]) == ("wh_1", "http://a.example:80", True)
    assert 'simrack_webhook_dead{webhook="callbacks"} 1.0' in alice.client.get("/metrics").text
    deliveries = alice.get("/v1/webhooks/wh_1/deliveries?state=dead")
    assert [one["event_id"] for one in deliveries.json["data"]] == ["evt_1"] and "swordfish" not in deliveries.text
    assert alice.post("/v1/webhooks/wh_1/replay", {}).json == {"replayed": 1}
    assert 'simrack_webhook_waiting{webhook="callbacks"} 1.0' in alice.client.get("/metrics").text
    assert alice.patch("/v1/webhooks/wh_1", {"url": "http://b.example/"}).status_code == 409
    assert alice.patch("/v1/webhooks/wh_1", {"enabled": False}).json["enabled"] is False
    assert alice.post("/v1/webhooks/wh_1/test").status_code == 409
    assert alice.delete("/v1/webhooks/wh_1").status_code == 204
