"""Names as senders: which characters are left of them, and that a number is none."""

from __future__ import annotations

import pytest

from gateway.core.sender_name import is_name, sender_name


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("Acme", "Acme"),
        ("Acme & Co-7", "Acme & Co-7"),
        ("Café", "Cafe"),
        ("Cafe\u0301", "Cafe"),  # the accent as a character of its own
        ("Müller", "Muller"),
        ("Weiß", "Weiss"),
        ("Łódź", "Lodz"),
        ("Ångström", "Angstrom"),
        ("Smørrebrød", "Smorrebrod"),
        ("Ｗｉｄｅ", "Wide"),
        ("Joe’s", "Joe's"),
        ("A€B", "A?B"),
        ("Привет", "??????"),
        ("Shop 😀", "Shop ?"),
        ("Acme\tShop", "Acme Shop"),
        ("  Acme  ", "Acme"),
        ("Twelve chars", "Twelve char"),
        ("Ten chars. x", "Ten chars."),  # no blank at the end
        ("Straßenbahn", "Strassenbah"),
        ("", ""),
    ],
)
def test_a_name_is_shown_in_characters_that_every_phone_knows(written: str, shown: str) -> None:
    assert sender_name(written).name == shown


def test_what_is_changed_is_told_once_for_each_character() -> None:
    assert sender_name("Acme").changes == ()
    assert sender_name("ÄÄ€ Grüße & mehr").changes == (
        *("Ä becomes A", "€ becomes ?", "ü becomes u", "ß becomes ss"),
        "cut to 11 characters",
    )


@pytest.mark.parametrize(("written", "name"), [("Acme", True), ("A1", True), ("Ж", True), ("+49151", False), ("22022", False)])
def test_a_sender_with_a_letter_is_a_name(written: str, name: bool) -> None:
    assert is_name(written) is name
