"""Escapes, and characters that are in no table (3GPP TS 23.038 clause 6.2.1.1)."""

from __future__ import annotations

import pytest

from gateway.pdu.alphabet import alphabet, escapes, expand

PLAIN = alphabet()


def test_a_plain_text_has_one_code_for_each_character() -> None:
    assert PLAIN.codes("@Aà") == b"\x00\x41\x7f"
    assert escapes(b"\x00\x41\x7f") == 0


def test_an_extension_character_is_one_code_and_two_septets() -> None:
    codes = PLAIN.codes("1€")
    assert codes == b"\x31\xe5"
    assert escapes(codes) == 1
    assert expand(codes) == b"\x31\x1b\x65"


@pytest.mark.parametrize("character", ["ç", "ё", "😀", "\x00", "`", "\ufffe", "\uffff", "\ufffd", "\ud800", "\x1b", "\t"])
def test_a_character_in_neither_table_is_not_encoded_as_something_else(character: str) -> None:
    assert PLAIN.codes("a" + character) is None


def test_an_escape_before_an_empty_cell_shows_the_main_character() -> None:
    assert PLAIN.text(b"\x1b\x41") == ("A", "")


def test_two_escapes_in_a_row_show_a_space_and_do_not_reach_the_next_septet() -> None:
    assert PLAIN.text(b"\x1b\x1b\x65") == (" e", "")


def test_an_escape_at_the_very_end_shows_a_space_and_is_flagged() -> None:
    text, flaw = PLAIN.text(b"\x41\x1b")
    assert text == "A "
    assert "escape" in flaw


def test_a_character_of_both_tables_is_sent_without_an_escape() -> None:
    assert alphabet(1, 1).codes("ğ") == b"\x0c"


def test_a_character_printed_twice_is_sent_from_its_first_place() -> None:
    assert alphabet(4, 4).codes("*¡") == b"\x8b\x93"


def test_an_empty_cell_of_a_national_table_shows_a_replacement_and_is_flagged() -> None:
    text, flaw = alphabet(11).text(b"\x00\x01")
    assert text == "\ufffd\u0b82"
    assert "empty" in flaw


def test_a_language_without_a_table_means_the_default_alphabet() -> None:
    assert alphabet(2, 0).codes("Ç") == b"\x09"
    assert alphabet(200, 200).codes("€") == b"\xe5"
