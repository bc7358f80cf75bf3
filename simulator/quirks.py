"""Habits that only some firmware of a family has, by name: values laid over a personality. The list is
personalities/quirks.toml."""

import tomllib
from dataclasses import dataclass
from typing import Any

from simulator.errors import Unknown
from simulator.personality import FOLDER, QUIRKS, Personality, laid_over

FILE = FOLDER / f"{QUIRKS}.toml"


@dataclass(frozen=True, slots=True)
class Quirk:
    """A sentence for people, the rows of the device reference it stands for, and what it changes."""

    sentence: str
    rows: tuple[int, ...]
    changes: dict[str, Any]


def _read() -> dict[str, Quirk]:
    listed = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return {name: Quirk(entry["sentence"], tuple(entry["rows"]), entry["set"]) for name, entry in listed.items()}


LIST = _read()


def given(family: Personality, name: str) -> Personality:
    """A family with one more habit. Raises Unknown with the known ones."""
    if name not in LIST:
        raise Unknown(f"no quirk {name!r}; there are: {', '.join(LIST)}")
    return laid_over(family, LIST[name].changes)
