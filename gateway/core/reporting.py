"""Takes in the network's word on parts, and late answers of modems, and tells the webhooks what they changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gateway.clock import Clock
from gateway.core import events
from gateway.records import Message, Refused, Report
from gateway.store import Database, Store, callbacks, forwards, reports, smpp, unknowns


def announce(db: Database, message: Message, now: float) -> None:
    """Queue the event of a message's present status for all who hear of it, in the commit that changed it."""
    event = events.of_message(message, now)
    if event is not None:
        forwards.enqueue(db, event)
        callbacks.tell(db, message.id, event)
    smpp.tell(db, message, now)


class Reporting:
    """`forward` says that forwards are waiting; `wake` that a message may have become ready to go on."""

    def __init__(self, store: Store, clock: Clock, forward: Callable[[], None], wake: Callable[[], None]) -> None:
        self._store = store
        self._clock = clock
        self._forward = forward
        self._wake = wake

    async def keep(self, report: Report) -> None:
        """Return when the report is committed, matched or not; only then may it be deleted or acknowledged."""
        self._store.require_room()
        now = self._clock.now()
        await self._change(lambda db: _listed(reports.keep(db, report, now)))

    async def answered_late(self, attempt_id: int, reference: int) -> None:
        """A modem named the reference of a text after we had called its outcome unknown."""
        now = self._clock.now()
        await self._change(lambda db: unknowns.answered_late(db, attempt_id, reference, now))

    async def refused_late(self, attempt_id: int, refusal: Refused) -> None:
        """A box says that a text did not go whose outcome we had called unknown: it is sent anew."""
        now = self._clock.now()
        if await self._store.writer.arun(lambda db: unknowns.refused_late(db, attempt_id, refusal, now)):
            self._wake()

    async def _change(self, change: Callable[[Database], Sequence[Message]]) -> None:
        now = self._clock.now()

        def job(db: Database) -> Sequence[Message]:
            messages = change(db)
            for message in messages:
                announce(db, message, now)
            return messages

        if await self._store.writer.arun(job):
            self._forward()
        self._wake()


def _listed(message: Message | None) -> list[Message]:
    return [] if message is None else [message]
