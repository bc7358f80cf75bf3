"""What makes an inbound rule that may be kept: each field is judged by itself and refused by its name, with what would do."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import replace

from gateway import numbers, patterns
from gateway.core.inbound.conditions import NAME as SENDER_NAME
from gateway.core.inbound.conditions import PREFIX, word_of
from gateway.errors import BadValue
from gateway.settings.spelling import nearest
from gateway.store.inbound import InboundRule

NAME = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}"
# Spelled out, since languages differ in what they take for a blank.
KEYWORD = r"[^\x00-\x20\x7f-\xa0\u1680\u2000-\u200b\u200e\u200f\u2028-\u202f\u205f\u2060\u3000\ufeff]+"
EXTENSION = r"[A-Za-z0-9._+@-]{1,32}"
EXTENSION_WORDS = "give up to 32 letters, digits, '.', '_', '+', '@' and '-'"
MOST_ENTRIES = 200
MOST_WEBHOOKS = 20
MOST_DAYS = 90
LONGEST_ENTRY = 64
LONGEST_PATTERN = 200
# Words that stand in the place of a name in the API.
RESERVED = ("reset", "explain", "replay")


def checked(rule: InboundRule, channels: Collection[str], pools: Collection[str], country: str) -> InboundRule:
    """The rule as it is kept: numbers in one spelling, nothing twice. Raises BadValue. Webhooks are looked at elsewhere."""
    _require_name(rule.name)
    for field, entries in (("to", rule.to), ("channels", rule.channels), ("from", rule.from_), ("keywords", rule.keywords)):
        _require_few(field, entries)
    for channel in rule.channels:
        if channel not in channels:
            raise BadValue("channels", f"there is no channel {channel!r}", nearest(channel, channels))
    if rule.pool and rule.pool not in pools:
        raise BadValue("pool", f"there is no pool {rule.pool!r}", nearest(rule.pool, pools))
    patterns.compile(rule.pattern, "pattern", ignore_case=True, longest=LONGEST_PATTERN)
    if len(rule.webhooks) > MOST_WEBHOOKS:
        raise BadValue("webhooks", f"names {len(rule.webhooks)} webhooks", f"at most {MOST_WEBHOOKS}")
    if rule.extension and not re.fullmatch(EXTENSION, rule.extension):
        raise BadValue("extension", f"{rule.extension!r} is no extension", EXTENSION_WORDS)
    if rule.follow_days is not None and not 1 <= rule.follow_days <= MOST_DAYS:
        raise BadValue("follow_days", f"{rule.follow_days} is out of range", f"1 to {MOST_DAYS} days, or nothing")
    return replace(
        rule,
        to=_once(numbers.recipient(one, country, "to") for one in rule.to),
        channels=_once(rule.channels),
        from_=_once(_sender(one, country) for one in rule.from_),
        keywords=_once(_keyword(one) for one in rule.keywords),
        webhooks=_once(rule.webhooks),
    )


def _require_name(name: str) -> None:
    if name in RESERVED:
        raise BadValue("name", f"{name!r} means something else in the API", "choose another name")
    if not re.fullmatch(NAME, name):
        raise BadValue("name", f"{name!r} is not a rule's name", "up to 64 letters, digits, '_', '.' and '-'")


def _require_few(field: str, entries: tuple[str, ...]) -> None:
    if len(entries) > MOST_ENTRIES:
        raise BadValue(field, f"holds {len(entries)} entries", f"at most {MOST_ENTRIES}, or several rules")
    if any(len(one) > LONGEST_ENTRY for one in entries):
        raise BadValue(field, f"holds an entry of more than {LONGEST_ENTRY} characters", "make it shorter")


def _sender(written: str, country: str) -> str:
    if re.fullmatch(PREFIX, written) or re.fullmatch(SENDER_NAME, written):
        return written
    if written.endswith("*"):
        remedy = "write a prefix as +49151*, a name as Bank*; leave from out for everybody"
        raise BadValue("from", f"{written!r} is neither a prefix nor a name", remedy)
    # Networks text from codes, too, that cannot be texted.
    return numbers.code_of(written) or numbers.recipient(written, country, "from")


def _keyword(written: str) -> str:
    if not re.fullmatch(KEYWORD, written):
        raise BadValue("keywords", f"{written!r} is not one word", "write one word for each keyword, without blanks")
    return word_of(written)


def _once(entries: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(entries))
