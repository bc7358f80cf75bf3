"""Rows in the worst order that kills, faults and slow networks can bring about."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from peewee import SqliteDatabase

from gateway.errors import StorageFull
from gateway.records import MessageError, OnUnknown, Refused, Report, Sent, Status, Unknown, Word
from gateway.store import database, jumps, outbox, progress, reports, unknowns
from gateway.store.air import Verdict
from gateway.store.airmarks import EarlierMarks
from gateway.store.claims import Claim, Want
from gateway.store.writer import Writer
from tests.store import rounds
from tests.store.conftest import NOW, new_message

P0 = rounds.want("p0", "sim0", ("", "channel:p0"))
P1 = rounds.want("p1", "sim1", ("", "channel:p1"))
LATER = Refused(Word.LATER, "cms:42", "congestion")
ERROR = MessageError("cms:42", "congestion")
ALICE = "+491701234567"


def claim_one(db: SqliteDatabase, want: Want = P0, now: float = NOW) -> Claim:
    (claim,) = rounds.claim(db, [want], now)
    return claim


def next_part(db: SqliteDatabase, claim: Claim) -> Claim:
    return claim_one(db, rounds.want(claim.channel, f"sim{claim.channel[1:]}", ("",), "", claim.message_id))


def unknown(db: SqliteDatabase, claim: Claim, settle_at: float | None = NOW + 600) -> None:
    verdict = Verdict(Status.UNKNOWN, MessageError("unknown", "silence"), settle_at=settle_at)
    rounds.record(db, claim, Unknown("silence"), verdict, NOW)


def report(reference: int, status: int = 0, raw: str = "00") -> Report:
    return Report("p0", "sim0", raw, reference, ALICE, status)


def status_of(db: SqliteDatabase, message_id: int = 1) -> Status:
    return progress.fetch(db, message_id).status


class NothingBegan(EarlierMarks):
    def __init__(self) -> None:
        self.trusted, self._begun = True, {}


# Reports


@pytest.mark.parametrize("status", [0x00, 0x46])
def test_a_report_for_the_first_part_of_a_message_that_expired_before_its_second_is_kept(db: SqliteDatabase, status: int) -> None:
    outbox.add(db, [new_message(parts=2, expires_at=NOW + 10)], NOW)
    first = claim_one(db)
    rounds.record(db, first, Sent(1), None, NOW)
    rounds.record(db, next_part(db, first), LATER, Verdict(Status.QUEUED, ERROR, due_at=NOW + 30), NOW)
    (expired,) = outbox.expire(db, NOW + 10)

    assert reports.keep(db, report(1, status), NOW + 11) is None
    assert expired.status is status_of(db) is Status.EXPIRED
    assert db.execute_sql("SELECT part_id FROM reports").fetchone() == (first.pieces[-1][1],)


def test_a_report_for_a_text_whose_outcome_is_unknown_is_not_spent_on_an_old_text_with_its_reference(db: SqliteDatabase) -> None:
    outbox.add(db, [new_message(text="old"), new_message(text="new", on_unknown=OnUnknown.HOLD)], NOW)
    rounds.record(db, claim_one(db), Sent(7), None, NOW)
    reports.keep(db, report(7, raw="01"), NOW)
    unknown(db, claim_one(db), None)

    settled = reports.keep(db, report(7, raw="02"), NOW + 20)
    assert settled is not None and (settled.text, settled.status) == ("new", Status.DELIVERED)


def test_an_early_report_is_not_spent_on_an_old_text_with_its_reference(db: SqliteDatabase) -> None:
    outbox.add(db, [new_message(text="old"), new_message(text="new")], NOW)
    rounds.record(db, claim_one(db), Sent(7), None, NOW)
    reports.keep(db, report(7, raw="01"), NOW)
    new = claim_one(db)

    assert reports.keep(db, report(7, raw="02"), NOW + 20) is None
    assert [message.status for message in rounds.record(db, new, Sent(7), None, NOW + 20)] == [Status.SENT, Status.DELIVERED]


def test_a_report_is_not_spent_on_an_earlier_unknown_that_was_sent_again_and_delivered(db: SqliteDatabase) -> None:
    outbox.add(db, [new_message(text="first"), new_message(text="second", on_unknown=OnUnknown.HOLD)], NOW)
    unknown(db, claim_one(db))
    second = claim_one(db)
    unknown(db, second, None)
    unknowns.settle_due(db, {"p0"}, 1, NOW + 600)
    rounds.record(db, claim_one(db, now=NOW + 600), Sent(8), None, NOW + 600)
    reports.keep(db, report(8, raw="01"), NOW + 601)

    settled = reports.keep(db, report(99, raw="02"), NOW + 602)
    assert settled is not None and (settled.text, settled.status) == ("second", Status.DELIVERED)


# Unknown outcomes


def test_a_report_that_comes_while_an_unknown_waits_to_be_sent_again_calls_it_back(db: SqliteDatabase) -> None:
    outbox.add(db, [new_message(text="once"), new_message(text="next")], NOW)
    unknown(db, claim_one(db))
    rounds.record(db, claim_one(db), Sent(3), None, NOW)
    unknowns.settle_due(db, (), 1, NOW + 600)  # its channel is away: it waits for any other

    told = reports.keep(db, report(9), NOW + 601)
    assert told is not None and told.status is status_of(db) is Status.DELIVERED
    assert rounds.claim(db, [P0, P1], NOW + 700) == []


def test_a_late_answer_that_comes_while_an_unknown_waits_to_be_sent_again_calls_it_back(db: SqliteDatabase) -> None:
    outbox.add(db, [new_message(text="once")], NOW)
    claim = claim_one(db)
    unknown(db, claim)
    unknowns.settle_due(db, (), 1, NOW + 600)
    outbox.add(db, [new_message(text="next")], NOW + 600)

    (told,) = unknowns.answered_late(db, claim.outgoing.attempt_id, 5, NOW + 601)
    assert told.status is Status.SENT
    assert claim_one(db, now=NOW + 602).outgoing.part.text == "next"


def test_a_report_for_one_part_does_not_call_back_a_message_that_begins_anew(db: SqliteDatabase) -> None:
    outbox.add(db, [new_message(parts=2)], NOW)
    first = claim_one(db)
    rounds.record(db, first, Sent(1), None, NOW)
    unknown(db, next_part(db, first))
    unknowns.settle_due(db, (), 1, NOW + 600)

    assert reports.keep(db, report(2), NOW + 601) is None
    assert claim_one(db, P1, NOW + 602).outgoing.part.text == "hello1"


# Outcomes written late


def test_a_message_is_sent_when_the_outcome_of_its_first_part_is_written_after_that_of_its_last(db: SqliteDatabase) -> None:
    outbox.add(db, [new_message(parts=2), new_message(text="behind")], NOW)
    first = claim_one(db)
    second = next_part(db, first)
    assert rounds.record(db, second, Sent(2), None, NOW) == []

    (sent,) = rounds.record(db, first, Sent(1), None, NOW + 2)
    assert sent.status is status_of(db) is Status.SENT
    assert claim_one(db, now=NOW + 2).outgoing.part.text == "behind"


def test_a_message_all_of_whose_parts_left_before_a_kill_is_sent_and_blocks_nobody(db: SqliteDatabase) -> None:
    outbox.add(db, [new_message(), new_message("+491709999999", "other")], NOW)
    claim = claim_one(db)
    db.execute_sql("UPDATE attempts SET state = 'sent', reference = 1 WHERE id = ?", (claim.outgoing.attempt_id,))
    db.execute_sql("UPDATE parts SET status = 'sent', reference = 1 WHERE id = ?", (claim.pieces[-1][1],))

    (told,) = unknowns.recover(db, NothingBegan(), lambda on: None, NOW)
    assert told.status is Status.SENT
    assert claim_one(db).outgoing.part.text == "other"


def test_a_message_begun_by_a_channel_that_the_configuration_no_longer_names_is_freed_of_it(db: SqliteDatabase) -> None:
    outbox.add(db, [new_message(parts=2)], NOW)
    first = claim_one(db)
    rounds.record(db, first, Sent(1), None, NOW)
    unknowns.recover(db, NothingBegan(), lambda on: None, NOW)
    assert rounds.claim(db, [P1], NOW) == []

    assert unknowns.unpin_absent(db, {"p0", "p1"}, NOW) == 0
    assert unknowns.unpin_absent(db, {"p1"}, NOW) == 1
    assert claim_one(db, P1).outgoing.part.text == "hello1"


# The database


def test_a_database_held_by_another_program_is_told_as_a_storage_fault(tmp_path: Path) -> None:
    path = tmp_path / "held.db"
    opened = database.connect(path)
    opened.execute_sql("CREATE TABLE facts (word TEXT)")
    opened.close()
    writer = Writer(database.connect(path))
    writer.run(lambda db: db.execute_sql("PRAGMA busy_timeout = 1").fetchall())
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageFull):
            writer.run(lambda db: db.execute_sql("INSERT INTO facts VALUES ('lost')"))
        other.execute("ROLLBACK")
    writer.run(lambda db: db.execute_sql("INSERT INTO facts VALUES ('kept')"))
    assert writer.run(lambda db: db.execute_sql("SELECT word FROM facts").fetchall()) == [("kept",)]
    writer.close()


# The clock

YEAR = 365 * 86400.0
WAITS = jumps.Waits(retry=2000, settle=600, expire=3 * 86400)


def refused_until(db: SqliteDatabase, due_at: float, now: float) -> None:
    rounds.record(db, claim_one(db, now=now), LATER, Verdict(Status.QUEUED, ERROR, due_at=due_at), now)


def due(db: SqliteDatabase) -> list[float]:
    return [row[0] for row in db.execute_sql("SELECT due_at FROM messages ORDER BY id").fetchall()]


def test_a_forward_jump_does_not_move_what_was_written_after_it(db: SqliteDatabase) -> None:
    outbox.add(db, [new_message(expires_at=NOW + 3 * 86400)], NOW)
    refused_until(db, NOW + 30, NOW)
    after = NOW + YEAR + 5  # five seconds after the jump, ten before it is noticed
    outbox.add(db, [new_message("+491709999999", expires_at=after + 3 * 86400)], after)
    refused_until(db, after + 30, after)
    outbox.add(db, [new_message("+491708888888"), new_message("+491708888888")], after)
    unknown_at(db, after)

    jumps.shift(db, YEAR, NOW + 1, after + 10, WAITS)
    assert due(db) == [NOW + YEAR + 30, after + 30, after, after]
    assert db.execute_sql("SELECT settle_at FROM messages WHERE status = 'unknown'").fetchone() == (after + 600,)
    (last,) = db.execute_sql("SELECT MAX(expires_at) FROM messages").fetchone()
    assert last < NOW + YEAR + 4 * 86400


def unknown_at(db: SqliteDatabase, now: float) -> None:
    verdict = Verdict(Status.UNKNOWN, MessageError("unknown", "silence"), settle_at=now + 600)
    rounds.record(db, claim_one(db, now=now), Unknown("silence"), verdict, now)


def test_a_gateway_that_starts_in_1970_and_learns_the_time_later_keeps_nothing_waiting(db: SqliteDatabase) -> None:
    """A Pi has no clock battery: the rows of the last run lie in its future, and then its clock jumps over them."""
    outbox.add(db, [new_message("+491700000001"), new_message("+491700000002"), new_message("+491700000003")], NOW)
    refused_until(db, NOW + 30, NOW)
    unknown_at(db, NOW)
    jumps.bound(db, 10.0, WAITS)
    assert max(due(db)[0], db.execute_sql("SELECT settle_at FROM messages WHERE status = 'unknown'").fetchone()[0]) <= 2010.0

    jumps.shift(db, NOW + 100, 20.0, NOW + 120, WAITS)
    assert due(db)[0] <= NOW + 120 + WAITS.retry
    assert db.execute_sql("SELECT settle_at FROM messages WHERE status = 'unknown'").fetchone()[0] <= NOW + 120 + WAITS.settle


def test_a_jump_back_does_not_end_a_text_before_the_moment_it_was_asked_for(db: SqliteDatabase) -> None:
    send_at = NOW + 3600
    outbox.add(db, [new_message(send_at=send_at, expires_at=send_at + WAITS.expire)], NOW)

    jumps.shift(db, -YEAR, NOW, NOW - YEAR, WAITS)
    jumps.shift(db, YEAR, NOW - YEAR, NOW, WAITS)
    assert outbox.expire(db, NOW + 1800) == []
    assert due(db) == [send_at]


def test_a_jump_back_does_not_cut_short_the_wait_for_the_report_of_an_unknown(db: SqliteDatabase) -> None:
    outbox.add(db, [new_message()], NOW)
    after = NOW - YEAR
    unknown_at(db, after)  # written after the jump, before it was noticed

    jumps.shift(db, -YEAR, NOW, after + 5, WAITS)
    assert unknowns.settle_due(db, {"p0"}, 1, after + 500) == []


def test_a_report_finds_a_text_that_left_before_the_clock_was_put_right(db: SqliteDatabase) -> None:
    outbox.add(db, [new_message()], 1000.0)
    rounds.record(db, claim_one(db, now=1000.0), Sent(7), None, 1000.0)
    jumps.shift(db, NOW - 1000, 1001.0, NOW + 5, WAITS)

    told = reports.keep(db, report(7), NOW + 6)
    assert told is not None and told.status is Status.DELIVERED


def test_an_idempotency_key_outlives_a_jump_of_the_clock(db: SqliteDatabase) -> None:
    once, message = outbox.Once(1, "order-7", "fingerprint"), new_message()
    outbox.add(db, [message], 1000.0, once)
    jumps.shift(db, NOW - 1000, 1001.0, NOW, WAITS)
    outbox.forget_idempotency(db, NOW - outbox.IDEMPOTENCY_KEPT_S)

    assert outbox.add(db, [new_message()], NOW, once) == [message.public_id]
