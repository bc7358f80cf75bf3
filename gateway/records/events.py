"""What webhooks are told, who they are, and what became of telling them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class EventType(StrEnum):
    MESSAGE_RECEIVED = "message.received"
    MESSAGE_SENT = "message.sent"
    MESSAGE_DELIVERED = "message.delivered"
    MESSAGE_UNDELIVERED = "message.undelivered"
    MESSAGE_FAILED = "message.failed"
    MESSAGE_UNKNOWN = "message.unknown"
    CHANNEL_CHANGED = "channel.changed"
    CHANNEL_UP = "channel.up"  # it takes texts again
    CHANNEL_DOWN = "channel.down"  # it takes none: lost, parked, paused, resting
    CHANNEL_BLOCKED = "channel.blocked"  # its SIM is kept from sending until a time or a person
    CHANNEL_LIMIT = "channel.limit"  # a limit of its SIM is reached
    CHANNEL_BALANCE = "channel.balance"
    CALL_MISSED = "call.missed"
    SIM_CHANGED = "sim.changed"
    WEBHOOK_TEST = "webhook.test"


@dataclass(frozen=True, slots=True)
class Event:
    """Something a webhook may be told. `data` is JSON-ready; `conversation` orders forwards."""

    id: str
    type: EventType
    created_at: float
    conversation: str
    data: Mapping[str, object] = field(default_factory=dict)
    channel: str = ""


class ForwardState(StrEnum):
    PENDING = "pending"
    ACCEPTED = "accepted"
    DEAD = "dead"  # given up or refused; a person may replay it


@dataclass(frozen=True, slots=True)
class Webhook:
    """Somebody who wants to hear of events. Its secret is not here: shown once, then read only by the loop that signs."""

    id: str
    url: str
    events: tuple[str, ...]  # event types; ("*",) means all
    channels: tuple[str, ...]  # channel names; empty means all
    format: str
    enabled: bool
    disabled_reason: str | None
    created_at: float
    options: Mapping[str, Any] = field(default_factory=dict)  # of its format: only what was given
    untold: tuple[str, ...] = ()  # event types that the format cannot express: never queued for it
    callback: bool = False  # a receiver of callbacks: requests made it, and its url is scheme, host and port alone


@dataclass(frozen=True, slots=True)
class Forward:
    """One event for one webhook. Clients know it by `event_id`; `id` only orders, and is new after a replay."""

    id: int
    webhook: str  # its public id
    event_id: str
    event_type: EventType
    conversation: str
    data: Mapping[str, object]
    created_at: float  # of the event
    queued_at: float
    state: ForwardState
    tries: int
    next_at: float
    last_status: int | None = None
    last_error: str | None = None
    finished_at: float | None = None
    url: str | None = field(default=None, repr=False)  # of a callback: called instead of its webhook's
    handed: str | None = None  # marks the pieces of it that were taken already

    @property
    def event(self) -> Event:
        return Event(self.event_id, self.event_type, self.created_at, self.conversation, self.data)
