"""What a story about one box needs: its channels under a supervisor, and a record of what they handed over."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from functools import wraps

from gateway.channels.contract import OwnNumber
from gateway.channels.dinstar_channel import dinstar_boxes, dinstar_channels
from gateway.channels.supervisor import Patience, Supervisor
from gateway.clock import SystemClock
from gateway.dinstar.timing import Timing
from gateway.records import (
    ChannelFacts,
    ChannelState,
    Encoding,
    IncomingPart,
    Outcome,
    OutgoingPart,
    Part,
    Refused,
    Report,
    Unanswered,
)
from gateway.settings import DinstarSettings
from gateway.store.inbox import fingerprint
from tests.own_numbers import as_written

# Short where a story waits for it to pass, long where nothing should ever take so long.
QUICK = Timing(
    send=15.0, settle=0.3, settle_asks=3, watch_first=0.05, watch_longest=0.2, report_first=0.05, report_longest=0.2,
    report_hold=0.01, reports=0.1, login_again=0.01, login_rest=0.0, retry=0.02, ussd_poll=0.05, ussd_same=0.3,
    menu=0.2, power_off=0.05, recovery_apart=0.2, recovery_longest=1.0,
)  # fmt: skip
ALICE, BOB = "+4917099001", "+4917099002"


def story(told: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """A test told on a loop of its own."""

    @wraps(told)
    def test(*args: object, **named: object) -> None:
        async def all_of_it() -> None:
            async with asyncio.timeout(120):
                await told(*args, **named)

        asyncio.run(all_of_it())

    return test


def settings(url: str, **given: object) -> DinstarSettings:
    wanted: dict[str, object] = {
        "ports": "0-1",
        "poll_s": 0.02,
        "inbox_s": 0.1,
        "status_s": 0.1,
        "timeout_s": 10.0,
        "password": "secret",
    }
    return DinstarSettings("box1", url, **(wanted | given))  # type: ignore[arg-type]


def text(attempt: int, to: str = ALICE, words: str = "hello", encoding: Encoding = Encoding.GSM7, **given: object) -> OutgoingPart:
    return OutgoingPart(attempt, to, Part(words, encoding), **given)  # type: ignore[arg-type]


class Stage:
    """`rows` are marks of inboxes as an earlier life left them; `earlier` attempts whose outcome it did not learn."""

    def __init__(
        self,
        given: DinstarSettings,
        timing: Timing,
        rows: dict[tuple[str, str], tuple[int, str]] | None = None,
        own_number: OwnNumber | None = None,
    ) -> None:
        self.parts: list[IncomingPart] = []
        self.copies = 0  # parts that came again, as the store recognises them
        self.reports: dict[str, Report] = {}
        self.seen: list[ChannelFacts] = []
        self.late: list[tuple[int, int]] = []
        self.refused_late: list[tuple[int, Refused]] = []
        self.began: list[int] = []
        self.rows = {} if rows is None else rows
        self.earlier: list[Unanswered] = []
        self.awaited: list[Unanswered] = []
        self.keeping: Callable[[], Awaitable[None]] | None = None  # what keeping has to wait for, or fail with
        self._changed = asyncio.Event()
        boxes = dinstar_boxes(
            [given],
            SystemClock(),
            keep_part=self.keep_part,
            keep_report=self.keep_report,
            answered_late=self.answered_late,
            refused_late=self.came_refused,
            unanswered=self.ask_earlier,
            unreported=self.ask_awaited,
            marks=self,
            timing=timing,
        )
        self.box = boxes[given.name]
        patience = Patience(first_s=0.05, lost_s=0.1, parked_s=30.0)
        self.supervisor = Supervisor(SystemClock(), self.changed, patience)
        written = {f"{given.name}.{port}": number for port, number in given.numbers.items()}
        channels = dinstar_channels(boxes, self.supervisor.heard, "DE", own_number or as_written(written))
        self.channels = {channel.name: channel for channel in channels}
        for channel in channels:
            self.supervisor.add(channel)
        self.run = asyncio.create_task(self.supervisor.run())

    # What the channels hand over

    async def keep_part(self, part: IncomingPart) -> None:
        if self.keeping is not None:
            await self.keeping()
        if any(fingerprint(part) == fingerprint(one) for one in self.parts):
            self.copies += 1
        else:
            self.parts.append(part)
        self._changed.set()

    async def keep_report(self, report: Report) -> None:
        if self.keeping is not None:
            await self.keeping()
        self.reports[report.raw] = report
        self._changed.set()

    def answered_late(self, attempt: int, reference: int) -> None:
        self.late.append((attempt, reference))
        self._changed.set()

    def came_refused(self, attempt: int, why: Refused) -> None:
        self.refused_late.append((attempt, why))
        self._changed.set()

    async def ask_earlier(self, channels: Sequence[str]) -> Sequence[Unanswered]:
        return self.earlier

    async def ask_awaited(self, channels: Sequence[str]) -> Sequence[Unanswered]:
        return self.awaited

    def mark(self, box: str, sn: str) -> tuple[int, str] | None:
        return self.rows.get((box, sn))

    async def set_mark(self, box: str, sn: str, number: int, digest: str) -> None:
        self.rows[box, sn] = (number, digest)

    def changed(self, facts: ChannelFacts) -> None:
        self.seen.append(facts)
        self._changed.set()

    # What a story does

    async def until(self, happened: Callable[[], object], seconds: float = 30.0) -> None:
        """Returns when `happened` is true. Looked at when something was handed over, and now and then."""
        async with asyncio.timeout(seconds):
            while not happened():
                self._changed.clear()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(0.02):
                        await self._changed.wait()

    async def ready(self, *ports: int) -> None:
        await self.until(lambda: all(self.facts(port).state is ChannelState.READY for port in ports or (0,)))

    def facts(self, port: int) -> ChannelFacts:
        return next(facts for facts in self.supervisor.facts() if facts.name == f"box1.{port}")

    async def send(self, part: OutgoingPart, port: int = 0) -> Outcome:
        return await self.channels[f"box1.{port}"].send_part(part, lambda: self.began.append(part.attempt_id))

    def sending(self, part: OutgoingPart, port: int = 0) -> asyncio.Task[Outcome]:
        return asyncio.create_task(self.send(part, port))

    def texts(self) -> list[str]:
        return [part.text for part in self.parts]

    async def stop(self) -> None:
        self.run.cancel()
        await asyncio.gather(self.run, return_exceptions=True)


@contextlib.asynccontextmanager
async def gateway(
    url: str,
    timing: Timing | None = None,
    rows: dict[tuple[str, str], tuple[int, str]] | None = None,
    before: Callable[[Stage], None] = lambda stage: None,
    own_number: OwnNumber | None = None,
    **given: object,
) -> AsyncIterator[Stage]:
    stage = Stage(settings(url, **given), timing or QUICK, rows, own_number)
    before(stage)
    try:
        yield stage
    finally:
        await stage.stop()


def patient(**given: float) -> Timing:
    return replace(QUICK, **given)
