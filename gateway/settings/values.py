"""One line of a table to one value: its type, its limits, and files that hold secrets or certificates."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import Field
from pathlib import Path
from typing import Any

from gateway.errors import BadSetting, BadValue
from gateway.settings.spelling import choose, nearest

_NAMES = '["p0", "p1"]'
_TYPES: dict[str, tuple[type, str]] = {
    "str": (str, "text in quotes"),
    "int": (int, "a whole number"),
    "float": (float, "a number"),
    "bool": (bool, "true or false"),
}


def entry(known: Mapping[str, Field[Any]], table: Mapping[str, Any], key: str, value: Any, path: str, base: Path) -> Any:
    """The value that one line of a table gives. Raises BadSetting."""
    where = f"{path}.{key}"
    if key in known:
        found = _value(known[key], value, where)
        if known[key].metadata.get("file"):
            return _existing(found, where, base)
        return _certificate(found, where, base) if known[key].metadata.get("certificate") else found
    name = key.removesuffix("_file")
    if name == key or name not in known or not known[name].metadata.get("secret"):
        raise _unknown(known, key, value, where)
    if name in table:
        raise BadSetting(where, f"is given beside {name}", "keep one of the two")
    limits = known[name].metadata
    secret = _text_of(value, where, base, limits["in_file"]).strip()
    if not limits["pattern"].fullmatch(secret):
        raise BadSetting(where, f"{base / value} holds no {limits['noun']}", limits["in_file"])
    return secret


def _unknown(known: Mapping[str, Field[Any]], key: str, value: Any, where: str) -> BadSetting:
    secrets = [name for name, one in known.items() if one.metadata.get("secret")]
    meant = nearest(key, [*known, *(f"{name}_file" for name in secrets)])
    # A misspelt `pin` still holds a PIN.
    hidden = bool(secrets) and (not meant.startswith("did you mean") or any(name in meant for name in secrets))
    return BadSetting(where, "is not a setting" + ("" if hidden else f" (its value is {value!r})"), meant)


def _text_of(value: Any, where: str, base: Path, remedy: str) -> str:
    if not isinstance(value, str) or not value:
        raise BadSetting(where, f"{value!r} is not a file name", "write it in quotes")
    file = base / value
    try:
        return file.read_text(encoding="utf-8")
    except OSError as fault:
        raise BadSetting(where, f"{file} cannot be read: {fault.strerror}", "correct its name or its rights") from fault
    except UnicodeDecodeError as fault:
        raise BadSetting(where, f"{file} is not a text file", remedy) from fault


def _existing(value: str, where: str, base: Path) -> str:
    """The absolute name of a file that is read later, once it is sure that it can be."""
    if not value:
        return ""
    _text_of(value, where, base, "give a key as PEM")
    return str((base / value).absolute())


def _certificate(value: str, where: str, base: Path) -> str:
    """The absolute name of a file that holds certificates."""
    if not value:
        return ""
    remedy = "give a certificate as PEM: it begins with -----BEGIN CERTIFICATE-----"
    if "-----BEGIN CERTIFICATE-----" not in _text_of(value, where, base, remedy):
        raise BadSetting(where, f"{base / value} holds no certificate", remedy)
    return str((base / value).absolute())


def _value(field: Field[Any], value: Any, where: str) -> Any:
    """Check one value against its field's type and limits."""
    if field.type == "tuple[str, ...]":
        return _listed(field.metadata, value, where)
    if str(field.type).startswith("Mapping["):
        return _mapped(field, value, where)
    return _single(str(field.type), field.metadata, value, where)


def _listed(limits: Mapping[str, Any], value: Any, where: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value) or not (value or limits.get("empty")):
        raise BadSetting(where, f"{value!r} is not a list of names", f"write it as {limits.get('such_as', _NAMES)}")
    for one in value:
        _judge(limits.get("judge"), one, where)
    return tuple(value)


def _mapped(field: Field[Any], value: Any, where: str) -> dict[str, Any]:
    limits = field.metadata
    if not isinstance(value, dict) or not (value or field.default_factory is dict):
        raise BadSetting(where, f"{value!r} is not a table of names and values", f"write it as {_such_as(limits)}")
    kind = str(field.type).removesuffix("]").rpartition(" ")[2]
    found = {}
    for key, one in value.items():
        _judge(limits.get("key_judge"), key, where)
        if isinstance(one, dict):  # box1.0 = 1 is read as a table in a table
            raise BadSetting(f"{where}.{key}", f"{one!r} is not a value", "put names that hold a dot in quotes")
        found[key] = _single(kind, limits, one, f"{where}.{key}")
    return found


def _such_as(limits: Mapping[str, Any]) -> str:
    return str(limits.get("such_as", '{ 0 = "+4915112345678" }'))


def _single(kind: str, limits: Mapping[str, Any], value: Any, where: str) -> Any:
    # A password may also stand in an address, where it does not belong.
    hidden = limits.get("secret") or (isinstance(value, str) and "://" in value and "@" in value)
    shown = "the given value" if hidden else repr(value)
    value = _typed(kind, value, where, shown)
    if "low" in limits and not limits["low"] <= value <= limits["high"]:
        raise BadSetting(where, f"{shown} is out of range", f"give {limits['low']:.12g} to {limits['high']:.12g}")
    if "choices" in limits and value not in limits["choices"]:
        raise BadSetting(where, f"{shown} is not known", choose(value, limits["choices"], limits.get("remedy", "")))
    if "pattern" in limits and not limits["pattern"].fullmatch(value):
        raise BadSetting(where, f"{shown} is impossible", limits["remedy"])
    _judge(limits.get("judge"), value, where)
    return value


def _judge(judge: Callable[[str], object] | None, value: str, where: str) -> None:
    if judge is None:
        return
    try:
        judge(value)
    except BadValue as fault:
        raise BadSetting(where, fault.reason, fault.remedy) from fault


def _typed(kind: str, value: Any, where: str, shown: str) -> Any:
    if kind == "float" and type(value) is int:
        return float(value) if abs(value) < 2**53 else math.inf
    if type(value) is not _TYPES[kind][0]:  # exactly: true is not the number 1
        raise BadSetting(where, f"{shown} has the wrong type", f"write {_TYPES[kind][1]}")
    return value
