"""Who may be texted: the own country always, abroad and dear numbers only where the configuration opens them."""

from __future__ import annotations

import pytest

from gateway.core.allowed import refusal_of, require_accepted, require_allowed
from gateway.errors import BadValue
from gateway.settings import NumbersSettings, PoolSettings


@pytest.mark.parametrize(
    ("to", "country", "open", "allowed"),
    [
        ("+4915112345678", "DE", (), True),
        ("+4930123456", "DE", (), True),
        ("22022", "DE", (), True),
        ("*100#", "DE", (), True),
        ("+41791234567", "DE", (), False),
        ("+41791234567", "CH", (), True),
        ("+41791234567", "DE", ("CH",), True),
        ("+41791234567", "DE", ("AT", "+417"), True),
        ("+41791234567", "DE", ("+4176",), False),
        ("+41791234567", "DE", ("*",), True),
        # Countries that share a country code are countries still.
        ("+12125550100", "US", (), True),
        ("+14165550100", "US", (), False),
        ("+18765550100", "US", (), False),
        ("+447797123456", "GB", (), False),  # Jersey
        # What belongs to no country is abroad from everywhere.
        ("+881612345678", "DE", (), False),
        ("+881612345678", "DE", ("+881",), True),
    ],
)
def test_abroad_is_closed_but_for_what_is_opened(to: str, country: str, open: tuple[str, ...], allowed: bool) -> None:
    assert (refusal_of(to, NumbersSettings(country, open)) is None) is allowed


@pytest.mark.parametrize(
    ("to", "country", "words"),
    [
        ("+499001123456", "DE", "premium-rate"),
        ("+4990011234567", "DE", "premium-rate"),  # a digit more changes nothing for the network
        ("+49900112345678", "DE", "premium-rate"),
        ("+491805123456", "DE", "shared-cost"),
        ("+41900123456", "CH", "premium-rate"),
        ("+97912345678", "DE", "premium-rate"),
        ("+80812345678", "DE", "shared-cost"),
        ("81000", "FR", "costs extra"),
    ],
)
def test_numbers_that_cost_extra_are_closed_even_where_everything_is_open(to: str, country: str, words: str) -> None:
    refusal = refusal_of(to, NumbersSettings(country, ("*",)))
    assert refusal is not None and words in refusal[0] and "premium = true in [numbers]" in refusal[1]
    assert refusal_of(to, NumbersSettings(country, ("*",), premium=True)) is None


def test_premium_alone_opens_nothing_abroad() -> None:
    assert refusal_of("+41900123456", NumbersSettings("DE", (), premium=True)) is not None


def test_the_words_name_the_country_and_the_setting() -> None:
    with pytest.raises(BadValue) as refused:
        require_allowed("+41791234567", NumbersSettings("DE"), "messages/3/to")
    assert refused.value.field == "messages/3/to"
    assert refused.value.reason == "+41791234567 is a number of CH, and texts abroad are closed"
    assert refused.value.remedy == 'add "CH" or "+41" to open in [numbers] of the configuration'


def test_a_prefix_that_several_countries_share_is_not_advised() -> None:
    refusal = refusal_of("+18765550100", NumbersSettings("DE", ("AT",)))
    assert refusal is not None and "but for AT" in refusal[0] and refusal[1].startswith('add "JM" to open')


def pool(accept: str, hint: str = "") -> PoolSettings:
    return PoolSettings("main", ("p0",), accept=accept, hint=hint)


@pytest.mark.parametrize(
    ("accept", "to", "written", "accepted"),
    [
        ("", "+4915112345678", "0151 12345678", True),
        (r"^(09\d{7})$", "+4991234567", "09 123 4567", True),  # as it is dialled in the country
        (r"^(09\d{7})$", "+49912345678", "0912345678", False),
        (r"\+4915\d+", "+4915112345678", "015112345678", True),
        (r"15\d+", "+4915112345678", "015112345678", False),  # the whole of it, or nothing
        (r"49\d+", "+4915112345678", "49151123", True),  # as it was written
        (r"0\d+", "+41791234567", "+41791234567", True),  # abroad is dialled 0041…
        (r"(\d+ )+", "+4915112345678", "1 " * 20, False),  # longer than any number: not tried
        (r"(0|\+)((\d+)+)+x", "+4915112345678", "015112345678", False),
        ("22022", "22022", "22022", True),
    ],
)
def test_a_pool_takes_what_its_pattern_matches_in_one_of_three_spellings(
    accept: str, to: str, written: str, accepted: bool
) -> None:
    if accepted:
        require_accepted(to, written, pool(accept), "DE")
        return
    with pytest.raises(BadValue) as refused:
        require_accepted(to, written, pool(accept), "DE", "to")
    assert refused.value.field == "to" and "pool main" in refused.value.reason and accept in refused.value.remedy


def test_a_pool_says_its_own_hint() -> None:
    with pytest.raises(BadValue) as refused:
        require_accepted("+4930123456", "030123456", pool(r"01\d+", "mobile numbers only"), "DE")
    assert refused.value.remedy == "mobile numbers only"
