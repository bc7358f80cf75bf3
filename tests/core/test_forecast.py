"""How long many texts will take: plain cases by hand, and seeded ones against a walk from text to text."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from gateway import hours
from gateway.core.limits.forecast import Forecast, forecast
from gateway.core.limits.walk import Gate, Load, Sender
from gateway.records import Counted, Limit, Per
from gateway.store.limits.book import Rule
from gateway.store.limits.windows import window

MONDAY = datetime(2026, 11, 23, 8, 0, tzinfo=UTC).timestamp()
_DAY = 86_400


def rule(counted: Counted, number: int = 1, **given: object) -> Rule:
    limit = Limit(number, "sim:*", counted, **given)  # type: ignore[arg-type]
    return Rule(limit, ZoneInfo(limit.zone), hours.parse(limit.hours) if limit.hours else None)


def daily(most: int, number: int = 1, **given: object) -> Rule:
    return rule(Counted.TEXTS, number, per=Per.DAY, most=most, **given)


def told(found: Forecast) -> str:
    assert found.until is not None
    return datetime.fromtimestamp(found.until, UTC).strftime("%a %H:%M:%S")


def test_without_limits_it_is_the_speed_of_the_channels() -> None:
    senders = [Sender("p0", 4.0, MONDAY), Sender("p1", 4.0, MONDAY)]
    found = forecast(Load(1000), senders, Gate(), MONDAY)
    assert told(found) == "Mon 08:33:20"  # 500 texts of 4 seconds each
    assert [part.texts for part in found.parts] == [500, 500]
    assert found.held_by is None


def test_a_limit_by_the_day_spreads_texts_over_days() -> None:
    senders = [Sender(f"p{n}", 3.0, MONDAY, Gate((daily(500),))) for n in range(4)]
    found = forecast(Load(5000), senders, Gate(), MONDAY)
    assert told(found) == "Wed 00:12:30"  # 2000 on Monday, 2000 on Tuesday, 250 of 3 seconds for each on Wednesday
    assert found.held_by is not None and found.held_by.most == 500


def test_what_was_used_today_is_not_there_any_more() -> None:
    found = forecast(Load(150), [Sender("p0", 1.0, MONDAY, Gate((daily(100),), {1: 60}))], Gate(), MONDAY)
    assert told(found) == "Wed 00:00:10"  # 40 on Monday, 100 on Tuesday


def test_days_are_those_of_the_time_zone() -> None:
    found = forecast(Load(101), [Sender("p0", 1.0, MONDAY, Gate((daily(100, zone="Europe/Berlin"),)))], Gate(), MONDAY)
    assert told(found) == "Mon 23:00:01"


def test_nothing_leaves_outside_of_active_hours() -> None:
    gate = Gate((rule(Counted.HOURS, hours="Mon-Fri 09:00-10:00"),))
    found = forecast(Load(3601), [Sender("p0", 1.0, MONDAY, gate)], Gate(), MONDAY)
    assert told(found) == "Tue 09:00:01"
    assert found.held_by is not None and found.held_by.counted is Counted.HOURS


def test_a_gap_follows_the_end_of_a_text() -> None:
    gate = Gate((rule(Counted.GAP, gap_s=(6.0, 10.0)),))
    assert told(forecast(Load(31), [Sender("p0", 2.0, MONDAY, gate)], Gate(), MONDAY)) == "Mon 08:05:02"


def test_a_limit_by_the_minute_is_a_pace() -> None:
    gate = Gate((rule(Counted.TEXTS, per=Per.MINUTE, most=6),))
    assert told(forecast(Load(61), [Sender("p0", 2.0, MONDAY, gate)], Gate(), MONDAY)) == "Mon 08:10:02"


def test_long_texts_use_parts() -> None:
    gate = Gate((rule(Counted.PARTS, per=Per.HOUR, most=10),))
    assert told(forecast(Load(7, parts=3), [Sender("p0", 9.0, MONDAY, gate)], Gate(), MONDAY)) == "Mon 10:00:09"


def test_recipients_that_are_known_already_are_not_limited() -> None:
    gate = Gate((rule(Counted.RECIPIENTS, per=Per.DAY, most=10),))
    assert told(forecast(Load(30), [Sender("p0", 1.0, MONDAY, gate)], Gate(), MONDAY)) == "Wed 00:00:10"
    assert told(forecast(Load(30, distinct=False), [Sender("p0", 1.0, MONDAY, gate)], Gate(), MONDAY)) == "Mon 08:00:30"


def test_a_new_sim_sends_more_each_day() -> None:
    gate = Gate((rule(Counted.WARMUP, first=10, factor=2.0, days=3),), first_seen=MONDAY)
    assert told(forecast(Load(70), [Sender("p0", 1.0, MONDAY, gate)], Gate(), MONDAY)) == "Wed 00:00:40"  # 10, 20, 40
    assert told(forecast(Load(170), [Sender("p0", 1.0, MONDAY, gate)], Gate(), MONDAY)) == "Thu 00:01:40"  # and no more limit


def test_a_limit_of_the_pool_is_shared_by_its_channels() -> None:
    senders = [Sender(f"p{n}", 10.0, MONDAY) for n in range(3)]
    found = forecast(Load(31), senders, Gate((rule(Counted.TEXTS, per=Per.HOUR, most=10),)), MONDAY)
    assert told(found) == "Mon 11:00:10"
    assert sorted(part.texts for part in found.parts) == [9, 9, 13]
    paced = forecast(Load(61), senders, Gate((rule(Counted.TEXTS, per=Per.MINUTE, most=6),)), MONDAY)
    assert told(paced) in ("Mon 08:10:00", "Mon 08:10:10")


@pytest.mark.parametrize("per", list(Per))
def test_what_never_ends_is_said_to_have_no_end(per: Per) -> None:
    never = rule(Counted.PARTS, per=per, most=2)
    found = forecast(Load(1, parts=3), [Sender("p0", 1.0, MONDAY, Gate((never,)))], Gate(), MONDAY)
    assert found.until is None and found.parts[0].texts == 0 and found.held_by == never.limit
    assert forecast(Load(5), [], Gate(), MONDAY).until is None


def test_the_limit_that_holds_a_channel_is_not_one_it_meets_after_the_last_text() -> None:
    senders = [Sender(f"p{n}", 1.0, MONDAY, Gate((daily(100),))) for n in range(2)]
    found = forecast(Load(200), senders, Gate(), MONDAY)
    assert told(found) == "Mon 08:01:40" and found.held_by is None


def test_channels_that_take_turns_go_at_the_pace_of_the_slowest_that_is_waited_for() -> None:
    senders = [Sender("p0", 1.0, MONDAY, turns=1), Sender("p1", 4.5, MONDAY, turns=1), Sender("p2", 9.0, MONDAY, turns=1)]
    found = forecast(Load(100), senders, Gate(), MONDAY)
    assert [part.texts for part in found.parts] == [40, 40, 20]
    assert told(found) == "Mon 08:03:00"  # 20 of 9 seconds, 40 of 4.5


def test_weights_are_shares_of_a_round() -> None:
    senders = [Sender("p0", 4.0, MONDAY, turns=3), Sender("p1", 4.0, MONDAY, turns=1)]
    found = forecast(Load(100), senders, Gate(), MONDAY)
    assert [part.texts for part in found.parts] == [75, 25]
    assert told(found) == "Mon 08:05:00"  # 75 of 4 seconds, one after the other


def test_a_second_choice_sends_only_while_the_first_may_not() -> None:
    senders = [Sender("p0", 3.0, MONDAY), Sender("p1", 3.0, MONDAY, choice=1)]
    found = forecast(Load(1000), senders, Gate(), MONDAY)
    assert told(found) == "Mon 08:50:00"  # 1000 texts of 3 seconds, one after the other
    assert [part.texts for part in found.parts] == [1000, 0]


def test_a_second_choice_begins_when_the_first_has_reached_its_limit() -> None:
    senders = [Sender("p0", 3.0, MONDAY, Gate((daily(100),))), Sender("p1", 3.0, MONDAY, Gate((daily(200, 2),)), choice=1)]
    found = forecast(Load(350), senders, Gate(), MONDAY)
    assert told(found) == "Tue 00:02:30"  # 100 and 200 on Monday, 50 on Tuesday
    assert [part.texts for part in found.parts] == [150, 200]


def test_a_second_choice_sends_until_the_first_has_rested() -> None:
    senders = [Sender("p0", 3.0, MONDAY + 60), Sender("p1", 3.0, MONDAY, choice=1)]
    found = forecast(Load(30), senders, Gate(), MONDAY)
    assert [part.texts for part in found.parts] == [10, 20]


@pytest.mark.parametrize("texts", [5000, 1_000_000])
def test_a_million_texts_on_64_sims_are_foreseen_at_once(texts: int) -> None:
    rules = (
        daily(200, 1, zone="Europe/Berlin"),
        rule(Counted.HOURS, 2, hours="Mon-Sat 08:00-20:00", zone="Europe/Berlin"),
        rule(Counted.TEXTS, 3, per=Per.MINUTE, most=5),
        rule(Counted.PARTS, 4, per=Per.HOUR, most=40),
    )
    senders = [Sender(f"p{n}", 3.5, MONDAY, Gate(rules, {1: n})) for n in range(64)]
    begun = time.process_time()
    found = forecast(Load(texts), senders, Gate((rule(Counted.TEXTS, 9, per=Per.MONTH, most=2_000_000),)), MONDAY)
    assert time.process_time() - begun < 3  # on a slow machine; well under a second on others
    assert found.until is not None and sum(part.texts for part in found.parts) == texts


# Against a walk from text to text


@dataclass
class Walker:
    """One gate as a text meets it: everything is asked anew for each text."""

    gate: Gate
    load: Load
    now: float

    def __post_init__(self) -> None:
        counting = (Counted.TEXTS, Counted.PARTS, Counted.RECIPIENTS, Counted.WARMUP)
        self.rules = [one for one in self.gate.rules if one.limit.counted in counting]
        self.counts: dict[tuple[int, int], int] = {}
        for one in self.rules:
            self.counts[one.limit.id, self.window(one, self.now).start] = self.gate.used.get(one.limit.id, 0)

    def window(self, one: Rule, moment: float):  # type: ignore[no-untyped-def]
        return window(one.per, one.zone, one.limit.reset_day, moment)

    def earliest(self, moment: float) -> float:
        """The first moment from this one on at which no rule says no."""
        while True:
            waits = [moment]
            for one in self.gate.rules:
                if one.hours is not None and not hours.open_at(one.hours, moment, one.limit.zone):
                    waits.append(hours.next_change(one.hours, moment, one.limit.zone) or moment + _DAY)
            for one in self.rules:
                span = self.window(one, moment)
                used = self.counts.get((one.limit.id, span.start), 0)
                if used + self.load.cost(one) > one.most(self.gate.first_seen, moment):
                    waits.append(span.end)
            if max(waits) == moment or moment > self.now + 60 * _DAY:
                return moment
            moment = max(waits)

    def count(self, moment: float) -> None:
        for one in self.rules:
            place = one.limit.id, self.window(one, moment).start
            self.counts[place] = self.counts.get(place, 0) + self.load.cost(one)


def text_by_text(load: Load, senders: list[Sender], shared: Gate, now: float) -> tuple[float, list[int]]:
    own = [Walker(one.gate, load, now) for one in senders]
    common = Walker(shared, load, now)
    free = [max(one.free_at, now) for one in senders]
    sent, last = [0] * len(senders), 0.0
    for _ in range(load.texts):
        starts = []
        for number in range(len(senders)):
            moment = free[number]
            while (later := own[number].earliest(common.earliest(moment))) != moment:
                moment = later
            starts.append((moment, number))
        moment, number = min(starts)
        own[number].count(moment)
        common.count(moment)
        sent[number] += 1
        last = max(last, moment + senders[number].seconds)
        gaps = [sum(one.limit.gap_s) / 2 for one in senders[number].gate.rules if one.limit.counted is Counted.GAP]
        free[number] = moment + senders[number].seconds + max(gaps, default=0.0)
    return last, sent


def gate_by_chance(chance: random.Random, minutes: bool, gaps: bool, now: float) -> Gate:
    zone = chance.choice(["UTC", "Europe/Berlin", "Asia/Kathmandu", "America/St_Johns"])
    possible = [
        rule(Counted.TEXTS, 1, per=Per.HOUR, most=chance.randint(3, 20), zone=zone),
        rule(Counted.PARTS, 2, per=Per.DAY, most=chance.randint(20, 90), zone=zone),
        rule(Counted.RECIPIENTS, 3, per=Per.MONTH, most=chance.randint(80, 300), zone=zone, reset_day=chance.choice([1, 25, 31])),
        rule(
            Counted.HOURS,
            4,
            hours=chance.choice(["Mon-Fri 08:00-18:00", "22:00-03:30", "Sat 09:00-12:00, Wed 06:10-21:00"]),
            zone=zone,
        ),
        rule(Counted.WARMUP, 5, first=chance.randint(2, 9), factor=1.7, days=5, zone=zone),
    ]
    rules = chance.sample(possible, chance.randint(0, 3))
    if gaps and chance.random() < 0.5:
        rules.append(rule(Counted.GAP, 6, gap_s=(2.0, 30.0)))
    if minutes:
        rules.append(rule(Counted.TEXTS, 7, per=Per.MINUTE, most=chance.randint(1, 9), zone=zone))
    used = {one.limit.id: chance.randint(0, 10) for one in rules}
    return Gate(tuple(rules), used, first_seen=now - chance.randint(0, 3) * _DAY)


@pytest.mark.parametrize("seed", range(60))
def test_it_is_what_a_walk_from_text_to_text_finds(seed: int) -> None:
    chance = random.Random(seed)
    now = float(int(MONDAY) + chance.randint(0, 300 * _DAY))
    load = Load(chance.randint(1, 250), parts=chance.choice([1, 1, 3]), distinct=chance.random() < 0.7)
    senders = [
        Sender(
            f"p{n}",
            chance.choice([1.5, 4.0, 7.25, 40.0]),
            now + chance.choice([0, 0, 100]),
            gate_by_chance(chance, False, True, now),
        )
        for n in range(chance.randint(1, 4))
    ]
    shared = gate_by_chance(chance, False, False, now) if chance.random() < 0.5 else Gate()
    found = forecast(load, senders, shared, now)
    last, sent = text_by_text(load, senders, shared, now)
    if last - now < 59 * _DAY:
        assert found.until == pytest.approx(last, abs=0.01)
        assert [part.texts for part in found.parts] == sent


@pytest.mark.parametrize("seed", range(30))
def test_with_limits_by_the_minute_it_is_right_to_a_few_minutes(seed: int) -> None:
    chance = random.Random(1000 + seed)
    now = float(int(MONDAY) + chance.randint(0, 300 * _DAY) // 60 * 60)
    load = Load(chance.randint(100, 400))
    senders = [Sender(f"p{n}", 3.0, now, gate_by_chance(chance, True, False, now)) for n in range(chance.randint(1, 3))]
    found = forecast(load, senders, Gate(), now)
    last, _ = text_by_text(load, senders, Gate(), now)
    assert found.until is not None and abs(found.until - last) < max(180.0, 0.02 * (last - now))


def by_choices(load: Load, senders: list[Sender], now: float) -> tuple[float, list[int]]:
    """From moment to moment: the first choice of which one is open has the text, if one of them is free."""
    own = [Walker(one.gate, load, now) for one in senders]
    free = [max(one.free_at, now) for one in senders]
    sent, last, moment = [0] * len(senders), 0.0, now
    while sum(sent) < load.texts:
        opens = [max(walker.earliest(moment), one.free_at) for walker, one in zip(own, senders, strict=True)]
        choice = min((one.choice for one, opened in zip(senders, opens, strict=True) if opened <= moment), default=None)
        able = [n for n, one in enumerate(senders) if one.choice == choice and max(opens[n], free[n]) <= moment]
        if not able:
            moment = min(later for later in (*opens, *free) if later > moment)
            continue
        number = min(able, key=lambda n: free[n])
        own[number].count(moment)
        sent[number] += 1
        free[number] = moment + senders[number].seconds
        last = max(last, free[number])
    return last, sent


@pytest.mark.parametrize("seed", range(40))
def test_with_choices_it_is_what_a_walk_from_moment_to_moment_finds(seed: int) -> None:
    chance = random.Random(2000 + seed)
    now = float(int(MONDAY) + chance.randint(0, 300 * _DAY))
    load = Load(chance.randint(1, 250), parts=chance.choice([1, 1, 3]))
    senders = [
        Sender(
            f"p{n}",
            chance.choice([1.5, 4.0, 7.25]),
            now + chance.choice([0, 0, 100]),
            gate_by_chance(chance, False, False, now),
            choice=chance.randint(0, 2),
        )
        for n in range(chance.randint(2, 5))
    ]
    found = forecast(load, senders, Gate(), now)
    last, sent = by_choices(load, senders, now)
    if last - now < 59 * _DAY:
        assert found.until == pytest.approx(last, abs=0.01 * load.texts)
        assert [part.texts for part in found.parts] == sent
