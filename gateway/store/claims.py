"""Binds texts to channels: for each channel that could send now, the best text it may take. Jobs for the writer; each takes `db`
first.

Who may take from which lane was decided above and comes as `Offer`s; whose text goes first comes as an `order` of flows. A flow is
what one client sends in one lane at one priority: a channel looks at the first texts of each, however long the queue is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from peewee import SqliteDatabase

from gateway.records import Concat, Encoding, OnUnknown, OutgoingPart, Part, Status
from gateway.store import limits, progress, turns
from gateway.store.lanes import pool_of

# So many texts of one flow are looked at for one that this channel may take; the others are for other channels.
_WINDOW = 64
_FREED_AT_ONCE = 500


class Flow(NamedTuple):
    lane: str
    key_id: int
    priority: int


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


@dataclass(frozen=True, slots=True)
class Want:
    """A channel that could send now; `goes_on_with` is a message whose next part it owes."""

    channel: str
    sim: str
    offers: tuple[Offer, ...]
    number: str = ""  # its own number, if known
    goes_on_with: int | None = None
    whole: bool = False  # it takes all parts of a message at once


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


def claim(
    db: SqliteDatabase, wants: Sequence[Want], order: Order, book: limits.Book, now: float, reach: Reach | None = None
) -> Round:
    """Bind the best ready message to each wanting channel, in the order of `wants`. Channels that find nothing get nothing."""
    known: Reach = {} if reach is None else reach
    if len(known) > _MOST_REACHES:
        known.clear()
    job = _Job(db, order, limits.Ledger(db, book, now), now, known)
    claims = [found for want in wants if (found := job.serve(want)) is not None]
    return Round(
        claims=tuple(claims),
        passed=tuple(job.passed),
        empty=frozenset(lane for lane, flows in job.flows.items() if not flows),
        closed=job.closed,
        wanted=frozenset(_wanted(db)),
        spurned=frozenset(job.spurned),
        reopens=job.ledger.reopens,
        deeper=job.deeper,
    )


class _Job:
    """The state of one round of claims."""

    def __init__(self, db: SqliteDatabase, order: Order, ledger: limits.Ledger, now: float, reach: Reach) -> None:
        self._db = db
        self._order = order
        self._reach = reach
        self.deeper = False
        self.ledger = ledger
        self._now = now
        self.flows: dict[str, list[Flow]] = {}
        self.passed: list[tuple[str, str]] = []
        self.spurned: set[str] = set()
        self.closed: dict[str, float | None] = {}

    def serve(self, want: Want) -> Claim | None:
        if want.goes_on_with is not None:
            return self._go_on(want, want.goes_on_with)
        sim = f"sim:{want.sim}"
        if self.ledger.closed(sim):
            self.closed[want.channel] = self.ledger.until(sim)
            return None
        found = self._best(want)
        if found is None:
            return None
        offer, flow, message_id = found
        part = self._part(want, message_id)
        if part is None:
            return None
        self._order.served(flow)
        return self._bind(want, part, offer)

    def _go_on(self, want: Want, message_id: int) -> Claim | None:
        """The next part of a message that this channel sends; from the first one again if its SIM was changed meanwhile."""
        part = self._part(want, message_id)
        return None if part is None or part.status != Status.SENDING else self._bind(want, part, None)

    def _part(self, want: Want, message_id: int) -> _Found | None:
        row = self._db.execute_sql(_NEXT_PART, (message_id,)).fetchone()
        if row is None:
            return None
        part = _Found(*row)
        if not _must_begin_anew(self._db, want, part):
            return part
        # The parts of a held message that went must not go twice: it waits for the SIM that sent them.
        return None if part.on_unknown == OnUnknown.HOLD else _anew(self._db, part)

    def _best(self, want: Want) -> tuple[Offer, Flow, int] | None:
        offers = {offer.lane: offer for offer in want.offers if not (offer.pool and self.ledger.closed(f"pool:{offer.pool}"))}
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
        waiting = {flow.lane for flow in flows if self._still_waits(flow)}
        self.passed += [(want.channel, lane) for lane in waiting if offers[lane].free]

    def _still_waits(self, flow: Flow) -> bool:
        """Its only text may have been claimed in this job."""
        return self._db.execute_sql(f"{_FLOW} AND key_id = ? AND priority = ? LIMIT 1", flow).fetchone() is not None

    def _may_flow(self, flow: Flow) -> bool:
        return not (flow.key_id and self.ledger.closed(f"key:{flow.key_id}"))

    def _flows_of(self, lane: str) -> list[Flow]:
        if lane not in self.flows:
            self.flows[lane] = list(_flows(self._db, lane))
        return self.flows[lane]

    def _head(self, want: Want, offer: Offer, flow: Flow) -> int | None:
        """The first text of a flow that this channel may take: of those for anybody, if it is its turn, and those that want it."""
        heads = [self._first(want, offer, flow, wanted) for wanted in ("", want.channel) if wanted or offer.free]
        return min((head for head in heads if head is not None), default=None)

    def _first(self, want: Want, offer: Offer, flow: Flow, wanted: str) -> int | None:
        """Where none of the first texts will do, some behind them are looked at too, each time others."""
        found, last = self._look(want, offer, flow, wanted, 0)
        place = want.channel, flow, wanted
        if found is not None:
            return found
        if last is None:
            self._reach.pop(place, None)
            return None
        begin = max(last, self._reach.get(place, 0))
        found, last = self._look(want, offer, flow, wanted, begin)
        if found is None and last is None:
            self._reach.pop(place, None)
        else:
            self._reach[place] = begin if last is None else last
            self.deeper = self.deeper or found is None
        return found

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
        row = self._db.execute_sql(_NEXT_PART, (message_id,)).fetchone()
        return row is not None and _Found(*row).on_unknown == OnUnknown.HOLD and _must_begin_anew(self._db, want, _Found(*row))

    def _bind(self, want: Want, found: _Found, offer: Offer | None) -> Claim:
        """`offer` is None for a part that follows another: its turn is taken already, and it is charged, unless it begins anew."""
        db, now = self._db, self._now
        if found.status == Status.QUEUED:
            progress.set_status(db, found.message_id, Status.QUEUED, Status.SENDING)
            db.execute_sql(
                "UPDATE messages SET channel = ?, ready = 0, sender = ? WHERE id = ?", (want.channel, want.number, found.message_id)
            )
        pool = pool_of(found.lane)
        step = offer.step if offer is not None and found.number == 1 else 0.0
        why = "goes on with its message" if offer is None else _why(found, want, offer)
        parts = _open_parts(db, found) if want.whole else ((found.part_id, found.number),)
        pieces = []
        for part_id, number in parts:
            db.execute_sql(
                "UPDATE parts SET status = 'sending', channel = ?, sim = ? WHERE id = ?", (want.channel, want.sim, part_id)
            )
            attempt_id = db.execute_sql(
                "INSERT INTO attempts (message_id, part_id, number, channel, sim, recipient, state, started_at, why, pool, turn)"
                " VALUES (?,?,?,?,?,?,'claimed',?,?,?,?)",
                (found.message_id, part_id, number, want.channel, want.sim, found.recipient, now, why, pool,
                 step if number == 1 else 0),
            ).lastrowid  # fmt: skip
            pieces.append((attempt_id, part_id))
        left = found.total - found.number + 1
        made = Claim(
            channel=want.channel,
            sim=want.sim,
            message_id=found.message_id,
            pieces=tuple(pieces),
            outgoing=_outgoing(found, pieces[-1][0], want, len(pieces)),
            on_unknown=OnUnknown(found.on_unknown),
            tries=found.tries,
            unknowns=found.unknowns,
            avoid=found.avoid,
            first=found.number == 1,
            left=left,
            lane=found.lane,
            pool=pool,
            key_id=found.key_id,
            priority=found.priority,
            sticky=bool(found.sticky),
            follows=offer is None,
            step=step,
        )
        if offer is not None or made.first:
            self.ledger.charge(found.message_id, made.subjects, found.recipient, int(made.first), left)
        if offer is not None:
            turns.take(db, found.lane, want.channel, offer.turn, step)
        return made


class _Found(NamedTuple):
    """A part that may leave, with what its message says. In the order of `_FOUND`."""

    message_id: int
    part_id: int
    number: int
    text: str
    encoding: str
    concat_reference: int | None
    wide: int
    locking: int
    single: int
    recipient: str
    flash: int
    report: int
    validity_minutes: int | None
    on_unknown: str
    tries: int
    unknowns: int
    avoid: str
    total: int
    status: str
    lane: str
    reference: int | None
    sim: str | None
    pinned: str | None
    wants: str
    sticky: str
    key_id: int
    priority: int
    whole_text: str
    whole_encoding: str


_FOUND = (
    "m.id, p.id, p.number, p.text, p.encoding, p.concat_reference, p.concat_wide, p.locking, p.single, m.recipient, m.flash,"
    " m.report, m.validity_minutes, m.on_unknown, m.tries, m.unknowns, m.avoid, m.parts, m.status, m.lane, p.reference, p.sim,"
    " m.pinned, m.wants, m.sticky, m.key_id, m.priority, m.text, m.encoding"
)
_NEXT_PART = (
    f"SELECT {_FOUND} FROM messages m JOIN parts p ON p.message_id = m.id"
    " WHERE m.id = ? AND p.status = 'queued' ORDER BY p.number LIMIT 1"
)
_READY = "status = 'queued' AND ready = 1"
_FLOW = f"SELECT key_id, priority FROM messages INDEXED BY messages_ready WHERE lane = ? AND {_READY}"
_HEAD = (
    "SELECT id, avoid, recipient, parts FROM messages INDEXED BY messages_ready"
    f" WHERE lane = ? AND key_id = ? AND priority = ? AND COALESCE(pinned, wants) = ? AND id > ? AND {_READY}"
    f" ORDER BY id LIMIT {_WINDOW}"
)


def _flows(db: SqliteDatabase, lane: str) -> Iterator[Flow]:
    """Every flow of a lane in which something waits: one look into the index for each."""
    row = db.execute_sql(f"{_FLOW} ORDER BY key_id, priority LIMIT 1", (lane,)).fetchone()
    while row is not None:
        yield Flow(lane, row[0], row[1])
        # Two questions, each answered by one look: (key_id, priority) > (?, ?) would walk over the texts of this flow.
        row = (
            db.execute_sql(f"{_FLOW} AND key_id = ? AND priority > ? ORDER BY priority LIMIT 1", (lane, *row)).fetchone()
            or db.execute_sql(f"{_FLOW} AND key_id > ? ORDER BY key_id, priority LIMIT 1", (lane, row[0])).fetchone()
        )


def lanes(db: SqliteDatabase) -> list[str]:
    """Every lane in which something is queued, or may be queued again."""
    rows = db.execute_sql(
        "SELECT lane FROM messages WHERE status = 'queued' UNION SELECT lane FROM messages WHERE status = 'sending'"
        " UNION SELECT lane FROM messages WHERE status = 'unknown'"
    )
    return [lane for (lane,) in rows.fetchall()]


def _wanted(db: SqliteDatabase) -> Iterator[str]:
    condition = f"{_READY} AND COALESCE(pinned, wants) <> ''"
    row = db.execute_sql(
        f"SELECT MIN(COALESCE(pinned, wants)) FROM messages INDEXED BY messages_wanted WHERE {condition}"
    ).fetchone()
    while row[0] is not None:
        yield row[0]
        row = db.execute_sql(
            f"SELECT MIN(COALESCE(pinned, wants)) FROM messages INDEXED BY messages_wanted WHERE {condition}"
            " AND COALESCE(pinned, wants) > ?",
            (row[0],),
        ).fetchone()


def free_wanting(db: SqliteDatabase, channel: str) -> bool:
    """The channel of their conversations cannot send: texts that only prefer it may go by another. True while there are more.

    So may those that were to be sent again by it, and of which it has sent no part.
    """
    changed = db.execute_sql(
        f"UPDATE messages SET wants = '', pinned = NULL WHERE id IN (SELECT id FROM messages m INDEXED BY messages_wanted WHERE"
        f" {_READY} AND COALESCE(pinned, wants) <> '' AND COALESCE(pinned, wants) = ? AND (pinned IS NULL OR NOT EXISTS"
        " (SELECT 1 FROM parts p WHERE p.message_id = m.id AND p.status IN ('sent', 'delivered', 'undelivered'))) LIMIT ?)",
        (channel, _FREED_AT_ONCE),
    )
    return bool(changed.rowcount == _FREED_AT_ONCE)


def better_waits(db: SqliteDatabase, lanes: Iterable[str], priority: int) -> bool:
    """Is there a text of a higher priority in one of these lanes?"""
    return any(flow.priority > priority for lane in lanes for flow in _flows(db, lane))


def _why(found: _Found, want: Want, offer: Offer) -> str:
    if found.pinned == want.channel:
        return "sent a part of this message before"
    if found.wants == want.channel:
        return "sticky: the number of this conversation"
    return offer.why


def _must_begin_anew(db: SqliteDatabase, want: Want, found: _Found) -> bool:
    """A phone would never join the parts: some left, or are leaving, from another number, or the channel takes only whole texts."""
    if found.number == 1:
        return False
    if want.whole:
        return True
    row = db.execute_sql(
        "SELECT 1 FROM parts WHERE message_id = ? AND sim <> ? AND status IN ('sending', 'sent', 'delivered', 'undelivered')"
        " LIMIT 1",
        (found.message_id, want.sim),
    ).fetchone()
    return row is not None


def _anew(db: SqliteDatabase, found: _Found) -> _Found | None:
    """The message begins again, whole, once none of it is on the air."""
    on_the_air = db.execute_sql(
        "SELECT 1 FROM parts WHERE message_id = ? AND status = 'sending' LIMIT 1", (found.message_id,)
    ).fetchone()
    if on_the_air:
        return None
    db.execute_sql("UPDATE parts SET status = 'queued', reference = NULL WHERE message_id = ?", (found.message_id,))
    return _Found(*db.execute_sql(_NEXT_PART, (found.message_id,)).fetchone())


def _open_parts(db: SqliteDatabase, found: _Found) -> list[tuple[int, int]]:
    if found.total == 1:
        return [(found.part_id, found.number)]
    rows: list[tuple[int, int]] = db.execute_sql(
        "SELECT id, number FROM parts WHERE message_id = ? AND status = 'queued' ORDER BY number", (found.message_id,)
    ).fetchall()
    return rows


def _outgoing(found: _Found, attempt_id: int, want: Want, pieces: int) -> OutgoingPart:
    if want.whole and found.total > 1:
        part = Part(found.whole_text, Encoding(found.whole_encoding), None, found.locking, found.single)
    else:
        single = found.total == 1 or found.concat_reference is None
        concat = None if single else Concat(found.concat_reference or 0, found.total, found.number, bool(found.wide))
        part = Part(found.text, Encoding(found.encoding), concat, found.locking, found.single)
    return OutgoingPart(
        attempt_id=attempt_id,
        recipient=found.recipient,
        part=part,
        flash=bool(found.flash),
        report=bool(found.report),
        validity_minutes=found.validity_minutes,
        reject_duplicates=found.unknowns > 0,
        reference=found.reference if found.unknowns > 0 and found.sim == want.sim else None,  # a count of the SIM that sent it
        parts=pieces,
    )


