"""Messages that telephones outside send of their own: long ones with their parts in disorder, national alphabets, emoji,
class 0, data. Each is a list of user data in the order it reaches the network."""

import random
from collections.abc import Callable

from simulator import alphabet
from simulator.smspdu import UserData, compose

Parts = list[UserData]

LONG = " ".join(f"word{number:03d}" for number in range(1, 51))
TURKISH = "Işık söndü, şimdi çağrı için ağaç gölgesindeyiz."
HINDI = "नमस्ते, आपका संदेश मिल गया।"
# 66 letters and then emoji: the 67th unit of the first part is the first half of a pair.
EMOJI = "x" * 66 + "😀😎🚀" + "y" * 20
FLASH = "This is shown at once."
# An m-notification-ind over WDP port 2948 as an MMS centre pushes it (OMA MMS Encapsulation, WSP clause 8.2.4).
MMS_PUSH = bytes.fromhex("0605040B8423F0" "010603BEAF84" "8C8298") + b"T1\0" + bytes.fromhex("8D90") + b"\x8a\x80" + (
    b"\x8e\x02\x27\x10\x88\x05\x81\x03\x03\xf4\x80\x83http://mms.example/1\0")
BINARY = bytes(range(0xF0, 0x100)) + b"\x00\x1a\x1b\r\n"
_DATA, _CLASS_0 = 0x04, 0x10


def _long(detail: str, reference: int, chance: random.Random) -> Parts:
    """`detail`: reversed, shuffled, lost, doubled, in this order and joined by commas."""
    parts = compose(LONG, reference)
    for word in filter(None, detail.split(",")):
        parts = _DISORDER[word](parts, chance)
    return parts


_DISORDER: dict[str, Callable[[Parts, random.Random], Parts]] = {
    "reversed": lambda parts, chance: parts[::-1],
    "shuffled": lambda parts, chance: chance.sample(parts, len(parts)),
    "lost": lambda parts, chance: parts[:1] + parts[2:],
    "doubled": lambda parts, chance: [part for part in parts for _ in range(2)],
}


def _national(text: str, language: int) -> Parts:
    """One message in the locking and single shift tables of a language (TS 23.040 clauses 9.2.3.24.15 and .16)."""
    septets = alphabet.encode_national(text, language, language)
    assert septets is not None, text
    header = bytes((6, 0x25, 1, language, 0x24, 1, language))
    return [UserData(0, True, len(header) * 8 // 7 + len(septets), header + alphabet.pack(septets))]


def _emoji(detail: str, reference: int, chance: random.Random) -> Parts:
    """Cut as some telephones cut it: by octets, through the middle of a character."""
    octets = EMOJI.encode("utf-16-be")
    pieces = [octets[start:start + 134] for start in range(0, len(octets), 134)]
    return [UserData(8, True, 6 + len(piece), bytes((5, 0, 3, reference & 255, len(pieces), number)) + piece)
            for number, piece in enumerate(pieces, 1)]


_KINDS: dict[str, Callable[[str, int, random.Random], Parts]] = {
    "long": _long,
    "turkish": lambda detail, reference, chance: _national(TURKISH, 1),
    "hindi": lambda detail, reference, chance: _national(HINDI, 6),
    "emoji": _emoji,
    "flash": lambda detail, reference, chance: compose(FLASH, reference, _CLASS_0),
    "mms": lambda detail, reference, chance: [UserData(_DATA, True, len(MMS_PUSH), MMS_PUSH)],
    "binary": lambda detail, reference, chance: [UserData(_DATA, False, len(BINARY), BINARY)],
    "stop": lambda detail, reference, chance: compose("STOP", reference),
    "text": lambda detail, reference, chance: compose(detail, reference),
}
KINDS = tuple(_KINDS)


def check(kind: str, detail: str) -> None:
    """Raises ValueError when there is no such message."""
    if kind not in _KINDS:
        raise ValueError(f"no message {kind!r} from outside; there are: {', '.join(KINDS)}")
    if kind == "long" and (strange := [word for word in filter(None, detail.split(",")) if word not in _DISORDER]):
        raise ValueError(f"parts of a long text cannot be {', '.join(strange)!r}, only {', '.join(_DISORDER)}")


def message(what: str, reference: int, chance: random.Random) -> Parts:
    """`kind` or `kind:detail`, as `long:shuffled,doubled`. Raises ValueError with the known kinds."""
    kind, _, detail = what.partition(":")
    check(kind, detail)
    return _KINDS[kind](detail, reference, chance)
