"""The GSM 7-bit alphabets of 3GPP TS 23.038 as the network reads and writes them, and their packing into octets.

Holds the default alphabet and the Turkish, Spanish and Portuguese tables; those of India are in indian.py. Text in a
language that has no table is read with the default tables.
"""

from collections.abc import Iterable

from simulator import indian

ESCAPE = 0x1B

# Clause 6.2.1 printed as in the specification: one line per value of b4..b1, one column per value of b7..b5.
_ROWS = (
    "@Δ 0¡P¿p",
    "£_!1AQaq",
    '$Φ"2BRbr',
    "¥Γ#3CScs",
    "èΛ¤4DTdt",
    "éΩ%5EUeu",
    "ùΠ&6FVfv",
    "ìΨ'7GWgw",
    "òΣ(8HXhx",
    "ÇΘ)9IYiy",
    "\nΞ*:JZjz",
    "Ø\x1b+;KÄkä",
    "øÆ,<LÖlö",
    "\ræ-=MÑmñ",
    "Åß.>NÜnü",
    "åÉ/?O§oà",
)
_DEFAULT = {column * 16 + row: line[column] for row, line in enumerate(_ROWS) for column in range(8)}

# Clause 6.2.1.1. An escape followed by anything else shows the character of the main table.
_EXTENSION = {0x0A: "\f", 0x14: "^", 0x28: "{", 0x29: "}", 0x2F: "\\", 0x3C: "[", 0x3D: "~", 0x3E: "]", 0x40: "|",
              0x65: "€"}


def _at(places: str, characters: str) -> dict[int, str]:
    return {int(place, 16): character for place, character in zip(places.split(), characters, strict=True)}


# Annex A.2: single shift tables by language number, as differences from the ordinary extension table.
_SINGLE = {
    1: _EXTENSION | _at("47 49 53 63 67 69 73", "ĞİŞçğış"),
    2: _EXTENSION | _at("09 41 49 4F 55 61 69 6F 75", "çÁÍÓÚáíóú"),
    3: _EXTENSION | _at("05 09 0B 0C 0E 0F 12 13 15 16 17 18 19 41 49 4F 55 5B 5C 61 69 6F 75 7B 7C 7F",
                        "êçÔôÁáΦΓΩΠΨΣΘÀÍÓÚÃÕÂíóúãõâ"),
} | {language: indian.single(language) for language in indian.LANGUAGES}
# Annex A.3: locking shift tables by language number, as differences from the default alphabet.
_LOCKING = {
    1: _DEFAULT | _at("04 07 0B 0C 1C 1D 40 60", "€ıĞğŞşİç"),
    3: _DEFAULT | _at("04 06 07 08 09 0B 0C 0E 0F 12 13 14 15 16 17 18 19 1A 1C 1D 1E 24 40 5B 5C 5D 60 7B 7C 7D",
                      "êúíóçÔôÁáªÇÀ∞^\\€Ó|ÂâÊºÍÃÕÚ~ãõ`"),
}

_LOCKING |= {language: indian.locking(language) for language in indian.LANGUAGES}

_ENCODE = {character: bytes((septet,)) for septet, character in _DEFAULT.items() if septet != ESCAPE}
_ENCODE |= {character: bytes((ESCAPE, septet)) for septet, character in _EXTENSION.items()}


def decode(septets: bytes, single: int = 0, locking: int = 0) -> str:
    """Septets (one per octet) to text; `single` and `locking` are the language numbers of a national header."""
    main = _LOCKING.get(locking, _DEFAULT)
    text = septets.decode("latin-1")
    if ESCAPE not in septets:
        return text.translate(main)
    shifted = _SINGLE.get(single, _EXTENSION)
    head, *rest = text.split("\x1b")
    pieces = [head.translate(main)]
    for piece in rest:
        # Clause 6.2.1.1 note 1: an escape with nothing known behind it is shown as a space or as the main character.
        first = piece[:1]
        pieces.append((shifted.get(ord(first)) or first.translate(main) if first else " ") + piece[1:].translate(main))
    return "".join(pieces)


def encode(text: str) -> bytes | None:
    """Text to septets (one per octet), or None when a character has no place in the default alphabet."""
    try:
        return b"".join([_ENCODE[character] for character in text])
    except KeyError:
        return None


def encode_national(text: str, single: int, locking: int) -> bytes | None:
    """As `encode`, with the tables of a national header instead."""
    octets = {character: bytes((ESCAPE, septet)) for septet, character in _SINGLE.get(single, _EXTENSION).items()}
    octets |= {character: bytes((septet,)) for septet, character in _LOCKING.get(locking, _DEFAULT).items()}
    try:
        return b"".join([octets[character] for character in text])
    except KeyError:
        return None


def unpack(octets: bytes, count: int, fill: int = 0) -> bytes:
    """`count` septets out of packed octets, after `fill` padding bits (clause 6.1.2.1)."""
    if fill:
        octets = (int.from_bytes(octets, "little") >> fill).to_bytes(len(octets), "little")
    septets = bytearray()
    for start in range(0, len(octets), 7):
        block = int.from_bytes(octets[start:start + 7], "little")
        septets += bytes((block & 127, block >> 7 & 127, block >> 14 & 127, block >> 21 & 127,
                          block >> 28 & 127, block >> 35 & 127, block >> 42 & 127, block >> 49 & 127))
    if len(septets) < count:
        raise ValueError(f"{count} septets announced, {len(octets)} octets there")
    return bytes(septets[:count])


def pack(septets: Iterable[int], fill: int = 0) -> bytes:
    """Septets packed into octets behind `fill` padding bits."""
    bits, total = 0, fill
    for septet in septets:
        bits |= septet << total
        total += 7
    return bits.to_bytes((total + 7) // 8, "little")
