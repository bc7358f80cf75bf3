"""What the network hands to a modem: a text or a report under way. Decides nothing."""

import enum
from collections.abc import Callable
from dataclasses import dataclass

from simulator.smspdu import Deliver, Report


@dataclass(frozen=True, slots=True)
class Raw:
    """Octets handed on as they are, right or wrong."""

    octets: bytes


class Taken(enum.Enum):
    """What became of a parcel that was offered to a modem."""

    YES = "taken"
    ASKED = "shown, acknowledgement awaited"
    FULL = "store full"
    AWAY = "not reachable"
    BUSY = "still busy with the parcel before"


@dataclass(slots=True)
class Parcel:
    """One message for one SIM; it stays with the network until a modem has taken it."""

    content: Deliver | Report | Raw
    sender: str
    text: str | None = None
    arrived: Callable[[], None] | None = None
    attempts: int = 0
    held_for: str = ""
