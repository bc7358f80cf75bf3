"""Dial strings name channels as contact-centre software writes them, and never one that is not there."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import BadValue
from gateway.settings.dial import expand, tiers

CHANNELS = ("p0", "p1", "p2", "p3", "box1.0", "box1.1", "box1.2", "box1.3", "m08", "m09", "m10")
POOLS = {"main": ("p0", "p1"), "all": ("main", "box1.0-1"), "p2-p3": ("m08",)}


@pytest.mark.parametrize(
    ("written", "named"),
    [
        ("p1", ["p1"]),
        ("box1.2", ["box1.2"]),
        ("0-3", ["p0", "p1", "p2", "p3"]),
        ("(0.3)", ["p0", "p1", "p2", "p3"]),
        ("2", ["p2"]),
        ("2-2", ["p2"]),
        ("3-5", ["p3", "box1.0", "box1.1"]),
        ("(5.3)", ["box1.1", "box1.0", "p3"]),
        ("10", ["m10"]),
        ("p0-p3", ["p0", "p1", "p2", "p3"]),
        ("p0-2", ["p0", "p1", "p2"]),
        ("p3-1", ["p3", "p2", "p1"]),
        ("box1.0-3", ["box1.0", "box1.1", "box1.2", "box1.3"]),
        ("box1.1-box1.2", ["box1.1", "box1.2"]),
        ("m08-m10", ["m08", "m09", "m10"]),
        ("m08-10", ["m08", "m09", "m10"]),
        ("m10-08", ["m10", "m09", "m08"]),
        ("p0,p2,box1.3", ["p0", "p2", "box1.3"]),
        (" p0 , p2 ", ["p0", "p2"]),
        ("(0.1),box1.0", ["p0", "p1", "box1.0"]),
        ("p1,0-2,p1", ["p1", "p0", "p2"]),
        ("main", ["p0", "p1"]),
        ("pool:main", ["p0", "p1"]),
        ("all", ["p0", "p1", "box1.0", "box1.1"]),
        ("pool:all,p3,main", ["p0", "p1", "box1.0", "box1.1", "p3"]),
        ("p2-p3", ["m08"]),  # the name of a pool wins over the range
    ],
)
def test_a_dial_string_names_channels_in_its_order(written: str, named: list[str]) -> None:
    assert list(expand(written, CHANNELS, POOLS)) == named


@pytest.mark.parametrize(
    ("written", "channels", "named"),
    [
        ("2", ["p0", "2", "p2"], ["2"]),  # a name wins over a position
        ("0-1", ["a", "b", "0-1"], ["0-1"]),  # and over positions
        ("1-2", ["a", "2", "1"], ["1", "2"]),  # names that differ in their number, before positions
        ("p0-p1", ["p0", "p1", "p0-p1"], ["p0-p1"]),
        ("a-1-3", ["a-1", "a-2", "a-3"], ["a-1", "a-2", "a-3"]),  # a dash within names
        ("a-1-a-2", ["a-1", "a-2"], ["a-1", "a-2"]),
        ("m098-m100", ["m098", "m099", "m100"], ["m098", "m099", "m100"]),
        ("m9-m10", ["m9", "m10", "m09"], ["m9", "m10"]),
        ("main", ["main", "p0"], ["main"]),  # a channel wins over a pool of its name
        ("pool:main", ["p0", "p1", "main"], ["p0", "p1"]),
    ],
)
def test_an_exact_name_wins_over_every_other_reading(written: str, channels: list[str], named: list[str]) -> None:
    assert list(expand(written, channels, POOLS)) == named


@pytest.mark.parametrize(
    ("written", "unknown", "remedy"),
    [
        ("p4", "'p4'", "'p3'"),
        ("P1", "'P1'", "'p1'"),
        ("p0-p5", "'p4'", "'p3'"),
        ("p9-p0", "'p9'", "'p"),
        ("box1.2-9", "'box1.4'", "'box1."),
        ("box2.0", "'box2.0'", "'box1.0'"),
        ("m8-m10", "'m8'", "'m08'"),
        ("11", "position 11", "0 to 10"),
        ("0-11", "position 11", "0 to 10"),
        ("(11.0)", "position 11", "0 to 10"),
        ("0-999999", "position 999999", "0 to 10"),
        ("p0-box1.1", "'p0-box1.1'", ""),
        ("pool:mian", "'mian'", "'main'"),
        ("mian", "'mian'", "'main'"),
        ("pool:p0", "'p0'", ""),
        ("p0,,p1", "between commas", "p0,p1"),
        ("p0,", "between commas", "p0,p1"),
        ("", "between commas", "p0,p1"),
        ("()", "'()'", ""),
        ("(0.)", "'(0.)'", ""),
        ("(0-3)", "'(0-3)'", ""),
        ("-1", "'-1'", ""),
        ("9" * 5000, "is not a channel", ""),
        ("٢", "'٢'", ""),
    ],
)
def test_what_a_dial_string_names_in_vain_is_told_with_a_remedy(written: str, unknown: str, remedy: str) -> None:
    with pytest.raises(BadValue) as caught:
        expand(written, CHANNELS, POOLS)
    assert caught.value.field == ""
    assert unknown in caught.value.reason
    assert caught.value.remedy and remedy in caught.value.remedy


def test_where_no_channel_is_configured_no_position_is_named() -> None:
    with pytest.raises(BadValue, match="none is configured"):
        expand("0", ())


def test_each_entry_is_a_tier_and_a_channel_stands_in_its_first_one() -> None:
    assert tiers(["p1,p0", "main", "0-2", "box1.0"], CHANNELS, POOLS) == (("p1", "p0"), (), ("p2",), ("box1.0",))


def test_pools_that_hold_each_other_are_refused_with_their_circle() -> None:
    circle = {"a": ("p0", "b"), "b": ("c",), "c": ("pool:a",)}
    with pytest.raises(BadValue) as caught:
        tiers(["a"], CHANNELS, circle)
    assert "a -> b -> c -> a" in caught.value.reason and caught.value.remedy


def test_a_pool_may_be_held_by_two_pools() -> None:
    assert expand("a", CHANNELS, {"a": ("b", "c"), "b": ("main",), "c": ("main", "p3"), **POOLS}) == ("p0", "p1", "p3")


names = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,5}", fullmatch=True)
numbered = st.builds("{}{}".format, st.sampled_from(["p", "box1.", "a-", "m0", ""]), st.integers(0, 12))
some_channels = st.lists(st.one_of(names, numbered), unique=True, max_size=12)
words = st.one_of(
    st.text(max_size=12),
    st.text(alphabet="0123p.-(),: b", max_size=12),
    numbered,
    st.builds("{}-{}".format, numbered, numbered),
    st.builds("({}.{})".format, st.integers(0, 12), st.integers(0, 12)),
)
dial_strings = st.one_of(words, st.lists(words, max_size=4).map(",".join))


@settings(max_examples=500)
@given(dial_strings, some_channels, st.dictionaries(names, st.lists(dial_strings, max_size=3), max_size=3))
def test_only_channels_are_ever_named_and_each_once(written: str, channels: list[str], pools: dict[str, list[str]]) -> None:
    with suppress(BadValue):
        found = expand(written, channels, pools)
        assert set(found) <= set(channels)
        assert len(set(found)) == len(found)


@settings(max_examples=100)
@given(some_channels.filter(bool))
def test_every_channel_is_named_by_its_name_and_by_its_position_in_brackets(channels: list[str]) -> None:
    for place, name in enumerate(channels):
        assert expand(name, channels) == (name,)
        assert expand(f"({place}.{place})", channels) == (name,)
