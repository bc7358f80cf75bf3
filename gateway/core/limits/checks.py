"""Judges a limit that a person asks for, field by field. Knows no row; subjects are looked up in `limit_subjects`."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import replace

from gateway import hours
from gateway.errors import BadValue
from gateway.records import Counted, Limit, Per

BUDGETS = (Counted.TEXTS, Counted.PARTS, Counted.RECIPIENTS)
MOST = 1_000_000_000
LONGEST_GAP_S = 86_400
MOST_FIRST = 1_000_000
MOST_FACTOR = 100
MOST_DAYS = 3650
LEAST_SHARE, MOST_SHARE = 0.01, 100.0


FIELDS = ("per", "most", "zone", "reset_day", "gap_s", "hours", "first", "factor", "days")
_NEEDED = {
    Counted.GAP: ("gap_s",),
    Counted.HOURS: ("hours",),
    Counted.WARMUP: ("first", "factor", "days"),
    Counted.SHARE: ("factor",),
}


def fields_of(counted: Counted, per: Per | None) -> tuple[str, ...]:
    """Beside the subject, what a limit of this kind has."""
    needed = _NEEDED.get(counted, ("per", "most"))
    zoned = ("zone",) if counted not in (Counted.GAP, Counted.SHARE) else ()
    return (*needed, *zoned, *(("reset_day",) if per is Per.MONTH else ()))


def require_fields(counted: Counted, per: Per | None, given: Collection[str]) -> None:
    """Raises BadValue for a field that is missing or belongs to other limits."""
    for name in _NEEDED.get(counted, ("per", "most")):
        if name not in given:
            raise BadValue(name, f"is missing; a limit on {counted} needs it", _SUCH_AS[name])
    for name in FIELDS:
        if name in given and name not in fields_of(counted, per):
            month = name == "reset_day" and counted in BUDGETS
            kind = "a limit by the month alone" if month else f"other limits than one on {counted}"
            raise BadValue(name, f"belongs to {kind}", "leave it out")


def checked(wanted: Limit) -> Limit:
    """The limit without what does not belong to it. Raises BadValue naming the field."""
    kind = wanted.subject.partition(":")[0]
    zone = hours.require_zone(wanted.zone)
    bare = Limit(wanted.id, wanted.subject, wanted.counted, zone=zone)
    if wanted.counted in BUDGETS:
        return _budget(wanted, bare)
    if wanted.counted is Counted.GAP:
        low, high = sorted(wanted.gap_s)
        if not (math.isfinite(high) and low >= 0 and 0 < high <= LONGEST_GAP_S):
            raise BadValue("gap_s", f"{low:g} to {high:g} is no gap", f"give seconds, above 0 and up to {LONGEST_GAP_S}")
        return replace(bare, gap_s=(float(low), float(high)), zone="UTC")
    if wanted.counted is Counted.HOURS:
        hours.parse(wanted.hours)
        return replace(bare, hours=wanted.hours)
    if wanted.counted is Counted.WARMUP:
        if kind not in ("sim", "channel"):
            raise BadValue("counted", "a warm-up is for SIMs", "give a subject such as sim:* or channel:NAME")
        return _warmup(wanted, bare)
    if kind != "key":
        raise BadValue("counted", "a share is for client keys", "give a subject such as key:NAME")
    _require("factor", wanted.factor, LEAST_SHARE, MOST_SHARE)
    return replace(bare, factor=float(wanted.factor), zone="UTC")


_SUCH_AS = {
    "per": "minute, hour, day or month",
    "most": "such as 200",
    "gap_s": "from and to, as [5, 20]",
    "hours": "as Mon-Fri 08:00-20:00",
    "first": "texts on the first day, such as 20",
    "factor": "such as 1.5",
    "days": "such as 14",
}


def _budget(wanted: Limit, bare: Limit) -> Limit:
    if wanted.per is None:
        raise BadValue("per", "is missing", "choose from " + ", ".join(Per))
    _require("most", wanted.most, 1, MOST)
    if wanted.per is not Per.MONTH:
        return replace(bare, per=wanted.per, most=wanted.most)
    _require("reset_day", wanted.reset_day, 1, 31)
    return replace(bare, per=wanted.per, most=wanted.most, reset_day=wanted.reset_day)


def _warmup(wanted: Limit, bare: Limit) -> Limit:
    _require("first", wanted.first, 1, MOST_FIRST)
    _require("factor", wanted.factor, 1, MOST_FACTOR)
    _require("days", wanted.days, 1, MOST_DAYS)
    return replace(bare, first=wanted.first, factor=float(wanted.factor), days=wanted.days)


def _require(field: str, value: float, least: float, most: float) -> None:
    if not least <= value <= most:
        raise BadValue(field, f"{value:g} is out of range", f"give {least:g} to {most:.12g}")
