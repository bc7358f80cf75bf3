"""Asks a box what became of texts and which reports came, no more often than needed, and hands reports on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from gateway.clock import Clock
from gateway.dinstar import wire
from gateway.dinstar.book import Book
from gateway.dinstar.client import Answer
from gateway.dinstar.faults import BoxRefused
from gateway.dinstar.timing import Timing
from gateway.dinstar.window import Window
from gateway.dinstar.wire import DeliverStatus
from gateway.records import Report

Ask = Callable[[wire.Request], Awaitable[Answer]]
KeepReport = Callable[[Report], Awaitable[None]]


class Asking:
    def __init__(
        self, book: Book, ports: Sequence[int], clock: Clock, timing: Timing, poll_s: float, ask: Ask, keep: KeepReport
    ) -> None:
        self._book = book
        self._ports = ports
        self._clock = clock
        self._timing = timing
        self._poll_s = poll_s
        self._ask = ask
        self._keep = keep
        self._window = Window(timing)
        self._reports_at = clock.monotonic()

    def pause(self) -> float:
        """Until there is something to ask."""
        if self._book.any_open:
            return self._poll_s
        if self._book.to_report:
            return max(self._poll_s, self._timing.report_hold)
        next_ask = self._book.next_ask
        if next_ask is None:
            return self._timing.reports
        now = self._clock.monotonic()
        due_in = min(next_ask, self._reports_at if self._book.awaits_reports else next_ask) - now
        return max(self._poll_s, due_in)

    async def look(self) -> None:
        """One question about texts, and one about reports when it is time. Raises BoxSilent, BoxRefused, StorageFull."""
        texts = self._book.due()
        if texts:
            answer = await self._right(wire.results([text.attempt_id for text in texts]))
            self._book.heard(wire.text_results(answer.document.get("result")), texts)
        if self._book.awaits_reports and self._clock.monotonic() >= self._reports_at:
            self._reports_at = self._clock.monotonic() + self._timing.reports
            await self._look_for_reports()
        await self.hand_on()

    async def hand_on(self, *, all_of_them: bool = False) -> None:
        """Reports are forgotten when they are kept. Raises StorageFull: they wait here."""
        waiting = self._book.to_report
        while waiting:
            not_before, report = waiting[0]
            early = not_before - self._clock.monotonic()
            if early > 0 and not all_of_them:
                return
            await asyncio.sleep(max(0.0, early))
            await self._keep(report)
            if waiting and waiting[0][1] is report:
                waiting.popleft()

    async def _look_for_reports(self) -> None:
        answer = await self._right(wire.deliver_statuses(self._ports, self._window.after))
        self.heard_delivery(wire.delivery(answer.document.get("result")))

    def heard_delivery(self, rows: Sequence[DeliverStatus]) -> None:
        self._window.heard(self._book.heard_delivery(self._window.fresh(rows)), rows)

    async def _right(self, request: wire.Request) -> Answer:
        answer = await self._ask(request)
        if answer.code not in wire.ACCEPTED:
            raise BoxRefused(answer.code, request.call)
        self._window.clock_shows(answer.date)
        return answer
