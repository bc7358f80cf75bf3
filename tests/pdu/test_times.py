"""Timestamps and validity (3GPP TS 23.040 clauses 9.2.3.11 and 9.2.3.12)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from gateway.pdu.fields import PduError
from gateway.pdu.times import (
    ValidityFormat,
    read_timestamp,
    read_validity,
    relative_minutes,
    relative_octet,
    timestamp_octets,
)


@pytest.mark.parametrize(
    ("octets", "moment"),
    [
        ("62304151906240", "2026-03-14T15:09:26+01:00"),
        ("62304151906200", "2026-03-14T15:09:26+00:00"),
        ("6230415190620A", "2026-03-14T15:09:26-05:00"),
        ("62304151906222", "2026-03-14T15:09:26+05:30"),
        ("62304151906229", "2026-03-14T15:09:26-03:00"),
        ("99301351906240", "1999-03-31T15:09:26+01:00"),
        ("98211332959500", "2089-12-31T23:59:59+00:00"),
        ("00102000000000", "2000-01-02T00:00:00+00:00"),
        ("42209200000000", "2024-02-29T00:00:00+00:00"),
    ],
)
def test_a_timestamp_is_read_with_its_offset(octets: str, moment: str) -> None:
    read, flaw = read_timestamp(bytes.fromhex(octets), 0, "TP-SCTS")
    assert read is not None and read.isoformat() == moment
    assert flaw == ""
    assert timestamp_octets(read, "TP-SCTS").hex().upper() == octets


@pytest.mark.parametrize(
    "octets", ["00000000000000", "62003151906240", "62401351906240", "62304142906240", "623041519062A0", "32209200000000"]
)
def test_digits_that_are_no_moment_are_a_flaw_and_not_an_error(octets: str) -> None:
    read, flaw = read_timestamp(bytes.fromhex(octets), 0, "TP-SCTS")
    assert read is None
    assert flaw.startswith("TP-SCTS")


@pytest.mark.parametrize(("octets", "octet"), [("6230F151906240", 2), ("A2304151906240", 0), ("623041519062", 0)])
def test_a_timestamp_of_other_semi_octets_or_cut_off_is_an_error(octets: str, octet: int) -> None:
    with pytest.raises(PduError) as caught:
        read_timestamp(bytes.fromhex(octets), 0, "TP-SCTS")
    assert caught.value.octet == octet


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2026, 3, 14),
        datetime(1989, 12, 31, tzinfo=UTC),
        datetime(2090, 1, 1, tzinfo=UTC),
        datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=23))),
    ],
)
def test_a_moment_the_field_cannot_say_is_refused(moment: datetime) -> None:
    with pytest.raises(PduError):
        timestamp_octets(moment, "TP-VP")


@pytest.mark.parametrize(
    ("octet", "minutes"),
    [
        (0, 5), (1, 10), (11, 60), (143, 720), (144, 750), (145, 780), (167, 1440), (168, 2880), (169, 4320),
        (196, 43200), (197, 50400), (254, 62 * 10080), (255, 63 * 10080),
    ],
)  # fmt: skip
def test_a_relative_validity_means_what_the_table_says(octet: int, minutes: int) -> None:
    assert relative_minutes(octet) == minutes
    assert relative_octet(minutes) == octet


@pytest.mark.parametrize(
    ("minutes", "octet"),
    [
        (1, 0), (4, 0), (6, 1), (716, 143), (721, 144), (751, 145), (1411, 167), (1441, 168), (2881, 169),
        (43199, 196), (43201, 197), (50401, 198), (63 * 10080 + 1, 255), (10**9, 255),
    ],
)  # fmt: skip
def test_a_validity_between_two_steps_takes_the_longer(minutes: int, octet: int) -> None:
    assert relative_octet(minutes) == octet


def test_every_step_is_its_own_shortest_answer() -> None:
    assert [relative_octet(relative_minutes(octet)) for octet in range(256)] == list(range(256))
    assert all(relative_octet(relative_minutes(octet) + 1) == octet + 1 for octet in range(255))


@pytest.mark.parametrize("minutes", [0, -5])
def test_no_period_is_no_validity(minutes: int) -> None:
    with pytest.raises(PduError):
        relative_octet(minutes)


@pytest.mark.parametrize(
    ("octets", "minutes", "flawed"),
    [
        ("00000000000000", None, False),
        ("010B0000000000", 60, False),
        ("021E0000000000", 0.5, False),
        ("03201003000000", 121.5, False),
        ("43000100000000", 10, False),
        ("0300FF00000000", None, True),
        ("05000000000000", None, True),
        ("83000100000000", None, True),
    ],
)
def test_an_enhanced_validity_has_three_forms(octets: str, minutes: float | None, flawed: bool) -> None:
    validity, end, flaw = read_validity(bytes.fromhex(octets), 0, 0b01)
    assert validity is not None and validity.format is ValidityFormat.ENHANCED
    assert (validity.minutes, end, bool(flaw)) == (minutes, 7, flawed)
