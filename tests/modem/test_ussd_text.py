"""Service codes and their answers in every form a modem writes them. Literals are from captures, or packed by hand."""

from __future__ import annotations

import pytest

from gateway.modem.ussd_text import Form, decode, encode


@pytest.mark.parametrize(
    ("text", "form", "typed"),
    [
        ("*100#", Form.TEXT, "*100#"),
        ("*100#", Form.PACKED, "AA180C3602"),
        ("*111#", Form.PACKED, "AA582C3602"),
        ("*100#", Form.UCS2, "002A0031003000300023"),
        ("*12345#", Form.PACKED, "AA986C46AB8D1A"),  # seven septets: CR fills the last octet's bits
        ("1", Form.PACKED, "31"),
        ('say "x"', Form.TEXT, None),
        ("1\n", Form.UCS2, None),
        ("", Form.TEXT, None),
        ("ответ", Form.TEXT, None),
        ("ответ", Form.PACKED, None),
    ],
)
def test_a_code_is_typed_in_the_form_the_modem_wants(text, form, typed):
    assert encode(text, form) == typed


@pytest.mark.parametrize(
    ("raw", "coding", "text"),
    [
        ("Kontostand: 3.00 EUR", None, "Kontostand: 3.00 EUR"),
        ("Bitte w{hlen Sie", None, "Bitte wählen Sie"),  # a septet handed on as if it were ASCII
        ("[1] Saldo {2}", 15, "[1] Saldo {2}"),
        ("3\x01 und 2\x02", 15, "3£ und 2$"),
        ("491701234567", 15, "491701234567"),  # a number that merely looks like octets
        ("12345678", 15, "12345678"),
        ("", 15, ""),
        ("AA180C3602", 15, "*100#"),
        ("AA180C3602", None, "*100#"),
        (  # gammu tests/at-ussd/02-E160
            "49B41C74ACD3D16171D90D32FBE52072BA0C72CA5DB45CAC76C3CD6CB41B2D060389CB74F9FE4C07D55C371CA85897BF1B",
            15,
            "Ihr Guthaben für die Nr.4915783647410 beträgt 5.78 Euro",
        ),
        ("00530061006C0064006F003A002000330020044000750062", 72, "Saldo: 3 рub"),
        ("00530061006C0064006F0020003300200045", 15, "Saldo 3 E"),  # ZTE: UCS-2, and says otherwise
        ("00530061006C0064006F0020003300200045", 7, "Saldo 3 E"),
        ("0411043004" + "3B0430043D0441003A00200035", 15, "Баланс: 5"),
        ("60A876844F59989D4E3A003500305143", 15, "您的余额为50元"),
        ("60A876844F59989D4E3A003500305143", 72, "您的余额为50元"),
        ("0031", 72, "1"),
        ("D83DDE00", 72, "😀"),
        ("00530061006C", 72, "Sal"),
        ("0053006100", 72, "0053006100"),  # torn: kept as it came
        ("ABC", 72, "ABC"),
    ],
)
def test_an_answer_is_read_whatever_the_modem_says_of_its_coding(raw, coding, text):
    assert decode(raw, coding) == text


@pytest.mark.parametrize("text", ["*100#", "1", "12345678", "Guthaben: 3,50 €", "a" * 160])
@pytest.mark.parametrize("form", [Form.PACKED, Form.UCS2])
def test_what_is_packed_is_read_back(text, form):
    assert decode(encode(text, form) or "", 72 if form is Form.UCS2 else 15) == text
