"""The user data header (3GPP TS 23.040 clause 9.2.3.24)."""

from __future__ import annotations

import pytest

from gateway.pdu.fields import PduError
from gateway.pdu.header import Element, concat_element, header_octets, read_header
from gateway.records import Concat


def test_concatenation_and_ports_are_read_beside_elements_nobody_knows() -> None:
    header = read_header(bytes.fromhex("10 0A03000410 05040B8423F0 0003CC0201 41"))
    assert header.elements == (
        Element(0x0A, bytes.fromhex("000410")),
        Element(0x05, bytes.fromhex("0B8423F0")),
        Element(0x00, bytes.fromhex("CC0201")),
    )
    assert header.concat == Concat(0xCC, 2, 1)
    assert header.ports == (2948, 9200)
    assert (header.length, header.flaws) == (17, ())


def test_of_an_element_that_comes_twice_the_later_counts() -> None:
    header = read_header(bytes.fromhex("0B 00030A0301 080412340302"))
    assert header.concat == Concat(0x1234, 3, 2, wide=True)


@pytest.mark.parametrize("value", ["010001", "010200", "010203", "010000"])
def test_a_part_number_that_cannot_be_is_ignored_and_flagged(value: str) -> None:
    header = read_header(bytes.fromhex("050003" + value))
    assert header.concat is None
    assert len(header.flaws) == 1


@pytest.mark.parametrize("octets", ["05 0004010201", "06 0004010201FF", "03 240200", "04 0801AA00", "02 0000"])
def test_an_element_of_the_wrong_length_is_not_guessed_at(octets: str) -> None:
    header = read_header(bytes.fromhex(octets))
    assert header.concat is None
    assert header.flaws


def test_an_element_that_runs_past_the_header_ends_it_with_a_flaw() -> None:
    header = read_header(bytes.fromhex("05C01BF40201E8E5"))
    assert (header.elements, header.length, len(header.flaws)) == ((), 6, 1)


def test_a_header_longer_than_the_user_data_is_flagged() -> None:
    assert read_header(bytes.fromhex("090003")).flaws


def test_an_empty_header_is_a_header() -> None:
    header = read_header(b"\x00")
    assert (header.elements, header.length, header.flaws) == ((), 1, ())


@pytest.mark.parametrize(("octets", "kind"), [("0324010E", "single"), ("03250102", "locking")])
def test_a_national_language_without_a_table_is_flagged_and_read_as_default(octets: str, kind: str) -> None:
    header = read_header(bytes.fromhex(octets))
    assert (header.locking, header.single) == (0, 0)
    assert kind in header.flaws[0]


@pytest.mark.parametrize(
    ("elements", "octets"),
    [
        ((), ""),
        ((concat_element(Concat(0xCC, 2, 1)),), "050003CC0201"),
        ((concat_element(Concat(0x1234, 255, 255, wide=True)),), "0608041234FFFF"),
        ((concat_element(Concat(1, 2, 2)), Element(0x05, bytes.fromhex("0B8423F0"))), "0B000301020205040B8423F0"),
    ],
)
def test_a_header_is_written_with_its_length(elements: tuple[Element, ...], octets: str) -> None:
    assert header_octets(elements).hex().upper() == octets


@pytest.mark.parametrize(
    "concat", [Concat(256, 2, 1), Concat(-1, 2, 1), Concat(1, 256, 1), Concat(1, 2, 3), Concat(1, 2, 0), Concat(65536, 2, 1, True)]
)  # fmt: skip
def test_a_concatenation_that_no_element_can_say_is_refused(concat: Concat) -> None:
    with pytest.raises(PduError):
        concat_element(concat)


@pytest.mark.parametrize("element", [Element(256, b""), Element(-1, b""), Element(0x70, bytes(138))])
def test_an_element_without_room_is_refused(element: Element) -> None:
    with pytest.raises(PduError):
        header_octets((element,))
