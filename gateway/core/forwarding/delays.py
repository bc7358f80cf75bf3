"""How long to wait before posting again. Pure: chance and the time are arguments."""

from __future__ import annotations

import random
from email.utils import parsedate_to_datetime

# 5 s, 30 s, 3 min, 18 min, 1.8 h, then every 6 h: one event that its webhook does not like.
EVENT_LONGEST_S = 6 * 3600.0
# A PBX that was switched off should hear from us within minutes of coming back; one posting in five minutes hurts nobody.
WEBHOOK_LONGEST_S = 300.0
# A phone that was away should have its texts soon after it is back: 5 s, 30 s, 3 min, then every quarter of an hour.
PHONE_LONGEST_S = 900.0

_FACTOR = 6.0
_JITTER = 0.2
_LONGEST_RETRY_AFTER_S = 24 * 3600.0


def backoff(tries: int, first: float, longest: float, chance: random.Random) -> float:
    """The pause after the `tries`-th failure (1-based)."""
    steps = min(tries - 1, 20)  # so that no number of tries overflows
    return min(first * _FACTOR**steps, longest) * chance.uniform(1 - _JITTER, 1 + _JITTER)


def longest_backoff(tries: int, first: float) -> float:
    """What `backoff` cannot exceed after so many failures, whichever kind they were."""
    return min(first * _FACTOR ** min(tries - 1, 20), EVENT_LONGEST_S) * (1 + _JITTER)


def retry_after(value: str | None, date: str | None, now: float) -> float | None:
    """Seconds that a Retry-After header asks for, as a number or a date (RFC 9110 clause 10.2.3); None if it says nothing.

    A date is measured against the answer's own Date header where there is one: our clock may be wrong by years.
    """
    if value is None:
        return None
    if value.isascii() and value.isdigit():
        seconds = float(value[:9])
    else:
        moment, answered = _moment(value), _moment(date)
        if moment is None:
            return None
        seconds = moment - (now if answered is None else answered)
    return min(max(seconds, 0.0), _LONGEST_RETRY_AFTER_S)


def _moment(date: str | None) -> float | None:
    if date is None:
        return None
    try:
        return parsedate_to_datetime(date).timestamp()
    except (ValueError, OverflowError):
        return None
