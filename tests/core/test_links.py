"""Which texts hold a link, and which only look as if they did."""

from __future__ import annotations

import pytest

from gateway.core.links import first_link


@pytest.mark.parametrize(
    ("text", "link"),
    [
        ("Pay here: https://example.com/pay?x=1", "https://example.com/pay?x=1"),
        ("HTTP://EXAMPLE.COM now", "HTTP://EXAMPLE.COM"),
        ("see (http://192.0.2.7/a).", "http://192.0.2.7/a"),
        ("end.https://example.com", "https://example.com"),
        ("myapp://open/7", "myapp://open/7"),
        ("on www.example.museum today", "www.example.museum"),
        ("Www.example.it", "Www.example.it"),
        ("Kontakt: example.com.", "example.com"),
        ("EXAMPLE.COM", "EXAMPLE.COM"),
        ("mein-paket24.de, bitte", "mein-paket24.de"),
        ("münchen.de", "münchen.de"),
        ("shop.example.co.uk!", "shop.example.co.uk"),
        ("bit.ly/3xYz", "bit.ly/3xYz"),
        ("t.me/somebody", "t.me/somebody"),
        ("youtu.be/dQw4", "youtu.be/dQw4"),
        ("parcel-login.it", "parcel-login.it"),
        ("login.example.at", "login.example.at"),
        ("example.com:8080/x", "example.com:8080/x"),
        ("ask info@example.com or example.org", "example.org"),
    ],
)
def test_a_link_is_found(text: str, link: str) -> None:
    assert first_link(text) == link


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Your table is ready.",
        "am 3.Dezember um 8.30 Uhr",
        "e.g.this, i.e.that, z.B.das, u.a.m.",
        "3.14 and 1.000.000,00 EUR",
        "17.05.2026",
        "info@example.com",
        "max.mustermann.de@example.com",
        "mail max.mustermann@mail.example.co.uk please",
        "Kommst du heute.es regnet",
        "I took it.it was mine. Look.at that.is it so.me too",
        "Danke.Info folgt",
        "z.B.at home",
        "1.5.to 3",
        "A4.is fine",
        "and/or, he/she, km/h, 1/2",
        "192.0.2.7",
        "rechnung.pdf",
        "St.Pauli, Dr.med.Weber",
        "wait...what",
        "a.b.c.d.e",
        "www.",
        "://",
        "v1.2.de",
    ],
)
def test_what_only_looks_like_a_link_is_none(text: str) -> None:
    assert first_link(text) == ""


@pytest.mark.parametrize("text", ["a." * 4000, "a-" * 4000, "a" * 8000 + ".", "://" * 2500, "x.com@" * 1300])
def test_a_text_made_to_keep_the_search_busy_does_not(text: str) -> None:
    assert first_link(text) == ""


def test_a_link_as_long_as_the_text_is_found() -> None:
    assert first_link("www." * 2000).startswith("www.www.")
