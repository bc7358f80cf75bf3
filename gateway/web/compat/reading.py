"""Pieces of requests that several doors read alike: credentials, fields, numbers of minutes. Decides nothing about texts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from flask import request

from gateway.web.compat.refused import Refused, Why, wrong

_LATEST = 253_370_764_800.0  # the year 9999


def password() -> str | None:
    """What stands behind the colon of Basic."""
    given = request.authorization
    return given.password if given is not None and given.type == "basic" else None


def bearer() -> str | None:
    given = request.authorization
    return given.token if given is not None and given.type == "bearer" else None


def fields() -> dict[str, str]:
    """Query, form and flat JSON object together, each name once; what stands in the body wins."""
    found = request.args.to_dict()
    if request.mimetype.endswith("json"):
        found |= {name: str(value) for name, value in document().items() if isinstance(value, str | int | float)}
    else:
        found |= request.form.to_dict()
    return found


def document() -> Mapping[str, Any]:
    """The JSON object in the body, whatever its Content-Type says."""
    try:
        found = json.loads(request.get_data())
    except (ValueError, RecursionError) as fault:
        raise Refused(Why.BODY, "the body is not JSON") from fault
    if not isinstance(found, dict):
        raise Refused(Why.BODY, "the body is not a JSON object")
    return found


def plus(number: str) -> str:
    """A plus sign that was not escaped arrives as a blank."""
    return "+" + number[1:] if number.startswith(" ") else number


def listed(numbers: str, separator: str = ",") -> list[str]:
    """The numbers of a list, each once."""
    found = (plus(one) if one[1:2].isdigit() else one for one in numbers.split(separator))
    return list(dict.fromkeys(one.strip() for one in found if one.strip()))


def international(number: str) -> str:
    """Where a door's numbers are international without a plus sign; short codes and what begins with 0 stay as they are."""
    digits = plus(number)
    return f"+{digits}" if digits.isascii() and digits.isdigit() and len(digits) > 6 and digits[0] != "0" else digits


def whole(name: str, written: Any, low: int, high: int) -> int:
    """Raises Refused for what is no whole number between both."""
    try:
        found = int(str(written).strip()[:20])
    except ValueError as fault:
        raise wrong(name, "is no whole number") from fault
    if not low <= found <= high:
        raise wrong(name, f"is not between {low} and {high}")
    return found


def truth(written: Any) -> bool:
    return str(written).strip().lower() in ("1", "true", "yes", "on")


def minutes(wanted: float) -> int:
    """A validity the network knows: 5 minutes to 63 weeks."""
    return int(min(max(wanted, 5), 635_040))


def iso(given: Mapping[str, Any], name: str) -> float | None:
    """A moment of ISO 8601; in UTC where it names no zone, as clients write that know none."""
    if not given.get(name):
        return None
    try:
        written = datetime.fromisoformat(str(given[name]))
        return (written if written.tzinfo else written.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError) as fault:
        raise wrong(name, "is no ISO 8601 moment") from fault


def moment(seconds: float) -> float:
    """As our own API bounds it: before 1970 is long past, and a year later there is still a name for it."""
    return min(max(seconds, 0.0), _LATEST)
