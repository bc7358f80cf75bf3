"""From the notification at the modem to the webhook at the PBX, with the text committed in between."""

from __future__ import annotations

import time

from tests.bench.figures import Figure
from tests.bench.stage import Bank, Receiver, stage, until

SINGLES = 100
BURST = 100


def inbound() -> list[Figure]:
    with stage() as on:
        bank = on.bank(4)
        receiver = on.receiver()
        on.gateway(bank, webhook=receiver.hook, events=["message.received"])
        delays = sorted(_single(bank, receiver, at) for at in range(SINGLES))
        one = _burst(bank, receiver, ["p0"])
        four = _burst(bank, receiver, ["p0", "p1", "p2", "p3"])
    p50, p99 = delays[len(delays) // 2], delays[int(len(delays) * 0.99)]
    return [
        Figure("in: notification to webhook, p50", p50 * 1000, "<=", 10, "ms", f"p99 {p99 * 1000:.1f} ms"),
        Figure("in: a burst of 100 on 4 ports", four, "<=", 0.5, "s"),
        Figure("in: a burst of 100 on one port", one, "<=", 0.5, "s"),
    ]


def _single(bank: Bank, receiver: Receiver, number: int) -> float:
    """One text on a quiet gateway."""
    count = receiver.count()
    began = time.time()
    bank.control("/text", {"from": f"+49171{number:07d}", "to": f"p{number % 4}", "text": f"in {number}"})
    until(lambda: receiver.count() > count, 10, "the webhook", pause=0.002)
    return receiver.events()[-1]["at"] - began


def _burst(bank: Bank, receiver: Receiver, ports: list[str]) -> float:
    count = receiver.count()
    began = time.time()
    for number in range(BURST):
        bank.control("/text", {"from": f"+49172{number:07d}", "to": ports[number % len(ports)], "text": f"burst {number}"})
    until(lambda: receiver.count() >= count + BURST, 30, "the webhooks of the burst")
    return receiver.events()[count + BURST - 1]["at"] - began
