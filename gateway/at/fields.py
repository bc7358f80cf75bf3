"""The comma-separated values of an information line, split the way real modems write them.

Quotes may be missing, unbalanced or unescaped; nothing here raises (3GPP TS 27.007 clause 4).
"""

from __future__ import annotations

import re

_NUMBER = re.compile(r"-?\d{1,18}")
_QUOTED_OR_PLAIN = re.compile(r'\s*(?:"([^"]*)"|([^,]*))\s*(?:,|$)')


def split_fields(value: str) -> list[str]:
    """Fields without quotes and blanks. Commas inside balanced quotes do not split."""
    value = value.strip()
    if not value:
        return []
    if '"' not in value:
        return [field.strip() for field in value.split(",")]
    if value.count('"') % 2:
        return [field.strip().strip('"') for field in value.split(",")]
    return _split_quoted(value)


def _split_quoted(value: str) -> list[str]:
    fields: list[str] = []
    at = 0
    while at < len(value):
        match = _QUOTED_OR_PLAIN.match(value, at)
        if match is None or match.end() == at:
            return [*fields, value[at:].strip().strip('"')]
        fields.append((match[1] if match[1] is not None else match[2]).strip())
        at = match.end()
    if value.endswith(","):
        fields.append("")
    return fields


def number(field: str) -> int | None:
    """The field as a number, or None for an empty or strange one."""
    text = field.strip().strip('"')
    return int(text) if _NUMBER.fullmatch(text) else None


def numbers_in(group: str) -> tuple[int, ...]:
    """`0,2-4` -> (0, 2, 3, 4): the inside of one range list of a test command."""
    found: list[int] = []
    for piece in re.findall(r"\d+\s*-\s*\d+|\d+", group):
        first, _, last = piece.partition("-")
        found.extend(range(int(first), min(int(last or first), int(first) + 255) + 1))
    return tuple(found)
