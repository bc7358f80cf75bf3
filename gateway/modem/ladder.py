"""The way back to a modem that has fallen silent: which step comes next, how often each was taken, when to stop.

It touches no port: `rescue` carries the steps out. Bytes are not proof of life, an answered command is; success is a modem
that has been prepared and has listed its texts, and only that leads back to the bottom. The ladder outlives the lives of a
port, so that a modem which dies the same death again is treated with the next stronger means.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from gateway.clock import Clock

log = logging.getLogger("simrack.modem")


class Step(StrEnum):
    DRAIN = "drain"  # listen until the line is quiet
    ESCAPE = "escape"  # leave a prompt without sending
    ATTENTION = "at"  # a modem that sleeps loses the first command
    PREPARE = "prepare"  # words instead of numbers, no echo; then everything anew
    RESET = "reset"  # AT+CFUN=1,1, or what the family calls it
    DTR = "dtr"  # drop the line that says somebody is here
    REOPEN = "reopen"  # close the port and open it again
    POWER = "power"  # the configured command, for instance uhubctl


@dataclass(frozen=True, slots=True)
class Rung:
    """`patience_s`: how long answers are waited for afterwards; `apart_s`: not sooner after the same step than this."""

    step: Step
    patience_s: float
    apart_s: float = 0.0


RUNGS = (
    Rung(Step.DRAIN, 2.0),
    Rung(Step.ESCAPE, 2.0),
    Rung(Step.ATTENTION, 20.0),  # u-blox is deaf for 20 s after its port appears
    Rung(Step.PREPARE, 4.0),
    Rung(Step.RESET, 45.0, 120.0),  # LTE modems need 20 s to start, and a few more to be asked
    Rung(Step.DTR, 10.0, 60.0),
    Rung(Step.REOPEN, 0.0, 60.0),  # the new life asks for 10 s
    Rung(Step.ATTENTION, 90.0),
    Rung(Step.POWER, 60.0, 600.0),
    Rung(Step.ATTENTION, 60.0),
)
_OUR_DOING_S = 120.0  # a port that vanishes so soon after a reset or a power cycle was not unplugged by a person
_VANISHES_AFTER = (Step.RESET, Step.POWER)


class Ladder:
    """`may(step)` says whether a step can be taken here at all; `told(counters)` hears of each one that is taken."""

    def __init__(
        self,
        channel: str,
        rungs: tuple[Rung, ...],
        clock: Clock,
        *,
        scale: float,
        may: Callable[[Step], bool],
        told: Callable[[tuple[tuple[str, int], ...]], None],
    ) -> None:
        self._channel = channel
        self._rungs = [Rung(r.step, r.patience_s * scale, r.apart_s * scale) for r in rungs if may(r.step)]
        self._scale = scale
        self._clock = clock
        self._told = told
        self._at = 0
        self._counts: Counter[str] = Counter()
        self._taken_at: dict[Step, float] = {}

    @property
    def counters(self) -> tuple[tuple[str, int], ...]:
        """How often each step was taken since the gateway started, in the order of the ladder."""
        return tuple((step.value, self._counts[step]) for step in Step if self._counts[step])

    @property
    def exhausted(self) -> bool:
        return self._at >= len(self._rungs)

    @property
    def tried(self) -> str:
        """For a person: what has been tried in vain."""
        return ", ".join(dict.fromkeys(rung.step.value for rung in self._rungs))

    def next(self) -> Rung | None:
        """The rung that a fault leads to; None when only a person can help."""
        return None if self.exhausted else self._rungs[self._at]

    def due_in(self, rung: Rung) -> float:
        """Seconds until this step may be taken again."""
        taken_at = self._taken_at.get(rung.step)
        return 0.0 if taken_at is None else max(0.0, taken_at + rung.apart_s - self._clock.monotonic())

    def take(self, rung: Rung, why: str) -> None:
        """The step is taken now; the next fault leads to the next rung."""
        self._at += 1
        self._counts[rung.step] += 1
        self._taken_at[rung.step] = self._clock.monotonic()
        log.warning("%s: %s; recovery step %s (number %d)", self._channel, why, rung.step, self._counts[rung.step])
        self._told(self.counters)

    def succeeded(self) -> None:
        if self._at:
            log.info("%s: serves again after recovery step %s", self._channel, self._rungs[self._at - 1].step)
        self._at = 0

    def restart(self) -> None:
        """Somebody has done something about it: begin with the gentlest step."""
        self._at = 0

    def port_is_gone(self) -> None:
        """A port that comes back was plugged in again, unless it was we who made it go."""
        now = self._clock.monotonic()
        ours = any(now - self._taken_at[step] < _OUR_DOING_S * self._scale for step in _VANISHES_AFTER if step in self._taken_at)
        if self.exhausted or not ours:
            self._at = 0
