"""PDUs against octets from the specification or written by hand, and against what two clients encode."""

from __future__ import annotations

import random

import pytest

from gateway.records import SmppAddress
from gateway.smpp import codec
from gateway.smpp.codec import BadLength, Frames, Malformed, Pdu, ShortMessage
from gateway.smpp.words import Status

# SMPP 3.4, clause 3.2.3.1: the specification's own example of a bind_transmitter.
BIND = bytes.fromhex(
    "0000002F 00000002 00000000 00000001 534D5050335445535400 736563726574303800 5355424D49543100 00010100".replace(" ", "")
)
ENQUIRE = bytes.fromhex("00000010000000150000000000000002")
SUBMIT = bytes.fromhex(
    "0000003C 00000004 00000000 00000005"  # header
    "00 0501 41636D6500 0101 34393137303132333435 00"  # service type, source Acme, destination 4917012345
    "03 00 00 00 00 11 00 00 00 08 48656C6C6F1B65 21"  # Hello € ! in GSM 03.38, one septet an octet
    "0426 0001 01".replace(" ", "")  # more_messages_to_send
)


def whole(pdu: bytes) -> Pdu:
    (found,) = Frames().feed(pdu)
    return found


def test_the_bind_of_the_specification_is_read() -> None:
    pdu = whole(BIND)
    assert (pdu.command, pdu.status, pdu.sequence) == (2, 0, 1)
    bind = codec.read_bind(pdu.body)
    assert (bind.system_id, bind.password, bind.system_type, bind.version) == ("SMPP3TEST", "secret08", "SUBMIT1", 0)
    assert "secret08" not in repr(bind)


def test_a_submit_is_read_with_all_its_fields() -> None:
    submit = codec.read_short_message(whole(SUBMIT).body)
    assert submit == ShortMessage(
        source=SmppAddress(5, 1, "Acme"),
        destination=SmppAddress(1, 1, "4917012345"),
        octets=b"Hello\x1be!",
        esm_class=3,
        registered=0x11,
        optional={0x0426: b"\x01"},
    )


def test_answers_are_written_as_the_specification_lays_them_out() -> None:
    submit = whole(SUBMIT)
    answered = codec.answer(submit, Status.OK, codec.submit_answer("msg01"))
    assert answered.octets() == bytes.fromhex("00000016 80000004 00000000 00000005 6D7367303100".replace(" ", ""))
    refused = codec.answer(submit, Status.THROTTLED)
    assert refused.octets() == bytes.fromhex("00000010 80000004 00000058 00000005".replace(" ", ""))
    bound = codec.answer(whole(BIND), Status.OK, codec.bind_answer("simrack", 0x34))
    assert bound.octets() == bytes.fromhex("0000001D 80000002 00000000 00000001 73696D7261636B00 0210000134".replace(" ", ""))
    assert codec.nack(Status.BAD_COMMAND, 7).octets() == bytes.fromhex("00000010 80000000 00000003 00000007".replace(" ", ""))


def test_a_deliver_is_written_as_it_is_read() -> None:
    octets = codec.short_message(
        ShortMessage(SmppAddress(1, 1, "4917012345"), SmppAddress(5, 0, "Acme"), b"id:m1", esm_class=4, optional={0x0427: b"\x02"})
    )
    assert octets == bytes.fromhex(
        "00 0101 34393137303132333435 00 0500 41636D6500 04 00 00 00 00 00 00 00 00 05 69643A6D31 0427000102".replace(" ", "")
    )


@pytest.mark.parametrize("size", [1, 2, 3, 7, 16, 17])
def test_a_stream_gives_the_same_pdus_however_it_is_cut(size: int) -> None:
    stream = BIND + ENQUIRE + SUBMIT + ENQUIRE
    frames = Frames()
    found = [pdu for at in range(0, len(stream), size) for pdu in frames.feed(stream[at : at + size])]
    assert [pdu.octets() for pdu in found] == [BIND, ENQUIRE, SUBMIT, ENQUIRE]


@pytest.mark.parametrize("length", ["0000000F", "00000000", "00FFFFFF", "47455420"])
def test_octets_that_are_no_smpp_are_told_by_their_length_and_what_came_before_counts(length: str) -> None:
    frames, found = Frames(), []
    with pytest.raises(BadLength):
        for pdu in frames.feed(ENQUIRE + bytes.fromhex(length) + bytes(12)):
            found.append(pdu.octets())
    assert found == [ENQUIRE]


def test_bodies_of_chance_are_read_or_called_malformed() -> None:
    chance = random.Random(5)
    read = 0
    for _ in range(5000):
        body = bytearray(SUBMIT[16:])
        for _ in range(chance.randrange(4)):
            body[chance.randrange(len(body))] = chance.randrange(256)
        del body[chance.randrange(len(body) + 1) :]
        for reader in (codec.read_short_message, codec.read_bind, codec.read_query, codec.read_cancel):
            try:
                reader(bytes(body))
                read += 1
            except Malformed:
                pass
    assert read > 1000


def test_what_smpplib_encodes_is_read() -> None:
    pytest.importorskip("smpplib", reason="smpplib not installed")
    from smpplib import client, smpp

    pdu = smpp.make_pdu(
        "submit_sm", client=client.Client("127.0.0.1", 1), source_addr_ton=1, source_addr="4915110000000", dest_addr_ton=1,
        destination_addr="4917012345", short_message=b"\x00h\x00i", data_coding=8, esm_class=0, registered_delivery=True,
    )  # fmt: skip
    pdu.sequence = 3
    found = whole(pdu.generate())
    submit = codec.read_short_message(found.body)
    assert (submit.source, submit.destination) == (SmppAddress(1, 0, "4915110000000"), SmppAddress(1, 0, "4917012345"))
    assert (submit.octets, submit.data_coding, submit.registered) == (b"\x00h\x00i", 8, 1)


def test_what_aiosmpplib_encodes_is_read() -> None:
    pytest.importorskip("aiosmpplib", reason="aiosmpplib not installed")
    from datetime import timedelta

    from aiosmpplib import NPI, TON, PhoneNumber, SubmitSm

    pdu = SubmitSm(
        short_message="x" * 300, source=PhoneNumber("Acme", TON.ALPHANUMERIC),
        destination=PhoneNumber("4917", TON.NATIONAL, NPI.ISDN), sequence_num=9,
        log_id="1", validity_period=timedelta(hours=2), encoding="gsm0338",
    ).pdu()  # fmt: skip
    submit = codec.read_short_message(whole(pdu).body)
    assert (submit.source, submit.destination) == (SmppAddress(5, 0, "Acme"), SmppAddress(2, 1, "4917"))
    assert (submit.octets, submit.optional[0x0424], submit.validity) == (b"", b"x" * 300, "000000020000000R")
