"""The network's own codec against octets from the specification and from devices."""

import pytest

from simulator import alphabet
from simulator.smspdu import (
    BadPdu,
    Concat,
    Deliver,
    Report,
    UserData,
    class_of,
    compose,
    read_address,
    read_submit,
    show_stamp,
    write_address,
    write_service_centre,
    write_stamp,
)

# The example everybody knows: "hellohello" packed, TS 23.038 clause 6.1.2.1.1.
HELLOHELLO = bytes.fromhex("E8329BFD4697D9EC37")


def test_hellohello_is_packed_and_unpacked_as_in_the_specification():
    assert alphabet.pack(alphabet.encode("hellohello")) == HELLOHELLO
    assert alphabet.decode(alphabet.unpack(HELLOHELLO, 10)) == "hellohello"


def test_every_character_of_the_default_alphabet_has_its_place():
    places = {"@": 0x00, "£": 0x01, "$": 0x02, "Δ": 0x10, "_": 0x11, "Æ": 0x1C, "æ": 0x1D, "ß": 0x1E, "É": 0x1F,
              "¤": 0x24, "¡": 0x40, "Ä": 0x5B, "§": 0x5F, "¿": 0x60, "à": 0x7F, "Ω": 0x15, "\n": 0x0A, "\r": 0x0D}
    assert {character: alphabet.encode(character)[0] for character in places} == places
    assert alphabet.encode("€[]{}\\~^|") == bytes.fromhex("1B65 1B3C 1B3E 1B28 1B29 1B2F 1B3D 1B14 1B40")


def test_a_character_outside_the_alphabet_has_no_septets():
    assert alphabet.encode("привет") is None


@pytest.mark.parametrize(("single", "locking", "septets", "text"), [
    (1, 0, "1B531B73", "Şş"), (2, 0, "1B091B65", "ç€"), (3, 0, "1B0B1B7B", "Ôã"),
    (0, 1, "1C1D0407", "Şş€ı"), (0, 3, "12185B60", "ª€Ã~"), (14, 14, "41", "A"),
    (6, 6, "281B1C1B41424B5D", ")०Aमषो"), (0, 13, "0000785A", "ااxې"), (12, 12, "1B1C00", "౦ఁ"), (11, 11, "0B1F31", " ஞ1"),
])
def test_national_tables_replace_their_characters(single, locking, septets, text):
    assert alphabet.decode(bytes.fromhex(septets), single, locking) == text


def test_a_submit_with_report_is_read():
    # pmarti/python-messaging: messaging/test/test_sms.py
    submit = read_submit(bytes.fromhex("21000B914356143254F6000006E8721E947F03"))
    assert (submit.to, submit.data.text, submit.wants_report, submit.rejects_duplicates) == (
        "+34654123456", "hey yo", True, False)


def test_a_submit_with_a_validity_period_is_read():
    # pmarti/python-messaging: messaging/test/test_sms.py, validity 197
    submit = read_submit(bytes.fromhex("11000B914316565811F90000C504E8373B0C"))
    assert (submit.to, submit.data.text, submit.validity) == ("+34616585119", "hola", b"\xc5")


def test_a_submit_with_spanish_characters_is_read():
    # rilmodem/ofono: unit/test-sms.c, single shift table 2
    submit = read_submit(bytes.fromhex("41000B9153101010101000002B03240102D824368A0D6583DAA436AF0D6FD3DB"
                                       "F836C04D7093DC3C37D54D7853DEA437EF4D1D"))
    assert submit.data.text == "ç\f^{}\\[~]|ÁÍÓÚá€íóú"


@pytest.mark.parametrize("octets", ["", "11", "0000", "11000B914316565811F90000C505E8373B0C", "11000B9143"])
def test_a_broken_submit_is_refused_with_its_place(octets):
    with pytest.raises(BadPdu):
        read_submit(bytes.fromhex(octets))


def test_a_deliver_is_written_as_a_network_wrote_it():
    # rilmodem/ofono: unit/test-sms.c, "How are you?"
    stamp = bytes.fromhex("20806291731448")
    data = UserData(0, False, 12, bytes.fromhex("C8F71D14969741F977FD07"))
    assert Deliver("+31641600986", stamp, 0, data).octets.hex().upper() == (
        "040B911346610089F60000208062917314480CC8F71D14969741F977FD07")
    assert data.text == "How are you?"


def test_a_status_report_is_written_as_a_network_wrote_it():
    # gammu/gammu: tests/at-sms/34.dump, without its optional parameters
    report = Report(6, bytes.fromhex("0B911634092142F4"), bytes.fromhex("01907101100004"),
                    bytes.fromhex("01907101104504"), 0)
    assert report.octets.hex().upper() == "06060B911634092142F4019071011000040190710110450400"


def test_addresses_of_every_kind_go_there_and_back():
    for number, field in (("+34654123456", "0B914356143254F6"), ("3200", "04812300"), ("*100#", "0581 1A00FB")):
        assert write_address(number) == bytes.fromhex(field)
        assert read_address(bytes.fromhex(field)) == number
    # An alphanumeric sender counts its semi-octets: 5 letters, 35 bits, 9 semi-octets.
    assert write_address("hello").hex().upper() == "09D0E8329BFD06"
    assert read_address(bytes.fromhex("09D0E8329BFD06")) == "hello"


def test_a_service_centre_address_counts_its_octets():
    assert write_service_centre("+31624000000").hex().upper() == "07911326040000F0"
    assert write_service_centre("") == b"\0"


def test_a_stamp_east_of_greenwich_and_one_west_of_it():
    # 2011-02-28 11:50:50 -05:00, linux-mobile-broadband/ModemManager: src/tests/test-sms-part-3gpp.c
    assert write_stamp(1298911850, -20).hex().upper() == "1120821105050A"
    assert show_stamp(bytes.fromhex("1120821105050A")) == "11/02/28,11:50:50-20"
    assert write_stamp(1298911850, 4).hex().upper() == "11208271050540"


def test_a_text_of_160_septets_is_one_part_and_161_are_two():
    assert len(compose("x" * 160, 1)) == 1
    first, second = compose("x" * 161, 0x57)
    assert first.octets[:6].hex() == "050003570201" and first.length == 160
    assert second.concat == Concat(0x57, 2, 2) and second.text == "x" * 8


def test_a_euro_sign_is_never_cut_in_half():
    parts = compose("x" * 152 + "€" + "y" * 20, 1)
    assert [part.text for part in parts] == ["x" * 152, "€" + "y" * 20]


def test_an_emoji_is_never_cut_in_half():
    parts = compose("ж" * 66 + "😀" + "ж" * 10, 1)
    assert [part.text for part in parts] == ["ж" * 66, "😀" + "ж" * 10]


def test_message_classes_are_read_from_both_groups():
    assert [class_of(dcs) for dcs in (0x00, 0x10, 0x12, 0xF2, 0x08, 0x18)] == [None, 0, 2, 2, None, 0]
