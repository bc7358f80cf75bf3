"""What comes in at a simulated box: every text once, read by number, nothing marked, whatever the box forgets."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gateway.errors import BadValue, LinkLost, StorageFull
from gateway.records import ChannelState
from simulator.dinstar.plan import BoxPlan
from simulator.dinstar.running import RunningBox
from simulator.testing import RunningBank, running_bank
from tests.dinstar.stage import ALICE, BOB, gateway, story, text


@pytest.fixture
def bank() -> Iterator[RunningBank]:
    with running_bank(ports=0, boxes=[BoxPlan("box1", ports=3)]) as running:
        yield running


@pytest.fixture
def box(bank: RunningBank) -> RunningBox:
    return bank.box("box1")


@story
async def test_a_text_comes_in_with_its_port_its_sim_and_its_words_as_they_are(bank: RunningBank, box: RunningBox) -> None:
    words = "50%25 off &amp; more+%41 😀"
    async with gateway(box.url) as stage:
        await stage.ready(0, 1)
        box.text(ALICE, 1, words)
        await stage.until(lambda: stage.parts)
        (part,) = stage.parts
        assert (part.channel, part.sim, part.sender, part.text) == ("box1.1", stage.facts(1).sim, ALICE, words)
        assert part.service_time is not None and part.flaws == () and part.sender_type == "international"
        assert box.state()["unread"] == 1
        assert stage.rows["box1", box.sn][0] == 1


@story
async def test_two_equal_texts_in_one_second_are_two_texts(bank: RunningBank, box: RunningBox) -> None:
    async with gateway(box.url) as stage:
        await stage.ready()
        for _ in range(3):
            box.text(ALICE, 0, "OK")
        await stage.until(lambda: len(stage.parts) == 3)


@story
async def test_texts_of_ports_that_are_not_ours_are_left_alone(bank: RunningBank, box: RunningBox) -> None:
    async with gateway(box.url) as stage:
        await stage.ready()
        box.text(ALICE, 2, "not ours")
        box.text(ALICE, 0, "ours")
        await stage.until(lambda: stage.parts)
        assert stage.texts() == ["ours"]


@story
async def test_a_text_that_cannot_be_kept_stays_in_the_box_and_comes_when_it_can(bank: RunningBank, box: RunningBox) -> None:
    tried = []

    async def full() -> None:
        tried.append(1)
        raise StorageFull("no room")

    async with gateway(box.url) as stage:
        await stage.ready()
        stage.keeping = full
        box.text(ALICE, 0, "one")
        box.text(ALICE, 0, "two")
        await stage.until(lambda: len(tried) > 2)
        assert ("box1", box.sn) not in stage.rows
        stage.keeping = None
        await stage.until(lambda: stage.texts() == ["one", "two"])


@pytest.mark.parametrize("fault", ["lost-reply", "garbage", "truncated", "http-error", "error-code"])
@story
async def test_an_answer_that_is_lost_loses_no_text(bank: RunningBank, box: RunningBox, fault: str) -> None:
    async with gateway(box.url) as stage:
        await stage.ready()
        box.fault(fault, command="query_incoming_sms", times=2)
        box.text(ALICE, 0, "hello")
        await stage.until(lambda: stage.texts() == ["hello"])
        assert stage.copies == 0


@story
async def test_the_next_life_goes_on_where_the_last_one_stopped(bank: RunningBank, box: RunningBox) -> None:
    rows: dict[tuple[str, str], tuple[int, str]] = {}
    async with gateway(box.url, rows=rows) as stage:
        await stage.ready()
        for number in range(20):
            box.text(ALICE, 0, f"before {number}")
        await stage.until(lambda: len(stage.parts) == 20)
    box.text(ALICE, 0, "while away")
    async with gateway(box.url, rows=rows) as stage:
        await stage.until(lambda: "while away" in stage.texts())
        # A few before the mark are read again: the store knows them.
        assert len(stage.parts) < 10


@story
async def test_a_box_that_restarts_keeps_its_texts_and_none_comes_twice(bank: RunningBank, box: RunningBox) -> None:
    async with gateway(box.url) as stage:
        await stage.ready()
        box.text(ALICE, 0, "one")
        await stage.until(lambda: stage.parts)
        box.fault("restart", seconds=0.1)
        await stage.ready()
        box.text(ALICE, 0, "two")
        await stage.until(lambda: len(stage.parts) > 1)
        assert stage.texts() == ["one", "two"] and stage.copies == 0


@pytest.mark.parametrize("after", [1, 3, 8])
@story
async def test_numbers_that_begin_anew_after_a_reset_are_noticed_and_no_text_is_lost(
    bank: RunningBank, box: RunningBox, after: int
) -> None:
    async with gateway(box.url, inbox_s=0.3) as stage:
        await stage.ready()
        for number in range(3):
            box.text(ALICE, 0, f"before {number}")
        await stage.until(lambda: len(stage.parts) == 3)
        box.fault("factory-reset")
        for number in range(after):
            box.text(BOB, 0, f"after {number}")
        await stage.until(lambda: len(stage.parts) == 3 + after)
        box.text(BOB, 1, "one more")
        await stage.until(lambda: "one more" in stage.texts())
        assert stage.copies == 0


@story
async def test_a_reset_while_the_gateway_was_away_is_noticed_too(bank: RunningBank, box: RunningBox) -> None:
    rows: dict[tuple[str, str], tuple[int, str]] = {}
    async with gateway(box.url, rows=rows) as stage:
        await stage.ready()
        box.text(ALICE, 0, "before")
        box.text(ALICE, 0, "before too")
        await stage.until(lambda: len(stage.parts) == 2)
    box.fault("factory-reset")
    for number in range(4):
        box.text(BOB, 0, f"after {number}")
    async with gateway(box.url, rows=rows) as stage:
        await stage.until(lambda: len(stage.parts) == 4)
        assert stage.texts() == [f"after {number}" for number in range(4)]


# Pushed


def told(box: RunningBox, number: int, words: str, port: int = 0) -> dict[str, object]:
    row = {"incoming_sms_id": number, "port": port, "number": ALICE, "smsc": "", "timestamp": "2026-11-21 20:03:04", "text": words}
    return {"sn": box.sn, "sms": [row]}


@story
async def test_a_text_that_is_pushed_and_read_comes_once_and_the_push_ends_when_it_is_kept(
    bank: RunningBank, box: RunningBox
) -> None:
    async with gateway(box.url, inbox_s=3600) as stage:
        await stage.ready()
        box.text(ALICE, 0, "a & b")
        await stage.box.pushed(told(box, 1, "a%20&amp;%20b"))
        assert stage.texts() == ["a & b"]
        await stage.box.pushed(told(box, 1, "a & b"))
        assert stage.texts() == ["a & b"] and stage.copies == 0


@story
async def test_a_text_that_is_pushed_and_not_found_in_the_box_is_kept_as_it_was_told(bank: RunningBank, box: RunningBox) -> None:
    async with gateway(box.url, inbox_s=3600) as stage:
        await stage.ready()
        await stage.box.pushed(told(box, 7, "only told"))
        await stage.box.pushed(told(box, 7, "only told"))
        assert stage.texts() == ["only told"]


@story
async def test_a_push_that_cannot_be_kept_is_an_error_and_the_text_comes_later(bank: RunningBank, box: RunningBox) -> None:
    async def full() -> None:
        raise StorageFull("no room")

    async with gateway(box.url, inbox_s=0.5) as stage:
        await stage.ready()
        stage.keeping = full
        box.text(ALICE, 0, "hello")
        with pytest.raises(StorageFull):
            await stage.box.pushed(told(box, 1, "hello"))
        stage.keeping = None
        await stage.until(lambda: stage.texts() == ["hello"])


@story
async def test_what_another_box_pushes_is_not_believed(bank: RunningBank, box: RunningBox) -> None:
    async with gateway(box.url) as stage:
        await stage.ready()
        with pytest.raises(BadValue):
            await stage.box.pushed({**told(box, 1, "hello"), "sn": "dbd2-9999-9999-9999"})
        box.fault("dead")
        await stage.until(lambda: stage.facts(0).state is ChannelState.LOST)
        with pytest.raises(LinkLost):
            await stage.box.pushed(told(box, 1, "hello"))
        assert not stage.parts


@story
async def test_results_and_reports_may_be_pushed_before_they_are_asked_for(bank: RunningBank, box: RunningBox) -> None:
    async with gateway(box.url, poll_s=5.0) as stage:
        await stage.ready()
        box.fault("hung-port", port=0)
        sending = stage.sending(text(5))
        await stage.until(lambda: stage.box.book.stuck_on(0))
        row = {"port": 0, "user_id": 5, "number": ALICE, "time": "2026-11-21 20:01:02", "status": "SENT_OK", "count": 1,
               "succ_count": 1, "ref_id": 300, "imsi": box.imsi(0)}  # fmt: skip
        await stage.box.pushed({"sn": box.sn, "sms_result": [row]})
        assert (await sending).reference == 44  # type: ignore[union-attr]
        status = {"port": 0, "number": ALICE, "time": "2026-11-21 20:01:03", "ref_id": 44, "status_code": 70, "imsi": box.imsi(0)}
        await stage.box.pushed({"sn": box.sn, "sms_deliver_status": [status]})
        assert [report.status for report in stage.reports.values()] == [70]
        await stage.box.pushed({"sn": box.sn, "sms_deliver_status": [status]})
        assert len(stage.reports) == 1
