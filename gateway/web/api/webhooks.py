"""`/v1/webhooks`: who is told of what, what was posted, and posting it again. A secret is shown once, when it is made."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from apiflask import APIBlueprint
from flask import Response, g
from pydantic import ConfigDict, Field, StringConstraints, WithJsonSchema

from gateway.clock import isoformat, moment
from gateway.core.webhook_changes import ALL_EVENTS, EVENTS
from gateway.core.webhooks import FORMATS, not_told, require_known
from gateway.errors import BadValue
from gateway.records import EventType, Forward, ForwardState, Webhook
from gateway.web.answers import answer, nothing
from gateway.web.auth import Guard
from gateway.web.doors import Doors
from gateway.web.problems import bad_value, documented
from gateway.web.schemas import (
    NO_NUL,
    WEB_ADDRESS,
    In,
    Limit,
    Moment,
    Out,
    QueryIn,
    Timestamp,
    Words,
)

_BODY = (400, 401, 403, 413, 415, 422, 503)
Address = Annotated[
    str,
    StringConstraints(pattern=WEB_ADDRESS, max_length=2000),
    # Published with each format, whose schemes differ.
    WithJsonSchema({"type": "string", "format": "uri", "maxLength": 2000}),
]
Wish = Literal[(ALL_EVENTS, *EVENTS)]  # type: ignore[valid-type]
Wishes = Annotated[list[Wish], Field(min_length=1, max_length=20, description='Event types; ["*"] means all.')]
ChannelName = Annotated[str, StringConstraints(min_length=1, pattern=NO_NUL)]
FormatName = Literal[FORMATS]  # type: ignore[valid-type]
Secret = Annotated[str, StringConstraints(pattern=NO_NUL, max_length=200)]
Options = Annotated[dict[str, Any], Field(description="What the format may be told; each format has its own.")]
Channels = Annotated[list[ChannelName], Field(max_length=1000, description="Names of channels; none means all.")]


def _given(name: str, type: str = "string", more: dict[str, object] | None = None) -> dict[str, object]:
    return {"required": [name], "properties": {name: {"type": type}}, **(more or {})}


class WebhookIn(In):
    url: Address
    events: Wishes
    channels: Channels = Field([])
    format: FormatName = "standard"
    options: Options = Field({})
    secret: Secret | None = Field(None, description="Without it one is made.")


class WebhookChange(In):
    """Only what is given changes. Options and secret are given with their format; a format without options has none."""

    url: Address | None = None
    events: Wishes | None = None
    channels: Channels | None = None
    enabled: bool | None = None
    format: FormatName | None = None
    options: Options | None = None
    secret: Secret | None = None


class ReplayIn(In):
    """These events, whatever became of them; without `ids` the dead ones of a time range, or all dead ones."""

    may_be_missing = True
    model_config = ConfigDict(json_schema_extra={"not": _given("ids", "array", {"anyOf": [_given("since"), _given("until")]})})

    ids: Annotated[list[Words], Field(min_length=1, max_length=1000)] | None = None
    since: Moment | None = None
    until: Moment | None = None


class WebhooksQuery(QueryIn):
    callbacks: bool = Field(False, description="List the receivers of callbacks, which requests made, instead.")


class DeliveriesQuery(QueryIn):
    state: ForwardState | None = None
    cursor: Annotated[str, StringConstraints(pattern=r"^[0-9]{1,18}$")] | None = None
    limit: Limit = 50


class WebhookOut(Out):
    id: str
    url: str
    events: list[str]
    channels: list[str]
    format: str
    options: dict[str, Any] = Field(description="Those that were given; the others have their defaults.")
    not_told: list[str] = Field(description="Events among those asked for that the format cannot express: they are not posted.")
    enabled: bool
    disabled_reason: str | None
    callback: bool = Field(description="Requests made it: it stands for a receiver of the callbacks that they name.")
    created_at: Timestamp


class NewWebhookOut(WebhookOut):
    secret: str = Field(description="Shown this once; it verifies the signature.")


class WebhookList(Out):
    data: list[WebhookOut]


class DeliveryOut(Out):
    event_id: str
    event_type: EventType
    state: ForwardState
    tries: int
    created_at: Timestamp
    next_at: Timestamp | None = Field(description="When it is tried next; null once it is over.")
    finished_at: Timestamp | None
    last_status: int | None
    last_error: str | None


class DeliveryPage(Out):
    data: list[DeliveryOut]
    has_more: bool
    next_cursor: str | None


class ReplayOut(Out):
    replayed: int


class TestQueued(Out):
    event_id: str = Field(description="Look for it among the deliveries.")


def blueprint(doors: Doors, guard: Guard) -> APIBlueprint:
    bp = APIBlueprint("webhooks", __name__, url_prefix="/v1/webhooks", tag="Webhooks")
    webhooks = doors.webhooks
    known = doors.settings.channel_names

    @bp.post("")
    @guard.needs("admin")
    @bp.input(WebhookIn, arg_name="wanted")
    @bp.output(NewWebhookOut, status_code=201, description="Made; the secret is not shown again")
    @bp.doc(summary="Make a webhook", security="bearer", responses=documented(*_BODY))
    def add(wanted: WebhookIn) -> Response:
        require_known(wanted.channels, known)
        webhook, secret = webhooks.add(
            *(wanted.url, wanted.events, wanted.channels, wanted.format, wanted.secret),
            options=wanted.options,
            by=g.key.name,
        )
        return answer({**webhook_json(webhook), "secret": secret}, 201, {"Location": f"/v1/webhooks/{webhook.id}"})

    @bp.get("")
    @guard.needs("admin")
    @bp.input(WebhooksQuery, location="query", arg_name="query")
    @bp.output(WebhookList)
    @bp.doc(summary="List the webhooks", security="bearer", responses=documented(401, 403, 422))
    def find(query: WebhooksQuery) -> Response:
        found = webhooks.receivers() if query.callbacks else webhooks.all()
        return answer({"data": [webhook_json(webhook) for webhook in found]})

    @bp.get("/<webhook_id>")
    @guard.needs("admin")
    @bp.output(WebhookOut)
    @bp.doc(summary="One webhook", security="bearer", responses=documented(401, 403, 404))
    def get(webhook_id: str) -> Response:
        return answer(webhook_json(webhooks.get(webhook_id)))

    @bp.patch("/<webhook_id>")
    @guard.needs("admin")
    @bp.input(WebhookChange, arg_name="wanted")
    @bp.output(WebhookOut)
    @bp.doc(summary="Change a webhook, or switch it on again", security="bearer", responses=documented(*_BODY, 404, 409))
    def change(webhook_id: str, wanted: WebhookChange) -> Response:
        require_known(wanted.channels, known)
        changed = webhooks.change(
            webhook_id,
            url=wanted.url,
            events=wanted.events,
            channels=wanted.channels,
            enabled=wanted.enabled,
            format=wanted.format,
            options=wanted.options,
            secret=wanted.secret,
            by=g.key.name,
        )
        return answer(webhook_json(changed))

    @bp.delete("/<webhook_id>")
    @guard.needs("admin")
    @bp.output({}, status_code=204, description="Removed, with all that waited for it")
    @bp.doc(summary="Remove a webhook", security="bearer", responses=documented(401, 403, 404, 409, 503))
    def remove(webhook_id: str) -> Response:
        webhooks.remove(webhook_id, g.key.name)
        return nothing()

    @bp.get("/<webhook_id>/deliveries")
    @guard.needs("admin")
    @bp.input(DeliveriesQuery, location="query", arg_name="query")
    @bp.output(DeliveryPage)
    @bp.doc(
        summary="What was posted and what waits, newest first", security="bearer", responses=documented(401, 403, 404, 422)
    )
    def deliveries(webhook_id: str, query: DeliveriesQuery) -> Response:
        try:
            page = webhooks.deliveries(webhook_id, query.state, query.cursor, query.limit)
        except BadValue as fault:
            raise bad_value(fault, "parameter") from fault
        return answer(
            {
                "data": [_delivery_json(forward) for forward in page.forwards],
                "has_more": page.next_cursor is not None,
                "next_cursor": page.next_cursor,
            }
        )

    @bp.post("/<webhook_id>/replay")
    @guard.needs("admin")
    @bp.input(ReplayIn, arg_name="wanted")
    @bp.output(ReplayOut, status_code=202, description="They will be posted again, with their old event ids")
    @bp.doc(summary="Post events again", security="bearer", responses=documented(*_BODY, 404, 409))
    def replay(webhook_id: str, wanted: ReplayIn) -> Response:
        count = webhooks.replay(webhook_id, ids=wanted.ids, since=wanted.since, until=wanted.until, by=g.key.name)
        return answer({"replayed": count}, 202)

    @bp.post("/<webhook_id>/test")
    @guard.needs("admin")
    @bp.output(TestQueued, status_code=202, description="A test event is on its way")
    @bp.doc(summary="Post a test event", security="bearer", responses=documented(401, 403, 404, 409, 503))
    def test(webhook_id: str) -> Response:
        return answer({"event_id": webhooks.test(webhook_id).id}, 202)

    return bp


def webhook_json(webhook: Webhook) -> dict[str, object]:
    return {
        "id": webhook.id,
        "url": webhook.url,
        "events": list(webhook.events),
        "channels": list(webhook.channels),
        "format": webhook.format,
        "options": dict(webhook.options),
        "not_told": not_told(webhook),
        "callback": webhook.callback,
        "enabled": webhook.enabled,
        "disabled_reason": webhook.disabled_reason,
        "created_at": isoformat(webhook.created_at),
    }


def _delivery_json(forward: Forward) -> dict[str, object]:
    waiting = forward.state is ForwardState.PENDING
    return {
        "event_id": forward.event_id,
        "event_type": forward.event_type.value,
        "state": forward.state.value,
        "tries": forward.tries,
        "created_at": isoformat(forward.created_at),
        "next_at": isoformat(forward.next_at) if waiting else None,
        "finished_at": moment(forward.finished_at),
        "last_status": forward.last_status,
        "last_error": forward.last_error,
    }
