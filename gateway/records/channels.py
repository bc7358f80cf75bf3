"""What is known of a channel and of the SIM in it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


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
