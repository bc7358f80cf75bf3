"""What the rules of a key say to a text: how many characters it may have, and whether links. PURE; stores nothing.

A character is a code point, as the SMS counter (`/v1/messages/preview`) counts: an emoji is one, though it takes the room of two.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from gateway.core.links import first_link
from gateway.errors import AgainstRule, BadValue
from gateway.records import Key, KeyRules, Links
from gateway.settings import SendingSettings
from gateway.settings.sections import MOST_CHARACTERS


def longest(rules: KeyRules, settings: SendingSettings) -> int:
    return settings.max_characters if rules.longest is None else rules.longest


def require_text(text: str, key: Key, settings: SendingSettings, field: str) -> tuple[str, ...]:
    """The warnings that go with it. Raises BadValue when it is too long, AgainstRule when it may not hold what it holds."""
    most = longest(key.rules, settings)
    if len(text) > most:
        remedy = f"the key {key.name} may send {most}; POST /v1/messages/preview counts"
        raise BadValue(field, f"has {len(text)} characters", remedy)
    warning = link_warning(text, key.rules, settings)
    if warning and _links(key.rules, settings) == Links.REFUSE:
        raise AgainstRule(field, warning, f"the key {key.name} may send none")
    return (warning,) if warning else ()


def link_warning(text: str, rules: KeyRules, settings: SendingSettings) -> str:
    """Empty for a text without a link, and where links are no matter."""
    link = "" if _links(rules, settings) == Links.ALLOW else first_link(text)
    return f"holds a link: {link}" if link else ""


def _links(rules: KeyRules, settings: SendingSettings) -> str:
    return settings.links if rules.links is None else rules.links


def rules_json(rules: KeyRules) -> dict[str, Any]:
    """As people write them and read them."""
    return {"longest": rules.longest, "links": None if rules.links is None else rules.links.value}


def changed(rules: KeyRules, changes: Mapping[str, Any]) -> KeyRules:
    """`changes` as people write them; what they do not name stays. Raises BadValue naming the field."""
    for name, value in changes.items():
        rules = replace(rules, **_CHANGES[name](value))
    return rules


def _longest(value: int | None) -> dict[str, Any]:
    if value is not None and not 1 <= value <= MOST_CHARACTERS:
        raise BadValue("longest", f"{value} characters are no limit", f"give 1 to {MOST_CHARACTERS}; null is what [sending] says")
    return {"longest": value}


def _links_of(value: str | None) -> dict[str, Any]:
    if value is not None and value not in tuple(Links):
        raise BadValue("links", f"{value!r} is not known", "give 'allow', 'warn' or 'refuse'; null is what [sending] says")
    return {"links": None if value is None else Links(value)}


_CHANGES = {"longest": _longest, "links": _links_of}
