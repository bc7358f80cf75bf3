"""Stories of daily life at the ports: what hardware does, and what the gateway makes of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.errors import AlreadyRunning
from gateway.settings import PoolSettings, ReceivingSettings
from simulator.testing import running_bank
from tests.receiver import Receiver
from tests.scenarios.box import PassingClock, running_gateway

pytestmark = pytest.mark.slow

HANDSET = "+491709900001"
LONG = "A text of more than one part, with an emoji 🙂 right where it hurts. " * 4


def test_a_long_text_goes_out_in_parts_over_one_channel_and_arrives_whole(tmp_path: Path) -> None:
    with running_bank(3) as bank, running_gateway(tmp_path, bank, 3) as box:
        message = box.wait_status(box.send(HANDSET, LONG), "delivered")
        assert message["parts"] > 1
        assert len({entry["port"] for entry in bank.journal(kind="submit")}) == 1
        (whole,) = bank.wait_for("text", 1, to=HANDSET)
        assert whole["text"] == LONG


def test_a_long_text_that_comes_in_is_one_message(tmp_path: Path) -> None:
    with running_bank(1) as bank, running_gateway(tmp_path, bank) as box:
        bank.text(HANDSET, "p0", LONG)
        (message,) = box.wait(box.received, "the long text")
        assert message["text"] == LONG


def test_two_sims_of_one_gateway_text_each_other(tmp_path: Path) -> None:
    with running_bank(2) as bank, running_gateway(tmp_path, bank, 2) as box:
        sent = box.send(bank.number("p1"), "hello neighbour", channel="p0")
        (received,) = box.wait(box.received, "the neighbour's text")
        assert (received["text"], received["from"], received["channel"]) == ("hello neighbour", bank.number("p0"), "p1")
        box.wait_status(sent, "delivered")


def test_channels_take_turns(tmp_path: Path) -> None:
    with running_bank(4) as bank, running_gateway(tmp_path, bank, 4) as box:
        for n in range(8):
            box.wait_status(box.send(f"+49170990000{n}", "turn"), "sent", "delivered")
        used = [entry["port"] for entry in bank.journal(kind="submit")]
        assert used == ["p0", "p1", "p2", "p3"] * 2


def test_a_pool_is_served_by_its_channels_alone(tmp_path: Path) -> None:
    pools = [PoolSettings("support", ("p2",))]
    with running_bank(3) as bank, running_gateway(tmp_path, bank, 3, pools=pools) as box:
        for n in range(3):
            box.wait_status(box.send(f"+49170990000{n}", "by pool", pool="support"), "sent", "delivered")
        assert {entry["port"] for entry in bank.journal(kind="submit")} == {"p2"}


def test_a_text_for_later_leaves_at_its_time_and_can_be_called_back_before(tmp_path: Path) -> None:
    clock = PassingClock()
    with running_bank(1) as bank, running_gateway(tmp_path, bank, clock=clock) as box:
        soon = clock.in_(3600)
        kept, dropped = box.send(HANDSET, "later", send_at=soon), box.send("+491709900002", "never", send_at=soon)
        assert box.call(f"/v1/messages/{dropped}", "DELETE")[1]["status"] == "cancelled"
        box.time_passes(clock, 3000)
        box.wait_status(box.send("+491709900003", "now"), "sent", "delivered")
        assert box.message(kept)["status"] == "queued"
        box.time_passes(clock, 601)
        box.wait_status(kept, "sent", "delivered")
        assert [entry["text"] for entry in bank.journal(kind="submit")] == ["now", "later"]


def test_a_text_that_nobody_could_send_in_time_expires_and_the_pbx_is_told(tmp_path: Path) -> None:
    clock = PassingClock()
    with running_bank(1) as bank, Receiver() as pbx:
        with running_gateway(tmp_path, bank, webhook=pbx.url, events=["message.failed"], clock=clock) as box:
            bank.unplug("p0")
            box.wait_channel("p0", "lost")
            waiting = box.send(HANDSET, "too late", expires_at=clock.in_(3600))
            box.time_passes(clock, 3601)
            box.wait_status(waiting, "expired")
        (event,) = pbx.wait_for(1)
        assert event.data["error"]["code"] == "expired"


def test_an_urgent_text_overtakes_the_queue(tmp_path: Path) -> None:
    with running_bank(1) as bank, running_gateway(tmp_path, bank) as box:
        assert box.call("/v1/channels/p0/pause", "POST", {})[0] == 200
        for n in range(20):
            box.send(f"+4917099{n:05d}", f"bulk {n}")
        alarm = box.send("+491709999999", "alarm", priority=9)  # not to one for whom a text waits: his would come in order
        assert box.call("/v1/channels/p0/resume", "POST", {})[0] == 200
        box.wait_status(alarm, "sent", "delivered")
        bank.wait_for("submit", 2)
        assert [entry["text"] for entry in bank.journal(kind="submit")][:2] == ["alarm", "bulk 0"]


def test_a_report_that_overtakes_the_answer_to_its_send_is_not_lost(tmp_path: Path) -> None:
    with running_bank(1) as bank, running_gateway(tmp_path, bank) as box:
        bank.fault("p0", "report-first")
        box.wait_status(box.send(HANDSET, "early bird"), "delivered")


def test_references_wrap_at_255_and_every_report_still_finds_its_text(tmp_path: Path) -> None:
    with running_bank(1, report_delay=0.3) as bank, running_gateway(tmp_path, bank) as box:
        bank.last_reference("p0", 253)
        ids = [box.send(f"+4917099{n:05d}", f"wrap {n}") for n in range(6)]
        for public_id in ids:
            box.wait_status(public_id, "delivered")
        assert [entry["mr"] for entry in bank.journal(kind="submit")] == [254, 255, 0, 1, 2, 3]


def test_a_late_ok_is_an_answer_like_any_other(tmp_path: Path) -> None:
    with running_bank(1) as bank, running_gateway(tmp_path, bank) as box:
        bank.fault("p0", "late-ok", seconds=2)
        box.wait_status(box.send(HANDSET, "slow"), "delivered")
        assert len(bank.journal(kind="submit")) == 1


def test_news_inside_a_reply_is_neither_lost_nor_taken_for_the_answer(tmp_path: Path) -> None:
    # The modem keeps its news for the next reply: something must be asked of it when nothing else is to be done.
    with running_bank(1) as bank, running_gateway(tmp_path, bank, modem={"status_s": 1.0}) as box:
        bank.fault("p0", "news-in-reply", times=3)
        bank.text(HANDSET, "p0", "in between")
        sent = box.send("+491709900002", "meanwhile")
        box.wait_status(sent, "delivered")
        (message,) = box.wait(box.received, "the text")
        assert message["text"] == "in between"


def test_a_lost_notification_costs_a_sweep_and_not_the_text(tmp_path: Path) -> None:
    with running_bank(1) as bank, running_gateway(tmp_path, bank, modem={"sweep_s": 0.5}) as box:
        bank.fault("p0", "lost-notification")
        bank.text(HANDSET, "p0", "nobody rang")
        (message,) = box.wait(box.received, "the text, by the sweep")
        assert message["text"] == "nobody rang"


def test_a_full_sim_is_emptied_and_the_network_delivers_what_it_held(tmp_path: Path) -> None:
    with running_bank(1) as bank, running_gateway(tmp_path, bank, modem={"sweep_s": 0.5}) as box:
        bank.fault("p0", "sim-full")
        bank.text(HANDSET, "p0", "held back")
        box.wait(lambda: any(m["text"] == "held back" for m in box.received()), "the text that did not fit")


def test_parts_that_never_become_whole_are_handed_on_flagged(tmp_path: Path) -> None:
    first_of_two = "44" + "0B918100551512F2" + "0000" + "11101021436500" + "07" + "0500037B0201" + "90"
    soon = ReceivingSettings(incomplete_after_hours=0.5 / 3600)
    with running_bank(1) as bank, running_gateway(tmp_path, bank, receiving=soon) as box:
        bank.pdu("p0", first_of_two)
        (message,) = box.wait(box.received, "the incomplete message")
        assert message["incomplete"] is True


@pytest.mark.parametrize("family", ["wavecom", "sim800", "quectel_m35", "quectel_ec25", "huawei_e173", "sim7600", "mc35i"])
def test_every_family_sends_reports_and_receives(tmp_path: Path, family: str) -> None:
    with running_bank(1, family=family) as bank, running_gateway(tmp_path, bank, modem={"sweep_s": 1.0}) as box:
        bank.handset(HANDSET, "answer:got it")
        sent = box.send(HANDSET, "Grüße, €5 {ok} 🙂")
        box.wait(box.received, "the answer")
        box.wait_status(sent, "delivered")
        assert bank.journal(kind="submit")[0]["text"] == "Grüße, €5 {ok} 🙂"


def test_a_sim_that_wants_its_pin_gets_it_when_it_is_configured(tmp_path: Path) -> None:
    with running_bank(1) as bank:
        bank.lock("p0", "1234")
        with running_gateway(tmp_path, bank, ready=False) as box:
            parked = box.wait_channel("p0", "parked")
            assert "PIN" in parked["reason"]
        with running_gateway(tmp_path, bank, modem={"pin": "1234"}) as box:
            box.wait_status(box.send(HANDSET, "unlocked"), "delivered")


def test_a_second_gateway_on_the_same_ports_is_told_who_holds_them(tmp_path: Path) -> None:
    with running_bank(1) as bank, running_gateway(tmp_path, bank):
        other = tmp_path / "other"
        other.mkdir()
        with running_gateway(other, bank, ready=False) as second:
            held = second.wait_channel("p0", "lost")
            assert "held by" in held["reason"] or "another program" in held["reason"]


def test_a_second_gateway_on_the_same_database_does_not_start(tmp_path: Path) -> None:
    with running_bank(1) as bank, running_gateway(tmp_path, bank), pytest.raises(AlreadyRunning):
        running_gateway(tmp_path, bank).__enter__()


def test_a_port_without_a_modem_is_lost_with_a_reason(tmp_path: Path) -> None:
    import os

    master, slave = os.openpty()
    try:
        (tmp_path / "bank").mkdir()
        (tmp_path / "bank" / "p0").symlink_to(os.ttyname(slave))
        with running_bank(1, folder=tmp_path / "real") as bank:
            bank.unplug("p0")
            with running_gateway(tmp_path, bank, ready=False) as box:
                lost = box.wait_channel("p0", "lost")
                assert lost["reason"]
    finally:
        os.close(master)
        os.close(slave)


def test_after_a_restart_everything_goes_on(tmp_path: Path) -> None:
    with running_bank(1) as bank, Receiver() as pbx:
        bank.unplug("p0")
        with running_gateway(tmp_path, bank, webhook=pbx.url, events=["message.delivered"], ready=False) as box:
            box.wait_channel("p0", "lost")
            waiting = box.send(HANDSET, "over the restart")
        bank.plug("p0")
        with running_gateway(tmp_path, bank) as box:
            box.wait_status(waiting, "delivered")
        assert pbx.wait_for(1)[0].data["id"] == waiting
