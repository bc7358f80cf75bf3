"""What the rules of a key say to a text: how many characters it may have, and whether links; and how rules are written. PURE.

A character is a code point, as the SMS counter (`/v1/messages/preview`) counts: an emoji is one, though it takes the room of two.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from gateway.core.inbound.checks import EXTENSION, EXTENSION_WORDS
from gateway.core.keys.senders import ANY_EXTENSION, Expand
from gateway.core.links import first_link
from gateway.errors import AgainstRule, BadValue
from gateway.numbers import is_short_code, recipient
from gateway.records import Key, KeyRules, Links
from gateway.settings import SendingSettings
from gateway.settings.sections import MOST_CHARACTERS

MOST_PER_SECOND = 100_000
MOST_SENDERS = 200
MOST_EXTENSIONS = 1000
LONGEST_SENDER = 64


def longest(rules: KeyRules, settings: SendingSettings) -> int:
    return settings.max_characters if rules.longest is None else rules.longest


def require_text(text: str, key: Key, settings: SendingSettings, field: str) -> tuple[str, ...]:
    """The warnings that go with it. Raises BadValue when it is too long, AgainstRule when it may not hold what it holds."""
    most = longest(key.rules, settings)
    if len(text) > most:
        remedy = f"the key {key.name} may send {most}; POST /v1/messages/preview counts"
        raise BadValue(field, f"has {len(text)} characters", remedy)
    warning = link_warning(text, key.rules, settings)
    if warning and link_rule(key.rules, settings) == Links.REFUSE:
        raise AgainstRule(field, warning, f"the key {key.name} may send none")
    return (warning,) if warning else ()


def link_warning(text: str, rules: KeyRules, settings: SendingSettings) -> str:
    """Empty for a text without a link, and where links are no matter."""
    link = "" if link_rule(rules, settings) == Links.ALLOW else first_link(text)
    return f"holds a link: {link}" if link else ""


def link_rule(rules: KeyRules, settings: SendingSettings) -> str:
    """A word of `Links`."""
    return settings.links if rules.links is None else rules.links


def rules_json(rules: KeyRules) -> dict[str, Any]:
    """As people write them and read them."""
    return {
        "longest": rules.longest,
        "links": None if rules.links is None else rules.links.value,
        "per_second": rules.per_second,
        "from": list(rules.senders),
        "extensions": {extension: list(senders) for extension, senders in rules.extensions.items()},
    }


def changed(rules: KeyRules, changes: Mapping[str, Any], country: str, expand: Expand) -> KeyRules:
    """`changes` as people write them; what they do not name stays. Raises BadValue naming the field."""
    for name, value in changes.items():
        if name == "longest":
            rules = replace(rules, longest=_longest(value))
        elif name == "links":
            rules = replace(rules, links=_links_of(value))
        elif name == "per_second":
            rules = replace(rules, per_second=_per_second(value))
        elif name == "from":
            rules = replace(rules, senders=_senders(value or (), "from", country, expand))
        else:
            rules = replace(rules, extensions=_extensions(value or {}, country, expand))
    return rules


def _longest(value: int | None) -> int | None:
    if value is not None and not 1 <= value <= MOST_CHARACTERS:
        raise BadValue("longest", f"{value} characters are no limit", f"give 1 to {MOST_CHARACTERS}; null is what [sending] says")
    return value


def _per_second(value: float | None) -> float | None:
    if value is not None and not 0 <= value <= MOST_PER_SECOND:
        remedy = f"give 0 to {MOST_PER_SECOND}; 0 is no bound, null is what [http] says"
        raise BadValue("per_second", f"{value:g} texts are no pace", remedy)
    return value


def _links_of(value: str | None) -> Links | None:
    if value is not None and value not in tuple(Links):
        raise BadValue("links", f"{value!r} is not known", "give 'allow', 'warn' or 'refuse'; null is what [sending] says")
    return None if value is None else Links(value)


def _extensions(written: Mapping[str, Sequence[str]], country: str, expand: Expand) -> dict[str, tuple[str, ...]]:
    if len(written) > MOST_EXTENSIONS:
        raise BadValue("extensions", f"{len(written)} are too many", f"a key has {MOST_EXTENSIONS} at most")
    for extension in written:
        if extension != ANY_EXTENSION and not re.fullmatch(EXTENSION, extension):
            raise BadValue(f"extensions/{extension}", "is no extension", f"{EXTENSION_WORDS}; * is any other, and none")
    return {name: _senders(senders, f"extensions/{name}", country, expand) for name, senders in written.items()}


def _senders(written: Sequence[str], field: str, country: str, expand: Expand) -> tuple[str, ...]:
    """Channels, dial strings and pools as they are written, numbers as +E.164; each once."""
    if len(written) > MOST_SENDERS:
        raise BadValue(field, f"{len(written)} are too many", f"{MOST_SENDERS} at most; a pool names many")
    return tuple(dict.fromkeys(_sender(one.strip(), f"{field}/{place}", country, expand) for place, one in enumerate(written)))


def _sender(written: str, field: str, country: str, expand: Expand) -> str:
    remedy = "name an own number (+49…), a channel, a dial string or a pool"
    if len(written) > LONGEST_SENDER:
        raise BadValue(field, f"is longer than {LONGEST_SENDER} characters", remedy)
    try:
        expand(written)
    except BadValue as unknown:
        try:
            number = recipient(written, country)
        except BadValue:
            raise BadValue(field, unknown.reason, unknown.remedy or remedy) from unknown
        if is_short_code(number):
            raise BadValue(field, f"{written!r} is neither a channel nor a number", remedy) from unknown
        return number
    return written
