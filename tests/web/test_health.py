"""Health, metrics, channels and pools: what a monitor, a technician and a client can see."""

from __future__ import annotations

from flask.testing import FlaskClient

from gateway.records import ChannelFacts, ChannelState, Refused, Word
from tests.web.conftest import Caller, Gateway


def state_of(answer: dict[str, list[dict[str, str]]], name: str) -> str:
    return next(check["state"] for check in answer["checks"] if check["name"] == name)


def test_a_living_process_says_so(client: FlaskClient) -> None:
    assert client.get("/healthz").json == {"status": "ok"}


def test_one_ready_channel_is_enough_to_work(client: FlaskClient) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 200 and answer.json["ready"] is True
    assert state_of(answer.json, "channels") == "warning"  # the other is lost


def test_without_a_ready_channel_it_is_not_ready(client: FlaskClient, gateway: Gateway) -> None:
    gateway.facts[:] = [ChannelFacts("p0", ChannelState.LOST)]
    answer = client.get("/readyz")
    assert answer.status_code == 503 and state_of(answer.json, "channels") == "failed"


def test_without_any_channel_configured_it_is_ready(client: FlaskClient, gateway: Gateway) -> None:
    gateway.facts.clear()
    assert client.get("/readyz").status_code == 200


def test_a_database_that_takes_nothing_is_not_ready(client: FlaskClient, gateway: Gateway) -> None:
    gateway.storage_fault = "less than 50 MB are free"
    answer = client.get("/readyz")
    assert answer.status_code == 503 and state_of(answer.json, "database") == "failed"


def test_a_clock_from_long_ago_is_a_warning(client: FlaskClient, gateway: Gateway) -> None:
    gateway.clock.jump(-1_789_999_000)
    answer = client.get("/readyz")
    assert answer.status_code == 200 and state_of(answer.json, "clock") == "warning"


def test_a_rack_whose_every_channel_is_paused_or_blocked_is_not_ready(client: FlaskClient, gateway: Gateway) -> None:
    gateway.facts.append(ChannelFacts("p2", ChannelState.READY, iccid="8949002"))
    gateway.fitness.pause("p0", "alice", "new antenna")
    answer = client.get("/readyz")
    assert answer.status_code == 200 and "1 of them paused or blocked" in str(answer.json)
    for _ in range(3):
        gateway.fitness.heard("p1", "8949002", Refused(Word.CHANNEL, "cms:310", "no SIM"), 1.0)
    answer = client.get("/readyz")
    assert answer.status_code == 503 and state_of(answer.json, "channels") == "failed"
    assert "paused by alice: new antenna" in str(answer.json)


def test_a_resting_channel_is_no_reason_not_to_be_ready(client: FlaskClient, gateway: Gateway) -> None:
    gateway.fitness.heard("p0", "8949001", Refused(Word.CHANNEL, "cms:310", "no SIM"), 1.0)
    assert client.get("/readyz").status_code == 200


def test_metrics_count_the_queue_and_name_no_numbers(alice: Caller) -> None:
    alice.post("/v1/messages", {"to": "+4915112345678", "text": "x"})
    answer = alice.client.get("/metrics")
    assert answer.content_type.startswith("text/plain")
    assert 'simrack_queue_messages{status="queued"} 1.0' in answer.text
    assert 'simrack_channel_state{channel="p0",state="ready"} 1.0' in answer.text
    assert 'simrack_channel_signal_dbm{channel="p0"} -71.0' in answer.text
    assert "+49" not in answer.text and "8949001" not in answer.text


def test_the_status_shows_all_in_one_look(carol: Caller) -> None:
    shown = carol.get("/v1/status").json
    assert shown["ready"] is True and shown["queue"]["queued"] == 0
    assert [channel["name"] for channel in shown["channels"]] == ["p0", "p1"]


def test_channels_and_pools_can_be_looked_at(carol: Caller) -> None:
    assert carol.get("/v1/channels/p1").json["reason"] == "unplugged"
    assert [one["name"] for one in carol.get("/v1/channels").json["data"]] == ["p0", "p1"]
    assert [one["name"] for one in carol.get("/v1/pools").json["data"]] == ["main"]
    assert carol.get("/v1/pools/main").json["name"] == "main"
    assert carol.get("/v1/channels/p9").status_code == carol.get("/v1/pools/other").status_code == 404
