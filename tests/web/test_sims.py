"""Service codes, balances and SIMs over HTTP: what is shown to whom, and what each failure is answered with."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from gateway.core import events
from gateway.errors import UssdFailed
from gateway.records import (
    Balance,
    ChannelFacts,
    ChannelState,
    EventType,
    IncomingPart,
    SimChange,
    Standing,
    Traffic,
    UssdReply,
)
from gateway.store import balances, inbox, sims
from gateway.store.sims import Change
from gateway.web.event_schemas import BY_EVENT
from tests.web.conftest import Caller, Gateway, faults

SIM = "8949001"  # of channel p0
STANDINGS = (EventType.CHANNEL_UP, EventType.CHANNEL_DOWN, EventType.CHANNEL_BLOCKED, EventType.CHANNEL_LIMIT)


@pytest.fixture
def read_balance(gateway: Gateway) -> Balance:
    now = gateway.clock.now()
    balance = Balance(SIM, "p0", 3.5, "Your balance is 3.50 EUR", now, low=True)
    gateway.store.writer.run(lambda db: balances.keep(db, balance))
    return balance


@pytest.fixture
def seen(gateway: Gateway) -> None:
    now = gateway.clock.now()
    gateway.store.writer.run(lambda db: sims.seen(db, gateway.facts[0], now))


def test_a_service_code_is_answered_with_the_words_of_the_network(alice: Caller, gateway: Gateway) -> None:
    gateway.network = UssdReply("1 Balance\n2 Own number", open=True)
    answer = alice.post("/v1/channels/p0/ussd", {"code": "*101#"})
    assert answer.status_code == 200 and answer.json == {"text": "1 Balance\n2 Own number", "open": True}


def test_service_codes_cost_money_and_need_the_scope_admin(bob: Caller, carol: Caller) -> None:
    for caller in (bob, carol):
        assert caller.post("/v1/channels/p0/ussd", {"code": "*100#"}).status_code == 403


def test_a_person_who_has_seen_to_a_channel_has_it_tried_again(alice: Caller, bob: Caller, gateway: Gateway) -> None:
    assert alice.post("/v1/channels/p0/unpark").json["name"] == "p0"
    assert gateway.unparked == ["p0"]
    assert alice.post("/v1/channels/p9/unpark").status_code == 404
    assert bob.post("/v1/channels/p0/unpark").status_code == 403
    assert gateway.unparked == ["p0"]


@pytest.mark.parametrize(
    ("why", "status", "code"),
    [
        ("busy", 409, "ussd_busy"),
        ("not-ready", 409, "ussd_not_ready"),
        ("refused", 502, "ussd_refused"),
        ("timeout", 504, "ussd_timeout"),
    ],
)
def test_each_failure_of_a_service_code_has_its_own_answer(
    alice: Caller, gateway: Gateway, why: Any, status: int, code: str
) -> None:
    gateway.network = UssdFailed(why, "it did not work", "do something else")
    answer = alice.post("/v1/channels/p0/ussd", {"code": "*100#"})
    assert (answer.status_code, answer.json["code"]) == (status, code)
    assert "do something else" in answer.json["detail"]


def test_a_channel_that_does_not_exist_dials_nothing(alice: Caller) -> None:
    assert alice.post("/v1/channels/p9/ussd", {"code": "*100#"}).status_code == 404


@pytest.mark.parametrize("code", ["", "hello", "*100#\n", "*100#\r\nAT+CFUN=0", '*100#",15', "1" * 161, 100])
def test_what_is_no_service_code_is_refused_by_field(alice: Caller, code: object) -> None:
    answer = alice.post("/v1/channels/p0/ussd", {"code": code})
    assert answer.status_code == 422 and faults(answer) == ["/code"]


def test_a_channel_shows_its_sim_and_what_the_account_holds(carol: Caller, read_balance: Balance) -> None:
    shown = carol.get("/v1/channels/p0").json
    assert shown["sim"] == SIM
    assert shown["balance"]["amount"] == 3.5 and shown["balance"]["low"] is True
    assert shown["balance"]["read_at"].endswith("Z")
    assert carol.get("/v1/channels/p1").json["balance"] is None
    assert carol.get("/v1/status").json["channels"][0]["balance"]["amount"] == 3.5


def test_a_balance_is_a_figure_for_prometheus_without_naming_the_sim(alice: Caller, read_balance: Balance) -> None:
    text = alice.client.get("/metrics").text
    assert 'simrack_channel_balance{channel="p0"} 3.5' in text and SIM not in text


def test_what_was_done_about_silence_is_shown_and_counted(alice: Caller, gateway: Gateway) -> None:
    gateway.facts[1] = replace(gateway.facts[1], recoveries=(("reopen", 3), ("reset", 1)))
    assert alice.get("/v1/channels/p1").json["recoveries"] == {"reopen": 3, "reset": 1}
    assert 'simrack_channel_recoveries_total{channel="p1",step="reopen"} 3.0' in alice.client.get("/metrics").text


def test_sims_are_listed_with_where_they_are(carol: Caller, seen: None, read_balance: Balance) -> None:
    (shown,) = carol.get("/v1/sims").json["data"]
    assert (shown["id"], shown["channel"], shown["number"], shown["balance"]["amount"]) == (SIM, "p0", "+4915110000000", 3.5)


def test_one_sim_shows_today_and_total(carol: Caller, gateway: Gateway, seen: None) -> None:
    def receive(raw: str) -> None:
        now = gateway.clock.now()
        part = IncomingPart("p0", SIM, raw, flaws=("unreadable",))
        gateway.store.writer.run(lambda db: inbox.keep(db, part, "", lambda pieces: "", lambda: f"msg_{raw}", now))

    receive("00")
    gateway.clock.advance(86400)
    receive("01")
    shown = carol.get(f"/v1/sims/{SIM}").json
    assert shown["today"] == {"sent": 0, "received": 1, "refused": 0, "unknown": 0}
    assert shown["total"]["received"] == 2
    assert carol.get("/v1/sims/none").status_code == 404


def test_a_key_that_only_sends_sees_no_sims(bob: Caller) -> None:
    assert bob.get("/v1/sims").status_code == 403


def test_webhooks_may_ask_for_balances_calls_and_sims(alice: Caller) -> None:
    wanted = ["channel.balance", "call.missed", "sim.changed"]
    made = alice.post("/v1/webhooks", {"url": "https://pbx.example/sms", "events": wanted})
    assert made.status_code == 201 and made.json["events"] == wanted
    document = alice.client.get("/openapi.json").json
    assert set(wanted) <= set(document["webhooks"])


def test_events_hold_what_the_document_says() -> None:
    ready = ChannelFacts("p0", ChannelState.READY)
    told = [
        events.of_channel(ready, 0.0),
        events.of_balance(Balance(SIM, "p0", 3.5, "3.50", 0.0, True), True, 0.0),
        events.of_call("p0", "+491701234567", 0.0),
        events.of_sim(Change(SimChange.MOVED, SIM, "p1", "p0"), 0.0),
        *(events.of_standing(kind, ready, Standing(Traffic.BLOCKED, "no SIM", 60.0), 0.0) for kind in STANDINGS),
    ]
    assert {event.type for event in told} == set(BY_EVENT)
    for event in told:
        BY_EVENT[event.type].model_validate(event.data)


def test_a_call_without_a_number_belongs_to_the_conversation_of_its_channel() -> None:
    assert events.of_call("p0", "+491701234567", 0.0).conversation == "+491701234567"
    assert events.of_call("p0", "", 0.0).conversation == "channel:p0"
