"""Where texts are cut and which encoding is the cheapest."""

from __future__ import annotations

import pytest

from gateway.pdu.fields import PduError
from gateway.pdu.join import join
from gateway.pdu.split import Preview, preview, split
from gateway.records import Concat, Encoding, Part

GSM7, UCS2 = Encoding.GSM7, Encoding.UCS2


@pytest.mark.parametrize(
    ("text", "encoding", "lengths"),
    [
        ("", GSM7, [0]),
        ("a" * 160, GSM7, [160]),
        ("a" * 161, GSM7, [153, 8]),
        ("a" * 306, GSM7, [153, 153]),
        ("a" * 307, GSM7, [153, 153, 1]),
        ("€" * 80, GSM7, [80]),
        ("€" * 81, GSM7, [76, 5]),
        ("a" * 152 + "€" * 5, GSM7, [152, 5]),
        ("a" * 151 + "€" * 5, GSM7, [152, 4]),
        ("я" * 70, UCS2, [70]),
        ("я" * 71, UCS2, [67, 4]),
        ("я" * 135, UCS2, [67, 67, 1]),
        ("😀" * 35, UCS2, [35]),
        ("😀" * 36, UCS2, [33, 3]),
        ("a" * 66 + "😀" * 5, UCS2, [66, 5]),
        ("a" * 65 + "😀" * 5, UCS2, [66, 4]),
    ],
)
def test_parts_are_as_long_as_they_can_be_and_nothing_is_torn(text: str, encoding: Encoding, lengths: list[int]) -> None:
    parts = split(text, reference=9)
    assert [len(part.text) for part in parts] == lengths
    assert {part.encoding for part in parts} == {encoding}
    assert "".join(part.text for part in parts) == text


def test_one_part_carries_no_concatenation_and_asks_for_no_reference() -> None:
    def never() -> int:
        raise AssertionError("a reference was used up")

    assert split("hello", reference=never) == (Part("hello", GSM7),)


def test_the_reference_is_asked_once_for_all_parts() -> None:
    references = iter([200, 201])
    parts = split("a" * 400, reference=lambda: next(references))
    assert [part.concat for part in parts] == [Concat(200, 3, n) for n in (1, 2, 3)]


def test_a_wide_reference_costs_a_character() -> None:
    parts = split("a" * 306, reference=0xBEEF, wide=True)
    assert [len(part.text) for part in parts] == [152, 152, 2]
    assert parts[0].concat == Concat(0xBEEF, 3, 1, wide=True)
    assert [len(part.text) for part in split("я" * 71, reference=1, wide=True)] == [66, 5]


@pytest.mark.parametrize(("reference", "wide"), [(256, False), (-1, False), (65536, True)])
def test_a_reference_that_does_not_fit_is_refused(reference: int, wide: bool) -> None:
    with pytest.raises(PduError):
        split("a" * 161, reference=reference, wide=wide)


def test_255_parts_are_a_message_and_256_are_not() -> None:
    assert len(split("a" * 153 * 255)) == 255
    with pytest.raises(PduError, match="256 parts"):
        split("a" * (153 * 255 + 1))


TURKISH = "Yarın saat üçte görüşürüz, şimdi eve gidiyorum. İyi günler dilerim, hoşça kal! " * 2
SPANISH = "¿Dónde está la estación? Aquí, señor, más allá. "
HINDI = "नमस्ते, आप कैसे हैं? " * 6
URDU = "آپ کیسے ہیں؟ " * 10


@pytest.mark.parametrize(
    ("text", "locking", "single", "parts", "without"),
    [
        (TURKISH, 1, 0, 2, 3),
        (SPANISH * 2, 0, 2, 1, 2),
        (HINDI, 6, 0, 1, 2),
        (URDU, 13, 13, 1, 2),
        ("நன்றி, வணக்கம். " * 8, 11, 0, 1, 2),
    ],
)
def test_national_tables_are_used_when_the_channel_has_them_and_they_are_cheaper(
    text: str, locking: int, single: int, parts: int, without: int
) -> None:
    made = split(text, national=True)
    assert {(part.encoding, part.locking, part.single) for part in made} == {(GSM7, locking, single)}
    assert len(made) == parts
    assert {part.encoding for part in split(text)} == {UCS2}
    assert len(split(text)) == without


@pytest.mark.parametrize("text", ["Plain enough.", "a" * 500, "[€]" * 60, "ş", "я" * 80, "😀 ş"])
def test_national_tables_are_left_alone_when_they_win_nothing(text: str) -> None:
    assert split(text, national=True) == split(text)


def test_a_locking_table_can_shorten_a_text_the_default_alphabet_holds() -> None:
    text = "€" * 100  # 200 septets in the default alphabet, 100 in the Turkish one
    assert len(split(text)) == 2
    assert split(text, national=True) == (Part(text, GSM7, None, 1, 0),)


def test_a_national_part_of_many_has_room_for_both_elements() -> None:
    parts = split("ğ" * 400, national=True)
    assert [len(part.text) for part in parts] == [149, 149, 102]  # 9 header octets, 149 septets


@pytest.mark.parametrize("text", ["\ud83d", "a\ude00b", "я\ud83d\n"])
def test_a_lone_half_of_a_surrogate_pair_becomes_a_replacement_character(text: str) -> None:
    (part,) = split(text)
    assert part.encoding is UCS2
    assert join([part]).count("\ufffd") == 1
    part.text.encode("utf-8")


def test_two_halves_in_a_python_string_are_sent_as_the_character_they_mean() -> None:
    assert split("\ud83d\ude00") == (Part("😀", UCS2),)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", Preview(GSM7, 0, 0, 1, 160)),
        ("a{b", Preview(GSM7, 3, 4, 1, 156)),
        ("a" * 161, Preview(GSM7, 161, 161, 2, 145)),
        ("я😀", Preview(UCS2, 2, 3, 1, 67)),
        ("😀" * 36, Preview(UCS2, 36, 72, 2, 61)),
    ],
)
def test_a_preview_says_what_a_text_costs(text: str, expected: Preview) -> None:
    assert preview(text) == expected


def test_a_preview_of_national_tables_counts_their_room() -> None:
    assert preview("ğ" * 100, national=True) == Preview(GSM7, 100, 100, 1, 55)
