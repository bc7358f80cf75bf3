"""Reads what clients of Dinstar boxes send, as leniently as boxes do: lists as text, numbers in quotes, commas for ampersands."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote_plus

from flask import request

from gateway.web.compat.reading import plus
from gateway.web.compat.refused import Refused, Why, wrong

MOST_ASKED = 32
LONGEST_NUMBER = 24
TIME = "%Y-%m-%d %H:%M:%S"
_LARGEST = 2**63 - 1
# A comma in front of a bare value belongs to a list.
_BETWEEN = re.compile(r"&|,(?=[A-Za-z_]+=)")


def document() -> Any:
    """The JSON in the body, whatever its Content-Type says. Line ends may stand in its texts as they are: one client builds it by
    joining pieces."""
    try:
        return json.loads(request.get_data(), strict=False)
    except (ValueError, RecursionError) as fault:
        raise Refused(Why.BODY, "the body is not JSON") from fault


def table() -> Mapping[str, Any]:
    found = document()
    if not isinstance(found, dict):
        raise Refused(Why.BODY, "the body is not a JSON object")
    return found


def asked_for() -> dict[str, Any]:
    """Query and body as one, for calls that are made both ways."""
    query = request.query_string.decode("utf-8", "replace")
    pairs = (each.partition("=") for each in _BETWEEN.split(query) if each)
    found: dict[str, Any] = {unquote_plus(name): unquote_plus(value) for name, _, value in pairs}
    return found | dict(table()) if request.get_data().strip() else found


def whole_numbers(name: str, value: Any) -> list[int] | None:
    """[0, 2], 0, "0", "0,2" or "[0]"; None when nothing is named. Raises Refused."""
    if isinstance(value, str):
        value = [each for each in value.strip("[] ").split(",") if each.strip()]
    if value is None or value == []:
        return None
    found = []
    for each in value if isinstance(value, list) else [value]:
        written = each.strip(" \"'") if isinstance(each, str) else each
        if isinstance(written, str) and re.fullmatch(r"[0-9]{1,19}", written):
            written = int(written)
        if not isinstance(written, int) or isinstance(written, bool) or not 0 <= written <= _LARGEST:
            raise Refused(Why.BODY, f"{name}: is no list of whole numbers", name)
        found.append(written)
    return found


def whole_number(name: str, value: Any) -> int | None:
    found = whole_numbers(name, value)
    if found is not None and len(found) > 1:
        raise wrong(name, "is more than one number")
    return None if found is None else found[0]


def user_ids(value: Any) -> list[int] | None:
    found = whole_numbers("user_id", value)
    if found is not None and len(found) > MOST_ASKED:
        raise too_much("user_id", f"names more than {MOST_ASKED}")
    return found


def numbers(value: Any) -> list[str] | None:
    """Telephone numbers to ask about."""
    if value is None or value in ("", []):
        return None
    if isinstance(value, str):
        value = value.split(",")
    found = [plus(str(each)) for each in (value if isinstance(value, list) else [value])]
    if len(found) > MOST_ASKED:
        raise too_much("number", f"names more than {MOST_ASKED}")
    if any(len(each.encode("utf-8", "replace")) > LONGEST_NUMBER for each in found):
        raise too_much("number", f"holds one of more than {LONGEST_NUMBER} bytes")
    return found


def moment(name: str, value: Any) -> float | None:
    """In UTC, as all times of this door."""
    if value is None or value == "":
        return None
    try:
        return datetime.strptime(str(value).strip(), TIME).replace(tzinfo=UTC).timestamp()
    except ValueError as fault:
        raise wrong(name, "is not written as 2026-11-21 20:03:04") from fault


def flag(value: Any) -> str:
    """unread, read or all. What is misspelt must mark nothing as read: all."""
    written = str(value or "unread").strip().lower()
    return written if written in ("unread", "read") else "all"


def too_much(name: str, reason: str) -> Refused:
    return Refused(Why.LARGE, f"{name}: {reason}", name)
