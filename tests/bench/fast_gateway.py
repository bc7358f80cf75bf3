"""The gateway with its waits made shorter by a factor, for a simulated day in minutes."""

from __future__ import annotations

import argparse
import asyncio
import signal
from dataclasses import fields, replace
from pathlib import Path

from gateway.cli.run import prepare_log
from gateway.modem.timing import Timing
from gateway.service import Service
from gateway.settings import Settings, load

# Below this a wait measures the scheduler, not the modem.
LEAST_S = 0.25


def hurried(timing: Timing, speed: float, send_s: float) -> Timing:
    shorter = {
        field.name: max(LEAST_S, value / speed)
        for field in fields(timing)
        if isinstance(value := getattr(timing, field.name), float) and field.name not in ("quiet", "retry")
    }
    return replace(timing, **{**shorter, "send": max(1.0, send_s / speed), "quiet": 0.05, "retry": 0.2, "ladder": 0.03})  # type: ignore[arg-type]


def settings(path: Path, speed: float) -> Settings:
    read = load(path)
    sending = replace(
        read.sending,
        retry_first_s=read.sending.retry_first_s / speed,
        retry_longest_s=read.sending.retry_longest_s / speed,
        unknown_wait_s=max(3.0, read.sending.unknown_wait_s / speed),
    )
    often = 10 / speed
    modems = tuple(replace(m, sweep_s=m.sweep_s * often, status_s=m.status_s * often) for m in read.modems)
    return replace(read, sending=sending, modems=modems)


async def main(path: Path, speed: float) -> None:
    service = Service(settings(path, speed), timing=hurried(Timing(), speed, 150.0))
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, service.stop)
    await service.run()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--speed", type=float, required=True)
    given = parser.parse_args()
    prepare_log("info")
    asyncio.run(main(given.config, given.speed))
