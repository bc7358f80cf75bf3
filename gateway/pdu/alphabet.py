"""Text to septets and back in one pair of tables (3GPP TS 23.038 clauses 6.2.1 and 6.2.1.2). Does not pack, and does
not choose the pair: `split` does.

Between text and septets stands a string of codes: one octet for each character, the septet itself, with bit 7 set when
an escape must come before it. Length arithmetic and cutting work on codes, where no escape can be torn from its
character. """

from __future__ import annotations

import codecs
import re
from functools import cache
from typing import Final

from gateway.pdu.tables import ABSENT, DEFAULT, ESCAPE, LOCKING, SINGLE

_UNKNOWN: Final = "\ufffd"
_PLAIN_CODES: Final = bytes(range(128))
_SEPTETS: Final = tuple(bytes((code,)) if code < 128 else bytes((ESCAPE, code - 128)) for code in range(256))
_MARKED: Final = tuple(bytes((septet + 128,)) for septet in range(128))
_ESCAPED: Final = re.compile(rb"\x1b([\x00-\x7f])", re.DOTALL)


def _mark(escaped: re.Match[bytes]) -> bytes:
    return _MARKED[escaped[0][1]]


def escapes(codes: bytes) -> int:
    """How many of the characters need an escape before them."""
    return 0 if codes.isascii() else len(codes.translate(None, _PLAIN_CODES))


def expand(codes: bytes) -> bytes:
    """Codes to septets, escapes written out."""
    return codes if codes.isascii() else b"".join([_SEPTETS[code] for code in codes])


class Alphabet:
    """One locking table with one single shift table. Make it with `alphabet()`."""

    __slots__ = ("_characters", "_codes", "characters")

    def __init__(self, locking: str, single: dict[int, str]) -> None:
        shown = locking.replace(ABSENT, _UNKNOWN)
        # An escape before a cell that the single shift table leaves empty shows the locking table's character; two
        # escapes in a row, or one at the very end, show a space (23.038 table 6.2.1.1, note 1).
        shown = shown[:ESCAPE] + " " + shown[ESCAPE + 1 :]
        self._characters = shown + "".join(single.get(septet, shown[septet]) for septet in range(128))
        codes = {ord(char): septet for septet, char in enumerate(locking) if char != ABSENT}
        for septet, char in sorted(single.items()):  # of a character printed twice the first place is used
            codes.setdefault(ord(char), septet + 128)
        self._codes = codes
        self.characters: Final = frozenset(map(chr, codes))

    def codes(self, text: str) -> bytes | None:
        """The codes of a text, or None when some character is in neither table."""
        try:
            return codecs.charmap_encode(text, "strict", self._codes)[0]
        except UnicodeEncodeError:
            return None

    def text(self, septets: bytes) -> tuple[str, str]:
        """The text of unpacked septets, and what was wrong with them (nothing: an empty string)."""
        flaw = ""
        if ESCAPE in septets:
            septets = _ESCAPED.sub(_mark, septets)
            if septets.endswith(b"\x1b"):
                flaw = "the text ends in an escape without its character"
        text = codecs.charmap_decode(septets, "strict", self._characters)[0]
        if _UNKNOWN in text:
            flaw = "the text holds septets that its national table leaves empty"
        return text, flaw


@cache
def alphabet(locking: int = 0, single: int = 0) -> Alphabet:
    """The alphabet of a pair of national language identifiers; an identifier without a table means the default one."""
    return Alphabet(LOCKING.get(locking, DEFAULT), SINGLE.get(single, SINGLE[0]))
