"""`kill -9` at any moment: what was accepted is there, what is held is not repeated, what came in comes once.

The gateway is a process of its own, started and killed as the kernel kills. `make bench` does the same ten times with more texts.
"""

from __future__ import annotations

import random
import threading
from collections import Counter

import pytest

from tests.bench.stage import Gateway, Stage, stage, until

pytestmark = pytest.mark.slow

PORTS = 3
OUT = 60
IN = 30


def kill_and_restart(on: Stage, gateway: Gateway, channels: int) -> None:
    gateway.process.kill()
    gateway.process.wait()
    again = on.run_gateway(gateway.config, int(gateway.url.rpartition(":")[2]), gateway.key, channels)
    gateway.process, gateway.pid = again.process, again.pid


def test_what_was_answered_with_202_is_there_after_a_kill() -> None:
    with stage() as on:
        gateway = on.gateway(None)
        ids = [
            gateway.call("/v1/messages", "POST", {"to": f"+49170{n:07d}", "text": f"kept {n}", "client_ref": f"order {n}"})["id"]
            for n in range(20)
        ]
        kill_and_restart(on, gateway, 0)
        found = [gateway.call(f"/v1/messages/{public_id}") for public_id in ids]
        assert [(message["status"], message["client_ref"]) for message in found] == [("queued", f"order {n}") for n in range(20)]


@pytest.mark.parametrize("seed", [1, 2])
def test_kills_while_texts_go_out_and_come_in_lose_nothing_and_double_nothing(seed: int) -> None:
    chance = random.Random(seed)
    pause = threading.Event()
    with stage() as on:
        bank = on.bank(PORTS, latency="0.02-0.1", report_delay="0.3")
        receiver = on.receiver()
        gateway = on.gateway(bank, webhook=receiver.hook, events=["message.received"])
        ids: list[str] = []
        for kill in range(3):
            for n in range(kill * OUT // 3, (kill + 1) * OUT // 3):
                ids += gateway.send_all([{"to": f"+49170{n:07d}", "text": f"out {n}", "on_unknown": "hold"}])
            for n in range(kill * IN // 3, (kill + 1) * IN // 3):
                bank.control("/text", {"from": f"+49172{n:07d}", "to": f"p{n % PORTS}", "text": f"in {n}"})
            pause.wait(chance.uniform(0.0, 0.4))
            kill_and_restart(on, gateway, PORTS)

        def idle() -> bool:
            waiting = (gateway.call(f"/v1/messages?status={s}&limit=1")["data"] for s in ("queued", "sending"))
            return not any(waiting)

        until(idle, 60, "the queue to empty")
        until(lambda: len({e["body"]["data"]["text"] for e in receiver.events()}) == IN, 30, "all incoming texts")

        at_network = Counter(entry["text"] for entry in bank.journal("submit"))
        statuses = {n: gateway.call(f"/v1/messages/{public_id}")["status"] for n, public_id in enumerate(ids)}
        assert {text: count for text, count in at_network.items() if count > 1} == {}
        assert [n for n, status in statuses.items() if at_network[f"out {n}"] == 0 and status != "unknown"] == []
        handed_over = {event["body"]["data"]["id"]: event["body"]["data"]["text"] for event in receiver.events()}
        assert sorted(handed_over.values()) == sorted(f"in {n}" for n in range(IN))
