"""A modem family as data: what it is called, how it answers, what it can store. Read from personalities/*.toml.

A file names only what differs from generic.toml; unknown keys are refused so that a slip of the pen is seen.
"""

import tomllib
from dataclasses import dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import Any

from simulator.errors import Unknown

FOLDER = Path(__file__).parent / "personalities"


@dataclass(frozen=True, slots=True)
class Personality:
    """One family. Every field can stand in its file under the same name; see generic.toml for their meaning."""

    name: str = ""
    title: str = ""
    provenance: tuple[str, ...] = ()

    manufacturer: str = ""
    model: str = ""
    revision: str = ""
    ati: tuple[str, ...] = ()
    tac: str = ""
    imei_line: str = "{imei}"

    boot: tuple[tuple[float, str], ...] = ()
    boot_unlocked: tuple[tuple[float, str], ...] = ()
    sim_ready_after: float = 0.0
    busy_after_reset: int = 0
    sim_out_urcs: tuple[str, ...] = ()

    iccid: dict[str, str] = field(default_factory=dict)
    pin_counter: dict[str, str] = field(default_factory=dict)
    cpin_without_ok: bool = False

    unknown_command: str = "ERROR"
    escape_answers_ok: bool = True
    length_error: int = 304

    cnmi: tuple[tuple[int, ...], ...] = ()
    cnmi_test: str = ""
    cnmi_default: tuple[int, ...] = (0, 0, 0, 0, 0)
    services: tuple[int, ...] = (0, 1)
    cscs: tuple[str, ...] = ()
    cscs_default: str = "GSM"
    stores: dict[str, int] = field(default_factory=dict)
    cpms: tuple[tuple[str, ...], ...] = ()
    cpms_test: str = ""
    cpms_default: tuple[str, ...] = ()
    index_base: int = 1
    report_store: str = "SM"
    report_announced_as: str = ""
    empty_slot: str = "OK"
    cmgd_test: str = "used"
    full_urc: str = ""
    list_line: str = "+CMGL: {index},{status},,{length}"
    read_line: str = "+CMGR: {status},,{length}"
    ack_seconds: float = 17.0

    creg_format: str = '"{lac}","{cell}"'
    radio_technology: int | None = None
    signal_urc: str = ""
    ussd: str = "text"
    clac: str = "lines"
    refuses: tuple[str, ...] = ()
    answers: dict[str, tuple[str, ...]] = field(default_factory=dict)


_KNOWN = {each.name for each in fields(Personality)}
# Tables of these names are laid over those of generic.toml key by key; everything else replaces.
_MERGED = ("answers",)


def names() -> list[str]:
    """All families there are files for."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


@cache
def load(name: str) -> Personality:
    """The family called `name`. Raises Unknown with the known names when there is none."""
    path = FOLDER / f"{name}.toml"
    if not path.is_file():
        raise Unknown(f"no family {name!r}; there are: {', '.join(names())}")
    values = _read(FOLDER / "generic.toml")
    own = _read(path)
    for key in _MERGED:
        own[key] = values.get(key, {}) | own.get(key, {})
    values |= own
    if strangers := set(values) - _KNOWN:
        raise Unknown(f"{path.name}: unknown keys {sorted(strangers)}")
    return Personality(**{key: _frozen(value) for key, value in values.items()} | {"name": name})


def _read(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _frozen(value: Any) -> Any:
    """Lists of a file become tuples, at every depth."""
    if isinstance(value, list):
        return tuple(_frozen(each) for each in value)
    if isinstance(value, dict):
        return {key: _frozen(each) for key, each in value.items()}
    return value
