"""What 64 ports cost while nothing happens."""

from __future__ import annotations

import time

from tests.bench.figures import Figure
from tests.bench.stage import cpu_seconds, resident_mb, stage

WATCHED_S = 60.0


def idle() -> list[Figure]:
    with stage() as on:
        bank = on.bank(64)
        gateway = on.gateway(bank)
        time.sleep(5)
        before = cpu_seconds(gateway.pid)
        time.sleep(WATCHED_S)
        cpu = (cpu_seconds(gateway.pid) - before) / WATCHED_S * 100
        memory = resident_mb(gateway.pid)
    return [
        Figure("idle, 64 ports", cpu, "<=", 2, "% of one core", f"over {WATCHED_S:.0f} s, status and sweeps included"),
        Figure("idle, 64 ports, resident memory", memory, "<=", 90, "MB"),
    ]
