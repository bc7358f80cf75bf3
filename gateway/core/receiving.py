"""Takes in what people sent: each part on disk before it may leave the SIM, whole messages to the webhooks. Reads no modem."""

from __future__ import annotations

import logging
from collections.abc import Callable

from gateway.clock import Clock
from gateway.core.identifiers import new_id
from gateway.core.inbound import claims
from gateway.core.inbound.match import AS_SUBSCRIBED, Decision
from gateway.numbers import of_sender
from gateway.pdu.join import join
from gateway.records import IncomingPart, Message
from gateway.settings import ReceivingSettings
from gateway.store import Database, Store, inbox

log = logging.getLogger("simrack.receiving")

_WARNED_EVERY_S = 3600.0


class Receiving:
    """`own_number(channel)` is the number of a channel's SIM, "" if unknown; `forward` says that forwards are waiting,
    `parts_wait` that a part waits for its others. `heard(db, message, sim)` runs inside the commit that completes a text;
    so does `decide`, which says whom it is for. National senders are of `country`. Unless `smpp_open`, no SMPP
    client can come for a text."""

    def __init__(
        self,
        store: Store,
        settings: ReceivingSettings,
        clock: Clock,
        own_number: Callable[[str], str],
        forward: Callable[[], None],
        parts_wait: Callable[[], None],
        heard: Callable[[Database, Message, str], None],
        decide: Callable[[Message], Decision] = lambda message: AS_SUBSCRIBED,
        country: str = "DE",
        smpp_open: bool = True,
    ) -> None:
        self._store = store
        self._patience_s = settings.incomplete_after_hours * 3600
        self._parts_wait = parts_wait
        self._clock = clock
        self._own_number = own_number
        self._forward = forward
        self._heard = heard
        self._decide = decide
        self._country = country
        self._smpp_open = smpp_open
        self._unclaimed = 0  # since the last warning
        self._warned_at: float | None = None

    async def keep(self, part: IncomingPart) -> None:
        """Return when the part is committed; only then may it be deleted from the SIM. Raises StorageFull: leave it there."""
        self._store.require_room()
        now = self._clock.now()
        own_number = self._own_number(part.channel)
        sender = of_sender(part.sender, part.sender_type == "national", self._country)

        def job(db: Database) -> Message | None:
            message = inbox.keep(db, part, own_number, join, lambda: new_id("msg", now), now, sender)
            if message is None:
                return None
            self._heard(db, message, part.sim)
            return self._tell(db, message, now)

        message = await self._store.writer.arun(job)
        if message is not None:
            self._note(message)
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
            self._note(self._tell(db, message, now))
        return len(messages)

    def _tell(self, db: Database, message: Message, now: float) -> Message:
        return claims.tell(db, message, self._decide(message), now, smpp_open=self._smpp_open)

    def _note(self, message: Message) -> None:
        if message.claimed:
            return
        self._unclaimed += 1
        now = self._clock.monotonic()
        if self._warned_at is None or now - self._warned_at >= _WARNED_EVERY_S:
            texts = "an incoming text is" if self._unclaimed == 1 else f"{self._unclaimed} incoming texts are"
            log.warning("%s unclaimed: kept, and nobody is told; simrack inbound unclaimed lists what waits", texts)
            self._unclaimed, self._warned_at = 0, now
