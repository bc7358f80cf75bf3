"""One story that every fault is put through: texts go out and come in around it, then the port is asked for one more."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gateway.modem.timing import Timing
from gateway.settings import SendingSettings
from simulator.testing import running_bank
from tests.scenarios.box import Box, running_gateway

HANDSET = "+491709900001"
# The driver's waits, short enough for a story and long enough for a loaded machine.
QUICK = replace(
    Timing(),
    wake=0.5,
    command=1.5,
    slow_command=3.0,
    prompt=1.5,
    send=2.5,
    quiet=0.05,
    retry=0.3,
    ladder=0.15,
    reset=0.3,
    dtr=0.2,
    quarantine=10.0,
    last_word=3.0,
    busy_pause=0.1,
    keep_again=0.3,
)
SENDING = SendingSettings(retry_first_s=0.5, unknown_wait_s=6.0)
# How a fault is armed where its own defaults would last for ever or never strike here.
OPTIONS: dict[str, dict[str, Any]] = {
    "silence": {"seconds": 2.0},
    "mute": {"seconds": 2.0},
    "hang": {"seconds": 2.0},
    "late-ok": {"seconds": 1.5},
    "late-prompt": {"seconds": 1.0},
    "slow-line": {"seconds": 2.0, "rate": 2000.0},
    "power-down": {"seconds": 1.0},
    "unplug-in-send": {"seconds": 1.0},
    "sim-removed": {"seconds": 1.5},
    "sim-full": {"seconds": 2.0},
}


@dataclass(frozen=True)
class Aftermath:
    """What a fault left: texts lost or doubled, and how long the port took from the end of the fault to serve again."""

    lost: list[str]
    doubled: list[str]
    missing: list[str]
    twice: list[str]
    back_after_s: float


def go_through(fault: str, folder: Path) -> Aftermath:
    """Two texts out and two in around the fault, all over one port; then one more each way."""
    with (
        running_bank(1, report_delay=0.2, redeliver_after=0.3) as bank,
        running_gateway(folder, bank, sending=SENDING, timing=QUICK, modem={"sweep_s": 1.0, "status_s": 1.0}) as box,
    ):
        options = OPTIONS.get(fault, {})
        bank.text(HANDSET, "p0", "in before")
        bank.fault("p0", fault, **options)
        began = time.monotonic()
        ids = {text: box.send(f"+4917099{n:05d}", text, on_unknown="hold") for n, text in enumerate(("out 1", "out 2"))}
        bank.text(HANDSET, "p0", "in during")
        box.wait(lambda: _settled(box, ids), "the texts sent during the fault to settle", 60)
        ended = max(began + float(options.get("seconds", 0.0)), time.monotonic())
        bank.release("p0", fault)
        ids["out after"] = box.send("+491709909999", "out after", on_unknown="hold")
        box.wait_status(ids["out after"], "sent", "delivered", seconds=60)
        back = time.monotonic() - ended
        bank.text(HANDSET, "p0", "in after")
        wanted = {"in before", "in during", "in after"}
        box.wait(lambda: {message["text"] for message in box.received()} >= wanted, "every incoming text", 60)
        at_network = Counter(entry["text"] for entry in bank.journal(kind="submit"))
        came = Counter(message["text"] for message in box.received() if message["text"] in wanted)
        statuses = {text: box.message(public_id)["status"] for text, public_id in ids.items()}
    return Aftermath(
        lost=[text for text, status in statuses.items() if not at_network[text] and status != "unknown"],
        doubled=[text for text, count in at_network.items() if count > 1],
        missing=[text for text in wanted if not came[text]],
        twice=[text for text, count in came.items() if count > 1],
        back_after_s=back,
    )


def _settled(box: Box, ids: dict[str, str]) -> bool:
    return all(box.message(public_id)["status"] in ("sent", "delivered", "unknown") for public_id in ids.values())
