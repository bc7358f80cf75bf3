"""A modem family as data: what it is called, how it answers, what it can store. Read from personalities/*.toml.

A file names only what differs from the family it is `like` (generic.toml when it names none); unknown keys are refused
so that a slip of the pen is seen.
"""

import tomllib
from dataclasses import dataclass, field, fields, replace
from functools import cache
from pathlib import Path
from typing import Any

from simulator.errors import Unknown

FOLDER = Path(__file__).parent / "personalities"
# The one file there that is no family: habits that can be laid over any.
QUIRKS = "quirks"


Span = tuple[float, ...]


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

    # Start, power and SIM.
    boot: tuple[tuple[float, str], ...] = ()
    boot_unlocked: tuple[tuple[float, str], ...] = ()
    autobaud: bool = False
    deaf_after_start: float = 0.0
    radio_at_start: int = 1
    radio_on_takes: float = 0.0
    sim_ready_after: float = 0.0
    sim_needed_at_start: bool = False
    sim_needs_radio: bool = False
    texts_ready_after: float = 0.0
    texts_not_ready: int = 314
    busy_after_reset: int = 0
    busy_after_pin: int = 0
    fragile_after_pin: float = 0.0
    sim_out_urcs: tuple[str, ...] = ()
    sim_in_urcs: tuple[str, ...] = ()
    cfun: tuple[int, ...] = (0, 1, 4)
    cfun_4_needs_sim: bool = False
    restarts: tuple[str, ...] = ()
    switches_off: dict[str, str] = field(default_factory=dict)
    power_words: tuple[str, ...] = ()

    iccid: dict[str, str] = field(default_factory=dict)
    pin_counter: dict[str, str] = field(default_factory=dict)

    # How commands are taken and answered.
    unknown_command: str = "ERROR"
    without_ok: tuple[str, ...] = ()
    escape_answers_ok: bool = True
    length_error: int = 304
    echo_twice: bool = False
    blank_before_pdu: bool = False
    blank_before_final: bool = False
    guard_seconds: float = 0.0
    sleeps_after: float = 0.0
    input_rate: float = 0.0
    input_burst: int = 0
    crashes_on: tuple[str, ...] = ()
    deaf_while_searching: bool = False
    cops_0_hangs: bool = False
    prompt_ends: tuple[float, ...] = ()
    times: dict[str, Span] = field(default_factory=dict)

    # Settings of messages, and where they lie.
    cnmi: tuple[tuple[int, ...], ...] = ()
    cnmi_test: str = ""
    cnmi_default: tuple[int, ...] = (0, 0, 0, 0, 0)
    cnmi_refuses: tuple[str, ...] = ()
    services: tuple[int, ...] = (0, 1)
    more_messages: tuple[int, ...] = (0, 1, 2)
    cscs: tuple[str, ...] = ()
    cscs_default: str = "GSM"
    csmp_clears_centre: bool = False
    stores: dict[str, int] = field(default_factory=dict)
    cpms: tuple[tuple[str, ...], ...] = ()
    cpms_test: str = ""
    cpms_default: tuple[str, ...] = ()
    cpms_cycle: tuple[str, ...] = ()
    index_base: int = 1
    dummy_records: int = 0
    keeps_centre: bool = True
    text_announced_as: str = ""
    report_store: str = "SM"
    report_announced_as: str = ""
    report_prefix: str = ""
    empty_slot: str = "OK"
    first_list_empty: bool = False
    cmgd_test: str = "used"
    deletes_whole_texts: bool = False
    push_blocks: bool = False
    full_urc: str = ""
    list_line: str = "+CMGL: {index},{status},,{length}"
    read_line: str = "+CMGR: {status},,{length}"
    report_line: str = "+CDS: {length}"
    full_year: bool = False
    longest_ucs2_text: int = 0
    ack_seconds: float = 17.0
    texts_ackable: bool = True
    reports_ackable: bool = True
    collision_error: int = 0

    # Network, calls, USSD, chatter.
    creg_format: str = '"{lac}","{cell}"'
    creg_nowhere: str = ""
    creg_head: str = "+{name}: "
    circuit_domain: bool = True
    radio_technology: int | None = None
    signal_urc: str = ""
    call_urcs: tuple[str, ...] = ()
    calls_block_texts: bool = False
    ussd: str = "text"
    ussd_dcs: int = -1
    ussd_charset: str = ""
    ussd_mode_first: bool = False
    ussd_manner: str = ""
    chatter: tuple[tuple[float, str], ...] = ()
    flood: tuple[Any, ...] = ()

    # Wires of a composite modem besides the one for commands.
    composite: tuple[str, ...] = ("news",)
    news_to_at: tuple[str, ...] = ()
    news_aside: tuple[str, ...] = ()

    clac: str = "lines"
    refuses: tuple[str, ...] = ()
    answers: dict[str, tuple[str, ...]] = field(default_factory=dict)


_KNOWN = {each.name for each in fields(Personality)}
# Tables of these names are laid over those of the family they build on, key by key; everything else replaces.
_MERGED = ("answers", "times")


def names() -> list[str]:
    """All families there are files for."""
    return sorted(path.stem for path in FOLDER.glob("*.toml") if path.stem != QUIRKS)


@cache
def load(name: str) -> Personality:
    """The family called `name`. Raises Unknown with the known names when there is none."""
    if name not in names():
        raise Unknown(f"no family {name!r}; there are: {', '.join(names())}")
    values = _values(name)
    if strangers := set(values) - _KNOWN:
        raise Unknown(f"{_path(name).name}: unknown keys {sorted(strangers)}")
    return Personality(**{key: _frozen(value) for key, value in values.items()} | {"name": name})


def laid_over(family: Personality, changes: dict[str, Any]) -> Personality:
    """The family with other values in some fields; refused commands and fixed answers come on top of its own."""
    changes = {key: _frozen(value) for key, value in changes.items()}
    if "refuses" in changes:
        changes["refuses"] = family.refuses + changes["refuses"]
    for key in _MERGED:
        if key in changes:
            changes[key] = getattr(family, key) | changes[key]
    return replace(family, **changes)


def _path(name: str) -> Path:
    return FOLDER / f"{name}.toml"


def _values(name: str) -> dict[str, Any]:
    """What a file says, over the family it is `like`, which is generic when it names none."""
    own = tomllib.loads(_path(name).read_text(encoding="utf-8"))
    if name == "generic":
        return own
    values = _values(own.pop("like", "generic"))
    for key in _MERGED:
        own[key] = values.get(key, {}) | own.get(key, {})
    return values | own


def _frozen(value: Any) -> Any:
    """Lists of a file become tuples, at every depth."""
    if isinstance(value, list):
        return tuple(_frozen(each) for each in value)
    if isinstance(value, dict):
        return {key: _frozen(each) for key, each in value.items()}
    return value
