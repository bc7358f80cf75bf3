"""What a client says about limits, and what it is told of them. `web.published` adds the time zones there are."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, StringConstraints, WithJsonSchema

from gateway import hours
from gateway.core.keys import NAME as KEY_NAME
from gateway.core.limits import checks
from gateway.records import Counted, Per
from gateway.web.schemas import NO_NUL, In, Out, QueryIn, Timestamp, whole

_CHANNEL = "[A-Za-z0-9][A-Za-z0-9_.-]{0,31}"
_ANY_SUBJECT = rf"^(sim:(\*|[0-9A-Za-z]{{1,40}}|port:{_CHANNEL})|key:(\*|{KEY_NAME})|(channel|pool):{_CHANNEL})$"
_OWN_FIELDS = ("per", "most", "zone", "reset_day", "gap_s", "hours", "first", "factor", "days")


def _kind(counted: tuple[Counted, ...], needs: tuple[str, ...], may: tuple[str, ...] = (), **more: Any) -> dict[str, Any]:
    """What a limit of a kind has, and has not."""
    absent = {name: {"type": "null"} for name in _OWN_FIELDS if name not in (*needs, *may)}
    present = {name: {"not": {"type": "null"}} for name in needs}
    return {"required": ["counted", *needs], "properties": {"counted": {"enum": list(counted)}, **absent, **present, **more}}


_GROWTH = {"type": "number", "minimum": 1}
_BY_KIND = {
    "oneOf": [
        _kind(checks.BUDGETS, ("per", "most"), ("zone",), per={"enum": [per for per in Per if per is not Per.MONTH]}),
        _kind(checks.BUDGETS, ("per", "most"), ("zone", "reset_day"), per={"enum": [Per.MONTH]}),
        _kind((Counted.GAP,), ("gap_s",)),
        _kind((Counted.HOURS,), ("hours",), ("zone",)),
        _kind((Counted.WARMUP,), ("first", "factor", "days"), ("zone",), subject={"pattern": "^(sim|channel):"}, factor=_GROWTH),
        _kind((Counted.SHARE,), ("factor",), subject={"pattern": "^key:"}, factor={"type": "number"}),
    ]
}
# Published more closely than they are checked here: `core` says better what is wrong with them.
Subject = Annotated[
    str, StringConstraints(min_length=1, max_length=100), WithJsonSchema({"type": "string", "pattern": _ANY_SUBJECT})
]
Hours = Annotated[
    str,
    StringConstraints(min_length=1, max_length=hours.LONGEST),
    WithJsonSchema({"type": "string", "pattern": hours.FORM, "maxLength": hours.LONGEST}),
]
Seconds = Annotated[float, Field(ge=0, le=checks.LONGEST_GAP_S, allow_inf_nan=False)]
_GAP = {
    "type": "array",
    "items": {"type": "number", "minimum": 0, "maximum": checks.LONGEST_GAP_S},
    "contains": {"type": "number", "exclusiveMinimum": 0},
    "minItems": 2,
    "maxItems": 2,
}
Gap = Annotated[list[Seconds], Field(min_length=2, max_length=2), WithJsonSchema(_GAP)]
Factor = Annotated[float, Field(ge=checks.LEAST_SHARE, le=checks.MOST_FACTOR, allow_inf_nan=False)]
ChannelName = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=NO_NUL)]
Number = Annotated[str, StringConstraints(min_length=2, max_length=64, pattern=NO_NUL)]


_BOTH = {"pool": {"type": "string"}, "channel": {"type": "string"}}


class LimitIn(In):
    """What is `counted` says which other fields a limit has."""

    model_config = ConfigDict(json_schema_extra=_BY_KIND)

    subject: Subject = Field(
        description="sim:* (each SIM alone), sim:ID, channel:NAME (the SIM that is in it now), pool:NAME, key:* or key:NAME."
    )
    counted: Literal["texts", "parts", "recipients", "gap", "hours", "warmup", "share"] = Field(
        description="texts, parts or distinct recipients; the gap between texts; active hours; the warm-up of new SIMs; the"
        " share of a client key beside the others."
    )
    per: Literal["minute", "hour", "day", "month"] | None = Field(None, description="By the calendar of the time zone.")
    most: whole(1, checks.MOST) | None = Field(None, description="So many in one minute, hour, day or month.")
    zone: str | None = Field(None, description="The time zone of hours, days and months; UTC without it.")
    reset_day: whole(1, 31) | None = Field(
        None, description="On which a month begins; the last day of shorter months. 1 without it."
    )
    gap_s: Gap | None = Field(None, description="Seconds between two texts, drawn anew each time: from, to.")
    hours: Hours | None = Field(None, description='When texts may leave: "Mon-Fri 08:00-20:00, Sat 09:00-12:00".')
    first: whole(1, checks.MOST_FIRST) | None = Field(None, description="Texts of a new SIM on its first day.")
    factor: Factor | None = Field(None, description="From one day of a new SIM to the next, at least 1; or the share of a key.")
    days: whole(1, checks.MOST_DAYS) | None = Field(None, description="For how many days a SIM is new.")


class LimitsQuery(QueryIn):
    subject: Subject | None = Field(None, description="Only limits that hold for it, those for all SIMs or keys too.")


class ExplainQuery(QueryIn):
    channel: ChannelName | None = None
    pool: ChannelName | None = None
    key: ChannelName | None = Field(None, description="The name of a client's key; without it, the key of this call.")
    to: Number | None = Field(None, description="The recipient; without it, somebody who was not texted yet.")
    parts: Annotated[int, Field(ge=1, le=255)] = 1


class LimitResetIn(In):
    may_be_missing = True

    subject: Subject | None = Field(None, description="One of those that a limit on sim:* or key:* is about; all without it.")


class ForecastIn(In):
    model_config = ConfigDict(json_schema_extra={"not": {"required": ["pool", "channel"], "properties": _BOTH}})

    count: whole(1, 10_000_000) = Field(description="Texts to be sent.")
    parts: whole(1, 255) = Field(1, description="Of each of them.")
    pool: ChannelName | None = Field(None, description="Over which they go; any channel without pool and channel.")
    channel: ChannelName | None = None
    key: ChannelName | None = Field(None, description="The name of the client's key; without it, the key of this call.")
    recipients: Literal["distinct", "known"] = Field(
        "distinct", description="Everybody is somebody new, or all were texted already: for limits on recipients."
    )


class UseOut(Out):
    subject: str
    channel: str | None = Field(description="Where the SIM is now.")
    used: int | None
    most: int | None
    left: int | None = Field(description="In the present window; null where nothing is counted, or without a bound.")
    began_at: Timestamp | None
    resets_at: Timestamp | None
    closed_until: Timestamp | None = Field(description="Until when this limit lets nothing leave; null if it lets.")


class LimitRuleOut(Out):
    id: int
    subject: str
    counted: str
    per: str | None
    most: int | None
    zone: str | None
    reset_day: int | None
    gap_s: list[float] | None
    hours: str | None
    first: int | None
    factor: float | None
    days: int | None


class LimitOut(LimitRuleOut):
    now: list[UseOut] = Field(description="What is used and left, for each SIM or key alone.")


class LimitList(Out):
    data: list[LimitOut]


class RefusalOut(Out):
    limit: LimitRuleOut
    subject: str
    channel: str | None = Field(description="null for a limit of the pool or the client.")
    until: Timestamp | None = Field(description="null means never.")
    reason: str


class LimitExplainOut(Out):
    may_leave: bool
    until: Timestamp | None = Field(description="When it may leave if nothing else does; null if it may now, or never.")
    channels: list[str] = Field(description="Over which it may leave now.")
    refusals: list[RefusalOut]


class LimitResetOut(Out):
    reset: int = Field(description="For how many SIMs, pools or keys.")


class ForecastPartOut(Out):
    channel: str
    texts: int
    held_by: int | None = Field(description="The limit that makes this channel wait the longest.")


class ForecastOut(Out):
    count: int
    waiting: int = Field(description="Texts that stand in line for these channels already and leave first.")
    until: Timestamp | None = Field(description="null if it takes longer than 400 days, or for ever.")
    channels: list[ForecastPartOut]
    held_by: LimitRuleOut | None = Field(description="The limit that makes them wait the longest.")
