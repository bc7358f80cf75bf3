"""SMS-DELIVER read, sound and broken (3GPP TS 23.040 clause 9.2.2.1). The octets were worked by hand."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from gateway.pdu import deliver
from gateway.pdu.fields import PduError, Ton
from gateway.records import Concat, Encoding, Part

HEAD = "0791947122723033"
FROM = "0D91945111325476F0"
WHEN = "62304151906240"
MOMENT = datetime(2026, 3, 14, 15, 9, 26, tzinfo=timezone(timedelta(hours=1)))


def delivered(dcs: str, user_data: str, first: str = "04") -> str:
    return f"{HEAD}{first}{FROM}00{dcs}{WHEN}{user_data}"


def test_a_plain_deliver_is_read_whole() -> None:
    read = deliver.decode(delivered("00", "04D4F29C0E"))
    assert (read.smsc, read.number, read.ton, read.toa) == (
        "+491722270333", "+4915112345670", Ton.INTERNATIONAL, 0x91,
    )  # fmt: skip
    assert (read.text, read.data, read.encoding, read.udl, read.udh) == ("Test", b"", Encoding.GSM7, 4, None)
    assert read.timestamp == MOMENT and read.timestamp.utcoffset() == timedelta(hours=1)
    assert (read.mms, read.sri, read.message_class, read.mwi) == (True, False, None, None)
    assert (read.tpdu_len, read.trailing_octets, read.flaws) == (24, 0, ())


def test_lower_case_and_surrounding_blanks_do_not_matter() -> None:
    assert deliver.decode(" " + delivered("00", "04D4F29C0E").lower() + "\r\n").text == "Test"


@pytest.mark.parametrize(
    ("dcs", "user_data", "text", "flaw"),
    [
        ("00", "05D4F29C0E", "Test", "TP-UDL says 5"),
        ("00", "04D4F2", "Te", "TP-UDL says 4"),
        ("00", "04", "", "TP-UDL says 4"),
        ("00", "", "", "TP-UDL is missing"),
        ("08", "0300410042", "A", "odd number"),
        ("08", "04D83D0041", "\ufffdA", "surrogate"),
        ("08", "02D83D", "\ufffd", "surrogate"),
        ("08", "040041", "A", "TP-UDL says 4"),
        ("00", "04D4F29C0E00", "Test", "1 octets after"),
        ("20", "04D4F29C0E", "", "compressed"),
    ],
)
def test_what_can_be_salvaged_is_kept_and_flagged(dcs: str, user_data: str, text: str, flaw: str) -> None:
    read = deliver.decode(delivered(dcs, user_data))
    assert read.text == text
    assert flaw in " ".join(read.flaws)
    assert read.number == "+4915112345670"


def test_a_compressed_text_is_kept_as_octets() -> None:
    assert deliver.decode(delivered("20", "04D4F29C0E")).data == bytes.fromhex("D4F29C0E")


def test_the_filling_of_a_sim_record_is_no_flaw() -> None:
    read = deliver.decode(delivered("00", "04D4F29C0EFFFFFF"))
    assert (read.text, read.trailing_octets, read.flaws) == ("Test", 3, ())


def test_user_data_longer_than_an_sms_is_flagged() -> None:
    assert "more than one SMS" in deliver.decode(delivered("04", "8D" + "41" * 141)).flaws[0]


def test_a_header_that_swallows_the_user_data_leaves_the_octets() -> None:
    read = deliver.decode(delivered("00", "04FF0003AA", "44"))
    assert (read.text, read.data, read.udh) == ("", bytes.fromhex("FF0003AA"), ())
    assert read.flaws


def test_a_length_shorter_than_its_own_header_is_flagged() -> None:
    read = deliver.decode(delivered("00", "06050003CC0201", "44"))
    assert (read.text, read.concat) == ("", Concat(0xCC, 2, 1))
    assert "shorter than the header" in read.flaws[0]


@pytest.mark.parametrize(
    ("element", "units", "text", "flawed"),
    [
        ("CC0201", "D83DDE00D83D", "😀\ud83d", False),
        ("CC0202", "DE00D83DDE00", "\ude00😀", False),
        ("CC0201", "DE00D83DDE00", "\ufffd😀", True),
        ("CC0202", "D83DDE00D83D", "😀\ufffd", True),
        ("CC0302", "DE000041D83D", "\ude00A\ud83d", False),
        ("CC0302", "DE00D83D0041", "\ude00\ufffdA", True),
    ],
)
def test_half_a_surrogate_pair_is_kept_only_where_a_neighbour_may_hold_the_other(
    element: str, units: str, text: str, flawed: bool
) -> None:
    read = deliver.decode(delivered("08", f"0C050003{element}{units}", "44"))
    assert read.text == text
    assert bool(read.flaws) is flawed


@pytest.mark.parametrize(("announced", "flawed"), [(None, False), (24, False), (23, True), (25, True), (32, True)])
def test_the_length_the_modem_announced_is_checked(announced: int | None, flawed: bool) -> None:
    read = deliver.decode(delivered("00", "04D4F29C0E"), tpdu_len=announced)
    assert read.text == "Test"
    assert bool(read.flaws) is flawed


def test_a_length_that_leaves_the_filling_out_is_right_too() -> None:
    assert deliver.decode(delivered("00", "04D4F29C0EFFFF"), tpdu_len=24).flaws == ()


def test_a_service_centre_without_a_date_is_flagged_and_the_text_kept() -> None:
    read = deliver.decode(f"00{'04'}{FROM}0000{'00' * 7}04D4F29C0E")
    assert (read.timestamp, read.text) == (None, "Test")
    assert read.flaws == ("TP-SCTS is no date",)


def test_a_deliver_without_the_service_centre_in_front() -> None:
    read = deliver.decode(delivered("00", "04D4F29C0E")[len(HEAD) :], smsc=False)
    assert (read.smsc, read.text, read.tpdu_len) == ("", "Test", 24)


@pytest.mark.parametrize(
    ("pdu", "field", "octet"),
    [
        ("00", "TP-MTI", 1),
        ("0001", "TP-MTI", 1),
        ("0003", "TP-MTI", 1),
        ("0004", "TP-OA", 2),
        ("000404A121", "TP-OA", 2),
        ("000404A12143", "TP-PID", 6),
        ("000404A1214300", "TP-DCS", 7),
        ("000404A12143000062", "TP-SCTS", 8),
        ("000404A1214300006230F151906240", "TP-SCTS", 10),
        (f"004404A121430000{WHEN}00", "TP-UDH", 15),
    ],
)
def test_a_broken_deliver_is_refused_with_field_and_octet(pdu: str, field: str, octet: int) -> None:
    with pytest.raises(PduError) as caught:
        deliver.decode(pdu)
    assert (caught.value.field, caught.value.octet) == (field, octet)


@pytest.mark.parametrize(
    ("part", "wishes", "pdu"),
    [
        (Part("Test", Encoding.GSM7), {}, f"0004{FROM}0000{WHEN}04D4F29C0E"),
        (Part("Test", Encoding.GSM7), {"more": True, "report": True}, f"0020{FROM}0000{WHEN}04D4F29C0E"),
        (Part("Я", Encoding.UCS2), {"flash": True, "smsc": "+491722270333"}, f"{HEAD}04{FROM}0018{WHEN}02042F"),
        (Part("AB", Encoding.GSM7, Concat(0xCC, 2, 1)), {}, f"0044{FROM}0000{WHEN}09050003CC02018242"),
    ],
)
def test_a_tool_can_write_one(part: Part, wishes: dict, pdu: str) -> None:
    made = deliver.encode(part, "+4915112345670", MOMENT, **wishes)
    assert made.hex == pdu
    assert made.tpdu_len == deliver.decode(pdu).tpdu_len
