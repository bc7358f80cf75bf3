"""Limits hold exactly, whatever happens: seeded histories of claims, outcomes, kills and changes of rules against what really left.

The rows of the attempts say when a text may have been seen by the network: at any moment between its claim and its outcome. No
window of a limit may hold more of them than it allows.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from peewee import SqliteDatabase

from gateway.core.fairness import Fairness
from gateway.records import Counted, Limit, MessageError, Per, Refused, Sent, Status, Unknown, Word
from gateway.store import air, claiming, database, limits, outbox, unknowns
from gateway.store.air import Verdict
from gateway.store.airmarks import EarlierMarks
from gateway.store.claims import Claim, Offer, Want
from gateway.store.limits import counters, recount, rows, upkeep
from gateway.store.limits.windows import Window, window
from tests.store.conftest import new_message

LANES = ("", "pool:main", "pool:other", "channel:p0")
ERROR = MessageError("x", "x")


@dataclass
class Rig:
    """Three SIMs, each in a channel, and a store that is closed and opened again at will."""

    path: Path
    chance: random.Random
    now: float
    open: dict[str, Claim] = field(default_factory=dict)
    owed: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.db = database.connect(self.path)
        database.migrate(self.db, self.path, keep=0)
        self.fairness = Fairness(lambda key_id: 1.0)
        self.book = limits.load(self.db)

    def add_rule(self, limit: Limit) -> None:
        with self.db.atomic():
            rows.insert(self.db, limit)
            self.adopt()

    def adopt(self) -> None:
        book = limits.load(self.db)
        upkeep.adopt(self.db, self.book, book, self.now)
        self.book = book

    def texts(self) -> None:
        for _ in range(self.chance.randint(1, 6)):
            to, lane = f"+4917000000{self.chance.randint(10, 16)}", self.chance.choice(LANES)
            given = new_message(to, parts=self.chance.choice([1, 1, 1, 2, 3]), lane=lane, key_id=self.chance.randint(0, 2))
            outbox.add(self.db, [given], self.now)

    def claim(self) -> None:
        wants = [self.want(channel) for channel in ("p0", "p1", "p2") if channel not in self.open]
        self.chance.shuffle(wants)
        taken = claiming.claim(self.db, wants, self.fairness, self.book, self.now).claims
        for one in taken:
            self.open[one.channel] = one
            self.owed.pop(one.channel, None)
        for want in wants:
            if want.goes_on_with is not None and want.channel not in self.open:
                air.put_back(self.db, want.goes_on_with, want.channel, self.now)
                self.owed.pop(want.channel, None)

    def want(self, channel: str) -> Want:
        lanes = ["", "pool:main", "pool:other", f"channel:{channel}"]
        offers = tuple(Offer(lane, True, pool=lane.partition(":")[2] if lane.startswith("pool:") else "") for lane in lanes)
        return Want(channel, f"89{channel}", offers, goes_on_with=self.owed.get(channel), whole=channel == "p2")

    def end(self) -> None:
        if not self.open:
            return
        channel = self.chance.choice(sorted(self.open))
        claim = self.open.pop(channel)
        fate = self.chance.random()
        if fate < 0.6:
            air.record(self.db, claim, Sent(1), None, self.book, self.now)
            if claim.more_parts:
                self.owed[channel] = claim.message_id
        elif fate < 0.8:
            later = self.now + self.chance.choice([0, 40])
            verdict = Verdict(Status.QUEUED, ERROR, due_at=later) if fate < 0.75 else Verdict(Status.FAILED, ERROR)
            air.record(self.db, claim, Refused(Word.LATER, "x", "x"), verdict, self.book, self.now)
        elif fate < 0.9:
            verdict = Verdict(Status.UNKNOWN, ERROR, settle_at=self.now + 30)
            air.record(self.db, claim, Unknown("silence"), verdict, self.book, self.now)
        elif claim.follows:
            self.open[channel] = claim  # a part behind another one is not given back
        else:
            air.release(self.db, claim, self.book, self.now)

    def leave(self) -> None:
        """A channel falls away between two parts."""
        for channel, message_id in list(self.owed.items()):
            air.put_back(self.db, message_id, channel, self.now)
            del self.owed[channel]

    def wait(self) -> None:
        seconds = self.chance.choice([0.2, 3, 3, 17, 17, 61, 900, 4000, 30_000])
        before, self.now = self.now, self.now + seconds * self.chance.uniform(0.5, 1.5)
        unknowns.settle_due(self.db, {"p0", "p1", "p2"}, 3, self.now)
        outbox.call_due(self.db, before, self.now)

    def kill(self) -> None:
        """The process ends between two steps; what was on the air is unknown."""
        self.db.close()
        self.open.clear()
        self.owed.clear()
        self.__post_init__()
        with self.db.atomic():
            unknowns.recover(self.db, EarlierMarks(self.path.with_suffix(".none")), lambda on: self.now + 30, self.now)

    def step(self) -> None:
        steps = [self.texts, self.claim, self.claim, self.claim, self.end, self.end, self.end, self.wait, self.wait]
        chosen = self.chance.choice([*steps * 3, self.leave, self.kill])
        if chosen == self.kill:
            self.kill()
        else:
            with self.db.atomic():
                chosen()


@pytest.fixture
def rig(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Rig]:
    chance = random.Random(request.param)
    begin = chance.choice(
        [
            datetime(2026, 10, 24, 12, tzinfo=ZoneInfo("Europe/Berlin")),  # the night of 25 hours is near
            datetime(2027, 3, 27, 20, tzinfo=ZoneInfo("Europe/Berlin")),  # and that of 23
            datetime(2027, 2, 27, 3, tzinfo=ZoneInfo("UTC")),
        ]
    )
    made = Rig(tmp_path / "simrack.db", chance, begin.timestamp())
    with made.db.atomic():
        for channel in ("p0", "p1", "p2"):
            made.db.execute_sql(
                "INSERT INTO sims (id, iccid, imsi, number, imei, channel, smsc, first_seen, last_seen)"
                " VALUES (?,?,'','','',?,'',?,?)",
                (f"89{channel}", f"89{channel}", channel, made.now - 90_000, made.now),
            )
        for key in ("one", "two"):
            made.db.execute_sql("INSERT INTO keys (name, token_hash, scopes, created_at) VALUES (?,?,'send',0)", (key, key))
    yield made
    made.db.close()


def some_rules(chance: random.Random) -> list[Limit]:
    subjects = ["sim:*", "sim:89p0", "sim:89p1", "pool:main", "pool:other", "key:*", "key:1"]
    found = []
    for _ in range(chance.randint(1, 5)):
        counted = chance.choice([Counted.TEXTS, Counted.TEXTS, Counted.PARTS, Counted.RECIPIENTS, Counted.WARMUP])
        zone = chance.choice(["UTC", "Europe/Berlin", "Asia/Kathmandu", "Australia/Lord_Howe"])
        if counted is Counted.WARMUP:
            found.append(Limit(0, chance.choice(subjects[:3]), counted, zone=zone, first=chance.randint(1, 6), factor=1.5, days=4))
            continue
        most = {Counted.TEXTS: (1, 6), Counted.PARTS: (3, 9), Counted.RECIPIENTS: (1, 4)}[counted]
        per = chance.choice(list(Per))
        reset_day = chance.choice([1, 15, 28, 31]) if per is Per.MONTH else 1
        wide = 1 if per in (Per.MINUTE, Per.HOUR) else 4
        found.append(
            Limit(0, chance.choice(subjects), counted, per, most=chance.randint(*most) * wide, zone=zone, reset_day=reset_day)
        )
    return found


@dataclass
class Seen:
    """What the network may have seen of one part."""

    begun: float
    ended: float
    number: int
    recipient: str
    subjects: tuple[str, ...]


def seen(db: SqliteDatabase) -> list[Seen]:
    found = []
    for begun, ended, number, recipient, sim, pool, key_id in db.execute_sql(
        "SELECT a.started_at, a.ended_at, a.number, a.recipient, a.sim, a.pool, m.key_id FROM attempts a"
        " JOIN messages m ON m.id = a.message_id WHERE a.state IN ('claimed', 'sent', 'unknown')"
    ).fetchall():
        found.append(Seen(begun, ended or 9e12, number, recipient, (f"sim:{sim}", f"pool:{pool}", f"key:{key_id}")))
    return found


def held(parts: list[Seen], subject: str, span: Window) -> tuple[int, int, int]:
    """Texts, parts and recipients of which the network may have seen something in this window."""
    own = [one for one in parts if subject in one.subjects and one.begun < span.end and one.ended >= span.start]
    return sum(one.number == 1 for one in own), len(own), len({one.recipient for one in own})


def concrete(rig: Rig) -> list[str]:
    return ["sim:89p0", "sim:89p1", "sim:89p2", "pool:main", "pool:other", "key:1", "key:2"]


def require_all_windows(rig: Rig, since: float = 0.0) -> int:
    """No window since then holds more than any rule allows. Returns how many windows were full."""
    parts, full = seen(rig.db), 0
    for subject in concrete(rig):
        for rule in rig.book.rules(subject):
            zone = ZoneInfo(rule.limit.zone)
            moments = {one.begun for one in parts} | {min(one.ended, rig.now) for one in parts}
            for span in {window(rule.per, zone, rule.limit.reset_day, moment) for moment in moments if moment >= since}:
                texts, pieces, people = held(parts, subject, span)
                first_seen = rig.db.execute_sql("SELECT MIN(first_seen) FROM sims").fetchone()[0]
                most = rule.most(first_seen, span.start)
                counted = {Counted.PARTS: pieces, Counted.RECIPIENTS: people}.get(rule.limit.counted, texts)
                assert counted <= most, (subject, rule.limit, span, counted)
                full += counted == most
    return full


def require_counters(rig: Rig) -> None:
    """The counters of present windows are what a recount finds."""
    for subject in concrete(rig):
        for span in rig.book.windows(subject, rig.now):
            counted = counters.read(rig.db, subject, span)
            people = span in rig.book.peopled(subject, rig.now)
            with rig.db.atomic() as undone:
                recount.window(rig.db, subject, span)
                again = counters.read(rig.db, subject, span)
                undone.rollback()
            assert counted[:2] == again[:2], (subject, span, counted, again)
            assert not people or counted.recipients == again.recipients


@pytest.mark.parametrize("rig", range(60), indirect=True)
def test_no_window_ever_holds_more_than_a_limit_allows(rig: Rig) -> None:
    for limit in some_rules(rig.chance):
        rig.add_rule(limit)
    for _ in range(250):
        rig.step()
    require_all_windows(rig)


@pytest.mark.parametrize("rig", range(100, 140), indirect=True)
def test_counters_are_what_a_recount_finds(rig: Rig) -> None:
    for limit in some_rules(rig.chance):
        rig.add_rule(limit)
    for _ in range(25):
        for _ in range(8):
            rig.step()
        require_counters(rig)


@pytest.mark.parametrize("rig", range(200, 240), indirect=True)
def test_a_limit_that_is_made_later_holds_from_its_first_moment(rig: Rig) -> None:
    for _ in range(100):
        rig.step()
    for limit in some_rules(rig.chance):
        rig.add_rule(limit)
        require_counters(rig)
    claimed = rig.db.execute_sql("SELECT COALESCE(MAX(id), 0) FROM attempts").fetchone()[0]
    for _ in range(60):
        rig.step()
        newest = rig.db.execute_sql("SELECT COALESCE(MAX(id), 0) FROM attempts").fetchone()[0]
        if newest > claimed:
            claimed = newest
            require_present_windows(rig)
    require_counters(rig)


def require_present_windows(rig: Rig) -> None:
    """Texts have just been claimed: no rule that they came under is exceeded now."""
    parts = seen(rig.db)
    new = {subject for one in parts if one.begun == rig.now and one.number == 1 for subject in one.subjects}
    for subject in new & set(concrete(rig)):
        for rule in rig.book.rules(subject):
            span = window(rule.per, ZoneInfo(rule.limit.zone), rule.limit.reset_day, rig.now)
            texts, _, _ = held(parts, subject, span)
            if rule.limit.counted is Counted.TEXTS:
                assert texts <= rule.limit.most, (subject, rule.limit, span)
