"""SMS-SUBMIT written and read (3GPP TS 23.040 clause 9.2.2.2). The octets were worked by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from gateway.pdu import submit
from gateway.pdu.fields import PduError
from gateway.pdu.header import Element
from gateway.records import Concat, Encoding, Part

TEST = Part("Test", Encoding.GSM7)
TO = "+4915112345670"
AT = "0D91945111325476F0"


def test_the_shortest_submit() -> None:
    made = submit.encode(TEST, TO)
    assert (made.hex, made.tpdu_len) == (f"000100{AT}000004D4F29C0E", 18)


def test_the_length_leaves_the_service_centre_out() -> None:
    made = submit.encode(TEST, TO, smsc="+491722270333")
    assert (made.hex, made.tpdu_len) == (f"07919471227230330100{AT}000004D4F29C0E", 18)


@pytest.mark.parametrize(
    ("wishes", "octets"),
    [
        ({"report": True}, f"2100{AT}0000"),
        ({"reject_duplicates": True, "reference": 200}, f"05C8{AT}0000"),
        ({"flash": True}, f"0100{AT}0010"),
        ({"message_class": 2}, f"0100{AT}0012"),
        ({"validity_minutes": 60}, f"1100{AT}00000B"),
        ({"validity_minutes": 61}, f"1100{AT}00000C"),
        ({"valid_until": datetime(2026, 3, 14, 15, 9, 26, tzinfo=UTC)}, f"1900{AT}000062304151906200"),
        ({"pid": 0x41}, f"0100{AT}4100"),
        ({"report": True, "reject_duplicates": True, "validity_minutes": 1440, "reference": 7}, f"3507{AT}0000A7"),
    ],
)
def test_each_wish_has_its_bit_or_field(wishes: dict, octets: str) -> None:
    assert submit.encode(TEST, TO, **wishes).hex == f"00{octets}04D4F29C0E"


@pytest.mark.parametrize(
    ("part", "tail"),
    [
        (Part("", Encoding.GSM7), "000000"),
        (Part("1234567", Encoding.GSM7), "00000731D98C56B3DD00"),
        (Part("1234567@", Encoding.GSM7), "00000831D98C56B3DD00"),
        (Part("€", Encoding.GSM7), "0000029B32"),
        (Part("Я😀", Encoding.UCS2), "000806042FD83DDE00"),
        (Part("\xde\xad", Encoding.DATA), "000402DEAD"),
    ],
)
def test_user_data_without_a_header(part: Part, tail: str) -> None:
    assert submit.encode(part, TO).hex == f"000100{AT}{tail}"


@pytest.mark.parametrize(
    ("part", "tail"),
    [
        (Part("AB", Encoding.GSM7, Concat(0xCC, 2, 1)), "000009050003CC02018242"),
        (Part("AB", Encoding.GSM7, Concat(0x1234, 2, 2, wide=True)), "00000A060804123402024121"),
        (Part("AB", Encoding.UCS2, Concat(0xCC, 2, 1)), "00080A050003CC020100410042"),
        (Part("á", Encoding.GSM7, None, 0, 2), "00000703240102D88401"),
        (Part("ğş", Encoding.GSM7, None, 1, 0), "00000703250101607400"),
        (Part("\u0915\u0967", Encoding.GSM7, None, 6, 6), "00000B06240106250106954D07"),
    ],
)
def test_user_data_behind_a_header(part: Part, tail: str) -> None:
    assert submit.encode(part, TO).hex == f"004100{AT}{tail}"


def test_other_elements_follow_the_concatenation() -> None:
    part = Part("\xde", Encoding.DATA, Concat(1, 2, 2))
    made = submit.encode(part, TO, elements=(Element(0x05, bytes.fromhex("0B8423F0")),))
    assert made.hex == f"004100{AT}00040D0B000301020205040B8423F0DE"


@pytest.mark.parametrize(
    ("part", "wishes", "field"),
    [
        (Part("a" * 161, Encoding.GSM7), {}, "TP-UD"),
        (Part("€" * 81, Encoding.GSM7), {}, "TP-UD"),
        (Part("a" * 154, Encoding.GSM7, Concat(1, 2, 1)), {}, "TP-UD"),
        (Part("я" * 71, Encoding.UCS2), {}, "TP-UD"),
        (Part("a" * 141, Encoding.DATA), {}, "TP-UD"),
        (Part("я", Encoding.GSM7), {}, "TP-UD"),
        (Part("я", Encoding.DATA), {}, "TP-UD"),
        (Part("a", Encoding.GSM7, None, 2, 0), {}, "TP-UDH"),
        (Part("a", Encoding.GSM7, None, 0, 14), {}, "TP-UDH"),
        (TEST, {"elements": (Element(0x70, bytes(139)),)}, "TP-UDH"),
        (TEST, {"reference": 256}, "TP-MR"),
        (TEST, {"pid": -1}, "TP-PID"),
        (TEST, {"message_class": 4}, "TP-DCS"),
        (TEST, {"validity_minutes": 0}, "TP-VP"),
        (TEST, {"validity_minutes": 5, "valid_until": datetime(2026, 3, 14, tzinfo=UTC)}, "TP-VP"),
        (TEST, {"valid_until": datetime(2026, 3, 14)}, "TP-VP"),
        (TEST, {"smsc": "centre"}, "SMSC"),
    ],
)
def test_what_no_submit_can_carry_is_refused_with_its_field(part: Part, wishes: dict, field: str) -> None:
    with pytest.raises(PduError) as caught:
        submit.encode(part, TO, **wishes)
    assert (caught.value.field, caught.value.octet) == (field, None)


def test_a_full_part_of_each_kind_is_140_octets() -> None:
    concat = Concat(1, 2, 1)
    for part in (
        Part("a" * 160, Encoding.GSM7),
        Part("a" * 153, Encoding.GSM7, concat),
        Part("a" * 152, Encoding.GSM7, replace(concat, wide=True)),
        Part("я" * 70, Encoding.UCS2),
        Part("я" * 67, Encoding.UCS2, concat),
    ):
        assert submit.encode(part, TO).tpdu_len in (14 + 140, 14 + 139 + 1)


def test_a_submit_is_read_back_as_it_was_written() -> None:
    part = Part("Grüße {1}", Encoding.GSM7, Concat(77, 3, 2))
    read = submit.decode(submit.encode(part, "12345", report=True, validity_minutes=30, smsc="+4917").hex)
    assert (read.smsc, read.number, read.text, read.concat) == ("+4917", "12345", part.text, part.concat)
    assert read.srr and not read.rd and read.flaws == ()
    assert read.validity is not None and read.validity.minutes == 30


@pytest.mark.parametrize(
    ("pdu", "field", "octet"),
    [
        ("00", "TP-MTI", 1),
        ("0004", "TP-MTI", 1),
        ("0001", "TP-MR", 2),
        ("000100", "TP-DA", 3),
        ("0001000381214F0000", "TP-DA", 6),
        ("000100038121F4", "TP-PID", 7),
        ("000100038121F400", "TP-DCS", 8),
        ("001100038121F40000", "TP-VP", 9),
        ("001900038121F40000623041", "TP-VP", 9),
        ("004100038121F4000000", "TP-UDH", 9),
    ],
)
def test_a_broken_submit_is_refused_with_field_and_octet(pdu: str, field: str, octet: int) -> None:
    with pytest.raises(PduError) as caught:
        submit.decode(pdu)
    assert (caught.value.field, caught.value.octet) == (field, octet)
