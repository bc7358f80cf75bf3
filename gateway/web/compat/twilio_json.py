"""Messages, pages and errors as Twilio writes them, and its ids from ours and back. What Twilio makes a string is one here."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlencode

from flask import Response

from gateway.core import callbacks
from gateway.records import Direction, Message, Status
from gateway.web.answers import answer
from gateway.web.compat.refused import Refused, Why, wrong

# The letters of our ids (core.identifiers): 26 of them are 128 bits, as are the 32 hexadecimal digits of a SID.
_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"

_STATUS = {
    Status.QUEUED: "queued",
    Status.SENDING: "sending",
    Status.SENT: "sent",
    Status.DELIVERED: "delivered",
    Status.UNDELIVERED: "undelivered",
    Status.UNKNOWN: "sent",  # it may have left; Twilio knows no doubt
    Status.FAILED: "failed",
    Status.EXPIRED: "failed",
    Status.CANCELLED: "canceled",
    Status.BLOCKED: "failed",
    Status.RECEIVED: "received",
}
# Why -> HTTP status and Twilio's number of the error.
_ERRORS = {
    Why.ADDRESS: (403, 20003),
    Why.CREDENTIALS: (401, 20003),
    Why.SCOPE: (403, 20003),
    Why.TO: (400, 21211),
    Why.RULE: (400, 21408),
    Why.FROM: (400, 21606),
    Why.TEXT: (400, 21602),
    Why.LONG: (400, 21617),
    Why.CONTENT: (400, 30007),
    Why.CALLBACK: (400, 21609),
    Why.NOT_FOUND: (404, 20404),
    Why.CONFLICT: (409, 20009),
    Why.METHOD: (405, 20004),
    Why.LARGE: (413, 20413),
    Why.FAST: (429, 20429),
    Why.BUSY: (429, 20429),
    Why.INTERNAL: (500, 20500),
}
_MISSING = {"To": 21604, "From": 21603, "Body": 21602}
_DAY = len("2026-11-21")


def sid(public_id: str) -> str:
    value = 0
    for letter in public_id.partition("_")[2]:
        value = value << 5 | _LETTERS.index(letter)
    return f"SM{value:032x}"


def public_id(written: str) -> str | None:
    """Our id behind a SID; None for what is none."""
    if not re.fullmatch(r"SM[0-9a-fA-F]{32}", written):
        return None
    value = int(written[2:], 16)
    return "msg_" + "".join(_LETTERS[value >> 5 * place & 31] for place in reversed(range(26)))


def is_erased(message: Message) -> bool:
    return not (message.text or message.to or message.from_)


def shown(message: Message, account: str) -> dict[str, Any]:
    its_sid = sid(message.id)
    uri = f"/2010-04-01/Accounts/{account}/Messages/{its_sid}"
    scheduled = message.status is Status.QUEUED and message.send_at is not None
    failed = message.status in (Status.FAILED, Status.UNDELIVERED, Status.EXPIRED, Status.BLOCKED)
    return {
        "sid": its_sid,
        "account_sid": account,
        "api_version": "2010-04-01",
        "body": message.text,
        "from": message.from_ or None,
        "to": message.to,
        "status": "scheduled" if scheduled else _STATUS[message.status],
        "direction": "inbound" if message.direction is Direction.IN else "outbound-api",
        "num_segments": str(message.parts),
        "num_media": "0",
        "date_created": _rfc2822(message.created_at),
        "date_updated": _rfc2822(message.delivered_at or message.sent_at or message.created_at),
        "date_sent": None if message.sent_at is None else _rfc2822(message.sent_at),
        "price": None,
        "price_unit": "USD",
        "error_code": callbacks.twilio_error(message.error.code if message.error else "") if failed else None,
        "error_message": message.error.reason if failed and message.error else None,
        "messaging_service_sid": message.pool,
        "uri": f"{uri}.json",
        "subresource_uris": {"media": f"{uri}/Media.json"},
    }


def page(
    messages: Sequence[Message], account: str, path: str, query: Mapping[str, str], size: int, following: str
) -> dict[str, Any]:
    number = int(query["Page"]) if query.get("Page", "").isdecimal() and len(query["Page"]) < 10 else 0
    kept = {name: value for name, value in query.items() if name not in ("Page", "PageToken", "PageSize")}

    def uri(page: int, token: str) -> str:
        more = {"PageSize": size, "Page": page, **({"PageToken": token} if token else {})}
        return f"{path}?{urlencode({**kept, **more})}"

    return {
        "messages": [shown(message, account) for message in messages],
        "page": number,
        "page_size": size,
        "start": number * size,
        "end": number * size + max(len(messages) - 1, 0),
        "uri": uri(number, query.get("PageToken", "")),
        "first_page_uri": uri(0, ""),
        "next_page_uri": uri(number + 1, following) if following else None,
        "previous_page_uri": None,
    }


def sent_between(asked: Mapping[str, str]) -> tuple[float | None, float | None]:
    """From and until when texts left: DateSent is a day, `DateSent>` and `DateSent<` are days or moments, included; all in UTC."""
    day, first, last = (asked.get(name) for name in ("DateSent", "DateSent>", "DateSent<"))
    if day:
        start = _moment(day[:_DAY])
        return start, start + 86_400
    return (
        _moment(first) if first else None,
        _moment(last) + (86_400 if len(last) <= _DAY else 1) if last else None,
    )


def _moment(written: str) -> float:
    try:
        moment = datetime.fromisoformat(written)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError) as fault:
        raise wrong("DateSent", "is no date or moment of ISO 8601") from fault


def say(refused: Refused) -> Response:
    status, code = _ERRORS.get(refused.why, (400, 20001))
    if refused.why is Why.MISSING:
        code = _MISSING.get(refused.field.capitalize(), 20001)
    more = f"https://www.twilio.com/docs/errors/{code}"
    headers = {"WWW-Authenticate": 'Basic realm="Twilio API"'} if refused.why is Why.CREDENTIALS else None
    return answer({"code": code, "message": refused.detail, "more_info": more, "status": status}, status, headers)


def _rfc2822(seconds: float) -> str:
    return format_datetime(datetime.fromtimestamp(seconds, UTC))
