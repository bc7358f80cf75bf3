"""The file to records: which tables there are, which settings each of them has, and what is missing or unknown.

Reads the files that a setting names for a secret or a certificate, no other.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, fields, replace
from pathlib import Path
from typing import Any, TypeVar

from gateway.errors import BadSetting
from gateway.settings import hardware, sections
from gateway.settings.beside import wrong_besides
from gateway.settings.door import DoorsSettings
from gateway.settings.spelling import nearest
from gateway.settings.values import entry
from gateway.settings.whole import Settings

Section = TypeVar("Section")
_ONCE: dict[str, type[Any]] = {
    "http": sections.HttpSettings,
    "store": sections.StoreSettings,
    "numbers": sections.NumbersSettings,
    "sending": sections.SendingSettings,
    "receiving": sections.ReceivingSettings,
    "forwarding": sections.ForwardingSettings,
    "doors": DoorsSettings,
    "smpp": sections.SmppSettings,
}
_REPEATED: dict[str, type[Any]] = {
    "modem": hardware.ModemSettings,
    "dinstar": hardware.DinstarSettings,
    "tariff": hardware.TariffSettings,
    "pool": hardware.PoolSettings,
}


# For what a wrong table lacks.
_STAND_INS: dict[str, Any] = {"port": "", "url": "", "channels": (), "prices": {}}


def load(path: str | Path) -> Settings:
    """Read the file at `path`. Raises BadSetting for the first thing that is wrong with it, be it that it cannot be read."""
    return _sound(*examine(path))


def parse(text: str, base_dir: str | Path) -> Settings:
    """Turn the text of a configuration file into Settings. Relative file names in it belong to `base_dir`."""
    return _sound(*_read(text, Path(base_dir)))


def examine(path: str | Path) -> tuple[Settings | None, list[BadSetting]]:
    """The settings of the file at `path`, or else everything that is wrong with it.

    How tables fit together is looked at as far as it is certain while some of them are wrong by themselves.
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
    document = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    tables = [(name, kind, document.get(name, {})) for name, kind in _ONCE.items()]
    tables += [(f"{name}[{n}]", kind, one) for name, kind in _REPEATED.items() for n, one in enumerate(document.get(name, []), 1)]
    return [
        (f"{where}.{setting.name}_file", base / table[f"{setting.name}_file"])
        for where, kind, table in tables
        for setting in fields(kind)
        if setting.metadata.get("secret") and f"{setting.name}_file" in table
    ]


def _sound(settings: Settings | None, faults: list[BadSetting]) -> Settings:
    if settings is None:
        raise faults[0]
    return settings


def _remedy(fault: tomllib.TOMLDecodeError) -> str:
    if "\\" in str(fault):
        return "write patterns between single quotes, as '\\+49.*'"
    return "correct that line; texts stand between quotes" if "Invalid value" in str(fault) else "correct that line"


def _read(text: str, base: Path) -> tuple[Settings | None, list[BadSetting]]:
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        return None, [BadSetting("configuration", f"is not TOML: {fault}", _remedy(fault))]
    faults = list(_wrong_tables(document))
    tables = {name: value for name, value in document.items() if name not in {fault.field for fault in faults}}
    once: dict[str, Any] = {name: _section(kind, tables.get(name, {}), name, base, faults) for name, kind in _ONCE.items()}
    repeated: dict[str, Any] = {
        f"{name}s": tuple(_section(kind, table, f"{name}[{n}]", base, faults) for n, table in enumerate(tables.get(name, []), 1))
        for name, kind in _REPEATED.items()
    }
    named = tables.keys() == document.keys() and None not in [table for found in repeated.values() for table in found]
    if not named:
        return None, faults
    once["store"] = replace(once["store"], path=str(base / once["store"].path))
    repeated["dinstars"] = tuple(replace(box, url=box.url.rstrip("/")) for box in repeated["dinstars"])
    settings = Settings(**once, **repeated)
    faults += wrong_besides(settings, faults)
    return (None if faults else settings), faults


def _wrong_tables(document: Mapping[str, Any]) -> Iterator[BadSetting]:
    for name, value in document.items():
        if name not in (*_ONCE, *_REPEATED):
            yield BadSetting(name, "is not a table of this file", nearest(name, (*_ONCE, *_REPEATED)))
        elif name in _REPEATED and not (isinstance(value, list) and all(isinstance(one, dict) for one in value)):
            yield BadSetting(name, "may be given several times", f"write [[{name}]], with two brackets")
        elif name in _ONCE and not isinstance(value, dict):
            yield BadSetting(name, "is given once", f"write [{name}], with one bracket")


def _section(
    kind: type[Section], table: Mapping[str, Any], path: str, base: Path, faults: list[BadSetting]
) -> Section | None:
    """The record of one table. Its faults are added to `faults`; it holds what could be read then, and is None where it has no
    name, or a box no ports: nobody knows which channels there are.
    """
    known = {setting.name: setting for setting in fields(kind)}  # type: ignore[arg-type]
    values: dict[str, Any] = {}
    found: list[BadSetting] = []
    for key, value in table.items():
        name = key if key in known else key.removesuffix("_file")
        try:
            values[name] = entry(known, table, key, value, path, base)
        except BadSetting as fault:
            found.append(fault)
    given = {*table, *(key.removesuffix("_file") for key in table)}
    for name, setting in known.items():
        if name not in given and _required(setting):
            found.append(BadSetting(f"{path}.{name}", "is missing", setting.metadata.get("remedy", f"add {name} = …")))
    faults += found
    stand_ins = {name: value for name, value in _STAND_INS.items() if name in known}
    nameless = "name" in known and "name" not in values
    return None if nameless or ("ports" in table and "ports" not in values) else kind(**{**stand_ins, **values})


def _required(setting: Field[Any]) -> bool:
    return bool(setting.metadata.get("required")) or (setting.default is MISSING and setting.default_factory is MISSING)
