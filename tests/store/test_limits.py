"""What the ledger counts, closes and gives back; what rules hold for whom; how counters live on."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from peewee import SqliteDatabase

from gateway.records import Counted, Limit, Per
from gateway.store import audit, database, limits, outbox
from gateway.store.audit import Audit
from gateway.store.limits import Book, Ledger, Rooms, counters, recount, rows, upkeep
from gateway.store.limits.windows import Window
from tests.store.conftest import new_message

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC).timestamp()
DAY = 86_400
SIM, KEY = "sim:8949", "key:1"
SUBJECTS = (SIM, "pool:main", KEY)
ANNA, BERT, CARL = "+491701", "+491702", "+491703"


def texts(most: int, subject: str = "sim:*", per: Per = Per.DAY, **given: object) -> Limit:
    return Limit(given.pop("id", 1), subject, given.pop("counted", Counted.TEXTS), per, most=most, **given)  # type: ignore[arg-type]


class Desk:
    """Messages that are charged and end, one job for each step."""

    def __init__(self, db: SqliteDatabase, *rules: Limit) -> None:
        self.db = db
        self.book = Book(rules)
        self.now = NOON

    def message(self, to: str = ANNA, parts: int = 1) -> int:
        outbox.add(self.db, [new_message(to, parts=parts)], self.now)
        (newest,) = self.db.execute_sql("SELECT MAX(id) FROM messages").fetchone()
        return int(newest)

    def admits(self, to: str = ANNA, parts: int = 1) -> bool:
        return Ledger(self.db, self.book, self.now).admits(SUBJECTS, to, parts)

    def closed(self, subject: str = SIM) -> bool:
        return Ledger(self.db, self.book, self.now).closed(subject)

    def send(self, to: str = ANNA, parts: int = 1, seconds: float = 0.0) -> int:
        """A text leaves, and its outcome comes after some seconds."""
        message = self.claim(to, parts)
        self.now += seconds
        self.end(message, to, parts)
        return message

    def claim(self, to: str = ANNA, parts: int = 1) -> int:
        message = self.message(to, parts)
        self.db.execute_sql("UPDATE messages SET status = 'sending', key_id = 1 WHERE id = ?", (message,))
        self.db.execute_sql("UPDATE parts SET status = 'sending' WHERE message_id = ?", (message,))
        for part_id, number in self.db.execute_sql("SELECT id, number FROM parts WHERE message_id = ?", (message,)).fetchall():
            self.db.execute_sql(
                "INSERT INTO attempts (message_id, part_id, number, channel, sim, recipient, state, started_at, pool)"
                " VALUES (?,?,?,'p0','8949',?,'claimed',?,'main')",
                (message, part_id, number, to, self.now),
            )
        Ledger(self.db, self.book, self.now).charge(message, SUBJECTS, to, 1, parts)
        return message

    def end(self, message: int, to: str = ANNA, parts: int = 1) -> None:
        self.db.execute_sql("UPDATE attempts SET state = 'sent', ended_at = ? WHERE message_id = ?", (self.now, message))
        limits.ended(self.db, self.book, message, SUBJECTS, to, parts, self.now)
        self.db.execute_sql("UPDATE parts SET status = 'sent' WHERE message_id = ?", (message,))
        self.db.execute_sql("UPDATE messages SET status = 'sent' WHERE id = ?", (message,))

    def refuse(self, message: int, to: str = ANNA, parts: int = 1) -> None:
        self.db.execute_sql("UPDATE attempts SET state = 'refused', ended_at = ? WHERE message_id = ?", (self.now, message))
        limits.refund(self.db, self.book, message, SUBJECTS, to, 1, parts)
        self.db.execute_sql("UPDATE parts SET status = 'queued' WHERE message_id = ?", (message,))
        self.db.execute_sql("UPDATE messages SET status = 'queued' WHERE id = ?", (message,))

    def used(self, subject: str = SIM) -> list[int]:
        return [budget.used for budget in self.budgets(subject)]

    def budgets(self, subject: str = SIM) -> list[limits.Budget]:
        rooms = Rooms(self.db, self.book, self.now)
        return [budget for rule in self.book.rules(subject) if (budget := rooms.budget(subject, rule)) is not None]


# What is counted


def test_without_rules_everything_may_leave_and_the_day_of_each_sim_is_counted(db: SqliteDatabase) -> None:
    desk = Desk(db)
    assert desk.book.empty and not desk.closed() and desk.admits()
    desk.send()
    desk.send(parts=3)
    assert limits.used_today(db, ["8949", "other"], NOON) == {"8949": 2, "other": 0}
    found = db.execute_sql("SELECT subject, per, start, texts, parts FROM counters ORDER BY per").fetchall()
    assert found == [(SIM, "day", 1795392000, 2, 4), (SIM, "month", 1793491200, 2, 4)]  # 2026-11-23 and 2026-11-01


def test_a_sim_is_closed_once_its_texts_are_used_and_opens_with_the_next_window(db: SqliteDatabase) -> None:
    desk = Desk(db, texts(2, zone="Europe/Berlin"))
    desk.send()
    assert not desk.closed()
    desk.send()
    ledger = Ledger(db, desk.book, desk.now)
    assert ledger.closed(SIM) and not ledger.admits(SUBJECTS, ANNA, 1)
    assert ledger.reopens == datetime(2026, 11, 23, 23, 0, tzinfo=UTC).timestamp()  # midnight in Berlin
    desk.now = ledger.reopens
    assert not desk.closed() and desk.admits()


def test_what_was_refused_is_not_counted(db: SqliteDatabase) -> None:
    desk = Desk(db, texts(1), texts(1, "pool:main", id=2, counted=Counted.RECIPIENTS))
    message = desk.claim()
    assert desk.closed() and not desk.admits(BERT)
    desk.refuse(message)
    assert not desk.closed() and desk.admits(BERT) and desk.used() == [0] and desk.used("pool:main") == [0]


def test_a_text_over_midnight_counts_on_both_days(db: SqliteDatabase) -> None:
    desk = Desk(db, texts(1))
    desk.now = NOON + DAY / 2 - 5
    message = desk.claim()
    desk.now += 10
    assert desk.used() == [1] and desk.closed()  # still on the air
    desk.end(message)
    assert desk.used() == [1] and desk.closed()
    desk.now -= 10
    assert desk.used() == [1]


def test_a_text_that_was_refused_over_midnight_counts_on_no_day(db: SqliteDatabase) -> None:
    desk = Desk(db, texts(1))
    desk.now = NOON + DAY / 2 - 5
    message = desk.claim()
    desk.now += 10
    desk.refuse(message)
    assert desk.used() == [0]
    desk.now -= 10
    assert desk.used() == [0]


def test_a_recipient_who_is_counted_may_be_texted_on(db: SqliteDatabase) -> None:
    desk = Desk(db, texts(2, counted=Counted.RECIPIENTS))
    desk.send(ANNA)
    desk.send(ANNA)
    desk.send(BERT)
    assert desk.used() == [2] and not desk.closed()
    assert desk.admits(ANNA) and desk.admits(BERT) and not desk.admits(CARL)


def test_who_may_not_be_texted_is_the_same_asked_one_by_one_and_of_many(db: SqliteDatabase) -> None:
    desk = Desk(db, texts(1, counted=Counted.RECIPIENTS, per=Per.MINUTE))
    desk.send(ANNA)
    ledger = Ledger(db, desk.book, desk.now)
    assert ledger.full_of_people(SUBJECTS) and ledger.strangers(SUBJECTS, [ANNA, BERT, CARL]) == {BERT, CARL}
    desk.now += 60
    assert not Ledger(db, desk.book, desk.now).full_of_people(SUBJECTS)
    desk.claim(BERT)
    desk.now += 60  # and it is still on the air
    ledger = Ledger(db, desk.book, desk.now)
    assert ledger.full_of_people(SUBJECTS) and ledger.strangers(SUBJECTS, [ANNA, BERT, CARL]) == {ANNA, CARL}
    assert desk.admits(BERT) and not desk.admits(ANNA) and not desk.admits(CARL)


def test_a_recipient_is_gone_only_with_the_last_of_his_texts(db: SqliteDatabase) -> None:
    desk = Desk(db, texts(1, counted=Counted.RECIPIENTS))
    first, second = desk.claim(ANNA), desk.claim(ANNA)
    desk.refuse(first, ANNA)
    assert not desk.admits(BERT)
    desk.refuse(second, ANNA)
    assert desk.admits(BERT)


def test_a_long_text_needs_room_for_all_its_parts(db: SqliteDatabase) -> None:
    desk = Desk(db, texts(4, counted=Counted.PARTS, per=Per.HOUR))
    desk.send(parts=2)
    assert desk.admits(parts=2) and not desk.admits(parts=3) and not desk.closed()


def test_a_text_that_never_fits_says_no_moment_at_which_it_would(db: SqliteDatabase) -> None:
    ledger = Ledger(db, Book([texts(4, counted=Counted.PARTS)]), NOON)
    assert not ledger.admits(SUBJECTS, ANNA, 5) and ledger.reopens is None


def test_reopens_is_the_earliest_moment_of_all_that_were_asked(db: SqliteDatabase) -> None:
    desk = Desk(db, texts(1, KEY), texts(1, "pool:main", Per.MINUTE, id=2))
    desk.send()
    ledger = Ledger(db, desk.book, desk.now)
    assert ledger.closed(KEY) and ledger.reopens == NOON + DAY / 2
    assert ledger.closed("pool:main") and ledger.reopens == NOON + 60
    both = Ledger(db, desk.book, desk.now)
    assert not both.admits(SUBJECTS, BERT, 1) and both.reopens == NOON + DAY / 2  # both say no until then


def test_within_one_job_each_charge_counts_for_the_next_text(db: SqliteDatabase) -> None:
    desk = Desk(db, texts(2))
    ledger = Ledger(db, desk.book, NOON)
    for _ in range(2):
        assert not ledger.closed(SIM) and ledger.admits(SUBJECTS, ANNA, 1)
        ledger.charge(desk.message(), SUBJECTS, ANNA, 1, 1)
    assert ledger.closed(SIM) and not ledger.admits(SUBJECTS, ANNA, 1)


# Gaps, hours, warm-ups, shares


def test_a_gap_begins_with_a_text_and_again_with_its_end(db: SqliteDatabase) -> None:
    desk = Desk(db, Limit(1, "sim:*", Counted.GAP, gap_s=(10.0, 10.0)))
    assert desk.book.gapped([SIM]) and not desk.book.gapped([KEY])
    desk.send(seconds=4)
    ledger = Ledger(db, desk.book, desk.now)
    assert ledger.closed(SIM) and ledger.reopens == NOON + 14
    desk.now = NOON + 14
    assert not desk.closed()


def test_a_random_gap_is_drawn_anew_for_each_text_and_the_same_at_each_look(db: SqliteDatabase) -> None:
    desk, drawn = Desk(db, Limit(1, SIM, Counted.GAP, gap_s=(5.0, 20.0))), set()
    for _ in range(30):
        desk.send()
        moments = set()
        for _ in range(3):
            ledger = Ledger(db, desk.book, desk.now)
            assert ledger.closed(SIM) and ledger.reopens is not None
            moments.add(ledger.reopens - desk.now)
        assert len(moments) == 1 and 5 <= min(moments) <= 20
        drawn |= moments
        desk.now += 25
    assert len(drawn) > 25 and max(drawn) - min(drawn) > 8


def test_a_gap_of_a_pool_counts_from_claim_to_claim(db: SqliteDatabase) -> None:
    desk = Desk(db, Limit(1, "pool:main", Counted.GAP, gap_s=(10.0, 10.0)))
    desk.send(seconds=8)
    desk.now = NOON + 10
    assert not desk.closed("pool:main")


def test_a_gap_that_a_wrong_clock_began_in_the_future_closes_nothing_for_long(db: SqliteDatabase) -> None:
    desk = Desk(db, Limit(1, SIM, Counted.GAP, gap_s=(10.0, 10.0)))
    desk.now += 10 * 365 * DAY
    desk.send()
    desk.now = NOON
    assert not desk.closed()


def test_outside_of_its_hours_nothing_leaves(db: SqliteDatabase) -> None:
    desk = Desk(db, Limit(1, SIM, Counted.HOURS, hours="Mon-Fri 13:30-20:00", zone="Europe/Berlin"))
    ledger = Ledger(db, desk.book, NOON)  # a Monday, one o'clock there
    assert ledger.closed(SIM) and ledger.reopens == NOON + 1800
    desk.now = NOON + 1800
    assert not desk.closed()


@pytest.mark.parametrize(("age", "most"), [(0, 5), (1, 10), (2, 20), (3, None), (200, None)])
def test_a_new_sim_may_send_more_from_day_to_day_until_it_is_warm(db: SqliteDatabase, age: int, most: int | None) -> None:
    db.execute_sql("INSERT INTO sims VALUES ('8949','8949','','','','p0','','',?,?,'')", (NOON - age * DAY, NOON))
    (budget,) = Desk(db, Limit(1, "sim:*", Counted.WARMUP, first=5, factor=2.0, days=3)).budgets()
    assert budget.most == (most or float("inf"))


def test_a_sim_first_seen_by_a_clock_that_was_never_set_is_as_old_as_its_first_text(db: SqliteDatabase) -> None:
    db.execute_sql("INSERT INTO sims VALUES ('8949','8949','','','','p0','','',86400.0,?,'')", (NOON,))
    desk = Desk(db, Limit(1, "sim:*", Counted.WARMUP, first=5, factor=2.0, days=3))
    assert desk.budgets()[0].most == 5
    desk.send()
    desk.now += DAY
    assert desk.budgets()[0].most == 10


def test_the_share_of_a_key_is_its_own_or_that_of_all(db: SqliteDatabase) -> None:
    book = Book([Limit(1, "key:*", Counted.SHARE, factor=0.5), Limit(2, "key:7", Counted.SHARE, factor=3.0)])
    assert (book.share(7), book.share(8), Book([]).share(7)) == (3.0, 0.5, 1.0)


# Which rules hold


def test_an_own_rule_stands_in_the_place_of_the_one_for_all_and_of_that_alone(db: SqliteDatabase) -> None:
    rules = [texts(5), texts(50, SIM, id=2), texts(3, per=Per.HOUR, id=3), texts(9, SIM, id=4)]
    book = Book(rules)
    assert sorted(rule.limit.id for rule in book.rules(SIM)) == [2, 3, 4]
    assert sorted(rule.limit.id for rule in book.rules("sim:other")) == [1, 3]


def test_of_several_rules_the_tightest_counts(db: SqliteDatabase) -> None:
    desk = Desk(db, texts(50, SIM), texts(2, SIM, id=2), texts(9, SIM, Per.MONTH, id=3))
    desk.send()
    desk.send()
    assert desk.closed()


def test_a_zone_that_this_machine_does_not_know_any_more_does_not_stop_the_start(db: SqliteDatabase) -> None:
    rows.insert(db, texts(2, zone="Mars/Olympus"))
    assert [rule.zone.key for rule in limits.load(db).rules(SIM)] == ["UTC"]


# Rules change


def test_a_rule_that_is_made_later_counts_what_left_before(db: SqliteDatabase) -> None:
    desk = Desk(db)
    desk.send(ANNA)
    desk.send(BERT, parts=2)
    desk.claim(ANNA)  # on the air
    desk.refuse(desk.claim(CARL), CARL)
    new = [
        texts(9, "pool:main", Per.HOUR),
        texts(9, KEY, Per.MONTH, id=2, counted=Counted.RECIPIENTS, reset_day=20),
        texts(9, SIM, Per.MINUTE, id=3, counted=Counted.PARTS),
    ]
    book = Book(new)
    db.execute_sql("INSERT INTO keys (id, name, token_hash, scopes, created_at) VALUES (1,'one','x','send',0)")
    upkeep.adopt(db, desk.book, book, desk.now)
    desk.book = book
    assert (desk.used("pool:main"), desk.used(KEY), desk.used(SIM)) == ([3], [2], [4])


def test_a_gap_that_is_made_later_counts_from_the_last_text(db: SqliteDatabase) -> None:
    desk = Desk(db)
    desk.send(seconds=3)
    book = Book([Limit(1, "sim:*", Counted.GAP, gap_s=(60.0, 60.0))])
    upkeep.adopt(db, desk.book, book, desk.now)
    ledger = Ledger(db, book, desk.now)
    assert ledger.closed(SIM) and ledger.reopens == NOON + 63


def test_a_change_of_the_number_alone_keeps_what_is_counted_and_what_was_set_back(db: SqliteDatabase) -> None:
    desk = Desk(db, texts(2))
    desk.send()
    upkeep.reset(db, desk.book, desk.book.rules(SIM)[0], SIM, desk.now)
    desk.send()
    after = Book([texts(3)])
    upkeep.adopt(db, desk.book, after, desk.now)
    desk.book = after
    assert desk.used() == [1]


def test_a_reset_keeps_what_is_on_the_air_so_that_it_can_be_given_back(db: SqliteDatabase) -> None:
    desk = Desk(db, texts(2), texts(3, id=2, counted=Counted.RECIPIENTS))
    desk.send(ANNA)
    flying = desk.claim(BERT)
    for rule in desk.book.rules(SIM):
        upkeep.reset(db, desk.book, rule, SIM, desk.now)
    assert desk.used() == [1, 1]
    desk.refuse(flying, BERT)
    assert desk.used() == [0, 0]
    desk.send(CARL)
    assert desk.used() == [1, 1]


def test_a_reset_says_what_there_was(db: SqliteDatabase) -> None:
    desk = Desk(db, texts(2), Limit(2, SIM, Counted.GAP, gap_s=(9.0, 9.0)))
    desk.send()
    by_kind = {rule.limit.counted: rule for rule in desk.book.rules(SIM)}
    assert upkeep.reset(db, desk.book, by_kind[Counted.TEXTS], SIM, desk.now) == {"texts": 1, "window_began_at": 1795392000}
    assert upkeep.reset(db, desk.book, by_kind[Counted.GAP], SIM, desk.now) == {"last_text_at": NOON}
    assert not desk.closed()


# Counters live on


def test_counters_live_over_a_restart(db: SqliteDatabase) -> None:
    rows.insert(db, texts(2))
    desk = Desk(db, *limits.load(db).limits)
    desk.send()
    desk.claim()
    path = db.database
    db.close()
    again = database.connect(path)
    assert Ledger(again, limits.load(again), NOON).closed(SIM)
    again.close()


def test_a_clock_that_jumps_finds_the_counters_of_its_day_again(db: SqliteDatabase) -> None:
    desk = Desk(db, texts(2))
    desk.send()
    desk.now -= 50 * 365 * DAY
    desk.send()
    assert desk.used() == [1]
    desk.now = NOON + 20 * 365 * DAY
    desk.send()
    limits.forget(db, desk.now)
    desk.now = NOON
    assert desk.used() == [1]
    desk.send()
    assert desk.closed()


def test_old_windows_are_forgotten_and_present_ones_are_not(db: SqliteDatabase) -> None:
    desk = Desk(db, texts(9, per=Per.MINUTE, counted=Counted.RECIPIENTS))
    for _ in range(150):
        desk.send()
        desk.now += 60
    limits.forget(db, desk.now)
    assert db.execute_sql("SELECT COUNT(*) FROM counters WHERE per = 'minute'").fetchone() == (60,)
    assert db.execute_sql("SELECT COUNT(*) FROM counted").fetchone() == (60,)
    assert db.execute_sql("SELECT COUNT(*) FROM counters WHERE per <> 'minute'").fetchone() == (2,)


def test_what_left_before_anything_was_counted_is_counted_by_the_migration(db: SqliteDatabase) -> None:
    desk = Desk(db)
    (begun,) = db.execute_sql("SELECT strftime('%s', 'now', 'start of day') + 1").fetchone()
    desk.now = float(begun)
    desk.send(parts=2)
    db.execute_sql("DELETE FROM counters")
    migration = (database.MIGRATIONS / "0004_limits.py").read_text()
    found: dict[str, list[str]] = {}
    exec(migration, found)
    for statement in found["STATEMENTS"][-2:]:
        db.execute_sql(statement)
    assert limits.used_today(db, ["8949"], desk.now) == {"8949": 1}
    assert db.execute_sql("SELECT DISTINCT texts, parts FROM counters").fetchall() == [(1, 2)]


def test_a_recount_finds_every_sim_without_looking_through_all_attempts(db: SqliteDatabase) -> None:
    desk = Desk(db)
    desk.send()
    assert recount.subjects(db, "sim:*") == [SIM]
    one = Window(Per.DAY, 1795392000, 1795392000 + DAY)
    recount.window(db, "pool:main", one)
    assert counters.read(db, "pool:main", one) == (1, 1, 1)


def test_the_audit_tells_who_changed_what_newest_first(db: SqliteDatabase) -> None:
    for number in range(3):
        audit.note(db, NOON + number, "alice", "limit.reset", SIM, {"texts": number})
    audit.note(db, NOON, "alice", "key.add", SIM)
    found = Audit(lambda query: query(db)).page("limit", None, 2)
    assert [(one.who, one.before, one.after) for one in found] == [("alice", {"texts": 2}, None), ("alice", {"texts": 1}, None)]
    assert [one.before for one in Audit(lambda query: query(db)).page("limit", found[-1].id, 5)] == [{"texts": 0}]
    assert json.dumps(dict(found[0].before or {})) == '{"texts": 2}'
