"""The promises of the gateway, each with a story that tries to break it. Real HTTP, a real database, simulated modems."""

from __future__ import annotations

import logging
from contextlib import suppress
from pathlib import Path

import pytest

from gateway.clock import SystemClock
from gateway.errors import StorageFull
from gateway.settings import ForwardingSettings, SendingSettings
from simulator.testing import running_bank
from tests.receiver import Answer, Receiver
from tests.scenarios.box import Box, running_gateway

pytestmark = pytest.mark.slow

HANDSET = "+491709900001"
LIFE = {"message.sent", "message.delivered", "message.received"}


def test_a_text_leaves_is_delivered_answered_and_reaches_the_pbx(tmp_path: Path) -> None:
    with (
        running_bank(2) as bank,
        Receiver() as pbx,
        running_gateway(tmp_path, bank, 2, webhook=pbx.url) as box,
    ):
        bank.handset(HANDSET, "answer:Yes!")
        sent = box.send(HANDSET, "Are you there?")

        message = box.wait_status(sent, "delivered")
        (answer,) = box.wait(box.received, "the answer")
        assert (answer["from"], answer["text"], answer["channel"]) == (HANDSET, "Yes!", message["channel"])
        assert answer["to"] == bank.number(message["channel"])
        pbx_heard = box.wait(lambda: {event.type for event in pbx.requests} >= LIFE and pbx.requests, "its whole life told")
        assert len([event for event in pbx_heard if event.type in LIFE]) == 3
        assert bank.journal(kind="submit")[0]["text"] == "Are you there?"


# 2  A received text is deleted from the SIM only after it is committed here.


def test_with_a_full_disk_texts_stay_on_the_sim_requests_get_503_and_nothing_is_lost(tmp_path: Path) -> None:
    with running_bank(1) as bank, running_gateway(tmp_path, bank, modem={"sweep_s": 1.0}) as box:
        pages = box.service.store.writer.run(lambda db: db.execute_sql("PRAGMA page_count").fetchone()[0])
        box.service.store.writer.run(lambda db: db.execute_sql(f"PRAGMA max_page_count = {pages}").fetchall())
        wish = {"to": HANDSET, "text": "x" * 600}
        box.wait(lambda: box.call("/v1/messages", "POST", wish)[0] == 503, "a full disk to be said")
        texts = [f"kept {n} " + "y" * 100 for n in range(12)]  # what is left of the last page holds some of them, and never all
        for text in texts:
            bank.text(HANDSET, "p0", text)
        bank.wait_for("deliver", len(texts))
        assert len(box.received()) < len(texts)

        box.wait(lambda: has_room(box), "room on the disk")
        box.wait(lambda: len(box.received()) >= len(texts), "the texts that waited on the SIM")
        assert sorted(m["text"] for m in box.received()) == sorted(texts)
        box.wait(lambda: bank.state("p0")["stored"] == 0 if "stored" in bank.state("p0") else True, "an empty SIM")
        box.send(HANDSET, "room again")


def has_room(box: Box) -> bool:
    """Whatever is tried again meanwhile may be in the same commit, and that fails as a whole."""
    with suppress(StorageFull):
        box.service.store.writer.run(lambda db: db.execute_sql("PRAGMA max_page_count = 1000000").fetchall())
        return True
    return False


def test_a_text_that_the_network_delivers_twice_is_one_message(tmp_path: Path) -> None:
    with running_bank(1) as bank, running_gateway(tmp_path, bank) as box:
        bank.fault("p0", "delivered-twice")
        bank.text(HANDSET, "p0", "only once")
        bank.text(HANDSET, "p0", "the next")
        bank.wait_for("deliver", 3)

        box.wait(lambda: any(m["text"] == "the next" for m in box.received()), "the text behind it")
        assert sorted(m["text"] for m in box.received()) == ["only once", "the next"]


# 3  A send has three outcomes.


def test_a_modem_that_vanishes_between_prompt_and_ok_leaves_an_unknown_that_a_report_settles(tmp_path: Path) -> None:
    with running_bank(2) as bank, running_gateway(tmp_path, bank) as box:
        bank.unplug("p1")  # the recipient's phone is off: there is nothing to report
        bank.fault("p0", "unplug-in-send", taken=True)
        held = box.send(bank.number("p1"), "gone?", on_unknown="hold")

        box.wait_status(held, "unknown")
        box.wait_channel("p0", "lost")
        bank.plug("p0")
        box.wait_channel("p0", "ready")
        bank.plug("p1")
        box.wait_status(held, "delivered")
        assert len(bank.journal(kind="submit")) == 1


def test_an_unknown_that_is_held_is_not_sent_again_until_a_person_says_so(tmp_path: Path) -> None:
    quick = SendingSettings(unknown_wait_s=0.2)
    with running_bank(1) as bank, running_gateway(tmp_path, bank, sending=quick) as box:
        bank.handset(HANDSET, "noreport")
        bank.fault("p0", "unplug-in-send", taken=False, seconds=0.5)
        held = box.send(HANDSET, "held", on_unknown="hold")
        box.wait_status(held, "unknown")
        other = box.send("+491709900002", "flows on")
        box.wait_status(other, "sent", "delivered")
        assert box.message(held)["status"] == "unknown"

        assert box.call(f"/v1/messages/{held}/settle", "POST", {"decision": "resend"})[0] == 200
        box.wait_status(held, "sent")
        assert [entry["text"] for entry in bank.journal(kind="submit")] == ["flows on", "held"]


def test_an_unknown_that_may_be_resent_goes_once_more_asking_the_network_to_drop_a_duplicate(tmp_path: Path) -> None:
    quick = SendingSettings(unknown_wait_s=0.5)
    with running_bank(1) as bank, running_gateway(tmp_path, bank, sending=quick) as box:
        bank.handset(HANDSET, "noreport")
        bank.fault("p0", "unplug-in-send", taken=False, seconds=0.2)
        sent = box.send(HANDSET, "again")
        box.wait_status(sent, "unknown")

        message = box.wait_status(sent, "sent")
        assert [attempt["outcome"] for attempt in message["attempts"]] == ["unknown", "sent"]
        (submit,) = bank.journal(kind="submit")
        assert submit["rd"] is True


def test_a_refusal_before_the_payload_leaves_is_no_unknown(tmp_path: Path) -> None:
    quick = SendingSettings(retry_first_s=1.0)
    with running_bank(2) as bank, running_gateway(tmp_path, bank, 2, sending=quick) as box:
        bank.fault("p0", "reset-before-payload")
        bank.fault("p1", "reset-before-payload")
        sent = box.send(HANDSET, "later then")

        message = box.wait_status(sent, "sent", "delivered", seconds=60)
        assert "unknown" not in {attempt["outcome"] for attempt in message["attempts"]}
        assert len(bank.journal(kind="submit")) == 1


# 4  A fault in one channel is that channel's problem.


def test_a_silent_port_keeps_one_text_and_delays_no_other(tmp_path: Path) -> None:
    with running_bank(3, latency=0.05) as bank, running_gateway(tmp_path, bank, 3) as box:
        bank.fault("p1", "silence")
        ids = [box.send(f"+4917099{n:05d}", f"text {n}") for n in range(30)]

        def on_the_air() -> list[str]:
            return [one for one in ids if box.message(one)["status"] not in ("sent", "delivered")]

        box.wait(lambda: len(on_the_air()) == 1, "all but the one at the silent port")
        assert [box.message(one)["status"] for one in on_the_air()] == ["sending"]
        bank.release("p1", "silence")
        for public_id in ids:
            box.wait_status(public_id, "sent", "delivered")
        assert len(bank.journal(kind="submit")) == 30


def test_a_channel_that_is_refused_by_its_sim_lets_another_send(tmp_path: Path) -> None:
    with running_bank(2) as bank, running_gateway(tmp_path, bank, 2) as box:
        bank.fault("p0", "refuse", code=310, times=0)
        for n in range(4):
            message = box.wait_status(box.send(f"+49170990000{n}", "via p1"), "sent", "delivered")
            assert message["channel"] == "p1"


def test_a_number_that_does_not_exist_fails_and_never_counts_against_the_channel(tmp_path: Path) -> None:
    with running_bank(1) as bank, running_gateway(tmp_path, bank) as box:
        bank.handset("+4917066", "refuse:1")
        failed = box.wait_status(box.send("+491706600001", "nobody"), "failed")
        assert failed["error"]["code"] == "cms:1"
        for n in range(5):
            box.wait_status(box.send(f"+49170660000{n}", "nobody"), "failed")
        box.wait_status(box.send(HANDSET, "somebody"), "delivered")
        assert box.call("/v1/channels")[1]["data"][0]["state"] == "ready"


def test_an_unplugged_port_comes_back_by_itself_and_its_texts_with_it(tmp_path: Path) -> None:
    with running_bank(1) as bank, running_gateway(tmp_path, bank) as box:
        bank.unplug("p0")
        box.wait_channel("p0", "lost")
        waiting = box.send(HANDSET, "wait for it")
        bank.text(HANDSET, "p0", "while you were out")
        bank.plug("p0")

        box.wait_status(waiting, "sent", "delivered")
        box.wait(box.received, "the text that came meanwhile")


# 5  An event reaches the PBX or somebody is told.


def test_a_pbx_that_was_down_hears_everything_once_in_order_under_the_same_ids(tmp_path: Path) -> None:
    quick = ForwardingSettings(first_retry_s=0.1)
    with (
        running_bank(1) as bank,
        Receiver() as pbx,
        running_gateway(tmp_path, bank, webhook=pbx.url, events=["message.received"], forwarding=quick),
    ):
        pbx.answers(Answer(503), Answer(503))
        for n in range(5):
            bank.text(HANDSET, "p0", f"number {n}")
        bank.wait_for("deliver", 5)

        events = pbx.wait_for(7, timeout=60)
        taken = {event.id: event.data["text"] for event in events}
        assert list(dict.fromkeys(event.data["text"] for event in events)) == [f"number {n}" for n in range(5)]
        assert len(taken) == 5


# 6  Nothing undecodable is lost.


def test_a_pdu_that_cannot_be_read_is_kept_shown_and_forwarded_with_a_flag(tmp_path: Path) -> None:
    with (
        running_bank(1) as bank,
        Receiver() as pbx,
        running_gateway(tmp_path, bank, webhook=pbx.url, events=["message.received"]) as box,
    ):
        bank.pdu("p0", "040B918100551512F20000111010214365000BE8329BFD")  # user data shorter than TP-UDL says

        (event,) = pbx.wait_for(1)
        assert event.data["flaws"] and event.data["raw"][0].endswith("040B918100551512F20000111010214365000BE8329BFD")
        (message,) = box.received()
        assert message["flaws"] == event.data["flaws"]


# 7  No secret in a log, a URL or a page.


def test_no_key_and_no_webhook_secret_appears_in_the_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with running_bank(1) as bank, Receiver() as pbx, running_gateway(tmp_path, bank) as box:
        made = box.call("/v1/webhooks", "POST", {"url": pbx.url, "events": ["message.received"]})[1]
        key = box.call("/v1/keys", "POST", {"name": "another", "scopes": ["send"]})[1]
        pbx.answers(Answer(500))
        bank.text(HANDSET, "p0", "hello")
        pbx.wait_for(1)
        shown = str(box.call(f"/v1/webhooks/{made['id']}")[1]) + str(box.call("/v1/keys")[1])

    for secret in (made["secret"], key["key"], box._key):
        assert secret
        assert secret not in caplog.text
        assert secret not in shown


# 8  The clock may jump.


class JumpingClock(SystemClock):
    """The machine's clock, put wrong by `offset` seconds."""

    offset = 0.0

    def now(self) -> float:
        return super().now() + self.offset


YEAR = 365 * 86400.0


@pytest.mark.parametrize("jump", [-YEAR, YEAR])
def test_texts_that_wait_do_not_wait_a_year_nor_expire_when_the_clock_jumps(tmp_path: Path, jump: float) -> None:
    clock = JumpingClock()
    soon = SendingSettings(retry_first_s=2.0)
    with running_bank(1) as bank, running_gateway(tmp_path, bank, sending=soon, clock=clock) as box:
        bank.fault("p0", "refuse", code=42)
        sent = box.send(HANDSET, "through the jump")
        box.wait(lambda: box.message(sent)["attempts"] and box.message(sent)["status"] == "queued", "the refusal")
        clock.offset = jump

        box.wait_status(sent, "sent", "delivered", seconds=40)
        bank.text(HANDSET, "p0", "still here")
        box.wait(box.received, "an incoming text")
