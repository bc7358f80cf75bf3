"""Packing, against octets worked by hand (3GPP TS 23.038 clause 6.1.2.1.1)."""

from __future__ import annotations

import pytest

from gateway.pdu.septets import pack, unpack


@pytest.mark.parametrize(
    ("septets", "octets"),
    [
        (b"", ""),
        (b"A", "41"),
        (b"1", "31"),
        (b"12", "3119"),
        (b"Test", "D4F29C0E"),
        (b"1234567", "31D98C56B3DD00"),
        (b"12345678", "31D98C56B3DD70"),
        (b"hellohello", "E8329BFD4697D9EC37"),
        (b"\x7f" * 8, "FFFFFFFFFFFFFF"),
        (b"\x00" * 7 + b"\x7f", "000000000000FE"),
    ],
)
def test_septets_are_packed_low_bits_first(septets: bytes, octets: str) -> None:
    expected = bytes.fromhex(octets)
    assert pack(septets).to_bytes(len(expected), "little") == expected
    assert unpack(int.from_bytes(expected, "little"), len(septets)) == septets


@pytest.mark.parametrize("count", [1, 2, 3, 7, 8, 9, 63, 64, 65, 127, 128, 129, 152, 153, 160, 255, 256])
def test_a_septet_keeps_its_place_whatever_the_length(count: int) -> None:
    for place in {0, count // 2, count - 1}:
        septets = bytearray(count)
        septets[place] = 0x55
        assert pack(bytes(septets)) == 0x55 << 7 * place
        assert unpack(0x55 << 7 * place, count) == bytes(septets)


def test_bits_beyond_the_count_are_not_read() -> None:
    assert unpack(0xFFFF, 2) == b"\x7f\x7f"
