"""TP-UDL and TP-UD (3GPP TS 23.040 clauses 9.2.3.16 and 9.2.3.24): header and text of one SMS, to octets and back.
Texts of more than one SMS are `split` and `join`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from gateway.pdu import septets
from gateway.pdu.alphabet import alphabet, expand
from gateway.pdu.coding import Coding
from gateway.pdu.fields import PduError
from gateway.pdu.header import (
    LOCKING_SHIFT,
    NO_HEADER,
    SINGLE_SHIFT,
    Element,
    Header,
    concat_element,
    header_octets,
    read_header,
)
from gateway.pdu.tables import LOCKING, SINGLE
from gateway.records import Concat, Encoding, Part

MOST_OCTETS: Final = 140
_HALF_PAIR: Final = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class UserData:
    """`data` holds the octets when they are no text, or no text we can read."""

    udl: int
    header: Header
    text: str
    data: bytes
    flaws: tuple[str, ...]


def read_user_data(octets: bytes, at: int, coding: Coding, udhi: bool) -> tuple[UserData, int]:
    """The user data whose TP-UDL is at `at`, and where it ends. What is cut off is salvaged and flagged."""
    if at >= len(octets):
        return UserData(0, NO_HEADER, "", b"", ("TP-UDL is missing",)), len(octets)
    udl = octets[at]
    in_septets = coding.encoding is Encoding.GSM7 and not coding.compressed
    length = (udl * 7 + 7) // 8 if in_septets else udl
    body = octets[at + 1 : at + 1 + length]
    flaws: tuple[str, ...] = ()
    if len(body) < length:
        flaws = (f"TP-UDL says {udl}, which is {length} octets, but {len(body)} came",)
    elif length > MOST_OCTETS:
        flaws = (f"TP-UDL says {udl}, which is more than one SMS holds",)
    header = NO_HEADER
    if udhi:
        if not udl:
            raise PduError("TP-UDH", at, "announced, but there is no user data")
        if body:
            header = read_header(body)
            flaws += header.flaws
    text, data, flaw = _content(body, udl, coding, header)
    if flaw:
        flaws += (flaw,)
    return UserData(udl, header, text, data, flaws), at + 1 + len(body)


def _content(body: bytes, udl: int, coding: Coding, header: Header) -> tuple[str, bytes, str]:
    if header.length > len(body):
        return "", body, ""
    if coding.compressed:
        return "", body[header.length :], "the text is compressed (23.042), which this gateway does not read"
    if coding.encoding is Encoding.DATA:
        return "", body[header.length :], ""
    if coding.encoding is Encoding.UCS2:
        text, flaw = _ucs2(body[header.length :], header.concat)
        return text, b"", flaw
    skipped = (header.length * 8 + 6) // 7
    count = min(udl, len(body) * 8 // 7) - skipped
    if count < 0:
        return "", b"", "TP-UDL is shorter than the header"
    packed = int.from_bytes(body, "little") >> 7 * skipped
    text, flaw = alphabet(header.locking, header.single).text(septets.unpack(packed, count))
    return text, b"", flaw


def _ucs2(octets: bytes, concat: Concat | None) -> tuple[str, str]:
    """UCS-2 is read as UTF-16, as every handset writes it. Half of a surrogate pair at an inner edge of a part is kept:
    the other half is in the neighbour, and `join` mends them."""
    flaw = ""
    if len(octets) % 2:
        octets = octets[:-1]
        flaw = "an odd number of octets of UCS-2"
    try:
        return octets.decode("utf-16-be"), flaw
    except UnicodeDecodeError:
        text = octets.decode("utf-16-be", "surrogatepass")
    first = 1 if concat and concat.number > 1 and "\udc00" <= text[0] <= "\udfff" else 0
    last = 1 if concat and concat.number < concat.total and "\ud800" <= text[-1] <= "\udbff" else 0
    inner, halves = _HALF_PAIR.subn("\ufffd", text[first : len(text) - last])
    if halves:
        flaw = "half of a surrogate pair without its other half"
    return text[:first] + inner + text[len(text) - last :], flaw


def surplus(octets: bytes, end: int) -> tuple[int, tuple[str, ...]]:
    """How many octets follow the last field, and the flaw that is. Octets 0xFF are what fills a record on the SIM."""
    rest = octets[end:]
    if rest.strip(b"\xff"):
        return len(rest), (f"{len(rest)} octets after the end",)
    return len(rest), ()


def length_flaws(announced: int | None, came: int, needed: int) -> tuple[str, ...]:
    """What the modem said of the length (as in +CMT: ,<length>) against what came and what the fields take."""
    if announced is None or needed <= announced <= came:
        return ()
    return (f"the modem announced {announced} octets, {came} came and {needed} are used",)


def user_data_octets(part: Part, elements: Iterable[Element]) -> tuple[bytes, bool]:
    """TP-UDL and TP-UD of a part, and whether there is a header (TP-UDHI). The octets of an 8-bit part are the code
    points of its text."""
    header = _header_of(part, elements)
    if part.encoding is Encoding.GSM7:
        codes = alphabet(part.locking, part.single).codes(part.text)
        if codes is None:
            raise PduError("TP-UD", None, "the text has characters outside its alphabet")
        text = expand(codes)
        skipped = (len(header) * 8 + 6) // 7
        udl = skipped + len(text)
        if udl > MOST_OCTETS * 8 // 7:
            raise PduError("TP-UD", None, f"{udl} septets, but one SMS has 160 at most")
        number = septets.pack(text) << 7 * skipped | int.from_bytes(header, "little")
        return bytes((udl,)) + number.to_bytes((udl * 7 + 7) // 8, "little"), bool(header)
    try:
        if part.encoding is Encoding.UCS2:
            body = header + part.text.encode("utf-16-be", "surrogatepass")
        else:
            body = header + part.text.encode("latin-1")
    except UnicodeEncodeError:
        raise PduError("TP-UD", None, "8-bit data with code points above 255") from None
    if len(body) > MOST_OCTETS:
        raise PduError("TP-UD", None, f"{len(body)} octets, but one SMS has {MOST_OCTETS} at most")
    return bytes((len(body),)) + body, bool(header)


def _header_of(part: Part, others: Iterable[Element]) -> bytes:
    elements = []
    if part.concat is not None:
        elements.append(concat_element(part.concat))
    if part.locking not in LOCKING or part.single not in SINGLE:
        raise PduError("TP-UDH", None, f"no tables for national languages {part.locking} and {part.single}")
    if part.single:
        elements.append(Element(SINGLE_SHIFT, bytes((part.single,))))
    if part.locking:
        elements.append(Element(LOCKING_SHIFT, bytes((part.locking,))))
    elements.extend(others)
    return header_octets(elements) if elements else b""
