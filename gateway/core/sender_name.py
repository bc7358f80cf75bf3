"""A name as sender, as a provider that allows names would show it: eleven characters that every phone knows. PURE.

No channel of this gateway can send under a name: the network puts the number of the SIM there. A preview shows what would be
left of one elsewhere.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

LONGEST_NAME = 11  # TP-OA holds 20 semi-octets, which are 11 septets (3GPP TS 23.040 clauses 9.1.2.5 and 9.2.3.7)
# What the GSM default alphabet (TS 23.038 clause 6.2.1) and ASCII share, without escapes.
_MARKS = " !\"#$%&'()*+,-./:;<=>?@_"
_UNKNOWN = "?"
# Letters that are no other letter with a mark, and quotes and dashes that programs put in the place of plain ones.
_NEAREST = {
    "ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O", "đ": "d", "Đ": "D", "ð": "d", "Ð": "D",
    "ł": "l", "Ł": "L", "þ": "th", "Þ": "Th", "ı": "i", "ħ": "h", "Ħ": "H", "ŧ": "t", "Ŧ": "T", "ŋ": "n", "Ŋ": "N",
    "’": "'", "‘": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "–": "-", "—": "-", "‐": "-", "‑": "-", "…": "...",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class SenderName:
    """`name` is what would be shown; `changes` say in words what is not as it was written."""

    name: str
    changes: tuple[str, ...] = ()


def is_name(written: str) -> bool:
    """A sender with a letter in it is no number."""
    return any(sign.isalpha() for sign in written)


def sender_name(written: str) -> SenderName:
    plain = " ".join(written.split())
    spelt = [(sign, _spelt(sign)) for sign in unicodedata.normalize("NFC", plain)]
    replaced = [f"{sign} becomes {instead}" for sign, instead in dict.fromkeys(spelt) if sign != instead]
    whole = "".join(instead for _, instead in spelt)
    name = whole[:LONGEST_NAME].rstrip()
    cut = [f"cut to {LONGEST_NAME} characters"] if len(whole) > LONGEST_NAME else []
    return SenderName(name, (*replaced, *cut))


def _spelt(sign: str) -> str:
    if sign in _MARKS or (sign.isascii() and sign.isalnum()):
        return sign
    if sign in _NEAREST:
        return _NEAREST[sign]
    letter = unicodedata.normalize("NFKD", sign)[0]
    return letter if letter.isascii() and letter.isalnum() else _UNKNOWN
