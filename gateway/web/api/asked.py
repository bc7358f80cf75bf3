"""The number that a query asks about, in the spelling in which it is kept."""

from __future__ import annotations

from gateway.errors import BadValue
from gateway.numbers import recipient
from gateway.web.doors import Doors
from gateway.web.problems import bad_value


def asked_number(doors: Doors, written: str | None) -> str:
    """As it is counted; nothing is somebody who was not texted yet."""
    if written is None:
        return ""
    if written.startswith(" "):  # a plus sign that was not escaped arrives as a blank
        written = "+" + written[1:]
    try:
        return recipient(written, doors.settings.numbers.country)
    except BadValue as fault:
        raise bad_value(fault, "parameter") from fault
