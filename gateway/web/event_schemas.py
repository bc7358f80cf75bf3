"""What the events hold that are not about a message, for `/openapi.json`. The tests hold `core.events` against these models."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from gateway.records import EventType
from gateway.web.schemas import Out, Timestamp


class ChannelChanged(Out):
    channel: str
    state: Literal["starting", "ready", "unregistered", "lost", "parked", "paused"]
    reason: str
    operator: str
    number: str


class ChannelStanding(Out):
    """channel.up: it takes texts again. channel.down: it takes none. channel.blocked: its SIM is kept from sending. channel.limit:
    a limit of its SIM is reached. Each is told once a change; after a block, up is told once a text went."""

    channel: str
    sim: str
    state: Literal["starting", "ready", "unregistered", "lost", "parked"]
    traffic: Literal["open", "draining", "paused", "resting", "blocked", "limited"]
    reason: str = Field(description="For a person; empty when all is well")
    until: Timestamp | None = Field(description="null for as long as nobody changes it")


class ChannelBalance(Out):
    channel: str
    sim: str
    amount: float
    text: str = Field(description="What the network or the operator wrote")
    low: bool = Field(description="Below the threshold of the configuration")
    warning: bool = Field(description="It fell below the threshold just now; told once until it has risen again")
    at: Timestamp


class CallMissed(Out):
    channel: str
    number: str = Field(description="Of the caller; empty when withheld")
    at: Timestamp


class SimChanged(Out):
    sim: str
    channel: str = Field(description="Where the SIM is now")
    was: str = Field(description="The channel it was in before; empty when it was in none")
    kind: Literal["new", "moved", "swapped", "replaced"]
    instead_of: str = Field(description="The SIM that was in this channel before; empty when there was none")


BY_EVENT: dict[EventType, type[Out]] = {
    EventType.CHANNEL_CHANGED: ChannelChanged,
    EventType.CHANNEL_UP: ChannelStanding,
    EventType.CHANNEL_DOWN: ChannelStanding,
    EventType.CHANNEL_BLOCKED: ChannelStanding,
    EventType.CHANNEL_LIMIT: ChannelStanding,
    EventType.CHANNEL_BALANCE: ChannelBalance,
    EventType.CALL_MISSED: CallMissed,
    EventType.SIM_CHANGED: SimChanged,
}
