"""Transfer layer of 3GPP TS 23.040 as a service centre needs it: reads SUBMIT, writes DELIVER and STATUS-REPORT.

Knows nothing of AT commands; a PDU here is the TPDU without service-centre address unless a name says otherwise.
"""

import time
from dataclasses import dataclass

from simulator import alphabet

# Semi-octets are sent low nibble first; swapping the nibbles of each octet makes them readable hex.
_SWAP = bytes((octet >> 4) | ((octet & 15) << 4) for octet in range(256))
_SPECIAL_DIGITS = str.maketrans("abcde", "*#ABC")
_SPECIAL_NIBBLES = str.maketrans("*#ABC", "abcde")

SEPTETS, OCTETS, UCS2 = "gsm7", "8bit", "ucs2"


class BadPdu(ValueError):
    """The octets are no TPDU of the expected kind; the text says where."""


@dataclass(frozen=True, slots=True)
class Concat:
    """One part of a long message (clause 9.2.3.24.1 and .8)."""

    reference: int
    total: int
    number: int


@dataclass(frozen=True, slots=True)
class UserData:
    """TP-UD with what is needed to understand it; travels unchanged from a SUBMIT into a DELIVER."""

    dcs: int
    has_header: bool
    length: int
    octets: bytes

    @property
    def coding(self) -> str:
        return coding_of(self.dcs)

    @property
    def header(self) -> dict[int, bytes]:
        """Information elements of the header; the last one of a kind counts."""
        elements: dict[int, bytes] = {}
        if not self.has_header:
            return elements
        place, end = 1, self.octets[0] + 1
        while place + 1 < end:
            size = self.octets[place + 1]
            elements[self.octets[place]] = self.octets[place + 2:place + 2 + size]
            place += 2 + size
        return elements

    @property
    def concat(self) -> Concat | None:
        if not self.has_header:
            return None
        elements = self.header
        found = elements.get(0x00) or elements.get(0x08)
        if found is None or len(found) not in (3, 4) or not 1 <= found[-1] <= found[-2]:
            return None
        return Concat(int.from_bytes(found[:-2], "big"), found[-2], found[-1])

    @property
    def body(self) -> bytes:
        """The octets behind the header (still packed when the coding is 7-bit)."""
        return self.octets[self.octets[0] + 1:] if self.has_header else self.octets

    @property
    def septets(self) -> bytes:
        if not self.has_header:
            return alphabet.unpack(self.octets, self.length)
        taken = -(-(self.octets[0] + 1) * 8 // 7)
        return alphabet.unpack(self.body, self.length - taken, taken * 7 - (self.octets[0] + 1) * 8)

    @property
    def text(self) -> str | None:
        """The text, or None when these are data octets."""
        coding = self.coding
        if coding == UCS2:
            return self.body.decode("utf-16-be", "replace")
        if coding == OCTETS:
            return None
        if not self.has_header:
            return alphabet.decode(self.septets)
        elements = self.header
        return alphabet.decode(self.septets, (elements.get(0x24) or b"\0")[0], (elements.get(0x25) or b"\0")[0])


@dataclass(frozen=True, slots=True)
class Submit:
    """SMS-SUBMIT (clause 9.2.2.2). `address` is the destination as written, so that a report can repeat it."""

    reference: int
    address: bytes
    pid: int
    data: UserData
    wants_report: bool
    rejects_duplicates: bool
    validity: bytes
    octets: bytes
    # The service centre that stood before it; "": the one of the SIM.
    centre: str = ""

    @property
    def to(self) -> str:
        return read_address(self.address)


@dataclass(frozen=True, slots=True)
class Deliver:
    """SMS-DELIVER (clause 9.2.2.1)."""

    sender: str
    stamp: bytes
    pid: int
    data: UserData
    more: bool = False

    @property
    def octets(self) -> bytes:
        # Bit 2 is TP-MMS and says "no more messages" when set.
        first = (0 if self.more else 4) | (0x40 if self.data.has_header else 0)
        return (bytes((first,)) + write_address(self.sender) + bytes((self.pid, self.data.dcs)) + self.stamp
                + bytes((self.data.length,)) + self.data.octets)


@dataclass(frozen=True, slots=True)
class Report:
    """SMS-STATUS-REPORT (clause 9.2.2.3); `address` as it stood in the SUBMIT."""

    reference: int
    address: bytes
    stamp: bytes
    discharge: bytes
    status: int

    @property
    def octets(self) -> bytes:
        return b"\x06" + bytes((self.reference,)) + self.address + self.stamp + self.discharge + bytes((self.status,))


def coding_of(dcs: int) -> str:
    """Which of the three codings a data coding scheme names (TS 23.038 clause 4); reserved values mean 7-bit."""
    group = dcs >> 4
    if group < 8:
        return (SEPTETS, OCTETS, UCS2, SEPTETS)[dcs >> 2 & 3]
    if group == 15:
        return OCTETS if dcs & 4 else SEPTETS
    return UCS2 if group == 14 else SEPTETS


def class_of(dcs: int) -> int | None:
    """Message class 0..3, or None."""
    if dcs >> 4 == 15 or (dcs >> 4 < 8 and dcs & 0x10):
        return dcs & 3
    return None


def read_digits(octets: bytes) -> str:
    """Semi-octet digits without their filler."""
    return octets.translate(_SWAP).hex().rstrip("f").translate(_SPECIAL_DIGITS)


def read_address(address: bytes) -> str:
    """A TP address field to a number: `+` for international, letters for alphanumeric."""
    kind = address[1] >> 4 & 7
    if kind == 5:
        return alphabet.decode(alphabet.unpack(address[2:], address[0] * 4 // 7))
    return ("+" if kind == 1 else "") + read_digits(address[2:])[:address[0]]


def write_address(number: str) -> bytes:
    """A number (`+`: international) or a name to a TP address field."""
    digits = number.removeprefix("+")
    if not digits or not set(digits) <= set("0123456789*#ABC"):
        septets = (alphabet.encode(number) or alphabet.encode("?") or b"")[:11]
        packed = alphabet.pack(septets)
        return bytes((-(-len(septets) * 7 // 4), 0xD0)) + packed
    return bytes((len(digits), 0x91 if number.startswith("+") else 0x81)) + _semi_octets(digits)


def write_service_centre(number: str) -> bytes:
    """The service-centre address that stands before a TPDU; its length counts octets."""
    if not number:
        return b"\0"
    field = bytes((0x91 if number.startswith("+") else 0x81,)) + _semi_octets(number.removeprefix("+"))
    return bytes((len(field),)) + field


def read_service_centre(field: bytes) -> str:
    """The number in a service-centre address, "" when there is none."""
    if len(field) < 2:
        return ""
    return ("+" if field[1] >> 4 & 7 == 1 else "") + read_digits(field[2:])


def _semi_octets(digits: str) -> bytes:
    digits = digits.translate(_SPECIAL_NIBBLES)
    return bytes.fromhex(digits + "f" * (len(digits) % 2)).translate(_SWAP)


def write_stamp(moment: float, quarters: int) -> bytes:
    """Seven octets of TP-SCTS for a Unix time, shown `quarters` quarter hours east of Greenwich."""
    shown = time.strftime("%y%m%d%H%M%S", time.gmtime(moment + quarters * 900))
    zone = _semi_octets(f"{abs(quarters):02d}")[0]
    # Clause 9.2.3.11: bit 3 of the swapped zone octet is its sign.
    return bytes.fromhex(shown).translate(_SWAP) + bytes((zone | (8 if quarters < 0 else 0),))


def show_stamp(stamp: bytes) -> str:
    """A time stamp as text mode shows it: yy/MM/dd,hh:mm:ss+zz."""
    d = stamp[:6].translate(_SWAP).hex()
    zone = bytes((stamp[6] & 0xF7,)).translate(_SWAP).hex()
    return f"{d[0:2]}/{d[2:4]}/{d[4:6]},{d[6:8]}:{d[8:10]}:{d[10:12]}{'-' if stamp[6] & 8 else '+'}{zone}"


def read_submit(octets: bytes) -> Submit:
    """An SMS-SUBMIT TPDU. Raises BadPdu with the place of the fault."""
    try:
        return _read_submit(octets)
    except IndexError:
        raise BadPdu(f"cut off after {len(octets)} octets") from None


def _read_submit(octets: bytes) -> Submit:
    first = octets[0]
    if first & 3 != 1:
        raise BadPdu(f"octet 0: type {first & 3} is no SUBMIT")
    place = 4 + (octets[2] + 1) // 2
    if octets[2] > 20:
        raise BadPdu(f"octet 2: destination of {octets[2]} digits")
    address = octets[2:place]
    pid, dcs = octets[place], octets[place + 1]
    validity_end = place + 2 + (0, 7, 1, 7)[first >> 3 & 3]
    validity = octets[place + 2:validity_end]
    data = read_user_data(dcs, bool(first & 0x40), octets[validity_end], octets[validity_end + 1:])
    return Submit(octets[1], address, pid, data, bool(first & 0x20), bool(first & 4), validity, octets)


def read_user_data(dcs: int, has_header: bool, length: int, octets: bytes) -> UserData:
    """TP-UDL and TP-UD, checked against each other."""
    expected = (length * 7 + 7) // 8 if coding_of(dcs) == SEPTETS else length
    if expected > 140 or len(octets) != expected:
        raise BadPdu(f"user data: length {length} needs {expected} octets, {len(octets)} there")
    if has_header and (not octets or octets[0] + 1 > len(octets)):
        raise BadPdu("user data header longer than the user data")
    if has_header and coding_of(dcs) == SEPTETS and length * 7 < (octets[0] + 1) * 8:
        raise BadPdu("user data header longer than the septets announced")
    return UserData(dcs, has_header, length, octets)


def write_submit(first: int, to: str, pid: int, validity: bytes, data: UserData) -> Submit:
    """A SUBMIT as a modem in text mode composes it; `first` holds report and validity bits."""
    first = (first & ~0x43) | 1 | (0x40 if data.has_header else 0)
    head = bytes((first, 0)) + write_address(to) + bytes((pid, data.dcs)) + validity
    return read_submit(head + bytes((data.length,)) + data.octets)


def compose(text: str, reference: int, dcs: int | None = None) -> list[UserData]:
    """A text as the user data of one or more messages, 7-bit when every character allows it.

    `reference` numbers the parts when there are several. A given `dcs` forces the coding.
    """
    septets = alphabet.encode(text) if dcs is None or coding_of(dcs) == SEPTETS else None
    if septets is not None:
        return _septet_parts(septets, reference, dcs or 0)
    return _ucs2_parts(text.encode("utf-16-be", "surrogatepass"), reference, 8 if dcs is None else dcs)


def _septet_parts(septets: bytes, reference: int, dcs: int) -> list[UserData]:
    if len(septets) <= 160:
        return [UserData(dcs, False, len(septets), alphabet.pack(septets))]
    pieces = []
    while septets:
        # An escape and its character belong together (TS 23.038 clause 6.2.1.1).
        size = 152 if len(septets) > 153 and septets[152] == alphabet.ESCAPE else 153
        pieces.append(septets[:size])
        septets = septets[size:]
    return [UserData(dcs, True, 7 + len(piece), _part_header(reference, pieces, number) + alphabet.pack(piece, 1))
            for number, piece in enumerate(pieces, 1)]


def _ucs2_parts(octets: bytes, reference: int, dcs: int) -> list[UserData]:
    if len(octets) <= 140:
        return [UserData(dcs, False, len(octets), octets)]
    pieces = []
    while octets:
        # A surrogate pair is one character: do not cut behind its first half.
        size = 132 if len(octets) > 134 and 0xD8 <= octets[132] <= 0xDB else 134
        pieces.append(octets[:size])
        octets = octets[size:]
    return [UserData(dcs, True, 6 + len(piece), _part_header(reference, pieces, number) + piece)
            for number, piece in enumerate(pieces, 1)]


def _part_header(reference: int, pieces: list[bytes], number: int) -> bytes:
    return bytes((5, 0, 3, reference & 255, len(pieces), number))
