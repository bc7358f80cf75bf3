"""Pieces in, one text out."""

from __future__ import annotations

from gateway.pdu.join import join
from gateway.records import Concat, Encoding, IncomingPart, Part


def piece(text: str, number: int, total: int = 3) -> Part:
    return Part(text, Encoding.UCS2, Concat(1, total, number))


def test_pieces_are_joined_by_number_in_whatever_order_they_came() -> None:
    assert join([piece("c", 3), piece("a", 1), piece("b", 2)]) == "abc"


def test_halves_of_a_surrogate_pair_become_the_character() -> None:
    assert join([piece("😁\ud83d", 1, 2), piece("\ude01😁", 2, 2)]) == "😁😁😁"


def test_a_half_whose_neighbour_never_came_becomes_a_replacement_character() -> None:
    assert join([piece("a\ud83d", 1), piece("b", 3)]) == "a\ufffdb"
    assert join([piece("\ude01b", 2)]) == "\ufffdb"
    assert join([piece("a\ud83d", 1)]) == "a\ufffd"


def test_incoming_parts_of_one_piece_need_no_concatenation() -> None:
    assert join([IncomingPart("p0", "sim", "", text="hello")]) == "hello"


def test_nothing_joins_to_nothing() -> None:
    assert join([]) == ""
