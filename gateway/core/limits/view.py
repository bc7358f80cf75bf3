"""What limits leave just now, why a text may not leave, and how long many texts will take. Changes nothing."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import median

from gateway.clock import Clock
from gateway.core.limits import Limits
from gateway.core.limits.forecast import Forecast, forecast
from gateway.core.limits.subjects import Names, sim_of
from gateway.core.limits.walk import Gate, Load, Sender
from gateway.errors import Conflict
from gateway.records import ChannelFacts, ChannelState, Counted, Limit, Per, Standing, Traffic
from gateway.store import Database, Store, lanes
from gateway.store.limits import Book, Rooms, Rule

# What one part takes on a channel of which nothing is known yet.
_USUAL_S = 4.0
_LAST_ATTEMPTS = 60
_LONGEST_PART_S = 120.0


@dataclass(frozen=True, slots=True)
class Use:
    """A limit as one subject meets it now. Nothing is used of hours, gaps and shares; `most` is None where there is no bound."""

    subject: str
    channel: str  # where the SIM is
    used: int | None = None
    most: int | None = None
    left: int | None = None
    began_at: float | None = None
    resets_at: float | None = None
    closed_until: float | None = None  # when it says no now


@dataclass(frozen=True, slots=True)
class Refusal:
    limit: Limit
    subject: str
    channel: str  # empty for a limit of the pool or the client
    until: float | None  # None: never
    reason: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """`until` is when a text may leave if nothing else does; None if it may now, or never."""

    may: bool
    until: float | None
    channels: tuple[str, ...]  # over which it may leave now
    refusals: tuple[Refusal, ...]


@dataclass(frozen=True, slots=True)
class Route:
    """Who a text comes from and the channels it may take: as asked for, looked up by whoever asks."""

    channels: tuple[str, ...]
    pool: str = ""
    key: str = ""
    choices: Mapping[str, int] = field(default_factory=dict)  # by channel, where one comes before another (failover)
    turns: Mapping[str, float] = field(default_factory=dict)  # by channel, where they take turns: texts in a round


class LimitsView:
    def __init__(self, limits: Limits, store: Store, clock: Clock, standing: Callable[[str, str], Standing]) -> None:
        self._limits = limits
        self._store = store
        self._clock = clock
        self._standing = standing

    def uses(self, limits: Sequence[Limit], subject: str = "") -> list[list[Use]]:
        """For each limit, as people know it, what it leaves to each of its subjects, or to the one that is given."""
        known, book, now = self._limits.names(), self._limits.book, self._clock.now()
        only = known.counted(subject) if subject and not subject.endswith(":*") else ""
        wanted = {limit.id for limit in limits}
        rules = {limit.id: limit for limit in book.limits if limit.id in wanted}

        def query(db: Database) -> list[list[Use]]:
            rooms = Rooms(db, book, now)
            return [_uses(rooms, book, rules[limit.id], known, only, now) if limit.id in rules else [] for limit in limits]

        return self._store.read(query)

    def of(self, written: str, pools: Collection[str]) -> list[Limit]:
        """The limits that hold for a subject, those for all of its kind too, as people know them."""
        known = self._limits.names()
        subject = known.counted(written, pools)
        rules = self._limits.book.rules(subject) if not subject.endswith(":*") else ()
        found = [rule.limit for rule in rules] or [one for one in self._limits.book.limits if one.subject == subject]
        return [replace(one, subject=known.shown(one.subject)) for one in found]

    def explain(self, route: Route, facts: Sequence[ChannelFacts], to: str, parts: int) -> Explanation:
        """Raises NotFound for a key that there is not."""
        known, book, now = self._limits.names(), self._limits.book, self._clock.now()
        sims = {one.name: f"sim:{sim_of(one, known)}" for one in facts if one.name in route.channels}
        common = _common(route, known)

        def query(db: Database) -> tuple[list[Refusal], dict[str, list[Refusal]]]:
            rooms = Rooms(db, book, now)
            shared = [one for subject in common for one in _refusals(rooms, subject, "", to, parts, known)]
            return shared, {name: _refusals(rooms, sim, name, to, parts, known) for name, sim in sims.items()}

        shared, own = self._store.read(query)
        able = tuple(name for name, refusals in own.items() if not refusals)
        soonest = min((_latest(refusals) for refusals in own.values()), default=math.inf)
        until = max(soonest, _latest(shared))
        may = bool(able) and not shared
        refusals = (*shared, *(one for refusals in own.values() for one in refusals))
        return Explanation(may, None if may or until == math.inf else until, () if shared else able, refusals)

    def forecast(self, route: Route, facts: Sequence[ChannelFacts], load: Load) -> Forecast:
        """For texts that come behind those that wait in the same lanes. Raises Conflict if no channel of theirs can send.

        A channel that a person has to let go on first is left out; one that rests or is blocked begins at its end or its trial.
        """
        known, book, now = self._limits.names(), self._limits.book, self._clock.now()
        ready = {one.name: sim_of(one, known) for one in facts if one.name in route.channels and one.state is ChannelState.READY}
        begins = {name: begin for name, sim in ready.items() if (begin := _takes_texts_from(self._standing(name, sim), now))}
        if not begins:
            raise Conflict("none of these channels can send now; see `simrack status`")
        common = _common(route, known)

        def query(db: Database) -> tuple[list[Sender], Gate]:
            rooms = Rooms(db, book, now)
            senders = []
            for channel, begin in begins.items():
                sim = ready[channel]
                gate = _gate(rooms, book, [f"sim:{sim}"])
                free_at = max([begin, *(rooms.gap_ends(f"sim:{sim}", rule) or now for rule in gate.rules if _is_gap(rule))])
                order = {"choice": route.choices.get(channel, 0), "turns": route.turns.get(channel, 0.0)}
                senders.append(Sender(channel, _seconds(db, sim) * load.parts, free_at, gate, **order))
            return senders, _gate(rooms, book, common)

        senders, shared = self._store.read(query)
        return forecast(load, senders, shared, now)


def waiting(db: Database, route: Route, facts: Sequence[ChannelFacts]) -> int:
    """Texts that stand in the lanes of these channels and leave first."""
    found = {lanes.ANY, *(lanes.of_channel(name) for name in route.channels)}
    numbers = {one.name: one.number for one in facts if one.name in route.channels}

    def before(lane: str) -> bool:
        in_line = lanes.whole(lane) in found or (route.pool != "" and lanes.pool_of(lane) == route.pool)
        return in_line and any(lanes.admits(lane, name, number) for name, number in numbers.items())

    rows = db.execute_sql("SELECT lane, COUNT(*) FROM messages WHERE status = 'queued' GROUP BY lane").fetchall()
    return sum(count for lane, count in rows if before(lane))


def _takes_texts_from(standing: Standing, now: float) -> float | None:
    if standing.traffic in (Traffic.OPEN, Traffic.LIMITED):
        return now
    return None if standing.until is None or standing.traffic is Traffic.DRAINING else max(now, standing.until)


def _common(route: Route, known: Names) -> list[str]:
    found = [f"pool:{route.pool}"] if route.pool else []
    if route.key:
        found.append(f"key:{known.key_named(route.key, 'key').id}")
    return found


def _uses(rooms: Rooms, book: Book, limit: Limit, known: Names, only: str, now: float) -> list[Use]:
    found = []
    for subject in [only] if only else known.concrete(limit.subject):
        rule = next((rule for rule in book.rules(subject) if rule.limit.id == limit.id), None)
        if rule is not None:
            channel = known.channel_of.get(subject.partition(":")[2], "") if subject.startswith("sim:") else ""
            found.append(_use(rooms, rule, subject, Use(known.shown(subject), channel), now))
    return found


def _use(rooms: Rooms, rule: Rule, subject: str, bare: Use, now: float) -> Use:
    budget = rooms.budget(subject, rule)
    if budget is None:
        until = rooms.gap_ends(subject, rule) if _is_gap(rule) else rule.opens(now)
        return replace(bare, closed_until=until)
    endless = budget.most == math.inf
    return replace(
        bare,
        used=budget.used,
        most=None if endless else int(budget.most),
        left=None if endless else int(budget.left),
        began_at=float(budget.window.start),
        resets_at=float(budget.window.end),
        closed_until=float(budget.window.end) if budget.left < 1 else None,
    )


def _refusals(rooms: Rooms, subject: str, channel: str, to: str, parts: int, known: Names) -> list[Refusal]:
    found = []
    for rule, until in rooms.refusals(subject, to, parts):
        limit = replace(rule.limit, subject=known.shown(rule.limit.subject))
        reason = _reason(rooms, subject, rule, parts, until)
        found.append(Refusal(limit, known.shown(subject), channel, None if until == math.inf else until, reason))
    return found


def _reason(rooms: Rooms, subject: str, rule: Rule, parts: int, until: float) -> str:
    limit = rule.limit
    if limit.counted is Counted.HOURS:
        return f"it is outside of the hours {limit.hours} ({rule.zone.key})"
    if limit.counted is Counted.GAP:
        return "the gap behind the last text is not over"
    if until == math.inf:
        return f"a text of {parts} parts is more than {limit.most} parts {_a(rule)}: it will never leave"
    budget = rooms.budget(subject, rule)
    assert budget is not None
    what = "texts" if limit.counted is Counted.WARMUP else limit.counted.value
    new = ", by the warm-up of a new SIM" if limit.counted is Counted.WARMUP else ""
    return f"{budget.used} of {int(budget.most)} {what} {_a(rule)} have left{new}"


def _a(rule: Rule) -> str:
    return f"an {rule.per}" if rule.per is Per.HOUR else f"a {rule.per}"


def _latest(refusals: Sequence[Refusal]) -> float:
    return max((math.inf if one.until is None else one.until for one in refusals), default=0.0)


def _gate(rooms: Rooms, book: Book, subjects: Sequence[str]) -> Gate:
    rules, used = [], {}
    for subject in subjects:
        for rule in book.rules(subject):
            rules.append(rule)
            budget = rooms.budget(subject, rule)
            if budget is not None:
                used[rule.limit.id] = budget.used
    sims = [subject for subject in subjects if subject.startswith("sim:")]
    return Gate(tuple(rules), used, rooms.first_seen(sims[0]) if sims else 0.0)


def _is_gap(rule: Rule) -> bool:
    return rule.limit.counted is Counted.GAP


def _seconds(db: Database, sim: str) -> float:
    """What a part took on this SIM of late: from its beginning, or the end of the one before, whichever was later."""
    rows = db.execute_sql(
        "SELECT started_at, ended_at FROM attempts WHERE sim = ? AND state = 'sent' ORDER BY started_at DESC LIMIT ?",
        (sim, _LAST_ATTEMPTS),
    ).fetchall()
    ends = sorted((row[1], row[0]) for row in rows)
    took = [end - max(begun, before[0]) for before, (end, begun) in zip([(0.0, 0.0), *ends], ends, strict=False)]
    sound = [seconds for seconds in took if 0 < seconds < _LONGEST_PART_S]
    return median(sound) if sound else _USUAL_S
