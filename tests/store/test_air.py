from __future__ import annotations

from peewee import SqliteDatabase

from gateway.records import MessageError, OnUnknown, Refused, Report, Sent, Status, Unknown, Word
from gateway.store import air, outbox, progress, reports, unknowns
from gateway.store.air import Verdict
from gateway.store.airmarks import EarlierMarks
from gateway.store.claims import Claim, Want
from tests.store import rounds
from tests.store.conftest import NOW, new_message

P0 = rounds.want("p0", "sim0", ("", "channel:p0"))
P1 = rounds.want("p1", "sim1", ("", "channel:p1"))
ERROR = MessageError("cms:38", "network out of order")


def claim_one(db: SqliteDatabase, want: Want = P0) -> Claim:
    (claim,) = rounds.claim(db, [want], NOW)
    return claim


def message_status(db: SqliteDatabase) -> str:
    return str(db.execute_sql("SELECT status FROM messages").fetchone()[0])


def part_states(db: SqliteDatabase) -> list[str]:
    return [row[0] for row in db.execute_sql("SELECT status FROM parts ORDER BY number").fetchall()]


def report(reference: int, status: int = 0, recipient: str = "+491701234567", raw: str = "00") -> Report:
    return Report("p0", "sim0", raw, reference, recipient, status)


def test_the_attempt_row_is_there_before_the_air(db: SqliteDatabase) -> None:
    outbox.add(db, [new_message()], NOW)
    claim = claim_one(db)

    assert db.execute_sql("SELECT id, state FROM attempts").fetchall() == [(claim.outgoing.attempt_id, "claimed")]
    assert message_status(db) == "sending"


def test_a_report_makes_a_sent_message_delivered(db: SqliteDatabase) -> None:
    outbox.add(db, [new_message()], NOW)
    (sent,) = rounds.record(db, claim_one(db), Sent(7), None, NOW + 1)
    assert sent.status is Status.SENT

    delivered = reports.keep(db, report(7), NOW + 5)
    assert delivered is not None and (delivered.status, delivered.delivered_at) == (Status.DELIVERED, NOW + 5)
    assert reports.keep(db, report(7), NOW + 6) is None  # the same report again changes nothing


def test_a_report_that_comes_before_its_send_is_recorded_is_matched_then(db: SqliteDatabase) -> None:
    outbox.add(db, [new_message()], NOW)
    claim = claim_one(db)
    assert reports.keep(db, report(7), NOW + 1) is None

    told = rounds.record(db, claim, Sent(7), None, NOW + 1)
    assert [message.status for message in told] == [Status.SENT, Status.DELIVERED]


def test_a_report_in_national_form_finds_the_international_recipient(db: SqliteDatabase) -> None:
    outbox.add(db, [new_message()], NOW)
    rounds.record(db, claim_one(db), Sent(7), None, NOW)

    message = reports.keep(db, report(7, recipient="01701234567"), NOW + 2)
    assert message is not None and message.status is Status.DELIVERED


def test_a_wrapped_reference_belongs_to_the_recipient_named_not_to_the_newest_text(db: SqliteDatabase) -> None:
    old, new = new_message("+491701111111"), new_message("+491702222222")
    outbox.add(db, [old, new], NOW)
    rounds.record(db, claim_one(db), Sent(7), None, NOW)
    rounds.record(db, claim_one(db), Sent(7), None, NOW + 300)  # 256 texts later the SIM counts 7 again

    message = reports.keep(db, report(7, recipient="+491701111111"), NOW + 301)
    assert message is not None and message.id == old.public_id


def test_a_temporary_report_is_not_the_last_word(db: SqliteDatabase) -> None:
    outbox.add(db, [new_message()], NOW)
    rounds.record(db, claim_one(db), Sent(7), None, NOW)

    assert reports.keep(db, report(7, status=0x30, raw="01"), NOW + 1) is None
    assert message_status(db) == "sent"
    message = reports.keep(db, report(7, status=0x46, raw="02"), NOW + 2)
    assert message is not None and message.status is Status.UNDELIVERED
    assert message.error == MessageError("report:70", "not delivered within its validity")


def test_a_refusal_that_says_later_queues_the_message_for_its_time(db: SqliteDatabase) -> None:
    outbox.add(db, [new_message()], NOW)
    refusal = Refused(Word.LATER, "cms:42", "congestion")
    assert rounds.record(db, claim_one(db), refusal, Verdict(Status.QUEUED, ERROR, due_at=NOW + 30), NOW) == []

    assert rounds.claim(db, [P0, P1], NOW + 29) == []
    outbox.call_due(db, NOW, NOW + 30)
    assert claim_one(db, P1).tries == 1


def test_a_refusal_that_says_elsewhere_goes_to_another_channel_at_once(db: SqliteDatabase) -> None:
    outbox.add(db, [new_message()], NOW)
    verdict = Verdict(Status.QUEUED, ERROR, due_at=NOW, avoid=",p0,", counts=False)
    rounds.record(db, claim_one(db), Refused(Word.ELSEWHERE, "cms:21", "rejected"), verdict, NOW)

    assert rounds.claim(db, [P0], NOW) == []
    moved = claim_one(db, P1)
    assert (moved.channel, moved.tries) == ("p1", 0)


def test_parts_go_over_one_channel_and_those_already_sent_are_not_repeated(db: SqliteDatabase) -> None:
    outbox.add(db, [new_message(parts=3)], NOW)
    first = claim_one(db)
    rounds.record(db, first, Sent(1), None, NOW)
    (second,) = rounds.claim(db, [rounds.follow(P0, first.message_id)], NOW)
    verdict = Verdict(Status.QUEUED, ERROR, due_at=NOW + 30)
    rounds.record(db, second, Refused(Word.LATER, "cms:42", "congestion"), verdict, NOW)
    outbox.call_due(db, NOW, NOW + 30)

    assert rounds.claim(db, [P1], NOW + 30) == []
    again = claim_one(db)
    assert (again.outgoing.part.text, again.channel) == ("hello2", "p0")
    assert again.outgoing.part.concat is not None and again.outgoing.part.concat.number == 2
    assert part_states(db) == ["sent", "sending", "queued"]


def test_a_channel_that_falls_ill_between_parts_lets_another_send_the_whole_text(db: SqliteDatabase) -> None:
    outbox.add(db, [new_message(parts=2)], NOW)
    first = claim_one(db)
    rounds.record(db, first, Sent(1), None, NOW)
    (second,) = rounds.claim(db, [rounds.follow(P0, first.message_id)], NOW)
    verdict = Verdict(Status.QUEUED, ERROR, due_at=NOW, avoid=",p0,", restart=True, counts=False)
    rounds.record(db, second, Refused(Word.CHANNEL, "cms:310", "SIM not inserted"), verdict, NOW)

    assert claim_one(db, P1).outgoing.part.text == "hello1"


def test_a_part_behind_one_that_was_refused_is_given_back(db: SqliteDatabase) -> None:
    outbox.add(db, [new_message(parts=2)], NOW)
    first = claim_one(db)
    rounds.claim(db, [rounds.follow(P0, first.message_id)], NOW)  # on deck already
    rounds.record(db, first, Refused(Word.LATER, "cms:42", "x"), Verdict(Status.QUEUED, ERROR, due_at=NOW + 9), NOW)

    assert part_states(db) == ["queued", "queued"]
    assert [row[0] for row in db.execute_sql("SELECT state FROM attempts ORDER BY id").fetchall()] == ["refused", "released"]


def test_a_claim_that_never_began_can_be_given_to_another_channel(db: SqliteDatabase) -> None:
    outbox.add(db, [new_message()], NOW)
    rounds.release(db, claim_one(db), NOW)

    assert message_status(db) == "queued"
    assert claim_one(db, P1).channel == "p1"


def unknown(db: SqliteDatabase, claim: Claim, settle_at: float | None) -> None:
    verdict = Verdict(Status.UNKNOWN, MessageError("unknown", "no answer"), settle_at=settle_at)
    (message,) = rounds.record(db, claim, Unknown("no answer in 150 s"), verdict, NOW)
    assert message.status is Status.UNKNOWN


def test_an_unknown_text_is_sent_again_once_with_reject_duplicates_and_the_same_reference(db: SqliteDatabase) -> None:
    outbox.add(db, [new_message("+491700000001"), new_message("+491700000002")], NOW)
    rounds.record(db, claim_one(db), Sent(41), None, NOW)
    unknown(db, claim_one(db), NOW + 600)

    assert unknowns.settle_due(db, {"p0"}, 1, NOW + 599) == []
    assert rounds.claim(db, [P0], NOW + 599) == []
    unknowns.settle_due(db, {"p0"}, 1, NOW + 600)
    again = claim_one(db)
    assert (again.outgoing.reject_duplicates, again.outgoing.reference) == (True, 42)

    unknown(db, again, NOW + 1200)
    (given_up,) = unknowns.settle_due(db, {"p0"}, 1, NOW + 1200)
    assert given_up.status is Status.FAILED


def test_a_held_unknown_waits_for_a_report_or_a_person(db: SqliteDatabase) -> None:
    message = new_message(on_unknown=OnUnknown.HOLD)
    outbox.add(db, [message], NOW)
    unknown(db, claim_one(db), None)

    assert unknowns.settle_due(db, {"p0"}, 1, NOW + 10**9) == []
    assert rounds.claim(db, [P0, P1], NOW + 10**9) == []
    settled = unknowns.decide(db, message.public_id, True, {"p0"}, NOW + 10)
    assert settled.status is Status.QUEUED
    assert claim_one(db).message_id == 1


def test_a_report_settles_an_unknown_whose_reference_we_never_learnt(db: SqliteDatabase) -> None:
    outbox.add(db, [new_message(on_unknown=OnUnknown.HOLD)], NOW)
    unknown(db, claim_one(db), None)

    message = reports.keep(db, report(99), NOW + 20)
    assert message is not None and message.status is Status.DELIVERED


def test_a_report_that_comes_while_the_answer_is_awaited_settles_the_unknown_that_follows(db: SqliteDatabase) -> None:
    outbox.add(db, [new_message()], NOW)
    claim = claim_one(db)
    assert reports.keep(db, report(99), NOW + 2) is None

    verdict = Verdict(Status.UNKNOWN, MessageError("unknown", "no answer"), settle_at=NOW + 600)
    told = rounds.record(db, claim, Unknown("no answer in 150 s"), verdict, NOW + 150)
    assert [message.status for message in told] == [Status.UNKNOWN, Status.DELIVERED]
    assert unknowns.settle_due(db, {"p0"}, 1, NOW + 600) == []
    assert rounds.claim(db, [P0], NOW + 600) == []


def test_a_report_that_came_before_the_kill_settles_the_unknown_of_the_start(db: SqliteDatabase) -> None:
    outbox.add(db, [new_message()], NOW)
    claim_one(db)
    reports.keep(db, report(99), NOW + 2)

    (message,) = unknowns.recover(db, Marks(True, 99), lambda on: NOW + 600, NOW + 3)
    assert message.status is Status.DELIVERED


def test_a_late_answer_settles_an_unknown(db: SqliteDatabase) -> None:
    outbox.add(db, [new_message()], NOW)
    claim = claim_one(db)
    unknown(db, claim, NOW + 600)

    (message,) = unknowns.answered_late(db, claim.outgoing.attempt_id, 12, NOW + 100)
    assert message.status is Status.SENT
    assert unknowns.settle_due(db, {"p0"}, 1, NOW + 600) == []


class Marks(EarlierMarks):
    """What a killed process left: `begun` had left, everything claimed after it had not."""

    def __init__(self, trusted: bool, begun: int) -> None:
        self.trusted, self._begun = trusted, {"p0": begun}


def test_after_a_kill_what_was_on_the_air_is_unknown_and_what_only_waited_is_queued(db: SqliteDatabase) -> None:
    outbox.add(db, [new_message("+491700000001"), new_message("+491700000002")], NOW)
    first = claim_one(db)
    claim_one(db)

    changed = unknowns.recover(db, Marks(True, first.outgoing.attempt_id), lambda on: NOW + 600, NOW)

    assert [message.to for message in changed] == ["+491700000001"]
    found = db.execute_sql("SELECT status FROM messages ORDER BY id").fetchall()
    assert [row[0] for row in found] == ["unknown", "queued"]
    assert claim_one(db).outgoing.recipient == "+491700000002"


def test_after_a_power_cut_everything_claimed_is_unknown(db: SqliteDatabase) -> None:
    outbox.add(db, [new_message("+491700000001"), new_message("+491700000002")], NOW)
    claim_one(db)
    claim_one(db)

    assert len(unknowns.recover(db, Marks(False, 0), lambda on: None, NOW)) == 2
    assert rounds.claim(db, [P0], NOW) == []


def test_a_message_killed_between_two_parts_goes_on_with_the_second(db: SqliteDatabase) -> None:
    outbox.add(db, [new_message(parts=2)], NOW)
    rounds.record(db, claim_one(db), Sent(1), None, NOW)

    assert unknowns.recover(db, Marks(True, 99), lambda on: None, NOW) == []
    assert claim_one(db).outgoing.part.text == "hello2"


def test_texts_waiting_for_a_channel_that_is_gone_are_freed_of_it(db: SqliteDatabase) -> None:
    outbox.add(db, [new_message(parts=2)], NOW)
    first = claim_one(db)
    rounds.record(db, first, Sent(1), None, NOW)
    air.put_back(db, first.message_id, "p0", NOW)
    assert rounds.claim(db, [P1], NOW) == []

    assert unknowns.unpin(db, ["p0"], NOW) == 1
    assert claim_one(db, P1).outgoing.part.text == "hello1"


def test_a_held_text_that_has_begun_waits_for_the_channel_that_is_gone(db: SqliteDatabase) -> None:
    outbox.add(db, [new_message(parts=2, on_unknown=OnUnknown.HOLD)], NOW)
    first = claim_one(db)
    rounds.record(db, first, Sent(1), None, NOW)
    air.put_back(db, first.message_id, "p0", NOW)

    assert unknowns.unpin(db, ["p0"], NOW) == 0
    assert rounds.claim(db, [P1], NOW) == []
    assert claim_one(db).outgoing.part.text == "hello2"


def test_a_message_with_parts_is_sent_when_the_last_is(db: SqliteDatabase) -> None:
    outbox.add(db, [new_message(parts=2)], NOW)
    first = claim_one(db)
    assert rounds.record(db, first, Sent(1), None, NOW) == []
    assert reports.keep(db, report(1), NOW) is None  # the report of a part while the message is still leaving
    (second,) = rounds.claim(db, [rounds.follow(P0, first.message_id)], NOW)
    (sent,) = rounds.record(db, second, Sent(2), None, NOW + 1)
    assert sent.status is Status.SENT
    done = reports.keep(db, report(2, raw="02"), NOW + 2)
    assert done is not None and done.status is Status.DELIVERED
    assert progress.fetch(db, first.message_id).delivered_at == NOW + 2
