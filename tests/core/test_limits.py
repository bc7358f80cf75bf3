"""What people may ask of limits: wrong ones are refused by the name of their field, changes hold at once and are audited."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.clock import ManualClock
from gateway.core.keys import Keys
from gateway.core.lanes import PoolView
from gateway.core.limits import Limits
from gateway.core.limits.view import LimitsView, Route
from gateway.core.limits.walk import Load
from gateway.errors import BadValue, Conflict, NotFound
from gateway.records import ChannelFacts, ChannelState, Counted, Limit, Per, Standing, Traffic
from gateway.settings import StoreSettings
from gateway.store import Database, Store, outbox, sims
from gateway.store.audit import Audit
from gateway.store.limits import Ledger
from tests.store.conftest import new_message

POOLS = ("main",)
P0 = ChannelFacts("p0", ChannelState.READY, iccid="8949001")
P1 = ChannelFacts("p1", ChannelState.READY, iccid="8949002")
OVER_MAIN = Route(("p0", "p1"), "main", "alice")


def texts(most: int = 5, subject: str = "sim:*", per: Per | None = Per.DAY, **given: object) -> Limit:
    return Limit(0, subject, Counted.TEXTS, per, most=most, **given)  # type: ignore[arg-type]


class Desk:
    def __init__(self, path: Path) -> None:
        self.clock = ManualClock()
        self.settings = StoreSettings(path=str(path / "simrack.db"), reserve_mb=0)
        self.woken = 0
        self.open()
        Keys(self.store, self.clock).add("alice", ["send"])
        for facts in (P0, P1):
            self.store.writer.run(lambda db, facts=facts: sims.seen(db, facts, self.clock.now()))

    def open(self) -> None:
        self.store = Store.open(self.settings, self.clock, serving=True)
        self.limits = Limits(self.store, self.clock, self.wake)
        self.standings: dict[str, Standing] = {}
        self.view = LimitsView(self.limits, self.store, self.clock, lambda channel, sim: self.standings.get(channel, Standing()))

    def wake(self) -> None:
        self.woken += 1

    def add(self, wanted: Limit) -> Limit:
        return self.limits.add(wanted, "alice", POOLS)

    def send(self, sim: str = "8949001", to: str = "+4917012345", parts: int = 1) -> None:
        """A text leaves, as the dispatch counts it."""

        def job(db: Database) -> None:
            outbox.add(db, [new_message(to, parts=parts, key_id=1)], self.clock.now())
            (message,) = db.execute_sql("SELECT MAX(id) FROM messages").fetchone()
            Ledger(db, self.limits.book, self.clock.now()).charge(message, (f"sim:{sim}", "pool:main", "key:1"), to, 1, parts)

        self.store.writer.run(job)

    def left(self, limit: Limit) -> dict[str, int | None]:
        return {use.subject: use.left for use in self.view.uses([limit])[0]}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.store.close()


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        (texts(0), "most"),
        (texts(10**12), "most"),
        (texts(per=None), "per"),
        (texts(zone="Europe/Atlantis"), "zone"),
        (texts(zone="../../etc/passwd"), "zone"),
        (texts(per=Per.MONTH, reset_day=32), "reset_day"),
        (texts(subject="simcard"), "subject"),
        (texts(subject="sim:"), "subject"),
        (texts(subject="pool:"), "subject"),
        (texts(subject="modem:p0"), "subject"),
        (Limit(0, "sim:*", Counted.GAP), "gap_s"),
        (Limit(0, "sim:*", Counted.GAP, gap_s=(-1.0, 5.0)), "gap_s"),
        (Limit(0, "sim:*", Counted.GAP, gap_s=(1.0, float("inf"))), "gap_s"),
        (Limit(0, "sim:*", Counted.GAP, gap_s=(float("nan"), 1.0)), "gap_s"),
        (Limit(0, "sim:*", Counted.HOURS, hours="from nine to five"), "hours"),
        (Limit(0, "sim:*", Counted.HOURS), "hours"),
        (Limit(0, "pool:main", Counted.WARMUP, first=5, factor=2.0, days=5), "counted"),
        (Limit(0, "sim:*", Counted.WARMUP, factor=2.0, days=5), "first"),
        (Limit(0, "sim:*", Counted.WARMUP, first=5, factor=0.5, days=5), "factor"),
        (Limit(0, "sim:*", Counted.WARMUP, first=5, factor=2.0), "days"),
        (Limit(0, "sim:*", Counted.SHARE, factor=2.0), "counted"),
        (Limit(0, "key:*", Counted.SHARE, factor=0.0), "factor"),
    ],
)
def test_a_wrong_limit_is_refused_by_the_name_of_its_field(desk: Desk, wanted: Limit, field: str) -> None:
    with pytest.raises(BadValue) as refused:
        desk.add(wanted)
    assert refused.value.field == field and refused.value.remedy
    assert desk.limits.all() == [] and Audit(desk.store.read).page("limit", None, 9) == [] and desk.woken == 0


@pytest.mark.parametrize("subject", ["pool:none", "key:nobody", "sim:8999"])
def test_what_there_is_not_cannot_be_limited(desk: Desk, subject: str) -> None:
    with pytest.raises(Conflict):
        desk.add(texts(subject=subject))


def test_a_channel_is_the_sim_that_is_in_it_now_and_the_limit_follows_the_sim(desk: Desk) -> None:
    made = desk.add(texts(2, "channel:p0"))
    assert made.subject == "sim:8949001"
    desk.send()
    moved = replace(P0, name="p7")
    desk.store.writer.run(lambda db: sims.seen(db, moved, desk.clock.now()))
    (use,) = desk.view.uses([made])[0]
    assert (use.subject, use.channel, use.used, use.left) == ("sim:8949001", "p7", 1, 1)
    with pytest.raises(Conflict):
        desk.add(texts(2, "channel:p9"))


def test_people_call_keys_by_name_and_counters_by_number(desk: Desk) -> None:
    made = desk.add(texts(2, "key:alice", zone="Europe/Berlin"))
    assert made.subject == "key:alice" and desk.limits.book.limits[0].subject == "key:1"
    desk.send()
    assert desk.left(made) == {"key:alice": 1}


def test_a_new_limit_counts_what_left_before_it_and_holds_at_once(desk: Desk) -> None:
    assert desk.limits.book.empty
    made = desk.add(texts(1))
    assert desk.woken == 1 and not desk.limits.book.empty
    desk.send()
    closed = desk.store.writer.run(lambda db: Ledger(db, desk.limits.book, desk.clock.now()).closed("sim:8949001"))
    assert closed and desk.left(made) == {"sim:8949001": 0, "sim:8949002": 1}


def test_limits_and_counters_live_over_a_restart(desk: Desk) -> None:
    made = desk.add(texts(5))
    desk.send()
    desk.store.close()
    desk.open()
    assert desk.limits.all() == [made] and desk.left(made)["sim:8949001"] == 4


def test_a_change_keeps_what_is_counted(desk: Desk) -> None:
    made = desk.add(texts(5))
    desk.send()
    changed = desk.limits.change(made.id, texts(9), "alice", POOLS)
    assert changed.id == made.id and desk.left(changed)["sim:8949001"] == 8
    with pytest.raises(NotFound):
        desk.limits.change(99, texts(0), "alice", POOLS)


def test_a_removed_limit_holds_no_more(desk: Desk) -> None:
    made = desk.add(texts(1))
    desk.limits.remove(made.id, "alice")
    assert desk.limits.book.empty
    with pytest.raises(NotFound):
        desk.limits.remove(made.id, "alice")


def test_a_reset_sets_all_or_one_back_and_keeps_what_there_was(desk: Desk) -> None:
    made = desk.add(texts(5))
    desk.send()
    desk.send("8949002")
    assert desk.limits.reset(made.id, "alice", "channel:p1") == 1
    assert desk.left(made) == {"sim:8949001": 4, "sim:8949002": 5}
    assert desk.limits.reset(made.id, "alice") == 2
    assert desk.left(made) == {"sim:8949001": 5, "sim:8949002": 5}
    newest = Audit(desk.store.read).page("limit", None, 1)[0]
    assert (newest.who, newest.what) == ("alice", "limit.reset") and newest.before is not None
    first = Audit(desk.store.read).page("limit", None, 9)[2]
    assert first.subject == "sim:8949002" and first.before == {"limit": made.id, "texts": 1, "window_began_at": 1789948800}


def test_what_counts_nothing_cannot_be_set_back(desk: Desk) -> None:
    made = desk.add(Limit(0, "sim:*", Counted.HOURS, hours="Mon-Fri 08:00-20:00"))
    with pytest.raises(Conflict):
        desk.limits.reset(made.id, "alice")
    counted = desk.add(texts())
    with pytest.raises(Conflict):
        desk.limits.reset(counted.id, "alice", "pool:main")
    desk.add(texts(9, "channel:p0"))
    with pytest.raises(Conflict):
        desk.limits.reset(counted.id, "alice", "channel:p0")


def test_every_change_is_audited_with_what_was_before_and_after(desk: Desk) -> None:
    made = desk.add(texts(5, "key:alice"))
    desk.limits.change(made.id, texts(9, "key:alice"), "bob", POOLS)
    desk.limits.remove(made.id, "carol")
    told = Audit(desk.store.read).page("limit", None, 9)
    assert [(one.who, one.what) for one in told] == [("carol", "limit.remove"), ("bob", "limit.change"), ("alice", "limit.add")]
    assert {one.subject for one in told} == {"key:alice"}
    assert [one.before and one.before["most"] for one in told] == [9, 5, None]
    assert [one.after and one.after["most"] for one in told] == [None, 9, 5]


def test_changes_by_many_people_at_once_leave_the_rules_of_the_last_commit(desk: Desk) -> None:
    people = [threading.Thread(target=desk.add, args=(texts(number + 1, "pool:main"),)) for number in range(12)]
    for one in people:
        one.start()
    for one in people:
        one.join()
    assert len(desk.limits.book.limits) == 12 == len(desk.limits.all())


def test_a_limit_that_is_made_while_texts_leave_misses_none_and_counts_none_twice(desk: Desk) -> None:
    def texts_leave() -> None:
        for _ in range(150):
            desk.store.writer.run(leave)

    def leave(db: Database) -> None:
        outbox.add(db, [new_message(lane="pool:main")], desk.clock.now())
        (message,) = db.execute_sql("SELECT MAX(id) FROM messages").fetchone()
        db.execute_sql("UPDATE messages SET status = 'sent' WHERE id = ?", (message,))
        db.execute_sql(
            "INSERT INTO attempts (message_id, part_id, number, channel, sim, recipient, state, started_at, ended_at, pool)"
            " VALUES (?,?,1,'p0','8949001','+4917012345','sent',?,?,'main')",
            (message, message, desk.clock.now(), desk.clock.now()),
        )
        Ledger(db, desk.limits.book, desk.clock.now()).charge(message, ("sim:8949001", "pool:main"), "+4917012345", 1, 1)

    sender = threading.Thread(target=texts_leave)
    sender.start()
    made = [desk.add(texts(1000, "pool:main", per)) for per in Per]
    sender.join()
    assert [desk.left(limit)["pool:main"] for limit in made] == [850] * 4


def test_a_text_may_leave_when_one_channel_and_the_pool_and_the_client_say_so(desk: Desk) -> None:
    desk.add(texts(1))
    desk.send()
    found = desk.view.explain(OVER_MAIN, [P0, P1], "+4917012345", 1)
    assert found.may and found.channels == ("p1",)
    assert [(one.channel, one.limit.id, one.reason) for one in found.refusals] == [("p0", 1, "1 of 1 texts a day have left")]
    desk.add(texts(1, "key:alice", Per.HOUR))
    desk.send("8949009")
    found = desk.view.explain(OVER_MAIN, [P0, P1], "+4917012345", 1)
    assert not found.may and found.channels == () and found.refusals[0].subject == "key:alice"
    assert found.until == 1_790_002_800  # 15:00, for it is 14:13


def test_a_text_that_is_too_long_for_a_limit_will_never_leave(desk: Desk) -> None:
    desk.add(Limit(0, "pool:main", Counted.PARTS, Per.HOUR, most=2))
    found = desk.view.explain(OVER_MAIN, [P0], "", 3)
    assert not found.may and found.until is None and found.refusals[0].until is None and "never" in found.refusals[0].reason


def test_a_recipient_who_is_known_may_be_texted_where_a_new_one_may_not(desk: Desk) -> None:
    desk.add(Limit(0, "key:*", Counted.RECIPIENTS, Per.MONTH, most=1))
    desk.send(to="+4917012345")
    assert desk.view.explain(OVER_MAIN, [P0], "+4917012345", 1).may
    assert not desk.view.explain(OVER_MAIN, [P0], "+4917099999", 1).may
    assert not desk.view.explain(OVER_MAIN, [P0], "", 1).may


def test_a_forecast_knows_what_is_used_and_who_can_send(desk: Desk) -> None:
    desk.add(texts(3))
    desk.send()
    found = desk.view.forecast(OVER_MAIN, [P0, replace(P1, state=ChannelState.LOST)], Load(5))
    assert [(part.channel, part.texts) for part in found.parts] == [("p0", 5)]
    assert found.until is not None and found.until // 86_400 == desk.clock.now() // 86_400 + 1  # 2 today, 3 tomorrow
    assert found.held_by is not None and found.held_by.most == 3
    with pytest.raises(Conflict):
        desk.view.forecast(OVER_MAIN, [replace(P0, state=ChannelState.PARKED)], Load(5))


def test_a_forecast_leaves_out_who_is_paused_and_waits_for_who_rests_or_is_blocked(desk: Desk) -> None:
    def shares() -> list[tuple[str, int]]:
        found = desk.view.forecast(OVER_MAIN, [P0, P1], Load(30))
        return [(part.channel, part.texts) for part in found.parts]

    assert shares() == [("p0", 15), ("p1", 15)]
    desk.standings["p1"] = Standing(Traffic.RESTING, "three refusals", until=desk.clock.now() + 40)
    assert shares() == [("p0", 20), ("p1", 10)]  # four seconds each
    desk.standings["p1"] = Standing(Traffic.BLOCKED, "refused again", until=desk.clock.now() + 80)
    assert shares() == [("p0", 25), ("p1", 5)]  # from its trial on
    for stopped in (Traffic.PAUSED, Traffic.DRAINING):
        desk.standings["p1"] = Standing(stopped, "by somebody")
        assert shares() == [("p0", 30)]
    desk.standings["p0"] = Standing(Traffic.PAUSED, "by somebody")
    with pytest.raises(Conflict):
        shares()


def test_a_forecast_gives_texts_to_the_second_choice_when_the_first_has_reached_its_limit(desk: Desk) -> None:
    desk.add(texts(20, "channel:p0"))
    found = desk.view.forecast(replace(OVER_MAIN, choices={"p0": 0, "p1": 1}), [P0, P1], Load(50))
    assert [(part.channel, part.texts) for part in found.parts] == [("p0", 20), ("p1", 30)]


def test_a_forecast_knows_the_weights_of_a_pool(desk: Desk) -> None:
    pool = PoolView("main", ("p0", "p1"), (("p0",), ("p1",)), "weighted", {"p0": 4.0})
    found = desk.view.forecast(replace(OVER_MAIN, choices=pool.choices, turns=pool.turns), [P0, P1], Load(50))
    assert [(part.channel, part.texts) for part in found.parts] == [("p0", 40), ("p1", 10)]


def test_the_limits_of_a_subject_are_its_own_and_those_for_all(desk: Desk) -> None:
    desk.add(texts(5))
    desk.add(texts(7, "channel:p0"))
    desk.add(Limit(0, "sim:*", Counted.GAP, gap_s=(5.0, 5.0)))
    assert [limit.id for limit in desk.view.of("channel:p0", POOLS)] == [2, 3]
    assert [limit.id for limit in desk.view.of("channel:p1", POOLS)] == [1, 3]
    assert [limit.id for limit in desk.view.of("sim:*", POOLS)] == [1, 3]
    assert desk.view.of("pool:main", POOLS) == []


def test_what_is_left_of_today_is_that_of_the_tightest_limit_by_the_day(desk: Desk) -> None:
    assert desk.limits.left_today("8949001") is None
    desk.add(texts(5))
    desk.add(texts(3, "sim:8949001", zone="Europe/Berlin"))
    desk.add(texts(1, "sim:8949001", Per.HOUR))
    desk.send()
    assert (desk.limits.left_today("8949001"), desk.limits.left_today("8949002")) == (2, 5)


def test_a_limit_that_another_program_made_is_taken_over_with_what_left_before(desk: Desk) -> None:
    desk.send()
    desk.send()
    made = Limits(desk.store, desk.clock, lambda: None).add(texts(5), "another", POOLS)
    assert desk.limits.all() == []
    desk.woken = 0
    desk.limits.look_again()
    assert desk.limits.all() == [made] and desk.woken == 1
    assert desk.left(made)["sim:8949001"] == 3
    desk.limits.look_again()
    assert desk.woken == 1
