"""Forwards as rows: who gets which event, in which order they wait, what becomes of them, and how they come back."""

from __future__ import annotations

import pytest
from peewee import SqliteDatabase

from gateway.errors import BadValue, NotFound
from gateway.records import Event, EventType, Forward, ForwardState, Webhook
from gateway.store import forwards, webhooks
from gateway.store.forwards import Accepted, Dead, Failed, Forwards
from tests.store.conftest import NOW


def hook(db: SqliteDatabase, name: str, events: tuple[str, ...] = ("*",), channels: tuple[str, ...] = (), at: float = NOW) -> int:
    webhooks.add(db, Webhook(name, f"http://{name}.example/", events, channels, "standard", True, None, at), f"whsec_{name}")
    return webhooks.row_id_of(db, name)


def event(
    name: str,
    conversation: str = "alice",
    type: EventType = EventType.MESSAGE_RECEIVED,
    channel: str = "p0",
    at: float = NOW,
) -> Event:
    return Event(name, type, at, conversation, {"text": name}, channel)


def waiting(db: SqliteDatabase, row_id: int) -> list[str]:
    return [forward.event_id for forward in forwards.pending(db, row_id, 0, 100)]


def newest(db: SqliteDatabase, name: str, state: ForwardState | None = None) -> list[Forward]:
    return list(forwards.page(db, name, state, None, 100).forwards)


def only(db: SqliteDatabase, name: str) -> Forward:
    (forward,) = newest(db, name)
    return forward


def test_an_event_that_nobody_wants_makes_no_row(db: SqliteDatabase) -> None:
    assert forwards.enqueue(db, event("evt_1")) == 0
    hook(db, "sent-only", events=("message.sent",))
    assert forwards.enqueue(db, event("evt_1")) == 0
    assert newest(db, "sent-only") == []


def test_each_webhook_that_wants_it_gets_its_own_row(db: SqliteDatabase) -> None:
    everything = hook(db, "everything")
    both = hook(db, "both", events=("message.sent", "message.received"))
    hook(db, "sent-only", events=("message.sent",))
    assert forwards.enqueue(db, event("evt_1")) == 2
    assert waiting(db, everything) == waiting(db, both) == ["evt_1"]


def test_a_webhook_with_channels_hears_only_of_those(db: SqliteDatabase) -> None:
    row_id = hook(db, "two", channels=("p1", "box1.0"))
    for name, channel in (("evt_1", "p0"), ("evt_2", "p1"), ("evt_3", "p10"), ("evt_4", "box1.0"), ("evt_5", "")):
        forwards.enqueue(db, event(name, channel=channel))
    assert waiting(db, row_id) == ["evt_2", "evt_4"]


@pytest.mark.parametrize("channel", ['a"b', "päng", "a%b", "a_b", "x,y", "[]", "*"])
def test_a_channel_with_an_odd_name_matches_itself_alone(db: SqliteDatabase, channel: str) -> None:
    row_id = hook(db, "odd", channels=(channel,))
    forwards.enqueue(db, event("evt_1", channel=channel))
    forwards.enqueue(db, event("evt_2", channel="b"))
    assert waiting(db, row_id) == ["evt_1"]


def test_a_disabled_webhook_gets_nothing_and_keeps_what_waits(db: SqliteDatabase) -> None:
    row_id = hook(db, "one")
    forwards.enqueue(db, event("evt_1"))
    webhooks.change(db, "one", enabled=False)
    assert forwards.enqueue(db, event("evt_2")) == 0
    assert waiting(db, row_id) == ["evt_1"]
    assert webhooks.targets(db) == []


def test_a_row_carries_the_whole_event(db: SqliteDatabase) -> None:
    hook(db, "one")
    told = Event("evt_1", EventType.MESSAGE_RECEIVED, NOW, "alice", {"text": "ä \N{GRINNING FACE} \ud83d", "n": None}, "p0")
    forwards.enqueue(db, told)
    row = only(db, "one")
    assert row.event == Event("evt_1", EventType.MESSAGE_RECEIVED, NOW, "alice", told.data)
    assert (row.webhook, row.state, row.tries, row.queued_at) == ("one", ForwardState.PENDING, 0, NOW)


def test_a_test_event_reaches_its_webhook_whatever_that_wants(db: SqliteDatabase) -> None:
    row_id = hook(db, "one", events=("message.sent",), channels=("p7",))
    other = hook(db, "other")
    forwards.enqueue_for(db, "one", event("evt_1", type=EventType.WEBHOOK_TEST, channel=""))
    assert waiting(db, row_id) == ["evt_1"]
    assert waiting(db, other) == []
    with pytest.raises(NotFound):
        forwards.enqueue_for(db, "nobody", event("evt_2"))


def test_what_waits_is_read_in_order_and_in_pieces(db: SqliteDatabase) -> None:
    row_id = hook(db, "one")
    for number in range(5):
        forwards.enqueue(db, event(f"evt_{number}", conversation="even" if number % 2 == 0 else "odd"))
    first = forwards.pending(db, row_id, 0, 2)
    rest = forwards.pending(db, row_id, first[-1].id, 10)
    assert [row.event_id for row in first + rest] == ["evt_0", "evt_1", "evt_2", "evt_3", "evt_4"]
    even = forwards.pending_in(db, row_id, "even", first[0].id, rest[-2].id, 10)
    assert [row.event_id for row in even] == ["evt_2"]


def test_results_are_written_down(db: SqliteDatabase) -> None:
    hook(db, "one")
    for name in ("evt_1", "evt_2", "evt_3"):
        forwards.enqueue(db, event(name))
    good, later, never = forwards.pending(db, 1, 0, 10)
    forwards.record(
        db,
        [
            Failed(good.id, NOW + 5, 500, "HTTP 500"),
            Accepted(good.id, NOW + 6, 204),
            Failed(later.id, NOW + 30, None, "connection refused"),
            Dead(never.id, NOW + 9, 404, "HTTP 404"),
        ],
    )
    third, second, first = newest(db, "one")
    assert (first.state, first.tries, first.last_status, first.last_error) == (ForwardState.ACCEPTED, 2, 204, None)
    assert first.finished_at == NOW + 6
    assert (second.state, second.tries, second.next_at) == (ForwardState.PENDING, 1, NOW + 30)
    assert (second.last_status, second.last_error) == (None, "connection refused")
    assert (third.state, third.last_status, third.last_error) == (ForwardState.DEAD, 404, "HTTP 404")


def test_an_acceptance_holds_against_a_row_given_up_meanwhile_and_a_late_failure_does_not(db: SqliteDatabase) -> None:
    row_id = hook(db, "one")
    forwards.enqueue(db, event("evt_1"))
    row = only(db, "one")
    assert forwards.bury(db, row_id, NOW, "too old") == 1
    forwards.record(db, [Failed(row.id, NOW + 5, 500, "HTTP 500")])
    assert only(db, "one").state is ForwardState.DEAD
    forwards.record(db, [Accepted(row.id, NOW + 1, 200)])
    assert only(db, "one").state is ForwardState.ACCEPTED


def test_burying_takes_only_what_has_waited_since_before(db: SqliteDatabase) -> None:
    row_id = hook(db, "one")
    forwards.enqueue(db, event("evt_1", at=NOW))
    forwards.enqueue(db, event("evt_2", at=NOW + 100))
    assert forwards.bury(db, row_id, NOW + 200, "down", queued_before=NOW + 50) == 1
    assert waiting(db, row_id) == ["evt_2"]


def test_a_webhook_that_is_gone_is_disabled_and_all_that_waits_is_dead(db: SqliteDatabase) -> None:
    row_id = hook(db, "one")
    other = hook(db, "other")
    for name in ("evt_1", "evt_2"):
        forwards.enqueue(db, event(name))
    first = forwards.pending(db, row_id, 0, 1)[0]
    assert forwards.retire(db, row_id, Dead(first.id, NOW, 410, "410 Gone")) == 2
    webhook = webhooks.get(db, "one")
    assert webhook is not None and not webhook.enabled and webhook.disabled_reason == "410 Gone"
    assert [row.state for row in newest(db, "one")] == [ForwardState.DEAD, ForwardState.DEAD]
    assert waiting(db, other) == ["evt_1", "evt_2"]


def test_replayed_events_stand_at_the_end_of_the_line_under_their_old_ids(db: SqliteDatabase) -> None:
    row_id = hook(db, "one")
    for name in ("evt_1", "evt_2"):
        forwards.enqueue(db, event(name))
    forwards.bury(db, row_id, NOW, "down")
    forwards.enqueue(db, event("evt_3"))
    assert forwards.replay(db, "one", NOW + 500) == 2
    rows = forwards.pending(db, row_id, 0, 10)
    assert [row.event_id for row in rows] == ["evt_3", "evt_1", "evt_2"]
    assert (rows[1].tries, rows[1].last_error, rows[1].created_at, rows[1].queued_at) == (0, None, NOW, NOW + 500)
    assert len(newest(db, "one")) == 3


def test_a_replay_by_id_takes_accepted_events_too_but_never_one_that_still_waits(db: SqliteDatabase) -> None:
    row_id = hook(db, "one")
    for name in ("evt_1", "evt_2", "evt_3"):
        forwards.enqueue(db, event(name))
    rows = forwards.pending(db, row_id, 0, 10)
    forwards.record(db, [Accepted(rows[0].id, NOW, 200), Dead(rows[1].id, NOW, 404, "HTTP 404")])
    assert forwards.replay(db, "one", NOW, ids=["evt_3", "evt_1", "evt_2", "evt_9"]) == 2
    assert waiting(db, row_id) == ["evt_3", "evt_1", "evt_2"]
    assert forwards.replay(db, "one", NOW, ids=[]) == 0


def test_a_replay_of_a_time_range_takes_the_dead_ones_in_it(db: SqliteDatabase) -> None:
    row_id = hook(db, "one")
    for number in range(4):
        forwards.enqueue(db, event(f"evt_{number}", at=NOW + number))
    rows = forwards.pending(db, row_id, 0, 10)
    forwards.record(db, [Accepted(rows[1].id, NOW, 200)])
    forwards.bury(db, row_id, NOW, "down")
    assert forwards.replay(db, "one", NOW, since=NOW + 1, until=NOW + 3) == 1
    assert waiting(db, row_id) == ["evt_2"]
    with pytest.raises(NotFound):
        forwards.replay(db, "nobody", NOW)


@pytest.mark.parametrize("state", [None, ForwardState.PENDING])
def test_deliveries_come_newest_first_in_pages(db: SqliteDatabase, state: ForwardState | None) -> None:
    hook(db, "one")
    hook(db, "other")
    for number in range(5):
        forwards.enqueue(db, event(f"evt_{number}"))
    seen: list[str] = []
    cursor: str | None = None
    for _ in range(3):
        page = forwards.page(db, "one", state, cursor, 2)
        seen += [row.event_id for row in page.forwards]
        cursor = page.next_cursor
    assert seen == ["evt_4", "evt_3", "evt_2", "evt_1", "evt_0"]
    assert cursor is None


def test_deliveries_of_one_state_only(db: SqliteDatabase) -> None:
    row_id = hook(db, "one")
    forwards.enqueue(db, event("evt_1"))
    forwards.bury(db, row_id, NOW, "down")
    forwards.enqueue(db, event("evt_2"))
    assert [row.event_id for row in newest(db, "one", ForwardState.DEAD)] == ["evt_1"]
    assert newest(db, "one", ForwardState.ACCEPTED) == []


@pytest.mark.parametrize("cursor", ["", "x", "-1", "1e3", "٣", "9" * 30, "1; DROP TABLE forwards"])
def test_a_cursor_of_somebody_elses_is_refused(db: SqliteDatabase, cursor: str) -> None:
    hook(db, "one")
    with pytest.raises(BadValue) as refusal:
        Forwards(lambda query: query(db)).of("one", cursor=cursor)
    assert refusal.value.field == "cursor"


def test_backlogs_tell_how_much_waits_and_since_when(db: SqliteDatabase) -> None:
    row_id = hook(db, "one")
    hook(db, "quiet", events=("message.sent",))
    for number in range(3):
        forwards.enqueue(db, event(f"evt_{number}", at=NOW + number))
    forwards.bury(db, row_id, NOW, "old", queued_before=NOW)
    one, quiet = Forwards(lambda query: query(db)).backlogs()
    assert (one.webhook, one.pending, one.dead, one.oldest) == ("one", 2, 1, NOW + 1)
    assert (quiet.webhook, quiet.pending, quiet.dead, quiet.oldest) == ("quiet", 0, 0, None)


def test_removing_a_webhook_takes_its_forwards_along_and_nobody_elses(db: SqliteDatabase) -> None:
    hook(db, "one")
    other = hook(db, "other")
    forwards.enqueue(db, event("evt_1"))
    webhooks.remove(db, "one")
    assert [webhook.id for webhook in webhooks.all_of(db)] == ["other"]
    assert waiting(db, other) == ["evt_1"]
    assert db.execute_sql("SELECT count(*) FROM forwards").fetchone() == (1,)
    with pytest.raises(NotFound):
        webhooks.remove(db, "one")


def test_row_numbers_are_never_used_again(db: SqliteDatabase) -> None:
    # The forwarding loop remembers how far it has read: a number used twice would hide an event for ever.
    hook(db, "one")
    forwards.enqueue(db, event("evt_1"))
    used = only(db, "one").id
    webhooks.remove(db, "one")
    row_id = hook(db, "two")
    forwards.enqueue(db, event("evt_2"))
    assert only(db, "two").id > used
    assert row_id > 1


def test_a_target_never_shows_its_secret(db: SqliteDatabase) -> None:
    hook(db, "one")
    (target,) = webhooks.targets(db)
    assert target.secret == "whsec_one"
    assert "whsec" not in repr(target)


def test_what_was_accepted_long_ago_is_forgotten_and_what_is_dead_is_not(db: SqliteDatabase) -> None:
    for state, finished in (("accepted", 100.0), ("accepted", 300.0), ("dead", 100.0), ("pending", None)):
        db.execute_sql(
            "INSERT INTO forwards (event_id, webhook_id, event_type, conversation, data, created_at, queued_at, state, next_at,"
            " finished_at) VALUES ('e', 1, 't', 'c', '{}', 1, 1, ?, 1, ?)",
            (state, finished),
        )
    forwards.forget_accepted(db, 200.0)
    left = db.execute_sql("SELECT state, finished_at FROM forwards ORDER BY id").fetchall()
    assert left == [("accepted", 300.0), ("dead", 100.0), ("pending", None)]
