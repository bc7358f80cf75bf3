"""Whom an incoming text is for: every condition by itself, and the first rule that matches."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.core.inbound.conditions import word_of
from gateway.core.inbound.match import AS_SUBSCRIBED, UNCLAIMED, Decision, InboundFacts, compiled, decide, look
from gateway.store.inbound import InboundRule

TEXT = InboundFacts("+4915110000000", "p0", "+4917012345678", "Stop! I want out")
POOLS = {"main": ("p0", "p1"), "spare": ("p2",)}


def members(pool: str) -> tuple[str, ...]:
    return POOLS.get(pool, ())


def matches(rule: InboundRule, facts: InboundFacts = TEXT) -> bool:
    return decide(compiled([rule], "DE", members), facts).taken


@pytest.mark.parametrize(
    ("condition", "facts", "matched"),
    [
        ({}, {}, True),
        ({"to": ("+4915110000001", "+4915110000000")}, {}, True),
        ({"to": ("+4915110000001",)}, {}, False),
        ({"to": ("+4915110000000",)}, {"to": ""}, False),
        ({"channels": ("p1", "p0")}, {}, True),
        ({"channels": ("p1",)}, {}, False),
        ({"pool": "main"}, {}, True),
        ({"pool": "spare"}, {}, False),
        ({"pool": "gone"}, {}, False),
        ({"from_": ("+4917012345678",)}, {}, True),
        ({"from_": ("+4917012345678",)}, {"from_": "017012345678"}, True),  # some networks tell numbers nationally
        ({"from_": ("+4917012345678",)}, {"from_": "4917012345678"}, True),
        ({"from_": ("+4917012345679", "+4917*")}, {}, True),
        ({"from_": ("+4915*",)}, {}, False),
        ({"from_": ("22022",)}, {"from_": "22022"}, True),
        ({"from_": ("0800",)}, {"from_": "0800"}, True),  # a network may text from it, though nobody could text it
        ({"from_": ("+49*",)}, {"from_": "22022"}, False),
        ({"from_": ("my bank*",)}, {"from_": "My Bank 24"}, True),
        ({"from_": ("My Bank",)}, {"from_": "My Bank 24"}, False),
        ({"from_": ("My Bank*",)}, {}, False),
        ({"from_": ("+49*", "My*")}, {"from_": ""}, False),
        ({"keywords": ("stop",)}, {}, True),
        ({"keywords": ("out", "want")}, {}, False),
        ({"keywords": ("stop",)}, {"text": ""}, False),
        ({"keywords": ("stop",), "pool": "spare"}, {}, False),
        ({"pattern": r"\bwant\b"}, {}, True),
        ({"pattern": r"^want"}, {}, False),
        ({"pattern": "WANT"}, {}, True),
        ({"pattern": "(t*)*!"}, {"text": "t" * 40_000}, False),
        ({"pattern": "x$"}, {"text": "t" * 499 + "x" + "y"}, True),  # the first 500 characters
        ({"pattern": "x"}, {"text": "t" * 500 + "x"}, False),
        ({"pattern": "(?=want)"}, {}, False),  # kept by another version
        ({"enabled": False}, {}, True),  # as without any rule
    ],
)
def test_each_condition_by_itself(condition: dict[str, object], facts: dict[str, str], matched: bool) -> None:
    assert matches(InboundRule("r", **condition), replace(TEXT, **facts)) is matched  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("Stop", "stop"),
        ("  STOP!!! now", "stop"),
        ("stop.\nplease", "stop"),
        ("Straße, bitte", "strasse"),
        ("ЗАКАЗ: 12", "заказ"),
        ("停止。谢谢", "停止。谢谢"),
        ("ＳＴＯＰ！", "stop"),  # full width
        ("Cafe\u0301?", "caf\u00e9"),
        ("\ufeffHelp\u200b", "help"),
        ("\u200b help", "help"),
        ("don't", "don't"),
        ("A1-b2 c3", "a1-b2"),
        ("...", "..."),
        ("?! what", "?!"),
        ("", ""),
    ],
)
def test_the_first_word_counts_without_case_and_final_punctuation(text: str, word: str) -> None:
    assert word_of(text) == word


def test_the_first_rule_that_matches_decides() -> None:
    rules = compiled(
        [
            InboundRule("off", 1, enabled=False, webhooks=("wh_0",)),
            InboundRule("stop", 2, keywords=("stop",), webhooks=("wh_1", "wh_2"), extension="abuse"),
            InboundRule("sim", 3, to=("+4915110000000",), extension="sales"),
        ],
        "DE",
        members,
    )
    assert decide(rules, TEXT) == Decision("stop", ("wh_1", "wh_2"), "abuse")
    assert decide(rules, replace(TEXT, text="Hello")) == Decision("sim", (), "sales")
    assert decide(rules, replace(TEXT, text="Hello", to="+4915110000001")) == UNCLAIMED
    assert decide(rules[:1], TEXT) == AS_SUBSCRIBED
    looks = look(rules, replace(TEXT, text="Hello"))
    assert [(one.position, one.rule, one.matched, one.why) for one in looks] == [
        (1, "off", False, "it is disabled"),
        (2, "stop", False, "its first word is 'hello', not stop"),
        (3, "sim", True, "all its conditions hold"),
    ]


def test_why_a_rule_does_not_match_is_said_in_words() -> None:
    wrong = InboundRule("r", 1, to=("+491",), channels=("p9",), pool="gone", from_=("Bank*",), keywords=("no",), pattern="z+")
    assert look(compiled([wrong], "DE", members), TEXT)[0].why == (
        "it came to +4915110000000, not to +491; it came over p0, not over p9; its pool 'gone' is not there any more, or empty;"
        " it came from +4917012345678, not from Bank*; its first word is 'stop', not no; the pattern z+"
        " is not found in the text"
    )


def test_a_pattern_that_cannot_be_used_any_more_is_named() -> None:
    rules = compiled([InboundRule("r", 1, pattern="(?=want)")], "DE", members)
    assert look(rules, TEXT)[0].why == "its pattern cannot be used: '(?=want)' looks around with (?=, which no pattern here can"
