"""What error codes mean for a text. The meanings are those of the standards and of the vendors' manuals."""

from __future__ import annotations

import pytest

from gateway.at.codes import Fate, classify
from gateway.records import Word


@pytest.mark.parametrize(
    ("code", "word"),
    [
        ("cms:1", Word.NEVER),  # unassigned number
        ("cms:30", Word.NEVER),  # unknown subscriber
        ("cms:195", Word.NEVER),  # invalid SME address
        ("cms:304", Word.NEVER),  # invalid PDU
        ("cms:41", Word.LATER),  # temporary failure
        ("cms:42", Word.LATER),  # congestion
        ("cms:192", Word.LATER),  # SC busy
        ("cms:314", Word.LATER),  # SIM busy
        ("cms:322", Word.LATER),  # memory full
        ("cms:500", Word.LATER),  # unknown error
        ("cms:331", Word.ELSEWHERE),  # no network service
        ("cms:21", Word.ELSEWHERE),  # rejected: by whose fault, it does not say
        ("cms:50", Word.CHANNEL),  # not subscribed
        ("cms:310", Word.CHANNEL),  # SIM not inserted
        ("cms:330", Word.CHANNEL),  # SMSC unknown
        ("cme:103", Word.CHANNEL),  # illegal MS
        ("cme:14", Word.LATER),  # SIM busy
        ("cme:30", Word.ELSEWHERE),  # no network service
        ("error", Word.LATER),
        ("unsupported", Word.CHANNEL),
        ("cme:out of order", Word.LATER),
    ],
)
def test_every_code_carries_one_word(code, word):
    assert classify(code, "generic").word is word


@pytest.mark.parametrize(
    ("code", "family", "fate", "word"),
    [
        ("cms:512", "wavecom", Fate.REFUSED, Word.LATER),  # collision with an incoming text
        ("cms:512", "simcom", Fate.REFUSED, Word.LATER),  # SIM not ready
        ("cms:513", "wavecom", Fate.UNKNOWN, Word.LATER),  # no acknowledgement in 28 or 42 s
        ("cms:513", "simcom", Fate.REFUSED, Word.NEVER),  # message length exceeded
        ("cms:513", "siemens", Fate.REFUSED, Word.LATER),  # unable to store
        ("cms:513", "generic", Fate.UNKNOWN, Word.LATER),  # may be Wavecom's
        ("cms:515", "wavecom", Fate.REFUSED, Word.LATER),  # please wait
        ("cms:515", "siemens", Fate.REFUSED, Word.NEVER),  # invalid character in the address
        ("cms:529", "simcom", Fate.REFUSED, Word.CHANNEL),  # MO SMS not allowed
    ],
)
def test_vendor_codes_mean_what_the_family_means(code, family, fate, word):
    verdict = classify(code, family)
    assert (verdict.fate, verdict.word) == (fate, word)


def test_a_network_time_out_leaves_the_outcome_unknown_on_every_family():
    for family in ("generic", "wavecom", "simcom", "siemens"):
        assert classify("cms:332", family).fate is Fate.UNKNOWN


def test_a_rejected_duplicate_tells_that_the_earlier_copy_arrived():
    assert classify("cms:197", "generic").fate is Fate.EARLIER


@pytest.mark.parametrize("code", ["cms:5", "cms:230", "cms:999", "cme:999"])
def test_a_code_nobody_listed_is_tried_again_later_and_says_its_number(code):
    verdict = classify(code, "generic")
    assert verdict.word is Word.LATER and code.partition(":")[2] in verdict.reason


def test_every_number_says_in_words_what_happened():
    for number in (*range(600),):
        for kind in ("cms", "cme"):
            for family in ("generic", "wavecom", "simcom", "siemens"):
                assert classify(f"{kind}:{number}", family).reason
