"""What network boxes and the store tell each other, and the way of what a box pushes from a web thread to the loop."""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from gateway.clock import Clock
from gateway.errors import LinkLost, NotFound
from gateway.records import Unanswered
from gateway.store import Store, boxes

# Attempts that a box is asked about after a start: it forgets older ones itself.
_SINCE_S = 3 * 86_400.0
_MOST = 5000

_PATIENCE_S = 20.0

Take = Callable[[Mapping[str, Any]], Awaitable[None]]


class BoxRows:
    """The rows of boxes, as boxes ask for them."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def mark(self, box: str, sn: str) -> tuple[int, str] | None:
        return self._store.read(lambda db: boxes.mark(db, box, sn))

    async def set_mark(self, box: str, sn: str, number: int, digest: str) -> None:
        await self._store.writer.arun(lambda db: boxes.set_mark(db, box, sn, number, digest))

    async def unanswered(self, channels: Sequence[str]) -> Sequence[Unanswered]:
        since = self._clock.now() - _SINCE_S
        return self._store.read(lambda db: boxes.unanswered(db, channels, since, _MOST))

    async def unreported(self, channels: Sequence[str]) -> Sequence[Unanswered]:
        since = self._clock.now() - _SINCE_S
        return self._store.read(lambda db: boxes.unreported(db, channels, since, _MOST))


class Pushes:
    """`takers` by the names of boxes; each returns when what it was given is committed. `callers` bounds the waiting threads."""

    def __init__(self, takers: Mapping[str, Take], callers: int) -> None:
        self._takers = takers
        self._loop = asyncio.get_running_loop()
        self._room = threading.BoundedSemaphore(callers)

    def take(self, box: str, document: Mapping[str, Any]) -> None:
        """From a thread. Raises NotFound, BadValue, LinkLost, StorageFull; the box still has what it told."""
        taker = self._takers.get(box)
        if taker is None:
            raise NotFound(f"there is no box {box}")
        if not self._room.acquire(blocking=False):
            raise LinkLost("as many boxes as may be are telling something")

        async def take() -> None:
            await taker(document)

        try:
            taken = asyncio.run_coroutine_threadsafe(take(), self._loop)
            try:
                taken.result(_PATIENCE_S)
            except concurrent.futures.CancelledError as fault:
                raise LinkLost("the gateway is stopping") from fault
            except TimeoutError as fault:
                taken.cancel()
                raise LinkLost("it could not be committed in time") from fault
        finally:
            self._room.release()
