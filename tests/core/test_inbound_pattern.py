"""Patterns over texts find what Python's own find, and no text makes them slow."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.inbound import pattern
from gateway.core.inbound.pattern import Pattern
from gateway.errors import BadValue

PIECES = [
    "a",
    "b",
    "B",
    "1",
    " ",
    ".",
    "^",
    "$",
    r"\b",
    r"\B",
    r"\d",
    r"\w",
    r"\S",
    r"\s",
    "[ab]",
    "[^a]",
    "[^b1]",
    "[a-c]",
    "(?:)",
]
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


@settings(max_examples=700, derandomize=True, database=None, deadline=None)
@given(PATTERNS, st.text("aAbB1_ \nc", min_size=1, max_size=10))
def test_it_finds_what_python_finds(written: str, text: str) -> None:
    try:
        found = Pattern(written).found_in(text)
    except BadValue as refused:
        assert "steps" in refused.reason
    else:
        assert found is (re.search(written, text, re.IGNORECASE) is not None)


@pytest.mark.parametrize(
    ("written", "text", "found"),
    [
        (r"order\s+[0-9]{3,}", "My ORDER  1234 please", True),
        (r"order\s+[0-9]{3,}", "My order 12", False),
        (r"^\s*(yes|ja|да)\b", "  Ja, gerne", True),
        (r"^\s*(yes|ja|да)\b", "ДА!", True),
        (r"^\s*(yes|ja|да)\b", "Jawohl", False),
        (r"(?m)^code: \d+$", "Hello\nCode: 77\nBye", True),
        (r"(?s)begin.*end", "begin\nend", True),
        ("größe", "GRÖSSE GRÖßE", True),
        ("[ä-ü]", "Ö", True),
        ("", "anything", True),
    ],
)
def test_texts_of_people(written: str, text: str, found: bool) -> None:
    assert Pattern(written).found_in(text) is found


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("(", "is no pattern"),
        ("[z-a]", "is no pattern"),
        (r"(a)\1", "groupref"),
        ("a(?=b)", "assert"),
        ("(?>a*)b", "atomic group"),
        ("a*+b", "possessive repeat"),
        ("(?m:^a)", "subpattern"),
        ("(?:ab){150}", "more than 200 steps"),
        ("a{99999999}", "more than 200 steps"),
        ("((((a{9}){9}){9}){9}){9}", "more than 200 steps"),
    ],
)
def test_what_it_cannot_be_is_refused(written: str, words: str) -> None:
    with pytest.raises(BadValue, match=re.escape(words)) as refused:
        Pattern(written)
    assert refused.value.field == "pattern" and refused.value.remedy


def test_a_text_that_is_made_for_it_costs_no_more_than_any_other(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = 0
    spread = Pattern._spread

    def counted(self: Pattern, begun: list[int], text: str, at: int) -> set[int]:
        nonlocal asked
        found = spread(self, begun, text, at)
        asked += len(found)
        return found

    monkeypatch.setattr(Pattern, "_spread", counted)
    for written in ("(a*)*b", "(a|a)*b", "(a?){40}a{40}b", "(.*)(.*)(.*)(.*)(.*)c!"):
        assert not Pattern(written).found_in("a" * 40_000)
    assert asked <= 4 * (pattern.LOOKED_AT + 1) * pattern.MOST_STEPS
