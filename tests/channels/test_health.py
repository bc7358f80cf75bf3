"""The picture of one SIM: which runs of trouble rest it, which block it, and what never counts against it."""

from __future__ import annotations

import json
import random

import pytest

from gateway.channels import health
from gateway.channels.health import Picture, Verdict, after, verdict
from gateway.channels.score import score
from gateway.records import ChannelFacts, ChannelState, Outcome, Refused, Sent, Traffic, Unknown, Word

NO_SIM = Refused(Word.CHANNEL, "cms:310", "no SIM", "check the SIM of this port")
BARRED = Refused(Word.CHANNEL, "cms:8", "the operator bars this SIM")
BAD_NUMBER = Refused(Word.NEVER, "cms:1", "the number is not assigned")
SPAM = Refused(Word.ELSEWHERE, "cms:21", "the service centre rejects the text")
BUSY = Refused(Word.LATER, "cms:42", "congestion")
SILENCE = Unknown("no answer within 60 s")
OK = Sent(7)
READY = ChannelFacts("p0", ChannelState.READY, registration="home", signal_dbm=-71)


def seen(*outcomes: Outcome, seconds: float = 4.0) -> Picture:
    picture = Picture()
    for outcome in outcomes:
        picture = after(picture, outcome, seconds)
    return picture


def pauses(*outcomes: Outcome) -> list[tuple[str, float]]:
    """What each outcome led to."""
    picture, found = Picture(), []
    for outcome in outcomes:
        picture = after(picture, outcome, 4.0)
        said = verdict(picture)
        found.append((said.traffic.value, said.seconds))
    return found


def test_refusals_that_blame_the_sim_rest_it_longer_and_the_third_blocks_it() -> None:
    assert pauses(NO_SIM, NO_SIM, NO_SIM) == [("resting", 5.0), ("resting", 10.0), ("blocked", 1800.0)]


def test_a_success_between_ends_the_run() -> None:
    assert pauses(NO_SIM, NO_SIM, OK, NO_SIM, NO_SIM)[-1] == ("resting", 10.0)


@pytest.mark.parametrize("between", [BAD_NUMBER, SPAM, BUSY])
def test_what_is_nobodys_fault_does_not_end_the_run(between: Outcome) -> None:
    assert pauses(NO_SIM, between, NO_SIM, between, NO_SIM)[-1] == ("blocked", 1800.0)


@pytest.mark.parametrize("outcome", [BAD_NUMBER, SPAM])
def test_a_thousand_bad_numbers_count_for_nothing(outcome: Outcome) -> None:
    assert set(pauses(*[outcome] * 1000)) == {("open", 0.0)}


def test_a_network_that_puts_off_many_texts_in_a_row_is_left_alone_for_a_moment() -> None:
    found = pauses(*[BUSY] * 16)
    assert [place for place, one in enumerate(found, 1) if one != ("open", 0.0)] == [8, 16]
    assert found[7] == ("resting", 15.0)


def test_unanswered_texts_rest_it_for_growing_times_and_the_fifth_blocks_it() -> None:
    expected = [("open", 0.0), ("resting", 30.0), ("resting", 60.0), ("resting", 120.0), ("blocked", 1800.0)]
    assert pauses(*[SILENCE] * 5) == expected


def test_a_block_gets_longer_each_time_up_to_a_day_and_begins_anew_after_a_success() -> None:
    blocks = [said[1] / 3600 for said in pauses(*[NO_SIM] * 10) if said[0] == "blocked"]
    assert blocks == [0.5, 1, 2, 4, 8, 16, 24, 24]
    assert pauses(*[NO_SIM] * 10, OK, *[NO_SIM] * 3)[-1] == ("blocked", 1800.0)


def test_one_refusal_is_enough_to_block_again_what_is_being_tried() -> None:
    """Whatever it had been blocked for."""
    assert pauses(*[SILENCE] * 5, NO_SIM)[-1] == ("blocked", 3600.0)
    assert pauses(*[NO_SIM] * 3, BAD_NUMBER, SILENCE, NO_SIM)[3:] == [("open", 0.0), ("open", 0.0), ("blocked", 3600.0)]


def test_what_comes_in_during_a_block_makes_it_no_longer_but_a_success_ends_it() -> None:
    blocked = seen(NO_SIM, NO_SIM, NO_SIM)
    assert health.during_block(blocked, NO_SIM, 4.0).blocks == 1
    sent = health.during_block(blocked, OK, 4.0)
    assert (sent.blocks, sent.blamed, sent.recent) == (0, 0, "cccs")


def test_a_block_says_why_in_words_for_a_person() -> None:
    assert verdict(seen(NO_SIM, NO_SIM, BARRED)).reason == (
        "three refusals in a row blamed this SIM: CMS 310 no SIM (check the SIM of this port);"
        " last: CMS 8 the operator bars this SIM"
    )
    assert "five texts in a row were never answered" in verdict(seen(*[SILENCE] * 5)).reason
    assert verdict(seen(*[BARRED] * 4)).reason == "tried again after a block, and refused again: CMS 8 the operator bars this SIM"


def test_the_time_a_text_takes_is_a_moving_average_of_those_that_went() -> None:
    picture = after(seen(OK, seconds=10.0), NO_SIM, 100.0)
    assert picture.seconds == 10.0
    assert after(picture, OK, 20.0).seconds == 12.0


def test_only_the_newest_attempts_are_remembered() -> None:
    assert seen(*[OK] * 60, SILENCE).recent == "s" * 49 + "u"


def test_after_a_person_has_seen_to_it_the_runs_begin_anew() -> None:
    fresh = health.forgiven(seen(OK, *[NO_SIM] * 4))
    assert fresh.recent == "scccc" and fresh.seconds == 4.0
    assert verdict(after(fresh, NO_SIM, 4.0)) == Verdict(Traffic.RESTING, 5.0, "CMS 310 no SIM (check the SIM of this port)")


@pytest.mark.parametrize("seed", range(20))
def test_a_picture_survives_json_whatever_it_went_through(seed: int) -> None:
    chance = random.Random(seed)
    picture = seen(*[chance.choice([OK, NO_SIM, BAD_NUMBER, SPAM, BUSY, SILENCE]) for _ in range(chance.randrange(100))])
    assert health.from_plain(json.loads(json.dumps(health.as_plain(picture)))) == picture


@pytest.mark.parametrize("plain", [{}, {"blamed": "many"}, {"said": 1}, {"seconds": "slow"}, {"recent": 5, "more": []}])
def test_what_another_version_wrote_does_no_harm(plain: dict[str, object]) -> None:
    assert health.from_plain(plain).blocks == 0


# What a person is shown


def test_a_sound_channel_has_all_points_and_nothing_to_say() -> None:
    found = score(seen(*[OK] * 50), READY, False, 1.0)
    assert (found.points, found.reasons) == (100, ())
    assert score(Picture(), READY, False, None).points == 100


def test_each_kind_of_trouble_takes_points_away_and_says_so() -> None:
    weak = ChannelFacts("p0", ChannelState.UNREGISTERED, registration="denied", signal_dbm=-111)
    found = score(seen(OK, NO_SIM, SILENCE, OK, OK, seconds=40.0), weak, True, 0.5)
    words = " | ".join(found.reasons)
    for said in ("blame it", "never answered", "40 s", "-111 dBm", "denied", "50%", "balance"):
        assert said in words
    assert found.points == 0
    assert "not registered" in found.reasons[0]


def test_the_score_is_between_0_and_100_and_bad_numbers_do_not_touch_it() -> None:
    assert score(seen(*[OK, BAD_NUMBER] * 25), READY, False, 1.0).points == 100
    assert 0 <= score(seen(*[NO_SIM] * 50), READY, True, 0.0).points < 30
