"""Keeps Python's collections of garbage short: they hold up every text while they last."""

from __future__ import annotations

import asyncio
import gc

# By then everything is built. Texts from before the restart may be on their way already; they are held up this once.
SETTLED_AFTER_S = 2.0


def keep_short(loop: asyncio.AbstractEventLoop) -> None:
    """Once the service has settled."""
    loop.call_later(SETTLED_AFTER_S, _set_aside_what_stays)


def _set_aside_what_stays() -> None:
    """Python looks through all that was ever made whenever enough of it is new, and holds up every text for 50 to 90 ms meanwhile.
    What is there once everything runs will stay, and need not be looked at again.
    """
    gc.collect()
    gc.freeze()
