"""`/v1/messages`: what is accepted, what is refused by which name, and what can be read afterwards."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.errors import StorageFull
from gateway.store import outbox
from tests.web.conftest import Caller, Gateway, faults

TO = "+4915112345678"


def test_a_text_is_accepted_and_can_be_read_back(alice: Caller, gateway: Gateway) -> None:
    accepted = alice.post("/v1/messages", {"to": "0151 1234-5678", "text": "Grüße", "client_ref": "order 7"})
    assert accepted.status_code == 202
    message = accepted.json
    assert message["to"] == TO and message["status"] == "queued" and message["direction"] == "out"
    assert message["client_ref"] == "order 7" and message["parts"] == 1 and message["encoding"] == "gsm7"
    assert accepted.headers["Location"] == f"/v1/messages/{message['id']}"
    assert gateway.woken == 1

    read = alice.get(accepted.headers["Location"])
    assert read.status_code == 200
    assert read.json == {**message, "attempts": []}


def test_every_wish_arrives_in_the_store(alice: Caller, gateway: Gateway) -> None:
    wishes = {
        "to": TO, "text": "x", "from": "+4915110000001", "channel": "p1", "priority": 5, "flash": True, "on_unknown": "hold",
        "send_at": "2026-12-24T18:00:00+01:00", "expires_at": "2026-12-25T00:00:00Z", "validity_minutes": 60, "report": False,
    }  # fmt: skip
    shown = alice.post("/v1/messages", wishes).json
    assert shown["send_at"] == "2026-12-24T17:00:00.000Z" and shown["expires_at"] == "2026-12-25T00:00:00.000Z"
    assert (shown["priority"], shown["flash"], shown["on_unknown"], shown["from"]) == (5, True, "hold", "+4915110000001")
    row = gateway.store.read(
        lambda db: db.execute_sql("SELECT lane, validity_minutes, report FROM messages").fetchone()
    )
    assert row == ("channel:p1@from:+4915110000001", 60, 0)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"to": None}, "/to"),
        ({"to": ""}, "/to"),
        ({"to": "hello"}, "/to"),
        ({"to": "+999123456789"}, "/to"),
        ({"to": 49151}, "/to"),
        ({"text": None}, "/text"),
        ({"text": ""}, "/text"),
        ({"text": "a\x00b"}, "/text"),
        ({"text": "x" * 10_000}, "/text"),
        ({"text": "x" * 2000}, "/text"),
        ({"channel": "p9"}, "/channel"),
        ({"pool": "other"}, "/pool"),
        ({"from": "+4915119999999"}, "/from"),
        ({"priority": 11}, "/priority"),
        ({"priority": "5"}, "/priority"),
        ({"priority": 1.5}, "/priority"),
        ({"flash": "yes"}, "/flash"),
        ({"on_unknown": "maybe"}, "/on_unknown"),
        ({"send_at": "2026-12-24T18:00:00"}, "/send_at"),
        ({"send_at": "tomorrow"}, "/send_at"),
        ({"send_at": "2026-02-30T00:00:00Z"}, "/send_at"),
        ({"send_at": 1_790_000_000}, "/send_at"),
        ({"validity_minutes": 0}, "/validity_minutes"),
        ({"client_ref": "x" * 256}, "/client_ref"),
        ({"txet": "x"}, "/txet"),
    ],
)
def test_a_wrong_value_is_refused_by_the_name_of_its_field(alice: Caller, change: dict[str, object], field: str) -> None:
    refused = alice.post("/v1/messages", {"to": TO, "text": "x", **change})
    assert refused.status_code == 422
    assert faults(refused) == [field]
    assert alice.get("/v1/messages").json["data"] == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"to": "abc"}, "'abc' is not a phone number; write it as +49151… or as a national number of DE"),
        ({"to": 49151}, "must be text in double quotes"),
        ({"from": "Acme"}, "'Acme' is a name, and a SIM always sends from its own number; leave it out"),
        ({"to": "1"}, "is too short; give at least 2 characters"),
        ({"text": ""}, "is empty; give at least 1 character"),
        ({"text": "x" * 10_000}, "is too long; give at most 8415 characters"),
        ({"flash": "yes"}, "must be true or false, without quotes"),
        ({"priority": "5"}, "must be a whole number, such as 5"),
        ({"priority": 11}, "is too large; give 10 or less"),
        ({"validity_minutes": 1}, "is too small; give 5 or more"),
        ({"on_unknown": "maybe"}, "is not known; give 'resend' or 'hold'"),
        ({"txet": "x"}, "is not a field of this request; its fields are to, text, from, channel"),
    ],
)
def test_a_fault_is_told_with_its_remedy_in_our_words(alice: Caller, change: dict[str, object], words: str) -> None:
    for path, body in (
        ("/v1/messages", {"to": TO, "text": "x", **change}),
        ("/v1/messages/batch", {"messages": [{"to": TO, "text": "x", **change}]}),
    ):
        assert alice.post(path, body).json["errors"][0]["detail"].startswith(words)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "the body is empty"),
        (b'{"to": "x",\n "text": }', "line 2, column 10"),
        (b'{"to": "\xff"}', "not UTF-8 at octet 8"),
        (b"[" * 100_000, "nested too deeply"),
        (b"7", 'must be an object, such as {"name": "value"}'),
    ],
)
def test_a_body_that_cannot_be_read_is_told_in_our_words(alice: Caller, raw: bytes, words: str) -> None:
    assert words in alice.post("/v1/messages", data=raw, content_type="application/json").json["detail"]


@pytest.mark.parametrize(
    ("messages", "words"),
    [
        ([], "holds 0; give at least 1"),
        ([{}] * 1001, "holds too many; give at most 1000"),
        ("x", "must be a list"),
        ([7], "must be an object"),
    ],
)
def test_a_list_of_the_wrong_form_is_told_in_our_words(alice: Caller, messages: object, words: str) -> None:
    details = [fault["detail"] for fault in alice.post("/v1/messages/batch", {"messages": messages}).json["errors"]]
    assert any(words in detail for detail in details), details


def test_an_unknown_filter_names_those_there_are(alice: Caller) -> None:
    detail = alice.get("/v1/messages?stauts=sent").json["detail"]
    assert "is not a parameter of this list; its parameters are direction, status, to, from" in detail


def test_a_missing_field_is_named(alice: Caller) -> None:
    assert faults(alice.post("/v1/messages", {"text": "x"})) == ["/to"]


def test_half_a_surrogate_pair_is_refused_by_the_name_of_its_field(alice: Caller) -> None:
    raw = b'{"to": "+4915112345678", "text": "\\ud83d oh"}'
    refused = alice.post("/v1/messages", data=raw, content_type="application/json")
    assert refused.status_code == 422 and faults(refused) == ["/text"]


def test_a_whole_surrogate_pair_is_a_character(alice: Caller) -> None:
    raw = b'{"to": "+4915112345678", "text": "\\ud83d\\ude00"}'
    accepted = alice.post("/v1/messages", data=raw, content_type="application/json")
    assert accepted.json["text"] == "\U0001f600" and accepted.json["encoding"] == "ucs2"


@pytest.mark.parametrize("raw", [b"", b"{", b"[1,", b'{"to": "\xff"}', b"[" * 100_000])
def test_a_body_that_is_not_json_is_refused(alice: Caller, raw: bytes) -> None:
    refused = alice.post("/v1/messages", data=raw, content_type="application/json")
    assert refused.status_code == 400
    assert refused.content_type == "application/problem+json"


@pytest.mark.parametrize("raw", [b"[]", b"7", b"null", b'"x"'])
def test_a_body_that_is_no_object_is_refused(alice: Caller, raw: bytes) -> None:
    assert alice.post("/v1/messages", data=raw, content_type="application/json").status_code == 422


def test_a_form_is_refused_with_a_remedy(alice: Caller) -> None:
    refused = alice.post("/v1/messages", data={"to": TO, "text": "x"})
    assert refused.status_code == 415 and "application/json" in refused.json["detail"]


def test_a_body_of_more_than_a_megabyte_is_refused(alice: Caller) -> None:
    refused = alice.post("/v1/messages", data=b'"' + b"x" * 1_000_000 + b'"', content_type="application/json")
    assert refused.status_code == 413 and refused.json["status"] == 413


@pytest.mark.parametrize("send_at", [None, "2031-01-01T00:00:00Z"])
def test_an_end_before_the_text_could_leave_is_refused(alice: Caller, send_at: str | None) -> None:
    over = "2020-01-01T00:00:00Z" if send_at is None else "2030-01-01T00:00:00Z"
    refused = alice.post("/v1/messages", {"to": TO, "text": "x", "expires_at": over, "send_at": send_at})
    assert refused.status_code == 409 and faults(refused) == ["/expires_at"]


def test_a_number_of_another_channel_contradicts_the_channel(alice: Caller) -> None:
    refused = alice.post("/v1/messages", {"to": TO, "text": "x", "channel": "p0", "from": "+4915110000001"})
    assert refused.status_code == 409 and faults(refused) == ["/from"]


def test_a_full_disk_is_a_503_that_says_when_to_come_back(alice: Caller, gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    def full() -> None:
        raise StorageFull("less than 50 MB are free")

    monkeypatch.setattr(gateway.store, "require_room", full)
    refused = alice.post("/v1/messages", {"to": TO, "text": "x"})
    assert refused.status_code == 503
    assert int(refused.headers["Retry-After"]) > 0
    assert refused.json["code"] == "storage_full"


# Idempotency


@pytest.mark.parametrize("again", ["8e03978e", '"8e03978e"'])
def test_the_same_key_with_the_same_request_is_the_same_message(alice: Caller, again: str) -> None:
    first = alice.post("/v1/messages", {"to": TO, "text": "x"}, {"Idempotency-Key": "8e03978e"})
    second = alice.post("/v1/messages", {"text": "x", "to": TO}, {"Idempotency-Key": again})
    assert first.status_code == second.status_code == 202
    assert first.json["id"] == second.json["id"]
    assert len(alice.get("/v1/messages").json["data"]) == 1


def test_the_same_key_with_another_request_is_refused(alice: Caller) -> None:
    alice.post("/v1/messages", {"to": TO, "text": "x"}, {"Idempotency-Key": "8e03978e"})
    refused = alice.post("/v1/messages", {"to": TO, "text": "y"}, {"Idempotency-Key": "8e03978e"})
    assert refused.status_code == 422
    assert refused.json["code"] == "idempotency_mismatch" and faults(refused) == ["Idempotency-Key"]


def test_two_callers_may_use_the_same_key(alice: Caller, bob: Caller) -> None:
    first = alice.post("/v1/messages", {"to": TO, "text": "x"}, {"Idempotency-Key": "1"})
    second = bob.post("/v1/messages", {"to": TO, "text": "x"}, {"Idempotency-Key": "1"})
    assert first.json["id"] != second.json["id"]


@pytest.mark.parametrize("key", ["x" * 256, '""', "two words", '"open'])
def test_an_impossible_idempotency_key_is_refused(alice: Caller, key: str) -> None:
    refused = alice.post("/v1/messages", {"to": TO, "text": "x"}, {"Idempotency-Key": key})
    assert refused.status_code == 422 and faults(refused) == ["Idempotency-Key"]


# Batches


def test_a_batch_is_accepted_in_its_order(alice: Caller) -> None:
    texts = [{"to": TO, "text": f"number {n}"} for n in range(1000)]
    accepted = alice.post("/v1/messages/batch", {"messages": texts})
    assert accepted.status_code == 202
    assert [message["text"] for message in accepted.json["data"]] == [one["text"] for one in texts]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"to": "x y", "text": "x"}, "/messages/1/to"),
        ({"to": TO}, "/messages/1/text"),
        ({"to": TO, "text": "x\x00"}, "/messages/1/text"),
    ],
)
def test_one_wrong_text_refuses_the_whole_batch_by_its_place(alice: Caller, wrong: dict[str, str], field: str) -> None:
    refused = alice.post("/v1/messages/batch", {"messages": [{"to": TO, "text": "x"}, wrong]})
    assert refused.status_code == 422 and faults(refused) == [field]
    assert alice.get("/v1/messages").json["data"] == []


@pytest.mark.parametrize("count", [0, 1001])
def test_a_batch_holds_one_to_a_thousand_texts(alice: Caller, count: int) -> None:
    refused = alice.post("/v1/messages/batch", {"messages": [{"to": TO, "text": "x"}] * count})
    assert refused.status_code == 422 and faults(refused) == ["/messages"]


# Reading


def test_a_list_comes_newest_first_in_pages(alice: Caller) -> None:
    sent = [alice.post("/v1/messages", {"to": TO, "text": f"{n}"}).json["id"] for n in range(5)]
    seen, path = [], "/v1/messages?limit=2"
    while path:
        page = alice.get(path)
        assert page.status_code == 200
        seen += [message["id"] for message in page.json["data"]]
        cursor = page.json["next_cursor"]
        assert page.json["has_more"] is (cursor is not None)
        assert ("Link" in page.headers) is (cursor is not None)
        path = f"/v1/messages?limit=2&cursor={cursor}" if cursor else ""
    assert seen == sent[::-1]


def test_a_list_can_be_filtered(alice: Caller) -> None:
    first = alice.post("/v1/messages", {"to": TO, "text": "1", "client_ref": "a"}).json["id"]
    alice.post("/v1/messages", {"to": "+4915187654321", "text": "2", "client_ref": "b"})

    def found(query: str) -> list[str]:
        return [message["id"] for message in alice.get(f"/v1/messages?{query}").json["data"]]

    assert found("to=0151-12345678") == found(f"to={TO}") == found("to=%2B4915112345678") == [first]
    assert found("client_ref=a&direction=out&status=queued") == [first]
    assert found("direction=in") == found("status=sent") == found("to=123") == []
    assert len(found("since=2026-01-01T00:00:00+01:00")) == 2
    assert found("since=2027-01-01T00:00:00Z") == []


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("stauts=queued", "stauts"),
        ("status=done", "status"),
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=ten", "limit"),
        ("limit=1&limit=2", "limit"),
        ("since=yesterday", "since"),
        ("cursor=rubbish", "cursor"),
        ("direction=both", "direction"),
        ("to=nobody", "to"),
        ("claimed=perhaps", "claimed"),
    ],
)
def test_junk_in_the_query_is_refused_by_name(alice: Caller, query: str, name: str) -> None:
    refused = alice.get(f"/v1/messages?{query}")
    assert refused.status_code == 422 and faults(refused) == [name]


def test_a_channel_that_there_is_not_and_never_was_is_told_with_the_nearest(alice: Caller, gateway: Gateway) -> None:
    refused = alice.get("/v1/messages?channel=p9")
    assert refused.status_code == 404 and faults(refused) == ["channel"]
    assert refused.json["detail"] == "there is no channel p9; did you mean 'p1'?"
    alice.post("/v1/messages", {"to": TO, "text": "x"})
    gateway.store.writer.run(lambda db: db.execute_sql("UPDATE messages SET channel = 'p9'"))
    assert len(alice.get("/v1/messages?channel=p9").json["data"]) == 1
    assert alice.get("/v1/messages?channel=p9&status=sent").json["data"] == alice.get("/v1/messages?channel=p0").json["data"] == []


def test_a_message_that_is_not_there_is_a_404(alice: Caller) -> None:
    for answer in (alice.get("/v1/messages/msg_none"), alice.delete("/v1/messages/msg_none")):
        assert answer.status_code == 404 and answer.content_type == "application/problem+json"


# Deciding


def test_what_has_not_left_can_be_cancelled(alice: Caller) -> None:
    message = alice.post("/v1/messages", {"to": TO, "text": "x"}).json
    cancelled = alice.delete(f"/v1/messages/{message['id']}")
    assert cancelled.status_code == 200 and cancelled.json["status"] == "cancelled"


def test_a_text_whose_number_is_in_no_channel_says_what_it_waits_for(alice: Caller, gateway: Gateway) -> None:
    accepted = alice.post("/v1/messages", {"to": TO, "text": "x", "from": "0151 10000001"}).json
    assert (accepted["from"], accepted["error"]) == ("+4915110000001", None)
    gateway.pools.look_at_numbers(gateway.facts)
    assert alice.get(f"/v1/messages/{accepted['id']}").json["error"] is None
    gateway.pools.look_at_numbers([replace(one, number="") for one in gateway.facts])
    shown = alice.get(f"/v1/messages/{accepted['id']}").json
    assert shown["error"] == {
        "code": "number:nowhere",
        "reason": "no channel that it may leave by has the number +4915110000001 now",
        "advice": "it leaves when a SIM with this number is back; GET /v1/sims",
    }
    assert [one["error"]["code"] for one in alice.get("/v1/messages").json["data"]] == ["number:nowhere"]
    told = {check["name"]: check for check in alice.get("/v1/status").json["checks"]}["numbers"]
    assert (told["state"], told["detail"]) == ("warning", "texts wait for +4915110000001, not in a channel they may take")
    gateway.pools.look_at_numbers(gateway.facts)
    assert "numbers" not in [check["name"] for check in alice.get("/v1/status").json["checks"]]


def test_a_key_without_admin_cancels_only_what_it_sent_itself(alice: Caller, bob: Caller) -> None:
    hers, his = (caller.post("/v1/messages", {"to": TO, "text": "x"}).json["id"] for caller in (alice, bob))
    refused = bob.delete(f"/v1/messages/{hers}")
    assert refused.status_code == 404 and refused.json["detail"] == f"no message {hers}"
    assert alice.get(f"/v1/messages/{hers}").json["status"] == "queued"
    assert bob.delete(f"/v1/messages/{his}").json["status"] == "cancelled"
    assert bob.delete(f"/v1/messages/{his}").status_code == 200  # asking twice is no fault
    assert bob.delete("/v1/messages/msg_none").status_code == 404


def test_a_key_with_admin_cancels_what_others_sent(alice: Caller, bob: Caller) -> None:
    his = bob.post("/v1/messages", {"to": TO, "text": "x"}).json["id"]
    assert alice.delete(f"/v1/messages/{his}").json["status"] == "cancelled"


def test_what_has_left_cannot_be_cancelled(alice: Caller, gateway: Gateway) -> None:
    message = alice.post("/v1/messages", {"to": TO, "text": "x"}).json
    gateway.store.writer.run(
        lambda db: (db.execute_sql("UPDATE messages SET status = 'sent'"), db.execute_sql("UPDATE parts SET status = 'sent'"))
    )
    refused = alice.delete(f"/v1/messages/{message['id']}")
    assert refused.status_code == 409 and "sent" in refused.json["detail"]


def test_only_an_unknown_outcome_can_be_settled(alice: Caller) -> None:
    message = alice.post("/v1/messages", {"to": TO, "text": "x"}).json
    assert alice.post(f"/v1/messages/{message['id']}/settle", {"decision": "failed"}).status_code == 409
    assert faults(alice.post(f"/v1/messages/{message['id']}/settle", {"decision": "perhaps"})) == ["/decision"]


def test_a_key_settles_what_it_sent_itself(alice: Caller, bob: Caller, gateway: Gateway) -> None:
    held = alice.post("/v1/messages", {"to": TO, "text": "x"}).json["id"]
    for table in ("messages", "parts"):
        gateway.store.writer.run(lambda db, table=table: db.execute_sql(f"UPDATE {table} SET status = 'unknown'"))
    assert bob.post(f"/v1/messages/{held}/settle", {"decision": "failed"}).status_code == 404
    assert alice.post(f"/v1/messages/{held}/settle", {"decision": "failed"}).json["status"] == "failed"


@pytest.mark.parametrize(
    "wanted",
    [
        {"from": "+4915110000000"},
        {"from": "0151 10000001", "pool": "main"},
        {"channel": "p1"},
        {"channel": "0-1"},
        {"pool": "main", "priority": 3, "campaign": "spring", "flash": True},
        {"from": "Acme"},
        {"from": "+4915199999999"},
        {"from": "+4915110000000", "channel": "p1"},
        {"channel": "p9"},
        {"pool": "nix"},
        {"to": "hello"},
        {"to": "+41791234567"},
        {"text": "x" * 671},
        {"text": "ж" * 671},
        {"expires_at": "2020-01-01T00:00:00Z"},
        {"extension": "101"},
        {},
    ],
)
def test_what_a_preview_foresees_is_what_becomes_of_the_text(alice: Caller, gateway: Gateway, wanted: dict[str, object]) -> None:
    wanted = {"to": TO, "text": "see you", **wanted}
    foreseen = alice.post("/v1/messages/preview", wanted)
    assert foreseen.status_code == 200 and gateway.store.read(outbox.sizes)["queued"] == 0
    sent = alice.post("/v1/messages", wanted)
    if foreseen.json["fits"]:
        assert sent.status_code == 202 and foreseen.json["refusal"] is None
        same = ("to", "from", "pool", "route", "encoding", "parts")
        assert [foreseen.json[name] for name in same] == [sent.json[name] for name in same]
    else:
        assert foreseen.json["refusal"] == sent.json and sent.status_code == sent.json["status"] >= 400


def test_a_preview_names_the_channel_where_it_can_be_but_one(alice: Caller) -> None:
    alice.post("/v1/routes", {"name": "all", "pool": "main"})
    channels = []
    for wish in ({"channel": "p1"}, {"from": "+4915110000000"}, {"pool": "main", "from": "+4915110000001"}, {}):
        shown = alice.post("/v1/messages/preview", {"to": TO, "text": "x", **wish}).json
        channels.append((shown["channel"], shown["pool"], shown["route"]))
    assert channels == [("p1", None, None), ("p0", "main", "all"), ("p1", "main", None), (None, "main", "all")]


@pytest.mark.parametrize("wish", [{"channel": "p0"}, {"extension": "101"}, {"pool": None}])
def test_a_preview_without_a_recipient_judges_the_text_alone(alice: Caller, wish: dict[str, object]) -> None:
    refused = alice.post("/v1/messages/preview", {"text": "x", **wish})
    assert refused.status_code == 422 and faults(refused) == [f"/{next(iter(wish))}"]
    assert "give to as well" in refused.json["detail"]
    assert "refusal" not in alice.post("/v1/messages/preview", {"text": "x"}).json


def test_a_preview_counts_and_keeps_nothing(alice: Caller, gateway: Gateway) -> None:
    shown = alice.post("/v1/messages/preview", {"text": "€" * 80 + "x"})
    assert shown.json == {
        "encoding": "gsm7", "characters": 81, "units": 161, "parts": 2, "remaining": shown.json["remaining"],
        "longest": 670, "fits": True, "warnings": [],
    }  # fmt: skip
    assert gateway.store.read(outbox.sizes)["queued"] == 0
