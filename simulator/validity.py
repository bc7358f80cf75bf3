"""How long a service centre tries: TP-VP in its three formats (3GPP TS 23.040 clause 9.2.3.12)."""

import calendar
import time

_RELATIVE, _ENHANCED, _ABSOLUTE = 2, 1, 3


def seconds(first: int, period: bytes) -> float | None:
    """The validity of a SUBMIT with this first octet and TP-VP, None when it names none."""
    shape = first >> 3 & 3
    if not period:
        return None
    if shape == _RELATIVE:
        return _relative(period[0])
    if shape == _ABSOLUTE:
        return _until(period)
    return _enhanced(period) if shape == _ENHANCED else None


def _relative(value: int) -> float:
    if value < 144:
        return (value + 1) * 300.0
    if value < 168:
        return 43200.0 + (value - 143) * 1800.0
    return (value - 166) * 86400.0 if value < 197 else (value - 192) * 604800.0


def _enhanced(period: bytes) -> float | None:
    shape = period[0] & 7
    if shape == 1:
        return _relative(period[1])
    if shape == 2:
        return float(period[1])
    if shape == 3:
        hours, minutes, spent = (_swapped(octet) for octet in period[1:4])
        return hours * 3600.0 + minutes * 60 + spent
    return None


def _until(stamp: bytes) -> float | None:
    year, month, day, hour, minute, second = (_swapped(octet) for octet in stamp[:6])
    quarters = _swapped(stamp[6] & 0xF7) * (-1 if stamp[6] & 8 else 1)
    try:
        moment = calendar.timegm((2000 + year, month, day, hour, minute, second)) - quarters * 900
    except ValueError:
        return None
    return max(0.0, moment - time.time())


def _swapped(octet: int) -> int:
    return (octet & 15) * 10 + (octet >> 4)
