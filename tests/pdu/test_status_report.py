"""SMS-STATUS-REPORT (3GPP TS 23.040 clause 9.2.2.3). The octets were worked by hand."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from gateway.pdu import status_report
from gateway.pdu.fields import PduError
from gateway.records import Encoding

TO = "0D91945111325476F0"
SENT, DONE = "62304151906240", "62304151012440"
ZONE = timezone(timedelta(hours=1))
SENT_AT = datetime(2026, 3, 14, 15, 9, 26, tzinfo=ZONE)
DONE_AT = datetime(2026, 3, 14, 15, 10, 42, tzinfo=ZONE)


def report(status: str = "00", rest: str = "") -> str:
    return f"00062A{TO}{SENT}{DONE}{status}{rest}"


def test_a_report_says_what_became_of_which_text() -> None:
    read = status_report.decode(report())
    assert (read.mr, read.number, read.status) == (42, "+4915112345670", 0)
    assert (read.timestamp, read.discharge) == (SENT_AT, DONE_AT)
    assert (read.pid, read.dcs, read.encoding, read.udl, read.udh, read.text) == (None, None, None, None, None, "")
    assert (read.tpdu_len, read.trailing_octets, read.flaws) == (26, 0, ())


@pytest.mark.parametrize(
    ("status", "meaning"),
    [
        ("00", "delivered"), ("01", "completed"), ("02", "completed"), ("1F", "completed"), ("20", "trying"),
        ("30", "trying"), ("3F", "trying"), ("40", "failed"), ("46", "failed"), ("60", "failed"), ("7F", "failed"),
        ("AB", "failed"),
    ],
)  # fmt: skip
def test_the_status_octet_has_four_meanings(status: str, meaning: str) -> None:
    assert status_report.decode(report(status)).status_class == meaning


@pytest.mark.parametrize(
    ("rest", "pid", "dcs", "udl", "text"),
    [
        ("00", None, None, None, ""),
        ("0141", 0x41, None, None, ""),
        ("0204", None, 4, None, ""),
        ("060004D4F29C0E", None, 0, 4, "Test"),
        ("0404D4F29C0E", None, None, 4, "Test"),
        ("07000802042F", 0, 8, 2, "Я"),
        ("81000141", 0, 1, None, ""),
    ],
)
def test_the_indicator_says_which_optional_fields_follow(
    rest: str, pid: int | None, dcs: int | None, udl: int | None, text: str
) -> None:
    read = status_report.decode(report("00", rest))
    if rest == "81000141":
        assert (read.pid, read.flaws) == (1, ("1 octets after the end",))
        return
    assert (read.pid, read.dcs, read.udl, read.text, read.flaws) == (pid, dcs, udl, text, ())


@pytest.mark.parametrize("rest", ["01", "02", "04", "0301", "06", "0600", "060004D4"])
def test_an_optional_field_that_did_not_come_does_not_cost_the_status(rest: str) -> None:
    read = status_report.decode(report("46", rest))
    assert read.status == 0x46
    assert read.flaws


def test_the_filling_of_a_sim_record_is_no_indicator() -> None:
    read = status_report.decode(report("00", "FF" * 20))
    assert (read.pid, read.udl, read.trailing_octets, read.flaws) == (None, None, 20, ())


def test_dates_nobody_can_read_do_not_cost_the_status() -> None:
    read = status_report.decode(f"00062A{TO}{'00' * 7}{'00' * 7}00")
    assert (read.mr, read.status, read.timestamp, read.discharge) == (42, 0, None, None)
    assert len(read.flaws) == 2


def test_data_in_a_report_stays_data() -> None:
    read = status_report.decode(report("00", "0604026869"))
    assert (read.encoding, read.data, read.text) == (Encoding.DATA, b"hi", "")


@pytest.mark.parametrize(
    ("pdu", "field", "octet"),
    [
        ("0004", "TP-MTI", 1),
        ("0006", "TP-MR", 2),
        ("00062A", "TP-RA", 3),
        (f"00062A{TO}", "TP-SCTS", 12),
        (f"00062A{TO}{SENT}", "TP-DT", 19),
        (f"00062A{TO}{SENT}{DONE}", "TP-ST", 26),
    ],
)
def test_a_broken_report_is_refused_with_field_and_octet(pdu: str, field: str, octet: int) -> None:
    with pytest.raises(PduError) as caught:
        status_report.decode(pdu)
    assert (caught.value.field, caught.value.octet) == (field, octet)


def test_a_length_the_modem_did_not_keep_is_flagged() -> None:
    assert status_report.decode(report(), tpdu_len=26).flaws == ()
    assert status_report.decode(report(), tpdu_len=30).flaws != ()


def test_a_tool_can_write_one() -> None:
    made = status_report.encode(42, "+4915112345670", 0, timestamp=SENT_AT, discharge=DONE_AT)
    assert (made.hex, made.tpdu_len) == (report(), 26)


@pytest.mark.parametrize(("reference", "status"), [(256, 0), (-1, 0), (0, 256)])
def test_a_report_nobody_can_write_is_refused(reference: int, status: int) -> None:
    with pytest.raises(PduError):
        status_report.encode(reference, "1", status, timestamp=SENT_AT, discharge=DONE_AT)
