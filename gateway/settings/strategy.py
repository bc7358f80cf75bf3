"""How a pool chooses among its channels: the words, and in which shape they may stand together. Chooses nothing itself."""

from __future__ import annotations

from gateway.errors import BadValue
from gateway.settings.spelling import nearest

_ORDERS = ("cheapest", "failover")  # which channels come before others
_TURNS = ("rotate", "least-used", "weighted")  # whose turn it is among equals
STRATEGIES = (*_TURNS, "sticky", *_ORDERS)
_SHAPE = "write sticky, or cheapest or failover, or rotate, least-used or weighted; or one of each kind in that order"


def words(written: str) -> tuple[str, ...]:
    """The words of a strategy, in order. Raises BadValue for one that is unknown or out of place."""
    found = tuple(word.strip() for word in written.split(","))
    for word in found:
        if word not in STRATEGIES:
            raise BadValue("", f"{word!r} is not a strategy", nearest(word, STRATEGIES))
    kinds = [_kind(word) for word in found]
    if kinds != sorted(set(kinds)):
        raise BadValue("", f"{written!r} does not fit together", _SHAPE)
    return found


def _kind(word: str) -> int:
    return 0 if word == "sticky" else 1 if word in _ORDERS else 2
