"""Where texts wait for their turn at a box, first come, first served; those of one port that wait together leave together."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from gateway.clock import Clock
from gateway.dinstar import text as texts
from gateway.dinstar import texts as wire_texts
from gateway.dinstar import wire
from gateway.dinstar.book import Book
from gateway.dinstar.client import Client
from gateway.dinstar.faults import BoxSilent
from gateway.dinstar.text import Text
from gateway.dinstar.texts import BoxText
from gateway.errors import LinkLost, ModemUnfit
from gateway.records import Outcome, OutgoingPart, Refused, Word

# A request that was refused as a whole may have been refused for one of its texts.
_ABOUT_ONE = (400, 404, 413)


@dataclass(eq=False, slots=True)
class Waiting:
    part: OutgoingPart
    port: int
    sim: str
    begun: Callable[[], None]
    outcome: asyncio.Future[Outcome]
    text: Text | None = None  # once it has left

    @property
    def on_wire(self) -> BoxText:
        return wire_texts.box_text(self.part)


class Door:
    """`taken` hears that the box has texts to be asked for."""

    def __init__(self, book: Book, clock: Clock, send_s: float, taken: Callable[[], None]) -> None:
        self._book = book
        self._send_s = send_s
        self._clock = clock
        self._taken = taken
        self._line: deque[Waiting] = deque()
        self._somebody = asyncio.Event()

    def __len__(self) -> int:
        return len(self._line)

    def enter(self, waiting: Waiting) -> None:
        self._line.append(waiting)
        self._somebody.set()

    def leave(self, waiting: Waiting) -> None:
        """It does not want to wait any longer."""
        if waiting in self._line:
            self._line.remove(waiting)

    def shut(self, why: str) -> None:
        """Nobody can go through: whoever waits certainly did not leave."""
        while self._line:
            _answer(self._line.popleft(), Refused(Word.ELSEWHERE, "channel:not-ready", why))

    def waiting_on(self, port: int) -> int:
        return sum(1 for waiting in self._line if waiting.port == port)

    async def serve(self, client: Client) -> None:
        """Until cancelled. Raises LinkLost when the box is not reached, ModemUnfit when it lets us in no more."""
        while True:
            await self._somebody.wait()
            async with client.turn:
                batch = self._next()
                if batch:
                    await self._through(client, batch)

    def _next(self) -> list[Waiting]:
        """The first in line, and those behind it for the same port as far as they fit."""
        self._somebody.clear()
        batch: list[Waiting] = []
        for waiting in [one for one in self._line if one.port == self._line[0].port]:
            if batch and not wire_texts.go_together([*(one.on_wire for one in batch), waiting.on_wire]):
                break
            batch.append(waiting)
        for waiting in batch:
            self._line.remove(waiting)
        if self._line:
            self._somebody.set()
        return batch

    async def _through(self, client: Client, batch: list[Waiting]) -> None:
        request = wire_texts.send([waiting.on_wire for waiting in batch], batch[0].port)
        answer, why, certainly = None, "the connection was given up", False
        try:
            answer = await client.exchange(request, lambda: self._leaving(batch))
        except BoxSilent as fault:
            why, certainly = fault.reason, not fault.left
            if certainly:
                raise LinkLost(f"the box is not reached: {why}") from fault
        except ModemUnfit as fault:
            why, certainly = str(fault), True
            raise
        finally:
            if answer is None:
                self._silent(batch, why, certainly)
        if answer is None:
            return
        if answer.code in wire.ACCEPTED:
            for waiting in batch:
                if waiting.text is not None:
                    self._book.taken(waiting.text)
            self._taken()
        elif len(batch) > 1 and answer.code in _ABOUT_ONE:
            for waiting in batch:
                await self._through(client, [waiting])
        else:
            for waiting in batch:
                self._refuse(waiting, wire.refusal(answer.code))

    def _leaving(self, batch: list[Waiting]) -> None:
        for waiting in batch:
            if waiting.text is None:
                waiting.begun()
                now = self._clock.monotonic()
                waiting.text = texts.begun(waiting.part, waiting.port, waiting.sim, now, waiting.outcome)
                self._book.add(waiting.text)
                patience = asyncio.get_running_loop().call_later(self._send_s, self._book.give_up, waiting.text)
                waiting.outcome.add_done_callback(lambda _, patience=patience: patience.cancel())  # type: ignore[misc]

    def _silent(self, batch: list[Waiting], why: str, certainly: bool) -> None:
        """No answer: what had left is asked for; what had not, and what was refused at the login, certainly did not go.

        No SIM is to blame for that.
        """
        for waiting in batch:
            if waiting.text is None or certainly:
                self._refuse(waiting, Refused(Word.ELSEWHERE, "dinstar:unreachable", why, "look at the box and its network"))
        self._taken()

    def _refuse(self, waiting: Waiting, why: Refused) -> None:
        if waiting.text is not None:
            self._book.refused(waiting.text, why)
        else:
            _answer(waiting, why)


def _answer(waiting: Waiting, outcome: Outcome) -> None:
    if not waiting.outcome.done():
        waiting.outcome.set_result(outcome)
