"""The tables against what can be said of them without copying them: published cells, and the names Unicode gives."""

from __future__ import annotations

import unicodedata

import pytest

from gateway.pdu.alphabet import alphabet, expand
from gateway.pdu.tables import ABSENT, ESCAPE, LOCKING, SINGLE

INDIC = {4: "BENGALI", 5: "GUJARATI", 6: "DEVANAGARI", 7: "KANNADA", 8: "MALAYALAM"}
INDIC |= {9: "ORIYA", 10: "GURMUKHI", 11: "TAMIL", 12: "TELUGU"}


def test_there_is_a_table_for_every_language_and_no_locking_table_for_spanish() -> None:
    assert set(SINGLE) == set(range(14))
    assert set(LOCKING) == set(range(14)) - {2}


@pytest.mark.parametrize("language", LOCKING)
def test_a_locking_table_has_128_septets_and_no_character_twice(language: int) -> None:
    table = LOCKING[language]
    assert len(table) == 128
    assert table[ESCAPE] == ABSENT
    characters = table.replace(ABSENT, "")
    assert len(set(characters)) == len(characters)


@pytest.mark.parametrize("language", SINGLE)
def test_a_single_shift_table_has_no_control_cell_and_no_unintended_twin(language: int) -> None:
    table = SINGLE[language]
    assert all(0 <= septet < 128 for septet in table)
    assert 0x0D not in table and ESCAPE not in table
    twins = {char for char in table.values() if list(table.values()).count(char) > 1}
    assert twins == (set() if language < 4 else {"*", "¡"})  # annex A.2 itself prints these two twice


@pytest.mark.parametrize("language", LOCKING)
def test_every_locking_table_keeps_digits_line_ends_and_small_letters(language: int) -> None:
    table = LOCKING[language]
    assert table[0x30:0x3C] == "0123456789:;"
    assert table[0x61:0x7B] == "abcdefghijklmnopqrstuvwxyz"
    assert (table[0x0A], table[0x0D], table[0x20], table[0x21], table[0x2E], table[0x3F]) == tuple("\n\r !.?")


@pytest.mark.parametrize("language", SINGLE)
def test_every_single_shift_table_keeps_the_default_extension(language: int) -> None:
    table = SINGLE[language]
    assert {septet: table.get(septet) for septet in (0x0A, 0x14, 0x28, 0x29, 0x2F, 0x3C, 0x3D, 0x3E, 0x40, 0x65)} == {
        0x0A: "\f", 0x14: "^", 0x28: "{", 0x29: "}", 0x2F: "\\", 0x3C: "[", 0x3D: "~", 0x3E: "]", 0x40: "|", 0x65: "€",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("septet", "name"),
    [
        (0x04, "LETTER AA"), (0x05, "LETTER I"), (0x08, "LETTER UU"), (0x15, "LETTER KA"), (0x19, "LETTER NGA"),
        (0x1A, "LETTER CA"), (0x1D, "LETTER JA"), (0x1F, "LETTER NYA"), (0x22, "LETTER TTA"), (0x26, "LETTER NNA"),
        (0x27, "LETTER TA"), (0x2F, "LETTER NA"), (0x3D, "LETTER PA"), (0x42, "LETTER MA"), (0x43, "LETTER YA"),
        (0x44, "LETTER RA"), (0x46, "LETTER LA"), (0x4C, "LETTER SA"), (0x4D, "LETTER HA"), (0x50, "VOWEL SIGN AA"),
        (0x52, "VOWEL SIGN II"), (0x54, "VOWEL SIGN UU"), (0x5F, "SIGN VIRAMA"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("language", INDIC)
def test_the_indic_tables_have_the_same_letter_on_the_same_septet(language: int, septet: int, name: str) -> None:
    assert unicodedata.name(LOCKING[language][septet]) == f"{INDIC[language]} {name}"


@pytest.mark.parametrize("language", [language for language in INDIC if language != 4])
def test_the_indic_digits_stand_in_a_row_after_an_escape(language: int) -> None:
    digits = "".join(SINGLE[language][septet] for septet in range(0x1C, 0x26))
    assert [unicodedata.digit(digit) for digit in digits] == list(range(10))
    assert {unicodedata.name(digit).split(" DIGIT")[0] for digit in digits} == {INDIC[language]}


def test_the_bengali_digits_stand_in_a_row_that_the_escape_of_the_escape_breaks() -> None:
    row = [SINGLE[4][septet] for septet in (0x19, 0x1A, *range(0x1C, 0x24))]
    assert [unicodedata.digit(digit) for digit in row] == list(range(10))


@pytest.mark.parametrize(
    ("language", "septet", "character"),
    [
        (1, 0x04, "€"), (1, 0x07, "ı"), (1, 0x0B, "Ğ"), (1, 0x0C, "ğ"), (1, 0x1C, "Ş"), (1, 0x1D, "ş"), (1, 0x40, "İ"),
        (1, 0x60, "ç"), (3, 0x04, "ê"), (3, 0x12, "ª"), (3, 0x15, "∞"), (3, 0x17, "\\"), (3, 0x18, "€"), (3, 0x24, "º"),
        (3, 0x40, "Í"), (3, 0x5C, "Õ"), (3, 0x60, "~"), (3, 0x7D, "`"), (4, 0x60, "\u09ce"), (4, 0x7F, "\u09f1"),
        (5, 0x0C, "\u0a8d"), (5, 0x7F, "\u0af1"), (6, 0x3C, "\u0929"), (6, 0x7F, "\u097f"), (7, 0x24, "\u0ca1"),
        (7, 0x60, "\u0cd5"), (8, 0x48, "\u0d34"), (8, 0x7F, "\u0d79"), (9, 0x60, "\u0b56"), (10, 0x60, "\u0a51"),
        (10, 0x7F, "\u0a74"), (11, 0x3C, "\u0ba9"), (11, 0x7F, "\u0bf9"), (12, 0x4F, "\u0c3d"), (12, 0x7F, "\u0c63"),
        (13, 0x00, "\u0627"), (13, 0x0F, "\u067c"), (13, 0x15, "\u0685"), (13, 0x1C, "\u068c"), (13, 0x2F, "\u0698"),
        (13, 0x3E, "\u0634"), (13, 0x4F, "\u0646"), (13, 0x5F, "\u0657"), (13, 0x60, "\u0654"), (13, 0x7F, "\u0670"),
    ],
)  # fmt: skip
def test_a_cell_of_a_locking_table_is_as_printed(language: int, septet: int, character: str) -> None:
    assert LOCKING[language][septet] == character


@pytest.mark.parametrize(
    ("language", "septet", "character"),
    [
        (1, 0x47, "Ğ"), (1, 0x49, "İ"), (1, 0x53, "Ş"), (1, 0x63, "ç"), (1, 0x67, "ğ"), (1, 0x69, "ı"), (1, 0x73, "ş"),
        (2, 0x09, "ç"), (2, 0x41, "Á"), (2, 0x49, "Í"), (2, 0x4F, "Ó"), (2, 0x55, "Ú"), (2, 0x61, "á"), (2, 0x75, "ú"),
        (3, 0x05, "ê"), (3, 0x0B, "Ô"), (3, 0x0C, "ô"), (3, 0x0E, "Á"), (3, 0x0F, "á"), (3, 0x12, "Φ"), (3, 0x13, "Γ"),
        (3, 0x15, "Ω"), (3, 0x19, "Θ"), (3, 0x1F, "Ê"), (3, 0x41, "À"), (3, 0x5B, "Ã"), (3, 0x5C, "Õ"), (3, 0x61, "Â"),
        (3, 0x7B, "ã"), (3, 0x7C, "õ"), (3, 0x7F, "â"), (4, 0x24, "\u09df"), (4, 0x34, "\u09fa"), (5, 0x19, "\u0964"),
        (6, 0x26, "\u0951"), (6, 0x3A, "\u0971"), (7, 0x26, "\u0cde"), (7, 0x2A, "\u0cf2"), (8, 0x34, "\u0d7f"),
        (9, 0x2C, "\u0b71"), (10, 0x2D, "\u0a75"), (11, 0x24, "\u0bee"), (11, 0x2E, "\u0bfa"), (12, 0x32, "\u0c7f"),
        (13, 0x19, "\u0600"), (13, 0x26, "\u060c"), (13, 0x33, "\u061f"), (13, 0x3B, "\u06cd"), (13, 0x3F, "\u06d4"),
        (13, 0x41, "A"), (13, 0x5A, "Z"), (4, 0x16, "_"), (12, 0x05, '"'),
    ],
)  # fmt: skip
def test_a_cell_of_a_single_shift_table_is_as_printed(language: int, septet: int, character: str) -> None:
    assert SINGLE[language][septet] == character


@pytest.mark.parametrize("locking", LOCKING)
@pytest.mark.parametrize("single", SINGLE)
def test_every_character_of_a_pair_of_tables_survives_the_way_there_and_back(locking: int, single: int) -> None:
    pair = alphabet(locking, single)
    text = "".join(sorted(pair.characters))
    codes = pair.codes(text)
    assert codes is not None
    assert pair.text(expand(codes)) == (text, "")
