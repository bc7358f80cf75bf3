"""Storages, listings, single records and CNMI ranges, as real modems spell them."""

from __future__ import annotations

import pytest

from gateway.at import stored
from gateway.at.stored import StoredText

PDU = "07911326040000F0040B911346610089F60000208062917314080CC8F71D14969741F977FD07"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('+CPMS: ("SM","ME"),("SM","ME"),("SM","ME")', (("SM", "ME"),) * 3),
        ('+CPMS: (("SM","BM","SR"),("SM"))', (("SM", "BM", "SR"), ("SM",))),
        ('+CPMS: ("SM", "ME", "SM_P", "ME_P", "MT"), ("SM"), ("SM")', (("SM", "ME", "SM_P", "ME_P", "MT"), ("SM",), ("SM",))),
        ('+CPMS: ("ME","MT"),("ME","SM","MT"),("SM","MT")', (("ME", "MT"), ("ME", "SM", "MT"), ("SM", "MT"))),
        ('+CPMS: (ME", "SR"), ("ME", "SR"), ("ME")', (("ME", "SR"), ("ME", "SR"), ("ME",))),
        ('+CPMS: "SM","SM","SM"', (("SM",), ("SM",), ("SM",))),
        ('+CPMS: "ME","MT","SM"', (("ME",), ("MT",), ("SM",))),
        ("+CPMS: (),(),()", ()),
        ("+CPMS: ", ()),
    ],
)
def test_storages_are_read_from_every_shape_seen(line, expected):
    assert stored.storages((line,)) == expected


@pytest.mark.parametrize(
    ("header", "stat"),
    [
        ("+CMGR: 0,,24", 0),
        ('+CMGR: 0,"",24', 0),
        ("+CMGR: 0,24", 0),
        ("+CMGR: 24", None),
        ("+CMGR: 4,1,,24", 1),
        ("+CMGR: ,,24", None),
    ],
)
def test_a_single_record_is_read_with_one_to_four_header_fields(header, stat):
    assert stored.single((header, PDU), 4) == StoredText(4, stat, PDU, 24)


@pytest.mark.parametrize("lines", [(), ("+CMGR: 0,,0",), ("+CMGR: 0,,0", PDU)])
def test_an_empty_slot_gives_nothing(lines):
    assert stored.single(lines, 4) is None


def test_a_listing_is_read_with_three_and_four_header_fields():
    lines = ("+CMGL: 0,1,,24", PDU, "+CMGL: 17,3,24", PDU)
    assert stored.listing(lines) == [StoredText(0, 1, PDU, 24), StoredText(17, 3, PDU, 24)]


def test_a_listed_header_without_its_pdu_is_left_out():
    assert stored.listing(("+CMGL: 1,1,,24", "+CMGL: 2,1,,24", PDU)) == [StoredText(2, 1, PDU, 24)]


def test_what_some_firmware_appends_to_a_pdu_is_cut_off():
    assert stored.listing(("+CMGL: 1,1,,24", PDU + ",0")) == [StoredText(1, 1, PDU, 24)]


def test_the_dummy_record_of_old_siemens_is_blank():
    assert StoredText(1, 1, "00" + "FF" * 40).blank
    assert not StoredText(1, 1, PDU).blank


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("+CNMI: (2),(0-1,3),(0,2),(0-1),(0)", ((2,), (0, 1, 3), (0, 2), (0, 1), (0,))),
        ("+CNMI:(0-3),(0-3),(0-3),(0,1),(0,1)", ((0, 1, 2, 3), (0, 1, 2, 3), (0, 1, 2, 3), (0, 1), (0, 1))),
        ("+CNMI: (0,1,2),(0,1),(0,2),(0),(1)", ((0, 1, 2), (0, 1), (0, 2), (0,), (1,))),
        ("+CNMI: something else", ()),
    ],
)
def test_routing_ranges_are_read_as_five_lists(line, expected):
    assert stored.routing_ranges((line,)) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [('"SM",3', ("SM", 3)), ('"ME",0', ("ME", 0)), (",-1", ("", None)), ('"SM",-1', ("SM", None)), ('"SM"', ("SM", None))],
)
def test_a_notice_without_a_usable_index_says_so(value, expected):
    assert stored.notice(value) == expected
