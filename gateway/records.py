"""The facts that travel between packages: frozen, typed, without behaviour beyond reading themselves.

One word per thing (message, part, attempt, report, channel, forward). No I/O, no clock, no storage types.
Times are seconds since 1970 UTC (float) unless a name says otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class Direction(StrEnum):
    OUT = "out"
    IN = "in"


class Status(StrEnum):
    """Where a message, or one of its parts, is in its life. The allowed steps stand in `core.status`."""

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


class Word(StrEnum):
    """The one word every refusal carries: what to do about it."""

    NEVER = "never"  # this text to this recipient will not go, by whatever channel
    LATER = "later"  # the same channel may succeed after a pause
    ELSEWHERE = "elsewhere"  # another channel should try; this channel is not to blame
    CHANNEL = "channel"  # this SIM or modem needs rest or a person; another channel should try


class OnUnknown(StrEnum):
    RESEND = "resend"
    HOLD = "hold"


class Encoding(StrEnum):
    """How user data is coded (TP-DCS, 3GPP TS 23.038 clause 4)."""

    GSM7 = "gsm7"
    UCS2 = "ucs2"
    DATA = "8bit"


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
class Concat:
    """Concatenation element (3GPP TS 23.040 clause 9.2.3.24.1 and .8). `wide` means a 16-bit reference."""

    reference: int
    total: int
    number: int  # 1-based
    wide: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """One SMS's worth of a text, before it has an address. `text` encodes to at most 140 octets with its header.

    `locking` and `single` are national language identifiers (23.038 clause 6.2.1.2.4; 0 = default alphabet).
    """

    text: str
    encoding: Encoding
    concat: Concat | None = None
    locking: int = 0
    single: int = 0


@dataclass(frozen=True, slots=True)
class OutgoingPart:
    """One part on its way to one recipient over one channel: what an attempt puts on the air."""

    attempt_id: int
    recipient: str  # +E.164, a national number or a short code
    part: Part
    flash: bool = False
    report: bool = True  # TP-SRR
    validity_minutes: int | None = None
    reject_duplicates: bool = False  # TP-RD, set when an unknown outcome is tried again
    reference: int | None = None  # TP-MR of the attempt being repeated; None lets the modem choose
    parts: int = 1  # for a channel that takes texts whole: how many parts of ours this text is, one report for each
    more: bool = False  # another text waits for this channel: keep the radio link (AT+CMMS=2, TP-MMS has its own sense)


@dataclass(frozen=True, slots=True)
class Sent:
    """The network took it. `reference` is TP-MR, 0..255."""

    reference: int


@dataclass(frozen=True, slots=True)
class Refused:
    """It certainly did not go. `code` is the modem's own word, as `cms:21`, or ours, as `prompt:timeout`."""

    word: Word
    code: str
    reason: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Unknown:
    """The payload left us and nobody answered: it may have gone or not."""

    reason: str


Outcome = Sent | Refused | Unknown


@dataclass(frozen=True, slots=True)
class IncomingPart:
    """One DELIVER as it lay on a SIM. `raw` is the whole hex PDU and is kept whatever else could be read.

    `flaws` is empty for a sound PDU; otherwise it says in words what was wrong, and the other fields hold what could be salvaged.
    `sender` is +E.164 for international numbers, bare digits for national and short codes, text for alphanumeric senders.
    """

    channel: str
    sim: str  # ICCID, else IMSI, else "port:NAME"
    raw: str
    sender: str = ""
    sender_type: str = "unknown"
    smsc: str = ""
    service_time: datetime | None = None  # TP-SCTS, with its offset
    text: str = ""
    data: bytes = b""
    encoding: Encoding = Encoding.GSM7
    concat: Concat | None = None
    ports: tuple[int, int] | None = None  # (destination, source), 16-bit or 8-bit application ports
    message_class: int | None = None
    flaws: tuple[str, ...] = ()
    serial: str = ""  # where texts are numbered: what tells this one from another that is equal in all else


@dataclass(frozen=True, slots=True)
class Report:
    """The network's word on a part (SMS-STATUS-REPORT, 23.040 clause 9.2.2.3)."""

    channel: str
    sim: str
    raw: str
    reference: int  # TP-MR, one octet: it wraps, so it never identifies a part alone
    recipient: str  # TP-RA, in the same spelling as IncomingPart.sender; may be national although we dialled +E.164
    status: int  # TP-ST, one octet
    service_time: datetime | None = None
    discharge_time: datetime | None = None


class ChannelState(StrEnum):
    STARTING = "starting"  # being opened, identified, registered
    READY = "ready"
    UNREGISTERED = "unregistered"  # answers, but no network
    LOST = "lost"  # unplugged or silent; being tried again
    PARKED = "parked"  # needs a person; `reason` says why


@dataclass(frozen=True, slots=True)
class ChannelFacts:
    """What is known of a channel now. Empty strings and None mean not known (yet)."""

    name: str
    state: ChannelState
    reason: str = ""  # for a person: why it is not ready, and the remedy
    port: str = ""
    number: str = ""
    imei: str = ""
    imsi: str = ""
    iccid: str = ""
    manufacturer: str = ""
    model: str = ""
    revision: str = ""
    family: str = ""
    operator: str = ""
    registration: str = ""  # home, roaming, searching, denied, none
    signal_dbm: int | None = None
    smsc: str = ""
    recoveries: tuple[tuple[str, int], ...] = ()  # (step, how often) since the start: what was done about silence

    @property
    def sim(self) -> str:
        return self.iccid or self.imsi or f"port:{self.name}"


class Traffic(StrEnum):
    """Whether a channel that is ready may take texts."""

    OPEN = "open"
    DRAINING = "draining"  # sends what is bound to it, takes nothing from pools
    PAUSED = "paused"  # by a person
    RESTING = "resting"  # after trouble, for a while
    BLOCKED = "blocked"  # its SIM caused too much trouble; tried again at a time, or when a person resumes it
    LIMITED = "limited"  # a limit is reached


@dataclass(frozen=True, slots=True)
class Standing:
    """May a channel take texts, why not, and until when. `until` is None for as long as nobody changes it."""

    traffic: Traffic = Traffic.OPEN
    reason: str = ""
    until: float | None = None
    trial: bool = False  # it is tried again after a block: one text alone, the next when its outcome is known


@dataclass(frozen=True, slots=True)
class Unanswered:
    """An attempt whose outcome nobody told, for a channel that can still ask for it."""

    attempt_id: int
    channel: str
    recipient: str
    parts: int
    started_at: float


@dataclass(frozen=True, slots=True)
class UssdReply:
    """What the network answered to a service code. `open` means that it waits for an answer, as a menu does."""

    text: str
    open: bool = False
    raw: str = ""  # as the modem wrote it, before decoding


@dataclass(frozen=True, slots=True)
class Balance:
    """What a SIM's account held when it was last read. `amount` is None when the answer could not be read."""

    sim: str
    channel: str  # over which it was read
    amount: float | None
    text: str
    read_at: float
    low: bool  # below the threshold of the configuration


@dataclass(frozen=True, slots=True)
class Sim:
    """A SIM card as it is remembered. Its port may change, and so may the modem: counters and limits belong to the SIM."""

    id: str  # as in IncomingPart.sim
    iccid: str
    imsi: str
    number: str
    imei: str  # of the modem it was last seen in; a hint, for cheap pools give many modems one
    channel: str  # where it was last seen; empty when another SIM has been seen there since
    smsc: str
    first_seen: float
    last_seen: float


class SimChange(StrEnum):
    NEW = "new"  # never seen before, in a channel that held none before
    MOVED = "moved"  # it was in another channel
    SWAPPED = "swapped"  # it was in another channel, whose SIM is now the one that this channel had
    REPLACED = "replaced"  # it has taken the place of another SIM


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
    incomplete: bool = False  # incoming: some parts never came
    flaws: tuple[str, ...] = ()  # incoming: what could not be decoded
    raw: tuple[str, ...] = ()  # incoming: PDUs, shown when there are flaws or binary data
    data: bytes = b""  # incoming 8-bit data


class Per(StrEnum):
    """The span a limit counts over: by the calendar of the limit's time zone."""

    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"
    MONTH = "month"


class Counted(StrEnum):
    """What a limit is about."""

    TEXTS = "texts"
    PARTS = "parts"
    RECIPIENTS = "recipients"  # distinct ones
    GAP = "gap"  # seconds from one text to the next
    HOURS = "hours"  # when texts may leave at all
    WARMUP = "warmup"  # texts a day while a SIM is new
    SHARE = "share"  # how much of the way a client key is given beside the others: `factor`, 1 where nothing is said


@dataclass(frozen=True, slots=True)
class Limit:
    """One rule about how much may leave. `subject` is "sim:ID", "pool:NAME", "key:NAME"; "sim:*" and "key:*" count for each alone.

    `most` and `per` belong to texts, parts and recipients; `gap_s` to gap (drawn anew from its range each time); `hours` to hours
    ("Mon-Fri 08:00-20:00, Sat 09:00-12:00"); `first`, `factor` and `days` to warmup: on its day d, from 0, a SIM may send
    first * factor**d texts, until it is `days` old. `reset_day` is the day of the month on which a month begins.
    """

    id: int
    subject: str
    counted: Counted
    per: Per | None = None
    most: int = 0
    zone: str = "UTC"
    reset_day: int = 1
    gap_s: tuple[float, float] = (0.0, 0.0)
    hours: str = ""
    first: int = 0
    factor: float = 1.0
    days: int = 0


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


@dataclass(frozen=True, slots=True)
class Key:
    """Who may call the API, and what for. The token itself is known to its owner alone."""

    id: int
    name: str
    scopes: frozenset[str]
    created_at: float
    revoked_at: float | None = None

    def may(self, scope: str) -> bool:
        return scope in self.scopes or "admin" in self.scopes


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

    @property
    def event(self) -> Event:
        return Event(self.event_id, self.event_type, self.created_at, self.conversation, self.data)


@dataclass(frozen=True, slots=True)
class SmppAddress:
    """Type of number, numbering plan and the digits or letters, as a client of SMPP wrote them."""

    ton: int = 0
    npi: int = 0
    number: str = ""


@dataclass(frozen=True, slots=True)
class SmppWish:
    """A client of SMPP wants a receipt when its message ends; `source` and `destination` are those of its submit_sm."""

    failures_only: bool
    source: SmppAddress
    destination: SmppAddress


@dataclass(frozen=True, slots=True)
class SmppDelivery:
    """A receipt or an incoming text on its way to an SMPP account, until it is acknowledged. `id` orders."""

    id: int
    key_id: int
    message: str  # its public id
    conversation: str
    kind: str  # receipt, text
    data: Mapping[str, object]
    queued_at: float
    tries: int
