import pytest

from gateway.errors import BadValue
from gateway.numbers import recipient, same_subscriber


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("+49 151 1234-5678", "+4915112345678"),
        ("0151 12345678", "+4915112345678"),
        ("004915112345678", "+4915112345678"),
        ("22022", "22022"),
        ("*100#", "*100#"),
        ("+1 (212) 555-0100", "+12125550100"),
    ],
)
def test_numbers_as_people_write_them_become_e164_or_stay_short_codes(written: str, kept: str) -> None:
    assert recipient(written, "DE") == kept


@pytest.mark.parametrize("wrong", ["", "hello", "+", "+999123456789", "0", "+49151123456789012345", "1234567890123456789"])
def test_what_is_no_number_is_refused_naming_the_field(wrong: str) -> None:
    with pytest.raises(BadValue) as refused:
        recipient(wrong, "DE", "messages/3/to")
    assert refused.value.field == "messages/3/to"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("+491701234567", "+491701234567", True),
        ("+491701234567", "01701234567", True),
        ("+491701234567", "491701234567", True),
        ("+491701234567", "+491701234568", False),
        ("22022", "22022", True),
        ("22022", "22023", False),
        ("22022", "+4917022022", False),
        ("", "+491701234567", False),
        ("MyBank", "MyBank", True),
        ("MyBank", "YourBank", False),
    ],
)
def test_a_report_may_spell_its_recipient_otherwise(one: str, other: str, same: bool) -> None:
    assert same_subscriber(one, other) is same
    assert same_subscriber(other, one) is same
