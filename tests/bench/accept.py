"""How many texts a second are taken in, each of them on disk before the answer leaves."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from tests.bench.figures import Figure
from tests.bench.stage import Gateway, cpu_seconds, stage


def load(gateway: Gateway, *options: str) -> dict[str, Any]:
    """Run the load generator in a process of its own."""
    command = [sys.executable, "-m", "tests.bench.load", gateway.url, gateway.key, *options]
    found: dict[str, Any] = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert set(found["statuses"]) == {"202"}, found
    return found


def accept() -> list[Figure]:
    with stage() as on:
        gateway = on.gateway(None)
        load(gateway, "--seconds", "1")
        before = cpu_seconds(gateway.pid)
        single = load(gateway, "--seconds", "6")
        cost = (cpu_seconds(gateway.pid) - before) / (single["requests_per_s"] * 6) * 1000
    with stage() as on:
        gateway = on.gateway(None)
        load(gateway, "--seconds", "1", "--batch", "100")
        batch = load(gateway, "--seconds", "6", "--batch", "100")
    return [
        Figure("accept, durable, 8 keep-alive clients", single["requests_per_s"], ">=", 1200, "requests/s"),
        Figure("… p99", single["p99_ms"], "<=", 30, "ms", f"p50 {single['p50_ms']} ms"),
        Figure("accept, batches of 100", batch["texts_per_s"], ">=", 8000, "texts/s"),
        Figure("CPU per 1,000 texts: accept", cost, "<=", 0.8, "s", "one POST for each text"),
    ]
