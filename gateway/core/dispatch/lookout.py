"""Sees which channels may take texts of which lanes now, and keeps count of turns. Claims nothing and writes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

from gateway.channels import rotation
from gateway.channels.rotation import Candidate, Lane, Order
from gateway.clock import Clock
from gateway.core.dispatch.berth import Berth
from gateway.records import Standing, Traffic
from gateway.store import lanes as names
from gateway.store.claims import Claim, Offer, Want

# So long after the start, turns are kept for channels that are still being opened.
_START_S = 10.0
_TAKES = (Traffic.OPEN, Traffic.LIMITED)


class Standings(Protocol):
    def standing(self, channel: str, sim: str) -> Standing: ...


class Lookout:
    """`gapped` tells whether a channel must not be given texts early, since a gap must lie between them."""

    def __init__(
        self,
        lanes: Callable[[], Mapping[str, Lane]],
        standings: Standings,
        gapped: Callable[[str], bool],
        clock: Clock,
        turns: Mapping[tuple[str, str], float],
    ) -> None:
        self._lanes = lanes
        self._standings = standings
        self._gapped = gapped
        self._clock = clock
        self._turns = dict(turns)
        self._in_round: dict[tuple[str, str], bool] = {}
        self._born = clock.monotonic()
        self.used: dict[str, int] = {}  # texts of each SIM today

    def fit(self, berth: Berth) -> bool:
        """It may take texts of pools."""
        return self._traffic(berth) in _TAKES and berth.closed_until <= self._clock.now()

    def draining(self, berth: Berth) -> bool:
        """It may take what is bound to it, and nothing else."""
        return self._traffic(berth) is Traffic.DRAINING

    def _traffic(self, berth: Berth) -> Traffic:
        return self._standings.standing(berth.name, berth.sim).traffic if berth.ready else Traffic.PAUSED

    def able(self, lane: str, berths: Mapping[str, Berth]) -> list[str]:
        """The channels of a lane that could send now."""
        found = self._lanes().get(lane)
        return [] if found is None else [name for name in found.channels if name in berths and self.fit(berths[name])]

    def wants(
        self, berths: Mapping[str, Berth], lively: Iterable[str], wanted: Iterable[str], skipped: set[tuple[str, str]]
    ) -> list[Want]:
        """Free channels before the decks of busy ones: nothing is bound early while a channel is free.

        `lively` are the lanes in which texts wait, `wanted` the channels that texts wait for, `skipped` the (channel, lane) that
        were looked into already.
        """
        now = self._clock.monotonic()
        fit = {name: self.fit(berth) for name, berth in berths.items()}
        open_ = [berth for berth in berths.values() if self._has_room(berth, fit[berth.name], now)]
        if not open_:
            return []
        offers: dict[str, list[Offer]] = {berth.name: [] for berth in open_}
        ranks: dict[str, tuple[int, float]] = {}
        called_for = set(wanted)
        for name in lively:
            lane = self._lanes().get(name)
            if lane is None:
                continue
            choices = {choice.channel: (place, choice.why) for place, choice in enumerate(self._choices(lane, berths, fit, now))}
            able = frozenset(one for one in lane.channels if fit.get(one))
            for channel in lane.channels:
                if channel not in offers or (channel, name) in skipped:
                    continue
                place, why = choices.get(channel, (0, ""))
                free = channel in choices and (fit[channel] or name == names.of_channel(channel))
                if not free and channel not in called_for:
                    continue
                turn = self._turns.get((name, channel), 0.0)
                offers[channel].append(Offer(name, free, why, names.pool_of(name), turn, lane.step(channel), able))
                ranks[channel] = min(ranks.get(channel, (len(berths), 0.0)), (place, turn))
        wants = [
            Want(berth.name, berth.sim, tuple(offers[berth.name]), berth.channel.facts.number, berth.owes, berth.channel.whole)
            for berth in open_
            if offers[berth.name] or berth.owes is not None
        ]
        return sorted(wants, key=lambda want: (not berths[want.channel].free, ranks.get(want.channel, (0, 0.0))))

    def _has_room(self, berth: Berth, fit: bool, now: float) -> bool:
        if berth.deck is not None or not (fit or self.draining(berth)):
            return False
        if berth.full:
            return not berth.slow(now) and (berth.owes is not None or not self._gapped(berth.name))
        return not (berth.sends and self._gapped(berth.name))

    def choices(self, lane: str, berths: Mapping[str, Berth]) -> Sequence[str]:
        """The channels that may take the next text of a lane, best first."""
        found = self._lanes().get(lane)
        if found is None:
            return []
        fit = {name: self.fit(berth) for name, berth in berths.items()}
        return [choice.channel for choice in self._choices(found, berths, fit, self._clock.monotonic())]

    def _choices(
        self, lane: Lane, berths: Mapping[str, Berth], fit: Mapping[str, bool], now: float
    ) -> list[rotation.Choice]:
        candidates = {name: self._candidate(lane, name, berths.get(name), fit, now) for name in lane.channels}
        if lane.strategy.order in (Order.ROTATE, Order.WEIGHTED):
            candidates = self._rejoin(lane, candidates)
        return rotation.choose(lane, candidates)

    def _candidate(self, lane: Lane, name: str, berth: Berth | None, fit: Mapping[str, bool], now: float) -> Candidate:
        if berth is None:
            return Candidate(False)
        own = lane.name == names.of_channel(name)
        starting = berth.starting and now - self._born < _START_S
        return Candidate(
            fit=fit[name] or (own and self.draining(berth)),
            slow=berth.slow(now),
            expected=starting,
            turn=self._turns.get((lane.name, name), 0.0),
            used=self.used.get(berth.sim, 0),
        )

    def _rejoin(self, lane: Lane, candidates: Mapping[str, Candidate]) -> dict[str, Candidate]:
        """A channel that comes back takes its place in the present round, not in the one it left."""
        away = {name for name, one in candidates.items() if not one.counts}
        back = [name for name in candidates if name not in away and not self._in_round.get((lane.name, name), False)]
        found = dict(candidates)
        for name in back:
            turns = {one: candidate.turn for one, candidate in found.items()}
            turn = rotation.rejoin(turns, away | set(back) - {name}, name)
            self._turns[lane.name, name] = turn
            found[name] = _at(found[name], turn)
        for name in candidates:
            self._in_round[lane.name, name] = name not in away
        return found

    def took(self, claim: Claim) -> None:
        """A text was claimed."""
        key = (claim.lane, claim.channel)
        self._turns[key] = self._turns.get(key, 0.0) + claim.step
        if claim.first and not claim.follows:
            self.used[claim.sim] = self.used.get(claim.sim, 0) + 1

    def gave_back(self, claim: Claim) -> None:
        key = (claim.lane, claim.channel)
        self._turns[key] = self._turns.get(key, 0.0) - claim.step
        if claim.first and not claim.follows:
            self.used[claim.sim] = self.used.get(claim.sim, 0) - 1

    def passed(self, channel: str, lane: str) -> None:
        """None of the texts that wait in this lane is for this channel: the others need not wait for it in this round."""
        found = self._lanes().get(lane)
        if found is None:
            return
        others = [
            self._turns.get((lane, name), 0.0) for name in found.channels if name != channel and self._in_round.get((lane, name))
        ]
        if others:
            key = (lane, channel)
            self._turns[key] = max(self._turns.get(key, 0.0), min(others) + found.step(channel))


def _at(candidate: Candidate, turn: float) -> Candidate:
    return Candidate(candidate.fit, candidate.slow, candidate.expected, turn, candidate.used)
