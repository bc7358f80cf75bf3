"""Rows in the worst order that kills, faults and slow networks can bring about."""

from __future__ import annotations

import pytest
from peewee import SqliteDatabase

from gateway.records import MessageError, OnUnknown, Refused, Report, Sent, Status, Unknown, Word
from gateway.store import air, outbox, progress, reports, unknowns
from gateway.store.air import Claim, Verdict, Want
from gateway.store.airmarks import EarlierMarks
from tests.store.conftest import NOW, new_message

P0 = Want("p0", "sim0", ("", "channel:p0"))
P1 = Want("p1", "sim1", ("", "channel:p1"))
LATER = Refused(Word.LATER, "cms:42", "congestion")
ERROR = MessageError("cms:42", "congestion")
ALICE = "+491701234567"


def claim_one(db: SqliteDatabase, want: Want = P0, now: float = NOW) -> Claim:
    (claim,) = air.claim(db, [want], now)
    return claim


def next_part(db: SqliteDatabase, claim: Claim) -> Claim:
    return claim_one(db, Want(claim.channel, f"sim{claim.channel[1:]}", ("",), "", claim.message_id))


def unknown(db: SqliteDatabase, claim: Claim, settle_at: float | None = NOW + 600) -> None:
    air.record(db, claim, Unknown("silence"), Verdict(Status.UNKNOWN, MessageError("unknown", "silence"), settle_at=settle_at), NOW)


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
    air.record(db, first, Sent(1), None, NOW)
    air.record(db, next_part(db, first), LATER, Verdict(Status.QUEUED, ERROR, due_at=NOW + 30), NOW)
    (expired,) = outbox.expire(db, NOW + 10)

    assert reports.keep(db, report(1, status), NOW + 11) is None
    assert expired.status is status_of(db) is Status.EXPIRED
    assert db.execute_sql("SELECT part_id FROM reports").fetchone() == (first.part_id,)


def test_a_report_for_a_text_whose_outcome_is_unknown_is_not_spent_on_an_old_text_with_its_reference(db: SqliteDatabase) -> None:
    outbox.add(db, [new_message(text="old"), new_message(text="new", on_unknown=OnUnknown.HOLD)], NOW)
    air.record(db, claim_one(db), Sent(7), None, NOW)
    reports.keep(db, report(7, raw="01"), NOW)
    unknown(db, claim_one(db), None)

    settled = reports.keep(db, report(7, raw="02"), NOW + 20)
    assert settled is not None and (settled.text, settled.status) == ("new", Status.DELIVERED)


def test_an_early_report_is_not_spent_on_an_old_text_with_its_reference(db: SqliteDatabase) -> None:
    outbox.add(db, [new_message(text="old"), new_message(text="new")], NOW)
    air.record(db, claim_one(db), Sent(7), None, NOW)
    reports.keep(db, report(7, raw="01"), NOW)
    new = claim_one(db)

    assert reports.keep(db, report(7, raw="02"), NOW + 20) is None
    assert [message.status for message in air.record(db, new, Sent(7), None, NOW + 20)] == [Status.SENT, Status.DELIVERED]


def test_a_report_is_not_spent_on_an_earlier_unknown_that_was_sent_again_and_delivered(db: SqliteDatabase) -> None:
    outbox.add(db, [new_message(text="first"), new_message(text="second", on_unknown=OnUnknown.HOLD)], NOW)
    unknown(db, claim_one(db))
    second = claim_one(db)
    unknown(db, second, None)
    unknowns.settle_due(db, {"p0"}, 1, NOW + 600)
    air.record(db, claim_one(db, now=NOW + 600), Sent(8), None, NOW + 600)
    reports.keep(db, report(8, raw="01"), NOW + 601)

    settled = reports.keep(db, report(99, raw="02"), NOW + 602)
    assert settled is not None and (settled.text, settled.status) == ("second", Status.DELIVERED)


# Unknown outcomes


def test_a_report_that_comes_while_an_unknown_waits_to_be_sent_again_calls_it_back(db: SqliteDatabase) -> None:
    outbox.add(db, [new_message(text="once"), new_message(text="next")], NOW)
    unknown(db, claim_one(db))
    air.record(db, claim_one(db), Sent(3), None, NOW)
    unknowns.settle_due(db, (), 1, NOW + 600)  # its channel is away: it waits for any other

    told = reports.keep(db, report(9), NOW + 601)
    assert told is not None and told.status is status_of(db) is Status.DELIVERED
    assert air.claim(db, [P0, P1], NOW + 700) == []


def test_a_late_answer_that_comes_while_an_unknown_waits_to_be_sent_again_calls_it_back(db: SqliteDatabase) -> None:
    outbox.add(db, [new_message(text="once")], NOW)
    claim = claim_one(db)
    unknown(db, claim)
    unknowns.settle_due(db, (), 1, NOW + 600)
    outbox.add(db, [new_message(text="next")], NOW + 600)

    told = unknowns.answered_late(db, claim.outgoing.attempt_id, 5, NOW + 601)
    assert told is not None and told.status is Status.SENT
    assert claim_one(db, now=NOW + 602).outgoing.part.text == "next"


def test_a_report_for_one_part_does_not_call_back_a_message_that_begins_anew(db: SqliteDatabase) -> None:
    outbox.add(db, [new_message(parts=2)], NOW)
    first = claim_one(db)
    air.record(db, first, Sent(1), None, NOW)
    unknown(db, next_part(db, first))
    unknowns.settle_due(db, (), 1, NOW + 600)

    assert reports.keep(db, report(2), NOW + 601) is None
    assert claim_one(db, P1, NOW + 602).outgoing.part.text == "hello1"


# Outcomes written late


def test_a_message_is_sent_when_the_outcome_of_its_first_part_is_written_after_that_of_its_last(db: SqliteDatabase) -> None:
    outbox.add(db, [new_message(parts=2), new_message(text="behind")], NOW)
    first = claim_one(db)
    second = next_part(db, first)
    assert air.record(db, second, Sent(2), None, NOW) == []

    (sent,) = air.record(db, first, Sent(1), None, NOW + 2)
    assert sent.status is status_of(db) is Status.SENT
    assert claim_one(db, now=NOW + 2).outgoing.part.text == "behind"


def test_a_message_all_of_whose_parts_left_before_a_kill_is_sent_and_blocks_nobody(db: SqliteDatabase) -> None:
    outbox.add(db, [new_message(), new_message("+491709999999", "other")], NOW)
    claim = claim_one(db)
    db.execute_sql("UPDATE attempts SET state = 'sent', reference = 1 WHERE id = ?", (claim.outgoing.attempt_id,))
    db.execute_sql("UPDATE parts SET status = 'sent', reference = 1 WHERE id = ?", (claim.part_id,))

    (told,) = unknowns.recover(db, NothingBegan(), lambda on: None, NOW)
    assert told.status is Status.SENT
    assert claim_one(db).outgoing.part.text == "other"
