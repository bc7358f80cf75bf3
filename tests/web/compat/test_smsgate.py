"""The official android-sms-gateway client against the gateway, unmodified."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

android = pytest.importorskip("android_sms_gateway")
from android_sms_gateway.client import APIClient  # noqa: E402
from android_sms_gateway.domain import (  # noqa: E402
    InboxRefreshRequest,
    Message,
    MessagesExportRequest,
    QueryPagination,
    TextMessage,
    TokenRequest,
    Webhook,
)
from android_sms_gateway.enums import HealthStatus, MessagesProcessingOrder, ProcessState, WebhookDelivery, WebhookEvent  # noqa: E402  # noqa: E402
from android_sms_gateway.errors import APIError  # noqa: E402
from android_sms_gateway.http import RequestsHttpClient  # noqa: E402

from gateway.web.compat import smsgate_device  # noqa: E402
from tests.web.compat.conftest import KEY, Open, basic  # noqa: E402
from tests.web.test_inbound import comes  # noqa: E402

TO = ["+4915112345678", "+4915112345679"]


@pytest.fixture
def phone(url: str) -> Iterator[APIClient]:
    with RequestsHttpClient() as http, APIClient("u", KEY, base_url=f"{url}/3rdparty/v1", http=http) as client:
        yield client


def text(**more: Any) -> Message:
    return Message(phone_numbers=more.pop("to", TO), text_message=TextMessage("hé"), **more)


def test_the_client_sends_looks_up_and_calls_back(phone: APIClient, opened: Open) -> None:
    state = phone.send(text(), skip_phone_validation=True, device_active_within=12)
    assert state.state is ProcessState.Pending
    assert [one.phone_number for one in state.recipients] == [one.to for one in opened.messages()] == TO
    assert phone.get_state(state.id) == state
    phone.cancel_message(state.id)
    assert phone.get_state(state.id).state is ProcessState.Cancelled


def test_an_id_of_the_clients_own_is_taken_once(phone: APIClient, opened: Open) -> None:
    assert phone.send(text(id="order-17", to=TO[:1])).id == "order-17"
    assert opened.last().client_ref == "order-17"
    again = opened.client.post(
        "/3rdparty/v1/messages",
        json={"id": "order-17", "phoneNumbers": TO[:1], "textMessage": {"text": "hé"}},
        headers=basic(),
    )
    assert (again.status_code, set(again.json)) == (409, {"message"})
    assert len(opened.messages()) == 1


def test_what_another_key_sent_is_not_there(phone: APIClient, opened: Open) -> None:
    _, other = opened.gateway.keys.add("other", ["send", "read"])
    phone.send(text(id="order-17"))
    for method in ("GET", "DELETE"):
        answer = opened.client.open("/3rdparty/v1/messages/order-17", method=method, headers=basic(other))
        assert answer.status_code == 404
    assert {one.status for one in opened.messages()} == {"queued"}


def test_times_and_sims_are_understood(phone: APIClient, opened: Open) -> None:
    until = datetime.fromtimestamp(opened.gateway.clock.now(), UTC) + timedelta(hours=1)
    phone.send(text(to=TO[:1], valid_until=until, sim_number=2))
    assert opened.last().expires_at == until.timestamp()
    phone.send(text(to=TO[:1], ttl=3600))
    assert opened.last().expires_at == opened.gateway.clock.now() + 3600


def test_channels_are_its_devices_and_texts_its_list(phone: APIClient) -> None:
    assert [one.id for one in phone.list_devices()] == ["p0", "p1"]
    sent = phone.send(text(to=TO[:1]))
    assert [one.id for one in phone.get_messages()] == [sent.id]


def test_the_list_has_pages_and_filters(phone: APIClient, opened: Open) -> None:
    ids = [phone.send(text(to=TO[:1], id=f"order-{n}")).id for n in range(5)]
    phone.cancel_message("order-1")

    def listed(query: str) -> tuple[list[str], str]:
        answer = opened.client.get(f"/3rdparty/v1/messages?{query}", headers=basic())
        return [one["id"] for one in answer.json], answer.headers["X-Total-Count"]

    assert [one.id for one in phone.get_messages(pagination=QueryPagination(limit=2, offset=1))] == ids[3:1:-1]
    assert listed("limit=2&offset=4") == (ids[:1], "5")
    assert listed("state=Cancelled") == (["order-1"], "1")
    assert listed("state=Pending")[1] == "4"
    assert listed("deviceId=p0") == ([], "0")
    assert listed("from=2001-01-01T00:00:00Z&to=2001-01-02T00:00:00Z") == ([], "0")
    assert listed("from=2001-01-01T00:00:00Z")[1] == "5"
    for wrong in ("state=Lost", "offset=-1", "limit=0", "from=soon", "sort=created_at"):
        answer = opened.client.get(f"/3rdparty/v1/messages?{wrong}", headers=basic())
        assert (answer.status_code, set(answer.json)) == (400, {"message"}), wrong


def test_the_client_registers_lists_and_removes_webhooks(url: str, opened: Open) -> None:
    _, admin = opened.gateway.keys.add("boss", ["admin"])
    with RequestsHttpClient() as http, APIClient("u", admin, base_url=f"{url}/3rdparty/v1", http=http) as boss:
        wanted = Webhook(None, "https://pbx.example.net/in", WebhookEvent.SMS_RECEIVED)
        made = boss.create_webhook(wanted)
        assert boss.create_webhook(wanted) == made
        failed = boss.create_webhook(Webhook(None, "https://pbx.example.net/in", WebhookEvent.SMS_FAILED, "p1"))
        assert boss.get_webhooks() == [made, failed]
        ours = {one.id: (one.format, one.events, one.channels) for one in opened.gateway.webhooks.all()}
        assert ours == {
            made.id: ("sms-gate", ("message.received",), ()),
            failed.id: ("sms-gate", ("message.undelivered", "message.failed"), ("p1",)),
        }
        boss.delete_webhook(failed.id)
        assert boss.get_webhooks() == [made]


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "webhooks", {"event": "sms:received"}, 400),
        ("POST", "webhooks", {"url": "https://x.example/", "event": "mms:received"}, 400),
        ("POST", "webhooks", {"url": "ftp://x.example/", "event": "sms:sent"}, 400),
        ("POST", "webhooks", {"url": "https://x.example/", "event": "sms:sent", "deviceId": "nowhere"}, 400),
        ("DELETE", "webhooks/wh_nothing", None, 404),
        ("POST", "auth/token", {"ttl": 3600, "scopes": ["all:any"]}, 501),
        ("POST", "auth/token/refresh", {}, 501),
        ("DELETE", "auth/token/7", None, 501),
        ("POST", "inbox/refresh", {}, 400),
        ("POST", "inbox/refresh", {"since": "soon", "until": "2026-09-21T15:00:00Z"}, 400),
        ("POST", "messages/inbox/export", {"since": "2026-09-21T15:00:00Z"}, 400),
        ("POST", "messages/inbox/export", {"since": "2026-09-21", "until": "2026-09-22", "deviceId": "nowhere"}, 400),
        ("PUT", "settings", {}, 501),
        ("PATCH", "settings", {}, 501),
        ("DELETE", "devices/p0", None, 501),
        ("GET", "inbox", None, 404),
    ],
)
def test_what_cannot_be_registered_is_one_message(opened: Open, method: str, path: str, body: object, status: int) -> None:
    _, admin = opened.gateway.keys.add("boss", ["admin"])
    answer = opened.client.open(f"/3rdparty/v1/{path}", method=method, json=body, headers=basic(admin))
    assert (answer.status_code, set(answer.json)) == (status, {"message"}), answer.text
    assert opened.gateway.webhooks.all() == []


def test_the_client_reads_what_a_telephone_would_say_of_itself(phone: APIClient) -> None:
    shown = phone.get_settings()
    assert shown.messages is not None and shown.messages.processing_order is MessagesProcessingOrder.FIFO
    assert shown.webhooks is not None and (shown.webhooks.internet_required, shown.webhooks.signing_key) == (False, None)
    assert phone.get_logs(from_="2026-09-21T00:00:00Z") == []
    asked = (phone.health_check, phone.liveness_check, phone.readiness_check, phone.startup_check)
    assert {check().status for check in asked} == {HealthStatus.PASS}


def test_the_client_is_told_what_is_not_offered(phone: APIClient) -> None:
    for call, words in (
        (lambda: phone.generate_token(TokenRequest(["all:any"])), "tokens are not given out; use a key"),
        (lambda: phone.update_settings(phone.get_settings()), "settings stand in the configuration"),
    ):
        with pytest.raises(APIError, match="501") as refused:
            call()
        assert refused.value.response is not None and refused.value.response["message"].startswith(words)


def told(opened: Open) -> list[tuple[str, str]]:
    """(webhook, text) of what is on its way, oldest first."""
    rows = (
        "SELECT w.public_id, json_extract(f.data, '$.text') FROM forwards f JOIN webhooks w ON w.id = f.webhook_id"
        " WHERE f.state = 'pending' ORDER BY f.id"
    )
    return list(opened.gateway.store.read(lambda db: db.execute_sql(rows).fetchall()))


def test_the_inbox_is_told_again_to_the_webhooks_of_this_door(url: str, opened: Open) -> None:
    comes(opened.gateway, "One", "Two")
    comes(opened.gateway, "Three", channel="p1")
    now = datetime.fromtimestamp(opened.gateway.clock.now(), UTC)
    hour = timedelta(hours=1)
    _, admin = opened.gateway.keys.add("boss", ["admin"])
    opened.gateway.webhooks.add("https://pbx.example.net/other", ["message.received"])
    with RequestsHttpClient() as http, APIClient("u", admin, base_url=f"{url}/3rdparty/v1", http=http) as boss:
        every = boss.create_webhook(Webhook(None, "https://pbx.example.net/in", WebhookEvent.SMS_RECEIVED)).id
        second = boss.create_webhook(Webhook(None, "https://pbx.example.net/p1", WebhookEvent.SMS_RECEIVED, "p1")).id
        boss.create_webhook(Webhook(None, "https://pbx.example.net/sent", WebhookEvent.SMS_SENT))
        silent = boss.create_webhook(Webhook(None, "https://pbx.example.net/silent", WebhookEvent.SMS_RECEIVED)).id
        opened.gateway.webhooks.change(silent, enabled=False)
        boss.refresh_inbox(InboxRefreshRequest(now - hour, now + hour))
        boss.refresh_inbox(InboxRefreshRequest(now - hour, now + hour, webhook_delivery=WebhookDelivery.DISABLED))
        boss.export_inbox(MessagesExportRequest("p0", now + hour, now + 2 * hour))
        assert told(opened) == []
        boss.refresh_inbox(InboxRefreshRequest(now - hour, now + hour, webhook_delivery=WebhookDelivery.INDIVIDUAL))
        assert told(opened) == [(every, "One"), (every, "Two"), (every, "Three"), (second, "Three")]
        boss.export_inbox(MessagesExportRequest("p0", now - hour, now + hour))
        assert told(opened)[4:] == [(every, "One"), (every, "Two")]


def test_the_inbox_is_told_again_to_admins_alone_and_in_pieces(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smsgate_device, "MOST_TOLD", 2)
    comes(opened.gateway, "One", "Two", "Three")
    _, admin = opened.gateway.keys.add("boss", ["admin"])
    span = {"since": "2026-09-21T00:00:00Z", "until": "2026-09-22T00:00:00Z"}
    for path in ("inbox/refresh", "messages/inbox/export"):
        assert opened.client.post(f"/3rdparty/v1/{path}", json=span, headers=basic()).status_code == 403
        answer = opened.client.post(f"/3rdparty/v1/{path}", json=span, headers=basic(admin))
        words = "until: more than 2 texts came since then; ask for a shorter time"
        assert (answer.status_code, answer.json) == (400, {"message": words})


def test_webhooks_are_for_admins(opened: Open) -> None:
    for method, path in (("GET", "webhooks"), ("POST", "webhooks"), ("DELETE", "webhooks/wh_1")):
        assert opened.client.open(f"/3rdparty/v1/{path}", method=method, json={}, headers=basic()).status_code == 403


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"phoneNumbers": TO}, 400),
        ({"textMessage": {"text": "x"}}, 400),
        ({"textMessage": {"text": "x"}, "phoneNumbers": [7]}, 400),
        ({"textMessage": {"text": "x"}, "phoneNumbers": ["+4"]}, 400),
        ({"dataMessage": {"data": "AA==", "port": 1}, "phoneNumbers": TO}, 400),
        ({"textMessage": {"text": "x"}, "phoneNumbers": TO, "isEncrypted": True}, 400),
        ({"textMessage": {"text": "x"}, "phoneNumbers": TO, "simNumber": 3}, 400),
        ({"textMessage": {"text": "x"}, "phoneNumbers": TO, "deviceId": "nowhere"}, 400),
        ({"textMessage": {"text": "x"}, "phoneNumbers": TO, "ttl": "soon"}, 400),
        ({"textMessage": {"text": "x"}, "phoneNumbers": TO, "id": "a\r\nb"}, 400),
    ],
)
def test_errors_are_one_message(opened: Open, body: dict[str, object], status: int) -> None:
    answer = opened.client.post("/3rdparty/v1/messages", json=body, headers=basic())
    assert (answer.status_code, set(answer.json)) == (status, {"message"}), answer.text
    assert not opened.messages()


def test_what_is_not_there_is_404_and_what_has_ended_is_not_called_back(opened: Open) -> None:
    assert opened.client.get("/3rdparty/v1/messages/no", headers=basic()).status_code == 404
    assert opened.client.get("/3rdparty/v1/health").json["status"] == "pass"
