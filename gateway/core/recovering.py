"""Settles at start-up what the process before this one left on the air. Runs before anything else may send."""

from __future__ import annotations

import logging
from pathlib import Path

from gateway.clock import Clock
from gateway.core import retry
from gateway.core.reporting import announce
from gateway.records import Status
from gateway.settings import Settings
from gateway.store import Database, Store, unknowns
from gateway.store.airmarks import EarlierMarks

log = logging.getLogger("simrack")


def recover(store: Store, settings: Settings, clock: Clock, marks: Path) -> None:
    """Afterwards no message is `sending`; what may have left is unknown, what never left waits in the queue."""
    earlier = EarlierMarks(marks)
    now = clock.now()

    def job(db: Database) -> int:
        messages = unknowns.recover(db, earlier, lambda on: retry.settle_at(on, settings.sending, now), now)
        unknowns.unpin_absent(db, set(settings.channel_names), now)
        for message in messages:
            announce(db, message, now)
        return sum(message.status is Status.UNKNOWN for message in messages)

    unknown = store.writer.run(job)
    if unknown:
        log.warning("%d messages were on the air when the gateway ended; their outcome is unknown", unknown)
