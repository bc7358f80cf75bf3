"""What every PDU is made of: hexadecimal, the service-centre address in front (3GPP TS 27.005 clause 3.1) and addresses
(23.040 clause 9.1.2.5), and the one error of this package. Timestamps are in `times`, coding schemes in `coding`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final

from gateway.errors import SimrackError
from gateway.pdu import septets
from gateway.pdu.alphabet import alphabet, expand


class PduError(SimrackError):
    """These octets, or this request for octets, make no PDU. `field` is the name of 23.040, `octet` counts from the
    start of the hexadecimal string given (None when encoding)."""

    def __init__(self, field: str, octet: int | None, reason: str) -> None:
        super().__init__(f"{field}: {reason}" if octet is None else f"{field} at octet {octet}: {reason}")
        self.field = field
        self.octet = octet
        self.reason = reason


class Ton(StrEnum):
    """Type of number: bits 6 to 4 of the type-of-address octet."""

    UNKNOWN = "unknown"
    INTERNATIONAL = "international"
    NATIONAL = "national"
    NETWORK = "network"
    SUBSCRIBER = "subscriber"
    ALPHANUMERIC = "alphanumeric"
    ABBREVIATED = "abbreviated"
    RESERVED = "reserved"


@dataclass(frozen=True, slots=True)
class Address:
    """`number` is +digits when international, text when alphanumeric, else bare digits with `*`, `#`, `a`, `b`, `c`."""

    number: str
    ton: Ton
    toa: int


@dataclass(frozen=True, slots=True)
class Encoded:
    """A PDU ready for AT+CMGS: `hex` begins with the service-centre address, which `tpdu_len` does not count."""

    hex: str
    tpdu_len: int


_TONS: Final = tuple(Ton)
_SWAP: Final = bytes((octet & 0x0F) << 4 | octet >> 4 for octet in range(256))
_SHOWN: Final = str.maketrans("abcde", "*#abc")
_DIALLED: Final = str.maketrans("*#", "ab")
_DIALLABLE: Final = frozenset("0123456789*#")
_INTERNATIONAL: Final = 0x91
_UNKNOWN: Final = 0x81
_ALPHANUMERIC: Final = 0xD0
_MOST_DIGITS: Final = 20
_MOST_LETTERS: Final = 11


@dataclass(frozen=True, slots=True)
class Opened:
    """The octets of a PDU, its service-centre address read; the TPDU begins at `start`."""

    octets: bytes
    smsc: str
    start: int
    flaws: tuple[str, ...]


def open_pdu(hex: str, smsc: bool) -> Opened:
    """`smsc` says whether the service-centre address stands in front."""
    try:
        octets = bytes.fromhex(hex)
    except ValueError:
        raise _not_hex(hex) from None
    if not octets:
        raise PduError("PDU", 0, "empty")
    return _read_smsc(octets) if smsc else Opened(octets, "", 0, ())


def _not_hex(hex: str) -> PduError:
    digits = "".join(hex.split())
    wrong = next((i for i, char in enumerate(digits) if char not in "0123456789abcdefABCDEF"), None)
    if wrong is not None:
        return PduError("PDU", wrong // 2, f"{digits[wrong]!r} is not a hexadecimal digit")
    return PduError("PDU", len(digits) // 2, "the hexadecimal digits do not pair up")


def _read_smsc(octets: bytes) -> Opened:
    """A service-centre address that cannot be read is a flaw, not an error: the text behind it is what matters."""
    length = octets[0]
    if length >= len(octets):
        raise PduError("SMSC", 0, f"cut off: {length} octets announced")
    if length > 12:
        raise PduError("SMSC", 0, f"{length} octets, but an address has 12 at most")
    start = 1 + length
    if length < 2:
        return Opened(octets, "", start, ())
    digits = octets[2:start].translate(_SWAP).hex()
    if digits.endswith("f"):
        digits = digits[:-1]
    if "f" in digits:
        return Opened(octets, "", start, ("the service-centre address has a filler inside the number",))
    return Opened(octets, ("+" if octets[1] & 0x70 == 0x10 else "") + digits.translate(_SHOWN), start, ())


@lru_cache(maxsize=1024)
def _address(length: int, octets: bytes) -> Address:
    """The address whose type octet and value are `octets`, `length` semi-octets long. ValueError tells the index of a
    semi-octet that is no digit: the length says where the number ends, so a filler before that end is wrong, and
    whatever stands after it is not looked at."""
    toa = octets[0]
    ton = _TONS[toa >> 4 & 7]
    if ton is Ton.ALPHANUMERIC:
        count = length * 4 // 7
        text, _ = alphabet().text(septets.unpack(int.from_bytes(octets[1:], "little"), count))
        return Address(text, ton, toa)
    digits = octets[1:].translate(_SWAP).hex()[:length]
    if "f" in digits:
        raise ValueError(digits.index("f"))
    number = digits.translate(_SHOWN)
    return Address("+" + number if ton is Ton.INTERNATIONAL else number, ton, toa)


def read_address(octets: bytes, at: int, field: str) -> tuple[Address, int]:
    """The address at `at`, and where the next field begins."""
    if at >= len(octets):
        raise PduError(field, at, "missing")
    length = octets[at]
    end = at + 2 + (length + 1) // 2
    if end > len(octets):
        raise PduError(field, at, f"cut off: {length} semi-octets announced")
    try:
        return _address(length, octets[at + 1 : end]), end
    except ValueError as wrong:
        raise PduError(field, at + 2 + int(wrong.args[0]) // 2, "a filler inside the number") from None


def _bcd(number: str) -> bytes:
    digits = number.translate(_DIALLED)
    return bytes.fromhex(digits + "f" * (len(digits) % 2)).translate(_SWAP)


def _digits_of(number: str, field: str) -> str:
    digits = number.removeprefix("+")
    if not digits or not _DIALLABLE.issuperset(digits):
        raise PduError(field, None, f"{number!r} is no number to dial")
    if len(digits) > _MOST_DIGITS:
        raise PduError(field, None, f"{len(digits)} digits, but an address has {_MOST_DIGITS} at most")
    return digits


@lru_cache(maxsize=4096)
def address_octets(number: str, field: str) -> bytes:
    """An address field: `+` means international; only digits, `*` and `#`, of unknown type; else alphanumeric."""
    if not number:
        raise PduError(field, None, "empty")
    if number.startswith("+"):
        digits = _digits_of(number, field)
        return bytes((len(digits), _INTERNATIONAL)) + _bcd(digits)
    if _DIALLABLE.issuperset(number):
        digits = _digits_of(number, field)
        return bytes((len(digits), _UNKNOWN)) + _bcd(digits)
    codes = alphabet().codes(number)
    if codes is None:
        raise PduError(field, None, f"{number!r} has characters outside the GSM alphabet")
    letters = expand(codes)
    if len(letters) > _MOST_LETTERS:
        raise PduError(field, None, f"{number!r} is longer than {_MOST_LETTERS} letters")
    semi_octets = (len(letters) * 7 + 3) // 4
    return bytes((semi_octets, _ALPHANUMERIC)) + septets.pack(letters).to_bytes((semi_octets + 1) // 2, "little")


@lru_cache(maxsize=256)
def smsc_octets(number: str | None) -> bytes:
    """The service-centre address in front of a TPDU; one zero octet leaves the choice to the SIM."""
    if not number:
        return b"\x00"
    value = _bcd(_digits_of(number, "SMSC"))
    return bytes((1 + len(value), _INTERNATIONAL if number.startswith("+") else _UNKNOWN)) + value


def encoded(smsc: str | None, tpdu: bytes) -> Encoded:
    return Encoded((smsc_octets(smsc) + tpdu).hex().upper(), len(tpdu))
