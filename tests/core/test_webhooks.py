"""What people may ask of webhooks: every wrong wish is refused by the name of its field, every secret is shown once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.clock import ManualClock
from gateway.core.forwarding.addresses import Reach
from gateway.core.webhook_changes import EVENTS
from gateway.core.webhooks import Webhooks
from gateway.errors import BadValue, Conflict, NotFound
from gateway.pbx.signature import key_of
from gateway.records import Event, EventType, ForwardState
from gateway.settings import StoreSettings
from gateway.store import Store, forwards, webhooks
from gateway.store.forwards import Dead

URL = "https://pbx.example:5001/sms/hook?ext=100"
GIVEN = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="


class Desk:
    def __init__(self, folder: Path) -> None:
        self.clock = ManualClock()
        self.store = Store.open(StoreSettings(path=str(folder / "simrack.db"), reserve_mb=0), self.clock, serving=True)
        self.woken = 0
        self.webhooks = Webhooks(self.store, self.clock, self._wake)

    def _wake(self) -> None:
        self.woken += 1

    def happens(self, name: str) -> None:
        event = Event(name, EventType.MESSAGE_RECEIVED, self.clock.now(), "alice", {}, "p0")
        self.store.writer.run(lambda db: forwards.enqueue(db, event))

    def give_up(self, public_id: str, reason: str = "down") -> None:
        """As the forwarding loop does it."""
        now = self.clock.now()
        self.store.writer.run(lambda db: forwards.bury(db, webhooks.row_id_of(db, public_id), now, reason))

    def events_of(self, public_id: str, state: ForwardState | None = None) -> list[str]:
        return [row.event_id for row in self.webhooks.deliveries(public_id, state).forwards]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    opened = Desk(tmp_path)
    yield opened
    opened.store.close()


def test_a_new_webhook_comes_with_a_secret_that_is_not_shown_again(desk: Desk) -> None:
    webhook, secret = desk.webhooks.add(URL, ["message.received", "message.sent", "message.received"], ["p0"])
    assert len(key_of(secret)) >= 24
    assert (webhook.url, webhook.events, webhook.channels) == (URL, ("message.received", "message.sent"), ("p0",))
    assert (webhook.format, webhook.enabled, webhook.disabled_reason) == ("standard", True, None)
    assert webhook.id.startswith("wh_")
    assert desk.webhooks.get(webhook.id) == webhook
    assert desk.webhooks.all() == [webhook]
    assert secret not in repr(desk.webhooks.all())
    assert desk.webhooks.add(URL, ["*"])[1] != secret


def test_a_secret_may_be_given(desk: Desk) -> None:
    assert desk.webhooks.add(URL, ["*"], secret=GIVEN)[1] == GIVEN


@pytest.mark.parametrize(
    "url",
    [
        "http://192.168.1.5/",
        "http://localhost:9000",
        "https://[fd00::5]:8443/x",
        "http://127.0.0.1/hook?a=b&c=%20",
        "https://xn--pbx-fya.example/",
    ],
)
def test_a_webhook_may_live_anywhere_on_http(desk: Desk, url: str) -> None:
    assert desk.webhooks.add(url, ["*"])[0].url == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "pbx.example",
        "ftp://pbx.example/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "http://",
        "http:///hook",
        "http://:80/",
        "https://user:secret@pbx.example/",
        "https://user@pbx.example/",
        "http://pbx.example:0/",
        "http://pbx.example:99999/",
        "http://pbx.example:x/",
        "http://[::1/",
        "http://pbx.example/with space",
        "http://pbx.example/\r\nX-Injected: 1",
        "http://päng.example/",
        "http://pbx.example/#part",
        "http://pbx.example/" + "x" * 2000,
    ],
)
def test_an_impossible_url_is_refused_and_nothing_is_made(desk: Desk, url: str) -> None:
    with pytest.raises(BadValue) as refusal:
        desk.webhooks.add(url, ["*"])
    assert refusal.value.field == "url"
    assert "secret" not in str(refusal.value)
    assert desk.webhooks.all() == []


@pytest.mark.parametrize("events", [[], ["message.recieved"], ["message.received", ""], ["webhook.test"], ["MESSAGE.SENT"]])
def test_an_unknown_event_is_refused_with_the_known_ones(desk: Desk, events: list[str]) -> None:
    with pytest.raises(BadValue) as refusal:
        desk.webhooks.add(URL, events)
    assert refusal.value.field == "events"
    assert "message.received" in refusal.value.remedy
    assert "webhook.test" not in EVENTS


def test_other_impossible_wishes_name_their_field(desk: Desk) -> None:
    for field, wish in (
        ("channels", {"channels": ["p0", ""]}),
        ("format", {"format": "telegraph"}),
        ("secret", {"secret": "hunter2"}),
    ):
        with pytest.raises(BadValue) as refusal:
            desk.webhooks.add(URL, ["*"], **wish)  # type: ignore[arg-type]
        assert refusal.value.field == field
        assert "hunter2" not in str(refusal.value)


def test_a_change_touches_only_what_is_given(desk: Desk) -> None:
    webhook, _ = desk.webhooks.add(URL, ["*"], ["p0"])
    changed = desk.webhooks.change(webhook.id, events=["message.sent"])
    assert (changed.url, changed.events, changed.channels) == (URL, ("message.sent",), ("p0",))
    changed = desk.webhooks.change(webhook.id, url="http://10.0.0.9/", channels=[])
    assert (changed.url, changed.events, changed.channels) == ("http://10.0.0.9/", ("message.sent",), ())
    assert desk.webhooks.change(webhook.id) == changed
    with pytest.raises(BadValue):
        desk.webhooks.change(webhook.id, url="nonsense")
    assert desk.webhooks.get(webhook.id) == changed
    assert desk.woken == 3


def test_disabling_and_enabling_says_who_did_it(desk: Desk) -> None:
    webhook, _ = desk.webhooks.add(URL, ["*"])
    disabled = desk.webhooks.change(webhook.id, enabled=False)
    assert (disabled.enabled, disabled.disabled_reason) == (False, "disabled by a person")
    enabled = desk.webhooks.change(webhook.id, enabled=True)
    assert (enabled.enabled, enabled.disabled_reason) == (True, None)


def test_a_webhook_that_does_not_exist_is_not_found_by_any_wish(desk: Desk) -> None:
    for wish in (
        lambda: desk.webhooks.get("wh_0"),
        lambda: desk.webhooks.change("wh_0", enabled=True),
        lambda: desk.webhooks.remove("wh_0"),
        lambda: desk.webhooks.test("wh_0"),
        lambda: desk.webhooks.replay("wh_0"),
        lambda: desk.webhooks.deliveries("wh_0"),
    ):
        with pytest.raises(NotFound):
            wish()
    assert desk.woken == 0


def test_a_removed_webhook_is_gone_with_what_waited(desk: Desk) -> None:
    webhook, _ = desk.webhooks.add(URL, ["*"])
    desk.happens("evt_1")
    desk.webhooks.remove(webhook.id)
    assert desk.webhooks.all() == []
    assert desk.store.read(lambda db: db.execute_sql("SELECT count(*) FROM forwards").fetchone()) == (0,)


def test_a_test_event_waits_for_its_webhook_alone(desk: Desk) -> None:
    webhook, _ = desk.webhooks.add(URL, ["message.sent"], ["p7"])
    other, _ = desk.webhooks.add(URL, ["*"])
    event = desk.webhooks.test(webhook.id)
    assert desk.events_of(webhook.id) == [event.id]
    assert desk.events_of(other.id) == []
    assert (event.type, desk.woken) == (EventType.WEBHOOK_TEST, 1)


def test_a_disabled_webhook_is_neither_tested_nor_replayed(desk: Desk) -> None:
    webhook, _ = desk.webhooks.add(URL, ["*"])
    desk.webhooks.change(webhook.id, enabled=False)
    with pytest.raises(Conflict, match="disabled by a person"):
        desk.webhooks.test(webhook.id)
    with pytest.raises(Conflict, match="enable it first"):
        desk.webhooks.replay(webhook.id)


def test_replay_takes_ids_or_a_time_range_or_all_that_is_dead(desk: Desk) -> None:
    webhook, _ = desk.webhooks.add(URL, ["*"])
    for name in ("evt_1", "evt_2", "evt_3", "evt_4"):
        desk.happens(name)
        desk.clock.advance(10)
    start = desk.clock.now() - 40
    desk.give_up(webhook.id)
    assert desk.webhooks.replay(webhook.id, ids=["evt_3"]) == 1
    assert desk.webhooks.replay(webhook.id, since=start, until=start + 10) == 1
    assert desk.events_of(webhook.id, ForwardState.PENDING) == ["evt_1", "evt_3"]
    assert desk.webhooks.replay(webhook.id) == 2
    assert desk.events_of(webhook.id, ForwardState.DEAD) == []
    assert desk.webhooks.replay(webhook.id) == 0
    with pytest.raises(BadValue) as refusal:
        desk.webhooks.replay(webhook.id, ids=["evt_1"], since=start)
    assert refusal.value.field == "ids"


def test_enabling_after_410_brings_the_dead_back_when_asked(desk: Desk) -> None:
    webhook, _ = desk.webhooks.add(URL, ["*"])
    desk.happens("evt_1")
    row = desk.webhooks.deliveries(webhook.id).forwards[0]
    desk.store.writer.run(lambda db: forwards.retire(db, 1, Dead(row.id, desk.clock.now(), 410, "410 Gone")))
    assert desk.webhooks.get(webhook.id).disabled_reason == "410 Gone"
    desk.webhooks.change(webhook.id, enabled=True)
    assert desk.webhooks.replay(webhook.id) == 1
    assert desk.events_of(webhook.id, ForwardState.PENDING) == ["evt_1"]


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://169.254.169.254/latest", "link-local"),
        ("http://2852039166/", "link-local"),
        ("http://127.0.0.1:8080/v1/messages", "this gateway itself"),
        ("https://198.51.100.7/", "[forwarding] allow"),
        ("https://other.example/", "[forwarding] allow"),
    ],
)
def test_an_address_that_would_never_be_called_is_refused_when_it_is_given(tmp_path: Path, url: str, reason: str) -> None:
    desk = Desk(tmp_path)
    webhooks = Webhooks(desk.store, desk.clock, lambda: None, Reach((("127.0.0.1", 8080),), ("pbx.example",)))
    webhook, _ = webhooks.add(URL, ["*"])
    for wish in (lambda: webhooks.add(url, ["*"]), lambda: webhooks.change(webhook.id, url=url)):
        with pytest.raises(BadValue) as refusal:
            wish()
        assert refusal.value.field == "url" and reason in refusal.value.reason and "[forwarding]" in refusal.value.remedy
    assert webhooks.all() == [webhook]
    desk.store.close()
