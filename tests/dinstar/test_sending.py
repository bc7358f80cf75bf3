"""Texts over a simulated box: each goes once, whatever happens between us and the box, and nobody is told what is not so."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from gateway.records import ChannelState, Encoding, OutgoingPart, Refused, Sent, Unanswered, Unknown, Word
from simulator.dinstar.plan import BoxPlan
from simulator.dinstar.running import RunningBox
from simulator.testing import RunningBank, running_bank
from tests.dinstar.stage import ALICE, BOB, Stage, gateway, patient, story, text

TRICKY = "Grüße 😀 \"quoted\" 'single' \\ / <b>&amp;</b> %41+\nsecond line\t#param# and #param#param# end"


@pytest.fixture
def bank() -> Iterator[RunningBank]:
    with running_bank(ports=0, boxes=[BoxPlan("box1", ports=2)]) as running:
        yield running


@pytest.fixture
def box(bank: RunningBank) -> RunningBox:
    return bank.box("box1")


def submits(bank: RunningBank, **facts: Any) -> list[dict[str, Any]]:
    return bank.journal(kind="submit", **facts)


@story
async def test_a_text_goes_by_the_port_it_is_given_to_and_its_report_comes_back(bank: RunningBank, box: RunningBox) -> None:
    async with gateway(box.url) as stage:
        await stage.ready(0, 1)
        outcome = await stage.send(text(7), 1)
        assert isinstance(outcome, Sent)
        await stage.until(lambda: stage.reports)
        (report,) = stage.reports.values()
        assert (report.channel, report.recipient, report.status, report.reference) == ("box1.1", ALICE, 0, outcome.reference)
        assert report.sim == stage.facts(1).sim
        assert report.raw.endswith(" part 1/1")
        assert stage.began == [7]


@story
async def test_every_character_reaches_the_person_as_it_was(bank: RunningBank, box: RunningBox) -> None:
    async with gateway(box.url) as stage:
        await stage.ready()
        assert isinstance(await stage.send(text(1, words=TRICKY, encoding=Encoding.UCS2)), Sent)
        assert isinstance(await stage.send(text(2, words="#param#", to=BOB)), Sent)
        assert "".join(entry["text"] for entry in submits(bank, to=ALICE)) == TRICKY
        assert [entry["text"] for entry in submits(bank, to=BOB)] == ["#param#"]


@story
async def test_texts_of_the_default_alphabet_are_sent_in_seven_bits_and_others_are_not(bank: RunningBank, box: RunningBox) -> None:
    async with gateway(box.url) as stage:
        await stage.ready()
        await stage.send(text(1, words="a" * 160))
        await stage.send(text(2, BOB, "é" * 70, Encoding.UCS2))
        assert len(submits(bank, to=ALICE)) == 1
        assert len(submits(bank, to=BOB)) == 1


@story
async def test_texts_of_one_port_that_wait_together_leave_in_one_request(bank: RunningBank, box: RunningBox) -> None:
    async with gateway(box.url, inbox_s=60, status_s=60) as stage:
        await stage.ready()
        outcomes = await asyncio.gather(stage.send(text(1, words="one #param#")), stage.send(text(2, BOB, "two")))
        assert all(isinstance(outcome, Sent) for outcome in outcomes)
        assert box.state()["requests"]["send_sms"] == 1
        assert {entry["to"]: entry["text"] for entry in submits(bank)} == {ALICE: "one #param#", BOB: "two"}
        assert stage.began == [1, 2]


@story
async def test_a_bad_recipient_does_not_spoil_the_text_beside_it(bank: RunningBank, box: RunningBox) -> None:
    async with gateway(box.url) as stage:
        await stage.ready()
        bad, good = await asyncio.gather(stage.send(text(1, "no number")), stage.send(text(2)))
        assert isinstance(bad, Refused) and (bad.word, bad.code) == (Word.ELSEWHERE, "dinstar:400")
        assert isinstance(good, Sent)
        assert len(submits(bank)) == 1


@pytest.mark.parametrize("fault", ["lost-reply", "garbage", "truncated", "late-reply"])
@story
async def test_a_text_whose_reply_is_lost_is_found_by_its_id_and_sent_once(bank: RunningBank, box: RunningBox, fault: str) -> None:
    async with gateway(box.url, timeout_s=0.5) as stage:
        await stage.ready()
        box.fault(fault, command="send_sms", **({"seconds": 1.0} if fault == "late-reply" else {}))
        assert isinstance(await stage.send(text(1)), Sent)
        assert len(submits(bank)) == 1


@pytest.mark.parametrize("fault", ["lost-request", "http-error"])
@story
async def test_a_text_that_may_have_been_taken_and_is_not_known_is_unknown_after_a_while(
    bank: RunningBank, box: RunningBox, fault: str
) -> None:
    async with gateway(box.url) as stage:
        await stage.ready()
        box.fault(fault, command="send_sms")
        outcome = await stage.send(text(1))
        assert isinstance(outcome, Unknown) and "does not know the text" in outcome.reason
        assert stage.began == [1]
        assert isinstance(await stage.send(text(2)), Sent)


@pytest.mark.parametrize(
    ("code", "word"),
    [
        (400, Word.ELSEWHERE),
        (404, Word.ELSEWHERE),
        (413, Word.ELSEWHERE),
        (500, Word.LATER),
        (550, Word.CHANNEL),
        (599, Word.LATER),
    ],
)
@story
async def test_each_error_code_leads_to_its_word(bank: RunningBank, box: RunningBox, code: int, word: Word) -> None:
    async with gateway(box.url) as stage:
        await stage.ready()
        box.fault("error-code", command="send_sms", code=code)
        outcome = await stage.send(text(1))
        assert isinstance(outcome, Refused) and (outcome.word, outcome.code) == (word, f"dinstar:{code}")
        assert not submits(bank)


@pytest.mark.parametrize(
    "part",
    [
        text(1, flash=True),
        text(1, validity_minutes=5),
        text(1, encoding=Encoding.DATA),
        text(1, words="ä" * 751, encoding=Encoding.UCS2),
        text(1, to="+" + "1" * 25),
    ],
    ids=["flash", "validity", "binary", "long", "number"],
)
@story
async def test_what_a_box_cannot_do_goes_elsewhere_and_is_not_dropped_silently(box: RunningBox, part: OutgoingPart) -> None:
    async with gateway(box.url) as stage:
        await stage.ready()
        outcome = await stage.send(part)
        assert isinstance(outcome, Refused) and outcome.word is Word.ELSEWHERE and "Dinstar box" in outcome.reason
        assert stage.began == []


@story
async def test_failures_send_texts_elsewhere_and_the_third_in_a_row_blames_the_port(bank: RunningBank, box: RunningBox) -> None:
    async with gateway(box.url) as stage:
        await stage.ready(0, 1)

        async def words(port: int, first: int, count: int) -> list[object]:
            box.fault("fail", port=port, times=count)
            return [getattr(await stage.send(text(first + n), port), "word", None) for n in range(count)]

        assert await words(0, 1, 2) == [Word.ELSEWHERE, Word.ELSEWHERE]
        assert isinstance(await stage.send(text(10)), Sent)
        assert await words(0, 20, 3) == [Word.ELSEWHERE, Word.ELSEWHERE, Word.CHANNEL]
        assert await words(1, 30, 1) == [Word.ELSEWHERE]


@story
async def test_a_text_called_failed_of_which_every_part_was_sent_is_not_sent_again(bank: RunningBank, box: RunningBox) -> None:
    async with gateway(box.url) as stage:
        await stage.ready()
        box.fault("false-failed")
        assert isinstance(await stage.send(text(1)), Unknown)
        assert len(submits(bank)) == 1


@story
async def test_a_hung_port_makes_texts_unknown_and_takes_no_third_one_until_they_are_answered_late(
    bank: RunningBank, box: RunningBox
) -> None:
    async with gateway(box.url, timing=patient(send=2.0)) as stage:
        await stage.ready(0, 1)
        box.fault("hung-port", port=0)
        outcomes = await asyncio.gather(stage.send(text(1)), stage.send(text(2, BOB)))
        assert all(isinstance(outcome, Unknown) and "still sending" in outcome.reason for outcome in outcomes)
        third = await stage.send(text(3))
        assert isinstance(third, Refused) and (third.word, third.code) == (Word.CHANNEL, "dinstar:stuck")
        assert isinstance(await stage.send(text(4), 1), Sent)
        box.release("hung-port")
        await stage.until(lambda: [attempt for attempt, _ in stage.late] == [1, 2])
        await stage.until(lambda: len(stage.reports) == 3)
        assert isinstance(await stage.send(text(5)), Sent)
        assert len(submits(bank, to=ALICE)) == 3


@story
async def test_a_result_that_never_comes_is_unknown_and_the_text_went_once(bank: RunningBank, box: RunningBox) -> None:
    async with gateway(box.url, timing=patient(send=0.4)) as stage:
        await stage.ready()
        box.fault("no-result")
        assert isinstance(await stage.send(text(1)), Unknown)
        assert len(submits(bank)) == 1


@story
async def test_texts_in_the_queue_of_a_box_that_restarts_are_unknown(bank: RunningBank, box: RunningBox) -> None:
    async with gateway(box.url) as stage:
        await stage.ready()
        box.fault("hung-port", port=0)
        sending = [stage.sending(text(1)), stage.sending(text(2, BOB))]
        await stage.until(lambda: box.state()["requests"].get("send_sms"))
        await stage.until(lambda: stage.box.book.stuck_on(0) == 2)
        box.fault("restart", seconds=0.2)
        outcomes = await asyncio.gather(*sending)
        assert all(isinstance(outcome, Unknown) and "restarted" in outcome.reason for outcome in outcomes)
        await stage.ready()
        assert isinstance(await stage.send(text(3)), Sent)


@pytest.mark.parametrize("how", ["refused", "silent"])
@story
async def test_a_dead_box_takes_its_ports_along_loses_nothing_and_comes_back(bank: RunningBank, box: RunningBox, how: str) -> None:
    async with gateway(box.url, timing=patient(send=1.5), timeout_s=0.3) as stage:
        await stage.ready(0, 1)
        box.fault("dead", how=how)
        outcome = await stage.send(text(1))
        assert isinstance(outcome, Refused | Unknown)
        assert isinstance(outcome, Unknown) == (stage.began == [1])
        await stage.until(lambda: {stage.facts(0).state, stage.facts(1).state} == {ChannelState.LOST})
        assert isinstance(late := await stage.send(text(2)), Refused) and late.word is Word.ELSEWHERE
        assert stage.began in ([], [1])
        box.release("dead")
        await stage.ready(0, 1)
        assert isinstance(await stage.send(text(3)), Sent)
        assert [entry["text"] for entry in submits(bank)].count("hello") == 1


@story
async def test_a_box_that_refuses_connections_is_lost_at_once_and_no_sim_is_blamed(bank: RunningBank, box: RunningBox) -> None:
    async with gateway(box.url, inbox_s=60, status_s=60) as stage:
        await stage.ready()
        box.fault("dead", how="refused")
        outcome = await stage.send(text(1))
        assert isinstance(outcome, Refused) and (outcome.word, outcome.code) == (Word.ELSEWHERE, "dinstar:unreachable")
        assert stage.began == []
        await stage.until(lambda: stage.facts(0).state is ChannelState.LOST)


@story
async def test_a_text_survives_a_box_that_is_away_while_it_is_sent(bank: RunningBank, box: RunningBox) -> None:
    async with gateway(box.url, timeout_s=0.3) as stage:
        await stage.ready()
        box.fault("hung-port", port=0)
        sending = stage.sending(text(1))
        await stage.until(lambda: stage.box.book.stuck_on(0) == 1 and box.state()["requests"].get("query_sms_result", 0) > 2)
        box.fault("dead", how="refused")
        await stage.until(lambda: stage.facts(0).state is ChannelState.LOST)
        box.release("hung-port")
        box.release("dead")
        assert isinstance(await sending, Sent)
        assert len(submits(bank)) == 1


@story
async def test_what_an_earlier_life_did_not_learn_is_asked_for_and_never_sent_again(bank: RunningBank, box: RunningBox) -> None:
    async with gateway(box.url) as stage:
        await stage.ready(0, 1)
        box.fault("hung-port", port=0)
        sending = stage.sending(text(1))
        failing = stage.sending(text(2, BOB), 1)
        box.fault("fail", port=1)
        await stage.until(lambda: box.state()["requests"].get("send_sms", 0) == 2)
        sending.cancel()
        failing.cancel()
    box.release("hung-port")

    def killed(stage: Stage) -> None:
        stage.earlier = [
            Unanswered(1, "box1.0", ALICE, 1, 0.0), Unanswered(2, "box1.1", BOB, 1, 0.0), Unanswered(99, "box1.1", BOB, 1, 0.0),
        ]  # fmt: skip

    async with gateway(box.url, before=killed) as stage:
        await stage.until(lambda: stage.late)
        assert [attempt for attempt, _ in stage.late] == [1]
        await stage.until(lambda: stage.reports)
        assert len(submits(bank, to=ALICE)) == 1


@story
async def test_a_report_that_came_while_the_gateway_was_away_is_read_when_it_is_back(bank: RunningBank, box: RunningBox) -> None:
    box.sim(1, False)  # the recipient's phone is off: there is nothing to report
    async with gateway(box.url) as stage:
        await stage.ready()
        outcome = await stage.send(text(1, box.number(1)))
        assert isinstance(outcome, Sent) and not stage.reports

    def returned(stage: Stage) -> None:
        stage.awaited = [Unanswered(1, "box1.0", box.number(1), 1, 0.0)]

    box.sim(1, True)
    async with gateway(box.url, before=returned) as stage:
        await stage.until(lambda: stage.reports)
        (report,) = stage.reports.values()
        assert (report.reference, report.status) == (outcome.reference, 0)


@story
async def test_a_long_text_brings_one_report_for_each_part_of_ours(bank: RunningBank, box: RunningBox) -> None:
    async with gateway(box.url) as stage:
        await stage.ready()
        outcome = await stage.send(text(1, words="a" * 400, parts=3))
        assert isinstance(outcome, Sent)
        await stage.until(lambda: len(stage.reports) == 3)
        assert {report.reference for report in stage.reports.values()} == {outcome.reference}
        assert sorted(raw.rpartition(" ")[2] for raw in stage.reports) == ["1/3", "2/3", "3/3"]


@story
async def test_a_temporary_status_is_told_and_the_last_word_after_it(bank: RunningBank, box: RunningBox) -> None:
    box.fault("temporary-status", seconds=0.4)
    async with gateway(box.url) as stage:
        await stage.ready()
        await stage.send(text(1))
        await stage.until(lambda: len(stage.reports) == 2)
        assert [report.status for report in stage.reports.values()] == [48, 0]


@pytest.mark.parametrize("plan", [{"clock": -86_400.0 * 400}, {"zone": 28_800.0}, {"zone": -36_000.0}], ids=["old", "east", "west"])
@story
async def test_failures_are_reported_whatever_the_clock_of_the_box_shows(plan: dict[str, float]) -> None:
    with running_bank(ports=0, boxes=[BoxPlan("box1", ports=2, **plan)]) as bank:  # type: ignore[arg-type]
        bank.handset(ALICE, "fail")
        async with gateway(bank.box("box1").url) as stage:
            await stage.ready()
            await stage.send(text(1))
            await stage.until(lambda: stage.reports)
            assert all(report.status >= 0x40 for report in stage.reports.values())


@story
async def test_a_report_that_cannot_be_kept_is_kept_later(bank: RunningBank, box: RunningBox) -> None:
    from gateway.errors import StorageFull

    async def full() -> None:
        raise StorageFull("no room")

    async with gateway(box.url) as stage:
        await stage.ready()
        stage.keeping = full
        await stage.send(text(1))
        await stage.until(lambda: stage.box.book.to_report)
        stage.keeping = None
        await stage.until(lambda: stage.reports)
        assert not stage.box.book.to_report


@story
async def test_results_that_never_come_do_not_stop_a_port_that_works(bank: RunningBank, box: RunningBox) -> None:
    async with gateway(box.url, timing=patient(send=1.5)) as stage:
        await stage.ready()
        for attempt in (1, 3, 5):
            box.fault("no-result")
            assert isinstance(await stage.send(text(attempt)), Unknown)
            assert isinstance(await stage.send(text(attempt + 1)), Sent)
        assert len(submits(bank)) == 6
