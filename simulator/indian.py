"""The national alphabets of India and Pakistan (3GPP TS 23.038 annex A, languages 4 to 13).

Nine of the ten scripts stand in Unicode in one common order, and the locking tables follow it: one layout serves them
all, shifted to the block of the script, with gaps where a script lacks the sign. Urdu is listed sign by sign.
"""

Table = dict[int, str]

# Places of the locking tables that hold signs of the script: all but line feed, CR, escape and what is ASCII.
_PLACES = [place for place in range(0x60)
           if place not in (0x0A, 0x0D, 0x1B, 0x20, 0x21, 0x28, 0x29, 0x2C, 0x2E, 0x3F) and not 0x30 <= place <= 0x3B]
# What stands there, counted from the start of the script's block.
_SIGNS = [offset for offset in range(0x01, 0x4E) if offset not in (0x04, 0x3A, 0x3B)]
_LAST = (0x60, 0x7B, 0x7C, 0x7D, 0x7E, 0x7F)
_COMMON = {place: chr(place) for place in (0x0A, 0x0D, 0x20, 0x21, 0x2C, 0x2E, *range(0x30, 0x3C), 0x3F,
                                           *range(0x61, 0x7B))} | {0x28: ")", 0x29: "("}

# Language: start of its block, the offsets its script has no sign for, and what stands at _LAST.
_SCRIPTS = {
    4: (0x980, "0D 0E 11 12 29 31 33 34 35 45 46 49 4A", "09CE 09D7 09DC 09DD 09F0 09F1"),
    5: (0xA80, "0E 12 29 31 34 46 4A", "0AD0 0AE0 0AE1 0AE2 0AE3 0AF1"),
    6: (0x900, "", "0950 0972 097B 097C 097E 097F"),
    7: (0xC80, "01 0D 11 29 34 45 49", "0CD5 0CD6 0CE0 0CE1 0CE2 0CE3"),
    8: (0xD00, "01 0D 11 29 3C 45 49", "0D57 0D60 0D61 0D62 0D63 0D79"),
    9: (0xB00, "0D 0E 11 12 29 31 34 45 46 49 4A", "0B56 0B57 0B60 0B61 0B62 0B63"),
    10: (0xA00, "0B 0C 0D 0E 11 12 29 31 34 37 3D 43 44 45 46 49 4A", "0A51 0A70 0A71 0A72 0A73 0A74"),
    11: (0xB80, "01 0B 0C 0D 11 16 17 18 1B 1D 20 21 22 25 26 27 2B 2C 2D 3C 3D 43 44 45 49",
         "0BD0 0BD7 0BF0 0BF1 0BF2 0BF9"),
    12: (0xC00, "0D 11 29 34 3C 45 49", "0C55 0C56 0C60 0C61 0C62 0C63"),
}
_URDU = ("0627 0622 0628 067B 0680 067E 06A6 062A 06C2 067F 0679 067D 067A 067C 062B 062C 0681 0684 0683 0685 0686 0687 "
         "062D 062E 062F 068C 0688 0689 068A 068F 068D 0630 0631 0691 0693 0699 0632 0696 0698 069A 0633 0634 0635 0636 "
         "0637 0638 0639 0641 0642 06A9 06AA 06AB 06AF 06B3 06B1 0644 0645 0646 06BA 06BB 06BC 0648 06C4 06D5 06C1 06BE "
         "0621 06CC 06D0 06D2 064D 0650 064F 0657")
_URDU_LAST = "0654 0655 0651 0653 0656 0670"

# The single shift tables begin alike; after that come the signs of the language at these places.
_SHIFTED = dict(enumerate('@£$¥¿"¤%&\'\f*+\r-/<=>¡^¡_#*')) | dict(zip(
    (0x28, 0x29, 0x2F, 0x3C, 0x3D, 0x3E, 0x40, 0x65), "{}\\[~]|€", strict=True)) | {
    place: chr(place) for place in range(0x41, 0x5B)}
_SHIFTED_PLACES = [place for place in range(0x19, 0x40) if place not in (0x1B, 0x28, 0x29, 0x2F, 0x3C, 0x3D, 0x3E)]
_SHIFTED_SIGNS = {
    4: "09E6-09EF 09DF 09E0-09E3 09F2-09FA",
    5: "0964 0965 0AE6-0AEF",
    6: "0964 0965 0966-096F 0951-0954 0958-095F 0960-0963 0970 0971",
    7: "0964 0965 0CE6-0CEF 0CDE 0CF1 0CF2",
    8: "0964 0965 0D66-0D6F 0D70-0D75 0D7A-0D7F",
    9: "0964 0965 0B66-0B6F 0B5C 0B5D 0B5F 0B70 0B71",
    10: "0964 0965 0A66-0A6F 0A59-0A5C 0A5E 0A75",
    11: "0964 0965 0BE6-0BEF 0BF3-0BF8 0BFA",
    12: "- - 0C66-0C6F 0C58 0C59 0C78-0C7F",
    13: "0600 0601 06F0-06F9 060C-0614 061B 061F 0640 0652 0658 066B 066C 0672 0673 06CD 06D4",
}


def locking(language: int) -> Table:
    """The main table of a language. Raises KeyError for one that is not here."""
    if language == 13:
        signs, last = [chr(int(code, 16)) for code in _URDU.split()], _URDU_LAST
    else:
        block, missing, last = _SCRIPTS[language]
        absent = {int(offset, 16) for offset in missing.split()}
        signs = [" " if offset in absent else chr(block + offset) for offset in _SIGNS]
    ends = {place: chr(int(code, 16)) for place, code in zip(_LAST, last.split(), strict=True)}
    return _COMMON | dict(zip(_PLACES, signs, strict=True)) | ends


def single(language: int) -> Table:
    """The table behind the escape. Raises KeyError for a language that is not here."""
    places = iter(_SHIFTED_PLACES)
    table = dict(_SHIFTED)
    for piece in _SHIFTED_SIGNS[language].split():
        first, _, last = piece.partition("-")
        if not first:
            next(places)
            continue
        for code in range(int(first, 16), int(last or first, 16) + 1):
            table[next(places)] = chr(code)
    return table


LANGUAGES = tuple(_SHIFTED_SIGNS)
