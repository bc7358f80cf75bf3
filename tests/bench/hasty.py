"""The gateway with all of its time running faster: its clock, its waits, its minutes. For hours told in minutes.

    python -m tests.bench.hasty --config F --speed 10 --since SECONDS

Its clock shows the real time at `--since` (seconds since 1970) and runs `--speed` times as fast from there, so that a gateway
that is killed and started again finds itself at the right time.
"""

from __future__ import annotations

import argparse
import asyncio
import selectors
import signal
import time
from pathlib import Path

from gateway.cli.run import prepare_log
from gateway.service import Service
from gateway.settings import load


def shown(real: float, since: float, speed: float) -> float:
    """What the clock shows at a real moment."""
    return since + (real - since) * speed


class HastyClock:
    def __init__(self, since: float, speed: float) -> None:
        self._since = since
        self._speed = speed

    def now(self) -> float:
        return shown(time.time(), self._since, self._speed)

    def monotonic(self) -> float:
        return time.monotonic() * self._speed


class _Selector(selectors.DefaultSelector):
    speed = 1.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        return super().select(timeout / self.speed if timeout else timeout)


class HastyLoop(asyncio.SelectorEventLoop):
    """An event loop to which a second is a fraction of one."""

    def __init__(self, speed: float) -> None:
        selector = _Selector()
        selector.speed = speed
        self._speed = speed
        super().__init__(selector)

    def time(self) -> float:
        return super().time() * self._speed


async def main(path: Path, since: float, speed: float) -> None:
    service = Service(load(path), HastyClock(since, speed))
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, service.stop)
    await service.run()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--speed", type=float, required=True)
    parser.add_argument("--since", type=float, required=True)
    given = parser.parse_args()
    prepare_log("info")
    with asyncio.Runner(loop_factory=lambda: HastyLoop(given.speed)) as runner:
        runner.run(main(given.config, given.since, given.speed))
