"""The text of a service code and of its answer, in whichever of three forms a modem writes it. Pure: no modem.

A form is plain text, 7-bit septets packed into hexadecimal octets, or UCS-2 in hexadecimal. What the modem says about the
coding is not always true, so the characters themselves are asked as well (3GPP TS 23.038 clauses 5 and 6.1.2.3).
"""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum

from gateway.pdu.alphabet import alphabet, expand
from gateway.pdu.septets import pack, unpack

LONGEST = 182  # characters of one USSD string: 160 octets of septets

_HEX = re.compile(r"(?:[0-9A-Fa-f]{2})+")
_FILLING = "\r@"  # what fills seven spare bits: CR by the standard, nothing at all by others
_SHARED = frozenset({0x00, 0x20, 0x21, 0xFF})  # high octets of Latin, punctuation and signs: at home in every script
# Septets that stand for another character when a modem hands them on as if they were ASCII: w{hlen is wählen.
_AS_SEPTET = re.compile(r"(?<=[A-Za-z])[{|}~](?=[a-z])")
_SEPTET_LETTERS = {"{": "ä", "|": "ö", "}": "ñ", "~": "ü"}
_WRITTEN = frozenset("äöüÄÖÜßéèàùìòñÑåÅøØæÆ€£")
_CODES_OF_CONTROL = re.compile(r"[\x01-\x09\x0b\x0c\x0e-\x1a\x1c-\x1f]")


class Form(StrEnum):
    TEXT = "text"
    PACKED = "packed"
    UCS2 = "ucs2"


def encode(text: str, form: Form) -> str | None:
    """What is typed between the quotes of AT+CUSD, or None when this form cannot hold the text."""
    if not text.isprintable() or '"' in text or not 0 < len(text) <= LONGEST:
        return None
    if form is Form.UCS2:
        return text.encode("utf-16-be").hex().upper()
    codes = alphabet().codes(text)
    if codes is None:
        return None
    if form is Form.TEXT:
        return text if text.isascii() else None
    septets = expand(codes)
    if len(septets) % 8 == 7:
        septets += b"\r"  # else the last seven bits would read as @
    return pack(septets).to_bytes((7 * len(septets) + 7) // 8, "little").hex().upper()


def decode(raw: str, coding: int | None) -> str:
    """The words of an answer. What cannot be read in any form is handed on as it came."""
    raw = raw.strip()
    if not _HEX.fullmatch(raw):
        return _from_text(raw)
    told_ucs2 = coding is not None and _says_ucs2(coding)
    as_ucs2 = _from_ucs2(raw) if len(raw) % 4 == 0 else ""
    if as_ucs2 and (told_ucs2 or _one_script(as_ucs2, raw)):
        return as_ucs2
    if told_ucs2:
        return raw
    as_packed = _from_packed(raw)
    return as_packed if _ordinary(as_packed) else raw


def _says_ucs2(coding: int) -> bool:
    """The coding scheme of cell broadcast, which USSD uses too (23.038 clause 5)."""
    return coding == 0x11 or (coding & 0xC0 == 0x40 and coding & 0x0C == 0x08)


def _from_text(raw: str) -> str:
    """Under CSCS "GSM" the characters are septets; most firmware translates them, some does not."""
    if _CODES_OF_CONTROL.search(raw) and raw.isascii():
        return alphabet().text(raw.encode())[0]
    return _AS_SEPTET.sub(lambda match: _SEPTET_LETTERS[match[0]], raw)


def _from_ucs2(raw: str) -> str:
    return bytes.fromhex(raw).decode("utf-16-be", "replace").rstrip("\0\ufffd\r").rstrip()


def _from_packed(raw: str) -> str:
    octets = bytes.fromhex(raw)
    text = ""
    for at in range(0, len(octets), 210):  # `unpack` takes 256 septets at most; 210 octets are 240
        piece = octets[at : at + 210]
        text += alphabet().text(unpack(int.from_bytes(piece, "little"), len(piece) * 8 // 7))[0]
    return text[:-1] if len(octets) % 7 == 0 and text[-1:] and text[-1] in _FILLING else text


def _one_script(text: str, raw: str) -> bool:
    """True if hexadecimal digits read as UCS-2 give letters of one script, which octets of another meaning hardly do."""
    if len(text) < 2 or any(unicodedata.category(char) in ("Cn", "Co", "Cs") for char in text):
        return False
    if any(unicodedata.category(char) == "Cc" and char not in "\r\n\t" for char in text):
        return False
    scripts = {_script(ord(char) >> 8) for char in text} - {0}
    return len(scripts) <= (0 if raw.isdecimal() and len(text) < 4 else 1)


def _script(high: int) -> int:
    """0 for what all scripts share, one number for all of Chinese and Japanese, one for Korean, else the high octet."""
    if high in _SHARED:
        return 0
    if high == 0x30 or 0x4E <= high <= 0x9F:
        return 0x4E
    return 0xAC if 0xAC <= high <= 0xD7 else high


def _ordinary(text: str) -> bool:
    """True if nearly every character is one that people write."""
    if any(unicodedata.category(char) == "Cc" and char not in "\r\n" for char in text):
        return False
    odd = sum(not (char.isascii() or char in _WRITTEN) for char in text)
    return bool(text) and odd * 10 <= len(text)
