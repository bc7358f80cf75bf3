"""May this recipient be texted at all, and over this pool? PURE: the configuration decides, and every no names what to change.

Numbers abroad and numbers that cost extra are closed until the configuration opens them: a leaked key must not cost a fortune.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Protocol

import phonenumbers
from phonenumbers import PhoneNumberType, ShortNumberCost, shortnumberinfo

from gateway import patterns
from gateway.errors import AgainstRule, BadValue
from gateway.numbers import country_code_of, country_of, dialled, is_short_code, short_number
from gateway.settings import NumbersSettings

_EXTRA = {
    PhoneNumberType.PREMIUM_RATE: "a premium-rate number",
    PhoneNumberType.SHARED_COST: "a shared-cost number",
}
# International ranges for these (ITU-T E.169.2 and E.169.3); what cannot be a valid number of them is closed as well.
_EXTRA_PREFIXES = {
    "+979": _EXTRA[PhoneNumberType.PREMIUM_RATE],
    "+808": _EXTRA[PhoneNumberType.SHARED_COST],
}
_PREMIUM_REMEDY = "numbers that cost extra are closed; premium = true in [numbers] of the configuration opens them"
# No pattern is tried on more than this: numbers are short, whatever a client writes between their digits.
_LONGEST_SPELLING = 24


class Choosy(Protocol):
    """What a pool says of its recipients."""

    @property
    def name(self) -> str: ...

    @property
    def accept(self) -> str: ...

    @property
    def hint(self) -> str: ...


def require_allowed(to: str, settings: NumbersSettings, field: str = "to") -> None:
    """Raises BadValue when texts to `to` (as it is kept) are closed; its words name the country and the setting."""
    refusal = refusal_of(to, settings)
    if refusal is not None:
        raise BadValue(field, *refusal)


def require_accepted(to: str, written: str, pool: Choosy, country: str, field: str = "to") -> None:
    """Raises AgainstRule when the pattern of `pool` matches neither +E.164, nor the national spelling, nor what was written."""
    if pool.accept and not _accepted(to, written, pool.accept, country):
        hint = pool.hint or f"its numbers have the form {pool.accept}"
        raise AgainstRule(field, f"{written!r} is not a recipient of the pool {pool.name}", hint)


def words_against(to: str, written: str, settings: NumbersSettings, pool: Choosy | None) -> str | None:
    """With which a text to this number, over this pool, would be refused, for people who ask before."""
    closed = refusal_of(to, settings)
    if closed is None and pool is not None:
        try:
            require_accepted(to, written, pool, settings.country)
        except BadValue as fault:
            closed = fault.reason, fault.remedy
    return None if closed is None else "; ".join(closed)


@lru_cache(maxsize=4096)
def refusal_of(to: str, settings: NumbersSettings) -> tuple[str, str] | None:
    """The reason and the remedy; None for a number that may be texted."""
    if is_short_code(to):
        return _refusal_of_short_code(to, settings)
    country = country_of(to, settings.country)
    if country != settings.country and not _opened(to, country, settings.open):
        return _foreign(to, country, settings)
    extra = "" if settings.premium else _extra_cost(to)
    return (f"{to} is {extra}", _PREMIUM_REMEDY) if extra else None


def _opened(to: str, country: str, entries: tuple[str, ...]) -> bool:
    return any(one in ("*", country) or (one.startswith("+") and to.startswith(one)) for one in entries)


def _foreign(to: str, country: str, settings: NumbersSettings) -> tuple[str, str]:
    code = country_code_of(to)
    shared = len(phonenumbers.COUNTRY_CODE_TO_REGION_CODE[int(code)]) > 1
    where = f"is a number of {country}" if country else f"belongs to no country (+{code})"
    # A prefix that several countries share would open more than is wanted.
    entries = [f'"{country}"'] * bool(country) + [f'"+{code}"'] * (not shared)
    closed = f"texts abroad are closed, but for {', '.join(settings.open)}" if settings.open else "texts abroad are closed"
    return f"{to} {where}, and {closed}", f"add {' or '.join(entries)} to open in [numbers] of the configuration"


def _extra_cost(to: str) -> str:
    for prefix, words in _EXTRA_PREFIXES.items():
        if to.startswith(prefix):
            return words
    parsed = phonenumbers.parse(to)
    kind = phonenumbers.number_type(parsed)
    if kind == PhoneNumberType.UNKNOWN and phonenumbers.truncate_too_long_number(parsed):
        # Networks ignore digits behind a whole number, so they must not hide what it is.
        kind = phonenumbers.number_type(parsed)
    return _EXTRA.get(kind, "")


def _refusal_of_short_code(to: str, settings: NumbersSettings) -> tuple[str, str] | None:
    if settings.premium or not to.isdigit():
        return None
    code = short_number(to, settings.country)
    if shortnumberinfo.expected_cost_for_region(code, settings.country) != ShortNumberCost.PREMIUM_RATE:
        return None
    return f"{to} is a short code that costs extra in {settings.country}", _PREMIUM_REMEDY


@lru_cache(maxsize=4096)
def _accepted(to: str, written: str, pattern: str, country: str) -> bool:
    spellings = (to, dialled(to, "national", country), written)
    accepts = patterns.compile(pattern, "accept")
    return any(len(one) <= _LONGEST_SPELLING and accepts.fullmatch(one) for one in spellings)
