"""`/v1/messages`: accept, look up, list, cancel, preview, settle. The hot path of the gateway begins here."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from urllib.parse import urlencode

from apiflask import APIBlueprint
from flask import Response, g, request
from werkzeug.routing import BaseConverter

from gateway import numbers
from gateway.core.keys.rules import link_rule, link_warning, longest
from gateway.core.message_json import attempt_json, message_json
from gateway.core.own_numbers import explained
from gateway.core.sender_name import is_name, sender_name
from gateway.errors import AgainstRule, BadValue, NotFound
from gateway.pdu.split import Preview
from gateway.records import KeyRules, Links, Message, SendRequest
from gateway.settings import SendingSettings
from gateway.settings.spelling import nearest
from gateway.store.messages import MessageFilter
from gateway.web.answers import answer
from gateway.web.api.message_schemas import (
    BatchIn,
    BatchOut,
    MessageOut,
    MessagePage,
    MessagesQuery,
    MessageWithAttempts,
    PreviewIn,
    PreviewOut,
    SendHeaders,
    SendIn,
    SettleIn,
)
from gateway.web.auth import Guard
from gateway.web.doors import Doors, Once
from gateway.web.problems import Problem, bad_value, documented, problem_json


class MessageId(BaseConverter):
    """Whatever is not one of the words that stand in the place of an id."""

    regex = "(?!(?:batch|preview)$)[^/]+"


_BODY = (400, 401, 403, 413, 415, 422)


def blueprint(doors: Doors, guard: Guard) -> APIBlueprint:
    bp = APIBlueprint("messages", __name__, url_prefix="/v1/messages", tag="Messages")
    _send(bp, doors, guard)
    _preview(bp, doors, guard)
    _show(bp, doors, guard)
    _decide(bp, doors, guard)
    return bp


def _send(bp: APIBlueprint, doors: Doors, guard: Guard) -> None:
    sending = doors.sending

    @bp.post("")
    @guard.needs("send")
    @bp.input(SendHeaders, location="headers", arg_name="headers")
    @bp.input(SendIn, arg_name="wanted")
    @bp.output(MessageOut, status_code=202, description="Accepted: it is on disk and will be sent")
    @bp.doc(summary="Send a text", security="bearer", responses=documented(*_BODY, 409, 429, 503))
    def send(wanted: SendIn, headers: SendHeaders) -> Response:
        request = _as_request(wanted)
        try:
            message = sending.accept(request, g.key, _once(headers))
        except BadValue as fault:
            raise _refusal(fault, [request]) from fault
        return answer(message_json(message), 202, {"Location": f"/v1/messages/{message.id}"})

    @bp.post("/batch")
    @guard.needs("send")
    @bp.input(SendHeaders, location="headers", arg_name="headers")
    @bp.input(BatchIn, arg_name="wanted")
    @bp.output(BatchOut, status_code=202, description="All are accepted, in the order given")
    @bp.doc(summary="Send many texts: all or none", security="bearer", responses=documented(*_BODY, 409, 429, 503))
    def send_batch(wanted: BatchIn, headers: SendHeaders) -> Response:
        requests = [_as_request(one) for one in wanted.messages]
        try:
            accepted = sending.accept_batch(requests, g.key, _once(headers))
        except BadValue as fault:
            raise _refusal(fault, requests) from fault
        return answer({"data": [message_json(message) for message in accepted]}, 202)


def _preview(bp: APIBlueprint, doors: Doors, guard: Guard) -> None:
    sending = doors.sending

    @bp.post("/preview")
    @guard.needs("send")
    @bp.input(PreviewIn, arg_name="wanted")
    @bp.output(PreviewOut)
    @bp.doc(
        summary="How a text would be coded and split, and what would become of it",
        description="Sends nothing. With a recipient it also says by what it would leave, or why it would be refused.",
        security="bearer",
        responses=documented(*_BODY),
    )
    def preview(wanted: PreviewIn) -> Response:
        shown = _preview_json(sending.preview(wanted.text), wanted.text, g.key.rules, doors.settings.sending)
        shown |= _sender_json(wanted.from_ or "")
        if wanted.to:
            return answer(shown | foreseen(wanted))
        for name in sorted(wanted.model_fields_set - {"text", "from_"}):
            raise BadValue(name, "is judged together with a recipient", "give to as well")
        return answer(shown)

    def foreseen(wanted: PreviewIn) -> dict[str, object]:
        request = _as_request(wanted)
        try:
            message = sending.foresee(request, g.key)
        except BadValue as fault:
            problem = _refusal(fault, [request])
            told = problem_json(problem.status, problem.detail, problem.errors, problem.code)
            return {"fits": False, "to": None, "from": "", "channel": None, "pool": None, "route": None, "refusal": told}
        kept = message_json(message)
        return {"fits": True, **{name: kept[name] for name in ("to", "from", "channel", "pool", "route")}, "refusal": None}


def _show(bp: APIBlueprint, doors: Doors, guard: Guard) -> None:
    messages = doors.store.messages

    def shown(message: Message) -> dict[str, object]:
        return message_json(explained(message, doors.pools.lanes().get(message.lane)))

    def require_channel(name: str) -> None:
        known = doors.settings.channel_names
        if name not in known and not messages.count(MessageFilter(channel=name), 1):
            raise NotFound(f"there is no channel {name}; {nearest(name, known)}", "channel")

    @bp.get("")
    @guard.needs("read")
    @bp.input(MessagesQuery, location="query", arg_name="query")
    @bp.output(MessagePage)
    @bp.doc(summary="List messages, newest first", security="bearer", responses=documented(401, 403, 404, 422))
    def find(query: MessagesQuery) -> Response:
        country = doors.settings.numbers.country
        wanted = MessageFilter(
            direction=query.direction,
            status=query.status,
            to=_as_kept(query.to, country),
            from_=_as_kept(query.from_, country),
            since=query.since,
            client_ref=query.client_ref,
            campaign=query.campaign,
            channel=query.channel,
            claimed=query.claimed,
        )
        try:
            page = messages.find(wanted, query.cursor, query.limit)
        except BadValue as fault:
            raise bad_value(fault, "parameter") from fault
        if not page.messages and query.channel is not None:
            require_channel(query.channel)
        content = {
            "data": [shown(message) for message in page.messages],
            "has_more": page.next_cursor is not None,
            "next_cursor": page.next_cursor,
        }
        if page.next_cursor is None:
            return answer(content)
        following = urlencode({**request.args, "cursor": page.next_cursor})
        return answer(content, headers={"Link": f'</v1/messages?{following}>; rel="next"'})

    @bp.get("/<message:message_id>")
    @guard.needs("read")
    @bp.output(MessageWithAttempts)
    @bp.doc(summary="One message with its attempts", security="bearer", responses=documented(401, 403, 404))
    def get(message_id: str) -> Response:
        message = messages.get(message_id)
        if message is None:
            raise NotFound(f"there is no message {message_id}")
        attempts = [attempt_json(attempt) for attempt in messages.attempts(message_id)]
        return answer({**shown(message), "attempts": attempts})


def _decide(bp: APIBlueprint, doors: Doors, guard: Guard) -> None:
    sending = doors.sending

    @bp.delete("/<message:message_id>")
    @guard.needs("send")
    @bp.output(MessageOut)
    @bp.doc(
        summary="Cancel a message that has not left",
        description="A key without the scope admin cancels what it sent itself; the messages of others are not found.",
        security="bearer",
        responses=documented(401, 403, 404, 409, 503),
    )
    def cancel(message_id: str) -> Response:
        return answer(message_json(sending.cancel(message_id, g.key)))

    @bp.post("/<message:message_id>/settle")
    @guard.needs("send")
    @bp.input(SettleIn, arg_name="wanted")
    @bp.output(MessageOut)
    @bp.doc(
        summary="Decide about a message whose outcome is unknown",
        description="A key without the scope admin decides about what it sent itself; the messages of others are not found.",
        security="bearer",
        responses=documented(*_BODY, 404, 409, 503),
    )
    def settle(message_id: str, wanted: SettleIn) -> Response:
        return answer(message_json(sending.settle(message_id, wanted.decision, g.key)))


def _as_request(wanted: SendIn) -> SendRequest:
    return SendRequest(
        wanted.to,
        wanted.text,
        wanted.from_,
        wanted.channel,
        wanted.pool,
        wanted.priority,
        wanted.send_at,
        wanted.expires_at,
        wanted.validity_minutes,
        wanted.flash,
        wanted.report,
        wanted.on_unknown,
        wanted.client_ref,
        wanted.campaign,
        extension=wanted.extension,
    )


def _preview_json(shown: Preview, text: str, rules: KeyRules, settings: SendingSettings) -> dict[str, object]:
    most, warning = longest(rules, settings), link_warning(text, rules, settings)
    refused = bool(warning) and link_rule(rules, settings) == Links.REFUSE
    return {
        "encoding": shown.encoding.value,
        "characters": shown.characters,
        "units": shown.units,
        "parts": shown.parts,
        "remaining": shown.remaining,
        "longest": most,
        "fits": shown.characters <= most and shown.parts <= settings.max_parts and not refused,
        "warnings": [f"{warning}, which the key may not send" if refused else warning] if warning else [],
    }


def _sender_json(written: str) -> dict[str, object]:
    if not is_name(written):
        return {}
    shown = sender_name(written)
    return {"sender": {"name": shown.name, "changes": list(shown.changes)}}


def _refusal(fault: BadValue, requests: Sequence[SendRequest]) -> Problem:
    """422 for a value that is wrong by itself; 409 for one that only the moment, a rule or another value makes wrong."""
    problem = bad_value(fault)
    place, _, field = fault.field.rpartition("/")
    wanted = requests[int(place.removeprefix("messages/") or 0)]
    if isinstance(fault, AgainstRule):
        problem.status, problem.code = 409, "against_rule"
    if field == "expires_at" or (field == "from" and (wanted.channel or wanted.pool)):
        problem.status = 409
    return problem


def _as_kept(number: str | None, country: str) -> str | None:
    """A number in a filter as the store spells it; what is no number stays as it is and finds what is spelled so."""
    if not number:
        return number
    if number[0] == " ":  # a plus sign that was not escaped arrives as a blank
        number = "+" + number[1:]
    try:
        return numbers.recipient(number, country)
    except BadValue:
        return number


def _once(headers: SendHeaders) -> Once | None:
    """The Idempotency-Key, bare or quoted, with what makes two requests the same: method, path and meaning of the body."""
    if headers.idempotency_key is None:
        return None
    body = json.dumps(json.loads(request.get_data()), sort_keys=True, separators=(",", ":"))
    fingerprint = hashlib.sha256(f"{request.method}\n{request.path}\n{body}".encode()).hexdigest()
    return headers.idempotency_key.strip('"'), fingerprint
