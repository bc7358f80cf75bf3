"""A text to its parts: the cheapest encoding, and cuts that tear neither an escape from its character nor a surrogate
pair (3GPP TS 23.038 clause 6.2, 23.040 clause 9.2.3.24.1). Gives parts no address and no octets: `submit` does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final

from gateway.pdu.alphabet import alphabet, escapes
from gateway.pdu.fields import PduError
from gateway.pdu.tables import DEFAULT, LOCKING, SINGLE
from gateway.pdu.userdata import MOST_OCTETS
from gateway.records import Concat, Encoding, Part

MOST_PARTS: Final = 255
_PLAIN: Final = alphabet()


@dataclass(frozen=True, slots=True)
class Preview:
    """What a text will cost. `units` are septets or UTF-16 code units of the text itself; `remaining` is how many more
    fit the last part."""

    encoding: Encoding
    characters: int
    units: int
    parts: int
    remaining: int


@dataclass(frozen=True, slots=True)
class _Plan:
    encoding: Encoding
    locking: int
    single: int
    pieces: tuple[str, ...]
    units: tuple[int, ...]  # of each piece
    capacity: int  # units of one piece

    @property
    def cost(self) -> tuple[int, int]:
        """Parts are what is paid for; among equals, octets on the air."""
        bits = 7 if self.encoding is Encoding.GSM7 else 16
        header = _header_length(self.locking, self.single, len(self.pieces) > 1, wide=False)
        return len(self.pieces), sum(header + (units * bits + 7) // 8 for units in self.units)


def split(
    text: str, *, national: bool = False, reference: Callable[[], int] | int = 0, wide: bool = False
) -> tuple[Part, ...]:
    """The parts of a text. `national`: the channel may use national language tables. `reference` is asked only when
    there is more than one part; `wide` makes it 16 bits."""
    plan = _plan(text, national, wide)
    if len(plan.pieces) == 1:
        return (Part(plan.pieces[0], plan.encoding, None, plan.locking, plan.single),)
    total = len(plan.pieces)
    if total > MOST_PARTS:
        raise PduError("text", None, f"{total} parts, but a message has {MOST_PARTS} at most")
    number = reference() if callable(reference) else reference
    if not 0 <= number < (1 << 16 if wide else 1 << 8):
        raise PduError("TP-UDH", None, f"reference {number} does not fit {16 if wide else 8} bits")
    return tuple(
        Part(piece, plan.encoding, Concat(number, total, i, wide), plan.locking, plan.single)
        for i, piece in enumerate(plan.pieces, 1)
    )


def preview(text: str, *, national: bool = False) -> Preview:
    plan = _plan(text, national, wide=False)
    units = sum(plan.units)
    return Preview(plan.encoding, len(text), units, len(plan.pieces), plan.capacity - plan.units[-1])


def _plan(text: str, national: bool, wide: bool) -> _Plan:
    codes = _PLAIN.codes(text)
    if codes is not None:
        plain = _in_septets(text, codes, 0, 0, wide)
        # An escaped character takes 14 bits and UCS-2 takes 16, so only national tables can be cheaper. Every phone reads
        # the default alphabet: a few octets less are no reason to leave it, a part less is.
        return _cheapest_national(text, plain, (len(plain.pieces), 0), wide) if national else plain
    ucs2 = _in_ucs2(text, wide)
    return _cheapest_national(text, ucs2, ucs2.cost, wide) if national else ucs2


def _in_septets(text: str, codes: bytes, locking: int, single: int, wide: bool) -> _Plan:
    capacity = _capacity(Encoding.GSM7, locking, single, False, wide)
    width = len(codes) + escapes(codes)
    if width <= capacity:
        return _Plan(Encoding.GSM7, locking, single, (text,), (width,), capacity)
    capacity = _capacity(Encoding.GSM7, locking, single, True, wide)
    pieces, units = _cut(text, codes, capacity)
    return _Plan(Encoding.GSM7, locking, single, pieces, units, capacity)


def _in_ucs2(text: str, wide: bool) -> _Plan:
    # A surrogate in a Python string is no character: a pair is mended to one, a lone half can only be replaced.
    text = text.encode("utf-16-be", "surrogatepass").decode("utf-16-be", "replace")
    capacity = _capacity(Encoding.UCS2, 0, 0, False, wide)
    marks = text.encode("utf-32-be")[1::4].translate(_PLANES)
    width = len(text) + escapes(marks)
    if width <= capacity:
        return _Plan(Encoding.UCS2, 0, 0, (text,), (width,), capacity)
    capacity = _capacity(Encoding.UCS2, 0, 0, True, wide)
    pieces, units = _cut(text, marks, capacity)
    return _Plan(Encoding.UCS2, 0, 0, pieces, units, capacity)


# The plane of a character to a mark as `alphabet` uses it: bit 7 for what takes two units.
_PLANES: Final = bytes(0x80 if plane else 0x00 for plane in range(256))


def _cut(text: str, marks: bytes, capacity: int) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Pieces of at most `capacity` units, and the units of each; a character with bit 7 set in `marks` takes two."""
    pieces: list[str] = []
    units: list[int] = []
    start = 0
    while start < len(marks):
        end = min(start + capacity, len(marks))
        width = end - start + escapes(marks[start:end])
        while width > capacity:
            end -= 1
            width -= 2 if marks[end] & 0x80 else 1
        pieces.append(text[start:end])
        units.append(width)
        start = end
    return tuple(pieces), tuple(units)


def _header_length(locking: int, single: int, many: bool, wide: bool) -> int:
    elements = (6 if wide else 5) * many + 3 * bool(locking) + 3 * bool(single)
    return 1 + elements if elements else 0


@cache
def _capacity(encoding: Encoding, locking: int, single: int, many: bool, wide: bool) -> int:
    room = MOST_OCTETS - _header_length(locking, single, many, wide)
    return room * 8 // 7 if encoding is Encoding.GSM7 else room // 2


def _cheapest_national(text: str, best: _Plan, best_cost: tuple[int, int], wide: bool) -> _Plan:
    """The cheapest plan among `best` and all pairs of national tables that hold the text. Pairs come cheapest estimate
    first, and an estimate never exceeds the cost, so the search ends at the first that cannot win."""
    if best_cost <= (1, 0):
        return best
    for estimate, locking, single in sorted(_estimates(text)):
        if estimate >= best_cost:
            break
        codes = alphabet(locking, single).codes(text)
        if codes is not None:
            plan = _in_septets(text, codes, locking, single, wide)
            if plan.cost < best_cost:
                best, best_cost = plan, plan.cost
    return best


def _estimates(text: str) -> Iterator[tuple[tuple[int, int], int, int]]:
    """A lower bound of the cost for each pair of tables that holds the text, with the pair. A national table without one
    of the characters that the default alphabet lacks only costs its header."""
    counts = Counter(text)
    wanted = set(counts)
    foreign = wanted.difference(DEFAULT)
    singles = [0, *(single for single, table in SINGLE.items() if single and not foreign.isdisjoint(table.values()))]
    for locking, table in LOCKING.items():
        if locking and foreign.isdisjoint(table):
            continue
        escaped = wanted.difference(table)
        for single in singles:
            if (locking or single) and escaped <= alphabet(locking, single).characters:
                width = len(text) + sum(counts[char] for char in escaped)
                many = width > _capacity(Encoding.GSM7, locking, single, False, False)
                parts = -(-width // _capacity(Encoding.GSM7, locking, single, many, False))
                header = _header_length(locking, single, many, False)
                yield (parts, parts * header + (width * 7 + 7) // 8), locking, single
