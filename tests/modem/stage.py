"""What a story about one modem needs: the driver, a peer it talks to, and a record of what it handed over."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from functools import wraps

from gateway.clock import SystemClock
from gateway.errors import SimrackError
from gateway.modem.driver import Modem
from gateway.modem.ladder import RUNGS, Step
from gateway.modem.pin import PinGuard
from gateway.modem.timing import Timing
from gateway.records import ChannelFacts, ChannelState, Encoding, IncomingPart, Outcome, OutgoingPart, Part, Report
from gateway.settings import ModemSettings
from tests.own_numbers import as_written

# The default ladder up to the moment at which the port is opened anew.
GENTLE = RUNGS[: [rung.step for rung in RUNGS].index(Step.REOPEN) + 1]
# Short where a story waits for it to pass, long where nothing should ever take so long.
QUICK = Timing(
    wake=0.3, wakes=3, command=15.0, slow_command=15.0, soft=0.2, prompt=15.0, send=15.0, quiet=0.01, most_drains=5,
    retry=0.2, rungs=GENTLE, ladder=0.02, reset=0.05, dtr=0.01, power=5.0,
    last_word=0.5, busy_pause=0.01, busy_tries=5, error_tries=2, search=0.05, glance=0.02,
    keep_again=0.05, clip=0.1, ring_gap=0.5, doubled=0.05, menu=5.0, presence=0.02, connect=5.0,
)  # fmt: skip

# From +4917012345678, 2026-11-21 20:03:04 +01:00.
SAYS_OK = "0791947106004034040D91947110325476F800006211120230404002CF25"
SAYS_ONE = "0791947106004034040D91947110325476F8000062111202304040036F7719"
SAYS_TWO = "0791947106004034040D91947110325476F800006211120230404003F4FB1B"
DELIVERED = "079194710600403406010D91947110325476F8621112023040406211120230404000"  # the report on reference 1
HELLO = Part("hello", Encoding.GSM7)


def story(told: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """A test told on a loop of its own."""

    @wraps(told)
    def test(*args: object, **named: object) -> None:
        async def all_of_it() -> None:
            async with asyncio.timeout(120):
                await told(*args, **named)

        asyncio.run(all_of_it())

    return test


class Stage:
    """`supervised`: somebody else runs the modem, and hears of it as `listener`."""

    def __init__(self, settings: ModemSettings, timing: Timing, guard: PinGuard, supervised: bool = False) -> None:
        self.listener: Callable[[ChannelFacts], None] | None = None
        self.parts: list[IncomingPart] = []
        self.reports: list[Report] = []
        self.seen: list[ChannelFacts] = []
        self.late: list[tuple[int, int]] = []
        self.calls: list[tuple[str, str]] = []
        self.keeping: Callable[[], Awaitable[None]] | None = None  # what keeping a part has to wait for, or fail with
        self.centres: dict[str, str] = {}  # the service centre each SIM is known to use
        self._changed = asyncio.Event()
        self.modem = Modem(
            settings,
            clock=SystemClock(),
            keep_part=self.keep_part,
            keep_report=self.keep_report,
            changed=self.changed,
            own_number=as_written({settings.name: settings.number}),
            late_answer=self.came_late,
            called=self.rang,
            known_smsc=lambda sim: self.centres.get(sim, ""),
            country="DE",
            timing=timing,
            guard=guard,
        )
        self.run = asyncio.create_task(self.modem.run()) if not supervised else asyncio.create_task(asyncio.Event().wait())

    async def keep_part(self, part: IncomingPart) -> None:
        if self.keeping is not None:
            await self.keeping()
        self.parts.append(part)
        self._changed.set()

    async def keep_report(self, report: Report) -> None:
        self.reports.append(report)
        self._changed.set()

    def changed(self, facts: ChannelFacts) -> None:
        self.seen.append(facts)
        if self.listener is not None:
            self.listener(facts)
        self._changed.set()

    def came_late(self, attempt: int, reference: int) -> None:
        self.late.append((attempt, reference))
        self._changed.set()

    def rang(self, channel: str, number: str) -> None:
        self.calls.append((channel, number))
        self._changed.set()

    async def until(self, happened: Callable[[], object]) -> None:
        """Returns when `happened` is true after the driver handed something over. The driver's own end is an error."""
        async with asyncio.timeout(30):
            while not happened():
                self._changed.clear()
                change = asyncio.ensure_future(self._changed.wait())
                await asyncio.wait([change, self.run], return_when=asyncio.FIRST_COMPLETED)
                change.cancel()
                if self.run.done() and not happened():
                    self.run.result()

    async def ready(self) -> None:
        await self.until(lambda: self.modem.facts.state is ChannelState.READY)

    async def end(self) -> SimrackError:
        """The error the driver ends with."""
        async with asyncio.timeout(30):
            await asyncio.wait([self.run])
        fault = self.run.exception()
        assert isinstance(fault, SimrackError), fault
        return fault

    async def send(self, attempt: int = 1, begun: Callable[[], None] = lambda: None, **options: object) -> Outcome:
        part = OutgoingPart(attempt, "+4917012345678", HELLO, report=False)
        return await self.modem.send_part(replace(part, **options), begun)  # type: ignore[arg-type]


@contextlib.asynccontextmanager
async def on_stage(
    port: str, timing: Timing = QUICK, guard: PinGuard | None = None, supervised: bool = False, **settings: object
) -> AsyncIterator[Stage]:
    """A driver that runs while the block does."""
    stage = Stage(ModemSettings("p0", port, **settings), timing, guard or PinGuard(), supervised)  # type: ignore[arg-type]
    try:
        yield stage
    finally:
        stage.run.cancel()
        await asyncio.wait([stage.run])
