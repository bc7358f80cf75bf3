"""A measured figure beside its target."""

from __future__ import annotations

import operator
import platform
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

_WAYS: dict[str, Callable[[float, float], bool]] = {">=": operator.ge, "<=": operator.le, "=": operator.eq}


@dataclass(frozen=True)
class Figure:
    what: str
    value: float | None  # None: could not be measured here, `note` says why
    way: str
    target: float
    unit: str
    note: str = ""

    @property
    def reached(self) -> bool | None:
        return None if self.value is None else _WAYS[self.way](self.value, self.target)

    def row(self) -> str:
        value = "not measured" if self.value is None else f"{_short(self.value)} {self.unit}"
        verdict = {True: "reached", False: "MISSED", None: "-"}[self.reached]
        return f"| {self.what} | {self.way} {_short(self.target)} {self.unit} | {value} | {verdict} | {self.note} |"


HEAD = "| work | target | measured | | note |\n|---|---|---|---|---|"


def machine() -> str:
    cpus = [line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    memory = int(Path("/proc/meminfo").read_text().split()[1]) / 1e6
    return f"{len(cpus)} x {cpus[0] if cpus else platform.machine()}, {memory:.0f} GB, Python {platform.python_version()}"


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
