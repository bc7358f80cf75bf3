"""Binds texts to channels: for each channel that could send now, the best text it may take. Jobs for the writer; each takes `db`
first.

Who may take from which lane was decided above and comes as `Offer`s; whose text goes first comes as an `order` of flows. A flow is
what one client sends in one lane at one priority: a channel looks at the first texts of each, however long the queue is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from peewee import SqliteDatabase

from gateway.records import OnUnknown, OutgoingPart, Status
from gateway.store import found, lanes, limits, line, progress, turns
from gateway.store.found import Found
from gateway.store.line import READY, Flow

# So many texts of one flow are looked at for one that this channel may take; the others are for other channels.
_WINDOW = 64


class Order(Protocol):
    """Whose text goes first (see `core.fairness`)."""

    def order(self, flows: Iterable[Flow]) -> list[Flow]: ...

    def served(self, flow: Flow) -> None: ...


@dataclass(frozen=True, slots=True)
class Offer:
    """A lane that a channel serves. Unless it is `free`, it may take only texts that want this very channel."""

    lane: str
    free: bool
    why: str = ""
    pool: str = ""  # the pool's name, for its limits
    turn: float = 0.0  # turns it took in this lane
    step: float = 0.0  # how much of a turn one text is
    able: frozenset[str] = frozenset()  # every channel that could send texts of this lane now
    most: int = 10  # no text of a higher priority: it would wait there for longer than elsewhere
    after: frozenset[str] = frozenset()  # only texts that avoid all of these
    place: int = 0  # in the line of this lane's channels
    holders: frozenset[str] = frozenset()  # of a lane that is held to own numbers: the channels that have them


@dataclass(frozen=True, slots=True)
class Want:
    """A channel that could send now; `goes_on_with` is a message whose next part it owes."""

    channel: str
    sim: str
    offers: tuple[Offer, ...]
    number: str = ""  # its own number, if known
    goes_on_with: int | None = None
    whole: bool = False  # it takes all parts of a message at once
    busy: int = 0  # how much is before a text there: one of 0 goes at once


@dataclass(frozen=True, slots=True)
class Claim:
    """A part bound to a channel, its attempt row committed. A claim of a whole message stands for several parts and attempts."""

    channel: str
    sim: str
    message_id: int
    pieces: tuple[tuple[int, int], ...]  # (attempt, part), the last attempt last
    outgoing: OutgoingPart
    on_unknown: OnUnknown
    tries: int  # times the message was refused before
    unknowns: int  # times its outcome was unknown before
    avoid: str
    first: bool  # it begins with the first part of the message
    left: int  # parts of the message that were still to go, with this one
    lane: str
    pool: str
    key_id: int
    priority: int
    sticky: bool
    follows: bool  # claimed because the channel sent the part before it
    step: float  # of a turn that it took

    @property
    def more_parts(self) -> bool:
        """Further parts of the same message are still to be claimed."""
        return self.left > len(self.pieces)

    @property
    def subjects(self) -> tuple[str, ...]:
        """Whose limits count it."""
        return subjects(self.sim, self.pool, self.key_id)


def subjects(sim: str, pool: str, key_id: int) -> tuple[str, ...]:
    found = [f"sim:{sim}"]
    if pool:
        found.append(f"pool:{pool}")
    if key_id:
        found.append(f"key:{key_id}")
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Round:
    """What came of one job. `passed` are the offers of (channel, lane) from which it could take none of the texts that wait."""

    claims: tuple[Claim, ...]
    passed: tuple[tuple[str, str], ...]
    empty: frozenset[str]  # lanes in which nothing waits
    closed: Mapping[str, float | None]  # channels whose SIM has reached a limit, until when
    wanted: frozenset[str]  # channels that texts wait for
    spurned: frozenset[str]  # lanes in which a text was left to others, because it was refused here
    reopens: float | None  # when a limit that was met opens again, at the earliest
    deeper: bool  # a channel found nothing so far and has not looked at all the texts


# How far a channel has looked into a flow of which it could take none of the first texts. Used by the writer's thread alone.
Reach = dict[tuple[str, Flow, str], int]
_MOST_REACHES = 1000


def claim_in_turn(
    db: SqliteDatabase, wants: Sequence[Want], order: Order, book: limits.Book, now: float, reach: Reach | None = None
) -> Round:
    """`claim`, in the order in which the channels stand in line where texts wait."""
    job = _Job(db, order, book, now, _known(reach))
    return job.round(sorted(wants, key=job.rank) if len(wants) > 1 else wants)


def claim(
    db: SqliteDatabase, wants: Sequence[Want], order: Order, book: limits.Book, now: float, reach: Reach | None = None
) -> Round:
    """Bind the best ready message to each wanting channel, in the order of `wants`. Channels that find nothing get nothing."""
    return _Job(db, order, book, now, _known(reach)).round(wants)


def _known(reach: Reach | None) -> Reach:
    known: Reach = {} if reach is None else reach
    if len(known) > _MOST_REACHES:
        known.clear()
    return known


_HEAD = (
    "SELECT id, avoid, recipient, parts FROM messages INDEXED BY messages_ready"
    f" WHERE lane = ? AND key_id = ? AND priority = ? AND COALESCE(pinned, wants) = ? AND id > ? AND {READY}"
    f" ORDER BY id LIMIT {_WINDOW}"
)


class _Job:
    """The state of one round of claims."""

    def __init__(self, db: SqliteDatabase, order: Order, book: limits.Book, now: float, reach: Reach) -> None:
        self._db = db
        self._book = book
        self._order = order
        self._reach = reach
        self.deeper = False
        self.ledger = limits.Ledger(db, book, now)
        self._now = now
        self.flows: dict[str, list[Flow]] = {}
        self.passed: list[tuple[str, str]] = []
        self.spurned: set[str] = set()
        self.closed: dict[str, float | None] = {}
        self._wanted: frozenset[str] | None = None

    def rank(self, want: Want) -> tuple[int, tuple[int, float]]:
        """Smaller ones go first. A lane in which nothing waits gives nobody a place."""
        places = [(offer.place, offer.turn) for offer in want.offers if self._flows_of(offer.lane)]
        return want.busy, min(places, default=(0, 0.0))

    def round(self, wants: Iterable[Want]) -> Round:
        claims = tuple(made for want in wants if (made := self.serve(want)) is not None)
        return Round(
            claims=claims,
            passed=tuple(self.passed),
            empty=frozenset(lane for lane, flows in self.flows.items() if not flows),
            closed=self.closed,
            wanted=frozenset(line.wanted(self._db)),
            spurned=frozenset(self.spurned),
            reopens=self.ledger.reopens,
            deeper=self.deeper,
        )

    def serve(self, want: Want) -> Claim | None:
        if want.goes_on_with is not None:
            return self._go_on(want, want.goes_on_with)
        sim = f"sim:{want.sim}"
        if self.ledger.closed(sim):
            self.closed[want.channel] = self.ledger.until(sim)
            return None
        best = self._best(want)
        if best is None:
            return None
        offer, flow, message_id = best
        part = self._part(want, message_id)
        if part is None:
            return None
        self._order.served(flow)
        return self._bind(want, part, offer)

    def _go_on(self, want: Want, message_id: int) -> Claim | None:
        """The next part of a message that this channel sends; from the first one again if its SIM was changed meanwhile."""
        db, part = self._db, found.next_part(self._db, message_id)
        if part is None or part.status != Status.SENDING or not lanes.admits(part.lane, want.channel, want.number):
            return None
        if found.must_begin_anew(db, part, want.sim, want.whole):
            if part.on_unknown == OnUnknown.HOLD or found.on_the_air(db, message_id):
                return None  # whoever puts it back gives back what is charged for its rest
            limits.refund_rest(db, self._book, message_id)
            part = found.anew(db, part)
        return None if part is None else self._bind(want, part, None)

    def _part(self, want: Want, message_id: int) -> Found | None:
        part = found.next_part(self._db, message_id)
        if part is None or not found.must_begin_anew(self._db, part, want.sim, want.whole):
            return part
        # The parts of a held message that went must not go twice: it waits for the SIM that sent them.
        return None if part.on_unknown == OnUnknown.HOLD else found.anew(self._db, part)

    def _best(self, want: Want) -> tuple[Offer, Flow, int] | None:
        offers = {offer.lane: offer for offer in want.offers if self._may_take(want, offer)}
        flows = [flow for lane in offers for flow in self._flows_of(lane) if self._may_flow(flow)]
        for flow in self._order.order(flows) if len(flows) > 1 else flows:
            message_id = self._head(want, offers[flow.lane], flow)
            if message_id is not None:
                # What would wait here for longer than elsewhere need not wait for this channel's turn.
                self._pass(want, offers, [one for one in flows if one.priority > offers[one.lane].most and one.lane != flow.lane])
                return offers[flow.lane], flow, message_id
        self._pass(want, offers, flows)
        return None

    def _pass(self, want: Want, offers: Mapping[str, Offer], flows: Iterable[Flow]) -> None:
        # The only text of a flow may have been claimed in this job.
        waiting = {flow.lane for flow in flows if line.still_waits(self._db, flow)}
        self.passed += [(want.channel, lane) for lane in waiting if offers[lane].free]

    def _may_take(self, want: Want, offer: Offer) -> bool:
        """A text that asked for a number leaves from that one or not at all, wherever its lane leads by now."""
        if not lanes.admits(offer.lane, want.channel, want.number):
            return False
        return not (offer.pool and self.ledger.closed(f"pool:{offer.pool}"))

    def _may_flow(self, flow: Flow) -> bool:
        return not (flow.key_id and self.ledger.closed(f"key:{flow.key_id}"))

    def _flows_of(self, lane: str) -> list[Flow]:
        if lane not in self.flows:
            self.flows[lane] = list(line.flows_of(self._db, lane))
        return self.flows[lane]

    def _head(self, want: Want, offer: Offer, flow: Flow) -> int | None:
        """The first text of a flow that this channel may take: of those for anybody, if it is its turn, and those that want it."""
        wishes = ["", want.channel, *self._left_behind(offer)] if offer.free else [want.channel]
        heads = [self._first(want, offer, flow, wanted) for wanted in wishes]
        return min((head for head in heads if head is not None), default=None)

    def _left_behind(self, offer: Offer) -> list[str]:
        """The channels that texts of this lane may still want though the number they asked for is no longer there."""
        if not lanes.groups_of(offer.lane):
            return []
        if self._wanted is None:
            self._wanted = frozenset(line.wanted(self._db))
        return sorted(self._wanted - offer.holders)

    def _first(self, want: Want, offer: Offer, flow: Flow, wanted: str) -> int | None:
        """Where none of the first texts will do, some behind them are looked at too, each time others."""
        head, last = self._look(want, offer, flow, wanted, 0)
        place = want.channel, flow, wanted
        if head is not None:
            return head
        if last is None:
            self._reach.pop(place, None)
            return None
        begin = max(last, self._reach.get(place, 0))
        head, last = self._look(want, offer, flow, wanted, begin)
        if head is None and last is None:
            self._reach.pop(place, None)
        else:
            self._reach[place] = begin if last is None else last
            self.deeper = self.deeper or head is None
        return head

    def _look(self, want: Want, offer: Offer, flow: Flow, wanted: str, behind: int) -> tuple[int | None, int | None]:
        """A text that this channel may take, and otherwise the last one that was looked at if there are more.

        A text that avoids this channel is taken all the same once it avoids every able channel: it would wait for ever.
        """
        avoided = f",{want.channel},"
        others_are_quicker = not wanted and flow.priority > offer.most
        looked, message_id = 0, 0
        for message_id, avoid, recipient, parts in self._db.execute_sql(_HEAD, (*flow, wanted, behind)):
            looked += 1
            if avoided in avoid and any(f",{one}," not in avoid for one in offer.able):
                self.spurned.add(flow.lane)
                continue
            if others_are_quicker and not avoid:
                continue
            if not wanted and any(f",{one}," not in avoid for one in offer.after):
                continue
            if wanted and self._is_another_sims(want, message_id):
                continue
            if self.ledger.admits(subjects(want.sim, offer.pool, flow.key_id), recipient, parts):
                return int(message_id), None
        return None, message_id if looked == _WINDOW else None

    def _is_another_sims(self, want: Want, message_id: int) -> bool:
        """A held message of which another SIM has sent parts waits for that one."""
        part = found.next_part(self._db, message_id)
        held = part is not None and part.on_unknown == OnUnknown.HOLD
        return held and part is not None and found.must_begin_anew(self._db, part, want.sim, want.whole)

    def _bind(self, want: Want, part: Found, offer: Offer | None) -> Claim:
        """`offer` is None for a part that follows another: its turn is taken already, and it is charged, unless it begins anew."""
        db, now = self._db, self._now
        if part.status == Status.QUEUED:
            progress.set_status(db, part.message_id, Status.QUEUED, Status.SENDING)
            db.execute_sql(
                "UPDATE messages SET channel = ?, ready = 0, sender = ? WHERE id = ?", (want.channel, want.number, part.message_id)
            )
        pool = lanes.pool_of(part.lane)
        step = offer.step if offer is not None and part.number == 1 else 0.0
        why = "goes on with its message" if offer is None else _why(part, want, offer)
        parts = found.open_parts(db, part) if want.whole else ((part.part_id, part.number),)
        pieces = []
        for part_id, number in parts:
            db.execute_sql(
                "UPDATE parts SET status = 'sending', channel = ?, sim = ? WHERE id = ?", (want.channel, want.sim, part_id)
            )
            attempt_id = db.execute_sql(
                "INSERT INTO attempts (message_id, part_id, number, channel, sim, recipient, state, started_at, why, pool, turn)"
                " VALUES (?,?,?,?,?,?,'claimed',?,?,?,?)",
                (part.message_id, part_id, number, want.channel, want.sim, part.recipient, now, why, pool,
                 step if number == 1 else 0),
            ).lastrowid  # fmt: skip
            pieces.append((attempt_id, part_id))
        left = part.total - part.number + 1
        made = Claim(
            channel=want.channel,
            sim=want.sim,
            message_id=part.message_id,
            pieces=tuple(pieces),
            outgoing=found.outgoing(part, pieces[-1][0], len(pieces), want.sim, want.whole),
            on_unknown=OnUnknown(part.on_unknown),
            tries=part.tries,
            unknowns=part.unknowns,
            avoid=part.avoid,
            first=part.number == 1,
            left=left,
            lane=part.lane,
            pool=pool,
            key_id=part.key_id,
            priority=part.priority,
            sticky=bool(part.sticky),
            follows=offer is None,
            step=step,
        )
        if offer is not None or made.first:
            self.ledger.charge(part.message_id, made.subjects, part.recipient, int(made.first), left)
        if offer is not None:
            turns.take(db, part.lane, want.channel, offer.turn, step)
        return made


def _why(part: Found, want: Want, offer: Offer) -> str:
    if part.pinned == want.channel:
        return "sent a part of this message before"
    if part.wants == want.channel:
        return "sticky: the number of this conversation"
    return offer.why
