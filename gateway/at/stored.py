"""Answers about stored texts: storages, listings, single records, and the ranges of CNMI. Lenient like `replies`.

The PDUs are handed on as they came; nothing here looks into them (3GPP TS 27.005 clauses 3.2.2, 3.4.1 to 3.4.3).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.at.fields import number, numbers_in, split_fields
from gateway.at.news import SIGNS, name_and_value
from gateway.at.replies import value

_STORE = re.compile(r"[A-Z]{2}(?:_[A-Z])?")
_GROUP = re.compile(r"\(([^()]*)\)")
_HEX = re.compile(r"[0-9A-Fa-f]+")


@dataclass(frozen=True, slots=True)
class StoredText:
    """A record of a storage. `stat` is 0 unread, 1 read, 2 unsent, 3 sent, None when the modem did not say.

    `length` is what the header says of the TPDU, in octets; None when it does not.
    """

    index: int
    stat: int | None
    pdu: str
    length: int | None = None

    @property
    def blank(self) -> bool:
        """True for the dummy records some Siemens firmware lists: nothing but 0 and F."""
        return not self.pdu.strip("0Ff")


def listing(lines: Sequence[str]) -> list[StoredText]:
    """+CMGL in PDU mode. A header without a body, or without an index, is left out."""
    found = []
    for at, line in enumerate(lines):
        name, header = name_and_value(line)
        if name == "+CMGL":
            fields = split_fields(header)
            index, body = number(fields[0]) if fields else None, _body(lines, at + 1)
            if index is not None and body:
                found.append(StoredText(index, number(fields[1]) if len(fields) > 2 else None, body, number(fields[-1])))
    return found


def single(lines: Sequence[str], index: int) -> StoredText | None:
    """+CMGR in PDU mode: one to four header fields, of which the last is the length. An empty slot gives None."""
    for at, line in enumerate(lines):
        name, header = name_and_value(line)
        if name == "+CMGR":
            fields, body = split_fields(header), _body(lines, at + 1)
            if not body or not fields or fields[-1] == "0":
                return None
            leading = fields[1:] if len(fields) == 4 else fields  # some firmware repeats the index first
            return StoredText(index, number(leading[0]) if len(leading) > 1 else None, body, number(fields[-1]))
    return None


def _body(lines: Sequence[str], at: int) -> str:
    """The PDU at `at`, without what some firmware appends to it after a comma; strange characters are kept."""
    if at >= len(lines) or lines[at][0] in SIGNS:
        return ""
    pdu, comma, _ = lines[at].partition(",")
    return pdu if comma and _HEX.fullmatch(pdu) else lines[at]


def storages(lines: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """+CPMS=? as one to three lists (read, write, receive), from any of the shapes seen; empty without storages."""
    text = value(lines, "+CPMS")
    groups = [tuple(_STORE.findall(group)) for group in _GROUP.findall(text)]
    if not groups:  # no parentheses: three lists of one, or one name
        groups = [(store,) for store in _STORE.findall(text)]
    return tuple(group for group in groups if group)


def routing_ranges(lines: Sequence[str]) -> tuple[tuple[int, ...], ...]:
    """+CNMI=? as five lists: mode, mt, bm, ds, bfr; empty when it cannot be read."""
    groups = tuple(numbers_in(group) for group in _GROUP.findall(value(lines, "+CNMI")))
    return groups if len(groups) == 5 else ()


def numbers_of(lines: Sequence[str], name: str) -> tuple[int, ...]:
    """The leading numbers of a plain answer: +CNMI? -> (2, 1, 0, 1, 0), +CSMS? -> (0, 1, 1, 1)."""
    found = []
    for field in split_fields(value(lines, name)):
        each = number(field)
        if each is None:
            break
        found.append(each)
    return tuple(found)


def notice(value: str) -> tuple[str, int | None]:
    """+CMTI and +CDSI: the storage named (may be empty) and the index, None when it is missing or negative."""
    fields = split_fields(value)
    index = number(fields[1]) if len(fields) > 1 else None
    return (fields[0] if fields else ""), (index if index is not None and index >= 0 else None)
