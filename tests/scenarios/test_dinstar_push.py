"""What a simulated box pushes of its own accord, at the door of a gateway that hardly asks here and learns it all the same."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from gateway.settings import DinstarSettings
from simulator.dinstar.plan import BoxPlan
from simulator.testing import RunningBank, RunningBox, running_bank
from tests.scenarios.box import Box, running_gateway

pytestmark = pytest.mark.slow

ANNA = "+4917099001"
NEVER_S = 3600.0


@contextmanager
def told_by_push(folder: Path, **given: Any) -> Iterator[tuple[RunningBank, RunningBox, Box]]:
    with running_bank(ports=0, boxes=[BoxPlan("box1", ports=2)]) as bank:
        there = bank.box("box1")
        asked = {"poll_s": 0.05, "inbox_s": NEVER_S, "status_s": NEVER_S, "timeout_s": 2.0, "push_from": ("127.0.0.1",)} | given
        one = DinstarSettings("box1", there.url, there.user, there.password, "0-1", **asked)
        with running_gateway(folder, bank, ports=0, dinstars=(one,)) as box:
            there.change(push_url=f"{box.url}/push/dinstar/box1")
            yield bank, there, box


def pushed(bank: RunningBank, what: str, count: int = 1) -> None:
    """The box told so many of this kind, and each was taken."""
    found = bank.wait_for("push", count=count, what=what)
    assert [entry["status"] for entry in found] == [200] * count


def test_results_and_reports_that_are_pushed_need_no_asking(tmp_path: Path) -> None:
    with told_by_push(tmp_path, poll_s=NEVER_S) as (bank, there, box):
        bank.network(latency=0.2)  # when the box is asked at once, it does not know yet
        message = box.wait_status(box.send(ANNA, "hello"), "delivered")
        pushed(bank, "sms_result")
        pushed(bank, "sms_deliver_status")
        assert message["attempts"][0]["outcome"] == "sent"
        asked = there.state()["requests"]
        assert asked.get("query_sms_result", 0) <= 1 and "query_sms_deliver_status" not in asked


def test_an_answer_to_a_service_code_that_is_pushed_is_shown_when_asking_brings_none(tmp_path: Path) -> None:
    with told_by_push(tmp_path) as (bank, there, box):
        there.fault("error-code", command="query_ussd_reply", code=500, times=1000)
        status, answer = box.call("/v1/channels/box1.1/ussd", "POST", {"code": "*135#"})
        pushed(bank, "ussd")
        assert status == 200 and answer["text"] == there.number(1)


def test_a_port_that_loses_the_network_is_known_at_once_when_the_box_tells_it(tmp_path: Path) -> None:
    with told_by_push(tmp_path) as (bank, there, box):
        there.registration(1, 0)
        box.wait_channel("box1.1", "unregistered")
        pushed(bank, "register")
        there.registration(1, 1)
        box.wait_channel("box1.1", "ready")
        assert box.call("/v1/channels/box1.0")[1]["state"] == "ready"


def test_a_box_that_says_it_started_or_that_a_port_misbehaved_is_asked_how_its_ports_are(tmp_path: Path) -> None:
    with told_by_push(tmp_path) as (bank, there, box):
        for what, happens in (
            ("exception_info", lambda: there.fault("exception", port=1)),
            ("device", lambda: there.fault("restart", seconds=0)),
        ):
            before = there.state()["requests"]["get_port_info"]
            happens()
            pushed(bank, what)
            box.wait(lambda before=before: there.state()["requests"]["get_port_info"] > before, f"a look after {what}")
        box.wait_channel("box1.1", "ready")
        box.wait_status(box.send(ANNA, "it goes on"), "delivered")


def test_a_push_of_a_kind_that_nobody_knows_is_taken_and_changes_nothing(tmp_path: Path) -> None:
    with told_by_push(tmp_path) as (_, there, box):
        before = there.state()["requests"]
        for told in ({"sn": there.sn, "call_event": [{"port": 0}]}, {"sn": there.sn}, {"sn": there.sn, "register": "nonsense"}):
            assert box.call("/push/dinstar/box1", "POST", told)[0] == 200
        assert there.state()["requests"].keys() == before.keys()
        box.wait_status(box.send(ANNA, "it goes on"), "delivered")
