"""CPU of the gateway per 1,000 texts sent and reported, from the operating system's accounting."""

from __future__ import annotations

import time

from tests.bench.figures import Figure
from tests.bench.out import texts
from tests.bench.stage import cpu_seconds, stage, until

COUNT = 3000
WARM = 500


def cost() -> list[Figure]:
    """The reports come only when all texts are out, so that the two are counted apart."""
    with stage() as on:
        bank = on.bank(32, latency="0.1", report_delay="20")
        receiver = on.receiver()
        gateway = on.gateway(bank, webhook=receiver.hook, events=["message.delivered"])
        gateway.send_all([{**text, "report": True} for text in texts(COUNT)], at_once=COUNT // 5)
        began = len(bank.wait_for("submit", WARM, 60))
        before = cpu_seconds(gateway.pid)
        bank.wait_for("submit", COUNT, 60)
        until(lambda: not gateway.call("/v1/messages?status=sending&limit=1")["data"], 20, "all texts recorded as sent")
        send = (cpu_seconds(gateway.pid) - before) / (COUNT - began) * 1000
        early = receiver.count()
        before = cpu_seconds(gateway.pid)
        until(lambda: receiver.count() >= COUNT, 90, "all webhooks", pause=0.5)
        time.sleep(0.5)
        report = (cpu_seconds(gateway.pid) - before) / (COUNT - early) * 1000
    return [
        Figure("CPU per 1,000 texts: send", send, "<=", 0.8, "s"),
        Figure("CPU per 1,000 texts: report with its webhook", report, "<=", 1.2, "s"),
    ]
