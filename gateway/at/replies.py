"""Answers about modem, SIM and network, read leniently: what cannot be read is None or empty, never an error.

Stored texts are read in `stored` (3GPP TS 27.007 clauses 5, 7 and 8; deviations as real devices show them).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.at.fields import number, split_fields
from gateway.at.news import SIGNS, name_and_value, registration_is_read_form

_UCS2_NUMBER = re.compile(r"(?:00[0-9A-Fa-f]{2}){4,}")
_ICCID = re.compile(r"89\d{16,18}")
_CUSD = re.compile(r'(\d+)\s*(?:,\s*"?(.*?)"?\s*(?:,\s*(\d+)\s*)?)?$', re.DOTALL)


def values(lines: Sequence[str], name: str) -> list[str]:
    """The values of all lines that bear `name`."""
    found = (name_and_value(line) for line in lines)
    return [value for own, value in found if own == name]


def value(lines: Sequence[str], name: str) -> str:
    """The value of the first line that bears `name`, or an empty string."""
    return next(iter(values(lines, name)), "")


def words(lines: Sequence[str], name: str = "") -> str:
    """The first line that is plain text, or the value of `name`: maker, model, revision, IMEI, IMSI."""
    for line in lines:
        own, rest = name_and_value(line)
        if own == name or not own:
            return rest.strip().strip('"').strip()
    return ""


def digits(lines: Sequence[str], shortest: int, longest: int) -> str:
    """The first run of `shortest` to `longest` digits: IMEI and IMSI come bare, quoted or behind a name."""
    for line in lines:
        text = line.partition(":")[2] if line[0] in SIGNS else line
        match = re.fullmatch(r"\D*(\d+)\D*", text)
        if match and shortest <= len(match[1]) <= longest:
            return match[1]
    return ""


def iccid(lines: Sequence[str]) -> str:
    """The card number: 18 to 20 digits from 89, perhaps nibble-swapped (EF-ICCID), perhaps padded with F."""
    for line in lines:
        for run in re.findall(r"[0-9A-Fa-f]{18,22}", line):
            for spelling in (run, _swapped(run)):
                match = _ICCID.fullmatch(spelling.rstrip("Ff"))
                if match:
                    return match[0]
    return ""


def _swapped(text: str) -> str:
    return "".join(text[at : at + 2][::-1] for at in range(0, len(text), 2))


@dataclass(frozen=True, slots=True)
class Registration:
    """`stat` of 3GPP TS 27.007 clause 7.2."""

    stat: int

    @property
    def word(self) -> str:
        return _REGISTRATIONS.get(self.stat, "none")

    @property
    def serves(self) -> bool:
        """True if texts can be sent: 6, 7 are 'SMS only', 9, 10 'CSFB not preferred'."""
        return self.word in ("home", "roaming")


_HOME, _ROAMING = (1, 6, 9), (5, 7, 10)
_REGISTRATIONS = {2: "searching", 3: "denied", **dict.fromkeys(_HOME, "home"), **dict.fromkeys(_ROAMING, "roaming")}


def registration(value: str) -> Registration | None:
    """Reads the answer (n,stat,…) and the notification (stat,…); which one it is, the second field tells."""
    fields = split_fields(value)
    if not fields:
        return None
    stat = number(fields[1] if registration_is_read_form(fields) else fields[0])
    return None if stat is None else Registration(stat)


def signal_dbm(value: str) -> int | None:
    """+CSQ: 0…31 in steps of 2 dB from -113; 99 and anything else is not known (27.007 clause 8.5)."""
    fields = split_fields(value)
    rssi = number(fields[0]) if fields else None
    return -113 + 2 * rssi if rssi is not None and 0 <= rssi <= 31 else None


def operator(value: str) -> str:
    """The name in +COPS: mode,format,"name"; a bare mode means not registered."""
    fields = split_fields(value)
    return fields[2] if len(fields) > 2 else ""


def service_centre(value: str) -> str:
    """The number in +CSCA, also when the modem writes it as UCS-2 hex because somebody left CSCS at UCS2."""
    fields = split_fields(value)
    return plain_number(fields[0], fields[1] if len(fields) > 1 else "") if fields else ""


def own_number(lines: Sequence[str]) -> str:
    """The first number in +CNUM: ["name"],"number",type."""
    for each in values(lines, "+CNUM"):
        fields = split_fields(each)
        if len(fields) > 1 and fields[1]:
            return plain_number(fields[1], fields[2] if len(fields) > 2 else "")
    return ""


def plain_number(text: str, type_of_address: str) -> str:
    """Digits with a leading + if they are international (type 145; 24.008 clause 10.5.4.7)."""
    if _UCS2_NUMBER.fullmatch(text):
        text = bytes.fromhex(text).decode("utf-16-be", "replace")
    if type_of_address == "145" and text and not text.startswith("+"):
        return "+" + text
    return text


def pin_state(lines: Sequence[str]) -> str:
    """READY, SIM PIN, SIM PUK …; empty when the modem did not say."""
    return value(lines, "+CPIN").strip().strip('"').upper()


@dataclass(frozen=True, slots=True)
class Ussd:
    """`action`: 0 done, 1 an answer is expected, 2 ended, 4 unsupported, 5 time-out. `text` is not decoded."""

    action: int
    text: str
    coding: int | None


def ussd(value: str) -> Ussd | None:
    """+CUSD with quotes or without, with commas and quotes inside the text, with a coding or without."""
    match = _CUSD.fullmatch(value.strip())
    if not match:
        return None
    return Ussd(int(match[1]), match[2] or "", int(match[3]) if match[3] else None)


def sent_reference(line: str) -> int | None:
    """TP-MR from `+CMGS: 57[,…]`, or None for another line."""
    name, rest = name_and_value(line)
    if name != "+CMGS":
        return None
    reference = number(rest.partition(",")[0])
    return None if reference is None else reference & 0xFF
