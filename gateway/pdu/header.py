"""The user data header (3GPP TS 23.040 clause 9.2.3.24): information elements, and what the gateway reads from them:
concatenation, ports, national languages. Other elements are handed on as they came."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from gateway.pdu.fields import PduError
from gateway.pdu.tables import LOCKING, SINGLE
from gateway.records import Concat

CONCAT: Final = 0x00
PORTS: Final = 0x04
WIDE_PORTS: Final = 0x05
WIDE_CONCAT: Final = 0x08
SINGLE_SHIFT: Final = 0x24
LOCKING_SHIFT: Final = 0x25

_LENGTHS: Final = {CONCAT: 3, PORTS: 2, WIDE_PORTS: 4, WIDE_CONCAT: 4, SINGLE_SHIFT: 1, LOCKING_SHIFT: 1}

_MOST_HEADER: Final = 139


@dataclass(frozen=True, slots=True)
class Element:
    """An information element: identifier and value."""

    iei: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Header:
    """`ports` is (destination, source). `length` counts the length octet itself."""

    elements: tuple[Element, ...] = ()
    length: int = 0
    concat: Concat | None = None
    ports: tuple[int, int] | None = None
    locking: int = 0
    single: int = 0
    flaws: tuple[str, ...] = ()


NO_HEADER: Final = Header()


def read_header(body: bytes) -> Header:
    """The header at the front of the user data. Of an element that comes twice the later one counts (9.2.3.24)."""
    length = 1 + body[0]
    flaws: list[str] = []
    if length > len(body):
        flaws.append(f"TP-UDHL says {body[0]}, but {len(body) - 1} octets follow")
    elements, whole = _elements(body[1:length])
    if not whole:
        flaws.append("an element of the user data header runs past its end")
    concat: Concat | None = None
    ports: tuple[int, int] | None = None
    locking = single = 0
    for element in elements:
        iei, value = element.iei, element.data
        if iei not in _LENGTHS:
            continue
        if len(value) != _LENGTHS[iei]:
            flaws.append(f"header element {iei:#04x} has {len(value)} octets instead of {_LENGTHS[iei]}")
        elif iei in (CONCAT, WIDE_CONCAT):
            reference, total, number = int.from_bytes(value[:-2], "big"), value[-2], value[-1]
            if 0 < number <= total:
                concat = Concat(reference, total, number, iei == WIDE_CONCAT)
            else:
                flaws.append(f"part {number} of {total}: the element is ignored (23.040 clause 9.2.3.24.1)")
        elif iei in (PORTS, WIDE_PORTS):
            half = len(value) // 2
            ports = int.from_bytes(value[:half], "big"), int.from_bytes(value[half:], "big")
        elif iei == SINGLE_SHIFT:
            single = _language(value[0], SINGLE, "single shift", flaws)
        else:
            locking = _language(value[0], LOCKING, "locking shift", flaws)
    return Header(elements, length, concat, ports, locking, single, tuple(flaws))


def _elements(octets: bytes) -> tuple[tuple[Element, ...], bool]:
    """The elements that are whole, and whether that was all of them."""
    elements: list[Element] = []
    at = 0
    while at + 2 <= len(octets):
        end = at + 2 + octets[at + 1]
        if end > len(octets):
            return tuple(elements), False
        elements.append(Element(octets[at], octets[at + 2 : end]))
        at = end
    return tuple(elements), at == len(octets)


def _language(identifier: int, tables: Iterable[int], kind: str, flaws: list[str]) -> int:
    if identifier in tables:
        return identifier
    flaws.append(f"there is no {kind} table for national language {identifier}")
    return 0


def concat_element(concat: Concat) -> Element:
    if not 0 < concat.number <= concat.total <= 255:
        raise PduError("TP-UDH", None, f"part {concat.number} of {concat.total} cannot be said")
    octets = 2 if concat.wide else 1
    if not 0 <= concat.reference < 1 << 8 * octets:
        raise PduError("TP-UDH", None, f"reference {concat.reference} does not fit {8 * octets} bits")
    value = concat.reference.to_bytes(octets, "big") + bytes((concat.total, concat.number))
    return Element(WIDE_CONCAT if concat.wide else CONCAT, value)


def header_octets(elements: Iterable[Element]) -> bytes:
    """The header with its length octet; empty when there are no elements."""
    value = b""
    for element in elements:
        if not 0 <= element.iei <= 255 or len(element.data) > _MOST_HEADER - 2:
            raise PduError("TP-UDH", None, f"element {element.iei} with {len(element.data)} octets cannot be said")
        value += bytes((element.iei, len(element.data))) + element.data
    if len(value) > _MOST_HEADER:
        raise PduError("TP-UDH", None, f"{len(value)} octets, but a header has {_MOST_HEADER} at most")
    return bytes((len(value),)) + value if value else b""
