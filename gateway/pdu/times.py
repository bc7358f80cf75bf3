"""Timestamps (3GPP TS 23.040 clause 9.2.3.11) and validity periods (9.2.3.12). Reads no clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from enum import StrEnum
from functools import lru_cache
from typing import Final

from gateway.pdu.fields import PduError

LENGTH: Final = 7
_BCD: Final = tuple((o & 0x0F) * 10 + (o >> 4) if o & 0x0F < 10 and o >> 4 < 10 else -1 for o in range(256))
_QUARTER: Final = timedelta(minutes=15)
_DAY: Final = 24 * 60


class ValidityFormat(StrEnum):
    """TP-VPF, in the order of its two bits."""

    NONE = "none"
    ENHANCED = "enhanced"
    RELATIVE = "relative"
    ABSOLUTE = "absolute"


@dataclass(frozen=True, slots=True)
class Validity:
    """How long the service centre keeps trying. `octets` is the field as it came."""

    format: ValidityFormat
    octets: bytes
    minutes: float | None = None
    until: datetime | None = None


@lru_cache(maxsize=256)
def _zone(octet: int) -> timezone | None:
    quarters = (octet & 0x07) * 10 + (octet >> 4)
    if octet >> 4 > 9:
        return None
    return timezone(-quarters * _QUARTER if octet & 0x08 else quarters * _QUARTER)


def read_timestamp(octets: bytes, at: int, field: str) -> tuple[datetime | None, str]:
    """The moment at `at`, with the offset it was written in. A field of decimal digits that is no moment (month 0, hour
    31, an offset beyond its digits) gives None and the reason; other semi-octets raise. The century is not on the air:
    90 to 99 are read as 19xx."""
    if at + LENGTH > len(octets):
        raise PduError(field, at, "cut off")
    year, month, day, hour, minute, second = digits = [_BCD[octet] for octet in octets[at : at + 6]]
    if -1 in digits:
        raise PduError(field, at + digits.index(-1), "not decimal digits")
    zone = _zone(octets[at + 6])
    if zone is None:
        return None, f"{field} has no readable time zone"
    try:
        return datetime(1900 + year if year >= 90 else 2000 + year, month, day, hour, minute, second, 0, zone), ""
    except ValueError:
        return None, f"{field} is no date"


def timestamp_octets(moment: datetime, field: str) -> bytes:
    offset = moment.utcoffset()
    if offset is None:
        raise PduError(field, None, "a moment without its offset from UTC")
    if not 1990 <= moment.year < 2090:
        raise PduError(field, None, f"the year {moment.year} has no two digits of its own")
    quarters = round(abs(offset) / _QUARTER)
    if quarters > 79:
        raise PduError(field, None, f"an offset of {offset} is beyond the field")
    zone = (quarters % 10) << 4 | quarters // 10 | (0x08 if offset < timedelta(0) else 0)
    parts = (moment.year % 100, moment.month, moment.day, moment.hour, moment.minute, moment.second)
    return bytes((part % 10) << 4 | part // 10 for part in parts) + bytes((zone,))


def relative_octet(minutes: int) -> int:
    """The shortest period the octet can say that is not shorter than asked; 63 weeks is the longest there is."""
    if minutes < 1:
        raise PduError("TP-VP", None, f"{minutes} minutes is no period")
    if minutes <= _DAY // 2:
        return -(-minutes // 5) - 1
    if minutes <= _DAY:
        return 143 - (_DAY // 2 - minutes) // 30
    if minutes <= 30 * _DAY:
        return 166 - (-minutes // _DAY)
    return min(255, 192 - (-minutes // (7 * _DAY)))


def relative_minutes(octet: int) -> int:
    if octet <= 143:
        return (octet + 1) * 5
    if octet <= 167:
        return _DAY // 2 + (octet - 143) * 30
    if octet <= 196:
        return (octet - 166) * _DAY
    return (octet - 192) * 7 * _DAY


def read_validity(octets: bytes, at: int, vpf: int) -> tuple[Validity | None, int, str]:
    """TP-VP in the format TP-VPF says, where the next field begins, and what was wrong."""
    format = tuple(ValidityFormat)[vpf]
    if format is ValidityFormat.NONE:
        return None, at, ""
    end = at + (1 if format is ValidityFormat.RELATIVE else LENGTH)
    if end > len(octets):
        raise PduError("TP-VP", at, "cut off")
    field = octets[at:end]
    if format is ValidityFormat.RELATIVE:
        return Validity(format, field, relative_minutes(field[0])), end, ""
    if format is ValidityFormat.ABSOLUTE:
        until, flaw = read_timestamp(octets, at, "TP-VP")
        return Validity(format, field, until=until), end, flaw
    minutes, flaw = _enhanced(field)
    return Validity(format, field, minutes), end, flaw


def _enhanced(field: bytes) -> tuple[float | None, str]:
    """Clause 9.2.3.12.3: a functionality indicator, then a period in one of three forms, or none."""
    form = field[0] & 0x07
    if field[0] & 0x80:
        return None, "TP-VP has an extension that 23.040 does not define"
    if form == 0:
        return None, ""
    if form == 1:
        return relative_minutes(field[1]), ""
    if form == 2:
        return field[1] / 60, ""
    hours, minutes, seconds = (_BCD[octet] for octet in field[1:4])
    if form == 3 and min(hours, minutes, seconds) >= 0:
        return hours * 60 + minutes + seconds / 60, ""
    return None, "TP-VP is in no form that 23.040 defines"
