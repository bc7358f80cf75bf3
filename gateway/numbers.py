"""Numbers as people write them to numbers as the gateway keeps them: +E.164, or a short code as it is.

Knows nothing of routes or prices. Validity beyond the country code is not judged: numbering plans change faster than an appliance.
"""

from __future__ import annotations

import re
from functools import lru_cache

import phonenumbers

from gateway.errors import BadValue

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_SHORT_CODE = re.compile(r"[0-9*#]{2,6}")
_SEPARATORS = str.maketrans("", "", " -./()\u00a0\u2011")
_COUNTRY_CODES = frozenset(str(code) for code in phonenumbers.COUNTRY_CODE_TO_REGION_CODE)


def has_country_code(number: str) -> bool:
    """True if the digits after + begin with a country code in use (ITU-T E.164)."""
    return number[1:2] in _COUNTRY_CODES or number[1:3] in _COUNTRY_CODES or number[1:4] in _COUNTRY_CODES


def recipient(written: str, country: str, field: str = "to") -> str:
    """Return `written` as +E.164, or unchanged when it is a short code (2-6 digits, * and #).

    `country` is the ISO 3166 code that national numbers belong to. Raises BadValue naming `field`.
    """
    number = written.translate(_SEPARATORS)
    if _E164.fullmatch(number):
        if has_country_code(number):
            return number
        raise BadValue(field, f"{written!r} begins with a country code that does not exist", "write it as +49151…")
    if _SHORT_CODE.fullmatch(number):
        return number
    return _national(written, number, country, field)


def plain_form(country: str) -> str:
    """A regular expression for numbers without separators that `recipient` takes; for programs that ask what to type.

    Of national numbers it knows the trunk prefix and the shortest and longest length; `recipient` judges more closely.
    """
    codes = {size: "|".join(sorted(code for code in _COUNTRY_CODES if len(code) == size)) for size in (1, 2, 3)}
    forms = [rf"\+({codes[size]})[0-9]{{{7 - size},{15 - size}}}" for size in codes]
    metadata = phonenumbers.PhoneMetadata.metadata_for_region(country)
    if metadata is not None and metadata.national_prefix:
        lengths = metadata.general_desc.possible_length
        longest = min(lengths[-1], 15 - len(str(metadata.country_code)))
        forms.append(f"{metadata.national_prefix}[1-9][0-9]{{{max(lengths[0], 7) - 1},{longest - 1}}}")
    return f"^({'|'.join(forms)}|[0-9*#]{{2,6}})$"


@lru_cache(maxsize=4096)
def _national(written: str, number: str, country: str, field: str) -> str:
    try:
        parsed = phonenumbers.parse(number, country)
    except phonenumbers.NumberParseException as fault:
        raise BadValue(field, f"{written!r} is not a phone number", _hint(country)) from fault
    formatted = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    if not _E164.fullmatch(formatted) or not phonenumbers.is_possible_number(parsed):
        raise BadValue(field, f"{written!r} is not a possible phone number", _hint(country))
    return formatted


def _hint(country: str) -> str:
    return f"write it as +49151… or as a national number of {country}"


# So many last digits tell two lines of one place apart; what stands before them is spelt in several ways.
_TELLING = 8


def same_subscriber(one: str, other: str) -> bool:
    """True if two spellings may be the same line: equal, or full numbers with the same last eight digits.

    A status report may name the recipient in national form although an international number was dialled
    (3GPP TS 23.040 leaves TP-RA's type of number to the service centre).
    """
    if one == other:
        return True
    ends = ["".join(c for c in number if c.isdigit())[-_TELLING:] for number in (one, other)]
    return ends[0] == ends[1] and len(ends[0]) == _TELLING
