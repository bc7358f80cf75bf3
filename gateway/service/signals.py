"""Serves until a signal ends it, and lets signals stop and resume all channels. Knows nothing of how the service does it."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable

from gateway.service import garbage
from gateway.service.serving import Service
from gateway.settings import Settings


def run(settings: Settings) -> None:
    """Serve until SIGINT or SIGTERM."""
    asyncio.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    service = Service(settings)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, service.stop)
    fitness = service.fitness
    orders = {signal.SIGUSR1: fitness.pause_all, signal.SIGUSR2: fitness.resume_all, signal.SIGRTMIN: fitness.drain_all}
    for number, order in orders.items():
        loop.add_signal_handler(number, _obey, loop, order)
    garbage.keep_short(loop)
    await service.run()


def _obey(loop: asyncio.AbstractEventLoop, order: Callable[[str], None]) -> None:
    """In a thread: orders wait for their commit."""
    loop.run_in_executor(None, order, "a signal")
