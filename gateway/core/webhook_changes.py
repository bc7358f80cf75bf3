"""What makes sense together of a webhook: events, format, options, address and secret; and changing it where that does.

`carry_out` is a job for the writer. Who asked, and that it is told, is left to whoever calls.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gateway.core.urls import require_scheme
from gateway.errors import BadValue, Conflict
from gateway.pbx import formats, signing
from gateway.records import EventType, Webhook
from gateway.store import Database, webhooks

ALL_EVENTS = "*"
EVENTS = tuple(event.value for event in EventType if event is not EventType.WEBHOOK_TEST)

REQUESTS_SAY = "it stands for a receiver of callbacks: what it is told, and where, is what requests ask for"


@dataclass(frozen=True, slots=True)
class Form:
    """A format with its options, checked."""

    format: str
    options: dict[str, Any]
    untold: tuple[str, ...]

    @property
    def signing(self) -> str:
        return formats.signing_of(self.format, self.options)


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be different of a webhook, checked by itself; None for what stays."""

    url: str | None
    events: tuple[str, ...] | None
    channels: tuple[str, ...] | None
    form: Form | None
    enabled: bool | None
    secret: str | None = field(repr=False)


def carry_out(db: Database, before: Webhook, wanted: Change) -> Webhook:
    """Together with what stays it must make sense. Raises BadValue and Conflict."""
    form = wanted.form
    if before.callback:
        if any(one is not None for one in (wanted.url, wanted.events, wanted.channels, form)):
            raise Conflict(REQUESTS_SAY)
        return webhooks.change(db, before.id, enabled=wanted.enabled)
    format = before.format if form is None else form.format
    reason = misfit(wanted.events or before.events, format)
    if reason and wanted.events is not None and form is not None:
        raise BadValue("events", reason)
    if reason and (wanted.events is not None or form is not None):
        raise Conflict(reason)
    require_scheme(wanted.url or before.url, format)
    if wanted.secret is not None:
        webhooks.change_secret(db, before.id, wanted.secret)
    elif form is not None:
        _require_suiting(form, webhooks.secret_of(db, before.id))
    return webhooks.change(
        db,
        before.id,
        url=wanted.url,
        events=wanted.events,
        channels=wanted.channels,
        format=None if form is None else (form.format, form.options, form.untold),
        enabled=wanted.enabled,
    )


def checked_form(format: str, options: Mapping[str, object]) -> Form:
    formats.require_format(format)
    kept = formats.checked(format, options)
    return Form(format, kept, tuple(event.value for event in formats.untold(format, kept)))


def misfit(events: Sequence[str], format: str) -> str:
    """Why nothing would ever be posted, or nothing. A format that can express some of the events is told those."""
    told = [event for event in EVENTS if event in formats.FORMATS[format].tells]
    if ALL_EVENTS in events or set(events) & set(told):
        return ""
    return f"the format {format} can express none of {', '.join(events)}; it can express {', '.join(told)}"


def _require_suiting(form: Form, secret: str) -> None:
    """Raises Conflict: only who knows the present secret could know better."""
    try:
        signing.check_secret(form.signing, secret)
    except BadValue as fault:
        raise Conflict(f"the present secret does not suit {form.signing}; give another with the format: {fault.remedy}") from None
