"""Hexadecimal, addresses, the service-centre address (3GPP TS 23.040 clause 9.1.2.5)."""

from __future__ import annotations

import pytest

from gateway.pdu.fields import PduError, Ton, address_octets, open_pdu, read_address, smsc_octets

SIMRACK = "0DD0F3745B1E1EAF01"  # seven letters packed by hand, 49 bits in 13 semi-octets


@pytest.mark.parametrize(
    ("octets", "number", "ton"),
    [
        ("0D91945111325476F0", "+4915112345670", Ton.INTERNATIONAL),
        ("04A12143", "1234", Ton.NATIONAL),
        ("05811A00FB", "*100#", Ton.UNKNOWN),
        ("0581214305", "12345", Ton.UNKNOWN),
        ("03812143", "123", Ton.UNKNOWN),
        ("0381DCFE", "abc", Ton.UNKNOWN),
        ("03B12143", "123", Ton.NETWORK),
        ("03C12143", "123", Ton.SUBSCRIBER),
        ("03E12143", "123", Ton.ABBREVIATED),
        ("03F12143", "123", Ton.RESERVED),
        (SIMRACK, "simrack", Ton.ALPHANUMERIC),
        ("04D01100", "_@", Ton.ALPHANUMERIC),
        ("0081", "", Ton.UNKNOWN),
    ],
)
def test_an_address_is_read_by_its_length_and_type(octets: str, number: str, ton: Ton) -> None:
    address, _ = read_address(bytes.fromhex(octets), 0, "TP-OA")
    assert (address.number, address.ton) == (number, ton)


def test_the_next_field_begins_where_the_address_ends() -> None:
    assert read_address(bytes.fromhex("FF04A12143FF"), 1, "TP-OA")[1] == 5


@pytest.mark.parametrize(
    ("octets", "octet"),
    [("", 0), ("04", 0), ("04A1", 0), ("04A121", 0), ("04A121F3", 3), ("04A1214F", 3), ("0CA19451113254F6", 7)],
)
def test_an_address_that_cannot_be_read_names_its_field_and_octet(octets: str, octet: int) -> None:
    with pytest.raises(PduError) as caught:
        read_address(bytes.fromhex(octets), 0, "TP-OA")
    assert (caught.value.field, caught.value.octet) == ("TP-OA", octet)
    assert str(caught.value).startswith(f"TP-OA at octet {octet}: ")


@pytest.mark.parametrize(
    ("number", "octets"),
    [
        ("+4915112345670", "0D91945111325476F0"),
        ("+491511234567", "0C91945111325476"),
        ("12345", "05812143F5"),
        ("*100#", "05811A00FB"),
        ("simrack", SIMRACK),
        ("0", "0181F0"),
    ],
)
def test_an_address_is_written_by_what_it_looks_like(number: str, octets: str) -> None:
    assert address_octets(number, "TP-DA").hex().upper() == octets


@pytest.mark.parametrize("number", ["", "+", "+12a", "+49 151", "1" * 21, "+" + "1" * 21, "twelveletters", "имя", "١٢٣"])
def test_what_is_no_address_is_refused(number: str) -> None:
    with pytest.raises(PduError) as caught:
        address_octets(number, "TP-DA")
    assert (caught.value.field, caught.value.octet) == ("TP-DA", None)


@pytest.mark.parametrize(
    ("number", "octets"),
    [(None, "00"), ("", "00"), ("+491722270333", "0791947122723033"), ("12345", "04812143F5")],
)
def test_the_service_centre_is_counted_in_octets(number: str | None, octets: str) -> None:
    assert smsc_octets(number).hex().upper() == octets


@pytest.mark.parametrize(
    ("pdu", "smsc", "start"),
    [
        ("00AA", "", 1),
        ("0191AA", "", 2),
        ("0791947122723033AA", "+491722270333", 8),
        ("04812143F5AA", "12345", 5),
        ("06A12143658709AA", "1234567890", 7),
    ],
)
def test_the_service_centre_in_front_is_read(pdu: str, smsc: str, start: int) -> None:
    opened = open_pdu(pdu, True)
    assert (opened.smsc, opened.start, opened.flaws) == (smsc, start, ())


def test_an_unreadable_service_centre_does_not_hide_the_text_behind_it() -> None:
    opened = open_pdu("0491F21405AA", True)
    assert (opened.smsc, opened.start) == ("", 5)
    assert len(opened.flaws) == 1


@pytest.mark.parametrize(
    ("pdu", "octet"), [("", 0), ("0", 0), ("00A", 1), ("00ZZ", 1), ("07AB", 0), ("0D" + "91" * 20, 0), ("0 0", 1)]
)
def test_what_is_no_hexadecimal_pdu_is_refused_with_its_place(pdu: str, octet: int) -> None:
    with pytest.raises(PduError) as caught:
        open_pdu(pdu, True)
    assert caught.value.octet == octet
