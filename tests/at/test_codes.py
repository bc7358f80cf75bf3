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


# The device reference, section 8, row by row: numbers and class. P permanent, T temporary, R soon, S this SIM, M this modem,
# B our own fault, F full, - harmless.
ROWS = {
    "cms generic": (
        "1:P 8:S 10:S 17:T 21:SP 22:F 27:T 28:SP 29:S 30:PS 38:T 41:R 42:T 47:T 50:S 69:SB 81:M 95:B 96:BS 97:BM 98:BM 99:BM"
        " 111:TS 127:T 128:P 129:P 130:P 143:B 144:B 145:B 159:B 160:B 161:B 175:B 176:B 192:T 193:S 194:T 195:P 196:PS 197:P"
        " 198:B 199:B 208:F 209:M 210:M 211:F 212:T 213:M 224:T 254:T 255:TS"
        " 300:M 301:M 302:M 303:BM 304:B 305:BM 310:S 311:S 312:S 313:S 314:M 315:S 316:S 317:S 318:S 320:M 321:- 322:F 330:S"
        " 331:T 332:T 340:- 350:B 500:TS 512:M 524:-"
    ),
    "cms simcom": "512:S 513:B 514:B 515:M 517:M 528:M 529:S 530:M 531:F 604:M",
    "cms wavecom": "512:M 513:M 514:T 515:M 517:S 519:M",
    "cms siemens": "512:M 513:F 514:B 515:B 516:M 517:B 521:T 532:S 535:M 538:B 549:B 550:B 551:B 552:B 553:B 554:B 615:T 616:T",
    "cme generic": (
        "0:M 1:M 2:M 3:MS 4:BM 5:S 6:S 7:S 10:S 11:S 12:S 13:S 14:M 15:S 16:S 17:S 18:S 20:F 21:- 22:- 23:M 24:B 25:B 26:B 27:B"
        " 30:T 31:T 32:ST 40:S 44:S 48:S 50:B 100:T 103:S 106:S 107:S 111:S 112:S 113:S 126:T 132:T 133:T 134:T 148:T 149:T 150:T"
        " 256:T 257:S 258:T 259:T 260:B 261:T 262:S 263:T 515:M 765:MS 772:MS 773:MS 3517:M"
    ),
}  # fmt: skip
# A SIM that starts is waited for; one that is blamed by a doubtful code is not, and the text tries another.
WORDS = {
    "P": {Word.NEVER}, "B": {Word.NEVER}, "T": {Word.LATER, Word.ELSEWHERE}, "R": {Word.LATER}, "F": {Word.LATER},
    "S": {Word.CHANNEL, Word.ELSEWHERE, Word.LATER}, "M": {Word.CHANNEL, Word.LATER}, "-": {Word.LATER},
}  # fmt: skip


@pytest.mark.parametrize("table", ROWS)
def test_every_row_of_the_reference_has_its_word_its_reason_and_an_advice(table):
    kind, family = table.split()
    for row in ROWS[table].split():
        number, _, classes = row.partition(":")
        verdict = classify(f"{kind}:{number}", family)
        assert verdict.word in set().union(*(WORDS[one] for one in classes)), f"{table} {row}: {verdict.word}"
        assert verdict.advice, f"{table} {row}: no advice"
        listed = number not in verdict.reason or int(number) in (224, 254)
        assert listed, f"{table} {row} is not in the table"


def test_no_verdict_leaves_the_operator_without_advice():
    for family in ("generic", "wavecom", "simcom", "siemens"):
        assert all(classify(f"{kind}:{number}", family).advice for kind in ("cms", "cme") for number in range(4000))


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
