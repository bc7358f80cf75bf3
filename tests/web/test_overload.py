"""`/v1` under more than it may take: a key that hurries, a queue that is full. Nothing of what is refused is stored."""

from __future__ import annotations

import pytest
from werkzeug.test import TestResponse

from gateway.store import outbox
from gateway.store.messages import MessageFilter
from gateway.web.app import create_app
from tests.web.conftest import Caller, Gateway, faults


@pytest.fixture
def bounded(gateway: Gateway) -> Gateway:
    gateway.bound(sends_per_s=3.0, max_queued=8)
    return gateway


@pytest.fixture
def bob(bounded: Gateway) -> Caller:
    return Caller(create_app(bounded.doors()).test_client(), bounded.keys.add("bob", ["send"])[1])


def send(caller: Caller, count: int = 1, once: str = "") -> TestResponse:
    texts = [{"to": "+4917012345", "text": f"text {n}"} for n in range(count)]
    headers = {"Idempotency-Key": once} if once else {}
    return caller.post("/v1/messages/batch", {"messages": texts}, headers)


def stored(gateway: Gateway) -> int:
    return len(gateway.store.messages.find(MessageFilter(), None, 100).messages)


def test_a_key_that_hurries_is_told_when_to_go_on(bounded: Gateway, bob: Caller) -> None:
    for _ in range(3):
        assert bob.post("/v1/messages", {"to": "+4917012345", "text": "hello"}).status_code == 202
    refused = bob.post("/v1/messages", {"to": "+4917012345", "text": "hello"})
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "1")
    assert faults(refused) == [] and refused.json is not None
    assert refused.json["code"] == "too_fast"
    assert refused.json["detail"] == "the key bob may give 3 texts a second; go on in 1 s"
    assert stored(bounded) == 3
    bounded.clock.advance(1)
    assert bob.post("/v1/messages", {"to": "+4917012345", "text": "hello"}).status_code == 202


def test_a_batch_counts_as_its_texts_and_waits_as_a_whole(bounded: Gateway, bob: Caller) -> None:
    assert send(bob, 2).status_code == 202
    assert send(bob, 2).status_code == 429
    assert stored(bounded) == 2
    assert send(bob, 1).status_code == 202
    bounded.clock.advance(1)
    assert send(bob, 5).status_code == 202  # more than a second allows: what follows waits until it is paid
    refused = send(bob, 1)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "1")
    bounded.clock.advance(2 / 3)
    assert send(bob, 1).status_code == 429


def test_keys_do_not_slow_each_other_down(bounded: Gateway, bob: Caller) -> None:
    other = Caller(bob.client, bounded.keys.add("other", ["send"])[1])
    assert [send(bob, 3).status_code, send(bob).status_code] == [202, 429]
    assert [send(other, 3).status_code, send(other).status_code] == [202, 429]


def test_a_key_may_have_a_pace_of_its_own_from_the_next_text_on(bounded: Gateway, bob: Caller) -> None:
    assert [send(bob, 3).status_code, send(bob).status_code] == [202, 429]
    admin = Caller(bob.client, bounded.keys.add("admin", ["admin"])[1])
    shown = admin.patch("/v1/keys/bob", {"per_second": 0.5})
    assert shown.status_code == 200 and shown.json is not None and shown.json["rules"]["per_second"] == 0.5
    assert [send(bob).status_code, send(bob).headers["Retry-After"]] == [202, "2"]
    admin.patch("/v1/keys/bob", {"per_second": 0})
    assert [send(bob).status_code for _ in range(4)] == [202] * 4
    admin.patch("/v1/keys/bob", {"per_second": None})
    assert bounded.store.keys.require("bob").rules.per_second is None
    for wrong in (-1, 1e6, "fast"):
        assert faults(admin.patch("/v1/keys/bob", {"per_second": wrong})) == ["/per_second"]


def test_what_is_wrong_in_itself_does_not_count(bounded: Gateway, bob: Caller) -> None:
    for _ in range(5):
        assert bob.post("/v1/messages", {"to": "+4", "text": "hello"}).status_code == 422
    assert send(bob, 3).status_code == 202


def test_a_request_that_was_throttled_is_accepted_once_when_it_comes_again(bounded: Gateway, bob: Caller) -> None:
    assert send(bob, 3, once="first").status_code == 202
    assert send(bob, 2, once="second").status_code == 429
    assert send(bob, 3, once="first").status_code == 202  # what was accepted is told again, and counts no more
    bounded.clock.advance(1)
    assert [send(bob, 2, once="second").status_code for _ in range(3)] == [202] * 3
    assert stored(bounded) == 5


def test_a_full_queue_is_said_and_takes_again_when_some_have_left(bounded: Gateway, bob: Caller) -> None:
    for count in (3, 3):
        assert send(bob, count).status_code == 202
        bounded.clock.advance(1)
    refused = send(bob, 3, once="late")
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "30")
    assert refused.json is not None and refused.json["code"] == "queue_full"
    assert "8 texts may wait ([sending] max_queued), and there is no room for 3 more" in refused.json["detail"]
    assert stored(bounded) == 6
    oldest = bounded.store.messages.find(MessageFilter(), None, 100).messages[-1]
    bounded.store.writer.run(lambda db: outbox.cancel(db, oldest.id, bounded.clock.now()))
    bounded.clock.advance(1)
    assert [send(bob, 3, once="late").status_code for _ in range(2)] == [202] * 2
    assert stored(bounded) == 9


def test_a_queue_that_was_full_before_a_restart_is_full_after_it(bounded: Gateway, bob: Caller) -> None:
    send(bob, 3)
    bounded.bound(max_queued=3)
    again = Caller(create_app(bounded.doors()).test_client(), bob.token)
    assert send(again).status_code == 503
