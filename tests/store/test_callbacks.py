"""Callbacks as rows: one more row a message, one receiver for many of them, and what is forgotten when."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module

import pytest
from peewee import SqliteDatabase

from gateway.errors import NotFound
from gateway.records import Event, EventType, Webhook
from gateway.store import callbacks, forwards, webhooks
from gateway.store.callbacks import KEPT_S, NewCallback
from gateway.store.forwards import Dead, Forwards
from tests.store.conftest import NOW

WANTED = NewCallback("http://a.example/dlr?secret=1", "http://a.example:80", "d1", "kannel-dlr", ("message.sent",), "wh_1")
SENT = Event("evt_1", EventType.MESSAGE_SENT, NOW, "alice", {"id": "msg_1"})


def message(db: SqliteDatabase, name: str, status: str = "sent") -> None:
    db.execute_sql(
        "INSERT INTO messages (public_id, direction, status, recipient, sender, text, encoding, parts, created_at)"
        " VALUES (?, 'out', ?, '', '', '', 'gsm7', 1, ?)",
        (name, status, NOW),
    )


def count(db: SqliteDatabase, table: str) -> int:
    return int(db.execute_sql(f"SELECT count(*) FROM {table}").fetchone()[0])


def receiver(db: SqliteDatabase) -> Webhook:
    (found,) = webhooks.receivers(db)
    return found


def test_a_receiver_is_made_once_and_no_event_goes_to_it_by_itself(db: SqliteDatabase) -> None:
    callbacks.add(db, "msg_1", 1, WANTED, NOW)
    callbacks.add(db, "msg_2", 1, WANTED, NOW)
    assert (count(db, "callbacks"), count(db, "webhooks")) == (2, 1)
    assert receiver(db) == Webhook("wh_1", "http://a.example:80", (), (), "kannel-dlr", True, None, NOW, callback=True)
    assert webhooks.all_of(db) == []
    assert forwards.enqueue(db, SENT) == 0
    assert forwards.enqueue_named(db, SENT, ["wh_1"]) == 0


def test_a_forward_carries_the_address_and_hides_it(db: SqliteDatabase) -> None:
    callbacks.add(db, "msg_1", 1, WANTED, NOW)
    callbacks.tell(db, "msg_1", SENT)
    (forward,) = forwards.page(db, "wh_1", None, None, 10).forwards
    assert (forward.url, forward.event) == (WANTED.url, replace(SENT, conversation="msg_1"))
    assert "secret" not in repr(forward)


def test_only_receivers_that_something_waits_for_are_served(db: SqliteDatabase) -> None:
    callbacks.add(db, "msg_1", 1, WANTED, NOW)
    row_id = webhooks.row_id_of(db, "wh_1")
    assert webhooks.targets(db) == []
    assert [one.row_id for one in webhooks.targets(db, [row_id, 99])] == [row_id]
    callbacks.tell(db, "msg_1", SENT)
    assert [one.row_id for one in webhooks.targets(db)] == [row_id]
    webhooks.change(db, "wh_1", enabled=False)
    assert webhooks.targets(db, [row_id]) == []


def test_what_was_asked_for_is_forgotten_after_a_while_and_the_receiver_with_the_last(db: SqliteDatabase) -> None:
    for name, status in (("msg_1", "delivered"), ("msg_2", "queued")):
        message(db, name, status)
        callbacks.add(db, name, 1, WANTED, NOW)
    callbacks.forget(db, NOW)
    assert count(db, "callbacks") == 2
    callbacks.forget(db, NOW + 1)
    assert db.execute_sql("SELECT message FROM callbacks").fetchall() == [("msg_2",)]
    db.execute_sql("UPDATE messages SET status = 'delivered'")
    callbacks.forget(db, NOW + 1)
    assert (count(db, "callbacks"), count(db, "webhooks")) == (0, 0)


def test_a_receiver_stays_as_long_as_something_waits_or_may_be_replayed(db: SqliteDatabase) -> None:
    message(db, "msg_1")
    callbacks.add(db, "msg_1", 1, WANTED, NOW)
    callbacks.tell(db, "msg_1", SENT)
    callbacks.forget(db, NOW + 1)
    (forward,) = forwards.page(db, "wh_1", None, None, 10).forwards
    forwards.record(db, [Dead(forward.id, NOW + 10, None, "given up")])
    callbacks.forget(db, NOW + 10)
    assert (count(db, "forwards"), count(db, "webhooks")) == (1, 1)
    callbacks.forget(db, NOW + 11)
    assert (count(db, "forwards"), count(db, "webhooks")) == (0, 0)


def test_what_is_dead_at_webhooks_of_people_stays(db: SqliteDatabase) -> None:
    webhooks.add(db, Webhook("wh_2", "http://b.example/", ("*",), (), "standard", True, None, NOW), "whsec_x")
    forwards.enqueue(db, SENT)
    forwards.bury(db, webhooks.row_id_of(db, "wh_2"), NOW, "given up")
    callbacks.forget(db, NOW + 10 * KEPT_S)
    assert [(one.dead, one.callback) for one in Forwards(lambda query: query(db)).backlogs()] == [(1, False)]


def test_a_clock_that_was_wrong_by_years_forgets_nothing(db: SqliteDatabase) -> None:
    message(db, "msg_1")
    callbacks.add(db, "msg_1", 1, WANTED, 60.0)
    callbacks.shift(db, NOW - 60.0, NOW)
    callbacks.forget(db, NOW - 1)
    assert count(db, "callbacks") == 1


def test_who_removes_a_receiver_is_asked_nothing_by_later_events(db: SqliteDatabase) -> None:
    callbacks.add(db, "msg_1", 1, WANTED, NOW)
    webhooks.remove(db, "wh_1")
    callbacks.tell(db, "msg_1", SENT)
    assert (count(db, "forwards"), count(db, "callbacks")) == (0, 0)
    with pytest.raises(NotFound):
        forwards.page(db, "wh_1", None, None, 10)


def test_what_waited_in_order_per_recipient_before_waits_per_message_after_the_migration(db: SqliteDatabase) -> None:
    callbacks.add(db, "msg_1", 1, WANTED, NOW)
    webhooks.add(db, Webhook("wh_2", "http://b.example/", ("*",), (), "standard", True, None, NOW), "whsec_x")
    callbacks.tell(db, "msg_1", SENT)
    forwards.enqueue(db, SENT)
    db.execute_sql("UPDATE forwards SET conversation = 'alice'")
    for statement in import_module("gateway.store.migrations.0016_forwards").STATEMENTS:
        if not statement.startswith("ALTER"):
            db.execute_sql(statement)
    assert db.execute_sql("SELECT conversation FROM forwards ORDER BY id").fetchall() == [("msg_1",), ("alice",)]
