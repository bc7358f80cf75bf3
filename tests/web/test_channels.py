"""Channels over HTTP: how each does, whether it may take texts, and who may change that."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.records import Refused, Report, Sent, Unknown, Word
from gateway.store import Database, sims
from gateway.store.audit import Audit
from tests.web.conftest import Caller, Gateway, faults

SIM = "8949001"  # of channel p0
NO_SIM = Refused(Word.CHANNEL, "cms:310", "no SIM")


def shown(caller: Caller, name: str = "p0") -> dict[str, Any]:
    found: dict[str, Any] = caller.get(f"/v1/channels/{name}").json
    return found


def attempts(gateway: Gateway, *rows: tuple[str, str | None, str, float]) -> None:
    """(state, word, status of the part, seconds ago) of texts that SIM sent with a report asked for."""
    now = gateway.clock.now()

    def job(db: Database) -> None:
        for state, word, status, ago in rows:
            message = db.execute_sql(
                "INSERT INTO messages (public_id, direction, status, recipient, sender, text, encoding, parts, created_at)"
                " VALUES (hex(randomblob(8)), 'out', ?, '+4915112345678', '', 'x', 'gsm7', 1, ?)",
                (status, now - ago),
            ).lastrowid
            part = db.execute_sql(
                "INSERT INTO parts (message_id, number, status, text, encoding, sim) VALUES (?, 1, ?, 'x', 'gsm7', ?)",
                (message, status, SIM),
            ).lastrowid
            db.execute_sql(
                "INSERT INTO attempts (message_id, part_id, number, channel, sim, recipient, state, started_at, ended_at, word)"
                " VALUES (?, ?, 1, 'p0', ?, '+4915112345678', ?, ?, ?, ?)",
                (message, part, SIM, state, now - ago, now - ago, word),
            )

    gateway.store.writer.run(job)


def test_a_channel_shows_its_traffic_its_health_and_its_pools(carol: Caller, gateway: Gateway) -> None:
    gateway.fitness.heard("p0", SIM, Sent(1), 4.0)
    found = shown(carol)
    assert found["traffic"] == {"state": "open", "reason": "", "until": None}
    assert found["pools"] == ["main"] and found["left_today"] is None
    assert found["health"]["score"] == 100 and found["health"]["reasons"] == []
    assert found["health"]["seconds_per_text"] == 4.0 and found["health"]["delivered"] is None


def test_health_counts_todays_attempts_and_the_share_that_arrived_from_the_rows(carol: Caller, gateway: Gateway) -> None:
    day = 86400.0
    attempts(
        gateway,
        ("sent", None, "delivered", 3600),
        ("sent", None, "delivered", 3600),
        ("sent", None, "undelivered", 1800),
        ("sent", None, "sent", 1200),  # its report is overdue
        ("sent", None, "sent", 10),  # its report is not due yet
        ("refused", "never", "failed", 20),
        ("refused", "channel", "queued", 20),
        ("unknown", None, "unknown", 20),
        ("sent", None, "delivered", 2 * day),
    )
    found = shown(carol)["health"]
    assert (found["sent"], found["unknown"]) == (5, 1)
    assert found["refused"] == {"never": 1, "later": 0, "elsewhere": 0, "channel": 1}
    assert found["delivered"] == 0.6
    assert "60%" in found["reasons"][0] and found["score"] < 100


def test_a_blocked_sim_says_why_and_until_when(carol: Caller, gateway: Gateway) -> None:
    for _ in range(3):
        gateway.fitness.heard("p0", SIM, NO_SIM, 1.0)
    found = shown(carol)["traffic"]
    assert found["state"] == "blocked" and found["until"].endswith("Z")
    assert "three refusals in a row blamed this SIM: CMS 310 no SIM" in found["reason"]
    assert shown(carol)["health"]["score"] <= 50
    assert carol.get("/v1/status").json["channels"][0]["traffic"]["state"] == "blocked"


def test_a_channel_is_paused_drained_and_resumed_by_name_of_the_key(alice: Caller, gateway: Gateway) -> None:
    paused = alice.post("/v1/channels/p0/pause", {"reason": "new antenna"})
    assert paused.status_code == 200
    assert paused.json["traffic"] == {"state": "paused", "reason": "paused by alice: new antenna", "until": None}
    assert alice.post("/v1/channels/p0/drain").json["traffic"]["state"] == "draining"
    assert alice.post("/v1/channels/p0/resume").json["traffic"]["state"] == "open"
    done = [(entry.who, entry.what, entry.subject) for entry in reversed(Audit(gateway.store.read).page("channel", None, 10))]
    assert done == [("alice", f"channel.{what}", "channel:p0") for what in ("pause", "drain", "resume")]


def test_the_audit_tells_who_stopped_and_started_channels(alice: Caller, carol: Caller) -> None:
    alice.post("/v1/channels/p0/pause", {"reason": "new antenna"})
    alice.post("/v1/channels/p0/resume")
    alice.put("/v1/pools/spare", {"channels": ["p1"]})
    found = alice.get("/v1/audit?about=channel").json["data"]
    assert [(one["who"], one["what"], one["subject"]) for one in found] == [
        ("alice", "channel.resume", "channel:p0"), ("alice", "channel.pause", "channel:p0")
    ]  # fmt: skip
    assert found[1]["after"] == {"traffic": "paused", "reason": "new antenna"}
    page = alice.get("/v1/audit?limit=1").json
    assert [one["what"] for one in page["data"]] == ["pool.add"] and page["has_more"] is True
    older = alice.get(f"/v1/audit?cursor={page['next_cursor']}").json
    assert [one["what"] for one in older["data"]][:2] == ["channel.resume", "channel.pause"]
    assert carol.get("/v1/audit").status_code == 403


def test_a_drain_of_all_lets_a_paused_channel_rest(alice: Caller) -> None:
    alice.post("/v1/channels/p1/pause")
    drained = alice.post("/v1/traffic/drain", {"reason": "moving"}).json["data"]
    assert [one["traffic"]["state"] for one in drained] == ["draining", "paused"]
    resumed = alice.post("/v1/traffic/resume").json["data"]
    assert [one["traffic"]["state"] for one in resumed] == ["open", "paused"]


def test_all_channels_are_paused_and_resumed_at_once(alice: Caller) -> None:
    alice.post("/v1/channels/p1/pause")
    paused = alice.post("/v1/traffic/pause", {"reason": "moving"}).json["data"]
    assert [one["traffic"]["reason"] for one in paused] == ["all channels are paused by alice: moving"] * 2
    refused = alice.post("/v1/channels/p0/resume")
    assert refused.status_code == 409 and "all of them first" in refused.json["detail"]
    resumed = alice.post("/v1/traffic/resume").json["data"]
    assert [one["traffic"]["state"] for one in resumed] == ["open", "paused"]


@pytest.mark.parametrize(
    "wish", ["channels/p0/pause", "channels/p0/drain", "channels/p0/resume", "traffic/pause", "traffic/drain", "traffic/resume"]
)
def test_only_a_key_with_the_scope_admin_may_say_so(bob: Caller, carol: Caller, wish: str) -> None:
    for caller in (bob, carol):
        assert caller.post(f"/v1/{wish}").status_code == 403
    assert shown(carol)["traffic"]["state"] == "open"


def test_a_channel_that_does_not_exist_and_a_wrong_body_are_refused(alice: Caller) -> None:
    assert alice.post("/v1/channels/p9/pause").status_code == 404
    answer = alice.post("/v1/channels/p0/pause", {"reason": 5, "until": "tomorrow"})
    assert answer.status_code == 422 and set(faults(answer)) == {"/reason", "/until"}


def test_metrics_show_what_went_over_each_channel_and_no_identity_of_a_sim(alice: Caller, gateway: Gateway) -> None:
    for outcome in (Sent(1), Sent(2), Unknown("silence"), NO_SIM, Refused(Word.NEVER, "cms:1", "no such number")):
        gateway.fitness.heard("p0", SIM, outcome, 4.0)
    gateway.fitness.reported(Report("p0", SIM, "00", 1, "+4915112345678", 0))
    text = alice.client.get("/metrics").text
    for line in (
        'simrack_channel_sent_total{channel="p0"} 2.0',
        'simrack_channel_refused_total{channel="p0",word="never"} 1.0',
        'simrack_channel_refused_total{channel="p0",word="channel"} 1.0',
        'simrack_channel_unknown_total{channel="p0"} 1.0',
        'simrack_channel_delivered_total{channel="p0"} 1.0',
        'simrack_channel_seconds_per_text{channel="p0"} 4.0',
        'simrack_channel_traffic{channel="p0",state="resting"} 1.0',
        'simrack_channel_traffic{channel="p0",state="open"} 0.0',
    ):
        assert f"{line}\n" in text, line
    assert SIM not in text and "+49" not in text


def test_a_channel_explains_whether_it_may_send_now_and_what_says_no(alice: Caller, carol: Caller, gateway: Gateway) -> None:
    gateway.store.writer.run(lambda db: sims.seen(db, gateway.facts[0], gateway.clock.now()))
    found = carol.get("/v1/channels/p0/explain").json
    assert (found["channel"], found["may_send"], found["standing"], found["until"]) == ("p0", True, "open", None)
    assert (found["refusals"], found["pools"], found["health"]["score"]) == ([], ["main"], 100)
    limit = {"subject": "channel:p0", "counted": "hours", "hours": "00:00-00:01", "zone": "UTC"}
    number = alice.post("/v1/limits", limit).json["id"]
    closed = carol.get("/v1/channels/p0/explain?to=015112345678&parts=2").json
    assert (closed["may_send"], closed["standing"], closed["until"]) == (False, "limited", "2026-09-22T00:00:00.000Z")
    assert closed["reason"] == f"limit {number}: it is outside of the hours 00:00-00:01 (UTC)"
    assert [(one["limit"]["id"], one["channel"]) for one in closed["refusals"]] == [(number, "p0")]
    for _ in range(3):
        gateway.fitness.heard("p0", SIM, NO_SIM, 1.0)
    blocked = carol.get("/v1/channels/p0/explain").json
    assert (blocked["may_send"], blocked["standing"]) == (False, "blocked") and blocked["until"] is not None
    assert "tried with one text" in blocked["reason"] and blocked["health"]["reasons"]
    lost = carol.get("/v1/channels/p1/explain").json
    assert (lost["standing"], lost["reason"]) == ("lost", "unplugged")
    assert carol.get("/v1/channels/p9/explain").status_code == 404
    assert faults(carol.get("/v1/channels/p0/explain?to=hello")) == ["to"]
