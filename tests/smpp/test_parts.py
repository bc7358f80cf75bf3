"""Text, headers, times, addresses and receipts, each from octets or words written by hand."""

from __future__ import annotations

import pytest

from gateway.records import Concat, Key, SmppAddress, SmppDelivery
from gateway.smpp import addresses, delivers, submits, text, times
from gateway.smpp.codec import Malformed, ShortMessage
from gateway.smpp.words import Status

NOW = 1_795_300_260.0  # 2026-11-21T22:31:00Z
KEY = Key(1, "bank", frozenset({"send"}), 0.0)


@pytest.mark.parametrize(
    ("coding", "octets", "read"),
    [
        (0, b"h\x05llo \x1be\x00\x11", "héllo €@_"),
        (0xF0, b"now", "now"),
        (1, b"h@_", "h@_"),
        (3, b"h\xe9llo", "héllo"),
        (8, b"\x04\x30\xd8\x3d\xde\x00", "а😀"),
    ],
)
def test_codings_that_are_offered(coding: int, octets: bytes, read: str) -> None:
    assert text.reader(coding)(octets) == read
    assert text.is_flash(coding) == (coding == 0xF0)


@pytest.mark.parametrize(
    ("coding", "octets"), [(0, b"h\xe9llo"), (1, b"h\xe9"), (8, b"\x00h\x00"), (2, b""), (4, b""), (0x0B, b"")]
)
def test_octets_that_are_no_text_of_their_coding(coding: int, octets: bytes) -> None:
    with pytest.raises(text.Unreadable):
        text.reader(coding)(octets)


def test_a_header_says_which_part_it_is_and_in_which_tables() -> None:
    assert text.read_header(b"\x05\x00\x03\x2a\x02\x01hi") == text.UserHeader(b"hi", Concat(0x2A, 2, 1))
    assert text.read_header(b"\x06\x08\x04\x01\x2a\x03\x02hi") == text.UserHeader(b"hi", Concat(0x12A, 3, 2, wide=True))
    assert text.read_header(b"\x03\x24\x01\x01\x04").single == 1
    for octets in (b"", b"\x09\x00", b"\x06\x05\x04\x15\x81\x00\x00", b"\x01\x00"):
        with pytest.raises(text.Unreadable):
            text.read_header(octets)


def test_texts_for_clients_are_gsm_where_that_holds_them() -> None:
    assert text.written("5 € @") == (0, b"5 \x1be \x00")
    assert text.written("да") == (8, b"\x04\x34\x04\x30")


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("", None),
        ("261121223100000+", NOW),
        ("261121233100004+", NOW),
        ("261121213100004-", NOW),
        ("000000010000000R", NOW + 3600),
        ("000001000500000R", NOW + 86_400 + 300),
    ],
)
def test_times(written: str, moment: float | None) -> None:
    assert times.moment(written, NOW) == moment


@pytest.mark.parametrize("written", ["tomorrow", "2611212231", "261321223100000+", "261121223100099+", "00000001000000R"])
def test_what_is_no_time(written: str) -> None:
    with pytest.raises(times.BadTime):
        times.moment(written, NOW)


@pytest.mark.parametrize(
    ("address", "number"),
    [
        (SmppAddress(1, 1, "4917012345"), "+4917012345"),
        (SmppAddress(1, 0, "+4917012345"), "+4917012345"),
        (SmppAddress(1, 1, "004917012345"), "004917012345"),
        (SmppAddress(2, 1, "017012345"), "017012345"),
        (SmppAddress(0, 0, "22122"), "22122"),
    ],
)
def test_addresses_are_read_as_people_write_numbers(address: SmppAddress, number: str) -> None:
    assert addresses.written(address) == number


def test_numbers_become_addresses() -> None:
    assert addresses.address_of("+4917012345") == SmppAddress(1, 1, "4917012345")
    assert addresses.address_of("22122") == SmppAddress(0, 1, "22122")
    assert addresses.address_of("Bank") == SmppAddress(5, 0, "Bank")
    assert addresses.address_of("") == SmppAddress(0, 0, "")


def test_a_receipt_is_spelt_as_clients_parse_it() -> None:
    data = {
        "state": "DELIVRD", "code": 0, "submitted_at": NOW, "done_at": NOW + 60, "source": [5, 0, "Acme"],
        "destination": [1, 1, "4917012345"],
    }  # fmt: skip
    made = delivers.deliver(SmppDelivery(1, 1, "msg_01abc", "+4917012345", "receipt", data, NOW, 0))
    assert made == ShortMessage(
        source=SmppAddress(1, 1, "4917012345"),
        destination=SmppAddress(5, 0, "Acme"),
        octets=b"id:msg01abc sub:001 dlvrd:001 submit date:2611212231 done date:2611212232 stat:DELIVRD err:000 text:",
        esm_class=4,
        optional={0x001E: b"msg01abc\0", 0x0427: b"\x02"},
    )
    made = delivers.deliver(SmppDelivery(1, 1, "msg_01abc", "", "receipt", {**data, "state": "UNDELIV", "code": 70}, NOW, 0))
    assert made.octets.endswith(b"dlvrd:000 submit date:2611212231 done date:2611212232 stat:UNDELIV err:070 text:")
    assert made.optional[0x0427] == b"\x05"


def test_a_long_incoming_text_is_a_payload_and_a_binary_one_keeps_its_octets() -> None:
    data = {"text": "x" * 300, "octets": "", "from": "+4917012345", "to": "+4915110000000"}
    made = delivers.deliver(SmppDelivery(1, 1, "msg_1", "", "text", data, NOW, 0))
    assert (made.octets, made.optional) == (b"", {0x0424: b"x" * 300})
    made = delivers.deliver(SmppDelivery(1, 1, "msg_1", "", "text", {**data, "octets": "00FF"}, NOW, 0))
    assert (made.octets, made.data_coding, made.esm_class) == (b"\x00\xff", 4, 0)


def asked(**given: object) -> ShortMessage:
    fields: dict[str, object] = {"source": SmppAddress(), "destination": SmppAddress(1, 1, "4917012345"), "octets": b"hi", **given}
    return ShortMessage(**fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"replace": 1}, Status.BAD_REPLACE_FLAG),
        ({"esm_class": 0x02}, Status.BAD_ESM_CLASS),
        ({"esm_class": 0x08}, Status.BAD_ESM_CLASS),
        ({"esm_class": 0x80}, Status.BAD_ESM_CLASS),
        ({"protocol_id": 0x40}, Status.SUBMIT_FAILED),
        ({"priority": 4}, Status.BAD_PRIORITY),
        ({"service_type": "USSD"}, Status.BAD_SERVICE_TYPE),
        ({"data_coding": 0x04}, Status.SUBMIT_FAILED),
        ({"data_coding": 0x0B}, Status.SUBMIT_FAILED),
        ({"schedule": "soon"}, Status.BAD_SCHEDULE),
        ({"schedule": "020000000000000R"}, Status.BAD_SCHEDULE),
        ({"validity": "later"}, Status.BAD_EXPIRY),
        ({"source": SmppAddress(5, 0, "Acme")}, Status.BAD_SOURCE),
        ({"destination": SmppAddress(5, 0, "Acme")}, Status.BAD_DESTINATION_TON),
        ({"optional": {0x0424: b"x"}}, Status.BAD_MESSAGE_LENGTH),
        ({"optional": {0x020C: b"\0\1", 0x020E: b"\2"}}, Status.BAD_OPTIONAL_LENGTH),
        ({"optional": {0x020C: b"\0\1", 0x020E: b"\2", 0x020F: b"\3"}}, Status.SUBMIT_FAILED),
        ({"esm_class": 0x40, "octets": b"\x06\x05\x04\x15\x81\x00\x00hi"}, Status.SUBMIT_FAILED),
    ],
)
def test_what_is_not_offered_is_refused_with_its_own_status(given: dict[str, object], status: Status) -> None:
    with pytest.raises(Malformed) as refusal:
        submits.submission(asked(**given), KEY, NOW)
    assert refusal.value.status is status


def test_a_submit_becomes_a_request() -> None:
    made = submits.submission(
        asked(priority=2, schedule="000000010000000R", validity="000000020000000R", registered=0x12, data_coding=0x10), KEY, NOW
    )
    request = made.request
    assert (request.to, request.from_, request.priority, request.flash, request.report) == ("+4917012345", None, 2, True, True)
    assert (request.send_at, request.expires_at, request.validity_minutes) == (NOW + 3600, NOW + 3 * 3600, 120)
    assert made.wish is not None
    assert made.wish.failures_only
    assert submits.submission(asked(), KEY, NOW).wish is None


def test_a_name_as_sender_is_ignored_where_that_is_allowed() -> None:
    for source in (SmppAddress(5, 0, "Acme"), SmppAddress(1, 1, "49301234567")):
        assert submits.submission(asked(source=source), KEY, NOW, lambda written: False).request.from_ is None
    assert submits.submission(asked(source=SmppAddress(1, 1, "4915110000000")), KEY, NOW, lambda written: True).request.from_
