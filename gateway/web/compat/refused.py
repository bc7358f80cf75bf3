"""Why a door lets a request not pass, in one word that each door puts into its own language. Answers nothing itself."""

from __future__ import annotations

import logging
from enum import StrEnum

from werkzeug.exceptions import HTTPException

from gateway.errors import AgainstRule, BadValue, Conflict, NotFound, SimrackError, StorageFull, TooFast
from gateway.store.writer import StoreClosed

log = logging.getLogger("simrack.web")


# Seconds after which a client may try again when we cannot take more.
_RETRY_AFTER = 30


class Why(StrEnum):
    ADDRESS = "address"  # this door is not entered from there
    CREDENTIALS = "credentials"  # no key, or none that is known
    SCOPE = "scope"  # the key may not do this
    MISSING = "missing"  # a field, named by `field`
    TO = "to"
    FROM = "from"
    TEXT = "text"
    LONG = "long"  # the text has too many characters or needs too many parts
    CONTENT = "content"  # a rule of the key refuses what the text holds
    RULE = "rule"  # a rule that people made refuses the recipient
    CALLBACK = "callback"  # an address for reports that cannot be one
    VALUE = "value"  # of another field
    BODY = "body"  # cannot be read
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    METHOD = "method"
    ABSENT = "absent"  # a part of the language that is not offered here
    LARGE = "large"
    FAST = "fast"  # more texts a second than the key may give
    BUSY = "busy"  # nothing was accepted; it may go well later
    INTERNAL = "internal"


# What a rule is about, by the field that it refuses; other fields are about the recipient.
_BY_RULE = {"text": Why.CONTENT, "from": Why.FROM, "channel": Why.FROM, "pool": Why.FROM, "extension": Why.FROM}


class Refused(Exception):
    def __init__(self, why: Why, detail: str, field: str = "", retry_after: int | None = None) -> None:
        super().__init__(detail)
        self.why = why
        self.detail = detail
        self.field = field
        self.retry_after = retry_after  # seconds


def missing(field: str) -> Refused:
    return Refused(Why.MISSING, f"{field} is missing", field)


def wrong(field: str, reason: str) -> Refused:
    return Refused(Why.VALUE, f"{field}: {reason}", field)


def from_value(fault: BadValue, text: str) -> Refused:
    """`text` is the text of the message whose value is bad: what is there and bad is too long."""
    field = fault.field.rpartition("/")[2]
    detail = f"{field}: {fault.reason}" + (f"; {fault.remedy}" if fault.remedy else "")
    if isinstance(fault, AgainstRule):
        return Refused(_BY_RULE.get(field, Why.RULE), detail, field)
    if field == "text":
        return Refused(Why.LONG if text else Why.MISSING, detail, field)
    return Refused({"to": Why.TO, "from": Why.FROM, "callback": Why.CALLBACK}.get(field, Why.VALUE), detail, field)


def from_ours(fault: SimrackError) -> Refused:
    if isinstance(fault, BadValue):
        return from_value(fault, "")
    if isinstance(fault, NotFound):
        return Refused(Why.NOT_FOUND, str(fault))
    if isinstance(fault, Conflict):
        return Refused(Why.CONFLICT, str(fault))
    if isinstance(fault, TooFast):
        return Refused(Why.FAST, str(fault), retry_after=fault.wait_s)
    if isinstance(fault, StorageFull | StoreClosed):
        return Refused(Why.BUSY, str(fault), retry_after=_RETRY_AFTER)
    log.error("a request failed", exc_info=fault)
    return Refused(Why.INTERNAL, "an unexpected error was logged")


def from_http(fault: HTTPException) -> Refused:
    status = fault.code or 500
    if status >= 500:  # logged with its traceback already
        return Refused(Why.INTERNAL, "an unexpected error was logged")
    kinds = {404: Why.NOT_FOUND, 405: Why.METHOD, 413: Why.LARGE, 431: Why.LARGE}
    return Refused(kinds.get(status, Why.BODY), fault.description or fault.name)
