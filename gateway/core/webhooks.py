"""What people do with webhooks: add, change, remove, test, replay. Checks what they ask for; posts nothing itself.

Every change leaves an audit row without its secret. `by` is the name of the key that asked, or the command that did it at the box.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gateway.clock import Clock
from gateway.core.forwarding.addresses import Reach
from gateway.core.identifiers import new_id
from gateway.core.urls import checked_url
from gateway.core.webhook_audit import AT_THE_BOX, noted
from gateway.core.webhook_changes import ALL_EVENTS, EVENTS, REQUESTS_SAY, Change, carry_out, checked_form, misfit
from gateway.errors import BadValue, Conflict, NotFound
from gateway.pbx import formats, signing
from gateway.pbx.request import WEB
from gateway.records import Event, EventType, ForwardState, Webhook
from gateway.store import Database, Store, audit, forwards, inbound, webhooks
from gateway.store.forwards import ForwardPage

FORMATS = tuple(formats.FORMATS)
SCHEMES = tuple(dict.fromkeys(scheme for format in formats.FORMATS.values() for scheme in format.schemes))


class Webhooks:
    """Called from any thread but the event loop's; each change returns after its commit. `wake` tells the forwarding loop."""

    def __init__(self, store: Store, clock: Clock, wake: Callable[[], object], reach: Reach | None = None) -> None:
        """`reach` is where webhooks may point; whatever is said here, an address is judged again whenever it is called."""
        self._store = store
        self._clock = clock
        self._wake = wake
        self._reach = reach

    def all(self) -> list[Webhook]:
        """Those that people made."""
        return self._store.webhooks.all()

    def receivers(self) -> list[Webhook]:
        """Those that stand for receivers of callbacks."""
        return self._store.webhooks.receivers()

    def get(self, public_id: str) -> Webhook:
        """Raises NotFound."""
        webhook = self._store.webhooks.get(public_id)
        if webhook is None:
            raise NotFound(f"there is no webhook {public_id}")
        return webhook

    def add(
        self,
        url: str,
        events: Sequence[str],
        channels: Sequence[str] = (),
        format: str = "standard",
        secret: str | None = None,
        options: Mapping[str, object] | None = None,
        by: str = AT_THE_BOX,
    ) -> tuple[Webhook, str]:
        """The webhook and its secret, which cannot be had again. Raises BadValue."""
        form = checked_form(format, options or {})
        chosen = signing.secret_for(form.signing) if secret is None else secret
        signing.check_secret(form.signing, chosen)
        now = self._clock.now()
        webhook = Webhook(
            id=new_id("wh", now),
            url=checked_url(url, formats.FORMATS[form.format].schemes, self._reach),
            events=_checked_events(events),
            channels=_checked_channels(channels),
            format=form.format,
            enabled=True,
            disabled_reason=None,
            created_at=now,
            options=form.options,
            untold=form.untold,
        )
        if reason := misfit(webhook.events, webhook.format):
            raise BadValue("events", reason)

        def job(db: Database) -> None:
            webhooks.add(db, webhook, chosen)
            noted(db, now, by, "add", None, webhook)

        self._store.writer.run(job)
        return webhook, chosen

    def change(
        self,
        public_id: str,
        *,
        url: str | None = None,
        events: Sequence[str] | None = None,
        channels: Sequence[str] | None = None,
        format: str | None = None,
        enabled: bool | None = None,
        options: Mapping[str, object] | None = None,
        secret: str | None = None,
        by: str = AT_THE_BOX,
    ) -> Webhook:
        """Only what is given changes; options and secret belong to a format and are given with it, and a format without options has
        none. What waits for a webhook is tried at once afterwards. Raises NotFound, BadValue, Conflict."""
        if format is None and (options is not None or secret is not None):
            remedy = "name the format that the options or the secret are for, even if it stays the same"
            raise BadValue("format", "is not given", remedy)
        good_events = None if events is None else _checked_events(events)
        good_channels = None if channels is None else _checked_channels(channels)
        form = None if format is None else checked_form(format, options or {})
        schemes = SCHEMES if form is None else formats.FORMATS[form.format].schemes
        good_url = None if url is None else checked_url(url, schemes, self._reach)
        if form is not None and secret is not None:
            signing.check_secret(form.signing, secret)

        wanted = Change(good_url, good_events, good_channels, form, enabled, secret)

        def job(db: Database) -> Webhook:
            before = webhooks.found(db, public_id)
            after = carry_out(db, before, wanted)
            noted(db, self._clock.now(), by, "change", before, after, new_secret=secret is not None)
            return after

        changed = self._store.writer.run(job)
        self._wake()
        return changed

    def remove(self, public_id: str, by: str = AT_THE_BOX) -> None:
        """With everything that waited for it. Raises NotFound, and Conflict while an inbound rule names it."""

        def job(db: Database) -> None:
            rules = inbound.naming(db, public_id)
            if rules:
                raise Conflict(f"the inbound rule {rules[0]} names the webhook {public_id}; change or remove that rule first")
            before = webhooks.found(db, public_id)
            webhooks.remove(db, public_id)
            noted(db, self._clock.now(), by, "remove", before, None)

        self._store.writer.run(job)
        self._wake()

    def test(self, public_id: str) -> Event:
        """Queue a test event for this webhook alone, before everything else that waits. Raises NotFound and Conflict."""
        webhook = self._enabled(public_id)
        if webhook.callback:
            raise Conflict(REQUESTS_SAY)
        now = self._clock.now()
        event_id = new_id("evt", now)
        data = {"webhook": webhook.id, "text": "A test from simrack: if you can read this, webhooks reach you."}
        # A conversation of its own: it waits behind nothing.
        event = Event(event_id, EventType.WEBHOOK_TEST, now, conversation=event_id, data=data)
        self._store.writer.run(lambda db: forwards.enqueue_for(db, public_id, event))
        self._wake()
        return event

    def replay(
        self,
        public_id: str,
        *,
        ids: Sequence[str] | None = None,
        since: float | None = None,
        until: float | None = None,
        by: str = AT_THE_BOX,
    ) -> int:
        """Post these events (ids of events) again, whatever became of them; without ids the dead ones of a time range.

        How many. Raises NotFound, Conflict while the webhook is disabled, and BadValue for ids together with a range.
        """
        self._enabled(public_id)
        if ids is not None and (since is not None or until is not None):
            raise BadValue("ids", "given together with a time range", "give either ids or since and until")
        now = self._clock.now()

        def job(db: Database) -> int:
            count = forwards.replay(db, public_id, now, ids=ids, since=since, until=until)
            if count:
                audit.note(db, now, by, "webhook.replay", f"webhook:{public_id}", None, {"events": count})
            return count

        count = self._store.writer.run(job)
        self._wake()
        return count

    def deliveries(
        self, public_id: str, state: ForwardState | None = None, cursor: str | None = None, limit: int = 50
    ) -> ForwardPage:
        """Newest first. Raises NotFound, and BadValue for a cursor that is none."""
        return self._store.forwards.of(public_id, state, cursor, limit)

    def _enabled(self, public_id: str) -> Webhook:
        webhook = self.get(public_id)
        if not webhook.enabled:
            raise Conflict(f"webhook {public_id} is disabled ({webhook.disabled_reason}); enable it first")
        return webhook


def _checked_events(events: Sequence[str]) -> tuple[str, ...]:
    remedy = f'"{ALL_EVENTS}" for all, or some of {", ".join(EVENTS)}'
    if not events:
        raise BadValue("events", "is empty", remedy)
    for event in events:
        if event != ALL_EVENTS and event not in EVENTS:
            raise BadValue("events", f"{event!s} is no event", remedy)
    return tuple(dict.fromkeys(str(event) for event in events))


def _checked_channels(channels: Sequence[str]) -> tuple[str, ...]:
    if not all(channels):
        raise BadValue("channels", "holds an empty name", "names of channels; none for all")
    return tuple(dict.fromkeys(channels))


def require_known(channels: Sequence[str] | None, known: Sequence[str]) -> None:
    """Raises BadValue for a channel that is not configured: nothing of it would ever be posted."""
    remedy = f"known are {', '.join(known)}" if known else "none is configured"
    for channel in channels or ():
        if channel not in known:
            raise BadValue("channels", f"there is no channel {channel!r}", remedy)


def not_told(webhook: Webhook) -> list[str]:
    """The events it asks for and never hears of, since its format cannot express them."""
    return [event for event in webhook.untold if event in webhook.events or ALL_EVENTS in webhook.events]


def forms() -> list[dict[str, Any]]:
    """Which options and secrets go with which format, as JSON Schemas."""
    return list(formats.forms())


def is_on_the_web(format: str) -> bool:
    """Whether it is posted to http:// and https:// addresses."""
    return formats.FORMATS[format].schemes == WEB
