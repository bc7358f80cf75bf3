"""Gathers the submits that wait on all binds into one commit after the other: the slow part of a commit is paid once for all."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from gateway.core.submitting import Submission
from gateway.errors import SimrackError

log = logging.getLogger("simrack.smpp")

T = TypeVar("T")
Taken = str | Exception

_MOST_AT_ONCE = 500


class Collector:
    """`take` may block; it and whatever is given to `call` run in one thread, one after the other."""

    def __init__(self, take: Callable[[Sequence[Submission]], Sequence[str | SimrackError]]) -> None:
        self._take = take
        self._waiting: deque[tuple[Submission, asyncio.Future[Taken]]] = deque()
        self._news = asyncio.Event()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="smpp")

    def put(self, submission: Submission) -> asyncio.Future[Taken]:
        """The id that the text was given, once it is on disk, or why it was not taken."""
        future: asyncio.Future[Taken] = asyncio.get_running_loop().create_future()
        self._waiting.append((submission, future))
        self._news.set()
        return future

    async def call(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def run(self) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            while self._waiting:
                some = [self._waiting.popleft() for _ in range(min(len(self._waiting), _MOST_AT_ONCE))]
                taken: Sequence[Taken]
                try:
                    taken = await self.call(partial(self._take, [submission for submission, _ in some]))
                except Exception as fault:  # the one broad net of this loop; those who wait are told
                    log.error("%d submits could not be taken: %s", len(some), fault, exc_info=not isinstance(fault, SimrackError))
                    taken = [fault] * len(some)
                for (_, future), one in zip(some, taken, strict=True):
                    if not future.done():
                        future.set_result(one)

    def close(self) -> None:
        self._thread.shutdown(wait=True)
