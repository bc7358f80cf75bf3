"""`/v1/limits`: made, listed with what is left, changed, set back, explained and foreseen."""

from __future__ import annotations

import pytest

from gateway.store import outbox, sims
from gateway.store.limits import Ledger
from tests.store.conftest import new_message
from tests.web.conftest import Caller, Gateway, faults

A_DAY = {"subject": "sim:*", "counted": "texts", "per": "day", "most": 3, "zone": "Europe/Berlin"}


@pytest.fixture(autouse=True)
def a_sim(gateway: Gateway) -> None:
    gateway.store.writer.run(lambda db: sims.seen(db, gateway.facts[0], gateway.clock.now()))


def send(gateway: Gateway, to: str = "+4917012345") -> None:
    def job(db) -> None:  # type: ignore[no-untyped-def]
        outbox.add(db, [new_message(to)], gateway.clock.now())
        (message,) = db.execute_sql("SELECT MAX(id) FROM messages").fetchone()
        db.execute_sql("UPDATE messages SET status = 'sent' WHERE id = ?", (message,))
        Ledger(db, gateway.limits.book, gateway.clock.now()).charge(message, ("sim:8949001", "pool:main", "key:1"), to, 1, 1)

    gateway.store.writer.run(job)


def test_a_limit_is_made_and_shows_what_is_left(alice: Caller, carol: Caller, gateway: Gateway) -> None:
    made = alice.post("/v1/limits", A_DAY)
    assert made.status_code == 201 and made.headers["Location"] == f"/v1/limits/{made.json['id']}"
    send(gateway)
    (shown,) = carol.get("/v1/limits").json["data"]
    assert shown == carol.get(made.headers["Location"]).json
    assert shown["now"] == [
        {
            "subject": "sim:8949001",
            "channel": "p0",
            "used": 1,
            "most": 3,
            "left": 2,
            "began_at": "2026-09-20T22:00:00.000Z",
            "resets_at": "2026-09-21T22:00:00.000Z",
            "closed_until": None,
        }
    ]
    assert shown["reset_day"] is None and shown["gap_s"] is None and gateway.woken == 1


@pytest.mark.parametrize(
    "wanted",
    [
        {"subject": "channel:p0", "counted": "gap", "gap_s": [20, 5.5]},
        {"subject": "pool:main", "counted": "hours", "hours": "Mon-Fri 08:00-20:00, Sat 09:00-12:00", "zone": "Europe/Berlin"},
        {"subject": "sim:*", "counted": "warmup", "first": 20, "factor": 1.5, "days": 14},
        {"subject": "key:alice", "counted": "share", "factor": 2},
        {"subject": "key:*", "counted": "recipients", "per": "month", "most": 100, "reset_day": 31},
        {"subject": "sim:port:p1", "counted": "parts", "per": "minute", "most": 6},
    ],
)
def test_every_kind_of_limit_can_be_made_and_put_back_as_it_is_shown(alice: Caller, wanted: dict[str, object]) -> None:
    made = alice.post("/v1/limits", wanted)
    assert made.status_code == 201, made.text
    again = {name: value for name, value in made.json.items() if name not in ("id", "now")}
    put = alice.put(made.headers["Location"], again)
    assert put.status_code == 200 and put.json == made.json
    assert alice.get("/v1/limits").json["data"] == [made.json]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"most": 0}, "/most"),
        ({"most": None}, "/most"),
        ({"per": None}, "/per"),
        ({"per": "week"}, "/per"),
        ({"zone": "Mars"}, "/zone"),
        ({"reset_day": 5}, "/reset_day"),
        ({"gap_s": [1, 2]}, "/gap_s"),
        ({"subject": "nobody"}, "/subject"),
        ({"subject": "pool:"}, "/subject"),
        ({"counted": "words"}, "/counted"),
        ({"counted": "gap", "per": None, "most": None, "zone": None, "gap_s": [1]}, "/gap_s"),
        ({"counted": "gap", "per": None, "most": None, "zone": None, "gap_s": [0, 0]}, "/gap_s"),
        ({"counted": "hours", "per": None, "most": None}, "/hours"),
        ({"counted": "share", "per": None, "most": None, "zone": None, "factor": 2}, "/counted"),
        ({"fewest": 3}, "/fewest"),
    ],
)
def test_a_wrong_limit_is_refused_by_the_name_of_its_field(alice: Caller, change: dict[str, object], field: str) -> None:
    refused = alice.post("/v1/limits", {**A_DAY, **change})
    assert refused.status_code == 422 and faults(refused) == [field]


@pytest.mark.parametrize(
    ("subject", "remedy"),
    [
        ("pool:mian", "there is no pool mian; did you mean 'main'?"),
        ("key:alcie", "there is no key named 'alcie'; did you mean 'alice'?"),
        ("sim:8999", "`simrack sims` lists them"),
        ("channel:p1", "Write sim:port:p1 for a SIM that tells no number"),
        ("channel:p9", "`simrack channels` lists the channels there are"),
    ],
)
def test_what_there_is_not_cannot_be_limited(alice: Caller, subject: str, remedy: str) -> None:
    """404 would say that the limit is not there."""
    alice.post("/v1/limits", A_DAY)
    wrong = {**A_DAY, "subject": subject}
    for refused in (alice.post("/v1/limits", wrong), alice.put("/v1/limits/1", wrong)):
        assert refused.status_code == 409 and faults(refused) == ["/subject"]
        assert remedy in refused.json["detail"] and remedy in refused.json["errors"][0]["detail"]
    asked = alice.get(f"/v1/limits?subject={subject}")
    assert asked.status_code in (404, 409) and faults(asked) == ["subject"]


@pytest.mark.parametrize(
    ("field", "wrong", "remedy"),
    [("pool", "mian", "did you mean 'main'?"), ("channel", "p9", "did you mean"), ("key", "nobody", "known are")],
)
def test_an_explanation_or_forecast_over_what_there_is_not_names_the_field_and_what_there_is(
    alice: Caller, field: str, wrong: str, remedy: str
) -> None:
    foreseen = alice.post("/v1/limits/forecast", {"count": 7, field: wrong})
    explained = alice.get(f"/v1/limits/explain?{field}={wrong}")
    assert (foreseen.status_code, explained.status_code) == (404, 404)
    assert (faults(foreseen), faults(explained)) == ([f"/{field}"], [field])
    assert remedy in foreseen.json["detail"] and remedy in explained.json["detail"]


def test_who_may_not_change_limits_may_look_at_them(bob: Caller, carol: Caller, alice: Caller) -> None:
    alice.post("/v1/limits", A_DAY)
    assert carol.get("/v1/limits/1").status_code == 200
    assert carol.post("/v1/limits/forecast", {"count": 5}).status_code == 200
    assert carol.post("/v1/limits", A_DAY).status_code == 403
    assert carol.put("/v1/limits/1", A_DAY).status_code == 403
    assert carol.delete("/v1/limits/1").status_code == 403
    assert carol.post("/v1/limits/1/reset").status_code == 403
    assert bob.get("/v1/limits").status_code == 403


def test_a_limit_that_there_is_not_is_not_found(alice: Caller) -> None:
    for answered in (
        alice.get("/v1/limits/7"),
        alice.put("/v1/limits/7", A_DAY),
        alice.delete("/v1/limits/7"),
        alice.post("/v1/limits/7/reset"),
        alice.get("/v1/limits/99999999999999999999999"),
    ):
        assert answered.status_code == 404


def test_limits_can_be_asked_for_by_whom_they_are_for(alice: Caller) -> None:
    alice.post("/v1/limits", A_DAY)
    alice.post("/v1/limits", {**A_DAY, "subject": "pool:main"})
    for subject, expected in (
        ("channel:p0", ["sim:8949001"]),
        ("sim:*", ["sim:8949001"]),
        ("pool:main", ["pool:main"]),
        ("key:alice", []),
    ):
        found = alice.get(f"/v1/limits?subject={subject}").json["data"]
        assert [use["subject"] for limit in found for use in limit["now"]] == expected
    assert faults(alice.get("/v1/limits?subject=modem:p0")) == ["subject"]


def test_what_is_left_today_is_shown_with_the_channel_and_as_a_figure(alice: Caller, carol: Caller, gateway: Gateway) -> None:
    assert carol.get("/v1/channels/p0").json["left_today"] is None
    assert "simrack_channel_left_today{" not in alice.client.get("/metrics").text
    made = alice.post("/v1/limits", {**A_DAY, "subject": "channel:p0"}).json["id"]
    send(gateway)
    assert carol.get("/v1/channels/p0").json["left_today"] == 2
    assert [one["left_today"] for one in carol.get("/v1/channels").json["data"]] == [2, None]
    figures = [line for line in alice.client.get("/metrics").text.splitlines() if line.startswith("simrack_channel_left_today")]
    assert figures == ['simrack_channel_left_today{channel="p0"} 2.0']
    alice.post(f"/v1/limits/{made}/reset")
    assert carol.get("/v1/channels/p0").json["left_today"] == 3


def test_a_reset_is_audited_with_what_there_was(alice: Caller, gateway: Gateway) -> None:
    alice.post("/v1/limits", A_DAY)
    send(gateway)
    assert alice.post("/v1/limits/1/reset", {"subject": "channel:p0"}).json == {"reset": 1}
    assert alice.get("/v1/limits/1").json["now"][0]["used"] == 0
    assert alice.delete("/v1/limits/1").status_code == 204
    page = alice.get("/v1/limits/audit?limit=2").json
    assert [one["what"] for one in page["data"]] == ["limit.remove", "limit.reset"]
    assert page["data"][1]["who"] == "alice" and page["data"][1]["before"]["texts"] == 1
    last = alice.get(f"/v1/limits/audit?cursor={page['next_cursor']}").json
    assert [one["what"] for one in last["data"]] == ["limit.add"] and not last["has_more"]


def test_an_explanation_says_which_limit_says_no_and_until_when(alice: Caller, gateway: Gateway) -> None:
    alice.post("/v1/limits", {**A_DAY, "most": 1})
    assert alice.get("/v1/limits/explain?channel=p0").json["may_leave"]
    send(gateway)
    told = alice.get("/v1/limits/explain?channel=p0&key=alice&to=0170123456").json
    assert (told["may_leave"], told["until"], told["channels"]) == (False, "2026-09-21T22:00:00.000Z", [])
    (refusal,) = told["refusals"]
    assert refusal["limit"]["id"] == 1 and refusal["reason"] == "1 of 1 texts a day have left"
    assert alice.get("/v1/limits/explain?pool=main").json["channels"] == ["p1"]
    assert alice.get("/v1/limits/explain?to=%2B4915112345678").status_code == 200
    assert alice.get("/v1/limits/explain?to=+4915112345678").status_code == 200  # not escaped
    assert faults(alice.get("/v1/limits/explain?to=nobody")) == ["to"]
    assert alice.get("/v1/limits/explain?pool=none").status_code == 404
    assert alice.get("/v1/limits/explain?channel=p9").status_code == 404
    assert alice.get("/v1/limits/explain?key=none").status_code == 404


def test_a_forecast_says_when_and_by_whom_and_what_holds_it_back(alice: Caller) -> None:
    alice.post("/v1/limits", A_DAY)
    found = alice.post("/v1/limits/forecast", {"count": 7, "pool": "main"}).json
    assert found["until"] == "2026-09-22T22:00:04.000Z"  # 3 today, 3 tomorrow, and one of 4 seconds after midnight in Berlin
    assert found["channels"] == [{"channel": "p0", "texts": 7, "held_by": 1}] and found["held_by"]["id"] == 1
    assert alice.post("/v1/limits/forecast", {"count": 7, "channel": "p1"}).status_code == 409
    assert alice.post("/v1/limits/forecast", {"count": 7, "channel": "p0", "pool": "main"}).status_code == 422
    assert alice.post("/v1/limits/forecast", {"count": 7, "pool": "none"}).status_code == 404


def test_texts_that_wait_already_leave_first(alice: Caller) -> None:
    for number in range(3):
        assert alice.post("/v1/messages", {"to": f"+49170123456{number}", "text": "hello", "pool": "main"}).status_code == 202
    found = alice.post("/v1/limits/forecast", {"count": 2, "pool": "main"}).json
    assert found["waiting"] == 3 and found["channels"][0]["texts"] == 5


def test_a_forecast_counts_on_no_channel_that_is_paused(alice: Caller) -> None:
    assert alice.post("/v1/limits/forecast", {"count": 7}).status_code == 200
    assert alice.post("/v1/channels/p0/pause", {"reason": "repair"}).status_code == 200
    assert alice.post("/v1/limits/forecast", {"count": 7}).status_code == 409
