"""The character tables of 3GPP TS 23.038: default alphabet and extension (clauses 6.2.1, 6.2.1.1), national single
shift tables (annex A.2) and national locking shift tables (annex A.3). Data only: nothing here encodes or decodes.

A locking table is a string of 128 characters, one for each septet; a single shift table maps the septet that follows an
escape. `ABSENT` stands where the standard prints no character.
"""

from __future__ import annotations

from typing import Final

ABSENT: Final = "\ufffe"  # a Unicode noncharacter, so no text can hold it by right
ESCAPE: Final = 0x1B

_DIGITS: Final = "0123456789:;"
_A_TO_Z: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_a_to_z: Final = "abcdefghijklmnopqrstuvwxyz"

DEFAULT: Final = (
    "@£$¥èéùìòÇ\nØø\rÅå"
    f"Δ_ΦΓΛΩΠΨΣΘΞ{ABSENT}ÆæßÉ"
    " !\"#¤%&'()*+,-./"
    f"{_DIGITS}<=>?"
    f"¡{_A_TO_Z}ÄÖÑÜ§"
    f"¿{_a_to_z}äöñüà"
)
TURKISH: Final = (
    "@£$¥€éùıòÇ\nĞğ\rÅå"
    f"Δ_ΦΓΛΩΠΨΣΘΞ{ABSENT}ŞşßÉ"
    " !\"#¤%&'()*+,-./"
    f"{_DIGITS}<=>?"
    f"İ{_A_TO_Z}ÄÖÑÜ§"
    f"ç{_a_to_z}äöñüà"
)
PORTUGUESE: Final = (
    "@£$¥êéúíóç\nÔô\rÁá"
    f"Δ_ªÇÀ∞^\\€Ó|{ABSENT}ÂâÊÉ"
    " !\"#º%&'()*+,-./"
    f"{_DIGITS}<=>?"
    f"Í{_A_TO_Z}ÃÕÚÜ§"
    f"~{_a_to_z}ãõ`üà"
)
URDU: Final = (
    "\u0627\u0622\u0628\u067b\u0680\u067e\u06a6\u062a\u06c2\u067f\n\u0679\u067d\r\u067a\u067c"
    f"\u062b\u062c\u0681\u0684\u0683\u0685\u0686\u0687\u062d\u062e\u062f{ABSENT}\u068c\u0688\u0689\u068a"
    " !\u068f\u068d\u0630\u0631\u0691\u0693)(\u0699\u0632,\u0696.\u0698"
    f"{_DIGITS}\u069a\u0633\u0634?"
    "\u0635\u0636\u0637\u0638\u0639\u0641\u0642\u06a9\u06aa\u06ab\u06af\u06b3\u06b1\u0644\u0645\u0646"
    "\u06ba\u06bb\u06bc\u0648\u06c4\u06d5\u06c1\u06be\u0621\u06cc\u06d0\u06d2\u064d\u0650\u064f\u0657"
    f"\u0654{_a_to_z}\u0655\u0651\u0653\u0656\u0670"
)

# The nine Indic tables are one table: Unicode gives each script a block of 128 code points in the same (ISCII) order,
# and annex A.3 puts the same letter of each script on the same septet. Hexadecimal pairs are offsets in the script's
# block, single characters stand for themselves; the last septets (`__`) are each script's own choice.
# Where a release misprints a code point (Kannada 24, and in A.2 Tamil 24 and Telugu 1C, 22 and 23), the letter that the
# row demands stands here.
_INDIC_ROWS: Final = (
    "01 02 03 05 06 07 08 09 0A 0B LF 0C 0D CR 0E 0F",
    "10 11 12 13 14 15 16 17 18 19 1A SS 1B 1C 1D 1E",
    "SP ! 1F 20 21 22 23 24 ) ( 25 26 , 27 . 28",
    "0 1 2 3 4 5 6 7 8 9 : ; 29 2A 2B ?",
    "2C 2D 2E 2F 30 31 32 33 34 35 36 37 38 39 3C 3D",
    "3E 3F 40 41 42 43 44 45 46 47 48 49 4A 4B 4C 4D",
    "__ a b c d e f g h i j k l m n o",
    "p q r s t u v w x y z __ __ __ __ __",
)
_NAMED: Final = {"LF": "\n", "CR": "\r", "SP": " ", "SS": ABSENT}


def _indic(base: int, absent: str, own: str) -> str:
    """The locking table of the script whose block begins at `base`: `absent` are the offsets it lacks, `own` its last
    six characters."""
    missing = set(absent.split())
    rest = iter(own)
    cells: list[str] = []
    for cell in " ".join(_INDIC_ROWS).split():
        if len(cell) == 1:
            cells.append(cell)
        elif cell == "__":
            cells.append(next(rest))
        elif cell in _NAMED:
            cells.append(_NAMED[cell])
        else:
            cells.append(ABSENT if cell in missing else chr(base + int(cell, 16)))
    return "".join(cells)


LOCKING: Final[dict[int, str]] = {
    0: DEFAULT,
    1: TURKISH,
    3: PORTUGUESE,
    4: _indic(0x0980, "0D 0E 11 12 29 31 33 34 35 45 46 49 4A", "\u09ce\u09d7\u09dc\u09dd\u09f0\u09f1"),
    5: _indic(0x0A80, "0E 12 29 31 34 46 4A", "\u0ad0\u0ae0\u0ae1\u0ae2\u0ae3\u0af1"),
    6: _indic(0x0900, "", "\u0950\u0972\u097b\u097c\u097e\u097f"),
    7: _indic(0x0C80, "01 0D 11 29 34 45 49", "\u0cd5\u0cd6\u0ce0\u0ce1\u0ce2\u0ce3"),
    8: _indic(0x0D00, "01 0D 11 29 3C 45 49", "\u0d57\u0d60\u0d61\u0d62\u0d63\u0d79"),
    9: _indic(0x0B00, "0D 0E 11 12 29 31 34 45 46 49 4A", "\u0b56\u0b57\u0b60\u0b61\u0b62\u0b63"),
    10: _indic(
        0x0A00, "0B 0C 0D 0E 11 12 29 31 34 37 3D 43 44 45 46 49 4A", "\u0a51\u0a70\u0a71\u0a72\u0a73\u0a74"
    ),
    11: _indic(
        0x0B80,
        "01 0B 0C 0D 11 16 17 18 1B 1D 20 21 22 25 26 27 2B 2C 2D 3C 3D 43 44 45 49",
        "\u0bd0\u0bd7\u0bf0\u0bf1\u0bf2\u0bf9",
    ),
    12: _indic(0x0C00, "0D 11 29 34 3C 45 49", "\u0c55\u0c56\u0c60\u0c61\u0c62\u0c63"),
    13: URDU,
}


def _single(*runs: tuple[int, str]) -> dict[int, str]:
    """A single shift table from runs of characters on consecutive septets."""
    return {first + i: char for first, run in runs for i, char in enumerate(run)}


_LATIN: Final = _single((0x0A, "\f"), (0x14, "^"), (0x28, "{}"), (0x2F, "\\"), (0x3C, "[~]"), (0x40, "|"), (0x65, "€"))

# Annexes A.2.4 to A.2.13 share the signs and capitals that their locking tables gave up. The inverted exclamation mark
# and the asterisk are printed twice.
_ASIAN: Final = {
    **_LATIN,
    **_single((0x00, "@£$¥¿\"¤%&'"), (0x0B, "*+"), (0x0E, "-/<=>¡^¡_#*"), (0x41, _A_TO_Z)),
}
_DANDA: Final = (0x19, "\u0964\u0965")

SINGLE: Final[dict[int, dict[int, str]]] = {
    0: _LATIN,
    1: {**_LATIN, 0x47: "Ğ", 0x49: "İ", 0x53: "Ş", 0x63: "ç", 0x67: "ğ", 0x69: "ı", 0x73: "ş"},
    2: {
        **_LATIN,
        0x09: "ç", 0x41: "Á", 0x49: "Í", 0x4F: "Ó", 0x55: "Ú", 0x61: "á", 0x69: "í", 0x6F: "ó", 0x75: "ú",
    },
    3: {
        **_LATIN,
        **_single((0x05, "ê"), (0x09, "ç"), (0x0B, "Ôô"), (0x0E, "Áá"), (0x12, "ΦΓ^ΩΠΨΣΘ"), (0x1F, "Ê")),
        0x41: "À", 0x49: "Í", 0x4F: "Ó", 0x55: "Ú", 0x5B: "Ã", 0x5C: "Õ",
        0x61: "Â", 0x69: "í", 0x6F: "ó", 0x75: "ú", 0x7B: "ã", 0x7C: "õ", 0x7F: "â",
    },
    4: {
        **_ASIAN,
        **_single(
            (0x19, "\u09e6\u09e7"),
            (0x1C, "\u09e8\u09e9\u09ea\u09eb\u09ec\u09ed\u09ee\u09ef\u09df\u09e0\u09e1\u09e2"),
            (0x2A, "\u09e3\u09f2\u09f3\u09f4\u09f5"),
            (0x30, "\u09f6\u09f7\u09f8\u09f9\u09fa"),
        ),
    },
    5: {**_ASIAN, **_single(_DANDA, (0x1C, "\u0ae6\u0ae7\u0ae8\u0ae9\u0aea\u0aeb\u0aec\u0aed\u0aee\u0aef"))},
    6: {
        **_ASIAN,
        **_single(
            _DANDA,
            (0x1C, "\u0966\u0967\u0968\u0969\u096a\u096b\u096c\u096d\u096e\u096f\u0951\u0952"),
            (0x2A, "\u0953\u0954\u0958\u0959\u095a"),
            (0x30, "\u095b\u095c\u095d\u095e\u095f\u0960\u0961\u0962\u0963\u0970\u0971"),
        ),
    },
    7: {
        **_ASIAN,
        **_single(
            _DANDA,
            (0x1C, "\u0ce6\u0ce7\u0ce8\u0ce9\u0cea\u0ceb\u0cec\u0ced\u0cee\u0cef\u0cde\u0cf1"),
            (0x2A, "\u0cf2"),
        ),
    },
    8: {
        **_ASIAN,
        **_single(
            _DANDA,
            (0x1C, "\u0d66\u0d67\u0d68\u0d69\u0d6a\u0d6b\u0d6c\u0d6d\u0d6e\u0d6f\u0d70\u0d71"),
            (0x2A, "\u0d72\u0d73\u0d74\u0d75\u0d7a"),
            (0x30, "\u0d7b\u0d7c\u0d7d\u0d7e\u0d7f"),
        ),
    },
    9: {
        **_ASIAN,
        **_single(
            _DANDA,
            (0x1C, "\u0b66\u0b67\u0b68\u0b69\u0b6a\u0b6b\u0b6c\u0b6d\u0b6e\u0b6f\u0b5c\u0b5d"),
            (0x2A, "\u0b5f\u0b70\u0b71"),
        ),
    },
    10: {
        **_ASIAN,
        **_single(
            _DANDA,
            (0x1C, "\u0a66\u0a67\u0a68\u0a69\u0a6a\u0a6b\u0a6c\u0a6d\u0a6e\u0a6f\u0a59\u0a5a"),
            (0x2A, "\u0a5b\u0a5c\u0a5e\u0a75"),
        ),
    },
    11: {
        **_ASIAN,
        **_single(
            _DANDA,
            (0x1C, "\u0be6\u0be7\u0be8\u0be9\u0bea\u0beb\u0bec\u0bed\u0bee\u0bef\u0bf3\u0bf4"),
            (0x2A, "\u0bf5\u0bf6\u0bf7\u0bf8\u0bfa"),
        ),
    },
    12: {
        **_ASIAN,
        **_single(
            (0x1C, "\u0c66\u0c67\u0c68\u0c69\u0c6a\u0c6b\u0c6c\u0c6d\u0c6e\u0c6f\u0c58\u0c59"),
            (0x2A, "\u0c78\u0c79\u0c7a\u0c7b\u0c7c"),
            (0x30, "\u0c7d\u0c7e\u0c7f"),
        ),
    },
    13: {
        **_ASIAN,
        **_single(
            (0x19, "\u0600\u0601"),
            (0x1C, "\u06f0\u06f1\u06f2\u06f3\u06f4\u06f5\u06f6\u06f7\u06f8\u06f9\u060c\u060d"),
            (0x2A, "\u060e\u060f\u0610\u0611\u0612"),
            (0x30, "\u0613\u0614\u061b\u061f\u0640\u0652\u0658\u066b\u066c\u0672\u0673\u06cd"),
            (0x3F, "\u06d4"),
        ),
    },
}
