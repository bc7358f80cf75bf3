"""Text in SMPP: data_coding, and the user data header before it. PURE.

SMPP 3.4 clauses 5.2.12 and 5.2.19, 3GPP TS 23.040 clause 9.2.3.24.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gateway.pdu.alphabet import alphabet, expand
from gateway.records import Concat

GSM, ASCII, LATIN_1, BINARY, UCS_2 = 0, 1, 3, 4, 8
# GSM alphabet and UCS-2 with message class 0 (3GPP TS 23.038 clause 4).
FLASH_GSM, FLASH_UCS_2 = (0x10, 0xF0), 0x18
_CONCAT_8, _CONCAT_16, _SINGLE, _LOCKING = 0x00, 0x08, 0x24, 0x25


class Unreadable(ValueError):
    """Octets that are no text, or in a coding that is not offered."""


@dataclass(frozen=True, slots=True)
class UserHeader:
    """`rest` are the octets behind it."""

    rest: bytes
    concat: Concat | None = None
    locking: int = 0
    single: int = 0


def read_header(octets: bytes) -> UserHeader:
    """Raises Unreadable for elements that this gateway could not pass on, such as application ports."""
    end = octets[0] + 1 if octets else 0
    if not octets or end > len(octets):
        raise Unreadable("the user data header is longer than the text")
    concat, tables, at = None, {_SINGLE: 0, _LOCKING: 0}, 1
    while at < end:
        value = octets[at + 2 : at + 2 + octets[at + 1]] if at + 1 < end else b""
        kind, at = octets[at], at + 2 + len(value)
        if kind == _CONCAT_8 and len(value) == 3:
            concat = Concat(value[0], value[1], value[2])
        elif kind == _CONCAT_16 and len(value) == 4:
            concat = Concat(value[0] << 8 | value[1], value[2], value[3], wide=True)
        elif kind in tables and len(value) == 1:
            tables[kind] = value[0]
        else:
            raise Unreadable(f"element {kind:02X} of the user data header cannot be passed on")
    return UserHeader(octets[end:], concat, tables[_LOCKING], tables[_SINGLE])


def reader(data_coding: int, locking: int = 0, single: int = 0) -> Callable[[bytes], str]:
    """What turns octets of this coding into text; it raises Unreadable, and so does this for a coding that is not offered."""
    if data_coding == GSM or data_coding in FLASH_GSM:
        return lambda octets: _gsm(octets, locking, single)
    if data_coding in (UCS_2, FLASH_UCS_2):
        return _ucs_2
    if data_coding == ASCII:
        return _ascii
    if data_coding == LATIN_1:
        return lambda octets: octets.decode("latin-1")
    raise Unreadable(f"data_coding {data_coding:#04x} is not offered: 0 (GSM 03.38), 1 (ASCII), 3 (Latin-1) and 8 (UCS-2) are")


def is_flash(data_coding: int) -> bool:
    return data_coding in FLASH_GSM or data_coding == FLASH_UCS_2


def written(text: str) -> tuple[int, bytes]:
    """The data_coding and octets of a text for a client: GSM 03.38 unpacked, one octet each, where that holds it, else UCS-2."""
    codes = alphabet().codes(text)
    return (UCS_2, text.encode("utf-16-be", "replace")) if codes is None else (GSM, expand(codes))


def _gsm(octets: bytes, locking: int, single: int) -> str:
    if not octets.isascii():
        raise Unreadable("data_coding 0 is GSM 03.38 with one septet in each octet, and some octet is above 7F")
    text, flaw = alphabet(locking, single).text(octets)
    if "\ufffd" in text:
        raise Unreadable(flaw)
    return text


def _ucs_2(octets: bytes) -> str:
    if len(octets) % 2:
        raise Unreadable("UCS-2 has two octets for each character, and their number is odd")
    return octets.decode("utf-16-be", "replace")


def _ascii(octets: bytes) -> str:
    if not octets.isascii():
        raise Unreadable("data_coding 1 is ASCII, and some octet is above 7F")
    return octets.decode("ascii")
