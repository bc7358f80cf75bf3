"""How fast a network is: its times, and how long submissions take. Decides nothing else."""

import math
import random
from dataclasses import dataclass
from typing import Any, NamedTuple

# Firmware gives up on a submission after some 42 s; nothing takes longer than that.
_LONGEST = 42.0


class Span(NamedTuple):
    """Any time from `low` to `high` seconds, all alike."""

    low: float
    high: float

    def draw(self, chance: random.Random) -> float:
        return chance.uniform(self.low, self.high) if self.high else 0.0

    def shown(self) -> Any:
        return list(self)


class Lognormal(NamedTuple):
    """Times as a radio network has them: half below the median, a few much longer."""

    median: float
    sigma: float

    def draw(self, chance: random.Random) -> float:
        return min(chance.lognormvariate(math.log(self.median), self.sigma), _LONGEST)

    def shown(self) -> Any:
        return f"lognormal:{self.median:g},{self.sigma:g}"


AT_ONCE = Span(0.0, 0.0)


@dataclass(slots=True)
class Pace:
    """The times of a network, in seconds. All of it may change while it runs."""

    latency: Span | Lognormal = AT_ONCE
    report_delay: float = 0.5
    answer_delay: float = 0.2
    redeliver_after: float = 2.0
    # How long a sent text can still be recognised by TP-RD.
    duplicates_known_for: float = 3600.0
    quarters_east: int = 4
    # A factor on every time, here and in the modems: 1 is real, 0.1 ten times as fast, 0 at once.
    speed: float = 1.0

    def window(self, seconds: float) -> float:
        """A period that things are counted in, or that something stays valid; one that lasts even at speed 0."""
        return seconds * (self.speed or 1.0)


def span(value: Any) -> Span | Lognormal:
    """A time, a range of times or a distribution: 0.2, "0.2", "0.1-0.5", [0.1, 0.5] or "lognormal:4,0.5"."""
    if isinstance(value, (list, tuple)):
        low, high = map(float, value)
    elif str(value).startswith("lognormal:"):
        median, _, sigma = str(value).removeprefix("lognormal:").partition(",")
        if float(median) <= 0 or float(sigma or 0.5) < 0:
            raise ValueError(f"no distribution of times: {value!r}; as in lognormal:4,0.5 (median, sigma)")
        return Lognormal(float(median), float(sigma or 0.5))
    else:
        first, _, second = str(value).partition("-")
        low = float(first)
        high = float(second or first)
    if not 0 <= low <= high:
        raise ValueError(f"no span of time: {value!r}")
    return Span(low, high)
