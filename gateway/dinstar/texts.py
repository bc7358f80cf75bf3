"""Texts as a box takes them: which ones it can carry at all, and how several go in one request, byte for byte. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.dinstar.wire import Request
from gateway.records import Encoding, OutgoingPart, Refused, Word

MOST_NUMBERS = 128
MOST_BYTES = 1500
LONGEST_NUMBER = 24
# The box puts the values of `text_param` in the place of this, one after the other.
_PLACE = "#param#"


@dataclass(frozen=True, slots=True)
class BoxText:
    user_id: int
    number: str
    text: str
    seven_bit: bool
    report: bool


def cannot(part: OutgoingPart) -> Refused | None:
    """Why no box can carry this text as it was asked for; None when it can."""
    if part.flash:
        return _elsewhere("flash", "a Dinstar box sends no flash texts")
    if part.validity_minutes is not None:
        return _elsewhere("validity", "a Dinstar box takes no validity")
    if part.part.encoding is Encoding.DATA:
        return _elsewhere("binary", "a Dinstar box sends no binary data")
    if len(part.recipient) > LONGEST_NUMBER:
        return _elsewhere("number", f"a Dinstar box takes numbers of up to {LONGEST_NUMBER} characters")
    if _size(part.part.text) > MOST_BYTES:
        return _elsewhere("too-long", f"a Dinstar box takes texts of up to {MOST_BYTES} bytes")
    return None


def _elsewhere(code: str, reason: str) -> Refused:
    return Refused(Word.ELSEWHERE, f"dinstar:{code}", reason, "let a modem send it: put one into the pool")


def box_text(part: OutgoingPart) -> BoxText:
    plain = part.part.encoding is Encoding.GSM7 and not part.part.locking and not part.part.single
    return BoxText(part.attempt_id, part.recipient, part.part.text, plain, part.report)


def go_together(texts: Sequence[BoxText]) -> bool:
    """May these leave in one request? Its size is counted carefully: the document does not say what the limit is about."""
    first = texts[0]
    return (
        len(texts) <= MOST_NUMBERS
        and all((text.seven_bit, text.report) == (first.seven_bit, first.report) for text in texts)
        and sum(_size(text.text) for text in texts) + len(_PLACE) <= MOST_BYTES
    )


def send(texts: Sequence[BoxText], port: int) -> Request:
    """One request that leaves every text as it is, whatever stands in it."""
    assert len(texts) == 1 or go_together(texts)
    first = texts[0]
    # A value is put in once and not looked at again, so a text that holds the place itself goes as a value.
    as_values = _PLACE in first.text or any(text.text != first.text for text in texts)
    param: list[dict[str, object]] = [
        {"number": text.number, "user_id": text.user_id} | ({"text_param": [text.text]} if as_values else {}) for text in texts
    ]
    document = {
        "text": _PLACE if as_values else first.text,
        "port": [port],
        "encoding": "gsm-7bit" if first.seven_bit else "unicode",
        "request_status_report": first.report,
        "param": param,
    }
    return Request("POST", "/api/send_sms", json.dumps(document).encode())


def _size(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))
