"""A small reader of udev rules: enough to apply ours to recorded devices. Not udev: keys it does not know are an error.

Match keys: SUBSYSTEM(S), KERNEL, ACTION, DEVPATH, ATTR, ATTRS, ENV, TEST; alternatives by `|`, patterns as in a shell.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from tests.modem.machines import Seen

_PAIR = re.compile(r'([A-Z]+)(?:\{([^}]*)\})?\s*(==|!=|\+=|:=|=)\s*"([^"]*)"')
_BUILTINS = ("path_id", "usb_id")  # what they find is in the recorded properties


@dataclass
class Outcome:
    properties: dict[str, str]
    links: list[str] = field(default_factory=list)
    attributes: dict[str, str] = field(default_factory=dict)
    group: str = ""
    mode: str = ""


def apply(rules: Path, seen: Seen) -> Outcome:
    text = rules.read_text().replace("\\\n", "").splitlines()
    lines = [_pairs(line) for line in text if line.strip() and not line.startswith("#")]
    labels = {value: at for at, pairs in enumerate(lines) for key, _, op, value in pairs if key == "LABEL"}
    outcome, at = Outcome(dict(seen.properties)), 0
    while at < len(lines):
        matches = [pair for pair in lines[at] if pair[2] in ("==", "!=")]
        target = ""
        if all(_fits(key, name, value, seen, outcome) is (op == "==") for key, name, op, value in matches):
            target = _assign([pair for pair in lines[at] if pair not in matches], seen, outcome)
        at = labels[target] if target else at + 1
    return outcome


def _pairs(line: str) -> list[tuple[str, str, str, str]]:
    found = _PAIR.findall(line)
    assert re.sub(r"[\s,]", "", _PAIR.sub("", line)) == "", f"this line cannot be read: {line}"
    return found


def _fits(key: str, name: str, pattern: str, seen: Seen, outcome: Outcome) -> bool:
    if key == "TEST":
        return name == "" and pattern in seen.attributes[0]
    values = {
        "SUBSYSTEM": [seen.subsystem], "SUBSYSTEMS": list(seen.subsystems), "KERNEL": [seen.kernel], "ACTION": [seen.action],
        "ATTR": [seen.attributes[0].get(name)], "ATTRS": [each.get(name) for each in seen.attributes],
        "ENV": [outcome.properties.get(name, "")],
    }[key]  # fmt: skip
    return any(value is not None and any(fnmatchcase(value, one) for one in pattern.split("|")) for value in values)


def _assign(pairs: list[tuple[str, str, str, str]], seen: Seen, outcome: Outcome) -> str:
    """Returns the label to go to, or nothing."""
    target = ""
    for key, name, _, value in pairs:
        value = re.sub(r"\$env\{(\w+)\}", lambda match: outcome.properties.get(match[1], ""), value)
        value = re.sub(r"\$attr\{(\w+)\}", lambda match: next((a[match[1]] for a in seen.attributes if match[1] in a), ""), value)
        if key == "GOTO":
            target = value
        elif key == "ENV":
            outcome.properties[name] = value
        elif key == "ATTR":
            outcome.attributes[name] = value
        elif key == "SYMLINK":
            outcome.links.append(value)
        elif key == "GROUP":
            outcome.group = value
        elif key == "MODE":
            outcome.mode = value
        else:
            assert key == "LABEL" or (key == "IMPORT" and name == "builtin" and value in _BUILTINS), f"{key} is not known here"
    return target
