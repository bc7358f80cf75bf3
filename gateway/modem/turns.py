"""Whose turn it is on the line. Sends and service commands (fetching, deleting, asking) alternate while both wait.

So constant sending cannot starve incoming texts, and a burst of incoming texts cannot stop the sending. Sends can be held
back as a whole while something lasts that they would disturb; what is on its way already ends first.
"""

from __future__ import annotations

import asyncio
from collections import deque


class Turns:
    SEND = 0
    SERVICE = 1

    def __init__(self) -> None:
        self._taken = False
        self._held = False  # no send gets a turn
        self._last = self.SERVICE
        self._waiting: tuple[deque[asyncio.Future[None]], ...] = (deque(), deque())

    async def take(self, kind: int) -> None:
        """Returns when the line is ours; `give` must follow."""
        if not self._taken and not (self._held and kind == self.SEND):
            self._taken = True
            self._last = kind
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting[kind].append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.give()  # it was granted in the same moment
            raise

    def give(self) -> None:
        """Pass the line on: to the other kind first."""
        for kind in (1 - self._last, self._last):
            if self._held and kind == self.SEND:
                continue
            queue = self._waiting[kind]
            while queue:
                turn = queue.popleft()
                if not turn.done():
                    self._last = kind
                    turn.set_result(None)
                    return
        self._taken = False

    def hold_sends(self) -> None:
        self._held = True

    def release_sends(self) -> None:
        self._held = False
        if not self._taken:
            self._taken = True
            self.give()
