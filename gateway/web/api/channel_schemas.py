"""What clients are told of channels, and what they may say of them."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from gateway.web.schemas import NO_NUL, SERVICE_CODE, In, Out, Timestamp


class BalanceOut(Out):
    amount: float | None = Field(description="null when no amount was found in the text")
    text: str
    low: bool = Field(description="Below the threshold of the configuration")
    read_at: Timestamp


class TrafficOut(Out):
    """May it take texts, when it is ready?"""

    state: Literal["open", "draining", "paused", "resting", "blocked", "limited"]
    reason: str
    until: Timestamp | None = Field(description="null for as long as nobody changes it")


class RefusedOut(Out):
    """Refusals of today by what they mean."""

    never: int = Field(description="This text to this recipient goes by no channel")
    later: int
    elsewhere: int
    channel: int = Field(description="The SIM or its modem is to blame; the others count for nothing against it")


class ChannelHealthOut(Out):
    """How its SIM does. Attempts are those of today (UTC)."""

    score: int = Field(description="0 to 100, for people: texts do not go by it", ge=0, le=100)
    reasons: list[str] = Field(description="What took points away, heaviest first")
    sent: int
    refused: RefusedOut
    unknown: int
    delivered: float | None = Field(description="Share of the last 200 texts whose report is due; null without any", ge=0, le=1)
    seconds_per_text: float | None = Field(description="A moving average")


class ChannelOut(Out):
    name: str
    state: Literal["starting", "ready", "unregistered", "lost", "parked"]
    reason: str
    port: str
    number: str
    imei: str
    imsi: str
    iccid: str
    manufacturer: str
    model: str
    revision: str
    family: str
    operator: str
    registration: str
    signal_dbm: int | None
    smsc: str
    recoveries: dict[str, int] = Field(description="What was done about silence since the start, and how often")
    sim: str = Field(description="As in `/v1/sims`: ICCID, else IMSI, else the port")
    balance: BalanceOut | None
    traffic: TrafficOut
    health: ChannelHealthOut
    pools: list[str] = Field(description="The pools it belongs to")
    left_today: int | None = Field(description="Texts that limits leave its SIM today; null without a limit")


class ChannelList(Out):
    data: list[ChannelOut]


class UssdIn(In):
    code: Annotated[str, StringConstraints(pattern=SERVICE_CODE)] = Field(
        description="As it is dialled, such as *100#, or the answer to an open menu."
    )


class UssdOut(Out):
    text: str
    open: bool = Field(description="The network waits for an answer: post it as the next code, soon.")


class TrafficIn(In):
    may_be_missing: ClassVar[bool] = True

    reason: Annotated[str, StringConstraints(max_length=200, pattern=NO_NUL)] = Field("", description="For whoever looks later.")
