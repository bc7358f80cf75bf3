"""Takes messages in: checks what a client asked for, splits it, and answers only when it is on disk. Sends nothing itself.

Called from the web's threads; may block on the commit.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from gateway.clock import Clock
from gateway.core import callbacks
from gateway.core.allowed import require_allowed
from gateway.core.forwarding.addresses import Reach
from gateway.core.identifiers import new_id
from gateway.core.keys.paces import KeyPaces
from gateway.core.keys.rules import link_warning, require_text
from gateway.core.pools import Pools
from gateway.core.queue_bound import QueueBound
from gateway.core.reporting import announce
from gateway.core.routing.routes import Routes
from gateway.core.ways import Facts, Ways
from gateway.errors import BadValue
from gateway.numbers import recipient
from gateway.pdu.split import Preview, preview, split
from gateway.records import Direction, Key, Message, Part, SendRequest, Status
from gateway.settings import Settings
from gateway.store import Database, Store, audit, lanes, outbox, unknowns
from gateway.store.callbacks import NewCallback
from gateway.store.outbox import NewMessage, Once

log = logging.getLogger("simrack.sending")

# No part carries more (140 octets of 7-bit characters).
_MOST_CHARACTERS = 160


class Sending:
    """`wake` tells the dispatch that there may be work, `came_in` in which lanes and how urgent; `due` that something is due at
    a moment of its own.
    """

    def __init__(
        self,
        store: Store,
        settings: Settings,
        clock: Clock,
        facts: Facts,
        pools: Pools,
        routes: Routes,
        *,
        wake: Callable[[], None],
        came_in: Callable[[Collection[str], int], None],
        due: Callable[[], None],
    ) -> None:
        self._store = store
        self._settings = settings
        self._clock = clock
        self._facts = facts
        self._pools = pools
        self._ways = Ways(settings, facts, pools, routes)
        self._wake = wake
        self._came_in = came_in
        self._due = due
        self._reach = Reach.of(settings)
        self._paces = KeyPaces(clock)
        self._bound = QueueBound(settings.sending.max_queued, lambda: store.read(outbox.queued), clock)

    def accept(self, request: SendRequest, key: Key, idempotency: tuple[str, str] | None = None) -> Message:
        """Queue one message durably. Raises BadValue naming the field, IdempotencyMismatch, TooFast, StorageFull."""
        return self.accept_batch([request], key, idempotency, single=True)[0]

    def accept_batch(
        self,
        requests: Sequence[SendRequest],
        key: Key,
        idempotency: tuple[str, str] | None = None,
        *,
        single: bool = False,
    ) -> list[Message]:
        """Queue all of them or none, in one commit. BadValue names the field as `messages/3/to`."""
        now = self._clock.now()
        once = None if idempotency is None else Once(key.id, *idempotency)
        # Before anything is checked: what was accepted once stays accepted, though its time may be over by now.
        earlier = None if once is None else self._store.read(lambda db: outbox.seen(db, once))
        if earlier is not None:
            return self._again(earlier, key)
        news = [self.check(request, key, now, "" if single else f"messages/{at}/") for at, request in enumerate(requests)]
        self.keep_pace(key, len(news), self._settings.http.sends_per_s)
        earlier = self.queue(news, now, once)
        if earlier is not None:
            return self._again(earlier, key)
        return [_as_message(new, now) for new in news]

    def keep_pace(self, key: Key, texts: int, usual: float) -> None:
        """`usual` is how many a second a key may give that has no rule about it; 0 for no bound. Raises TooFast."""
        self._paces.take(key, texts, usual)

    def queue(
        self,
        news: Sequence[NewMessage],
        now: float,
        once: Once | None = None,
        also: Callable[[Database], None] = lambda db: None,
    ) -> list[str] | None:
        """Put what `check` gave into the queue, all of it or nothing, and `also` into the same commit.

        Returns the earlier ids when `once` was seen before, else None. Raises StorageFull.
        """
        self._store.require_room()
        self._bound.take(len(news))

        def job(db: Database) -> list[str] | None:
            earlier = outbox.add(db, news, now, once)
            also(db)
            if any(new.send_at is not None for new in news):
                # A large batch takes its time; what became due meanwhile must not miss its call.
                due: outbox.Due | None = outbox.Due(now)
                while due is not None:
                    due = outbox.call_due(db, due, self._clock.now())
            return earlier

        earlier = self._store.writer.run(job)
        if earlier is not None or not news:
            return earlier
        for new in news:
            if new.warnings:
                log.info("%s was accepted; its text %s", new.public_id, new.warnings[0].partition(":")[0])
        came_in = {new.lane for new in news}
        self._pools.remember(came_in)
        self._came_in(came_in, max((new.priority for new in news), default=0))
        if any(new.send_at is not None or new.expiry_given for new in news):
            self._due()
        return None

    def _again(self, public_ids: Sequence[str], key: Key) -> list[Message]:
        found = (self._store.messages.get(public_id) for public_id in public_ids)
        return [self._with_warnings(message, key) for message in found if message is not None]

    def _with_warnings(self, message: Message, key: Key) -> Message:
        warning = link_warning(message.text, key.rules, self._settings.sending)
        return replace(message, warnings=(warning,)) if warning else message

    def cancel(self, public_id: str, key: Key) -> Message:
        """For a key without the scope admin there are only its own messages. Raises NotFound, or Conflict when it has left."""
        now = self._clock.now()

        def job(db: Database) -> Message:
            message = outbox.cancel(db, public_id, now, _owner(key))
            announce(db, message, now)
            return message

        message = self._store.writer.run(job)
        self._wake()
        return message

    def settle(self, public_id: str, decision: str, key: Key) -> Message:
        """A person's word on an unknown outcome: "resend" or "failed". For a key without the scope admin there are only its own
        messages. Raises NotFound, Conflict, BadValue."""
        if decision not in ("resend", "failed"):
            raise BadValue("decision", f"{decision!r} is not a decision", "resend or failed")
        ready = {facts.name for facts in self._facts() if facts.state == "ready"}
        now = self._clock.now()

        def job(db: Database) -> Message:
            message = unknowns.decide(db, public_id, decision == "resend", ready, now, _owner(key))
            was, became = {"status": Status.UNKNOWN.value}, {"status": message.status.value}
            if message.status is Status.FAILED:
                announce(db, message, now)
            audit.note(db, now, key.name, "message.settle", f"message:{public_id}", was, became)
            return message

        message = self._store.writer.run(job)
        self._wake()
        return message

    def foresee(self, request: SendRequest, key: Key) -> Message:
        """What `accept` would answer, with the channel where it can be but one as numbers are now; nothing is kept. Raises BadValue
        as that does."""
        now = self._clock.now()
        new = self.check(request, key, now)
        return replace(_as_message(new, now), channel=self._only_channel(new.lane))

    def _only_channel(self, lane: str) -> str | None:
        """Where a text of this lane leaves if it can be but one channel, as numbers are now."""
        if channel := lanes.channel_of(lane):
            return channel
        if not lanes.groups_of(lane):
            return None
        able = [facts.name for facts in self._facts() if lanes.admits(lane, facts.name, facts.number)]
        return able[0] if len(able) == 1 else None

    def preview(self, text: str) -> Preview:
        return preview(text, national=self._settings.sending.national_tables)

    def check(self, request: SendRequest, key: Key, now: float, prefix: str = "") -> NewMessage:
        """What this request would put into the queue. Raises BadValue naming the field."""
        to = recipient(request.to, self._settings.numbers.country, f"{prefix}to")
        require_allowed(to, self._settings.numbers, f"{prefix}to")
        if not request.text:
            raise BadValue(f"{prefix}text", "is empty", "a text has at least one character")
        warnings = require_text(request.text, key, self._settings.sending, f"{prefix}text")
        parts = self._split(request.text, prefix)
        if request.expires_at is not None and request.expires_at <= max(now, request.send_at or 0.0):
            raise BadValue(f"{prefix}expires_at", "is over before the message could leave", "give a later time")
        expires_at = request.expires_at
        if expires_at is None:
            expires_at = max(now, request.send_at or 0.0) + self._settings.sending.expire_after_hours * 3600
        way = self._ways.of(request, to, key, now, prefix)
        return NewMessage(
            public_id=new_id("msg", now),
            recipient=to,
            sender=way.sender,
            text=request.text,
            encoding=parts[0].encoding,
            parts=parts,
            lane=way.lane,
            priority=request.priority,
            send_at=request.send_at,
            expires_at=expires_at,
            expiry_given=request.expires_at is not None,
            validity_minutes=request.validity_minutes,
            flash=request.flash,
            report=request.report,
            on_unknown=request.on_unknown,
            client_ref=request.client_ref,
            key_id=key.id,
            campaign=request.campaign,
            route=way.route,
            sticky=way.sticky,
            extension=request.extension,
            warnings=warnings,
            callback=self._callback(request, now, prefix),
        )

    def _callback(self, request: SendRequest, now: float, prefix: str) -> NewCallback | None:
        if request.callback is None:
            return None
        return callbacks.checked(request.callback, now, f"{prefix}callback", self._reach)

    def _split(self, text: str, prefix: str) -> tuple[Part, ...]:
        most = self._settings.sending.max_parts
        too_long = len(text) > most * _MOST_CHARACTERS
        parts = () if too_long else split(text, national=self._settings.sending.national_tables)
        if too_long or len(parts) > most:
            needs = f"needs {len(parts)} parts" if parts else f"has {len(text)} characters"
            raise BadValue(f"{prefix}text", needs, f"at most {most} parts are allowed; POST /v1/messages/preview counts them")
        return parts


def _owner(key: Key) -> int | None:
    """Whose messages there are for this key; None for everybody's."""
    return None if key.may("admin") else key.id


def _as_message(new: NewMessage, now: float) -> Message:
    return Message(
        id=new.public_id,
        direction=Direction.OUT,
        status=Status.QUEUED,
        to=new.recipient,
        from_=new.sender,
        text=new.text,
        encoding=new.encoding,
        parts=len(new.parts),
        channel=None,
        client_ref=new.client_ref,
        created_at=now,
        flash=new.flash,
        priority=new.priority,
        send_at=new.send_at,
        expires_at=new.expires_at,
        on_unknown=new.on_unknown,
        campaign=new.campaign,
        pool=lanes.pool_of(new.lane) or None,
        lane=new.lane,
        route=new.route,
        extension=new.extension,
        warnings=new.warnings,
    )
