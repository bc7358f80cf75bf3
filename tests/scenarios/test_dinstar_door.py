"""A simrack whose box is another simrack: texts go out through its Dinstar door, and results, reports and answers come back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from requests.auth import HTTPDigestAuth

from gateway.core.keys import Keys
from gateway.settings import DinstarSettings, DoorsSettings
from simulator.testing import RunningBank, running_bank
from tests.scenarios.box import PATIENCE_S, Box, running_gateway

pytestmark = pytest.mark.slow

ANNA, BERT = "+491709900001", "+491709900002"
QUICK: dict[str, Any] = {"poll_s": 0.05, "inbox_s": 0.2, "status_s": 0.2, "timeout_s": 5.0}


@dataclass(frozen=True)
class Back:
    box: Box
    password: str

    def asked(self, call: str, content: object = None) -> dict[str, Any]:
        method = "GET" if content is None else "POST"
        login = HTTPDigestAuth("front", self.password)
        return dict(requests.request(method, f"{self.box.url}/api/{call}", json=content, auth=login, timeout=PATIENCE_S).json())


@pytest.fixture
def bank() -> Iterator[RunningBank]:
    with running_bank(2) as running:
        yield running


@pytest.fixture
def back(bank: RunningBank, tmp_path: Path) -> Iterator[Back]:
    (tmp_path / "back").mkdir()
    with running_gateway(tmp_path / "back", bank, 2, doors=DoorsSettings(open=("dinstar",))) as box:
        keys = Keys(box.service.store, box.service.clock)
        keys.add("front", ["send", "read"])
        yield Back(box, keys.add_dinstar("front")[1])


@contextmanager
def fronted(back: Back, folder: Path, **given: Any) -> Iterator[Box]:
    (folder / "front").mkdir()
    settings = DinstarSettings("box1", back.box.url, user="front", password=back.password, ports="0-1", **(QUICK | given))
    with running_gateway(folder / "front", None, 0, dinstars=(settings,)) as box:
        for port in (0, 1):
            box.wait_channel(f"box1.{port}", "ready")
        yield box


def test_a_text_is_delivered_and_its_answer_comes_back(bank: RunningBank, back: Back, tmp_path: Path) -> None:
    bank.handset(ANNA, "echo")
    with fronted(back, tmp_path) as front:
        message = front.wait_status(front.send(ANNA, "hällo 😀"), "delivered")
        port = int(message["channel"].removeprefix("box1."))
        (answer,) = front.wait(front.received, "the echo")
        assert (answer["from"], answer["text"], answer["channel"]) == (ANNA, "echo: hällo 😀", message["channel"])
        (theirs,) = back.box.call("/v1/messages?direction=out")[1]["data"]
        assert (theirs["status"], theirs["channel"], theirs["reference"]) == ("delivered", f"p{port}", message["reference"])
        channel = front.wait_channel("box1.0", "ready")
        assert channel["iccid"] == back.box.wait_channel("p0", "ready")["iccid"]


def test_a_long_text_goes_whole_and_leaves_in_parts(bank: RunningBank, back: Back, tmp_path: Path) -> None:
    words = "".join(f"{n:04d} " for n in range(80))
    with fronted(back, tmp_path) as front:
        front.wait_status(front.send(BERT, words), "delivered")
    (shown,) = back.asked("query_sms_result", {"number": [BERT]})["result"]
    assert (shown["status"], shown["count"], shown["succ_count"]) == ("DELIVERED", 3, 3)
    assert [one["status_code"] for one in back.asked("query_sms_deliver_status", {"number": [BERT]})["result"]] == [0, 0, 0]
    assert bank.journal(kind="text", to=BERT)[-1]["text"] == words


def test_many_texts_arrive_once_each(bank: RunningBank, back: Back, tmp_path: Path) -> None:
    with fronted(back, tmp_path) as front:
        ids = [front.send(f"+4917099{n:05d}", f"text {n}") for n in range(30)]
        for public_id in ids:
            front.wait_status(public_id, "delivered")
    assert sorted(entry["text"] for entry in bank.journal(kind="submit")) == sorted(f"text {n}" for n in range(30))


def test_what_comes_in_and_what_was_reported_is_pushed(bank: RunningBank, back: Back, tmp_path: Path) -> None:
    with fronted(back, tmp_path, inbox_s=3600.0, push_from=("127.0.0.1",)) as front:
        wanted = {"url": f"{front.url}/push/dinstar/box1", "events": ["*"], "format": "dinstar-push"}
        status, made = back.box.call("/v1/webhooks", "POST", wanted)
        assert status == 201, made
        for n in range(4):
            bank.text(ANNA, f"p{n % 2}", f"OK {n}")
            # Two ports would be read at the same time, and nobody knows which is first.
            front.wait(lambda n=n: len(front.received()) == n + 1, f"text {n}")
        front.wait_status(front.send(BERT, "hello"), "delivered")
        history = f"/v1/webhooks/{made['id']}/deliveries"

        def posted() -> bool:
            states = {one["state"] for one in back.box.call(history)[1]["data"]}
            return states == {"accepted"}

        back.box.wait(posted, "every push accepted")
        assert [one["text"] for one in back.asked("query_incoming_sms?flag=unread")["sms"]] == [f"OK {n}" for n in range(4)]


def test_a_text_for_a_port_whose_sim_is_gone_waits_there_and_is_unknown_to_nobody(
    bank: RunningBank, back: Back, tmp_path: Path
) -> None:
    with fronted(back, tmp_path) as front:
        back.box.call("/v1/channels/p1/pause", "POST", {"reason": "a test"})
        public_id = front.send(ANNA, "later", channel="box1.1")
        back.box.wait(lambda: back.asked("query_sms_in_queue")["in_queue"] == 1, "it waits")
        assert [one["status"] for one in back.asked("query_sms_result", {"number": [ANNA]})["result"]] == ["SENDING"]
        back.box.call("/v1/channels/p1/resume", "POST", {"reason": "a test"})
        front.wait_status(public_id, "delivered")
