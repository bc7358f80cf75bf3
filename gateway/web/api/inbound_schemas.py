"""What a client says about inbound rules, and what it is told of them. `web.published` adds the channels, pools and numbers."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints, WithJsonSchema

from gateway.core.inbound import checks, conditions
from gateway.patterns import SYNTAX
from gateway.web.api.message_schemas import MAX_TEXT
from gateway.web.api.route_schemas import Position
from gateway.web.schemas import NO_NUL, In, Out, Words, whole

# Published more closely than they are checked here: `core.inbound.checks` says better what is wrong with them.
_NAME = {"type": "string", "pattern": f"^{checks.NAME}$", "not": {"enum": list(checks.RESERVED)}}
_SENDER_NAME = {"type": "string", "pattern": f"^{conditions.NAME}$", "maxLength": checks.LONGEST_ENTRY}
_SENDER = {"anyOf": [{"type": "string", "pattern": f"^{conditions.PREFIX}$"}, _SENDER_NAME]}
_KEYWORD = {"type": "string", "pattern": f"^{checks.KEYWORD}$", "maxLength": checks.LONGEST_ENTRY}
_PATTERN = {"type": "string", "format": "regex", "minLength": 1, "maxLength": checks.LONGEST_PATTERN}
_EXTENSION = {"type": "string", "pattern": f"^{checks.EXTENSION}$"}

Name = Annotated[str, WithJsonSchema(_NAME)]
Sender = Annotated[str, StringConstraints(min_length=1), WithJsonSchema(_SENDER)]
Keyword = Annotated[str, WithJsonSchema(_KEYWORD)]
Extension = Annotated[str, StringConstraints(min_length=1), WithJsonSchema(_EXTENSION)]
Pattern = Annotated[str, StringConstraints(min_length=1), WithJsonSchema(_PATTERN)]
WebhookId = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=NO_NUL)]
Few = Field(max_length=checks.MOST_ENTRIES)


class InboundChange(In):
    """Everything a rule says: conditions that are left out are not made. Of each list one entry must fit."""

    enabled: bool = True
    to: Annotated[list[Words], Few] = Field([], description="Own numbers: of the SIM that received.")
    channels: Annotated[list[Words], Few] = Field([], description="Names of channels.")
    pool: Words | None = Field(None, description="A pool that the channel is in.")
    from_: Annotated[list[Sender], Few] = Field(
        [], alias="from", description="Senders: numbers, prefixes as +4915*, names as Bank* (case does not count)."
    )
    keywords: Annotated[list[Keyword], Few] = Field(
        [], description="The first word of the text; case and punctuation at its end do not count."
    )
    pattern: Pattern | None = Field(
        None,
        description=f"A regular expression, found anywhere in the first {conditions.LOOKED_AT} characters; case does not count."
        f" {SYNTAX}.",
    )
    webhooks: Annotated[list[WebhookId], Field(max_length=checks.MOST_WEBHOOKS)] = Field(
        [], description="These alone are told, whatever they subscribed to; none means those that subscribed."
    )
    extension: Extension | None = Field(None, description="The label of the person or group it is for.")
    follow_days: whole(1, checks.MOST_DAYS) | None = Field(
        None,
        description="An answer is for the extension that texted this person last from this SIM, if that was within so many days.",
    )


class InboundIn(InboundChange):
    name: Name
    position: Position | None = Field(None, description="Counted from 1; last without it, or beyond the end.")


class InboundExplainIn(In):
    """A text that might come in."""

    to: Words | None = Field(None, description="An own number; without it, that of the channel's SIM.")
    channel: Words | None = Field(None, description="Without it, the one that holds the SIM with this number.")
    from_: Annotated[str, StringConstraints(max_length=64, pattern=NO_NUL)] = Field("", alias="from")
    text: Annotated[str, StringConstraints(max_length=MAX_TEXT, pattern=NO_NUL)] = ""


class InboundReplayIn(In):
    """Incoming texts, and who is told of them; without a webhook, whom the rules name as they are now."""

    ids: Annotated[list[Words], Field(min_length=1, max_length=1000, description="Of messages.")]
    webhook: WebhookId | None = None


class InboundReplayOut(Out):
    replayed: int
    nobody: list[str] = Field(description="Texts that the rules give to nobody: they stay as they were.")


class InboundOut(Out):
    name: str
    position: int
    enabled: bool
    to: list[str]
    channels: list[str]
    pool: str | None
    from_: list[str] = Field(alias="from")
    keywords: list[str]
    pattern: str | None
    webhooks: list[str]
    extension: str | None
    follow_days: int | None


class InboundList(Out):
    data: list[InboundOut]


class InboundLook(Out):
    position: int
    rule: str
    matched: bool
    why: str


class InboundExplainOut(Out):
    to: str
    channel: str
    from_: str = Field(alias="from")
    keyword: str = Field(description="The first word as keywords are compared.")
    looked_at: list[InboundLook] = Field(description="The rules in their order, up to the one that matches.")
    rule: str | None = Field(description="That matches.")
    webhooks: list[str] = Field(description="That would be told.")
    extension: str | None
    claimed: bool = Field(description="False if no webhook would be told.")
