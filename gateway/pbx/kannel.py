"""Kannel's MO and DLR calls: a GET whose query is a template with Kannel's escapes; any 2xx accepts.

Source: Kannel 1.4.5, gw/smsbox.c and gw/urltrans.c, the user guide's table of escapes, and what it was seen to do. A bearerbox
says 202 to what it refuses as well: its three sentences for that are refusals here. `%p` is the person and `%P` our number in
reports too, as Kannel has it. Escapes that nothing here answers to (`%u %M %B %R`) are empty; letters that are no escape stay as
they stand. `%o` and `%D` carry the client_ref. `%{secret}` is the webhook's secret, for the `password` that a bearerbox asks for in
its address. Kannel hands UCS-2 texts over as raw UTF-16BE; here that is `charset = "UTF-16BE"`, and UTF-8 otherwise. Events outside
`dlr_mask` are not told.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote_plus

from gateway.pbx.facts import DELIVERED, FAILED, RECEIVED, REPORTS, SENT, UNDELIVERED, UNKNOWN, Facts, facts_of, numbers
from gateway.pbx.options import choice, text, whole
from gateway.pbx.request import Format, Heard, Hook, HttpRequest
from gateway.pbx.signing import QUERY_SIGNINGS, options, signed
from gateway.pbx.spelling import query_get
from gateway.records import Event, EventType

BITS = {DELIVERED: 1, UNDELIVERED: 2, UNKNOWN: 4, SENT: 8, FAILED: 16}
_STATES = {DELIVERED: "DELIVRD", UNDELIVERED: "UNDELIV"}
_ESCAPE = re.compile(r"%(\{secret\}|[A-Za-z%])")
_REFUSALS = ("Authorization failed", "Insufficient args", "Not accepted")
_QUERY = r'^[!"$-~]{0,1000}$'
_QUERY_WORDS = "the part of the address behind '?', up to 1000 characters with Kannel's escapes"


def compose(event: Event, hook: Hook, at: float) -> HttpRequest | None:
    facts = facts_of(event, hook)
    if facts.kind not in told(hook.options):
        return None
    template = hook.options["mo" if facts.kind is RECEIVED else "dlr"]
    return signed(query_get(hook.url, filled(template, facts, hook)), event, hook, at)


def hear(hook: Hook, body: str) -> Heard:
    return Heard(f"Kannel answered {body.strip()[:80]!r}") if body.strip().startswith(_REFUSALS) else Heard()


def told(options: Mapping[str, Any]) -> frozenset[EventType]:
    return frozenset(kind for kind, bit in BITS.items() if bit & options["dlr_mask"]) | {RECEIVED}


def filled(template: str, facts: Facts, hook: Hook) -> str:
    words = iter(facts.text.split()[1:])
    values = _values(facts, hook)

    def value(found: re.Match[str]) -> str:
        if found[1] == "%":
            return "%"
        if found[1] == "s":
            return quote_plus(_encoded(next(words, ""), facts, hook))
        if found[1] in values:
            return quote_plus(values[found[1]])
        return found[0]

    return _ESCAPE.sub(value, template)


def _values(facts: Facts, hook: Hook) -> dict[str, bytes]:
    keyword, _, rest = " ".join(facts.text.split()).partition(" ")
    plain = {
        "p": facts.phone,
        "P": facts.own,
        "q": _with_plus(facts.phone),
        "Q": _with_plus(facts.own),
        "d": str(BITS.get(facts.kind, 0)),
        "A": _reply(facts),
        "F": facts.id,
        "I": facts.id,
        "i": facts.channel,
        "f": facts.channel,
        "n": "simrack",
        "o": facts.client_ref,
        "D": facts.client_ref,
        "t": facts.stamp("%Y-%m-%d %H:%M"),
        "T": str(int(facts.at)),
        "c": {"gsm7": "0", "8bit": "1", "ucs2": "2"}.get(facts.encoding, "0"),
        "C": hook.options["charset"] if facts.encoding == "ucs2" else "UTF-8",
        "O": {"gsm7": "0", "8bit": "4", "ucs2": "8"}.get(facts.encoding, "0"),
        "m": "0" if facts.flash else "",
        "{secret}": hook.secret,
        **dict.fromkeys("MuBR", ""),
    }
    texts = {"a": " ".join(facts.text.split()), "b": facts.text, "k": keyword, "S": rest, "r": rest}
    return {
        **{name: value.encode() for name, value in plain.items()},
        **{name: _encoded(value, facts, hook) for name, value in texts.items()},
    }


def _encoded(text: str, facts: Facts, hook: Hook) -> bytes:
    return text.encode("utf-16-be" if facts.encoding == "ucs2" and hook.options["charset"] == "UTF-16BE" else "utf-8")


def _with_plus(number: str) -> str:
    return "+" + number[2:] if number.startswith("00") else number


def _reply(facts: Facts) -> str:
    """What the service centre said: ACK/ and NACK/ for the acceptance, the receipt of SMPP for the delivery."""
    if facts.kind is SENT:
        return "ACK/"
    if facts.kind is FAILED:
        return f"NACK/{facts.reason or facts.code}"
    if facts.kind not in _STATES:
        return ""
    when, delivered = facts.stamp("%y%m%d%H%M"), facts.kind is DELIVERED
    return (
        f"id:{facts.id} sub:001 dlvrd:{'001' if delivered else '000'} submit date:{when} done date:{when}"
        f" stat:{_STATES[facts.kind]} err:{'000' if delivered else '001'} text:"
    )




FORMAT = Format(
    compose,
    REPORTS | {RECEIVED, UNKNOWN},
    (
        *options(QUERY_SIGNINGS),
        numbers(),
        text("mo", "from=%p&to=%P&text=%b&id=%I&ts=%t", _QUERY, f"{_QUERY_WORDS}, for received texts"),
        text("dlr", "type=%d&id=%I&a=%A", _QUERY, f"{_QUERY_WORDS}, for reports"),
        whole("dlr_mask", 31, 0, 63, "1 delivered, 2 undeliverable, 4 unknown, 8 accepted by the network, 16 refused, added up"),
        choice("charset", ("UTF-8", "UTF-16BE"), "how UCS-2 texts are written"),
    ),
    QUERY_SIGNINGS,
    hear,
    told,
)
