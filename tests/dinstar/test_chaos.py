"""Many texts through a box in which everything goes wrong by a seed: no text twice, and no outcome that is not so."""

from __future__ import annotations

import asyncio
import random

import pytest

from gateway.records import Outcome, Refused, Sent, Unknown
from simulator.dinstar.plan import BoxPlan
from simulator.testing import running_bank
from tests.dinstar.stage import gateway, patient, story, text

TEXTS, PORTS = 60, 3
REQUESTS = ("lost-reply", "lost-request", "garbage", "truncated", "http-error", "error-code", "stale-nonce")


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
@story
async def test_whatever_goes_wrong_each_text_goes_at_most_once_and_its_outcome_is_true(seed: int) -> None:
    chance = random.Random(seed)
    plan = BoxPlan("box1", ports=PORTS, nonce_once=chance.random() < 0.3, close=chance.random() < 0.3)
    with running_bank(ports=0, latency=0.01, boxes=[plan]) as bank:
        box = bank.box("box1")
        async with gateway(box.url, timing=patient(send=3.0), ports=f"0-{PORTS - 1}", timeout_s=0.5, reset_after_s=0) as stage:
            await stage.ready(*range(PORTS))
            for name in REQUESTS:
                box.fault(name, command="" if chance.random() < 0.5 else "send_sms", chance=0.06, times=100)
            for name in ("fail", "false-failed", "no-result"):
                box.fault(name, chance=0.05, times=100)
            incoming = [f"in {number}" for number in range(20)]

            async def one_port(port: int) -> dict[int, Outcome]:
                outcomes = {}
                for number in range(port, TEXTS, PORTS):
                    if number == TEXTS // 2:
                        box.fault("restart", seconds=0.1)
                    if number < len(incoming):
                        box.text("+4917055555", port, incoming[number])
                    await stage.ready(port)
                    outcomes[number + 1] = await stage.send(text(number + 1, f"+491709{number:04d}", f"text {number}"), port)
                return outcomes

            outcomes = {}
            for found in await asyncio.gather(*(one_port(port) for port in range(PORTS))):
                outcomes |= found
            box.release()
            await stage.until(lambda: sorted(stage.texts()) == sorted(incoming))
            went = [entry["text"] for entry in bank.journal(kind="submit")]
            assert len(went) == len(set(went))
            for attempt, outcome in outcomes.items():
                if isinstance(outcome, Sent):
                    assert f"text {attempt - 1}" in went
                elif isinstance(outcome, Refused):
                    assert f"text {attempt - 1}" not in went, outcome
            assert sum(isinstance(outcome, Sent) for outcome in outcomes.values()) > TEXTS // 4
            unknown = {attempt for attempt, outcome in outcomes.items() if isinstance(outcome, Unknown)}
            assert {attempt for attempt, _ in stage.late} <= unknown
            assert all(f"text {attempt - 1}" in went for attempt, _ in stage.late)
            assert all(f"text {attempt - 1}" not in went for attempt, _ in stage.refused_late)
