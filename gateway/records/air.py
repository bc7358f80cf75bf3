"""What goes over the air and comes from it: one SMS each, its coding, and the outcome of trying to send it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Encoding(StrEnum):
    """How user data is coded (TP-DCS, 3GPP TS 23.038 clause 4)."""

    GSM7 = "gsm7"
    UCS2 = "ucs2"
    DATA = "8bit"


class Word(StrEnum):
    """The one word every refusal carries: what to do about it."""

    NEVER = "never"  # this text to this recipient will not go, by whatever channel
    LATER = "later"  # the same channel may succeed after a pause
    ELSEWHERE = "elsewhere"  # another channel should try; this channel is not to blame
    CHANNEL = "channel"  # this SIM or modem needs rest or a person; another channel should try


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


@dataclass(frozen=True, slots=True)
class Unanswered:
    """An attempt whose outcome nobody told, for a channel that can still ask for it."""

    attempt_id: int
    channel: str
    recipient: str
    parts: int
    started_at: float
