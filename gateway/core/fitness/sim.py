"""One SIM as fitness remembers it: its picture, and how long it rests or is blocked. Writes nothing itself.

In memory time is monotonic; in a row it is wall time.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace

from gateway.channels import health
from gateway.channels.health import Picture
from gateway.clock import Clock
from gateway.records import Outcome, Sent, Standing, Traffic
from gateway.store.standings import SimRow

OPEN = Standing()
TRIAL = Standing(reason="it was blocked; one text tries it", trial=True)


@dataclass(frozen=True, slots=True)
class SimFit:
    """After `until` a rest is over, and of a block only the trial is left."""

    picture: Picture = field(default_factory=Picture)
    traffic: Traffic = Traffic.OPEN  # or resting, or blocked
    until: float = 0.0  # monotonic
    seconds: float = 0.0  # how long it rests or is blocked in all
    reason: str = ""

    def standing(self, clock: Clock) -> Standing:
        left = self.until - clock.monotonic()
        if self.traffic is Traffic.OPEN or left <= 0:
            return TRIAL if self.picture.blocks else OPEN
        return Standing(self.traffic, self.reason, clock.now() + left)

    def after(self, outcome: Outcome, seconds: float, now: float) -> SimFit:
        """One more attempt ended; `now` is monotonic. A success ends whatever kept it from sending."""
        blocked = self.traffic is Traffic.BLOCKED and self.until > now
        picture = (health.during_block if blocked else health.after)(self.picture, outcome, seconds)
        if isinstance(outcome, Sent):
            return SimFit(picture)
        found = health.GO_ON if blocked else health.verdict(picture)
        shorter = found.traffic is Traffic.RESTING and self.until > now + found.seconds
        if found.traffic is Traffic.OPEN or shorter:
            return replace(self, picture=picture)
        return SimFit(picture, found.traffic, now + found.seconds, found.seconds, found.reason)

    def forgiven(self) -> SimFit:
        return SimFit(health.forgiven(self.picture))

    def row(self, sim: str, clock: Clock) -> SimRow:
        left = self.until - clock.monotonic()
        plain = json.dumps(health.as_plain(self.picture))
        if self.traffic is not Traffic.BLOCKED or left <= 0:
            return SimRow(sim, None, 0.0, "", plain)
        return SimRow(sim, clock.now() + left, self.seconds, self.reason, plain)


FRESH = SimFit()


def restored(row: SimRow, clock: Clock) -> SimFit:
    """A clock that is behind its time, or was ahead of it, blocks nobody for longer than was meant."""
    picture = health.from_plain(json.loads(row.picture))
    if row.blocked_until is None:
        return SimFit(picture)
    left = min(row.blocked_until - clock.now(), row.blocked_s, health.BLOCK_LONGEST_S)
    return SimFit(picture, Traffic.BLOCKED, clock.monotonic() + left, row.blocked_s, row.reason)
