"""Operator caps: so many texts of one SIM a minute, an hour, a day; more are refused, and then the SIM is blocked."""

from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any

_SECONDS = {"minute": 60.0, "hour": 3600.0, "day": 86400.0}


@dataclass(slots=True)
class Caps:
    """`minute`, `hour`, `day`: texts (parts) allowed, 0 without end; `cause`: what is answered then;
    `block_after`: refusals until the SIM is blocked (registration 3), 0 never."""

    minute: int = 0
    hour: int = 0
    day: int = 0
    cause: int = 21
    block_after: int = 0
    _taken: dict[str, deque[float]] = field(default_factory=lambda: defaultdict(deque))
    _refused: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def exceeded(self, sim: str, now: float, window: Callable[[float], float]) -> bool:
        """Whether one more text of this SIM is too many; `window` tells how long a period really lasts."""
        taken = self._taken[sim]
        while taken and now - taken[0] >= window(_SECONDS["day"]):
            taken.popleft()
        for name, seconds in _SECONDS.items():
            allowed = getattr(self, name)
            if allowed and sum(now - each < window(seconds) for each in taken) >= allowed:
                self._refused[sim] += 1
                return True
        return False

    def blocks(self, sim: str) -> bool:
        """Whether this SIM has tried too often after being refused."""
        return bool(self.block_after) and self._refused[sim] >= self.block_after

    def count(self, sim: str, now: float) -> None:
        if self.minute or self.hour or self.day:
            self._taken[sim].append(now)

    def shown(self) -> dict[str, int]:
        return {name: getattr(self, name) for name in _KEYS}


_KEYS = [each.name for each in fields(Caps) if not each.name.startswith("_")]


def caps(values: dict[str, Any]) -> Caps:
    """Caps from keys and values; what was counted before is forgotten. Raises ValueError for strange keys."""
    if strangers := set(values) - set(_KEYS):
        raise ValueError(f"caps have no {', '.join(sorted(strangers))}; they have: {', '.join(_KEYS)}")
    return Caps(**{name: int(value) for name, value in values.items()})
