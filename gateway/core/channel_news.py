"""What follows from what channels tell: SIMs are remembered, webhooks told, late answers recorded. Holds up no channel."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine

from gateway.clock import Clock
from gateway.core import events
from gateway.core.fitness import Fitness
from gateway.core.reporting import Reporting
from gateway.core.sims import Sims
from gateway.errors import SimrackError
from gateway.records import ChannelFacts, ChannelState, Event, Refused, Report
from gateway.store import Store, forwards

log = logging.getLogger("simrack.channels")


class ChannelNews:
    """On the loop. `wake` has the dispatch look again, `forward` the forwarding; `care` sees to a SIM that is ready.

    `numbers` looks where own numbers are by now.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        sims: Sims,
        fitness: Fitness,
        reporting: Reporting,
        *,
        wake: Callable[[], None],
        forward: Callable[[], None],
        care: Callable[[], None],
        numbers: Callable[[], None],
    ) -> None:
        self._store = store
        self._clock = clock
        self._sims = sims
        self._fitness = fitness
        self._reporting = reporting
        self._wake = wake
        self._forward = forward
        self._care = care
        self._numbers = numbers
        self._states: dict[str, ChannelState] = {}
        self._running: set[asyncio.Task[None]] = set()

    def changed(self, facts: ChannelFacts) -> None:
        self._numbers()
        self._wake()
        self._fitness.changed(facts)
        before = self._states.get(facts.name)
        if before is facts.state:
            return
        self._states[facts.name] = facts.state
        log.info("%s is %s%s", facts.name, facts.state, f": {facts.reason}" if facts.reason else "")
        if facts.state is ChannelState.READY:
            self._do(self._sim_ready(facts), "sim-ready")
            self._care()
        elif before is ChannelState.READY:
            self._do(self._sims.left(facts), "sim-left")
        if facts.state is not ChannelState.STARTING:
            self._do(self._tell(events.of_channel(facts, self._clock.now())), "channel-changed")

    async def _sim_ready(self, facts: ChannelFacts) -> None:
        await self._sims.ready(facts)
        self._wake()  # texts that its SIM has begun elsewhere go on here

    def called(self, channel: str, number: str) -> None:
        """A call rang and was not taken."""
        self._do(self._tell(events.of_call(channel, number, self._clock.now())), "call-missed")

    async def reported(self, report: Report) -> None:
        """Returns when it is committed."""
        await self._reporting.keep(report)
        self._fitness.reported(report)

    def answered_late(self, attempt_id: int, reference: int) -> None:
        self._do(self._reporting.answered_late(attempt_id, reference), "late-answer")

    def refused_late(self, attempt_id: int, refusal: Refused) -> None:
        self._do(self._reporting.refused_late(attempt_id, refusal), "late-refusal")

    async def settled(self) -> None:
        """Returns when all that was begun is done."""
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _tell(self, event: Event) -> None:
        try:
            if await self._store.writer.arun(lambda db: forwards.enqueue(db, event)):
                self._forward()
        except SimrackError as fault:
            log.error("could not queue the event %s of %s: %s", event.type, event.channel, fault)

    def _do(self, job: Coroutine[None, None, None], name: str) -> None:
        task = asyncio.create_task(job, name=name)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
