"""A whole gateway with a simulated box behind it: texts out, reports and texts back, faults, kills. Nothing lost or doubled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.settings import DinstarSettings, PoolSettings, SendingSettings
from simulator.dinstar.plan import BoxPlan
from simulator.testing import RunningBank, running_bank
from tests.bench.stage import stage, until
from tests.scenarios.box import Box, running_gateway

ANNA, BERT = "+4917099001", "+4917099002"


def settings(bank: RunningBank, **given: Any) -> DinstarSettings:
    quick = {"poll_s": 0.05, "inbox_s": 0.2, "status_s": 0.2, "timeout_s": 2.0, "ports": "0-1", "password": "secret"}
    return DinstarSettings("box1", bank.box("box1").url, **(quick | given))


@pytest.fixture
def bank() -> Iterator[RunningBank]:
    with running_bank(ports=1, boxes=[BoxPlan("box1", ports=2)]) as running:
        yield running


def texts(bank: RunningBank) -> Counter[tuple[str, str]]:
    return Counter((entry["to"], entry["text"]) for entry in bank.journal(kind="submit"))


def test_a_text_over_a_box_is_delivered_and_its_answer_comes_back(bank: RunningBank, tmp_path: Path) -> None:
    bank.handset(ANNA, "echo")
    with running_gateway(tmp_path, bank, ports=0, dinstars=(settings(bank),)) as box:
        message = box.wait_status(box.send(ANNA, "hällo 😀"), "delivered")
        assert message["channel"] in ("box1.0", "box1.1") and message["attempts"][0]["outcome"] == "sent"
        (answer,) = box.wait(box.received, "the echo")
        assert (answer["from"], answer["text"], answer["channel"]) == (ANNA, "echo: hällo 😀", message["channel"])
        channel = box.wait_channel(message["channel"], "ready")
        assert channel["family"] == "dinstar"


def test_a_long_text_goes_whole_and_is_delivered_when_each_of_its_parts_is(bank: RunningBank, tmp_path: Path) -> None:
    words = "".join(f"{n:04d} " for n in range(80))
    with running_gateway(tmp_path, bank, ports=0, dinstars=(settings(bank),)) as box:
        message = box.wait_status(box.send(ANNA, words), "delivered")
        assert message["parts"] == 3
    assert "".join(entry["text"] for entry in bank.journal(kind="submit")) == words
    assert bank.box("box1").state()["requests"]["send_sms"] == 1


@pytest.mark.parametrize("fault", ["lost-reply", "garbage", "truncated"])
def test_replies_that_are_lost_double_no_text(bank: RunningBank, tmp_path: Path, fault: str) -> None:
    with running_gateway(tmp_path, bank, ports=0, dinstars=(settings(bank),)) as box:
        bank.box("box1").fault(fault, command="send_sms", times=3)
        ids = [box.send(f"+491709{n:04d}", f"text {n}") for n in range(12)]
        for public_id in ids:
            box.wait_status(public_id, "delivered")
    assert sorted(texts(bank).values()) == [1] * 12


def test_a_text_that_one_sim_fails_goes_over_another(bank: RunningBank, tmp_path: Path) -> None:
    with running_gateway(tmp_path, bank, ports=0, dinstars=(settings(bank),)) as box:
        bank.box("box1").fault("fail", port=0, times=50)
        for number in range(4):
            message = box.wait_status(box.send(f"+491709{number:04d}", "hello"), "delivered")
            assert message["channel"] == "box1.1"


def test_a_dead_box_costs_the_modem_beside_it_nothing_and_no_text_twice(bank: RunningBank, tmp_path: Path) -> None:
    pool = PoolSettings("all", ("p0", "box1.0", "box1.1"))
    with running_gateway(
        tmp_path, bank, ports=1, dinstars=(settings(bank, timeout_s=0.5),), pools=(pool,), sending=SendingSettings(unknown_wait_s=5)
    ) as box:
        bank.box("box1").fault("dead", how="refused")
        ids = [box.send(f"+491709{n:04d}", f"text {n}", pool="all") for n in range(10)]
        for public_id in ids:
            assert box.wait_status(public_id, "delivered")["channel"] == "p0"
        assert box.wait_channel("box1.0", "lost")["state"] == "lost"
        bank.box("box1").release("dead")
        box.wait_channel("box1.0", "ready")
        box.wait_status(box.send(ANNA, "again", channel="box1.0"), "delivered")
    assert set(texts(bank).values()) == {1}


def test_a_box_tells_by_push_what_is_not_asked_for(bank: RunningBank, tmp_path: Path) -> None:
    slow = settings(bank, inbox_s=3600.0, push_from=("127.0.0.1",))
    with running_gateway(tmp_path, bank, ports=0, dinstars=(slow,)) as box:
        bank.box("box1").change(push_url=f"{box.url}/push/dinstar/box1")
        for number in range(5):
            bank.box("box1").text(ANNA, number % 2, "OK")
        box.wait(lambda: len(box.received()) == 5, "five texts")
        pushes = bank.journal(kind="push")
        assert all(entry.get("status", 200) == 200 for entry in pushes)


def test_nobody_else_may_push(bank: RunningBank, tmp_path: Path) -> None:
    told = {"sn": bank.box("box1").sn, "sms": [{"incoming_sms_id": 9, "port": 0, "number": ANNA, "timestamp": "", "text": "x"}]}
    with running_gateway(tmp_path, bank, ports=0, dinstars=(settings(bank, push_from=("192.0.2.10",)),)) as box:
        assert box.call("/push/dinstar/box1", "POST", told)[0] == 403
        assert box.call("/push/dinstar/box2", "POST", told)[0] == 404
        assert box.received() == []


def test_a_service_code_is_dialled_over_a_box(bank: RunningBank, tmp_path: Path) -> None:
    with running_gateway(tmp_path, bank, ports=0, dinstars=(settings(bank),)) as box:
        status, answer = box.call("/v1/channels/box1.0/ussd", "POST", {"code": "*100#"})
        assert status == 200 and answer["text"]


def test_a_kill_while_the_box_sends_loses_nothing_and_doubles_nothing() -> None:
    with running_bank(ports=0, latency=0.05, report_delay=0.3, boxes=[BoxPlan("box1", ports=2)]) as bank, stage() as on:
        box = bank.box("box1")
        table = (
            f'[[dinstar]]\nname = "box1"\nurl = "{box.url}"\npassword = "{box.password}"\nports = "0-1"\n'
            "poll_s = 0.1\ninbox_s = 0.2\nstatus_s = 1.0\n[sending]\nunknown_wait_s = 3600\n"
        )
        gateway = on.gateway(None, extra=table)
        until(lambda: gateway.ready(2), 30, "the ports")
        for kill in range(3):
            gateway.send_all([{"to": f"+491709{kill}{n:03d}", "text": f"out {kill} {n}"} for n in range(15)])
            for n in range(6):
                box.text(ANNA, n % 2, f"in {kill} {n}")
            bank.wait_for("submit", count=kill * 15 + 4, timeout=20)
            gateway.process.kill()
            gateway.process.wait()
            box.text(ANNA, 0, f"while away {kill}")
            again = on.run_gateway(gateway.config, int(gateway.url.rpartition(":")[2]), gateway.key, 2)
            gateway.process, gateway.pid = again.process, again.pid

        def messages(direction: str) -> list[dict[str, Any]]:
            return list(gateway.call(f"/v1/messages?direction={direction}&limit=100")["data"])

        until(lambda: all(message["status"] == "delivered" for message in messages("out")), 60, "every text delivered")
        until(lambda: len(messages("in")) == 21, 20, "every text that came in")
        assert len(messages("out")) == 45
        assert sorted(texts(bank).values()) == [1] * 45
        assert len({message["text"] for message in messages("in")}) == 21


def test_messages_of_a_box_can_be_seen_in_the_list_of_channels(bank: RunningBank, tmp_path: Path) -> None:
    bank.box("box1").sim(1, False)
    with running_gateway(tmp_path, bank, ports=0, dinstars=(settings(bank),), ready=False) as box:
        parked: dict[str, Any] = box.wait_channel("box1.1", "parked")
        assert "no SIM" in parked["reason"]
        assert isinstance(box, Box) and box.wait_channel("box1.0", "ready")


@pytest.mark.parametrize("timeout_s", [6.0, 0.8], ids=["answered in time", "taken for silent"])
def test_a_slow_box_loses_and_doubles_nothing_and_other_channels_go_on_meanwhile(
    bank: RunningBank, tmp_path: Path, timeout_s: float
) -> None:
    pool = PoolSettings("all", ("p0", "box1.0", "box1.1"))
    with running_gateway(tmp_path, bank, ports=1, dinstars=(settings(bank, timeout_s=timeout_s),), pools=(pool,)) as box:
        bank.box("box1").fault("slow", seconds=0, command="send_sms", times=2)
        ids = [box.send(f"+491709{n:04d}", f"text {n}", pool="all") for n in range(8)]
        for public_id in [box.send(f"+491708{n:04d}", f"own {n}", channel="p0") for n in range(4)]:
            box.wait_status(public_id, "delivered")
        assert {entry["port"] for entry in bank.journal(kind="submit")} == {"p0"}, "the box has not even looked at its texts"
        bank.box("box1").release("slow")
        channels = {box.wait_status(public_id, "delivered", seconds=30)["channel"] for public_id in ids}
        assert channels == {"p0", "box1.0", "box1.1"}
    assert sorted(texts(bank).values()) == [1] * 12
