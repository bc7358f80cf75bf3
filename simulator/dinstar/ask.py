"""Reads what clients send, as leniently as the box does: lists as strings, numbers in quotes, commas for ampersands."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import unquote_plus, urlsplit

from simulator.dinstar.web import Request

MOST_ASKED, LONGEST_NUMBER = 32, 24
# Some scripts write a comma where an ampersand belongs; a comma before a bare value belongs to a list.
_BETWEEN = re.compile(r"&|,(?=[A-Za-z_]+=)")
_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")


class ApiError(Exception):
    """The request is answered with this error_code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def call_of(request: Request) -> str:
    """`send_sms` of /api/send_sms; "" for what is no call."""
    path = urlsplit(request.target).path
    return path.removeprefix("/api/").strip("/") if path.startswith("/api/") else ""


def query_of(request: Request) -> dict[str, str]:
    pairs = (each.partition("=") for each in _BETWEEN.split(urlsplit(request.target).query) if each)
    return {unquote_plus(name): unquote_plus(value) for name, _, value in pairs}


def document_of(request: Request) -> Any:
    """The JSON of the body. Raises ApiError 400."""
    try:
        return json.loads(request.body)
    except (ValueError, RecursionError):
        raise ApiError(400) from None


def table_of(request: Request) -> dict[str, Any]:
    document = document_of(request)
    if not isinstance(document, dict):
        raise ApiError(400)
    return document


def asked_for(request: Request) -> dict[str, Any]:
    """Query and body as one, for calls that are made both ways."""
    return query_of(request) | (table_of(request) if request.body.strip() else {})


def whole_numbers(value: Any) -> list[int] | None:
    """[0, 2], 0, "0", "0,2" or "[0]"; None when nothing is named. Raises ApiError 400."""
    if value is None or value in ("", []):
        return None
    if isinstance(value, str):
        value = value.strip("[] ").split(",")
    if not isinstance(value, list):
        value = [value]
    try:
        return [each if isinstance(each, int) else int(str(each)) for each in value]
    except ValueError:
        raise ApiError(400) from None


def numbers(value: Any) -> list[str] | None:
    """Telephone numbers to ask about. Raises ApiError 413 for too many or too long ones."""
    if value is None or value == []:
        return None
    found = [str(each) for each in (value if isinstance(value, list) else [value])]
    if len(found) > MOST_ASKED or any(len(each.encode("utf-8", "surrogatepass")) > LONGEST_NUMBER for each in found):
        raise ApiError(413)
    return found


def moment(value: Any) -> str:
    """A time of the box's clock; "" for none. Such times compare as text. Raises ApiError 400."""
    if not value:
        return ""
    if not isinstance(value, str) or not _TIME.fullmatch(value):
        raise ApiError(400)
    return value


def flag(value: str) -> str:
    """unread, read or all. What is misspelt must not mark anything as read: all."""
    return "unread" if value in ("", "unread") else "read" if value == "read" else "all"
