"""All groups of the data coding scheme (3GPP TS 23.038 clause 4)."""

from __future__ import annotations

import pytest

from gateway.pdu.coding import Mwi, Waiting, coding, dcs_of
from gateway.pdu.fields import PduError
from gateway.records import Encoding

GSM7, UCS2, DATA = Encoding.GSM7, Encoding.UCS2, Encoding.DATA


@pytest.mark.parametrize(
    ("dcs", "encoding", "message_class"),
    [
        (0x00, GSM7, None), (0x03, GSM7, None), (0x04, DATA, None), (0x08, UCS2, None), (0x0C, GSM7, None),
        (0x10, GSM7, 0), (0x11, GSM7, 1), (0x16, DATA, 2), (0x18, UCS2, 0), (0x1B, UCS2, 3), (0x1F, GSM7, 3),
        (0x44, DATA, None), (0x58, UCS2, 0), (0x80, GSM7, None), (0x98, GSM7, None), (0xB4, GSM7, None),
        (0xF0, GSM7, 0), (0xF1, GSM7, 1), (0xF4, DATA, 0), (0xF7, DATA, 3), (0xF9, GSM7, 1),
    ],
)  # fmt: skip
def test_a_scheme_says_encoding_and_class(dcs: int, encoding: Encoding, message_class: int | None) -> None:
    read = coding(dcs)
    assert (read.encoding, read.message_class, read.mwi) == (encoding, message_class, None)


@pytest.mark.parametrize(
    ("dcs", "encoding", "mwi"),
    [
        (0xC0, GSM7, Mwi(False, False, Waiting.VOICEMAIL)),
        (0xC8, GSM7, Mwi(True, False, Waiting.VOICEMAIL)),
        (0xC9, GSM7, Mwi(True, False, Waiting.FAX)),
        (0xDA, GSM7, Mwi(True, True, Waiting.EMAIL)),
        (0xD3, GSM7, Mwi(False, True, Waiting.OTHER)),
        (0xE8, UCS2, Mwi(True, True, Waiting.VOICEMAIL)),
        (0xE0, UCS2, Mwi(False, True, Waiting.VOICEMAIL)),
    ],
)
def test_a_scheme_says_that_messages_wait(dcs: int, encoding: Encoding, mwi: Mwi) -> None:
    read = coding(dcs)
    assert (read.encoding, read.message_class, read.mwi) == (encoding, None, mwi)


@pytest.mark.parametrize(("dcs", "compressed"), [(0x00, False), (0x20, True), (0x68, True), (0xF0, False), (0xA0, False)])
def test_only_the_general_groups_can_be_compressed(dcs: int, compressed: bool) -> None:
    assert coding(dcs).compressed is compressed


@pytest.mark.parametrize(
    ("encoding", "message_class", "dcs"),
    [(GSM7, None, 0x00), (DATA, None, 0x04), (UCS2, None, 0x08), (GSM7, 0, 0x10), (UCS2, 0, 0x18), (DATA, 1, 0x15)],
)
def test_a_scheme_is_written_in_the_general_group(encoding: Encoding, message_class: int | None, dcs: int) -> None:
    assert dcs_of(encoding, message_class) == dcs


def test_there_are_four_message_classes() -> None:
    with pytest.raises(PduError):
        dcs_of(GSM7, 4)
