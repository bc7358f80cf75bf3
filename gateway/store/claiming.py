"""Gives texts to channels: each that could send now the best text it may take. Jobs for the writer; each takes `db` first.

Who may take from which lane was decided above and comes as `Offer`s; whose text goes first comes as an `order` of flows. A flow is
what one client sends in one lane at one priority: a channel looks at the first texts of each, however long the queue is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from peewee import SqliteDatabase

from gateway.records import OnUnknown, Status
from gateway.store import found, lanes, limits, line
from gateway.store.binding import bind
from gateway.store.claims import Claim, Offer, Round, Want
from gateway.store.found import Found
from gateway.store.heads import Heads, Reach
from gateway.store.line import Flow


class Order(Protocol):
    """Whose text goes first (see `core.fairness`)."""

    def order(self, flows: Iterable[Flow]) -> list[Flow]: ...

    def served(self, flow: Flow) -> None: ...


def claim_in_turn(
    db: SqliteDatabase, wants: Sequence[Want], order: Order, book: limits.Book, now: float, reach: Reach | None = None
) -> Round:
    """`claim`, in the order in which the channels stand in line where texts wait."""
    job = _Job(db, order, book, now, reach)
    return job.round(sorted(wants, key=job.rank) if len(wants) > 1 else wants)


def claim(
    db: SqliteDatabase, wants: Sequence[Want], order: Order, book: limits.Book, now: float, reach: Reach | None = None
) -> Round:
    """Bind the best ready message to each wanting channel, in the order of `wants`. Channels that find nothing get nothing."""
    return _Job(db, order, book, now, reach).round(wants)


class _Job:
    """The state of one round of claims."""

    def __init__(self, db: SqliteDatabase, order: Order, book: limits.Book, now: float, reach: Reach | None) -> None:
        self._db = db
        self._book = book
        self._order = order
        self.ledger = limits.Ledger(db, book, now)
        self._heads = Heads(db, self.ledger, reach)
        self._now = now
        self.flows: dict[str, list[Flow]] = {}
        self.passed: list[tuple[str, str]] = []
        self.closed: dict[str, float | None] = {}

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
            spurned=frozenset(self._heads.spurned),
            reopens=self.ledger.reopens,
            deeper=self._heads.deeper,
        )

    def serve(self, want: Want) -> Claim | None:
        if want.goes_on_with is not None:
            return self._go_on(want, want.goes_on_with)
        sim, offers = f"sim:{want.sim}", {offer.lane: offer for offer in want.offers if self._may_take(want, offer)}
        flows = [flow for lane in offers for flow in self._flows_of(lane) if self._may_flow(flow)]
        if not flows:
            return None  # whatever the limits of its SIM say: those are read for each channel anew
        if self.ledger.closed(sim):
            self.closed[want.channel] = self.ledger.until(sim)
            return None
        best = self._best(want, offers, flows)
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

    def _best(self, want: Want, offers: Mapping[str, Offer], flows: Sequence[Flow]) -> tuple[Offer, Flow, int] | None:
        for flow in self._order.order(flows) if len(flows) > 1 else flows:
            message_id = self._heads.head(want, offers[flow.lane], flow)
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

    def _bind(self, want: Want, part: Found, offer: Offer | None) -> Claim:
        return bind(self._db, self.ledger, want, part, offer, self._now)
