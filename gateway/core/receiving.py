"""Takes in what people sent: each part on disk before it may leave the SIM, whole messages to the webhooks. Reads no modem."""

from __future__ import annotations

from collections.abc import Callable

from gateway.clock import Clock
from gateway.core import events
from gateway.core.identifiers import new_id
from gateway.pdu.join import join
from gateway.records import IncomingPart, Message
from gateway.settings import ReceivingSettings
from gateway.store import Database, Store, forwards, inbox, smpp


class Receiving:
    """`own_number(channel)` is the number of a channel's SIM, "" if unknown; `forward` says that forwards are waiting,
    `parts_wait` that a part waits for its others. `heard(db, message, sim)` runs inside the commit that completes a text."""

    def __init__(
        self,
        store: Store,
        settings: ReceivingSettings,
        clock: Clock,
        own_number: Callable[[str], str],
        forward: Callable[[], None],
        parts_wait: Callable[[], None],
        heard: Callable[[Database, Message, str], None],
    ) -> None:
        self._store = store
        self._patience_s = settings.incomplete_after_hours * 3600
        self._parts_wait = parts_wait
        self._clock = clock
        self._own_number = own_number
        self._forward = forward
        self._heard = heard

    async def keep(self, part: IncomingPart) -> None:
        """Return when the part is committed; only then may it be deleted from the SIM. Raises StorageFull: leave it there."""
        self._store.require_room()
        now = self._clock.now()
        own_number = self._own_number(part.channel)

        def job(db: Database) -> Message | None:
            message = inbox.keep(db, part, own_number, join, lambda: new_id("msg", now), now)
            if message is not None:
                self._heard(db, message, part.sim)
            return self._tell(db, message, now)

        if await self._store.writer.arun(job) is not None:
            self._forward()
        elif part.concat is not None:
            self._parts_wait()

    def next_moment(self, db: Database) -> float | None:
        """A query: when parts next become too old to wait for their others."""
        stale_at = inbox.stale_at(db)
        return None if stale_at is None else stale_at + self._patience_s

    def hand_on_incomplete(self, db: Database, now: float) -> int:
        """A job: parts whose others did not come in time become messages flagged incomplete. Returns how many."""
        before = now - self._patience_s
        messages = inbox.hand_on_incomplete(db, before, self._own_number, join, lambda: new_id("msg", now), now)
        for message in messages:
            self._tell(db, message, now)
        return len(messages)

    @staticmethod
    def _tell(db: Database, message: Message | None, now: float) -> Message | None:
        if message is not None:
            event = events.of_message(message, now)
            if event is not None:
                forwards.enqueue(db, event)
            smpp.tell(db, message, now)
        return message
