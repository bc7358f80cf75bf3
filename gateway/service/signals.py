"""Serves until a signal ends it, lets signals stop and resume all channels, and keeps Python's own housekeeping short. Knows
nothing of how the service does it.
"""

from __future__ import annotations

import asyncio
import gc
import signal
from collections.abc import Callable

from gateway.service.serving import Service
from gateway.settings import Settings

# By then everything is built, and modems are still starting: no text waits.
SETTLED_AFTER_S = 2.0


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
    loop.call_later(SETTLED_AFTER_S, _set_aside_what_stays)
    await service.run()


def _obey(loop: asyncio.AbstractEventLoop, order: Callable[[str], None]) -> None:
    """In a thread: orders wait for their commit."""
    loop.run_in_executor(None, order, "a signal")


def _set_aside_what_stays() -> None:
    """Python looks through all that was ever made whenever enough of it is new, and holds up every text for 50 to 90 ms meanwhile.
    What is there once everything runs will stay, and need not be looked at again.
    """
    gc.collect()
    gc.freeze()
