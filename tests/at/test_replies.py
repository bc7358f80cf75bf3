"""Answers as real modems spell them. The literals are from the published transcripts and from devices' manuals."""

from __future__ import annotations

import pytest

from gateway.at import replies, stored
from gateway.at.fields import split_fields
from gateway.at.replies import Ussd


@pytest.mark.parametrize(
    ("value", "stat", "word"),
    [
        ("0,1", 1, "home"),
        ("2,1,4CA,81DE445", 1, "home"),
        ('2,5,"2AF5","0B88E350",2', 5, "roaming"),
        ('002,001,"18d8","ffff"', 1, "home"),
        ("2,0,00,0", 0, "none"),
        ('2,1,"0B,"0100701",7', 1, "home"),
        ('2,1,"5E25', 1, "home"),
        ("2,1,  0 5, 2715", 1, "home"),
        ("2,1,000B,2816, B, C2816", 1, "home"),
        ('2,6,"8B37","0A265185",7', 6, "home"),
        ("1, 2, 0001, 00000100, 7", 2, "searching"),
        ("0,3", 3, "denied"),
        ("0,11", 11, "none"),
        # without the leading n it is a notification
        ("1", 1, "home"),
        ('1,"CE00","00005449"', 1, "home"),
        ("1,84CD,00D30156", 1, "home"),
        ("2,,", 2, "searching"),
        ("2, 0001, 00000100, 7", 2, "searching"),
        ('6,"8B37","0A265185",7', 6, "home"),
    ],
)
def test_registration_is_read_from_answers_and_notifications(value, stat, word):
    seen = replies.registration(value)
    assert (seen.stat, seen.word) == (stat, word)


def test_no_registration_line_is_no_registration():
    assert replies.registration(replies.value((), "+CREG")) is None


@pytest.mark.parametrize(("value", "dbm"), [("20,0", -73), ("0,99", -113), ("31,0", -51), ("99,99", None), ("", None)])
def test_signal_is_in_dbm_or_not_known(value, dbm):
    assert replies.signal_dbm(value) == dbm


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (("8949293072227288805",), "8949293072227288805"),
        (('+CCID: "89014103211118510720"',), "89014103211118510720"),
        (("+ICCID: 898600220909A0206023",), ""),
        (("898602B0091790013434F",), ""),
        (("8986002209090206023F",), "8986002209090206023"),
        (('+CRSM: 144,0,"98940100008110426950"',), "89491000001801249605"),
        (("ERROR",), ""),
    ],
)
def test_a_card_number_begins_with_89_perhaps_after_swapping_and_without_filling(lines, expected):
    assert replies.iccid(lines) == expected


@pytest.mark.parametrize("line", ["351179009153435", "+CGSN: 351179009153435", '"351179009153435"', '+CGSN: "351179009153435"'])
def test_an_imei_comes_bare_quoted_or_behind_its_name(line):
    assert replies.digits((line,), 14, 17) == "351179009153435"


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ('"+491760000443",145', "+491760000443"),
        ('"491760000443",145', "+491760000443"),
        ("002B00390037003200350034003100320030003000330032,145", "+97254120032"),
        ('"002B003400340037003800300032003000390032003000330035",145', "+447802092035"),
        ('"",129', ""),
        ("", ""),
    ],
)
def test_the_service_centre_is_read_also_as_ucs2(value, number):
    assert replies.service_centre(value) == number


def test_the_operator_is_empty_while_there_is_none():
    assert replies.operator('0,0,"Simrack Mobile"') == "Simrack Mobile"
    assert replies.operator("0") == ""


def test_the_first_number_of_the_card_is_the_own_number():
    assert replies.own_number(('+CNUM: "","",129', '+CNUM: "Voice","+4915112345670",145')) == "+4915112345670"
    assert replies.own_number(('+CNUM: ,"015112345670",129',)) == "015112345670"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ('1,"Kontostand: 3.00 EUR"', Ussd(1, "Kontostand: 3.00 EUR", None)),
        ('2,"Maaf, permintaan Anda",0', Ussd(2, "Maaf, permintaan Anda", 0)),
        ("5", Ussd(5, "", None)),
        ('0,""', Ussd(0, "", None)),
        ("0, 49B41C74ACD3", Ussd(0, "49B41C74ACD3", None)),
        ('0,"tariff "Mega Tariff". More *111#.",15', Ussd(0, 'tariff "Mega Tariff". More *111#.', 15)),
    ],
)
def test_a_ussd_answer_is_read_with_and_without_quotes_and_coding(value, expected):
    assert replies.ussd(value) == expected


def test_the_reference_of_a_sent_text_is_one_octet():
    assert replies.sent_reference("+CMGS: 57") == 57
    assert replies.sent_reference('+CMGS: 255,"26/11/21,20:03:04+04"') == 255
    assert replies.sent_reference("+CMGL: 1") is None


@pytest.mark.parametrize(
    ("value", "fields"),
    [
        ("", []),
        ('"SM",3', ["SM", "3"]),
        (',"a,b",145', ["", "a,b", "145"]),
        ('"SM","SM",', ["SM", "SM", ""]),
        ('2,1,"0B,"0100701",7', ["2", "1", "0B", "0100701", "7"]),
    ],
)
def test_fields_split_at_commas_outside_quotes(value, fields):
    assert split_fields(value) == fields


@pytest.mark.parametrize("nonsense", ["", ",", "²", "1,²", "--5", "9" * 40, '"', '"",,"', "(", "(0-", "+", "\xff"])
def test_nonsense_is_not_known_rather_than_an_error(nonsense):
    for read in (replies.registration, replies.signal_dbm, replies.operator, replies.service_centre, replies.ussd):
        read(nonsense)
    for name in ("+CPMS", "+CNMI", "+CMGL", "+CMGR", "+CNUM", "+CPIN"):
        lines = (f"{name}: {nonsense}", nonsense or "x")
        stored.storages(lines), stored.routing_ranges(lines), stored.listing(lines), stored.single(lines, 1)
        replies.iccid(lines), replies.digits(lines, 14, 17), replies.own_number(lines), replies.pin_state(lines)
    stored.notice(nonsense)
    replies.sent_reference(f"+CMGS: {nonsense}")
