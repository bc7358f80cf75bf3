"""Patterns that people write: they find what Python's own find, no text makes them slow, and the impossible is refused in words."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway import patterns
from gateway.errors import BadValue

# Without $: Python's stands before a last line end as well.
PIECES = ["a", "b", "B", "1", " ", ".", "^", r"\b", r"\B", r"\d", r"\w", r"\S", r"\s", "[ab]", "[^a]", "[^b1]", "[a-c]", "(?:)"]
REPEATS = ["*", "+", "?", "*?", "{2}", "{1,3}", "{0,2}", "{2,}"]
PATTERNS = st.recursive(
    st.sampled_from(PIECES),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=4).map("".join),
        st.tuples(inner, inner).map(lambda two: f"(?:{two[0]}|{two[1]})"),
        st.tuples(inner, st.sampled_from(REPEATS)).map(lambda one: f"({one[0]}){one[1]}"),
    ),
    max_leaves=8,
)
# What Python's own take for ever over.
NESTED = ["(a*)*b", "(a|a)*b", "(a+)+b", "(a?){40}a{40}b", "(.*)(.*)(.*)(.*)(.*)c!", r"(((\w*)*)*)*!"]


@settings(max_examples=700)
@given(PATTERNS, st.text("aAbB1_ \nc", min_size=1, max_size=10))
def test_they_find_what_python_finds(written: str, text: str) -> None:
    made = patterns.compile(written, "pattern", ignore_case=True)
    assert made.search(text) is (re.search(written, text, re.IGNORECASE) is not None)
    assert made.fullmatch(text) is (re.fullmatch(written, text, re.IGNORECASE) is not None)


@pytest.mark.parametrize(
    ("written", "text", "found"),
    [
        (r"order\s+[0-9]{3,}", "My ORDER  1234 please", True),
        (r"order\s+[0-9]{3,}", "My order 12", False),
        (r"^\s*(yes|ja|да)(\PL|$)", "  Ja, gerne", True),
        (r"^\s*(yes|ja|да)(\PL|$)", "ДА!", True),
        (r"^\s*(yes|ja|да)(\PL|$)", "Jawohl", False),
        (r"(?m)^code: \d+$", "Hello\nCode: 77\nBye", True),
        (r"(?s)begin.*end", "begin\nend", True),
        ("größe", "GRÖSSE GRÖßE", True),
        ("[ä-ü]", "Ö", True),
        ("", "anything", True),
        # Letters beyond ASCII have a name of their own.
        (r"^\w+$", "größe", False),
        (r"^\pL+$", "größe", True),
        (r"^\d+$", "٣", False),
        (r"^\pN+$", "٣", True),
        ("^.$", "\U0001f600", True),
        ("^a.b$", "a\ud83db", True),  # half an emoji is left of one cut in two
        ("a\0b", "xa\0b", True),
    ],
)
def test_texts_of_people(written: str, text: str, found: bool) -> None:
    assert patterns.compile(written, "pattern", ignore_case=True).search(text) is found


def test_case_counts_unless_it_is_told_not_to() -> None:
    assert patterns.compile("Order", "pattern", ignore_case=True).search("ORDER")
    assert not patterns.compile("Order", "pattern").search("ORDER")


def test_a_group_is_found_by_its_name() -> None:
    pattern = patterns.compile(r"für (?P<what>\S+) (?P<amount>\d+)?|(?P<none>nichts)", "pattern")
    assert pattern.groups == ("amount", "none", "what")
    assert pattern.group("5 € für Äpfel 12", "what") == "Äpfel"
    assert pattern.group("nichts", "what") == pattern.group("anything", "what") == ""


@pytest.mark.parametrize("written", NESTED)
def test_a_repetition_of_repetitions_is_taken_and_answers(written: str) -> None:
    made = patterns.compile(written, "pattern")
    assert not made.search("a" * 40_000) and not made.fullmatch("a" * 40_000)


@pytest.mark.parametrize(
    ("written", "reason", "remedy"),
    [
        ("(", "'(' is no pattern: missing )", "regular expression"),
        ("[z-a]", "invalid character class range: z-a", "regular expression"),
        ("+49", "no argument for repetition operator: +", r"\+49"),
        ("a*+b", "bad repetition operator: *+", "regular expression"),
        ("(?>a*)b", "invalid perl operator: (?>", "regular expression"),
        ("größ(e", "'größ(e' is no pattern", "regular expression"),
        ("\ud800", "holds what is no character", "regular expression"),
        ("a(?=b)", "looks around with (?=,", "what is to be there"),
        ("a(?!b)", "looks around with (?!,", "what is to be there"),
        ("(?<=a)b", "looks around with (?<=,", "what is to be there"),
        ("(?<!a)b", "looks around with (?<!,", "what is to be there"),
        (r"(a)\1", r"refers back with \1,", "once more"),
        ("(?P<n>a)(?P=n)", "refers back with (?P,", "once more"),
        ("a{99999999}", "is too large: invalid repetition size: {99999999}", "1000"),
        ("((((a{9}){9}){9}){9}){9}", "is too large: invalid repetition size: {9}", "1000"),
        (r"[\pL\pN]{1000}", "is too large: pattern too large", "repeat less"),
        ("x" * 501, "is longer than 500 characters", "shorter"),
    ],
)
def test_what_it_cannot_be_is_refused_by_the_name_of_its_field(
    written: str, reason: str, remedy: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(BadValue) as refused:
        patterns.compile(written, "to_pattern")
    assert refused.value.field == "to_pattern"
    assert reason in refused.value.reason and remedy in refused.value.remedy
    assert capfd.readouterr() == ("", "")


def test_a_caller_may_want_shorter_ones() -> None:
    with pytest.raises(BadValue, match="longer than 3 characters"):
        patterns.compile("abcd", "pattern", longest=3)


def test_a_pattern_is_made_ready_once() -> None:
    assert patterns.compile("[0-9]+", "pattern") is patterns.compile("[0-9]+", "accept")
