"""Messages as clients ask for them and see them: a text with one recipient, its status, and the attempts at its parts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from gateway.records.air import Encoding, Word
from gateway.records.events import EventType


class Direction(StrEnum):
    OUT = "out"
    IN = "in"


class Status(StrEnum):
    """Where a message, or one of its parts, is in its life. The allowed steps stand in `store.steps`."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    UNKNOWN = "unknown"
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    BLOCKED = "blocked"
    RECEIVED = "received"


class OnUnknown(StrEnum):
    RESEND = "resend"
    HOLD = "hold"


@dataclass(frozen=True, slots=True)
class Callback:
    """Where a request wants to hear what becomes of its message, of what, and in which form. Addresses may hold passwords."""

    url: str = field(repr=False)
    format: str
    events: tuple[EventType, ...]
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SendRequest:
    """What a client asked for, after the web layer checked types and before numbers and channels are checked."""

    to: str
    text: str
    from_: str | None = None
    channel: str | None = None
    pool: str | None = None
    priority: int = 0  # -10..10, higher leaves first
    send_at: float | None = None
    expires_at: float | None = None
    validity_minutes: int | None = None
    flash: bool = False
    report: bool = True
    on_unknown: OnUnknown = OnUnknown.RESEND
    client_ref: str | None = None
    campaign: str | None = None
    callback: Callback | None = None
    extension: str | None = None  # who sends, at the PBX


@dataclass(frozen=True, slots=True)
class MessageError:
    code: str
    reason: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """A message as clients see it."""

    id: str
    direction: Direction
    status: Status
    to: str
    from_: str
    text: str
    encoding: Encoding
    parts: int
    channel: str | None
    client_ref: str | None
    created_at: float
    sent_at: float | None = None
    delivered_at: float | None = None
    error: MessageError | None = None
    flash: bool = False
    priority: int = 0
    send_at: float | None = None
    expires_at: float | None = None
    on_unknown: OnUnknown | None = None
    campaign: str | None = None
    pool: str | None = None  # outgoing: over which it rotates; None for any channel, or for the one that was asked for
    route: str | None = None  # outgoing: the name of the route that chose the pool
    serial: int = 0  # grows with every message; 0 in the answer that accepts one
    reference: int | None = None  # outgoing: TP-MR of its last part, once that was sent
    warnings: tuple[str, ...] = ()  # outgoing, in the answer that accepts alone
    incomplete: bool = False  # incoming: some parts never came
    flaws: tuple[str, ...] = ()  # incoming: what could not be decoded
    raw: tuple[str, ...] = ()  # incoming: PDUs, shown when there are flaws or binary data
    data: bytes = b""  # incoming 8-bit data
    extension: str | None = None  # who sends it, at the PBX; incoming: the person or group it is for
    inbound: str | None = None  # incoming: the name of the inbound rule that said so
    claimed: bool = True  # incoming: somebody was told of it
    lane: str = ""  # outgoing: where it waits; not for clients


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to send a part on a channel, as clients see it."""

    part: int
    channel: str
    sim: str
    started_at: float
    ended_at: float | None
    outcome: str  # claimed, sent, refused, unknown, released
    reference: int | None
    word: Word | None = None
    code: str = ""
    reason: str = ""
    why: str = ""  # why this SIM was chosen
