"""What a client says about routes, and what it is told of them. `web.published` adds the pools, zones and numbers there are."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import ConfigDict, Field, StringConstraints, WithJsonSchema

from gateway import hours
from gateway.core.routing import checks
from gateway.patterns import SYNTAX
from gateway.settings.forms import COUNTRIES
from gateway.web.api.message_schemas import Campaign
from gateway.web.schemas import KEY_NAME_ALONE, NO_NUL, In, Moment, Out, Timestamp, Words, whole


def _given(name: str) -> dict[str, Any]:
    return {"required": [name], "properties": {name: {"type": "string"}}}


# Published more closely than they are checked here: `core.routing.checks` says better what is wrong with them.
_NAME = {"type": "string", "pattern": f"^{checks.NAME}$", "not": {"enum": list(checks.RESERVED)}}
_PATTERN = {"type": "string", "format": "regex", "minLength": 1, "maxLength": checks.LONGEST_PATTERN}
_HOURS = {"type": "string", "pattern": hours.FORM, "maxLength": hours.LONGEST}
_PREFIX = {"type": "string", "pattern": f"^{checks.PREFIX}$"}

Name = Annotated[str, WithJsonSchema(_NAME)]
Prefix = Annotated[str, WithJsonSchema(_PREFIX)]
Country = Annotated[str, StringConstraints(min_length=1), WithJsonSchema({"type": "string", "enum": list(COUNTRIES)})]
Pattern = Annotated[str, StringConstraints(min_length=1), WithJsonSchema(_PATTERN)]
Hours = Annotated[str, StringConstraints(min_length=1), WithJsonSchema(_HOURS)]
Word = Annotated[str, StringConstraints(min_length=1, max_length=checks.LONGEST_WORD, pattern=NO_NUL)]
KeyName = Annotated[str, StringConstraints(pattern=KEY_NAME_ALONE)]
Sentence = Annotated[str, StringConstraints(min_length=1, max_length=checks.LONGEST_REFUSAL, pattern=NO_NUL)]
Position = whole(1, 10_000)


class RouteChange(In):
    """Everything a route says: conditions that are left out are not made. It names a pool, or refuses with some words."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [_given("pool"), _given("refuse")]})

    enabled: bool = True
    to_prefix: Annotated[list[Prefix], Field(max_length=checks.MOST_PREFIXES, description="One of them: +49, +4917.")] = Field([])
    country: Country | None = Field(None, description="Of the recipient: ISO 3166, two letters.")
    operator: Word | None = Field(
        None, description="That the number was first given out by; a ported number keeps the name of its first operator."
    )
    to_pattern: Pattern | None = Field(
        None,
        description=f"A regular expression for the whole of the number, as +E.164 or as it is dialled in the country. {SYNTAX}.",
    )
    from_: Words | None = Field(None, alias="from", description="The number that was asked to send from.")
    key: KeyName | None = Field(None, description="The name of the client's key.")
    priority_min: whole(-10, 10) | None = None
    priority_max: whole(-10, 10) | None = None
    campaign: Campaign | None = None
    hours: Hours | None = Field(None, description='As "Mon-Fri 08:00-20:00, Sat 09:00-12:00".')
    zone: str = Field("UTC", description="The time zone of the hours.")
    pool: Words | None = Field(None, description="Over which the text goes.")
    refuse: Sentence | None = Field(None, description="Said to whoever sends such a text, also one that names a pool or channel.")


class RouteIn(RouteChange):
    name: Name
    position: Position | None = Field(None, description="Counted from 1; last without it, or beyond the end.")


class MoveIn(In):
    position: Position = Field(description="Counted from 1; beyond the end means last.")


class ExplainIn(In):
    """What a client might ask for."""

    to: Annotated[str, StringConstraints(min_length=2, max_length=64, pattern=NO_NUL)]
    from_: Words | None = Field(None, alias="from")
    key: KeyName | None = Field(None, description="The name of a client's key; without it, the key of this call.")
    priority: whole(-10, 10) = 0
    campaign: Campaign | None = None
    at: Moment | None = Field(None, description="When the text may leave; now without it.")


class RouteOut(Out):
    name: str
    position: int
    enabled: bool
    to_prefix: list[str]
    country: str | None
    operator: str | None
    to_pattern: str | None
    from_: str | None = Field(alias="from")
    key: str | None
    priority_min: int | None
    priority_max: int | None
    campaign: str | None
    hours: str | None
    zone: str
    pool: str | None
    refuse: str | None


class RouteList(Out):
    data: list[RouteOut]


class ResetOut(Out):
    removed: int


class LookOut(Out):
    position: int
    route: str
    matched: bool
    why: str


class FitOut(Out):
    channel: str
    standing: str
    reason: str


class ExplainOut(Out):
    to: str
    country: str | None
    operator: str | None = Field(description="Where it is known, and a route asks for it.")
    key: str
    at: Timestamp
    looked_at: list[LookOut] = Field(description="The routes in their order, up to the one that matches.")
    route: str | None = Field(description="That matches; null means that the text goes over any channel.")
    pool: str | None
    refusal: str | None = Field(description="With which the text would be refused, by a route, the pool or the configuration.")
    channels: list[FitOut] = Field(description="Those over which it might go, and how each stands.")
