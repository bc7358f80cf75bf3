"""SIMs that move: what is noticed of them, what they are counted for, and what becomes of their texts and reports."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from peewee import SqliteDatabase

from gateway.clock import ManualClock
from gateway.records import (
    ChannelFacts,
    ChannelState,
    Concat,
    IncomingPart,
    MessageError,
    Refused,
    Report,
    Sent,
    SimChange,
    Status,
    Unknown,
    Word,
)
from gateway.settings import StoreSettings
from gateway.store import Store, database, inbox, outbox, reports, sims, unknowns
from gateway.store.air import Verdict
from gateway.store.claims import Want
from gateway.store.sims import Change, Counts
from tests.store import rounds
from tests.store.conftest import NOW, new_message

ERROR = MessageError("cms:38", "network out of order")
TO = "+491701234567"


def facts(channel: str, iccid: str, **more: str) -> ChannelFacts:
    return replace(ChannelFacts(channel, ChannelState.READY, iccid=iccid), **more)  # type: ignore[arg-type]


def want(channel: str, sim: str, message_id: int | None = None) -> Want:
    return rounds.want(channel, sim, ("", f"channel:{channel}"), goes_on_with=message_id)


def send(db: SqliteDatabase, one: Want, reference: int) -> int:
    """Claim the next part and let the network take it: the id of its message."""
    (claim,) = rounds.claim(db, [one], NOW)
    rounds.record(db, claim, Sent(reference), None, NOW)
    return claim.message_id


def stopped(db: SqliteDatabase, parts: int = 2) -> int:
    """A long text whose first part SIM a sent over p0, and whose second waits for it."""
    outbox.add(db, [new_message(TO, parts=parts)], NOW)
    message_id = send(db, want("p0", "a"), 1)
    (claim,) = rounds.claim(db, [want("p0", "a", message_id)], NOW)
    refused = Refused(Word.LATER, "cms:38", "network out of order")
    rounds.record(db, claim, refused, Verdict(Status.QUEUED, ERROR, due_at=NOW), NOW)
    return message_id


def part_states(db: SqliteDatabase) -> list[str]:
    return [row[0] for row in db.execute_sql("SELECT status FROM parts ORDER BY number").fetchall()]


# What is noticed


def test_a_sim_never_seen_before_is_new_and_then_known(db: SqliteDatabase) -> None:
    assert sims.seen(db, facts("p0", "a"), NOW) == Change(SimChange.NEW, "a", "p0")
    assert sims.seen(db, facts("p0", "a"), NOW + 1) is None


def test_a_sim_in_another_channel_has_moved(db: SqliteDatabase) -> None:
    sims.seen(db, facts("p0", "a"), NOW)
    assert sims.seen(db, facts("p1", "a"), NOW) == Change(SimChange.MOVED, "a", "p1", was="p0")


def test_a_new_sim_where_another_was_replaces_it(db: SqliteDatabase) -> None:
    sims.seen(db, facts("p0", "a"), NOW)
    assert sims.seen(db, facts("p0", "b"), NOW) == Change(SimChange.REPLACED, "b", "p0", instead_of="a")
    assert db.execute_sql("SELECT channel FROM sims WHERE id = 'a'").fetchone() == ("",)
    back = sims.seen(db, facts("p0", "a"), NOW)
    assert back == Change(SimChange.REPLACED, "a", "p0", was="p0", instead_of="b")


def test_two_ports_that_changed_places_are_noticed_when_the_second_is_ready(db: SqliteDatabase) -> None:
    sims.seen(db, facts("p0", "a"), NOW)
    sims.seen(db, facts("p1", "b"), NOW)
    assert sims.seen(db, facts("p1", "a"), NOW) == Change(SimChange.MOVED, "a", "p1", was="p0", instead_of="b")
    assert sims.seen(db, facts("p0", "b"), NOW) == Change(SimChange.SWAPPED, "b", "p0", was="p1")


def test_a_sim_that_follows_another_into_its_port_has_only_moved(db: SqliteDatabase) -> None:
    sims.seen(db, facts("p0", "a"), NOW)
    sims.seen(db, facts("p1", "b"), NOW)
    sims.seen(db, facts("p2", "a"), NOW)
    moved = sims.seen(db, facts("p0", "b"), NOW)
    assert moved is not None and moved.kind is SimChange.MOVED


def test_what_a_modem_does_not_show_for_once_stays_known(db: SqliteDatabase) -> None:
    sims.seen(db, facts("p0", "a", imsi="26201", number="+4915110000000", smsc="+491710760000"), NOW)
    sims.seen(db, facts("p0", "a"), NOW + 1)
    assert sims.centres(db) == {"a": "+491710760000"}
    assert db.execute_sql("SELECT imsi, number FROM sims").fetchone() == ("26201", "+4915110000000")


def test_a_modem_of_another_name_is_no_other_sim(db: SqliteDatabase) -> None:
    """Cheap pools give every modem one IMEI, and a repaired one comes back with a new one."""
    sims.seen(db, facts("p0", "a", imei="1"), NOW)
    assert sims.seen(db, facts("p0", "a", imei="2"), NOW) is None


# What is counted


def test_counts_follow_the_sim_from_port_to_port(db: SqliteDatabase) -> None:
    outbox.add(db, [new_message("+491700000001"), new_message("+491700000002"), new_message("+491700000003")], NOW)
    send(db, want("p0", "a"), 1)
    send(db, want("p1", "a"), 2)
    (claim,) = rounds.claim(db, [want("p1", "a")], NOW)
    rounds.record(db, claim, Unknown("silence"), Verdict(Status.UNKNOWN, ERROR), NOW)
    inbox.keep(db, IncomingPart("p2", "a", "00", concat=Concat(1, 2, 1)), "", lambda pieces: "", lambda: "m", NOW)

    assert sims.counts(db, "a", NOW) == Counts(sent=2, received=1, refused=0, unknown=1)
    assert sims.counts(db, "a", NOW + 1) == sims.counts(db, "b", NOW) == Counts(0, 0, 0, 0)
    assert sims.last_sent_at(db, "a") == NOW and sims.last_sent_at(db, "b") is None


# What becomes of its texts and reports


def test_a_sim_that_moved_still_gets_its_reports_matched(db: SqliteDatabase) -> None:
    outbox.add(db, [new_message(TO)], NOW)
    send(db, want("p0", "a"), 7)

    delivered = reports.keep(db, Report("p5", "a", "00", 7, TO, 0), NOW + 5)
    assert delivered is not None and delivered.status is Status.DELIVERED


def test_a_report_for_the_sim_that_is_in_the_port_now_is_not_taken_for_one_of_the_sim_before(db: SqliteDatabase) -> None:
    outbox.add(db, [new_message(TO)], NOW)
    send(db, want("p0", "a"), 7)

    assert reports.keep(db, Report("p0", "b", "00", 7, TO, 0), NOW + 5) is None
    assert part_states(db) == ["sent"]


def test_a_text_goes_on_over_the_sim_that_began_it(db: SqliteDatabase) -> None:
    message_id = stopped(db)
    (claim,) = rounds.claim(db, [want("p0", "a")], NOW)
    assert claim.outgoing.part.concat is not None
    assert (claim.message_id, claim.outgoing.part.concat.number) == (message_id, 2)


def test_a_text_begun_by_another_sim_begins_again_whole(db: SqliteDatabase) -> None:
    message_id = stopped(db, parts=3)
    (claim,) = rounds.claim(db, [want("p0", "b")], NOW)

    assert claim.outgoing.part.concat is not None
    assert (claim.message_id, claim.outgoing.part.concat.number, claim.more_parts) == (message_id, 1, True)
    assert part_states(db) == ["sending", "queued", "queued"]


def test_a_sim_changed_between_two_parts_of_a_text_on_its_way_makes_it_begin_again(db: SqliteDatabase) -> None:
    outbox.add(db, [new_message(TO, parts=3)], NOW)
    message_id = send(db, want("p0", "a"), 1)
    (claim,) = rounds.claim(db, [want("p0", "b", message_id)], NOW)

    assert claim.outgoing.part.concat is not None and claim.outgoing.part.concat.number == 1


def test_a_text_begun_by_another_sim_waits_while_a_part_of_it_is_on_the_air(db: SqliteDatabase) -> None:
    outbox.add(db, [new_message(TO, parts=3)], NOW)
    message_id = send(db, want("p0", "a"), 1)
    rounds.claim(db, [want("p0", "a", message_id)], NOW)

    assert rounds.claim(db, [want("p0", "b", message_id)], NOW) == []
    assert part_states(db) == ["sent", "sending", "queued"]


def test_a_late_report_of_the_first_copy_says_nothing_of_the_second(db: SqliteDatabase) -> None:
    message_id = stopped(db)
    for part, reference in ((want("p0", "b"), 8), (want("p0", "b", message_id), 9)):
        assert send(db, part, reference) == message_id

    reports.keep(db, Report("p1", "a", "00", 1, TO, 0), NOW + 5)
    assert part_states(db) == ["sent", "sent"]
    reports.keep(db, Report("p0", "b", "01", 8, TO, 0), NOW + 5)
    assert part_states(db) == ["delivered", "sent"]


def test_a_repeated_text_keeps_its_reference_only_on_the_sim_that_counted_it(db: SqliteDatabase) -> None:
    for sim, reference in (("a", 8), ("b", None)):
        outbox.add(db, [new_message("+491700000001"), new_message(TO)], NOW)
        send(db, want("p0", "a"), 7)
        (claim,) = rounds.claim(db, [want("p0", "a")], NOW)
        rounds.record(db, claim, Unknown("silence"), Verdict(Status.UNKNOWN, ERROR, settle_at=NOW), NOW)
        unknowns.settle_due(db, {"p0"}, 1, NOW)

        (again,) = rounds.claim(db, [want("p0", sim)], NOW)
        assert again.outgoing.reject_duplicates and again.outgoing.reference == reference
        rounds.record(db, again, Sent(99), None, NOW)


# The schema


def test_a_database_of_the_first_schema_keeps_its_texts_and_is_copied_before(tmp_path: Path) -> None:
    path = tmp_path / "simrack.db"
    old = database.connect(path)
    database.migrate(old, path, keep=3)
    outbox.add(old, [new_message(TO)], NOW)
    for statement in (
        "DROP TABLE sims", "DROP TABLE balances", "DROP INDEX attempts_sim", "DROP INDEX incomingparts_sim",
    ):
        old.execute_sql(statement)
    old.execute_sql(f"DELETE FROM {_history(old)} WHERE name = '0002_sims'")
    old.close()

    store = Store.open(StoreSettings(path=str(path), reserve_mb=0), ManualClock(), serving=True)
    assert store.sims.all() == [] and store.balances.all() == {}
    assert store.read(lambda db: db.execute_sql("SELECT COUNT(*) FROM messages").fetchone()) == (1,)
    assert (tmp_path / "simrack.db.before-0002_sims").exists()
    store.close()


def _history(db: SqliteDatabase) -> str:
    """The table in which the runner keeps what it has done."""
    return next(name for name in db.get_tables() if "migrat" in name)
