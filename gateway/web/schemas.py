"""What the models of requests and answers are made of: they check what comes in and are published as OpenAPI.

The models themselves stand beside the routes that use them. Answers are written by hand there, for speed; the tests
hold them against their models.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, WithJsonSchema

from gateway.core.inbound.checks import EXTENSION, EXTENSION_WORDS
from gateway.core.keys import NAME as KEY_NAME
from gateway.store.messages import CURSOR as CURSOR_FORM

NO_NUL = r"^[^\x00]*$"
IDEMPOTENCY_KEY = r'^("[!#-~]{1,253}"|[!#-~]{1,255})$'
CURSOR = f"^{CURSOR_FORM}$"
SERVICE_CODE = "^[0-9*#+]{1,160}$"
NUMBER_SIGNS = r"^[-+0-9*# ./()\u00a0\u2011]*$"  # which a number may have as people write it
KEY_NAME_ALONE = f"^{KEY_NAME}$"
_TCP_PORT = "[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]"
_HOST = "[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?"
_REST = rf"(:({_TCP_PORT}))?([/?]([A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{{2}})*)?$"  # RFC 3986
_AMI_REST = rf"(:({_TCP_PORT}))?/?$"
_IPV6 = r"\[[0-9A-Fa-f:.]+\]"
USUAL_WEB_ADDRESS = f"^https?://{_HOST}{_REST}"
USUAL_AMI_ADDRESS = f"^amis?://{_HOST}{_AMI_REST}"
WEB_ADDRESS = f"^(https?://({_HOST}|{_IPV6}){_REST}|amis?://({_HOST}|{_IPV6}){_AMI_REST})"
# A client's programmer is told this, not the pattern.
PATTERN_WORDS = {
    NO_NUL: "holds a NUL character, which no phone can show",
    IDEMPOTENCY_KEY: "give 1 to 255 printable ASCII characters without blanks, bare or in double quotes",
    CURSOR: "is not a cursor of this list; take next_cursor of the page before, or leave it out",
    WEB_ADDRESS: "give an http:// or https:// address, or ami://host for an Asterisk, without name, password or # in it",
    SERVICE_CODE: "give up to 160 of 0-9, *, # and +",
    NUMBER_SIGNS: "is no number; write it as +49151…, as it is dialled in the country, or give a short code",
    f"^{EXTENSION}$": EXTENSION_WORDS,
    KEY_NAME_ALONE: "give up to 64 letters, digits, '_', '.' and '-', beginning with a letter or digit",
}

_RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:(\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)")
_SECONDS_TO_YEAR_9999 = 253_370_764_800.0


def _moment(value: object) -> float:
    """Seconds since 1970 from RFC 3339. What lies before 1970 counts as 1970: long past is long past."""
    shape = _RFC3339.fullmatch(value.upper()) if isinstance(value, str) else None
    if shape is None:
        raise ValueError("give a time with its offset (RFC 3339), as 2026-11-21T20:03:04+01:00 or 2026-11-21T19:03:04Z")
    text, leap = shape.string, 0
    if shape.group(1) == "60":  # a leap second, which Python does not know
        text, leap = f"{text[:17]}59{text[19:]}", 1
    if text.startswith("0000"):
        return 0.0
    try:
        seconds = datetime.fromisoformat(text).timestamp() + leap
    except ValueError as fault:
        raise ValueError(f"is not a time that exists: {fault}") from fault
    return min(max(seconds, 0.0), _SECONDS_TO_YEAR_9999)


def _moment_in_query(value: object) -> float:
    # A plus sign that was not escaped arrives as a blank.
    return _moment(value.replace(" ", "+") if isinstance(value, str) else value)


def _whole(value: object) -> object:
    """JSON knows one kind of number, so 1.0 is the whole number 1."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _digits(value: object) -> object:
    return int(value) if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,18}", value) else value


_DATE_TIME = WithJsonSchema({"type": "string", "format": "date-time"})
Moment = Annotated[float, BeforeValidator(_moment), _DATE_TIME]
QueryMoment = Annotated[float, BeforeValidator(_moment_in_query), _DATE_TIME]
Limit = Annotated[int, Field(strict=True, ge=1, le=100), BeforeValidator(_digits)]
Words = Annotated[str, StringConstraints(pattern=NO_NUL)]
Timestamp = Annotated[str, WithJsonSchema({"type": "string", "format": "date-time"})]


def whole(least: int, most: int) -> Any:
    """The type of a whole number in a body."""
    return Annotated[int, Field(ge=least, le=most), BeforeValidator(_whole)]


class In(BaseModel):
    """The body of a request. Unknown fields are refused: a misspelt option must not pass unnoticed."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
    may_be_missing: ClassVar[bool] = False  # no body at all then means {}


class QueryIn(BaseModel):
    """Query values are text and read leniently, but unknown names are refused: a misspelt filter would show all."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Out(BaseModel):
    model_config = ConfigDict(extra="forbid")


class FaultOut(Out):
    pointer: str = Field("", description="Where in the body (RFC 6901).")
    parameter: str = Field("", description="Which query parameter.")
    header: str = Field("", description="Which header.")
    detail: str


class ProblemOut(Out):
    """RFC 9457."""

    model_config = ConfigDict(extra="forbid", title="Problem")

    type: str
    title: str
    status: int
    code: str = Field(description="One word for programs.")
    detail: str
    errors: list[FaultOut] = Field([])
