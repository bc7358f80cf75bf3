"""What people ask about the next text of a pool or a channel, and what they are told."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from gateway.web.api.channel_schemas import ChannelHealthOut
from gateway.web.api.limit_schemas import ChannelName, Number, RefusalOut
from gateway.web.schemas import Out, QueryIn, Timestamp


class ChannelExplainQuery(QueryIn):
    to: Number | None = Field(None, description="The recipient; without it, somebody who was not texted yet.")
    parts: Annotated[int, Field(ge=1, le=255)] = Field(1, description="Of the text.")


class PoolExplainQuery(ChannelExplainQuery):
    key: ChannelName | None = Field(None, description="As if the client with this key sent it: its limits count too.")


class StandOut(Out):
    channel: str
    may_send: bool = Field(description="A text of a pool, now.")
    standing: Literal[
        "open", "draining", "paused", "resting", "blocked", "limited", "starting", "unregistered", "lost", "parked"
    ]
    reason: str
    until: Timestamp | None = Field(description="When it may again by itself; null if it may now, or nobody knows.")


class PoolExplainOut(Out):
    pool: str
    to: str | None
    strategy: str
    next: str | None = Field(description="The channel that would have the next text; null if none may.")
    until: Timestamp | None = Field(description="When one may, if nothing else happens; null if one may now, or nobody knows.")
    refusal: str | None = Field(description="With which the text would be refused, by the configuration or the pool.")
    refusals: list[RefusalOut] = Field(description="The limits of the pool and the client that say no.")
    channels: list[StandOut] = Field(description="In the order in which they would be taken; those that may not at the end.")


class ChannelExplainOut(StandOut):
    health: ChannelHealthOut
    pools: list[str]
    refusals: list[RefusalOut] = Field(description="The limits of its SIM that say no.")
