"""The official Twilio library against the gateway, unmodified but for its address; and what older clients post by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import pytest

twilio_rest = pytest.importorskip("twilio.rest")
from twilio.base.exceptions import TwilioException, TwilioRestException  # noqa: E402
from twilio.rest import Client  # noqa: E402

from gateway.errors import StorageFull  # noqa: E402
from gateway.web.compat.twilio_json import public_id, sid  # noqa: E402
from tests.web.compat.conftest import KEY, Open, basic  # noqa: E402

ACCOUNT = "AC00000000000000000000000000000000"
OURS, TO = "+4915110000000", "+4915112345678"
MESSAGES = f"/2010-04-01/Accounts/{ACCOUNT}/Messages"


@pytest.fixture
def twilio(url: str) -> Client:
    return client_with(url, KEY)


def client_with(url: str, key: str) -> Client:
    client = Client(ACCOUNT, key)
    client.api.base_url = url
    return client


def refusal(call: Callable[[], object]) -> tuple[int, int]:
    with pytest.raises(TwilioRestException) as caught:
        call()
    return caught.value.status, caught.value.code


def test_create_answers_what_the_library_reads(twilio: Client, opened: Open) -> None:
    made = twilio.messages.create(to=TO, from_=OURS, body="häufig 🙂", status_callback="https://pbx.example/cb")
    message = opened.last()
    assert (message.to, message.from_, message.text) == (TO, OURS, "häufig 🙂")
    assert (made.to, made.from_, made.body, made.status, made.direction) == (TO, OURS, "häufig 🙂", "queued", "outbound-api")
    assert (made.num_segments, made.num_media, made.error_code, made.date_sent) == ("1", "0", None, None)
    assert made.date_created == datetime.fromtimestamp(opened.gateway.clock.now(), UTC)
    assert made.account_sid == ACCOUNT and len(made.sid) == 34 and made.sid.startswith("SM")


def test_fetch_and_list_find_it_again(twilio: Client) -> None:
    sids = [twilio.messages.create(to=TO, from_=OURS, body=f"text {n}").sid for n in range(5)]
    twilio.messages.create(to="+4915112345679", from_=OURS, body="another")
    assert twilio.messages(sids[2]).fetch().body == "text 2"
    assert [one.sid for one in twilio.messages.list(to=TO, page_size=2)] == sids[::-1]
    assert [one.sid for one in twilio.messages.list(to=TO, limit=3)] == sids[:1:-1]
    assert len(twilio.messages.list(from_=OURS, to="+15550100")) == 0


def test_a_scheduled_text_is_called_back(twilio: Client, opened: Open) -> None:
    at = datetime.fromtimestamp(opened.gateway.clock.now(), UTC) + timedelta(hours=1)
    made = twilio.messages.create(
        to=TO, messaging_service_sid="main", body="later", schedule_type="fixed", send_at=at, validity_period=600
    )
    message = opened.last()
    assert (made.status, message.pool, message.send_at) == ("scheduled", "main", at.timestamp())
    assert message.expires_at == at.timestamp() + 600
    assert twilio.messages(made.sid).update(status="canceled").status == "canceled"
    assert opened.last().status == "cancelled"


def test_a_text_that_ended_is_redacted_and_deleted(twilio: Client, url: str, opened: Open) -> None:
    made = twilio.messages.create(to=TO, from_=OURS, body="the key is under the mat")
    assert refusal(lambda: twilio.messages(made.sid).update(body="")) == (409, 20009)
    assert refusal(lambda: twilio.messages(made.sid).delete()) == (409, 20009)
    twilio.messages(made.sid).update(status="canceled")
    other = client_with(url, opened.gateway.keys.add("other", ["send"])[1])
    assert refusal(lambda: other.messages(made.sid).delete()) == (404, 20404)
    assert twilio.messages(made.sid).update(body="").body == ""
    assert opened.last().text == ""
    assert twilio.messages(made.sid).delete()
    assert refusal(lambda: twilio.messages(made.sid).fetch()) == (404, 20404)
    assert twilio.messages.list() == []
    left = opened.gateway.store.read(lambda db: "\n".join(db.connection().iterdump()))
    assert "under the mat" not in left and TO not in left


@pytest.mark.parametrize(
    ("changed", "status", "code"),
    [
        ({"to": "+4"}, 400, 21211),
        ({"to": "+41791234567"}, 400, 21211),
        ({"from_": "+15550100"}, 400, 21606),
        ({"from_": None}, 400, 21603),
        ({"body": None}, 400, 21602),
        ({"body": "x" * 3000}, 400, 21617),
        ({"media_url": ["https://x/y.png"]}, 400, 20001),
        ({"from_": None, "messaging_service_sid": "nowhere"}, 400, 21606),
        ({"validity_period": 0}, 400, 20001),
    ],
)
def test_errors_carry_the_numbers_of_twilio(twilio: Client, changed: dict[str, object], status: int, code: int) -> None:
    given = {"to": TO, "from_": OURS, "body": "x", **changed}
    assert refusal(lambda: twilio.messages.create(**given)) == (status, code)


def test_keys_and_rights_are_checked(url: str, opened: Open) -> None:
    assert refusal(lambda: client_with(url, "x" * 40).messages.create(to=TO, from_=OURS, body="x")) == (401, 20003)
    _, sender = opened.gateway.keys.add("sender", ["send"])
    sending = client_with(url, sender)
    made = sending.messages.create(to=TO, from_=OURS, body="x")
    assert refusal(lambda: sending.messages(made.sid).fetch()) == (403, 20003)
    with pytest.raises(TwilioException, match="HTTP 403"):
        sending.messages.list()


def test_overload_is_throttling_to_the_library(twilio: Client, opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    def full() -> None:
        raise StorageFull("the disk is full")

    monkeypatch.setattr(opened.gateway.store, "require_room", full)
    assert refusal(lambda: twilio.messages.create(to=TO, from_=OURS, body="x")) == (429, 20429)


@pytest.mark.parametrize("prefix", ["", "/api/laml"])
@pytest.mark.parametrize("end", ["", ".json"])
def test_paths_of_pbxs_and_of_signalwire_are_taken(opened: Open, prefix: str, end: str) -> None:
    form = {"To": TO, "From": OURS, "Body": "x"}
    made = opened.client.post(f"{prefix}{MESSAGES}{end}", data=form, headers=basic(user=ACCOUNT))
    assert made.status_code == 201
    assert parsedate_to_datetime(made.json["date_created"]).timestamp() == opened.gateway.clock.now()
    found = opened.client.get(f"{prefix}{MESSAGES}/{made.json['sid']}{end}", headers=basic())
    assert found.json == made.json
    listed = opened.client.get(f"{prefix}{MESSAGES}{end}", headers=basic()).json
    meta = {"page", "page_size", "start", "end", "uri", "first_page_uri", "next_page_uri", "previous_page_uri"}
    assert set(listed) - meta == {"messages"}


@pytest.mark.parametrize("path", [f"{MESSAGES}/SM0", f"{MESSAGES}/../x", "/2010-04-01/Accounts.json", "/api/laml/2010-04-01/x"])
def test_nothing_below_its_paths_answers_in_another_language(opened: Open, path: str) -> None:
    for answer in (opened.client.get(path, headers=basic()), opened.client.put(path, headers=basic())):
        assert answer.status_code in (404, 405)
        assert answer.content_type == "application/json"
        assert set(answer.json) == {"code", "message", "more_info", "status"}


def test_a_sid_and_our_id_are_the_same_128_bits() -> None:
    assert sid("msg_01jz0000000000000000000000") == "SM0197c000000000000000000000000000"
    assert public_id("SM0197c000000000000000000000000000") == "msg_01jz0000000000000000000000"
    assert public_id("SMffffffffffffffffffffffffffffffff") == "msg_7zzzzzzzzzzzzzzzzzzzzzzzzz"
    assert public_id("SM0") is None


def test_the_list_is_asked_for_by_when_texts_left(twilio: Client, opened: Open) -> None:
    now = datetime.fromtimestamp(opened.gateway.clock.now(), UTC)
    left = twilio.messages.create(to=TO, from_=OURS, body="gone").sid
    opened.gateway.store.writer.run(lambda db: db.execute_sql("UPDATE messages SET sent_at = ?", (now.timestamp(),)))
    twilio.messages.create(to=TO, from_=OURS, body="waits")  # and has no date yet
    hour = timedelta(hours=1)
    assert [one.sid for one in twilio.messages.list(date_sent_after=now - hour, date_sent_before=now + hour)] == [left]
    assert [one.sid for one in twilio.messages.list(date_sent=now.date())] == [left]
    assert twilio.messages.list(date_sent_after=now + hour) == []
    assert twilio.messages.list(date_sent_before=now - hour) == []
    assert twilio.messages.list(date_sent=now.date() + timedelta(days=1)) == []
    answer = opened.client.get("/2010-04-01/Accounts/AC1/Messages.json?DateSent=soon", headers=basic())
    assert (answer.status_code, answer.json["code"]) == (400, 20001)


@pytest.mark.parametrize(
    ("status", "code", "told"),
    [
        ("undelivered", "report:70", ("undelivered", 30003, "a reason")),
        ("undelivered", "report:69", ("undelivered", 30006, "a reason")),
        ("undelivered", "report:64", ("undelivered", 30008, "a reason")),
        ("failed", "cms:1", ("failed", 30005, "a reason")),
        ("failed", "cms:196", ("failed", 30004, "a reason")),
        ("failed", None, ("failed", 30008, None)),
        ("expired", "expired", ("failed", 30036, "a reason")),
        ("queued", "cms:27", ("queued", None, None)),
    ],
)
def test_the_library_reads_why_a_text_did_not_arrive(
    twilio: Client, opened: Open, status: str, code: str | None, told: tuple[str, int | None, str | None]
) -> None:
    made = twilio.messages.create(to=TO, from_=OURS, body="x")
    row = "UPDATE messages SET status = ?, error_code = ?, error_reason = 'a reason'"
    opened.gateway.store.writer.run(lambda db: db.execute_sql(row, (status, code)))
    found = twilio.messages(made.sid).fetch()
    assert (found.status, found.error_code, found.error_message) == told
