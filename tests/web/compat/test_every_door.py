"""What holds for all doors: off unless opened, entered with a key of ours from named addresses, refusing in their own language."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest
from werkzeug.test import TestResponse

from gateway.errors import StorageFull
from gateway.settings import DOORS, DoorsSettings, HttpSettings
from gateway.store import outbox
from gateway.web.app import create_app
from gateway.web.compat import MAKERS
from gateway.web.server import Server
from tests.web.compat.conftest import KEY, Open, basic
from tests.web.conftest import Gateway

TO, TEXT = "+4915112345678", "häufig"


@dataclass(frozen=True)
class Call:
    """How a text is sent through a door. `denied` and `busy` are (HTTP status, a word of the body)."""

    path: str
    request: Callable[[str, str, str], Mapping[str, Any]]  # (key, to, text)
    denied: tuple[int, str]
    busy: tuple[int, str]
    bad_to: tuple[int, str]
    method: str = "POST"


CALLS = {
    "telnyx": Call(
        "/compat/3cx",
        lambda key, to, text: {"json": {"to": to, "text": text}, "headers": {"Authorization": f"Bearer {key}"}},
        (401, '"10009"'), (429, '"10011"'), (422, '"40310"'),
    ),
    "plain": Call(
        "/api/send",
        lambda key, to, text: {"query_string": {"to": to, "text": text, "key": key}},
        (401, "ERROR the key is not known"), (503, "ERROR"), (400, "ERROR to:"), "GET",
    ),
    "integra": Call(
        "/Integra/resources/SMS/SendSMS",
        lambda key, to, text: {"data": {"destination": to, "message": text}, "headers": {"Authorization": key}},
        (401, "ERROR"), (503, "ERROR"), (400, "ERROR"),
    ),
    "kannel": Call(
        "/cgi-bin/sendsms",
        lambda key, to, text: {"query_string": {"username": "u", "password": key, "to": to, "text": text}},
        (403, "Authorization failed for sendsms"),
        (503, "Temporal failure, try again later."),
        (403, "Not routable. Do not try again."), "GET",
    ),
    "twilio": Call(
        "/2010-04-01/Accounts/AC1/Messages.json",
        lambda key, to, text: {"data": {"To": to, "Body": text, "From": "+4915110000000"}, "headers": basic(key)},
        (401, '"code":20003'), (429, '"code":20429'), (400, '"code":21211'),
    ),
    "vonage": Call(
        "/sms/json",
        lambda key, to, text: {"data": {"to": to, "text": text, "from": "4915110000000", "api_key": "pbx", "api_secret": key}},
        (200, '"status":"4","error-text":"Bad Credentials"'), (200, '"status":"1"'), (200, '"status":"3"'),
    ),
    "smseagle": Call(
        "/http_api/send_sms",
        lambda key, to, text: {"query_string": {"login": "u", "pass": key, "to": to, "message": text}},
        (401, "Invalid login or password"), (503, "Error while adding message"), (400, "Wrong parameters"), "GET",
    ),
    "smsgate": Call(
        "/3rdparty/v1/messages",
        lambda key, to, text: {"json": {"phoneNumbers": [to], "textMessage": {"text": text}}, "headers": basic(key)},
        (401, '"message":'), (503, "QueueLimitExceeded"), (400, '"message":"to:'),
    ),
    "wildix": Call(
        "/api/v1/originate/sms",
        lambda key, to, text: {"data": {"number": to, "message": text}, "headers": basic(key)},
        (401, '"type":"error"'), (503, '"type":"error"'), (400, '"type":"error","reason":"to:'),
    ),
    "playsms": Call(
        "/index.php",
        lambda key, to, text: {"query_string": {"app": "ws", "op": "pv", "u": "u", "h": key, "to": to, "msg": text}},
        (200, '"status":"ERR","error":"100","error_string":"authentication failed"'), (200, '"error":"200"'),
        (200, '"error":"200"'), "GET",
    ),
    "jasmin": Call(
        "/send",
        lambda key, to, text: {"query_string": {"username": "u", "password": key, "to": to, "content": text}},
        (403, 'Error "Authentication failure"'), (503, 'Error "'), (412, 'Error "to:'), "GET",
    ),
    "dinstar": Call(
        "/api/send_sms",
        lambda key, to, text: {"json": {"text": text, "param": [{"number": to}]}, "headers": basic(key)},
        (401, '"error_code":401'), (200, '"error_code":500'), (200, '"error_code":400'),
    ),
}  # fmt: skip
every_door = pytest.mark.parametrize("door", sorted(CALLS))


def send(opened: Open, door: str, key: str = KEY, to: str = TO, text: str = TEXT, **more: Any) -> TestResponse:
    call = CALLS[door]
    return opened.client.open(call.path, method=call.method, **call.request(key, to, text), **more)


def test_the_configuration_names_the_doors_there_are() -> None:
    assert tuple(MAKERS) == DOORS
    assert set(CALLS) == set(DOORS)


@every_door
def test_a_text_is_queued(opened: Open, door: str) -> None:
    answer = send(opened, door)
    assert answer.status_code in (200, 201, 202), answer.text
    (message,) = opened.messages()
    assert (message.to, message.text) == (TO, TEXT)
    assert opened.gateway.woken == 1


@every_door
def test_a_wrong_key_is_told_in_the_language_of_the_door(opened: Open, door: str) -> None:
    status, word = CALLS[door].denied
    answer = send(opened, door, key="guessed-0123456789-0123456789-012345")
    assert (answer.status_code, word in answer.text) == (status, True), answer.text
    assert not opened.messages()


@every_door
def test_a_revoked_key_and_one_that_may_not_send_are_refused(opened: Open, door: str) -> None:
    _, reader = opened.gateway.keys.add("reader", ["read"])
    send(opened, door, key=reader)
    opened.gateway.keys.revoke("pbx")
    send(opened, door)
    assert not opened.messages()


@every_door
def test_an_impossible_recipient_is_told_in_the_language_of_the_door(opened: Open, door: str) -> None:
    status, word = CALLS[door].bad_to
    answer = send(opened, door, to="+4")
    assert (answer.status_code, word in answer.text) == (status, True), answer.text


@every_door
@pytest.mark.parametrize("text", ["x" * 5000, "a\0b"])
def test_a_text_that_cannot_be_sent_is_no_fault_of_ours(opened: Open, door: str, text: str) -> None:
    answer = send(opened, door, text=text)
    assert answer.status_code < 500 and "internal" not in answer.text.lower()
    assert answer.content_type != "application/problem+json"
    assert not opened.messages()


# (HTTP status, words of the body) for a text that is too long, and for one with a link that the key may not send.
TOO_LONG = {
    "dinstar": (200, '"error_code":413'),
    "telnyx": (422, '"code":"40302","title":"Message too large"'),
    "plain": (400, "ERROR text: has 41 characters; the key pbx may send 40"),
    "integra": (400, "ERROR"),
    "kannel": (400, "text: has 41 characters; the key pbx may send 40; POST /v1/messages/preview counts, rejected"),
    "twilio": (400, '"code":21617'),
    "vonage": (200, '"status":"12","error-text":"Message too long"'),
    "smseagle": (400, "Wrong parameters: text: has 41 characters"),
    "smsgate": (400, '"message":"text: has 41 characters'),
    "wildix": (400, '"type":"error","reason":"text: has 41 characters'),
    "playsms": (200, '"status":"ERR","error":"200","error_string":"text: has 41 characters'),
    "jasmin": (400, 'Error "text: has 41 characters'),
}
WITH_A_LINK = {
    "dinstar": (200, '"error_code":400'),
    "telnyx": (403, '"code":"40009","title":"Invalid message body"'),
    "plain": (403, "ERROR text: holds a link: www.example.com; the key pbx may send none"),
    "integra": (403, "ERROR"),
    "kannel": (400, "text: holds a link: www.example.com; the key pbx may send none, rejected"),
    "twilio": (400, '"code":30007'),
    "vonage": (200, '"status":"6","error-text":"text: holds a link'),
    "smseagle": (403, "Wrong parameters: text: holds a link"),
    "smsgate": (403, '"message":"text: holds a link'),
    "wildix": (403, '"type":"error","reason":"text: holds a link'),
    "playsms": (200, '"status":"ERR","error":"200","error_string":"text: holds a link'),
    "jasmin": (412, 'Error "text: holds a link'),
}


@every_door
def test_a_text_that_the_rules_of_its_key_refuse_is_told_in_the_language_of_the_door(opened: Open, door: str) -> None:
    opened.gateway.keys.change_rules("pbx", {"longest": 40, "links": "refuse"}, "a test", opened.gateway.settings)
    for text, (status, words) in (("x" * 41, TOO_LONG[door]), ("see www.example.com", WITH_A_LINK[door])):
        answer = send(opened, door, text=text)
        assert (answer.status_code, words in answer.text) == (status, True), answer.text
    assert not opened.messages()
    send(opened, door, text="x" * 40)
    assert len(opened.messages()) == 1


@every_door
def test_a_text_that_its_key_is_warned_of_is_accepted_and_the_log_says_so(
    opened: Open, door: str, caplog: pytest.LogCaptureFixture
) -> None:
    opened.gateway.keys.change_rules("pbx", {"links": "warn"}, "a test", opened.gateway.settings)
    with caplog.at_level(logging.INFO, "simrack.sending"):
        assert send(opened, door, text="see www.example.com").status_code in (200, 201, 202)
    assert f"{opened.last().id} was accepted; its text holds a link" in caplog.text and "example.com" not in caplog.text


# (HTTP status, words of the body) for a sender that the key may not have.
NOT_YOURS = {
    "telnyx": (422, '"code":"40305","title":"Invalid \'from\' address"'),
    "plain": (400, "ERROR from: +4915110000000 is nothing that the key pbx may send from"),
    "integra": (400, "ERROR"),
    "kannel": (403, "Not routable. Do not try again."),
    "twilio": (400, '"code":21606'),
    "vonage": (200, '"status":"15","error-text":"from: +4915110000000 is nothing'),
    "smseagle": (400, "Wrong parameters: channel: 'p0' is nothing that the key pbx may send from"),
    "smsgate": (400, "\"message\":\"channel: 'p0' is nothing that the key pbx may send from"),
    "playsms": (200, '"error":"200","error_string":"from: +4915110000000 is nothing'),
    "jasmin": (412, 'Error "from: +4915110000000 is nothing that the key pbx may send from'),
    "dinstar": (200, '"error_code":400'),
}
FROM = {
    "telnyx": {"json": {"from": "+4915110000000", "to": TO, "text": TEXT}, "headers": {"Authorization": f"Bearer {KEY}"}},
    "plain": {"query_string": {"to": TO, "text": TEXT, "key": KEY, "from": "+4915110000000"}},
    "integra": {"data": {"destination": TO, "message": TEXT, "source": "+4915110000000"}, "headers": {"Authorization": KEY}},
    "kannel": {"query_string": {"password": KEY, "to": TO, "text": TEXT, "from": "+4915110000000"}},
    "twilio": {"data": {"To": TO, "Body": TEXT, "From": "+4915110000000"}, "headers": basic()},
    "vonage": {"data": {"to": TO, "text": TEXT, "from": "4915110000000"}, "headers": basic()},
    "smseagle": {"query_string": {"login": "u", "pass": KEY, "to": TO, "message": TEXT, "modem_no": "1"}},
    "smsgate": {"json": {"phoneNumbers": [TO], "textMessage": {"text": TEXT}, "simNumber": 1}, "headers": basic()},
    "playsms": {"query_string": {"app": "ws", "op": "pv", "h": KEY, "to": TO, "msg": TEXT, "from": "+4915110000000"}},
    "jasmin": {"query_string": {"username": "u", "password": KEY, "to": TO, "content": TEXT, "from": "+4915110000000"}},
    "dinstar": {"json": {"text": TEXT, "port": [0], "param": [{"number": TO}]}, "headers": basic()},
}  # fmt: skip


@pytest.mark.parametrize("door", sorted(FROM))
def test_a_number_that_is_not_the_keys_is_told_in_the_language_of_the_door(opened: Open, door: str) -> None:
    opened.gateway.keys.change_rules("pbx", {"from": ["p1"]}, "a test", opened.gateway.settings)
    answer = opened.client.open(CALLS[door].path, method=CALLS[door].method, **FROM[door])
    status, words = NOT_YOURS[door]
    assert (answer.status_code, words in answer.text) == (status, True), answer.text
    assert not opened.messages()


@every_door
def test_a_key_with_one_number_need_not_name_it(opened: Open, door: str) -> None:
    opened.gateway.keys.change_rules("pbx", {"from": ["+4915110000000"]}, "a test", opened.gateway.settings)
    send(opened, door)
    assert [one.from_ for one in opened.messages()] == ["+4915110000000"]
    assert opened.last().lane == "@from:+4915110000000"


@pytest.mark.parametrize("door", sorted(set(FROM) - {"smseagle", "smsgate", "dinstar"}))  # these name ports, not numbers
def test_a_text_that_asks_for_a_number_at_a_door_is_held_to_it(opened: Open, door: str) -> None:
    opened.client.open(CALLS[door].path, method=CALLS[door].method, **FROM[door])
    assert (opened.last().from_, opened.last().lane) == ("+4915110000000", "@from:+4915110000000")


@every_door
def test_a_key_that_must_name_an_extension_is_refused_where_a_door_knows_none(opened: Open, door: str) -> None:
    opened.gateway.keys.change_rules("pbx", {"extensions": {"101": []}}, "a test", opened.gateway.settings)
    refused = send(opened, door)
    assert refused.status_code < 500 and not opened.messages()
    opened.gateway.keys.change_rules("pbx", {"extensions": {"101": [], "*": ["p0"]}}, "a test", opened.gateway.settings)
    send(opened, door)
    assert len(opened.messages()) == 1


@every_door
def test_a_full_disk_is_told_as_something_that_passes(opened: Open, door: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def full() -> None:
        raise StorageFull("the disk is full")

    monkeypatch.setattr(opened.gateway.store, "require_room", full)
    status, word = CALLS[door].busy
    answer = send(opened, door)
    assert (answer.status_code, word in answer.text) == (status, True), answer.text
    assert answer.headers["Retry-After"] == "30"


# (HTTP status, words of the body) for a key that gives more texts a second than it may.
TOO_FAST = {
    "telnyx": (429, '"code":"10011","title":"Too many requests"'),
    "plain": (429, "ERROR the key pbx may give 2 texts a second; go on in 1 s"),
    "integra": (429, "ERROR"),
    "kannel": (503, "Temporal failure, try again later."),
    "twilio": (429, '"code":20429'),
    "vonage": (200, '"status":"1","error-text":"Throughput Rate Exceeded"'),
    "smseagle": (429, "Error while adding message: the key pbx may give 2 texts a second"),
    "smsgate": (429, '"message":"the key pbx may give 2 texts a second; go on in 1 s"'),
    "wildix": (429, '"type":"error","reason":"the key pbx may give 2 texts a second'),
    "playsms": (200, '"status":"ERR","error":"200","error_string":"the key pbx may give 2 texts a second'),
    "jasmin": (403, 'Error "User throughput exceeded"'),
    "dinstar": (200, '"error_code":500'),
}


@every_door
def test_who_gives_more_than_a_second_allows_is_told_so_and_when_to_go_on(opened: Open, door: str) -> None:
    opened.gateway.bound(sends_per_s=2.0)
    hurried = opened.again()
    for _ in range(2):
        assert send(hurried, door).status_code in (200, 201, 202)
    status, words = TOO_FAST[door]
    answer = send(hurried, door)
    assert (answer.status_code, words in answer.text) == (status, True), answer.text
    assert answer.headers["Retry-After"] == "1"
    assert len(opened.messages()) == 2
    opened.gateway.clock.advance(0.5)
    send(hurried, door)
    assert len(opened.messages()) == 3
    send(hurried, door)
    assert len(opened.messages()) == 3


@every_door
def test_a_full_queue_is_told_as_something_that_passes(opened: Open, door: str) -> None:
    opened.gateway.bound(max_queued=1)
    narrow = opened.again()
    send(narrow, door)
    status, word = CALLS[door].busy
    answer = send(narrow, door)
    assert (answer.status_code, word in answer.text) == (status, True), answer.text
    assert answer.headers["Retry-After"] == "30"
    (waits,) = opened.messages()
    opened.gateway.store.writer.run(lambda db: outbox.cancel(db, waits.id, opened.gateway.clock.now()))
    opened.gateway.clock.advance(1)
    send(narrow, door)
    assert len(opened.messages()) == 2


def test_a_text_that_was_throttled_is_accepted_once_when_it_comes_again_with_its_reference(opened: Open) -> None:
    opened.gateway.bound(sends_per_s=1.0)
    hurried = opened.again()

    def text(ref: str) -> TestResponse:
        return hurried.client.get("/api/send", query_string={"to": TO, "text": TEXT, "key": KEY, "ref": ref})

    assert [text(ref).status_code for ref in ("a", "b", "a")] == [200, 429, 200]
    opened.gateway.clock.advance(1)
    assert [text(ref).status_code for ref in ("b", "b")] == [200, 200]
    assert [message.client_ref for message in opened.messages()] == ["a", "b"]


@every_door
def test_a_door_is_entered_from_its_addresses_alone(opened: Open, door: str) -> None:
    narrow = opened.again(addresses={door: "192.0.2.7, 198.51.100.0/24"})
    refused = send(narrow, door, environ_base={"REMOTE_ADDR": "192.0.2.8"})
    assert refused.content_type != "application/problem+json"
    assert not narrow.messages()
    for n, address in enumerate(("192.0.2.7", "::ffff:198.51.100.9"), 1):
        send(narrow, door, environ_base={"REMOTE_ADDR": address})
        assert len(narrow.messages()) == n


@every_door
def test_no_way_through_a_door_is_open_to_other_addresses(opened: Open, door: str, caplog: pytest.LogCaptureFixture) -> None:
    narrow = opened.again(addresses={door: "192.0.2.7"})
    ways = [rule for rule in narrow.client.application.url_map.iter_rules() if rule.endpoint.startswith(f"compat_{door}.")]
    assert ways
    for tried, rule in enumerate(ways, 1):
        method = next(one for one in ("POST", "GET", "PUT", "DELETE", "PATCH") if one in (rule.methods or ()))
        path = rule.build(dict.fromkeys(rule.arguments, "x"), append_unknown=False)[1]  # type: ignore[index]
        narrow.client.open(path, method=method, headers=basic(), environ_base={"REMOTE_ADDR": "192.0.2.8"})
        assert caplog.text.count("[doors] addresses does not name it") == tried, path


@every_door
def test_behind_a_proxy_that_is_named_it_is_the_client_whose_address_counts(opened: Open, door: str) -> None:
    http = HttpSettings(trusted_proxies=("10.0.0.1",))
    opened.gateway.settings = replace(opened.gateway.settings, http=http)
    narrow = opened.again(addresses={door: "192.0.2.7"})
    given = CALLS[door].request(KEY, TO, TEXT)

    def through(peer: str, said: str) -> int:
        more = {**given, "headers": {**given.get("headers", {}), "X-Forwarded-For": said}}
        narrow.client.open(CALLS[door].path, method=CALLS[door].method, environ_base={"REMOTE_ADDR": peer}, **more)
        return len(narrow.messages())

    assert through("10.0.0.1", "192.0.2.8") == 0
    assert through("10.0.0.1", "192.0.2.7, 192.0.2.8") == 0  # the client wrote the first itself
    assert through("192.0.2.8", "192.0.2.7") == 0  # and this one is no proxy of ours
    assert through("10.0.0.1", "192.0.2.7") == 1


@every_door
def test_head_sends_nothing(opened: Open, door: str) -> None:
    call = CALLS[door]
    opened.client.open(call.path, method="HEAD", **call.request(KEY, TO, TEXT))
    assert not opened.messages()


@every_door
def test_a_door_that_is_not_opened_is_not_there(opened: Open, door: str) -> None:
    shut = opened.again(open=tuple(one for one in DOORS if one != door))
    answer = send(shut, door)
    assert (answer.status_code, answer.content_type) == (404, "application/problem+json")
    assert not shut.messages()


def test_without_a_word_in_the_configuration_the_plain_door_alone_is_open(gateway: Gateway) -> None:
    gateway.keys.add("pbx", ["send"], KEY)
    plain = Open(gateway, DoorsSettings())
    assert [door for door in sorted(CALLS) if send(plain, door).status_code != 404] == ["plain"]


def test_the_published_api_does_not_grow_by_doors(opened: Open) -> None:
    without = opened.again(open=())
    assert opened.client.get("/openapi.json").json == without.client.get("/openapi.json").json


FOREIGN = {
    "telnyx": {"json": {"from": "+15550100", "to": TO, "text": TEXT}, "headers": {"Authorization": f"Bearer {KEY}"}},
    "twilio": {"data": {"From": "+15550100", "To": TO, "Body": TEXT}, "headers": basic()},
    "kannel": {"query_string": {"password": KEY, "from": "Acme", "to": TO, "text": TEXT}, "method": "GET"},
    "vonage": {"data": {"from": "Acme", "to": TO, "text": TEXT}, "headers": basic()},
}


@pytest.mark.parametrize("door", FOREIGN)
def test_a_sender_that_is_not_ours_is_refused_or_ignored_as_configured(opened: Open, door: str) -> None:
    given = {"method": "POST", **FOREIGN[door]}
    opened.client.open(CALLS[door].path, **given)
    assert not opened.messages()
    lenient = opened.again(other_senders="ignore")
    lenient.client.open(CALLS[door].path, **given)
    assert [(one.to, one.from_) for one in lenient.messages()] == [(TO, "")]


@every_door
def test_a_key_is_never_logged(opened: Open, door: str, caplog: pytest.LogCaptureFixture) -> None:
    """Behind a real socket, with everything logged, and with a fault in the middle of the request."""
    caplog.set_level(logging.DEBUG)
    call = CALLS[door]
    narrow = opened.again(addresses={door: "192.0.2.7"})
    monkey = pytest.MonkeyPatch()
    for application, broken in ((opened.application(), False), (narrow.application(), False), (opened.application(), True)):
        if broken:
            monkey.setattr(opened.gateway.sending, "check", lambda *_: 1 // 0)
        application.test_client().open(call.path, method=call.method, **call.request(KEY, TO, TEXT))
    monkey.undo()
    assert KEY not in caplog.text
    assert "ZeroDivisionError" in caplog.text


def test_a_key_in_an_address_that_is_no_http_is_not_logged(opened: Open, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    server = Server(create_app(opened.gateway.doors()), HttpSettings("127.0.0.1:0", threads=1))
    server.start()
    port = int(server.address.rpartition(":")[2])
    for line in (f"GET /api/send?key={KEY}&text=a b HTTP/1.1", f"GET /nothing?key={KEY} HTTP/1.1", f"GARBLED {KEY}"):
        with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
            connection.sendall(f"{line}\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
            while connection.recv(4096):
                pass
    server.stop()
    assert KEY not in caplog.text


@every_door
def test_bare_digits_are_read_as_the_configuration_says(opened: Open, door: str) -> None:
    world = opened.again(bare_numbers="international")
    send(opened, door, to="4915112345678")
    send(world, door, to="4915112345678")
    assert [one.to for one in opened.messages()] == ["+4915112345678"] * 2
    send(opened, door, to="015112345678" if door != "vonage" else "4915112345678")
    assert opened.last().to == "+4915112345678"
