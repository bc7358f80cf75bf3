"""Times of SMPP (clause 7.1.1): YYMMDDhhmmsstnnp, absolute with an offset in quarters of an hour, or relative with R. PURE."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_FORM = re.compile(r"(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d)(\d\d)([-+R])", re.ASCII)
_LONGEST_OFFSET = 48


class BadTime(ValueError):
    pass


def moment(written: str, now: float) -> float | None:
    """Seconds since 1970 UTC; None for the empty string. A month counts 30 days and a year 365."""
    if not written:
        return None
    found = _FORM.fullmatch(written)
    if found is None:
        raise BadTime(f"{written!r} is no time of SMPP")
    years, months, days, hours, minutes, seconds, tenths, quarters = (int(digits) for digits in found.groups()[:8])
    if found[9] == "R":
        span = timedelta(days=years * 365 + months * 30 + days, hours=hours, minutes=minutes, seconds=seconds)
        return now + span.total_seconds()
    if quarters > _LONGEST_OFFSET:
        raise BadTime(f"{written!r} has an impossible offset")
    try:
        local = datetime(2000 + years, months, days, hours, minutes, seconds, tenths * 100_000, UTC)
    except ValueError as fault:
        raise BadTime(f"{written!r} is no time: {fault}") from fault
    offset = quarters * 900
    return local.timestamp() - (offset if found[9] == "+" else -offset)


def absolute(seconds: float) -> str:
    """In UTC, as a query is answered."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%y%m%d%H%M%S") + "000+"


def minute(seconds: float) -> str:
    """In UTC, as receipts write it: YYMMDDhhmm."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%y%m%d%H%M")
