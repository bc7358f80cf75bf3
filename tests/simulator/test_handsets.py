"""Telephones outside: what becomes of a text for them, and what they send of their own."""

import random

import pytest

from simulator import alphabet, outside
from simulator.handsets import ANSWERS, FATES, parse
from simulator.joiner import Joiner
from simulator.testing import running_bank
from tests.simulator.test_network import HELLO


@pytest.fixture
def bank():
    with running_bank() as bank:
        yield bank


@pytest.fixture
def p0(bank, connect):
    client = connect(bank.device("p0"))
    client.ask("AT+CNMI=2,1,0,1,0")
    return client


def test_a_fate_and_an_answer_go_together(bank, p0):
    bank.handset("+49170", "temporary:0.01;answer:fine; thanks")
    p0.send_pdu(HELLO)
    assert [entry["status"] for entry in bank.wait_for("report", 2)] == [0x30, 0]
    assert bank.wait_for("deliver")[0]["text"] == "fine; thanks"


def test_a_late_report_comes_after_the_text(bank, p0):
    bank.handset("+49170", "late:0.01")
    p0.send_pdu(HELLO)
    assert bank.wait_for("text")[0]["n"] < bank.wait_for("report")[0]["n"]


def test_a_report_can_come_twice(bank, p0):
    bank.handset("+49170", "doublereport")
    p0.send_pdu(HELLO)
    assert [entry["status"] for entry in bank.wait_for("report", 2)] == [0, 0]


@pytest.mark.parametrize("behaviour", ["stop", "long", "long:shuffled,doubled", "turkish", "hindi", "emoji", "flash", "mms",
                                       "binary"])
def test_a_handset_answers_with_a_message_of_its_kind(bank, p0, behaviour):
    bank.handset("+49170", behaviour)
    p0.send_pdu(HELLO)
    expected = {"stop": "STOP", "long": outside.LONG, "long:shuffled,doubled": outside.LONG, "turkish": outside.TURKISH,
                "hindi": outside.HINDI, "emoji": outside.EMOJI, "flash": outside.FLASH, "binary": outside.BINARY.hex()}
    arrived = bank.wait_for("text", 2)[1]
    assert arrived["to"] == bank.number("p0") and arrived["text"] == expected.get(behaviour, arrived["text"])


@pytest.mark.parametrize(("what", "numbers"), [
    ("long", [1, 2, 3]), ("long:reversed", [3, 2, 1]), ("long:lost", [1, 3]), ("long:doubled", [1, 1, 2, 2, 3, 3]),
    ("long:reversed,lost", [3, 1])])
def test_parts_come_in_the_disorder_that_was_asked_for(what, numbers):
    assert [part.concat.number for part in outside.message(what, 9, random.Random(1))] == numbers


def test_the_two_copies_of_a_doubled_part_are_the_same_message(bank):
    assert bank.text_like("+491701", "p0", "long:doubled") == 6
    pdus = [entry["pdu"] for entry in bank.wait_for("deliver", 6)]
    assert pdus[0::2] == pdus[1::2] and len(set(pdus)) == 3


def test_an_emoji_is_cut_through_its_middle():
    first, second = outside.message("emoji", 1, random.Random(1))
    assert first.body[-2:] == bytes.fromhex("D83D") and second.body[:2] == bytes.fromhex("DE00")


def test_a_cut_emoji_is_whole_again_when_the_octets_are_joined_first():
    joiner = Joiner()
    parts = outside.message("emoji", 1, random.Random(1))
    assert [joiner.add("+1", "+2", part, part.text) for part in parts] == [None, (outside.EMOJI, 2)]


def test_the_turkish_text_is_in_the_locking_table():
    # I in 1C..1D: Ş ş, ğ at 0C, ı at 07 (TS 23.038 annex A.3.1); no escape is needed.
    septets = alphabet.encode_national("Işğı", 1, 1)
    assert septets == bytes.fromhex("491D0C07")


def test_a_hindi_text_is_in_its_tables_and_digits_are_behind_the_escape():
    assert alphabet.encode_national("नम०", 6, 6) == bytes.fromhex("2F421B1C")
    assert alphabet.encode_national("ж", 6, 6) is None


def test_an_mms_notification_is_addressed_to_the_wap_port():
    (push,) = outside.message("mms", 1, random.Random(1))
    assert push.text is None and push.header[0x05] == bytes.fromhex("0B8423F0")
    assert b"application" not in push.body and b"http://mms.example/1" in push.body


def test_a_flash_text_has_class_0():
    assert outside.message("flash", 1, random.Random(1))[0].dcs == 0x10


@pytest.mark.parametrize(("behaviour", "complaint"), [
    ("sing", "there are: delivered, noreport"), ("long:torn", "only reversed"), ("off:soon", "soon"), ("fail:0xZZ", "0xZZ"),
    ("late:5;sing", "no handset behaviour 'sing'")])
def test_a_behaviour_that_does_not_exist_is_refused(behaviour, complaint):
    with pytest.raises(ValueError, match=complaint):
        parse(behaviour)


@pytest.mark.parametrize("behaviour", ["late:5;echo", "off:30", "answer:a;b", "long:lost", "silent"])
def test_a_behaviour_is_shown_as_it_was_told(behaviour):
    assert str(parse(behaviour)) == behaviour


def test_every_behaviour_can_be_told_without_a_detail():
    assert all(str(parse(kind)) in (kind, "silent") for kind in FATES | ANSWERS)
