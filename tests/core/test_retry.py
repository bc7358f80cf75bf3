from __future__ import annotations

import random
from dataclasses import replace

import pytest

from gateway.core import retry
from gateway.records import Concat, Encoding, OnUnknown, OutgoingPart, Part, Refused, Status, Unknown, Word
from gateway.settings import SendingSettings
from gateway.store.claims import Claim
from tests.store import rounds

NOW = 1_790_000_000.0
SETTINGS = SendingSettings(retry_first_s=30, retry_longest_s=1800, retry_tries=4, unknown_wait_s=600)


def claim(tries: int = 0, avoid: str = "", on_unknown: OnUnknown = OnUnknown.RESEND) -> Claim:
    outgoing = OutgoingPart(1, "+491701234567", Part("hello", Encoding.GSM7))
    return rounds.a_claim(outgoing, on_unknown=on_unknown, tries=tries, avoid=avoid)


def verdict(word: Word, others: list[str], tries: int = 0, avoid: str = "") -> retry.Verdict:
    refusal = Refused(word, "cms:500", "unknown error")
    return retry.after_refusal(refusal, claim(tries, avoid), others, SETTINGS, NOW, random.Random(7))


def test_never_is_the_end() -> None:
    assert verdict(Word.NEVER, ["p1"]).status is Status.FAILED


def test_later_waits_twice_as_long_each_time_up_to_a_bound() -> None:
    waits = [(verdict(Word.LATER, [], tries).due_at or 0) - NOW for tries in range(3)]
    for wait, least in zip(waits, (30, 60, 120), strict=True):
        assert least <= wait <= least * 1.2
    patient = SendingSettings(retry_first_s=30, retry_longest_s=100, retry_tries=99)
    refusal = Refused(Word.LATER, "cms:42", "congestion")
    due = retry.after_refusal(refusal, claim(50), [], patient, NOW, random.Random(7)).due_at
    assert due is not None and due - NOW <= 120


def test_after_so_many_tries_it_fails_with_the_last_reason() -> None:
    last = verdict(Word.LATER, [], tries=3)
    assert (last.status, last.error.code) == (Status.FAILED, "cms:500")


@pytest.mark.parametrize("word", [Word.ELSEWHERE, Word.CHANNEL])
def test_elsewhere_and_channel_go_to_another_channel_at_once_without_counting(word: Word) -> None:
    moved = verdict(word, ["p1"], tries=3)
    assert (moved.status, moved.due_at, moved.avoid, moved.counts) == (Status.QUEUED, NOW, ",p0,", False)


def test_a_held_text_that_has_begun_waits_for_its_channel_rather_than_begin_again_elsewhere() -> None:
    part = Part("b", Encoding.GSM7, Concat(1, 2, 2))
    second = replace(claim(on_unknown=OnUnknown.HOLD), outgoing=OutgoingPart(2, "+491701234567", part))
    refusal = Refused(Word.CHANNEL, "cms:310", "SIM not inserted")
    waits = retry.after_refusal(refusal, second, ["p1"], SETTINGS, NOW, random.Random(7))
    assert (waits.status, waits.avoid, waits.restart) == (Status.QUEUED, "", False)


def test_when_every_channel_refused_it_waits_and_may_try_all_of_them_again() -> None:
    waits = verdict(Word.ELSEWHERE, ["p1"], avoid=",p1,")
    assert (waits.avoid, waits.counts) == ("", True)
    assert waits.due_at is not None and waits.due_at > NOW


def test_a_bad_channel_never_fails_a_message() -> None:
    waits = verdict(Word.CHANNEL, [], tries=99)
    assert (waits.status, waits.counts) == (Status.QUEUED, False)


def test_an_unknown_that_may_be_resent_has_an_end_to_its_wait_and_a_held_one_has_none() -> None:
    unknown = Unknown("no answer in 150 s")
    assert retry.after_unknown(unknown, claim(), SETTINGS, NOW).settle_at == NOW + 600
    assert retry.after_unknown(unknown, claim(on_unknown=OnUnknown.HOLD), SETTINGS, NOW).settle_at is None
