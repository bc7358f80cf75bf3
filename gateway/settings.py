"""The configuration file: one TOML, owned by a technician, made frozen records or refused with key, value, remedy.

What people change daily (keys, webhooks) is not here but in the database. Reads files named by `*_file`, no other; of the
devices named by `port` it looks where their names lead.
Repeated tables are counted from 1, as a person counts them: `modem[2].port` is the port of the second [[modem]].
"""

from __future__ import annotations

import difflib
import ipaddress
import os
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, TypeVar

import phonenumbers

from gateway.errors import BadSetting

# The names of the profiles in `modem.profiles` (a test compares them): a file that names another family is refused
# here, before a port is opened.
FAMILIES = (
    "auto", "generic", "wavecom", "sim800", "simcom-lte", "quectel-m", "quectel-ec2x", "huawei", "siemens",
    "telit", "zte", "ublox",
)  # fmt: skip
STRATEGIES = ("rotate",)
# What serial drivers of Linux can be set to.
SPEEDS = (
    *(1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200, 230400, 460800, 500000, 576000, 921600),
    *(1000000, 1152000, 1500000, 2000000, 2500000, 3000000, 3500000, 4000000),
)

_LISTEN = (r"(\[[0-9A-Fa-f:.%]+\]|[A-Za-z0-9.-]+):[0-9]{1,5}", 'write it as "127.0.0.1:8080" or "[::1]:8080"')
_NAME = (r"[A-Za-z0-9][A-Za-z0-9_.-]{0,31}", "use up to 32 letters, digits, '_', '.' or '-', not beginning with a sign")
_PORT = (
    r"/.+|(socket|rfc2217)://(\[[0-9A-Fa-f:.]+\]|[^/:\s]+):[0-9]{1,5}",
    'write a device such as "/dev/ttyUSB0", or "socket://host:port", or "rfc2217://host:port"',
)
_NUMBER = (r"\+[1-9][0-9]{6,14}", "write it as +4915112345678")
_PIN = (r"[0-9]{4,8}", "a PIN has 4 to 8 digits, and is written in quotes")
_SERVICE_CODE = (r"[0-9*#+]{0,160}", 'write the code as it is dialled, such as "*100#"')
_SENDER = (r"(\S(.{0,18}\S)?)?", "write it as texts from it show it: a number such as +4915112345678, a short code or a name")
_RECIPIENT = (r"(\+[1-9][0-9]{6,14}|[0-9]{2,6})?", "write it as +4915112345678, or a short code")
_COUNTRY_REMEDY = "give the two letters of the country, such as DE"
_SPEED_REMEDY = "usual are 9600, 19200, 57600, 115200, 230400, 460800 and 921600"
_PIN_FILE_REMEDY = "it holds the PIN alone, 4 to 8 digits, on one line"
_AMOUNT = r"(?P<amount>[0-9]+([.,][0-9]{3})*[.,][0-9]+)"


def _range(low: float, high: float) -> dict[str, Any]:
    return {"low": low, "high": high}


def _choice(choices: tuple[Any, ...], remedy: str) -> dict[str, Any]:
    return {"choices": choices, "remedy": remedy}


def _form(form: tuple[str, str], *, secret: bool = False) -> dict[str, Any]:
    return {"pattern": re.compile(form[0]), "remedy": form[1], "secret": secret}


@dataclass(frozen=True, slots=True)
class HttpSettings:
    listen: str = field(default="127.0.0.1:8080", metadata=_form(_LISTEN))
    threads: int = field(default=8, metadata=_range(1, 64))

    @property
    def host(self) -> str:
        return self.listen.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        return int(self.listen.rpartition(":")[2])


@dataclass(frozen=True, slots=True)
class StoreSettings:
    path: str = field(default="/var/lib/simrack/simrack.db", metadata=_form((r".+", "name the database file")))
    backups: int = field(default=3, metadata=_range(0, 100))  # copies kept from before migrations
    reserve_mb: int = field(default=50, metadata=_range(0, 1_000_000))  # free disk below which nothing more is accepted


@dataclass(frozen=True, slots=True)
class NumbersSettings:
    country: str = field(default="DE", metadata=_choice(tuple(sorted(phonenumbers.SUPPORTED_REGIONS)), _COUNTRY_REMEDY))


@dataclass(frozen=True, slots=True)
class SendingSettings:
    # the first pause after a refusal that says later; doubles each time
    retry_first_s: float = field(default=30.0, metadata=_range(0.01, 86_400))
    retry_longest_s: float = field(default=1800.0, metadata=_range(0.01, 86_400))
    retry_tries: int = field(default=8, metadata=_range(1, 1000))
    # how long an unknown outcome waits for a late answer or a report before it is sent again
    unknown_wait_s: float = field(default=600.0, metadata=_range(0.01, 604_800))
    expire_after_hours: float = field(default=72.0, metadata=_range(0.01, 8760))  # for messages that name no expires_at
    national_tables: bool = False  # use national language shift tables where they save parts
    max_parts: int = field(default=10, metadata=_range(1, 255))


@dataclass(frozen=True, slots=True)
class ReceivingSettings:
    # parts of a long text are handed on flagged incomplete after this
    incomplete_after_hours: float = field(default=24.0, metadata=_range(0.0001, 8760))


@dataclass(frozen=True, slots=True)
class ForwardingSettings:
    give_up_after_hours: float = field(default=72.0, metadata=_range(0.001, 8760))
    timeout_s: float = field(default=15.0, metadata=_range(0.1, 300))
    first_retry_s: float = field(default=5.0, metadata=_range(0.01, 86_400))


@dataclass(frozen=True, slots=True)
class ModemSettings:
    name: str = field(metadata=_form(_NAME))
    port: str = field(metadata=_form(_PORT))
    number: str = field(default="", metadata=_form(_NUMBER))
    pin: str = field(default="", repr=False, metadata=_form(_PIN, secret=True))
    baud: int = field(default=115200, metadata=_choice(SPEEDS, _SPEED_REMEDY))
    family: str = field(default="auto", metadata={"choices": FAMILIES})
    smsc: str = field(default="", metadata=_form(_NUMBER))
    sweep_s: float = field(default=120.0, metadata=_range(1, 86_400))  # all storages are read and CNMI is armed again
    status_s: float = field(default=60.0, metadata=_range(1, 86_400))  # how often signal and registration are asked
    hang_up: bool = True  # refuse voice calls at once; on many modems a ringing one holds up texts
    # switches a modem that nothing else revives off and on: "uhubctl -l 1-1 -p 2 -a cycle"; run without a shell
    power_command: str = ""
    # the account of the SIM: asked by service code or by text, or told in texts of `balance_from`
    balance_ussd: str = field(default="", metadata=_form(_SERVICE_CODE))
    balance_text: str = field(default="", metadata=_form((r".{0,160}", "give up to 160 characters")))
    balance_from: str = field(default="", metadata=_form(_SENDER))
    balance_pattern: str = _AMOUNT
    balance_every_hours: float = field(default=24.0, metadata=_range(0.01, 8760))
    balance_warn_below: float = field(default=0.0, metadata=_range(0, 1e9))
    # a text of this SIM at least every so many days, for operators that end SIMs which send nothing; 0 is never
    keep_alive_days: int = field(default=0, metadata=_range(0, 365))
    keep_alive_to: str = field(default="", metadata=_form(_RECIPIENT))


@dataclass(frozen=True, slots=True)
class PoolSettings:
    name: str = field(metadata=_form(_NAME))
    channels: tuple[str, ...]
    strategy: str = field(default="rotate", metadata={"choices": STRATEGIES})


@dataclass(frozen=True, slots=True)
class Settings:
    http: HttpSettings = field(default_factory=HttpSettings)
    store: StoreSettings = field(default_factory=StoreSettings)
    numbers: NumbersSettings = field(default_factory=NumbersSettings)
    sending: SendingSettings = field(default_factory=SendingSettings)
    receiving: ReceivingSettings = field(default_factory=ReceivingSettings)
    forwarding: ForwardingSettings = field(default_factory=ForwardingSettings)
    modems: tuple[ModemSettings, ...] = ()
    pools: tuple[PoolSettings, ...] = ()


Section = TypeVar("Section")
_SECTIONS: dict[str, type[Any]] = {
    "http": HttpSettings,
    "store": StoreSettings,
    "numbers": NumbersSettings,
    "sending": SendingSettings,
    "receiving": ReceivingSettings,
    "forwarding": ForwardingSettings,
}
_LISTS = ("modem", "pool")


def load(path: str | Path) -> Settings:
    """Read the file at `path`. Raises BadSetting for the first thing that is wrong with it, be it that it cannot be read."""
    return _sound(*examine(path))


def parse(text: str, base_dir: str | Path) -> Settings:
    """Turn the text of a configuration file into Settings. Relative file names in it belong to `base_dir`."""
    return _sound(*_read(text, Path(base_dir)))


def examine(path: str | Path) -> tuple[Settings | None, list[BadSetting]]:
    """The settings of the file at `path`, or else everything that is wrong with it.

    How tables fit together is looked at once every table is sound by itself.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as fault:
        return None, [BadSetting(str(path), f"cannot be read: {fault.strerror}", "give the right file and rights")]
    except UnicodeDecodeError as fault:
        return None, [BadSetting(str(path), f"is not UTF-8 at octet {fault.start}", "save it as UTF-8")]
    return _read(text, Path(path).absolute().parent)


def secret_files(path: str | Path) -> list[tuple[str, Path]]:
    """The files from which the sound configuration at `path` takes secrets, each with the key that names it."""
    base = Path(path).absolute().parent
    modems = tomllib.loads(Path(path).read_text(encoding="utf-8")).get("modem", [])
    return [
        (f"modem[{n}].{key}", base / value)
        for n, table in enumerate(modems, 1)
        for key, value in table.items()
        if key.endswith("_file")
    ]


def _sound(settings: Settings | None, faults: list[BadSetting]) -> Settings:
    if settings is None:
        raise faults[0]
    return settings


def _read(text: str, base: Path) -> tuple[Settings | None, list[BadSetting]]:
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        return None, [BadSetting("configuration", f"is not TOML: {fault}", "correct that line")]
    faults = list(_wrong_tables(document))
    tables = {name: value for name, value in document.items() if name not in {fault.field for fault in faults}}
    sections: dict[str, Any] = {
        name: _section(kind, tables.get(name, {}), name, base, faults) for name, kind in _SECTIONS.items()
    }
    modems = [_section(ModemSettings, t, f"modem[{n}]", base, faults) for n, t in enumerate(tables.get("modem", []), 1)]
    pools = [_section(PoolSettings, t, f"pool[{n}]", base, faults) for n, t in enumerate(tables.get("pool", []), 1)]
    if faults:
        return None, faults
    sections["store"] = replace(sections["store"], path=str(base / sections["store"].path))
    settings = Settings(**sections, modems=tuple(filter(None, modems)), pools=tuple(filter(None, pools)))
    faults = list(_contradictions(settings))
    return (None if faults else settings), faults


def _wrong_tables(document: Mapping[str, Any]) -> Iterator[BadSetting]:
    for name, value in document.items():
        if name == "dinstar":
            yield BadSetting("dinstar", "Dinstar boxes are not supported by this version", "remove those tables")
        elif name not in (*_SECTIONS, *_LISTS):
            yield BadSetting(name, "is not a table of this file", _nearest(name, (*_SECTIONS, *_LISTS)))
        elif name in _LISTS and not (isinstance(value, list) and all(isinstance(entry, dict) for entry in value)):
            yield BadSetting(name, "may be given several times", f"write [[{name}]], with two brackets")
        elif name in _SECTIONS and not isinstance(value, dict):
            yield BadSetting(name, "is given once", f"write [{name}], with one bracket")


def _section(
    kind: type[Section], table: Mapping[str, Any], path: str, base: Path, faults: list[BadSetting]
) -> Section | None:
    """The record of one table; None when it has faults, which are added to `faults`."""
    known = {entry.name: entry for entry in fields(kind)}  # type: ignore[arg-type]
    values: dict[str, Any] = {}
    found: list[BadSetting] = []
    for key, value in table.items():
        name = key if key in known else key.removesuffix("_file")
        try:
            values[name] = _entry(known, table, key, value, path, base)
        except BadSetting as fault:
            found.append(fault)
    given = {*table, *(key.removesuffix("_file") for key in table)}
    for name, entry in known.items():
        if name not in given and entry.default is MISSING and entry.default_factory is MISSING:
            found.append(BadSetting(f"{path}.{name}", "is missing", entry.metadata.get("remedy", f"add {name} = …")))
    faults += found
    return None if found else kind(**values)


def _entry(known: Mapping[str, Field[Any]], table: Mapping[str, Any], key: str, value: Any, path: str, base: Path) -> Any:
    """The value that one line of a table gives."""
    where = f"{path}.{key}"
    if key in known:
        return _value(known[key], value, where)
    name = key.removesuffix("_file")
    if name == key or name not in known or not known[name].metadata.get("secret"):
        nearest = _nearest(key, [*known, *(f"{one}_file" for one, entry in known.items() if entry.metadata.get("secret"))])
        # A misspelt `pin` still holds a PIN.
        shown = "" if "pin" in nearest else f" (its value is {value!r})"
        raise BadSetting(where, f"is not a setting{shown}", nearest)
    if name in table:
        raise BadSetting(where, f"is given beside {name}", "keep one of the two")
    secret = _secret(value, where, base)
    if not known[name].metadata["pattern"].fullmatch(secret):
        raise BadSetting(where, f"{base / value} holds no PIN", _PIN_FILE_REMEDY)
    return secret


def _secret(value: Any, where: str, base: Path) -> str:
    if not isinstance(value, str) or not value:
        raise BadSetting(where, f"{value!r} is not a file name", "write it in quotes")
    file = base / value
    try:
        return file.read_text(encoding="utf-8").strip()
    except OSError as fault:
        raise BadSetting(where, f"{file} cannot be read: {fault.strerror}", "correct its name or its rights") from fault
    except UnicodeDecodeError as fault:
        raise BadSetting(where, f"{file} is not a text file", _PIN_FILE_REMEDY) from fault


def _value(entry: Field[Any], value: Any, where: str) -> Any:
    """Check one value against its field's type and limits."""
    limits = entry.metadata
    shown = "the given value" if limits.get("secret") else repr(value)
    if entry.type == "tuple[str, ...]":
        if not isinstance(value, list) or not value or not all(isinstance(one, str) for one in value):
            raise BadSetting(where, f"{shown} is not a list of names", 'write it as ["p0", "p1"]')
        return tuple(value)
    value = _typed(str(entry.type), value, where, shown)
    if "low" in limits and not limits["low"] <= value <= limits["high"]:
        raise BadSetting(where, f"{shown} is out of range", f"give {limits['low']:.12g} to {limits['high']:.12g}")
    if "choices" in limits and value not in limits["choices"]:
        raise BadSetting(where, f"{shown} is not known", _choose(value, limits["choices"], limits.get("remedy", "")))
    if "pattern" in limits and not limits["pattern"].fullmatch(value):
        raise BadSetting(where, f"{shown} is impossible", limits["remedy"])
    return value


def _typed(kind: str, value: Any, where: str, shown: str) -> Any:
    if kind == "float" and type(value) is int:
        return float(value)
    wanted: dict[str, tuple[type, str]] = {
        "str": (str, "text in quotes"),
        "int": (int, "a whole number"),
        "float": (float, "a number"),
        "bool": (bool, "true or false"),
    }
    if type(value) is not wanted[kind][0]:  # exactly: true is not the number 1
        raise BadSetting(where, f"{shown} has the wrong type", f"write {wanted[kind][1]}")
    return value


def _contradictions(settings: Settings) -> Iterator[BadSetting]:
    """What is wrong with values that are possible each by itself."""
    yield from _wrong_address("http.listen", *settings.http.listen.rsplit(":", 1))
    for n, modem in enumerate(settings.modems, 1):
        if "://" in modem.port:
            yield from _wrong_address(f"modem[{n}].port", *modem.port.partition("://")[2].rsplit(":", 1))
        yield from _wrong_care(f"modem[{n}]", modem)
    yield from _used_twice("modem", "name", (modem.name for modem in settings.modems), "each channel needs a name of its own")
    yield from _driven_twice(settings.modems)
    yield from _used_twice("pool", "name", (pool.name for pool in settings.pools), "each pool needs a name of its own")
    names = [modem.name for modem in settings.modems]
    for n, pool in enumerate(settings.pools, 1):
        for channel in pool.channels:
            if channel not in names:
                yield BadSetting(f"pool[{n}].channels", f"{channel!r} is not a channel", _nearest(channel, names))
        yield from _used_twice(f"pool[{n}]", "channels", pool.channels, "name each channel once", numbered=False)
    if settings.sending.retry_first_s > settings.sending.retry_longest_s:
        yield BadSetting(
            "sending.retry_first_s",
            f"{settings.sending.retry_first_s:g} is longer than retry_longest_s = {settings.sending.retry_longest_s:g}",
            "the first pause is the shortest",
        )


def _wrong_address(where: str, host: str, port: str) -> Iterator[BadSetting]:
    if int(port) > 65535:
        yield BadSetting(where, f"{port} is not a TCP port", "ports end at 65535")
    if host.startswith("[") or host.replace(".", "").isdigit():
        try:
            ipaddress.ip_address(host.strip("[]"))
        except ValueError:
            yield BadSetting(where, f"{host!r} is not an address", "correct the address, or write a name")


def _wrong_care(where: str, modem: ModemSettings) -> Iterator[BadSetting]:
    yield from _wrong_pattern(f"{where}.balance_pattern", modem.balance_pattern)
    if modem.balance_text and modem.balance_ussd:
        yield BadSetting(f"{where}.balance_text", f"{modem.balance_text!r} is given beside balance_ussd", "keep one of the two")
    if modem.balance_text and not modem.balance_from:
        yield BadSetting(
            f"{where}.balance_from", f"is missing: balance_text = {modem.balance_text!r} goes there", "name who answers it"
        )
    if modem.keep_alive_days and not modem.keep_alive_to:
        yield BadSetting(
            f"{where}.keep_alive_to", f"is missing: keep_alive_days = {modem.keep_alive_days}", "name a number that may be texted"
        )


def _wrong_pattern(where: str, written: str) -> Iterator[BadSetting]:
    remedy = f"write a regular expression with one group named amount, such as '{_AMOUNT}'"
    try:
        pattern = re.compile(written)
    except re.error as fault:
        yield BadSetting(where, f"{written!r} is no pattern: {fault}", remedy)
        return
    if "amount" not in pattern.groupindex:
        yield BadSetting(where, f"{written!r} has no group named amount", remedy)


def _used_twice(
    table: str, key: str, values: Iterable[str], remedy: str, *, numbered: bool = True
) -> Iterator[BadSetting]:
    seen: dict[str, int] = {}
    for n, value in enumerate(values, 1):
        if value in seen:
            place = f"{table}[{n}].{key}" if numbered else f"{table}.{key}"
            before = f", as in {table}[{seen[value]}]" if numbered else ""
            yield BadSetting(place, f"{value!r} is used twice{before}", remedy)
        else:
            seen[value] = n


def _driven_twice(modems: Iterable[ModemSettings]) -> Iterator[BadSetting]:
    """Ports that are one device, be it under two names."""
    seen: dict[str, tuple[int, str]] = {}
    for n, modem in enumerate(modems, 1):
        device = os.path.realpath(modem.port) if modem.port.startswith("/") and os.path.exists(modem.port) else modem.port
        if device in seen:
            before, written = seen[device]
            same = "used twice, as in" if written == modem.port else f"the same device as {written!r} of"
            yield BadSetting(f"modem[{n}].port", f"{modem.port!r} is {same} modem[{before}]", "each port can be driven once")
        else:
            seen[device] = (n, modem.port)


def _choose(wrong: Any, right: Iterable[Any], remedy: str) -> str:
    """For a value that is none of those on offer: `remedy`, where a list of them all would help nobody."""
    if not remedy:
        return _nearest(wrong, right)
    meant = [one for one in right if str(one).lower() == str(wrong).lower()]
    return f"did you mean {meant[0]!r}?" if meant else remedy


def _nearest(wrong: str, right: Iterable[str]) -> str:
    choices = sorted(right)
    close = difflib.get_close_matches(str(wrong).lower(), choices, n=1, cutoff=0.5)
    exact = [choice for choice in choices if choice.lower() == str(wrong).lower()]
    if exact or close:
        return f"did you mean {(exact or close)[0]!r}?"
    if not choices:
        return "none is configured"
    return "known are " + ", ".join(choices[:20]) + (" …" if len(choices) > 20 else "")
