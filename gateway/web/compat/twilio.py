"""Twilio's Messages: create, fetch, list, cancel, redact, delete; with and without .json, and below /api/laml as SignalWire has it.

The key is the auth token; the account in the path is whatever the client calls itself. StatusCallback is called
with what becomes of its text. Errors are Twilio's own, never problems.
"""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint, Response, request

from gateway.core import callbacks
from gateway.records import Key, Message, SendRequest
from gateway.store.messages import MessageFilter
from gateway.web.answers import answer, nothing
from gateway.web.compat import twilio_json
from gateway.web.compat.entry import Entry
from gateway.web.compat.reading import moment, password, whole
from gateway.web.compat.refused import Refused, Why, missing, wrong
from gateway.web.doors import Doors

_PREFIXES = ("", "/api/laml")
_ANY = ["GET", "POST", "PUT", "PATCH", "DELETE"]
_MOST_ON_A_PAGE = 1000
_LONGEST_ACCOUNT = 64


def blueprint(doors: Doors) -> Blueprint:
    entry = Entry("twilio", doors, twilio_json.say)
    bp = entry.blueprint()
    views = _Views(entry, doors)
    for prefix in _PREFIXES:
        name = "laml" if prefix else "twilio"
        base = f"{prefix}/2010-04-01/Accounts/<account>/Messages"
        for path, view, method in (
            (base, views.create, "POST"),
            (base, views.list, "GET"),
            (f"{base}/<sid>", views.fetch, "GET"),
            (f"{base}/<sid>", views.change, "POST"),
            (f"{base}/<sid>", views.delete, "DELETE"),
        ):
            bp.add_url_rule(path, f"{name}_{view.__name__}", view, methods=[method])
            if path == base:
                bp.add_url_rule(f"{path}.json", f"{name}_{view.__name__}", view, methods=[method])
        # Nothing below here may be answered in another language.
        bp.add_url_rule(f"{prefix}/2010-04-01/<path:rest>", f"{name}_nothing", views.nothing, methods=_ANY)
    return bp


class _Views:
    def __init__(self, entry: Entry, doors: Doors) -> None:
        self._entry = entry
        self._doors = doors

    def create(self, account: str) -> Response:
        key = self._entry.key(password(), "send")
        message = self._entry.accept([self._wanted(account)], key)[0]
        return answer(twilio_json.shown(message, account), 201)

    def fetch(self, account: str, sid: str) -> Response:
        key = self._entry.key(password(), "read")
        return answer(twilio_json.shown(self._found(sid, key), account))

    def list(self, account: str) -> Response:
        key = self._entry.key(password(), "read")
        size = whole("PageSize", request.args.get("PageSize") or 50, 1, _MOST_ON_A_PAGE)
        since, until = twilio_json.sent_between(request.args)
        wanted = MessageFilter(
            to=self._entry.kept(request.args.get("To")),
            from_=self._entry.kept(request.args.get("From")),
            moved_since=since,
            moved_until=until,
            seen_by=self._entry.only(key),
        )
        page = self._doors.store.messages.find(wanted, request.args.get("PageToken") or None, size)
        shown = [message for message in page.messages if not twilio_json.is_erased(message)]
        following = "" if page.next_cursor is None else page.next_cursor
        return answer(twilio_json.page(shown, account, request.path, request.args.to_dict(), size, following))

    def change(self, account: str, sid: str) -> Response:
        """Status=canceled calls it back, an empty Body takes its text out."""
        key = self._entry.key(password(), "send")
        message = self._found(sid, key)
        if request.form.get("Status") == "canceled":
            return answer(twilio_json.shown(self._doors.sending.cancel(message.id, key), account))
        if request.form.get("Body") == "":
            return answer(twilio_json.shown(self._doors.erasing.redact(message.id, key), account))
        raise wrong("Body", "can only be made empty, and Status only be canceled")

    def delete(self, account: str, sid: str) -> Response:
        key = self._entry.key(password(), "send")
        self._doors.erasing.erase(self._found(sid, key).id, key)
        return nothing()

    def nothing(self, rest: str) -> Response:
        self._entry.key(password(), "read")
        raise Refused(Why.NOT_FOUND, f"The requested resource /2010-04-01/{rest} was not found")

    def _found(self, sid: str, key: Key) -> Message:
        public_id = twilio_json.public_id(sid.removesuffix(".json"))
        message = None if public_id is None else self._entry.found(public_id, key)
        if message is None or twilio_json.is_erased(message):
            raise Refused(Why.NOT_FOUND, f"The requested resource Messages/{sid} was not found")
        return message

    def _wanted(self, account: str) -> SendRequest:
        given = request.form
        sender, service = given.get("From"), given.get("MessagingServiceSid")
        for name in ("To", "From"):
            if not given.get(name) and not (name == "From" and service):
                raise missing(name)
        if given.get("MediaUrl"):
            raise Refused(Why.VALUE, "MediaUrl: pictures cannot be sent by SMS", "MediaUrl")
        if not given.get("Body"):
            raise missing("Body")
        pools = {pool.name for pool in self._doors.pools.find()}
        if service and service not in pools:
            raise Refused(Why.FROM, f"MessagingServiceSid: there is no pool {service!r}", "MessagingServiceSid")
        send_at = _moment(given.get("SendAt")) if given.get("ScheduleType") or given.get("SendAt") else None
        period = given.get("ValidityPeriod")
        # Twilio counts from when it begins to try.
        start = max(self._doors.clock.now(), send_at or 0.0)
        report = given.get("StatusCallback")
        return SendRequest(
            given["To"].strip(),
            given["Body"],
            sender or None,
            pool=service or None,
            send_at=send_at,
            expires_at=moment(start + whole("ValidityPeriod", period, 1, 10**7)) if period else None,
            callback=callbacks.twilio(report, account[:_LONGEST_ACCOUNT]) if report else None,
        )


def _moment(written: str | None) -> float:
    if not written:
        raise missing("SendAt")
    try:
        found = datetime.fromisoformat(written)
        if found.tzinfo is None:
            raise ValueError
        return found.timestamp()
    except (ValueError, OverflowError) as fault:
        raise wrong("SendAt", "is no ISO 8601 moment with an offset") from fault
