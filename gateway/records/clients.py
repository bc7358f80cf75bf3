"""Who may use the gateway, how much, and what it is owed when it speaks SMPP."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Links(StrEnum):
    """What becomes of a text that holds a link."""

    ALLOW = "allow"
    WARN = "warn"  # it is accepted, and the answer says so
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class KeyRules:
    """What a key may send. None is what the configuration says.

    `senders` are the own numbers (+E.164), channels, dial strings and pools it may send from, empty for all; `extensions` says the
    same for each of its extensions, "*" for any other and for none, and an empty list is whatever the key may. Once there are
    extensions, a text must name one of them.
    """

    longest: int | None = None  # characters
    links: Links | None = None
    senders: tuple[str, ...] = ()
    extensions: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    per_second: float | None = None  # texts it may give; 0 is no bound


NO_RULES = KeyRules()


@dataclass(frozen=True, slots=True)
class Key:
    """Who may call the API, and what for. The token itself is known to its owner alone."""

    id: int
    name: str
    scopes: frozenset[str]
    created_at: float
    revoked_at: float | None = None
    rules: KeyRules = NO_RULES

    def may(self, scope: str) -> bool:
        return scope in self.scopes or "admin" in self.scopes


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
