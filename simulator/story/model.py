"""What a story is made of, read and checked. Holds no behaviour."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Values = dict[str, Any]


class Malformed(Exception):
    """A story that cannot be played; the text names file, line, key and remedy."""


class Failed(Exception):
    """Something that should have happened did not; the text tells what was seen instead."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happens or is expected. Starts `wait` seconds after all steps of `after` have ended well, and not
    before `at` seconds of the story."""

    number: int
    name: str
    line: int
    kind: str
    what: Any
    after: tuple[int, ...] = ()
    at: float = 0.0
    wait: float = 0.0


@dataclass(frozen=True, slots=True)
class GatewayPlan:
    """How the gateway under test is made ready; with an empty `start` it runs already."""

    start: tuple[str, ...] = ()
    free: tuple[str, ...] = ("http",)
    files: dict[str, str] = field(default_factory=dict)
    prepare: tuple[Values, ...] = ()
    ready: Values = field(default_factory=dict)
    # What http steps begin with when they give a path alone.
    url: str = ""
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Story:
    """A whole story."""

    path: Path
    title: str
    about: str
    limit: float
    bank: Values
    network: Values
    gateway: GatewayPlan
    steps: tuple[Step, ...]
