"""Which text a channel is given: of long queues, of several clients, of conversations, past those it must not take."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module

import pytest
from peewee import SqliteDatabase

from gateway.core.fairness import Fairness
from gateway.records import IncomingPart, MessageError, Sent, Status, Unknown
from gateway.store import boxes, claiming, conversations, lanes, limits, line, outbox, progress, reports, turns, unknowns
from gateway.store.air import Verdict
from gateway.store.airmarks import EarlierMarks
from gateway.store.claims import Claim, Offer, Want
from gateway.store.outbox import NewMessage
from tests.store import rounds
from tests.store.conftest import NOW, new_message
from tests.store.rounds import record, round_of, want

P0, P1 = want("p0", "sim0", ("", "pool:main")), want("p1", "sim1", ("", "pool:main"))


def numbered(n: int, **given: object) -> NewMessage:
    return new_message(f"+4917{n:08}", str(n), **given)


def texts(found: list[Claim]) -> list[str]:
    return [claim.outgoing.part.text for claim in found]


def sim_in(db: SqliteDatabase, sim: str, channel: str) -> None:
    db.execute_sql(
        "INSERT INTO sims (id, iccid, imsi, number, imei, channel, smsc, first_seen, last_seen) VALUES (?,?,'','','',?,'',0,0)",
        (sim, sim, channel),
    )


def test_clients_take_turns_and_one_that_floods_waits_with_its_own(db: SqliteDatabase) -> None:
    outbox.add(db, [numbered(n, key_id=1) for n in range(100)], NOW)
    outbox.add(db, [numbered(100 + n, key_id=2) for n in range(3)], NOW)
    order, book = Fairness(lambda key_id: 1.0), limits.load(db)

    found = [claiming.claim(db, [P0], order, book, NOW).claims[0].outgoing.part.text for _ in range(8)]
    assert found == ["0", "100", "1", "101", "2", "102", "3", "4"]


def test_a_channel_whose_turn_it_is_not_takes_only_what_wants_it(db: SqliteDatabase) -> None:
    sim_in(db, "sim0", "p0")
    conversations.set_members(db, {"pool:main": ["p0", "p1"]})
    conversations.note(db, "+491700000001", "sim0", NOW)
    outbox.add(db, [numbered(0, lane="pool:main", sticky="pool:main"), numbered(1, lane="pool:main", sticky="pool:main")], NOW)

    waiting = want("p0", "sim0", ("pool:main",), free=False)
    found = round_of(db, [waiting], NOW)
    assert texts(list(found.claims)) == ["1"]
    assert found.claims[0].channel == "p0" and found.passed == ()
    why = db.execute_sql("SELECT why FROM attempts").fetchone()[0]
    assert why == "sticky: the number of this conversation"


def test_who_wrote_to_a_sim_is_answered_from_it_and_others_leave_that_text_alone(db: SqliteDatabase) -> None:
    from gateway.store import inbox

    sim_in(db, "sim1", "p1")
    conversations.set_members(db, {"pool:main": ["p0", "p1"]})
    part = IncomingPart("p1", "sim1", "00", sender="+491700000000", text="hi")
    inbox.keep(db, part, "", lambda pieces: pieces[0].text, lambda: "msg_in", NOW)
    outbox.add(db, [numbered(0, lane="pool:main", sticky="pool:main")], NOW)

    found = round_of(db, [P0], NOW)
    assert found.claims == () and found.passed == (("p0", "pool:main"),) and found.wanted == {"p1"}
    assert texts(rounds.claim(db, [P1], NOW)) == ["0"]


def test_the_second_text_to_a_person_wants_the_sim_of_the_first(db: SqliteDatabase) -> None:
    for sim, channel in (("sim0", "p0"), ("sim1", "p1")):
        sim_in(db, sim, channel)
    conversations.set_members(db, {"pool:main": ["p0", "p1"]})
    same = {"lane": "pool:main", "sticky": "pool:main"}
    outbox.add(db, [new_message(text="first", **same), new_message(text="second", **same)], NOW)

    (first,) = rounds.claim(db, [P1], NOW)
    rounds.record(db, first, Sent(1), None, NOW)
    assert rounds.claim(db, [P0], NOW) == []
    assert texts(rounds.claim(db, [P1], NOW)) == ["second"]


def test_texts_that_prefer_a_channel_which_is_away_may_be_freed_of_it_and_those_it_has_begun_not(db: SqliteDatabase) -> None:
    sim_in(db, "sim1", "p1")
    conversations.set_members(db, {"pool:main": ["p0", "p1"]})
    conversations.note(db, "+491700000000", "sim1", NOW)
    outbox.add(db, [numbered(0, lane="pool:main", sticky="pool:main"), *(numbered(n, lane="pool:main") for n in (1, 2))], NOW)
    db.execute_sql("UPDATE messages SET pinned = 'p1' WHERE recipient > '+491700000000'")
    db.execute_sql("INSERT INTO parts (message_id, number, status, text, encoding) VALUES (2, 0, 'sent', 'begun', 'gsm7')")

    assert line.free_wanting(db, "p1") is False
    assert texts(rounds.claim(db, [P0], NOW)) == ["0"]
    assert texts(rounds.claim(db, [P0], NOW)) == ["2"]
    assert rounds.claim(db, [P0], NOW) == []


def test_a_long_row_of_texts_that_avoid_a_channel_is_not_searched_and_is_passed(db: SqliteDatabase) -> None:
    outbox.add(db, [numbered(n) for n in range(200)], NOW)
    db.execute_sql("UPDATE messages SET avoid = ',p0,'")
    avoided = want("p0", "sim0", ("",), able=("p0", "p1"))

    assert round_of(db, [avoided], NOW).passed == (("p0", ""),)
    alone = want("p0", "sim0", ("",), able=("p0",))
    assert texts(rounds.claim(db, [alone], NOW)) == ["0"]  # nobody else is able


def test_a_turn_is_kept_with_the_claim_and_given_back_with_it(db: SqliteDatabase) -> None:
    outbox.add(db, [numbered(0), numbered(1)], NOW)
    turn = Want("p0", "sim0", (Offer("", True, "its turn", turn=4.0, step=1.0),))
    (claim,) = rounds.claim(db, [turn], NOW)
    assert turns.find(db) == {("", "p0"): 5.0}

    rounds.release(db, claim, NOW)
    assert turns.find(db) == {("", "p0"): 4.0}


class Never(EarlierMarks):
    def __init__(self) -> None:
        self.trusted, self._begun = True, {}


def test_after_a_kill_the_turn_of_what_never_left_is_given_back(db: SqliteDatabase) -> None:
    outbox.add(db, [numbered(0)], NOW)
    rounds.claim(db, [Want("p0", "sim0", (Offer("", True, "its turn", turn=4.0, step=1.0),))], NOW)

    unknowns.recover(db, Never(), lambda on: None, NOW)
    assert turns.find(db) == {("", "p0"): 4.0}


BOX = want("box1.0", "sim8", ("",), whole=True)


def test_a_channel_that_splits_texts_itself_is_given_the_whole_and_every_part_follows_it(db: SqliteDatabase) -> None:
    outbox.add(db, [new_message(text="hello", parts=3)], NOW)
    (claim,) = rounds.claim(db, [BOX], NOW)
    assert (claim.outgoing.part.text, claim.outgoing.part.concat, claim.outgoing.parts) == ("hello", None, 3)
    assert len(claim.pieces) == 3 and claim.outgoing.attempt_id == claim.pieces[-1][0] and not claim.more_parts

    (sent,) = rounds.record(db, claim, Sent(7), None, NOW)
    assert sent.status is Status.SENT
    told = [reports.keep(db, rounds.report("box1.0", "sim8", 7, raw), NOW + 1) for raw in ("1/3", "2/3", "3/3")]
    assert [one is not None for one in told] == [False, False, True]
    assert progress.fetch(db, claim.message_id).status is Status.DELIVERED


def test_a_whole_text_whose_outcome_was_unknown_is_settled_as_one(db: SqliteDatabase) -> None:
    outbox.add(db, [new_message(text="hello", parts=2)], NOW)
    (claim,) = rounds.claim(db, [BOX], NOW)
    unknown = Verdict(Status.UNKNOWN, MessageError("unknown", "silence"), settle_at=NOW + 600)
    rounds.record(db, claim, Unknown("silence"), unknown, NOW)

    (open_,) = boxes.unanswered(db, ["box1.0"], NOW - 60, 10)
    assert (open_.attempt_id, open_.parts) == (claim.outgoing.attempt_id, 2)
    (told,) = unknowns.answered_late(db, open_.attempt_id, 9, NOW + 5)
    assert told.status is Status.SENT
    assert boxes.unanswered(db, ["box1.0"], NOW - 60, 10) == []


def test_a_whole_text_that_did_not_go_after_all_is_sent_anew_at_once_and_is_no_repetition(db: SqliteDatabase) -> None:
    outbox.add(db, [new_message(text="hello", parts=2)], NOW)
    (claim,) = rounds.claim(db, [BOX], NOW)
    unknown = Verdict(Status.UNKNOWN, MessageError("unknown", "silence"), settle_at=None)
    rounds.record(db, claim, Unknown("silence"), unknown, NOW)

    assert unknowns.refused_late(db, claim.outgoing.attempt_id, rounds.ELSEWHERE, NOW + 5) is True
    (again,) = rounds.claim(db, [replace(P0)], NOW + 5)
    assert (again.outgoing.part.text, again.outgoing.reject_duplicates, again.more_parts) == ("hello1", False, True)


def test_a_sim_that_is_taken_out_between_two_parts_is_not_charged_with_the_rest(db: SqliteDatabase) -> None:
    outbox.add(db, [new_message(text="hello", parts=3)], NOW)
    (first,) = rounds.claim(db, [P0], NOW)
    rounds.record(db, first, Sent(1), None, NOW)
    swapped = rounds.follow(want("p0", "another", ("",)), first.message_id)
    (again,) = rounds.claim(db, [swapped], NOW)
    assert again.outgoing.part.text == "hello1"

    counted = dict(db.execute_sql("SELECT subject, parts FROM counters WHERE per = 'day'").fetchall())
    assert counted == {"sim:sim0": 1, "sim:another": 3}


# Own numbers

A, B = "+4915110000001", "+4915110000002"
ASKS_A = f"@from:{A}"


def held(channel: str, sim: str, number: str, lane: str = ASKS_A, **more: object) -> Want:
    """A channel to which this lane is offered, though its SIM may have been changed since."""
    offer = Offer(lane, True, "its number was asked for", able=frozenset({"p0", "p1"}), holders=frozenset({channel}))
    return Want(channel, sim, (offer,), number, **more)  # type: ignore[arg-type]


def test_a_text_that_asked_for_a_number_is_taken_by_no_other_even_where_its_lane_is_offered(db: SqliteDatabase) -> None:
    outbox.add(db, [numbered(1, lane=ASKS_A)], NOW)
    assert round_of(db, [held("p0", "sim0", B), held("p1", "sim1", "")], NOW).claims == ()
    (claim,) = round_of(db, [held("p1", "sim1", A)], NOW).claims
    assert db.execute_sql("SELECT sender, channel FROM messages").fetchone() == (A, "p1") and claim.channel == "p1"


def test_the_next_part_is_not_taken_by_a_sim_that_came_between(db: SqliteDatabase) -> None:
    outbox.add(db, [new_message(parts=3, lane=ASKS_A)], NOW)
    (first,) = round_of(db, [held("p0", "sim0", A)], NOW).claims
    record(db, first, Sent(1), None, NOW)
    assert round_of(db, [held("p0", "sim2", B, goes_on_with=first.message_id)], NOW).claims == ()
    (second,) = round_of(db, [held("p0", "sim0", A, goes_on_with=first.message_id)], NOW).claims
    assert second.outgoing.part.text != first.outgoing.part.text


def test_what_was_to_go_by_a_channel_goes_by_the_one_that_has_its_number_now(db: SqliteDatabase) -> None:
    outbox.add(db, [numbered(1, lane=ASKS_A)], NOW)
    db.execute_sql("UPDATE messages SET pinned = 'p0'")
    alone = held("p1", "sim0", A)
    beside_p0 = replace(alone, offers=(replace(alone.offers[0], holders=frozenset({"p0", "p1"})),))
    assert round_of(db, [beside_p0], NOW).claims == ()  # which has the number too
    assert texts(list(round_of(db, [alone], NOW).claims)) == ["1"]


@pytest.mark.parametrize(
    ("lane", "channel", "number", "may"),
    [
        ("", "p0", "", True),
        ("pool:main@gold<silver", "p0", "", True),
        (ASKS_A, "p0", A, True),
        (ASKS_A, "p0", "", False),
        (ASKS_A, "p0", B, False),
        (f"@from:{A},{B}", "p0", B, True),
        (f"pool:main@from:{A}&p0,p1", "p1", A, True),
        (f"pool:main@from:{A}&p0,p1", "p2", A, False),
        (f"@from:p3,{A}", "p3", "", True),
    ],
)
def test_a_lane_admits_channels_by_name_and_number(lane: str, channel: str, number: str, may: bool) -> None:
    assert lanes.admits(lane, channel, number) is may


def test_what_waits_for_a_number_at_the_upgrade_waits_for_it_afterwards(db: SqliteDatabase) -> None:
    news = [
        numbered(1, lane="channel:p0"),
        replace(numbered(2, lane="channel:p0"), sender=A),
        replace(numbered(3, lane="pool:main@only:p0"), sender=A),
        numbered(4, lane="pool:main@only:p0"),
        replace(numbered(5, lane="channel:p1"), sender=f"{A[:3]} {A[3:]}"),  # as its client wrote it
    ]
    outbox.add(db, news, NOW)
    (claim,) = round_of(db, [want("p0", "sim0", ("channel:p0",), number=A, able=())], NOW).claims
    rounds.release(db, claim, NOW)  # it shows a sender since then, for which it did not ask
    db.execute_sql("ALTER TABLE sims DROP COLUMN number_port")
    for statement in import_module("gateway.store.migrations.0015_own_numbers").STATEMENTS:
        db.execute_sql(statement)
    found = db.execute_sql("SELECT sender, lane FROM messages ORDER BY id").fetchall()
    assert found[:4] == [(A, "channel:p0"), (A, ASKS_A), (A, f"pool:main@from:{A}"), ("", "pool:main@only:p0")]
    assert found[4][1] == "channel:p1"
    outbox.call_due(db, 0.0, NOW)
    assert {ready for (ready,) in db.execute_sql("SELECT ready FROM messages")} == {1}
