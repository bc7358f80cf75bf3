from __future__ import annotations

import pytest
from peewee import SqliteDatabase

from gateway.errors import Conflict, IdempotencyMismatch, NotFound
from gateway.records import Sent, Status
from gateway.store import jumps, outbox, progress
from gateway.store.claims import Claim
from tests.store import rounds
from tests.store.conftest import NOW, new_message

P0 = rounds.want("p0", "sim0", ("", "channel:p0", "pool:main"))
P1 = rounds.want("p1", "sim1", ("", "channel:p1"))


def texts(claims: list[Claim]) -> list[str]:
    return [claim.outgoing.part.text for claim in claims]


def add(db: SqliteDatabase, *messages: outbox.NewMessage, now: float = NOW) -> None:
    outbox.add(db, messages, now)


def status_of(db: SqliteDatabase, public_id: str) -> str:
    return str(db.execute_sql("SELECT status FROM messages WHERE public_id = ?", (public_id,)).fetchone()[0])


def test_texts_to_one_person_leave_one_after_the_other_in_order(db: SqliteDatabase) -> None:
    add(db, new_message(text="first"), new_message(text="second"))

    (first,) = rounds.claim(db, [P0, P1], NOW)
    assert first.outgoing.part.text == "first"
    assert rounds.claim(db, [P1], NOW) == []

    rounds.record(db, first, Sent(1), None, NOW)
    assert texts(rounds.claim(db, [P1], NOW)) == ["second"]


def test_a_thousand_texts_to_one_number_do_not_stand_in_the_way_of_another(db: SqliteDatabase) -> None:
    add(db, *(new_message(text=f"bulk {n}") for n in range(1000)), new_message("+491709999999", "alert"))

    assert texts(rounds.claim(db, [P0, P1], NOW)) == ["bulk 0", "alert"]


def test_a_higher_priority_leaves_first_even_to_the_same_person(db: SqliteDatabase) -> None:
    add(db, new_message(text="news"), new_message("+491709999999", "other"))
    add(db, new_message(text="alarm", priority=5))

    assert texts(rounds.claim(db, [P0], NOW)) == ["alarm"]
    assert texts(rounds.claim(db, [P1], NOW)) == ["other"]


def test_a_text_for_a_channel_or_a_pool_leaves_only_there(db: SqliteDatabase) -> None:
    add(db, new_message("+491700000001", "for p1", lane="channel:p1"), new_message("+491700000002", "for main", lane="pool:main"))

    assert texts(rounds.claim(db, [P0], NOW)) == ["for main"]
    assert texts(rounds.claim(db, [P0], NOW)) == []
    assert texts(rounds.claim(db, [P1], NOW)) == ["for p1"]


def test_a_text_for_later_waits_for_its_time(db: SqliteDatabase) -> None:
    add(db, new_message(text="later", send_at=NOW + 60))
    assert rounds.claim(db, [P0], NOW) == []
    assert outbox.next_moment(db, NOW) == NOW + 60

    outbox.call_due(db, NOW, NOW + 60)
    assert texts(rounds.claim(db, [P0], NOW + 60)) == ["later"]


def test_cancelling_lets_the_next_in_line_go(db: SqliteDatabase) -> None:
    first, second = new_message(text="first"), new_message(text="second")
    add(db, first, second)

    assert outbox.cancel(db, first.public_id, NOW).status is Status.CANCELLED
    assert texts(rounds.claim(db, [P0], NOW)) == ["second"]
    assert outbox.cancel(db, first.public_id, NOW).status is Status.CANCELLED  # asking twice is no fault


def test_what_is_leaving_cannot_be_called_back(db: SqliteDatabase) -> None:
    message = new_message()
    add(db, message)
    rounds.claim(db, [P0], NOW)

    with pytest.raises(Conflict):
        outbox.cancel(db, message.public_id, NOW)
    with pytest.raises(NotFound):
        outbox.cancel(db, "msg_unknown", NOW)


def test_what_is_not_sent_in_time_expires(db: SqliteDatabase) -> None:
    message = new_message(expires_at=NOW + 10)
    add(db, message)

    assert outbox.expire(db, NOW + 9) == []
    (ended,) = outbox.expire(db, NOW + 10)
    assert (ended.id, ended.status) == (message.public_id, Status.EXPIRED)
    assert rounds.claim(db, [P0], NOW + 10) == []


def test_what_waited_for_a_number_says_so_when_it_expires(db: SqliteDatabase) -> None:
    add(db, new_message(lane="@from:+4915110000001", expires_at=NOW + 10))
    (ended,) = outbox.expire(db, NOW + 10)
    assert ended.error is not None
    assert ended.error.reason == "no channel with the number +4915110000001 could send it before it expired"


def test_the_same_idempotency_key_gives_the_same_messages_and_refuses_another_body(db: SqliteDatabase) -> None:
    once = outbox.Once(1, "order-7", "fingerprint")
    first = new_message()

    assert outbox.add(db, [first], NOW, once) is None
    assert outbox.add(db, [new_message()], NOW, once) == [first.public_id]
    assert db.execute_sql("SELECT COUNT(*) FROM messages").fetchone()[0] == 1
    with pytest.raises(IdempotencyMismatch):
        outbox.add(db, [new_message()], NOW, outbox.Once(1, "order-7", "another"))
    assert outbox.add(db, [new_message()], NOW, outbox.Once(2, "order-7", "another")) is None


def test_a_clock_jump_moves_what_we_set_and_leaves_what_clients_gave(db: SqliteDatabase) -> None:
    ours, theirs = new_message(expires_at=NOW + 100), new_message("+49170777", expires_at=NOW + 100, expiry_given=True)
    asked = new_message("+49170888", send_at=NOW + 50)
    add(db, ours, theirs, asked)

    jumps.shift(db, 1000.0, NOW, NOW + 1000, jumps.Waits(retry=30, settle=600, expire=100))

    found = dict(db.execute_sql("SELECT public_id, expires_at FROM messages").fetchall())
    assert (found[ours.public_id], found[theirs.public_id]) == (NOW + 1100, NOW + 100)
    assert db.execute_sql("SELECT due_at FROM messages WHERE public_id = ?", (asked.public_id,)).fetchone()[0] == NOW + 50


def test_long_texts_to_one_person_carry_different_references(db: SqliteDatabase) -> None:
    add(db, new_message(parts=2), new_message(parts=2))

    found = db.execute_sql("SELECT DISTINCT concat_reference FROM parts ORDER BY 1").fetchall()
    assert len(found) == 2


def test_a_step_that_is_not_in_the_table_is_refused_by_the_store(db: SqliteDatabase) -> None:
    message = new_message()
    add(db, message)
    (row_id,) = db.execute_sql("SELECT id FROM messages").fetchone()

    with pytest.raises(progress.steps.ForbiddenStep):
        progress.set_status(db, row_id, Status.QUEUED, Status.DELIVERED)
    assert status_of(db, message.public_id) == "queued"


def test_texts_that_are_due_at_one_moment_are_called_in_pieces_and_none_is_left_out(db: SqliteDatabase) -> None:
    outbox.add(db, [new_message(f"+4917{n:08}", send_at=NOW + 60) for n in range(7)], NOW)
    due: outbox.Due | None = outbox.Due(NOW)
    pieces = 0
    while due is not None:
        due = outbox.call_due(db, due, NOW + 60, most=2)
        pieces += 1
    assert pieces == 4
    assert db.execute_sql("SELECT COUNT(*) FROM messages WHERE ready = 1").fetchone()[0] == 7
