"""Whole gateways under an adversary: repeated requests, odd texts, a database somebody else holds."""

from __future__ import annotations

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from gateway.settings import SendingSettings
from simulator.testing import running_bank
from tests.receiver import Receiver
from tests.scenarios.box import Box, PassingClock, running_gateway

pytestmark = pytest.mark.slow

HANDSET = "+491709900001"


def listed(box: Box) -> list[dict[str, Any]]:
    return list(box.call("/v1/messages?direction=out&limit=100")[1]["data"])


def test_a_request_repeated_after_its_time_is_over_is_answered_as_it_was(tmp_path: Path) -> None:
    clock = PassingClock()
    with running_bank(1) as bank, running_gateway(tmp_path, bank, clock=clock) as box:
        bank.unplug("p0")
        box.wait_channel("p0", "lost")
        body = {"to": HANDSET, "text": "once", "expires_at": clock.in_(3600)}
        status, first = box.call("/v1/messages", "POST", body, Idempotency_Key="order-1")
        assert status == 202
        box.time_passes(clock, 3601)
        box.wait_status(first["id"], "expired")

        status, again = box.call("/v1/messages", "POST", body, Idempotency_Key="order-1")
        assert (status, again["id"], again["status"]) == (202, first["id"], "expired")
        assert len(listed(box)) == 1


def test_one_request_from_many_threads_at_once_is_one_message(tmp_path: Path) -> None:
    with running_bank(1) as bank, running_gateway(tmp_path, bank) as box, ThreadPoolExecutor(8) as threads:
        start = threading.Barrier(8)

        def post(_: int) -> tuple[int, Any]:
            start.wait(10)
            return box.call("/v1/messages", "POST", {"to": HANDSET, "text": "once"}, Idempotency_Key="order-2")

        answers = list(threads.map(post, range(8)))
        assert {status for status, _ in answers} == {202}
        assert len({message["id"] for _, message in answers}) == 1
        box.wait_status(answers[0][1]["id"], "delivered")
        assert len(bank.journal(kind="submit")) == 1


def test_one_bad_entry_among_a_thousand_leaves_nothing_behind(tmp_path: Path) -> None:
    with running_gateway(tmp_path) as box:
        batch = [{"to": f"+4917099{n:05d}", "text": f"text {n}"} for n in range(1000)]
        batch[713]["to"] = "nobody"
        status, problem = box.call("/v1/messages/batch", "POST", {"messages": batch}, Idempotency_Key="batch")
        assert (status, problem["errors"][0]["pointer"]) == (422, "/messages/713/to")
        assert listed(box) == []

        batch[713]["to"] = HANDSET
        assert box.call("/v1/messages/batch", "POST", {"messages": batch}, Idempotency_Key="batch")[0] == 202


ODD = {
    "right to left": "\u202eright to left\u202c \u05e9\u05dc\u05d5\u05dd",
    "last of all": "e\u0301 \ufeff\ufffe \U0010ffff",
    "escape": "\x1b\x0c€{}\r\n",
    "joined": "\U0001f3f3\ufe0f\u200d\U0001f308" * 30,
}


@pytest.mark.parametrize("text", ODD.values(), ids=ODD)
def test_an_odd_text_comes_back_from_the_api_the_air_and_the_webhook_as_it_was(tmp_path: Path, text: str) -> None:
    with (
        running_bank(2) as bank,
        Receiver() as pbx,
        running_gateway(tmp_path, bank, 2, webhook=pbx.url, events=["message.received"]) as box,
    ):
        sent = box.send(bank.number("p1"), text, channel="p0")
        assert box.wait_status(sent, "sent", "delivered")["text"] == text
        (received,) = box.wait(box.received, "the text")
        (event,) = pbx.wait_for(1)
        assert received["text"] == event.data["text"] == text


def test_while_another_program_holds_the_database_nothing_is_lost_and_no_channel_falls(tmp_path: Path) -> None:
    quick = SendingSettings(retry_first_s=0.1)
    with running_bank(2) as bank, running_gateway(tmp_path, bank, 2, sending=quick, modem={"sweep_s": 1.0}) as box:
        box.service.store.writer.run(lambda db: db.execute_sql("PRAGMA busy_timeout = 100").fetchall())
        with closing(sqlite3.connect(tmp_path / "simrack.db", isolation_level=None)) as other:
            bank.network(latency=1.0)
            sent = [box.send(f"+49170990000{n}", f"text {n}", channel=f"p{n % 2}") for n in range(4)]
            box.wait(lambda: all(box.message(public_id)["status"] != "queued" for public_id in sent[:2]), "a text from each port")
            other.execute("BEGIN IMMEDIATE")
            bank.text(HANDSET, "p0", "while it is held")
            refused, problem = box.call("/v1/messages", "POST", {"to": HANDSET, "text": "not now"})
            assert refused == 503, problem
            bank.wait_for("submit", 2, timeout=20)
            assert box.received() == []
            other.execute("ROLLBACK")

        for public_id in sent:
            box.wait_status(public_id, "delivered")
        (received,) = box.wait(box.received, "the text that came meanwhile")
        assert received["text"] == "while it is held"
        assert sorted(entry["text"] for entry in bank.journal(kind="submit")) == [f"text {n}" for n in range(4)]
        assert {channel["state"] for channel in box.call("/v1/channels")[1]["data"]} == {"ready"}


def test_a_report_that_comes_after_its_message_expired_does_not_stop_the_texts_behind_it(tmp_path: Path) -> None:
    slow, clock = SendingSettings(retry_first_s=7200.0), PassingClock()
    with running_bank(2) as bank, running_gateway(tmp_path, bank, sending=slow, clock=clock) as box:
        bank.unplug("p1")  # the recipient's phone is off: there is nothing to report
        bank.fault("p0", "refuse", code=42, nth=2)
        long = box.send(bank.number("p1"), "a text of two parts " * 10, expires_at=clock.in_(3600))
        box.wait(lambda: len(box.message(long)["attempts"]) == 2 and box.message(long)["status"] == "queued", "the refusal")
        box.time_passes(clock, 3601)
        box.wait_status(long, "expired")
        bank.plug("p1")
        bank.wait_for("report")
        bank.text(HANDSET, "p0", "behind the report")

        (received,) = box.wait(box.received, "the text behind the report")
        assert received["text"] == "behind the report"
        assert box.message(long)["status"] == "expired"
        box.wait(lambda: reports_kept(box) == 1, "the report")


def reports_kept(box: Box) -> int:
    return int(box.service.store.read(lambda db: db.execute_sql("SELECT count(*) FROM reports").fetchone()[0]))
