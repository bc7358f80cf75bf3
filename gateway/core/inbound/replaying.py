"""Hands kept texts on again, when a person asks: to a webhook, or to whom the rules name as they are now. Posts nothing itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from gateway.clock import Clock
from gateway.core.inbound import claims
from gateway.core.inbound.match import Decision
from gateway.errors import Conflict
from gateway.records import Message
from gateway.store import Database, Store, audit, forwards, inbound, webhooks


@dataclass(frozen=True, slots=True)
class Replayed:
    """How many texts are on their way, and those that the rules give to nobody."""

    replayed: int
    nobody: tuple[str, ...]


class Replaying:
    """Called from the web's threads. `wake` tells the forwarding loop."""

    def __init__(self, store: Store, clock: Clock, decide: Callable[[Message], Decision], wake: Callable[[], None]) -> None:
        self._store = store
        self._clock = clock
        self._decide = decide
        self._wake = wake

    def replay(self, ids: Sequence[str], webhook: str | None, by: str) -> Replayed:
        """All or none, each once a call, in the order in which they came. Raises NotFound, and Conflict for a webhook that is
        disabled."""
        now = self._clock.now()

        def job(db: Database) -> Replayed:
            if webhook is not None:
                _require_ready(db, webhook)
            messages = inbound.incoming(db, ids)
            nobody = [one.id for one in messages if not self._hand_on(db, one, webhook, by, now)]
            return Replayed(len(messages) - len(nobody), tuple(nobody))

        found = self._store.writer.run(job)
        self._wake()
        return found

    def _hand_on(self, db: Database, message: Message, webhook: str | None, by: str, now: float) -> bool:
        if webhook is not None:
            told = forwards.enqueue_named(db, claims.event_of(message, now), [webhook])
        else:
            decision = self._decide(message)
            if decision.taken:
                message = claims.labelled(db, message, decision, now)
            told = claims.queue(db, message, decision, now)
        inbound.decided(db, replace(message, claimed=message.claimed or told > 0))
        audit.note(db, now, by, "inbound.replay", f"message:{message.id}", None, {"webhook": webhook, "told": told})
        return told > 0


def _require_ready(db: Database, public_id: str) -> None:
    webhook = webhooks.found(db, public_id)
    if webhook.callback:
        raise Conflict(f"webhook {public_id} stands for a receiver of callbacks, which hears of what it sent alone")
    if not webhook.enabled:
        raise Conflict(f"webhook {public_id} is disabled ({webhook.disabled_reason}); enable it first")
