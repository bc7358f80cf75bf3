"""The configuration file: one TOML, owned by a technician, made frozen records or refused with key, value, remedy.

What people change daily (keys, webhooks) is not here but in the database. Reads files named by `*_file`, no other.
Repeated tables are counted from 1, as a person counts them: `modem[2].port` is the port of the second [[modem]].
"""

from __future__ import annotations

import difflib
import ipaddress
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar

import phonenumbers

from gateway.errors import BadSetting

# The names of the profiles in `modem.profiles` (a test compares them): a file that names another family is refused
# here, before a port is opened.
FAMILIES = ("auto", "generic", "wavecom", "sim800", "simcom-lte", "quectel-m", "quectel-ec2x", "huawei", "siemens")
STRATEGIES = ("rotate",)

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
_AMOUNT = r"(?P<amount>[0-9]+([.,][0-9]{3})*[.,][0-9]+)"


def _range(low: float, high: float) -> dict[str, Any]:
    return {"low": low, "high": high}


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
    country: str = field(default="DE", metadata={"choices": tuple(sorted(phonenumbers.SUPPORTED_REGIONS))})


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
    baud: int = field(default=115200, metadata=_range(300, 4_000_000))
    family: str = field(default="auto", metadata={"choices": FAMILIES})
    smsc: str = field(default="", metadata=_form(_NUMBER))
    sweep_s: float = field(default=120.0, metadata=_range(1, 86_400))  # all storages are read and CNMI is armed again
    status_s: float = field(default=60.0, metadata=_range(1, 86_400))  # how often signal and registration are asked
    hang_up: bool = True  # refuse voice calls at once; on many modems a ringing one holds up texts
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
    """Read the file at `path`. Raises BadSetting for whatever is wrong with it, including that it cannot be read."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as fault:
        raise BadSetting(str(path), f"cannot be read: {fault.strerror}", "give the right file and rights") from fault
    except UnicodeDecodeError as fault:
        raise BadSetting(str(path), f"is not UTF-8 at octet {fault.start}", "save it as UTF-8") from fault
    return parse(text, Path(path).absolute().parent)


def parse(text: str, base_dir: str | Path) -> Settings:
    """Turn the text of a configuration file into Settings. Relative file names in it belong to `base_dir`."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        raise BadSetting("configuration", f"is not TOML: {fault}", "correct that line") from fault
    base = Path(base_dir)
    _check_tables(document)
    sections = {name: _section(kind, document.get(name, {}), name, base) for name, kind in _SECTIONS.items()}
    sections["store"] = StoreSettings(**{**_as_dict(sections["store"]), "path": str(base / sections["store"].path)})
    modems = tuple(_section(ModemSettings, t, f"modem[{n}]", base) for n, t in enumerate(document.get("modem", []), 1))
    pools = tuple(_section(PoolSettings, t, f"pool[{n}]", base) for n, t in enumerate(document.get("pool", []), 1))
    settings = Settings(**sections, modems=modems, pools=pools)
    _check_together(settings)
    return settings


def _check_tables(document: Mapping[str, Any]) -> None:
    for name, value in document.items():
        if name == "dinstar":
            raise BadSetting("dinstar", "Dinstar boxes are not supported by this version", "remove those tables")
        if name not in (*_SECTIONS, *_LISTS):
            raise BadSetting(name, "is not a table of this file", _nearest(name, (*_SECTIONS, *_LISTS)))
        if name in _LISTS and not (isinstance(value, list) and all(isinstance(entry, dict) for entry in value)):
            raise BadSetting(name, "may be given several times", f"write [[{name}]], with two brackets")
        if name in _SECTIONS and not isinstance(value, dict):
            raise BadSetting(name, "is given once", f"write [{name}], with one bracket")


def _section(kind: type[Section], table: Mapping[str, Any], path: str, base: Path) -> Section:
    known = {entry.name: entry for entry in fields(kind)}  # type: ignore[arg-type]
    accepted = [*known, *(f"{name}_file" for name, entry in known.items() if entry.metadata.get("secret"))]
    values: dict[str, Any] = {}
    for key, value in table.items():
        where = f"{path}.{key}"
        if key not in accepted:
            # A misspelt `pin` still holds a PIN.
            nearest = _nearest(key, accepted)
            shown = "" if "pin" in nearest else f" (its value is {value!r})"
            raise BadSetting(where, f"is not a setting{shown}", nearest)
        if key in known:
            values[key] = _value(known[key], value, where)
            continue
        name = key.removesuffix("_file")
        if name in table:
            raise BadSetting(where, f"is given beside {name}", "keep one of the two")
        values[name] = _value(known[name], _secret(value, where, base), where)
    for name, entry in known.items():
        if name not in values and entry.default is MISSING and entry.default_factory is MISSING:
            raise BadSetting(f"{path}.{name}", "is missing", entry.metadata.get("remedy", f"add {name} = …"))
    return kind(**values)


def _secret(value: Any, where: str, base: Path) -> str:
    if not isinstance(value, str) or not value:
        raise BadSetting(where, f"{value!r} is not a file name", "write it in quotes")
    file = base / value
    try:
        return file.read_text(encoding="utf-8").strip()
    except OSError as fault:
        raise BadSetting(where, f"{file} cannot be read: {fault.strerror}", "correct its name or its rights") from fault
    except UnicodeDecodeError as fault:
        raise BadSetting(where, f"{file} is not a text file", "it holds the secret alone, on one line") from fault


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
        raise BadSetting(where, f"{shown} is out of range", f"give {limits['low']:g} to {limits['high']:g}")
    if "choices" in limits and value not in limits["choices"]:
        raise BadSetting(where, f"{shown} is not known", _nearest(value, limits["choices"]))
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


def _check_address(where: str, host: str, port: str) -> None:
    if int(port) > 65535:
        raise BadSetting(where, f"{port} is not a TCP port", "ports end at 65535")
    if host.startswith("[") or host.replace(".", "").isdigit():
        try:
            ipaddress.ip_address(host.strip("[]"))
        except ValueError as fault:
            raise BadSetting(where, f"{host!r} is not an address", "correct the address, or write a name") from fault


def _check_together(settings: Settings) -> None:
    _check_address("http.listen", *settings.http.listen.rsplit(":", 1))
    for n, modem in enumerate(settings.modems, 1):
        if "://" in modem.port:
            _check_address(f"modem[{n}].port", *modem.port.partition("://")[2].rsplit(":", 1))
        _check_care(f"modem[{n}]", modem)
    _refuse_twice("modem", "name", (modem.name for modem in settings.modems), "each channel needs a name of its own")
    _refuse_twice("modem", "port", (modem.port for modem in settings.modems), "each port can be driven once")
    _refuse_twice("pool", "name", (pool.name for pool in settings.pools), "each pool needs a name of its own")
    names = [modem.name for modem in settings.modems]
    for n, pool in enumerate(settings.pools, 1):
        for channel in pool.channels:
            if channel not in names:
                raise BadSetting(f"pool[{n}].channels", f"{channel!r} is not a channel", _nearest(channel, names))
        _refuse_twice(f"pool[{n}]", "channels", pool.channels, "name each channel once", numbered=False)
    if settings.sending.retry_first_s > settings.sending.retry_longest_s:
        raise BadSetting(
            "sending.retry_first_s",
            f"{settings.sending.retry_first_s:g} is longer than retry_longest_s = {settings.sending.retry_longest_s:g}",
            "the first pause is the shortest",
        )


def _check_care(where: str, modem: ModemSettings) -> None:
    remedy = f"write a regular expression with one group named amount, such as '{_AMOUNT}'"
    try:
        pattern = re.compile(modem.balance_pattern)
    except re.error as fault:
        raise BadSetting(f"{where}.balance_pattern", f"{modem.balance_pattern!r} is no pattern: {fault}", remedy) from fault
    if "amount" not in pattern.groupindex:
        raise BadSetting(f"{where}.balance_pattern", f"{modem.balance_pattern!r} has no group named amount", remedy)
    if modem.balance_text and modem.balance_ussd:
        raise BadSetting(f"{where}.balance_text", f"{modem.balance_text!r} is given beside balance_ussd", "keep one of the two")
    if modem.balance_text and not modem.balance_from:
        raise BadSetting(
            f"{where}.balance_from", f"is missing: balance_text = {modem.balance_text!r} goes there", "name who answers it"
        )
    if modem.keep_alive_days and not modem.keep_alive_to:
        raise BadSetting(
            f"{where}.keep_alive_to", f"is missing: keep_alive_days = {modem.keep_alive_days}", "name a number that may be texted"
        )


def _refuse_twice(table: str, key: str, values: Iterable[str], remedy: str, *, numbered: bool = True) -> None:
    seen: dict[str, int] = {}
    for n, value in enumerate(values, 1):
        if value in seen:
            place = f"{table}[{n}].{key}" if numbered else f"{table}.{key}"
            before = f", as in {table}[{seen[value]}]" if numbered else ""
            raise BadSetting(place, f"{value!r} is used twice{before}", remedy)
        seen[value] = n


def _nearest(wrong: str, right: Iterable[str]) -> str:
    choices = sorted(right)
    close = difflib.get_close_matches(str(wrong).lower(), choices, n=1, cutoff=0.5)
    exact = [choice for choice in choices if choice.lower() == str(wrong).lower()]
    if exact or close:
        return f"did you mean {(exact or close)[0]!r}?"
    if not choices:
        return "none is configured"
    return "known are " + ", ".join(choices[:20]) + (" …" if len(choices) > 20 else "")


def _as_dict(section: Any) -> dict[str, Any]:
    return {entry.name: getattr(section, entry.name) for entry in fields(section)}
