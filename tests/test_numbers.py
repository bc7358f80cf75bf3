import pytest

from gateway.errors import BadValue
from gateway.numbers import country_of, dialled, of_sender, operator_of, recipient, same_subscriber, with_plus


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("+49 151 1234-5678", "+4915112345678"),
        ("0151 12345678", "+4915112345678"),
        ("004915112345678", "+4915112345678"),
        ("22022", "22022"),
        ("*100#", "*100#"),
        ("+1 (212) 555-0100", "+12125550100"),
        ("\u202a+49\u00a0151 1234\u20135678\u202c", "+4915112345678"),  # as other programs copy it
    ],
)
def test_numbers_as_people_write_them_become_e164_or_stay_short_codes(written: str, kept: str) -> None:
    assert recipient(written, "DE") == kept


@pytest.mark.parametrize(
    ("written", "country", "kept"),
    [
        ("4915112345678", "DE", "+4915112345678"),  # was +494915112345678, a landline of eight digits in Leer
        ("491701234567", "DE", "+491701234567"),
        ("49 151 12345678", "DE", "+4915112345678"),
        ("15112345678", "DE", "+4915112345678"),
        ("4921123456", "DE", "+494921123456"),  # Emden without its 0, or Duesseldorf without its plus: stays national
        ("04921123456", "DE", "+494921123456"),
        ("41791234567", "DE", "+4941791234567"),  # Swiss, or a landline: stays national
        ("4915112345678", "US", "+4915112345678"),
        ("447911123456", "US", "+447911123456"),
        ("12125550100", "US", "+12125550100"),
        ("2125550100", "US", "+12125550100"),
        ("447911123456", "GB", "+447911123456"),
        ("7911123456", "GB", "+447911123456"),
        ("07911123456", "GB", "+447911123456"),
        ("4915112345678", "GB", "+4915112345678"),
        ("393331234567", "IT", "+393331234567"),
        ("3331234567", "IT", "+393331234567"),
        ("3931234567", "IT", "+393931234567"),  # a mobile number that begins as the country code does
        ("0612345678", "IT", "+390612345678"),
        ("4915112345678", "IT", "+4915112345678"),
        ("436641234567", "AT", "+436641234567"),
        ("06641234567", "AT", "+436641234567"),
    ],
)
def test_bare_digits_lack_a_plus_sign_where_they_can_be_nothing_else(written: str, country: str, kept: str) -> None:
    assert recipient(written, country) == kept


@pytest.mark.parametrize("written", ["1040*8*", "0151*12345678", "+49151#12345678", "*1234567#"])
def test_stars_and_hashes_stand_in_short_codes_alone(written: str) -> None:
    with pytest.raises(BadValue, match="too long for a short code"):
        recipient(written, "DE")


@pytest.mark.parametrize(
    ("code", "country"),
    [
        *((code, "DE") for code in ("80808", "22100", "22022", "333", "110", "11833", "*100#", "*#06#", "*0", "0*1", "10")),
        *((code, "US") for code in ("112", "10001", "1151")),  # the trunk prefix is 1
        ("000", "AU"),
        ("018", "NZ"),
        ("011", "GE"),
        ("892", "RU"),
        ("0151", "ES"),  # no trunk prefix
        ("0151", "IT"),
        ("70700", "GB"),
        ("116117", "AT"),
    ],
)
def test_a_short_code_stays_as_it_is(code: str, country: str) -> None:
    assert recipient(code, country) == code


@pytest.mark.parametrize(
    ("half", "country"),
    [
        *((half, "DE") for half in ("0151", "0171", "015112", "0 15-1", "00", "004915")),
        *(("07911", "GB"), ("0664", "AT"), ("0001", "AU"), ("0612", "FR"), ("0620", "HU")),
    ],
)
def test_a_national_number_typed_halfway_is_no_short_code(half: str, country: str) -> None:
    with pytest.raises(BadValue) as refused:
        recipient(half, country, "to")
    assert refused.value.field == "to" and "too short" in refused.value.reason and "+49151" in refused.value.remedy


@pytest.mark.parametrize(
    "wrong",
    [
        *("", "hello", "+", "+999123456789", "0", "+49151123456789012345", "1234567890123456789"),
        *("319955*", "0130341984923*", "#01701234567", "01701234567 ext. 12", "01701234567;12", "call 01701234567", "0170+1234567"),
    ],
)
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


@pytest.mark.parametrize(
    ("number", "country", "international", "national", "plain"),
    [
        ("+4915112345678", "DE", "004915112345678", "015112345678", "4915112345678"),
        ("+4930123", "DE", "004930123", "030123", "4930123"),
        ("+4912345678", "DE", "004912345678", "012345678", "4912345678"),  # of no plan that is known
        ("+41791234567", "DE", "0041791234567", "0041791234567", "41791234567"),
        ("+390612345678", "IT", "00390612345678", "0612345678", "390612345678"),  # no trunk prefix, the zero belongs to it
        ("+12125550100", "US", "0012125550100", "2125550100", "12125550100"),
        ("+79123456789", "RU", "0079123456789", "89123456789", "79123456789"),
        ("+36201234567", "HU", "0036201234567", "06201234567", "36201234567"),
        ("+447797123456", "GB", "00447797123456", "07797123456", "447797123456"),  # Jersey dials as Great Britain does
        ("+4915112345678", "", "004915112345678", "004915112345678", "4915112345678"),
        ("22022", "DE", "22022", "22022", "22022"),
        ("*100#", "DE", "*100#", "*100#", "*100#"),
    ],
)
def test_a_number_is_dialled_as_the_operator_wants_it(
    number: str, country: str, international: str, national: str, plain: str
) -> None:
    spelled = [dialled(number, style, country) for style in ("e164", "00", "national", "plain")]
    assert spelled == [number, international, national, plain]


@pytest.mark.parametrize(
    ("number", "own", "country"),
    [
        ("+4915112345678", "CH", "DE"),
        ("+14165550100", "US", "CA"),
        ("+15550100000", "CA", "CA"),  # of no country that is known: perhaps of this one
        ("+15550100000", "DE", "US"),
        ("+881612345678", "DE", ""),
        ("22022", "AT", "AT"),
    ],
)
def test_a_number_has_a_country_or_none(number: str, own: str, country: str) -> None:
    assert country_of(number, own) == country


def test_a_mobile_number_has_the_operator_that_gave_it_out() -> None:
    assert [operator_of(number) for number in ("+491721234567", "+41791234567", "+4930123456", "22022")] == [
        *("Vodafone", "Swisscom", "", "")
    ]


@pytest.mark.parametrize(
    ("written", "country", "read"),
    [
        ("4915112345678", "DE", "+4915112345678"),
        ("49 151 12345678", "DE", "+4915112345678"),
        ("15112345678", "DE", "15112345678"),
        ("015112345678", "DE", "015112345678"),
        ("+4915112345678", "DE", "+4915112345678"),
        ("49151", "DE", "49151"),
        ("4912", "DE", "4912"),
        ("Acme", "DE", "Acme"),
        ("", "DE", ""),
        ("47123456", "NO", "47123456"),  # a number of eight digits, as they are in Norway, not +47 123456
        ("15005550006", "US", "+15005550006"),
    ],
)
def test_bare_digits_that_begin_with_the_own_country_code_lack_their_plus_sign(written: str, country: str, read: str) -> None:
    assert with_plus(written, country) == read


@pytest.mark.parametrize(
    ("told", "national", "country", "kept"),
    [
        ("+4917012345678", False, "DE", "+4917012345678"),
        ("017012345678", False, "DE", "+4917012345678"),
        ("17012345678", True, "DE", "+4917012345678"),
        ("17012345678", False, "DE", "17012345678"),  # nothing says what it is
        ("4917012345678", False, "DE", "+4917012345678"),
        ("004917012345678", False, "DE", "+4917012345678"),
        ("0791234567", False, "CH", "+41791234567"),
        ("612345678", True, "ES", "+34612345678"),
        ("612345678", False, "ES", "612345678"),  # Spain has no trunk prefix that would tell
        ("22022", False, "DE", "22022"),
        ("22022", True, "DE", "22022"),
        ("8010012", False, "DE", "8010012"),  # a service of the operator
        ("000", False, "DE", "000"),
        ("Bank 24", False, "DE", "Bank 24"),
        ("", False, "DE", ""),
    ],
)
def test_a_sender_becomes_e164_only_where_that_is_sure(told: str, national: bool, country: str, kept: str) -> None:
    assert of_sender(told, national, country) == kept
