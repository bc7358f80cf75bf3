"""What happens when a webhook does not accept: patience, order, honesty about the end, and nothing lost on the way."""

from __future__ import annotations

import asyncio
import itertools
import logging
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.clock import SystemClock
from gateway.core.forwarding.addresses import Reach
from gateway.core.forwarding.line import REFUSALS_IN_A_ROW
from gateway.core.forwarding.places import PER_RECEIVER
from gateway.records import EventType, ForwardState
from gateway.settings import ForwardingSettings
from gateway.store import webhooks
from tests.core.stage import Stage, story
from tests.receiver import Answer, Receiver

pytestmark = pytest.mark.slow

DAY = 24 * 3600.0
OURS = Reach((("127.0.0.1", 8080), ("0.0.0.0", 2775)))
NARROW = Reach((), ("192.0.2.0/24", "pbx.invalid", "localhost"))


@pytest.fixture
def pbx() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def other() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


@story
async def test_each_retry_has_the_same_id_and_body_and_a_new_timestamp(tmp_path: Path, pbx: Receiver) -> None:
    async with Stage(tmp_path) as stage:
        webhook = stage.hook(pbx.url)
        pbx.answers(500, 500)
        event_id = await stage.tell("Hallo")
        for tries in (1, 2):
            await stage.recorded(webhook, "pending", tries=tries)
            stage.later(40)
        requests = await pbx.expect(3)
        assert [request.id for request in requests] == [event_id] * 3
        assert len({request.body for request in requests}) == 1
        timestamps = [int(request.headers["webhook-timestamp"]) for request in requests]
        assert [later - earlier for earlier, later in itertools.pairwise(timestamps)] == [40, 40]
        assert len({request.headers["webhook-signature"] for request in requests}) == 3
        (row,) = await stage.recorded(webhook, "accepted")
        assert (row.tries, row.last_error) == (3, None)


@story
async def test_nothing_is_tried_again_before_its_back_off_is_over(tmp_path: Path, pbx: Receiver) -> None:
    async with Stage(tmp_path) as stage:
        webhook = stage.hook(pbx.url)
        pbx.answers(500)
        await stage.tell("Hallo")
        (row,) = await stage.recorded(webhook, "pending", tries=1)
        assert 4.0 <= row.next_at - stage.clock.now() <= 6.0
        stage.later(3.9)
        await stage.idle()
        assert len(pbx.requests) == 1
        stage.later(2.2)
        await pbx.expect(2)


@story
async def test_a_retry_comes_by_itself_when_its_time_has_come(tmp_path: Path, pbx: Receiver) -> None:
    async with Stage(tmp_path, SystemClock(), ForwardingSettings(first_retry_s=0.01)) as stage:
        webhook = stage.hook(pbx.url)
        pbx.answers(500, 503)
        await stage.tell("Hallo")
        (row,) = await stage.recorded(webhook, "accepted")
        assert row.tries == 3


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_honoured_for_the_whole_webhook(tmp_path: Path, pbx: Receiver, status: int) -> None:
    @story
    async def told() -> None:
        async with Stage(tmp_path) as stage:
            webhook = stage.hook(pbx.url)
            pbx.answers(Answer(status, headers={"Retry-After": "600"}))
            first = await stage.tell("one", "alice")
            await stage.recorded(webhook, "pending", tries=1)
            second = await stage.tell("two", "bob")
            stage.later(599)
            await stage.idle()
            assert pbx.ids == [first]
            stage.later(2)
            await pbx.expect(3)
            assert sorted(pbx.ids[1:]) == sorted([first, second])

    told()


@story
async def test_retry_after_may_be_a_date_by_the_servers_own_clock(tmp_path: Path, pbx: Receiver) -> None:
    async with Stage(tmp_path) as stage:
        webhook = stage.hook(pbx.url)
        asked = {"Date": "Sat, 01 Jan 2000 00:00:00 GMT", "Retry-After": "Sat, 01 Jan 2000 01:00:00 GMT"}
        pbx.answers(Answer(503, headers=asked))
        await stage.tell("Hallo")
        (row,) = await stage.recorded(webhook, "pending", tries=1)
        assert row.next_at == stage.clock.now() + 3600
        stage.later(3599)
        await stage.idle()
        assert len(pbx.requests) == 1
        stage.later(2)
        await pbx.expect(2)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_a_failure_and_never_followed(tmp_path: Path, pbx: Receiver, other: Receiver, status: int) -> None:
    @story
    async def told() -> None:
        async with Stage(tmp_path) as stage:
            webhook = stage.hook(pbx.url)
            pbx.answers(Answer(status, headers={"Location": other.url}))
            await stage.tell("Hallo")
            (row,) = await stage.recorded(webhook, "pending", tries=1)
            assert row.last_status == status
            assert "redirects are not followed" in str(row.last_error)
            stage.later(10)
            await stage.recorded(webhook, "accepted")
            assert other.requests == []

    told()


@story
async def test_a_refusal_keeps_the_words_of_the_answer_for_a_person(tmp_path: Path, pbx: Receiver) -> None:
    async with Stage(tmp_path) as stage:
        webhook = stage.hook(pbx.url)
        pbx.answers(Answer(422, body=b'{"error":\n "no such \x00extension \xff"}' + b"x" * 1000))
        await stage.tell("Hallo")
        (row,) = await stage.recorded(webhook, "pending", tries=1)
        assert str(row.last_error).startswith('HTTP 422: {"error": "no such extension')
        assert len(str(row.last_error)) < 250


@story
async def test_410_disables_the_webhook_and_its_events_can_be_replayed(
    tmp_path: Path, pbx: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    async with Stage(tmp_path) as stage:
        webhook = stage.hook(pbx.url)
        pbx.answers(410)
        ids = await stage.tell_all(*((str(number), "alice") for number in range(3)))
        rows = await stage.recorded(webhook, "dead", "dead", "dead")
        assert rows[0].last_status == 410
        disabled = stage.webhooks.get(webhook.id)
        assert not disabled.enabled
        assert "410" in str(disabled.disabled_reason)
        await stage.until(lambda: any("410" in record.getMessage() for record in caplog.records))
        assert [record.levelno for record in caplog.records if "410" in record.getMessage()] == [logging.ERROR]
        await stage.tell("unheard")
        await stage.idle()
        assert len(pbx.requests) == 1
        await asyncio.to_thread(lambda: stage.webhooks.change(webhook.id, enabled=True))
        assert await asyncio.to_thread(lambda: stage.webhooks.replay(webhook.id)) == 3
        await pbx.expect(4)
        assert pbx.ids == [ids[0], *ids]


@story
async def test_410_to_many_at_once_disables_once(tmp_path: Path, pbx: Receiver, caplog: pytest.LogCaptureFixture) -> None:
    async with Stage(tmp_path) as stage:
        webhook = stage.hook(pbx.url)
        pbx.default = Answer(410)
        await stage.tell_all(*((str(number), f"caller {number}") for number in range(20)))
        await stage.recorded(webhook, *["dead"] * 20)
        await stage.idle()
        assert len([record for record in caplog.records if record.levelno == logging.ERROR]) == 1
        assert len(pbx.requests) <= PER_RECEIVER


@story
async def test_a_webhook_down_for_a_day_gets_everything_once_and_in_order(tmp_path: Path, pbx: Receiver) -> None:
    async with Stage(tmp_path) as stage:
        webhook = stage.hook(pbx.url)
        pbx.stop()
        told: dict[str, list[str]] = {"alice": [], "bob": [], "carol": []}
        for hour in range(24):
            for conversation, ids in told.items():
                ids.append(await stage.tell(str(hour), conversation))
            stage.later(3600)
            await stage.idle()
        pbx.start()
        stage.later(400)  # the longest pause of a webhook is some minutes
        await pbx.expect(72)
        await stage.recorded(webhook, *["accepted"] * 72)
        for conversation, ids in told.items():
            assert [one for one in pbx.ids if one in ids] == ids, conversation
        assert len(pbx.requests) == 72


@story
async def test_a_webhook_that_is_down_is_not_hammered_once_per_conversation(tmp_path: Path, pbx: Receiver) -> None:
    async with Stage(tmp_path) as stage:
        stage.hook(pbx.url)
        pbx.default = Answer(503)
        await stage.tell_all(*((str(number), f"caller {number}") for number in range(100)))
        await pbx.expect(1)
        await stage.idle()
        tries = len(pbx.requests)
        assert tries <= PER_RECEIVER
        for _ in range(5):
            stage.later(400)
            tries += 1
            await pbx.expect(tries)
            await stage.idle()
            assert len(pbx.requests) == tries
        pbx.default = Answer(200)
        stage.later(400)
        await pbx.expect(tries + 100)


@story
async def test_a_test_is_posted_at_once_although_much_waits_for_a_webhook_that_is_left_alone(tmp_path: Path, pbx: Receiver) -> None:
    async with Stage(tmp_path) as stage:
        webhook = stage.hook(pbx.url)
        pbx.default = Answer(503)
        await stage.tell_all(*((str(number), f"caller {number}") for number in range(450)))
        await pbx.expect(1)
        await stage.idle()
        tries = len(pbx.requests)
        await asyncio.to_thread(lambda: stage.webhooks.test(webhook.id))
        assert (await pbx.expect(tries + 1))[-1].type == "webhook.test"


@story
async def test_the_pause_of_a_webhook_grows_to_minutes_and_not_to_hours(tmp_path: Path, pbx: Receiver) -> None:
    async with Stage(tmp_path) as stage:
        webhook = stage.hook(pbx.url)
        pbx.stop()
        await stage.tell("Hallo")
        waits = []
        for tries in range(1, 8):
            (row,) = await stage.recorded(webhook, "pending", tries=tries)
            waits.append(row.next_at - stage.clock.now())
            stage.later(400)
        assert 4 <= waits[0] <= 6
        assert 24 <= waits[1] <= 36
        assert all(140 <= wait <= 360 for wait in waits[2:])


@story
async def test_an_event_that_its_webhook_does_not_like_delays_its_own_conversation_alone(tmp_path: Path, pbx: Receiver) -> None:
    async with Stage(tmp_path) as stage:
        stage.hook(pbx.url)
        pbx.decide = lambda request: Answer(500) if request.data["text"] == "poison" else None
        await stage.tell("poison", "alice")
        behind = await stage.tell("behind it", "alice")
        for number in range(10):
            await stage.tell(str(number), "bob")
            stage.later(3000)
            await stage.idle()
        assert [request.data["text"] for request in pbx.requests if request.data["text"].isdigit()] == [
            str(number) for number in range(10)
        ]
        assert behind not in pbx.ids


@story
async def test_refusals_without_any_acceptance_pause_the_webhook(tmp_path: Path, pbx: Receiver) -> None:
    async with Stage(tmp_path) as stage:
        stage.hook(pbx.url)
        pbx.default = Answer(500)
        await stage.tell_all(*((str(number), f"caller {number}") for number in range(50)))
        await pbx.expect(REFUSALS_IN_A_ROW)
        await stage.idle()
        assert len(pbx.requests) < REFUSALS_IN_A_ROW + PER_RECEIVER


@story
async def test_an_event_is_given_up_after_three_days_and_can_be_replayed(
    tmp_path: Path, pbx: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    async with Stage(tmp_path) as stage:
        webhook = stage.hook(pbx.url)
        pbx.default = Answer(500)
        event_id = await stage.tell("Hallo")
        passed = 0.0
        while stage.rows(webhook)[0].state is ForwardState.PENDING:
            tries = stage.rows(webhook)[0].tries
            assert passed <= 3 * DAY + 3600
            stage.later(3600)
            passed += 3600
            await stage.idle()
            await stage.until(lambda: stage.rows(webhook)[0].tries == len(pbx.requests))
            assert stage.rows(webhook)[0].tries >= tries
        assert passed >= 3 * DAY
        assert 10 <= len(pbx.requests) <= 30
        assert any(record.levelno == logging.ERROR and event_id in record.getMessage() for record in caplog.records)
        pbx.default = Answer(200)
        assert await asyncio.to_thread(lambda: stage.webhooks.replay(webhook.id)) == 1
        (row,) = await stage.recorded(webhook, "accepted")
        assert row.event_id == event_id
        assert {request.id for request in pbx.requests} == {event_id}


@story
async def test_what_waits_for_a_webhook_down_for_days_is_given_up_together_and_the_young_wait_on(
    tmp_path: Path, pbx: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    async with Stage(tmp_path) as stage:
        webhook = stage.hook(pbx.url)
        pbx.stop()
        old = await stage.tell_all(*((str(number), f"caller {number}") for number in range(20)))
        await stage.idle()
        stage.later(2 * DAY)
        await stage.idle()
        young = await stage.tell("young", "bob")
        stage.later(1.5 * DAY)
        await stage.recorded(webhook, *["dead"] * 20, "pending")
        assert any(record.levelno == logging.ERROR and "20 events" in record.getMessage() for record in caplog.records)
        pbx.start()
        stage.later(400)
        await stage.recorded(webhook, *["dead"] * 20, "accepted")
        await asyncio.to_thread(lambda: stage.webhooks.replay(webhook.id))
        await pbx.expect(21)
        assert pbx.ids[0] == young
        assert sorted(pbx.ids[1:]) == sorted(old)


@story
async def test_nothing_is_given_up_in_the_first_hour_after_a_long_night(tmp_path: Path, pbx: Receiver) -> None:
    # The whole site was without power for a week, and the PBX starts later than we do.
    async with Stage(tmp_path) as stage:
        webhook = stage.hook(pbx.url)
        pbx.stop()
        event_id = await stage.tell("Hallo")
        await stage.recorded(webhook, "pending", tries=1)

        async def a_week_passes() -> None:
            stage.later(7 * DAY)

        await stage.restart(a_week_passes)
        await stage.recorded(webhook, "pending", tries=2)
        stage.later(600)
        await stage.recorded(webhook, "pending", tries=3)
        pbx.start()
        stage.later(600)
        await pbx.expect(1)
        assert pbx.ids == [event_id]


@story
async def test_a_restart_in_the_middle_goes_on_where_it_was(tmp_path: Path, pbx: Receiver) -> None:
    async with Stage(tmp_path) as stage:
        webhook = stage.hook(pbx.url)
        pbx.decide = lambda request: Answer(hold=True) if request.data["text"] == "3" else None
        ids = await stage.tell_all(*((str(number), "alice") for number in range(6)))
        await pbx.expect(4)

        async def it_answers_again() -> None:
            pbx.decide = None

        await stage.restart(it_answers_again)
        await stage.recorded(webhook, *["accepted"] * 6)
        # The one that was on its way is told again under the same id: the receiver knows it.
        assert pbx.ids == [*ids[:4], *ids[3:]]


@story
async def test_a_back_off_holds_across_a_restart(tmp_path: Path, pbx: Receiver) -> None:
    async with Stage(tmp_path) as stage:
        webhook = stage.hook(pbx.url)
        pbx.answers(500, 500, 500)
        await stage.tell("Hallo")
        for tries in (1, 2):
            await stage.recorded(webhook, "pending", tries=tries)
            stage.later(40)
        (row,) = await stage.recorded(webhook, "pending", tries=3)
        assert row.next_at - stage.clock.now() > 100
        await stage.restart()
        stage.later(100)
        await stage.idle()
        assert len(pbx.requests) == 3
        stage.later(200)
        await pbx.expect(4)


@story
async def test_a_clock_that_jumps_back_by_a_year_does_not_make_a_row_wait_for_a_year(tmp_path: Path, pbx: Receiver) -> None:
    async with Stage(tmp_path) as stage:
        webhook = stage.hook(pbx.url)
        pbx.answers(500)
        await stage.tell("Hallo")
        await stage.recorded(webhook, "pending", tries=1)
        stage.jump(-365 * DAY)
        stage.later(6.1)
        await pbx.expect(2)
        await stage.recorded(webhook, "accepted")


@story
async def test_nor_does_it_when_the_jump_happens_while_the_gateway_is_off(tmp_path: Path, pbx: Receiver) -> None:
    async with Stage(tmp_path) as stage:
        webhook = stage.hook(pbx.url)
        pbx.answers(500)
        await stage.tell("Hallo")
        await stage.recorded(webhook, "pending", tries=1)

        async def the_clock_is_lost() -> None:
            stage.jump(-365 * DAY)

        await stage.restart(the_clock_is_lost)
        stage.later(6.1)
        await pbx.expect(2)


@story
async def test_a_clock_that_jumps_forward_by_years_neither_floods_nor_gives_up(tmp_path: Path, pbx: Receiver) -> None:
    async with Stage(tmp_path) as stage:
        webhook = stage.hook(pbx.url)
        pbx.default = Answer(503)
        ids = await stage.tell_all(*((str(number), f"caller {number}") for number in range(50)))
        await pbx.expect(1)
        await stage.idle()
        tries = len(pbx.requests)
        stage.jump(6 * 365 * DAY)
        await stage.idle()
        assert len(pbx.requests) == tries  # no time has passed
        stage.later(60)
        await pbx.expect(tries + 1)
        await stage.idle()
        assert {row.state for row in stage.rows(webhook)} == {ForwardState.PENDING}
        pbx.default = Answer(200)
        stage.later(400)
        await stage.recorded(webhook, *["accepted"] * 50)
        assert set(pbx.ids) == set(ids)


@story
async def test_a_webhook_that_never_answers_is_down_after_the_timeout(tmp_path: Path, pbx: Receiver) -> None:
    async with Stage(tmp_path, settings=ForwardingSettings(timeout_s=0.05)) as stage:
        webhook = stage.hook(pbx.url)
        pbx.default = Answer(hold=True)
        await stage.tell("Hallo")
        (row,) = await stage.recorded(webhook, "pending", tries=1)
        assert "no answer within 0.05 s" in str(row.last_error)


@story
async def test_garbage_for_an_answer_is_a_failure_like_any_other(tmp_path: Path) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with Stage(tmp_path) as stage:
        webhook = stage.hook(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
        await stage.tell("Hallo")
        (row,) = await stage.recorded(webhook, "pending", tries=1)
        assert row.last_error
    server.close()


@pytest.fixture
def no_such_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody knows names that end in .invalid; no name server of this network is waited for."""
    really = socket.getaddrinfo

    def asked(host: Any, *more: Any, **given: Any) -> Any:
        if str(host).endswith(".invalid"):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return really(host, *more, **given)

    monkeypatch.setattr(socket, "getaddrinfo", asked)


@story
async def test_a_name_that_does_not_exist_is_a_failure_that_says_so(tmp_path: Path, no_such_name: None) -> None:
    async with Stage(tmp_path) as stage:
        webhook = stage.hook("http://pbx.invalid/hook")
        await stage.tell("Hallo")
        (row,) = await stage.recorded(webhook, "pending", tries=1)
        assert "pbx.invalid" in str(row.last_error)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://169.254.169.254/latest/meta-data", "link-local"),
        ("http://[fe80::1]/", "link-local"),
        ("http://[::ffff:169.254.1.1]:8080/", "link-local"),
        ("http://100.100.100.200/", "metadata"),
        ("http://127.0.0.1:8080/v1/messages", "this gateway itself"),
        ("http://localhost:8080/v1/messages", "this gateway itself"),
        ("http://2130706433:8080/", "this gateway itself"),  # 127.0.0.1 as one number
        ("http://0177.0.0.1:8080/", "this gateway itself"),
        ("http://0x7f.1:8080/", "this gateway itself"),
        ("http://127.1:2775/", "this gateway itself"),  # SMPP
        ("http://[64:ff9b::7f00:1]:8080/", "this gateway itself"),
        ("http://[::ffff:127.0.0.1]:2775/", "this gateway itself"),
        ("http://0:8080/", "no address of a host"),
        ("http://0xa9fea9fe/", "link-local"),
    ],
)
def test_a_forbidden_address_is_never_called_and_the_event_is_dead_with_the_reason(tmp_path: Path, url: str, reason: str) -> None:
    @story
    async def told() -> None:
        async with Stage(tmp_path, reach=OURS) as stage:
            webhook = stage.hook(url)
            await stage.tell_all(("one", "alice"), ("two", "alice"))
            rows = await stage.recorded(webhook, "dead", "dead")
            assert all(reason in str(row.last_error) for row in rows)

    told()


@story
async def test_what_is_allowed_is_judged_by_the_address_that_a_name_has_now(
    tmp_path: Path, pbx: Receiver, no_such_name: None
) -> None:
    async with Stage(tmp_path, reach=NARROW) as stage:
        by_name = stage.hook(f"http://localhost:{pbx.port}/")
        by_address = stage.hook(f"http://127.0.0.1:{pbx.port}/")
        unknown = stage.hook("http://pbx.invalid/")
        await stage.tell("Hallo")
        await stage.recorded(by_name, "accepted")
        (row,) = await stage.recorded(by_address, "dead")
        assert "127.0.0.1 is not among what [forwarding] allow names" in str(row.last_error)
        await stage.recorded(unknown, "pending", tries=1)
        assert len(pbx.requests) == 1


@story
async def test_a_test_event_goes_first_and_success_lets_the_rest_follow(tmp_path: Path, pbx: Receiver) -> None:
    async with Stage(tmp_path) as stage:
        webhook = stage.hook(pbx.url, events=("message.received",), channels=("p0",))
        pbx.default = Answer(503)
        waiting = await stage.tell_all(*((str(number), f"caller {number}") for number in range(20)))
        await pbx.expect(1)
        await stage.idle()
        tries = len(pbx.requests)
        pbx.default = Answer(200)
        event = await asyncio.to_thread(lambda: stage.webhooks.test(webhook.id))
        requests = await pbx.expect(tries + 1)
        assert (requests[tries].id, requests[tries].type) == (event.id, "webhook.test")
        assert event.type is EventType.WEBHOOK_TEST
        stage.later(60)
        await pbx.expect(tries + 21)
        assert set(waiting) <= set(pbx.ids[tries:])


@story
async def test_a_webhook_that_cannot_be_served_at_all_does_not_stop_the_others(
    tmp_path: Path, pbx: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    async with Stage(tmp_path) as stage:
        strange = replace(stage.hook(pbx.url), id="wh_strange", format="of-a-later-version")
        stage.store.writer.run(lambda db: webhooks.add(db, strange, stage.secret))
        event_id = await stage.tell("Hallo")
        await pbx.expect(1)
        (row,) = await stage.recorded(strange, "pending", tries=1)
        assert row.event_id == event_id
        assert row.next_at > stage.clock.now()
        assert "of-a-later-version" in caplog.text
        await stage.tell("still alive")
        await pbx.expect(2)
