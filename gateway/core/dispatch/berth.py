"""What dispatch knows of one channel: what is on the air, what waits on its deck, what is unwritten yet. Owned by the loop."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from gateway.channels.contract import Channel
from gateway.records import ChannelState
from gateway.store import Database
from gateway.store.air import Verdict
from gateway.store.claims import Claim

# A send usually takes 2-10 s; behind one that takes longer nothing waits.
PATIENCE_S = 5.0


@dataclass(frozen=True, slots=True)
class Unwritten:
    """An outcome on its way to the disk."""

    write: Callable[[Database], None]
    verdict: Verdict | None
    lane: str


@dataclass(eq=False, slots=True)
class Slot:
    """One text on the air; a box has several."""

    now: Claim | None = None
    began: float = 0.0  # monotonic
    marked: bool = False  # the payload of `now` has left us


@dataclass(eq=False)
class Berth:
    channel: Channel
    slots: list[Slot]
    deck: Claim | None = None  # claimed, waits for one on the air
    owes: int | None = None  # a message whose next part is still to be claimed for this channel
    stopped: int | None = None  # the message whose newest part did not go out
    unwritten: deque[Unwritten] = field(default_factory=deque)  # outcomes whose commit is still awaited, oldest first
    writing: bool = False  # the oldest of them is with the writer, or waits to be tried again
    closed_until: float = 0.0  # its SIM has reached a limit (wall clock)
    unfit_since: float | None = None  # monotonic
    unpinned_at: float = 0.0  # monotonic: when the texts it has sent parts of were last freed of it
    go: asyncio.Event = field(default_factory=asyncio.Event)

    @classmethod
    def of(cls, channel: Channel) -> Berth:
        return cls(channel, [Slot() for _ in range(channel.depth)])

    @property
    def name(self) -> str:
        return self.channel.name

    @property
    def sim(self) -> str:
        return self.channel.facts.sim

    @property
    def ready(self) -> bool:
        return self.channel.facts.state is ChannelState.READY

    @property
    def starting(self) -> bool:
        return self.channel.facts.state is ChannelState.STARTING

    @property
    def sends(self) -> bool:
        """Something is on the air."""
        return any(slot.now is not None for slot in self.slots)

    @property
    def full(self) -> bool:
        """Nothing more can begin now."""
        return all(slot.now is not None for slot in self.slots)

    @property
    def free(self) -> bool:
        return self.deck is None and not self.full

    @property
    def since(self) -> float | None:
        """When what has been on the air for longest began, where nothing more can begin."""
        return min(slot.began for slot in self.slots) if self.full else None

    def slow(self, now: float) -> bool:
        since = self.since
        return since is not None and now - since > PATIENCE_S

    @property
    def at_rest(self) -> bool:
        """Nothing of it is on the air, claimed or unwritten."""
        return not self.sends and self.deck is None and not self.unwritten
