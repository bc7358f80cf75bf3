"""Numbers as people write them to numbers as the gateway keeps them: +E.164, or a short code as it is; and back to what is dialled.

Knows nothing of routes or prices. Validity beyond the country code is not judged: numbering plans change faster than an appliance.
"""

from __future__ import annotations

import re
from functools import lru_cache

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberType, shortnumberinfo

from gateway.errors import BadValue

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_SHORT_CODE = re.compile(r"[0-9*#]{2,6}")
_SEPARATORS = str.maketrans("", "", " -./()\u00a0\u2011")
# Letters, service codes, extensions: more than a number, and not only another way to write it.
_MORE_THAN_A_NUMBER = re.compile(r"[^\W\d]|[*#,;=]|\d.*[+＋]")
_NON_GEOGRAPHIC = "001"
_DIGITS_OF_COUNTRY_CODES = "123456789"
_COUNTRY_CODES = frozenset(str(code) for code in phonenumbers.COUNTRY_CODE_TO_REGION_CODE)


def country_code_of(number: str) -> str:
    """The country code in use that the digits after + begin with (ITU-T E.164), or nothing; no code is the beginning of another."""
    return next((number[1:end] for end in (2, 3, 4) if number[1:end] in _COUNTRY_CODES), "")


def has_country_code(number: str) -> bool:
    return bool(country_code_of(number))


def recipient(written: str, country: str, field: str = "to") -> str:
    """Return `written` as +E.164, or unchanged when it is a short code (2-6 digits, * and #).

    `country` is the ISO 3166 code that national numbers belong to; bare digits may lack but a plus sign. What begins as national
    numbers do is one typed halfway rather than a short code. Raises BadValue naming `field`.
    """
    number = written.translate(_SEPARATORS)
    if _E164.fullmatch(number):
        if has_country_code(number):
            return number
        raise BadValue(field, f"{written!r} begins with a country code that does not exist", "write it as +49151…")
    if code_of(number):
        if _is_half(number, country):
            reason = f"{written!r} begins as the national numbers of {country} do, and is too short for one"
            raise BadValue(field, reason, _hint(country))
        return number
    if "*" in number or "#" in number:
        raise BadValue(field, f"{written!r} is no phone number, and too long for a short code", _hint(country))
    return _national(written, number, country, field)


def code_of(written: str) -> str:
    """What has the form of a short code, whatever it begins with, without separators; else nothing."""
    number = written.translate(_SEPARATORS)
    return number if _SHORT_CODE.fullmatch(number) else ""


@lru_cache(maxsize=256)
def _is_half(code: str, country: str) -> bool:
    """True where the trunk prefix is a 0 (or begins so) and no short code of the country that is known begins like this one. Trunk
    prefixes of other digits begin short codes too."""
    trunk = _trunk_zero(country)
    if not trunk or not code.startswith(trunk) or not code.isdigit():
        return False
    return not shortnumberinfo.is_valid_short_number_for_region(short_number(code, country), country)


def short_number(code: str, country: str) -> PhoneNumber:
    """A short code of digits alone, as the tables of phonenumbers want it."""
    digits = code.lstrip("0") or "0"
    return PhoneNumber(
        country_code=phonenumbers.country_code_for_region(country),
        national_number=int(digits),
        italian_leading_zero=len(code) > len(digits) or None,
        number_of_leading_zeros=(len(code) - len(digits)) or None,
    )


def _trunk_zero(country: str) -> str:
    metadata = phonenumbers.PhoneMetadata.metadata_for_region(country)
    trunk = (metadata and metadata.national_prefix) or ""
    return trunk if trunk.startswith("0") else ""


def with_plus(written: str, country: str) -> str:
    """Bare digits that begin with the own country code and make a valid number are international; all else stays as it is."""
    digits = written.translate(_SEPARATORS)
    code = str(phonenumbers.country_code_for_region(country))
    if not (digits.isascii() and digits.isdigit() and digits.startswith(code) and len(digits) > 6):
        return written
    try:
        return f"+{digits}" if phonenumbers.is_valid_number(phonenumbers.parse(f"+{digits}")) else written
    except phonenumbers.NumberParseException:
        return written


@lru_cache(maxsize=4096)
def of_sender(told: str, national: bool, country: str) -> str:
    """A sender as a network told it, as +E.164 where that is sure: it is `national`, or shows it by its first digits. Names, short
    codes and numbers of services stay as they are."""
    if told.startswith("+") or not (told.isascii() and told.isdigit()):
        return told
    metadata = phonenumbers.PhoneMetadata.metadata_for_region(country)
    trunk = (metadata and metadata.national_prefix) or "00"
    written = with_plus(told, country)
    if not (national or written.startswith(("+", "00", trunk))):
        return told
    try:
        number = recipient(written, country)
        return number if phonenumbers.is_valid_number(phonenumbers.parse(number, country)) else told
    except (BadValue, phonenumbers.NumberParseException):
        return told


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
    # Of short codes that begin with such a prefix it knows none; `recipient` knows the few there are.
    return f"^({'|'.join(forms)}|{'[1-9*#]' if _trunk_zero(country) else '[0-9*#]'}[0-9*#]{{1,5}})$"


@lru_cache(maxsize=4096)
def _national(written: str, number: str, country: str, field: str) -> str:
    if _MORE_THAN_A_NUMBER.search(number):
        # The library would leave the rest out, and somebody might get a text that was not for him.
        raise BadValue(field, f"{written!r} is not a phone number", _hint(country))
    try:
        parsed = phonenumbers.parse(number, country)
    except phonenumbers.NumberParseException as fault:
        raise BadValue(field, f"{written!r} is not a phone number", _hint(country)) from fault
    if number[0] in _DIGITS_OF_COUNTRY_CODES:
        parsed = _lacking_plus(number, parsed, country) or parsed
    formatted = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    if not _E164.fullmatch(formatted) or not phonenumbers.is_possible_number(parsed):
        raise BadValue(field, f"{written!r} is not a possible phone number", _hint(country))
    return formatted


def _lacking_plus(number: str, national: PhoneNumber, country: str) -> PhoneNumber | None:
    """Bare digits as an international number without its plus sign, where that is what was meant: they cannot be a national number,
    or they are a mobile number behind the own country code and none without it. National plans that allow many lengths take
    4915112345678 for a landline; nobody dials one without its trunk prefix."""
    try:
        international = phonenumbers.parse(f"+{number}")
    except phonenumbers.NumberParseException:
        return None
    if not number.isdigit() or not phonenumbers.is_valid_number(international):
        return None
    if not phonenumbers.is_possible_number(national):
        return international
    own = international.country_code == phonenumbers.country_code_for_region(country)
    kinds = phonenumbers.number_type(international), phonenumbers.number_type(national)
    return international if own and kinds[0] == PhoneNumberType.MOBILE != kinds[1] else None


def _hint(country: str) -> str:
    return f"write it as +49151… or as a national number of {country}"


def is_short_code(number: str) -> bool:
    return not number.startswith("+")


@lru_cache(maxsize=4096)
def country_of(number: str, own: str) -> str:
    """The ISO code of the country of a kept number: `own` for short codes; empty for what belongs to none, as satellites do.

    Where several countries share a country code and the digits tell none of them, it is `own` if that is one of them.
    """
    if is_short_code(number):
        return own
    sharing = phonenumbers.COUNTRY_CODE_TO_REGION_CODE[int(country_code_of(number))]
    region = sharing[0]
    if len(sharing) > 1:
        region = phonenumbers.region_code_for_number(phonenumbers.parse(number)) or (own if own in sharing else region)
    return "" if region == _NON_GEOGRAPHIC else region


@lru_cache(maxsize=4096)
def operator_of(number: str) -> str:
    """The operator that a mobile number was first given out by, empty where it is not known. A number that was ported since
    keeps the old operator's name. The tables are loaded when this is first asked, and stay in memory."""
    if is_short_code(number):
        return ""
    from phonenumbers import carrier

    return str(carrier.name_for_number(phonenumbers.parse(number), "en"))


@lru_cache(maxsize=4096)
def dialled(number: str, style: str, country: str) -> str:
    """A kept number as the operator of a SIM of `country` wants it: e164 (+49…), 00 (0049…), plain (49…), or national (0…
    within the country, 00… abroad). Short codes are dialled as they are."""
    if style == "e164" or is_short_code(number):
        return number
    if style == "plain":
        return number[1:]
    if style == "national" and number.startswith(f"+{phonenumbers.country_code_for_region(country) or '-'}"):
        return _in_country(number, country)
    return f"00{number[1:]}"


def _in_country(number: str, country: str) -> str:
    parsed = phonenumbers.parse(number)
    shown = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL)
    digits = "".join(sign for sign in shown if sign.isdigit())
    significant = phonenumbers.national_significant_number(parsed)
    if digits == significant and not phonenumbers.is_valid_number(parsed):
        # No form of that country's plan fits it, so its trunk prefix was left out.
        metadata = phonenumbers.PhoneMetadata.metadata_for_region(country)
        return ((metadata and metadata.national_prefix) or "") + significant
    return digits


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
