"""Which line ends an answer, and with what code. `OK` ends it only when it is the whole line.

What a code means for a text stands in `codes` (ITU-T V.250 clause 5.7.1; TS 27.005 clause 3.2.5; TS 27.007 clause 9).
"""

from __future__ import annotations

import re
from typing import NamedTuple

_ERROR = re.compile(r"\+(CM[ES]) ERROR:?\s*(.*)", re.IGNORECASE)
_CALL_WORDS = frozenset({"NO CARRIER", "NO DIALTONE", "BUSY", "NO ANSWER"})

# Huawei answers these instead of ERROR (seen by ofono, gammu, chan_dongle).
_UNSUPPORTED = ("COMMAND NOT SUPPORT", "TOO MANY PARAMETERS")

# Words of AT+CMEE=2. We ask for numbers, but some firmware knows nothing else.
_WORDS = {
    "operation not allowed": 3,
    "operation not supported": 4,
    "sim not inserted": 10,
    "sim pin required": 11,
    "sim puk required": 12,
    "sim failure": 13,
    "sim busy": 14,
    "sim wrong": 15,
    "incorrect password": 16,
    "memory full": 20,
    "invalid index": 21,
    "no network service": 30,
    "network timeout": 31,
    "unknown": 100,
    "unknown error": 100,
}


class Final(NamedTuple):
    """`code` is empty when the command was accepted."""

    code: str


_ACCEPTED = Final("")
_PLAIN_ERROR = Final("error")


def read_final(line: str, *, basic: bool = False, dials: bool = False) -> Final | None:
    """The final result code that `line` is, or None. `basic` allows numeric codes, `dials` call progress words."""
    if line == "OK":
        return _ACCEPTED
    first = line[0]
    if first == "+":
        return _numbered(line)
    if line == "ERROR" or line.startswith("ERROR+"):  # some Huawei firmware glues the next line to it
        return _PLAIN_ERROR
    if first in "CTM":
        return _wordy(line, dials)
    if basic and line in ("0", "4"):
        return _ACCEPTED if line == "0" else _PLAIN_ERROR
    if dials and line in _CALL_WORDS:
        return Final(line.lower())
    return None


def _numbered(line: str) -> Final | None:
    if not line.startswith(("+CM", "+cm")):
        return None
    match = _ERROR.match(line)
    if not match:
        return None
    kind, what = match[1].lower(), match[2].strip().lower()
    if what.isdecimal():
        return Final(f"{kind}:{int(what)}")
    return Final(f"{kind}:{_WORDS.get(what, what)}")


def _wordy(line: str, dials: bool) -> Final | None:
    if line.startswith(_UNSUPPORTED):
        return Final("unsupported")
    if line.startswith("MODEM ERROR"):
        return _PLAIN_ERROR
    if dials and (line == "CONNECT" or line.startswith("CONNECT ")):
        return _ACCEPTED
    return None
