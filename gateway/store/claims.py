"""What channels that could send want, and what they are given. Records alone: the choice is made in `claiming`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.records import OnUnknown, OutgoingPart


@dataclass(frozen=True, slots=True)
class Offer:
    """A lane that a channel serves. Unless it is `free`, it may take only texts that want this very channel."""

    lane: str
    free: bool
    why: str = ""
    pool: str = ""  # the pool's name, for its limits
    turn: float = 0.0  # turns it took in this lane
    step: float = 0.0  # how much of a turn one text is
    able: frozenset[str] = frozenset()  # every channel that could send texts of this lane now
    most: int = 10  # no text of a higher priority: it would wait there for longer than elsewhere
    after: frozenset[str] = frozenset()  # only texts that avoid all of these
    place: int = 0  # in the line of this lane's channels
    holders: frozenset[str] = frozenset()  # of a lane that is held to own numbers: the channels that have them


@dataclass(frozen=True, slots=True)
class Want:
    """A channel that could send now; `goes_on_with` is a message whose next part it owes."""

    channel: str
    sim: str
    offers: tuple[Offer, ...]
    number: str = ""  # its own number, if known
    goes_on_with: int | None = None
    whole: bool = False  # it takes all parts of a message at once
    busy: int = 0  # how much is before a text there: one of 0 goes at once


@dataclass(frozen=True, slots=True)
class Claim:
    """A part bound to a channel, its attempt row committed. A claim of a whole message stands for several parts and attempts."""

    channel: str
    sim: str
    message_id: int
    pieces: tuple[tuple[int, int], ...]  # (attempt, part), the last attempt last
    outgoing: OutgoingPart
    on_unknown: OnUnknown
    tries: int  # times the message was refused before
    unknowns: int  # times its outcome was unknown before
    avoid: str
    first: bool  # it begins with the first part of the message
    left: int  # parts of the message that were still to go, with this one
    lane: str
    pool: str
    key_id: int
    priority: int
    sticky: bool
    follows: bool  # claimed because the channel sent the part before it
    step: float  # of a turn that it took

    @property
    def more_parts(self) -> bool:
        """Further parts of the same message are still to be claimed."""
        return self.left > len(self.pieces)

    @property
    def subjects(self) -> tuple[str, ...]:
        """Whose limits count it."""
        return subjects(self.sim, self.pool, self.key_id)


def subjects(sim: str, pool: str, key_id: int) -> tuple[str, ...]:
    found = [f"sim:{sim}"]
    if pool:
        found.append(f"pool:{pool}")
    if key_id:
        found.append(f"key:{key_id}")
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Round:
    """What came of one job. `passed` are the offers of (channel, lane) from which it could take none of the texts that wait."""

    claims: tuple[Claim, ...]
    passed: tuple[tuple[str, str], ...]
    empty: frozenset[str]  # lanes in which nothing waits
    closed: Mapping[str, float | None]  # channels whose SIM has reached a limit, until when
    wanted: frozenset[str]  # channels that texts wait for
    spurned: frozenset[str]  # lanes in which a text was left to others, because it was refused here
    reopens: float | None  # when a limit that was met opens again, at the earliest
    deeper: bool  # a channel found nothing so far and has not looked at all the texts
