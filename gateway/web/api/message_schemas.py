"""What a client says about messages, and what it is told of them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from gateway.core.inbound.checks import EXTENSION
from gateway.records import Direction, Encoding, OnUnknown, Status
from gateway.settings.sections import MOST_CHARACTERS
from gateway.web.schemas import (
    CURSOR,
    IDEMPOTENCY_KEY,
    NO_NUL,
    NUMBER_SIGNS,
    In,
    Limit,
    Moment,
    Out,
    ProblemOut,
    QueryIn,
    QueryMoment,
    Timestamp,
    Words,
    whole,
)

# The rules of a key, and max_characters and max_parts in [sending], are the nearer limits.
MAX_TEXT = MOST_CHARACTERS
MAX_BATCH = 1000

Campaign = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=NO_NUL)]


class SendIn(In):
    to: Annotated[str, StringConstraints(min_length=2, max_length=64, pattern=NO_NUL)] = Field(
        description="The recipient: +E.164, a national number of the gateway's country, or a short code."
    )
    text: Annotated[str, StringConstraints(min_length=1, max_length=MAX_TEXT, pattern=NO_NUL)]
    from_: Words | None = Field(None, alias="from", description="One of the gateway's own numbers.")
    channel: Words | None = Field(None, description="The channel that may send it, or several: (0.3), p0-p3, box1.0-7.")
    pool: Words | None = Field(None, description="The pool whose channels may send it; of these, only `channel` if given.")
    priority: whole(-10, 10) = Field(0, description="Higher leaves first; each step weighs four times as much.")
    send_at: Moment | None = Field(None, description="Not before this moment.")
    expires_at: Moment | None = Field(None, description="Not after this moment.")
    validity_minutes: whole(5, 635_040) | None = Field(
        None, description="How long the network keeps trying once it has the text."
    )
    flash: bool = Field(False, description="Shown at once and not stored (message class 0).")
    report: bool = Field(True, description="Ask the network for a delivery report.")
    on_unknown: OnUnknown = Field(
        OnUnknown.RESEND, description="When nobody can say whether it left: send it again, or wait for a person."
    )
    client_ref: Annotated[str, StringConstraints(max_length=255, pattern=NO_NUL)] | None = None
    campaign: Campaign | None = Field(None, description="What the text belongs to; routes may ask for it.")
    extension: Annotated[str, StringConstraints(pattern=f"^{EXTENSION}$")] | None = Field(
        None, description="Who sends it, at the PBX. A key may have rules for its extensions."
    )


class BatchIn(In):
    messages: list[SendIn] = Field(min_length=1, max_length=MAX_BATCH)


class PreviewIn(SendIn):
    """A text alone is counted. With a recipient it is all that a send takes, and judged as that would be."""

    # What else there is to say of a send belongs to a recipient.
    model_config = ConfigDict(
        json_schema_extra=lambda schema: schema.update(
            dependentRequired={name: ["to"] for name in schema["properties"] if name not in ("to", "text", "from")}
        )
    )

    to: Annotated[str, StringConstraints(min_length=2, max_length=64, pattern=NO_NUL)] = ""
    text: Annotated[str, StringConstraints(max_length=MAX_TEXT, pattern=NO_NUL)]
    from_: Words | None = Field(
        None, alias="from", description="An own number; or a name, to see how it would be shown where names are allowed."
    )


class SettleIn(In):
    decision: Literal["resend", "failed"]


class SendHeaders(BaseModel):
    idempotency_key: Annotated[str, StringConstraints(pattern=IDEMPOTENCY_KEY, strip_whitespace=True)] | None = None


class MessagesQuery(QueryIn):
    direction: Direction | None = None
    status: Status | None = None
    to: Annotated[str, StringConstraints(pattern=NUMBER_SIGNS)] | None = None
    from_: str | None = Field(None, alias="from")
    channel: str | None = Field(None, description="One that is configured, or was and still has texts.")
    client_ref: str | None = None
    campaign: str | None = None
    claimed: bool | None = Field(None, description="Of incoming texts: was anybody told?")
    since: QueryMoment | None = None
    cursor: Annotated[str, StringConstraints(pattern=CURSOR)] | None = None
    limit: Limit = 50


class ErrorOut(Out):
    code: str
    reason: str
    advice: str


class MessageOut(Out):
    id: str
    direction: Direction
    status: Status
    to: str
    from_: str = Field(alias="from")
    text: str
    encoding: Encoding
    parts: int
    channel: str | None
    client_ref: str | None
    created_at: Timestamp
    sent_at: Timestamp | None
    delivered_at: Timestamp | None
    error: ErrorOut | None = Field(description="Of a queued one: why it was refused last, or that no channel has its number now.")
    flash: bool
    extension: str | None = Field(None, description="Who sends it, at the PBX; or the label of the person or group it is for.")
    # outgoing alone
    priority: int = 0
    send_at: Timestamp | None = None
    expires_at: Timestamp | None = None
    on_unknown: OnUnknown | None = None
    campaign: str | None = None
    pool: str | None = Field(None, description="Over which it rotates; null for a text of no pool.")
    route: str | None = Field(None, description="The route that chose the pool.")
    reference: int | None = Field(None, description="TP-MR of its last part, once that was sent.")
    warnings: list[str] = Field([], description="In the answer that accepts it: what a rule of the key says to its text.")
    # incoming alone
    inbound: str | None = Field(None, description="The inbound rule that says whom it is for.")
    claimed: bool = Field(True, description="False while nobody was told of it.")
    serial: int = Field(0, description="A whole number that grows with every message, for programs that read on from there.")
    incomplete: bool = False
    flaws: list[str] = Field([])
    raw: list[str] = Field([], description="The PDUs as they lay on the SIM, if there are flaws or binary data.")
    data: str = Field("", description="Binary data in hexadecimal.")


class AttemptOut(Out):
    part: int
    channel: str
    sim: str
    started_at: Timestamp
    ended_at: Timestamp | None
    outcome: Literal["claimed", "sent", "refused", "unknown", "released"]
    reference: int | None
    word: Literal["never", "later", "elsewhere", "channel"] | None
    code: str
    reason: str
    why: str = Field(description="Why this SIM was chosen.")


class MessageWithAttempts(MessageOut):
    attempts: list[AttemptOut]


class MessagePage(Out):
    data: list[MessageOut]
    has_more: bool
    next_cursor: str | None


class BatchOut(Out):
    data: list[MessageOut]


class SenderOut(Out):
    name: str
    changes: list[str] = Field(description="What is not as it was written.")


class PreviewOut(Out):
    encoding: Encoding
    characters: int
    units: int = Field(description="Septets or UTF-16 units the text takes.")
    parts: int
    remaining: int = Field(description="Units left in the last part.")
    longest: int = Field(description="Characters that a text of this key may have.")
    fits: bool = Field(
        description="The key may send it: neither too many characters nor parts, and no link that is refused. With `to`: it would"
        " be accepted, unless too many texts wait or come at once."
    )
    warnings: list[str] = Field(description="What a rule of the key says to the text.")
    sender: SenderOut | None = Field(None, description="For a name in `from`: as a provider that allows names would show it.")
    # with a recipient alone
    to: str | None = Field(None, description="As it would be kept.")
    from_: str = Field("", alias="from", description="The own number that it would leave from, where that is settled.")
    channel: str | None = Field(None, description="The one that would send it, where that is settled.")
    pool: str | None = Field(None, description="Over which it would rotate.")
    route: str | None = Field(None, description="The route that chooses the pool.")
    refusal: ProblemOut | None = Field(None, description="The problem that a send of this would be answered with.")
