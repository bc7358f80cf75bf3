"""What all doors share: from where and with which key they are entered, and how texts are handed to `core.sending`.

A door reads its own language and writes its own answers; what it refuses it raises as Refused, and words it in one place.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from apiflask import APIBlueprint
from flask import Blueprint, Response, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from gateway import numbers
from gateway.core.inbound.checks import EXTENSION, EXTENSION_WORDS
from gateway.errors import BadValue, SimrackError
from gateway.records import Key, Message, SendRequest
from gateway.settings.networks import within
from gateway.web.compat.reading import international, moment, plus
from gateway.web.compat.refused import Refused, Why, from_http, from_ours, from_value, wrong
from gateway.web.doors import Doors, Once

log = logging.getLogger("simrack.web")

Say = Callable[[Refused], Response]

# Where an application keeps the entries of its open doors.
OPENED = "doors"
_LONGEST = {"to": 64, "from": 64, "channel": 64, "pool": 64, "client_ref": 255, "campaign": 64}


class Entry:
    def __init__(self, door: str, doors: Doors, say: Say) -> None:
        self.door = door
        self.doors = doors
        self._say = say
        self._networks = doors.settings.doors.networks(door)

    def blueprint(self, url_prefix: str | None = None) -> Blueprint:
        """No part of the published API: who made the language of a door describes it."""
        bp = APIBlueprint(f"compat_{self.door}", __name__, url_prefix=url_prefix, enable_openapi=False)
        bp.record_once(lambda state: state.app.extensions.setdefault(OPENED, []).append(self))
        bp.before_request(self._admit)
        bp.register_error_handler(Refused, self._answer)
        bp.register_error_handler(SimrackError, lambda fault: self._answer(from_ours(fault)))
        bp.register_error_handler(HTTPException, lambda fault: self._answer(from_http(fault)))
        return bp

    def stray(self, fault: HTTPException) -> Response:
        """What was asked of this door without coming to any of its views."""
        try:
            self._admit()
        except Refused as refused:
            return self._answer(refused)
        response = self._answer(from_http(fault))
        if response.status_code == 400 and fault.code:  # a door has no word of its own for it
            response.status_code = fault.code
        if isinstance(fault, MethodNotAllowed) and fault.valid_methods:
            response.headers["Allow"] = ", ".join(sorted(fault.valid_methods))
        return response

    def _admit(self) -> None:
        if self._networks is not None and not within(request.remote_addr or "", self._networks):
            log.warning("%s: a request from %s was refused; [doors] addresses does not name it", self.door, request.remote_addr)
            raise Refused(Why.ADDRESS, "[doors] addresses does not name the address that this comes from")
        if request.method == "HEAD":  # comes with every GET, and would send a text
            raise Refused(Why.METHOD, "HEAD is not offered here")

    def _answer(self, refused: Refused) -> Response:
        response = self._say(refused)
        if refused.retry_after is not None:
            response.headers.setdefault("Retry-After", str(refused.retry_after))
        return response

    def key(self, token: str | None, scope: str) -> Key:
        """The key this token belongs to, if it may do this. A door's user name is not looked at: the token alone is secret."""
        key = self.doors.store.keys.find(token) if token else None
        if key is None or key.revoked_at is not None:
            why = "was revoked" if key else "is not known" if token else "is missing"
            raise Refused(Why.CREDENTIALS, f"the key {why}")
        return self.allowed(key, scope)

    def allowed(self, key: Key, scope: str) -> Key:
        if not key.may(scope):
            raise Refused(Why.SCOPE, f"the key {key.name!r} lacks the scope {scope!r}")
        return key

    def only(self, key: Key) -> int | None:
        """Whose outgoing texts this key may look up and change: its own, those of all with scope admin."""
        return None if key.may("admin") else key.id

    def found(self, public_id: str, key: Key) -> Message | None:
        """One that this key may look up, sent or come in."""
        return self.doors.store.messages.get(public_id, self.only(key))

    def accept(self, requests: Sequence[SendRequest], key: Key, once: Once | None = None) -> list[Message]:
        """Queue all of them or none; they are on disk when this returns. Raises Refused."""
        wanted = [self._sound(one) for one in requests]
        try:
            return self.doors.sending.accept_batch(wanted, key, once)
        except BadValue as fault:
            place = fault.field.removeprefix("messages/").partition("/")[0]
            raise from_value(fault, wanted[int(place)].text if place.isdigit() else "") from fault

    def serials(self, messages: Sequence[Message]) -> list[int]:
        """The numbers of texts accepted together, whose rows follow each other."""
        first = self.doors.store.messages.get(messages[0].id)
        assert first is not None
        return [first.serial + place for place in range(len(messages))]

    def once(self, ref: str | None, *content: object) -> Once | None:
        """For a reference of the client: with the same content it is the same text, sent once; with another it is another text."""
        if not ref:
            return None
        whole = hashlib.sha256(json.dumps([ref, *content]).encode()).hexdigest()
        return f"{self.door} {whole}", whole

    def _sound(self, wanted: SendRequest) -> SendRequest:
        for name, value in (
            *(("to", wanted.to), ("text", wanted.text), ("from", wanted.from_), ("channel", wanted.channel)),
            *(("pool", wanted.pool), ("client_ref", wanted.client_ref), ("campaign", wanted.campaign)),
        ):
            _require_characters(name, value)
        if wanted.extension is not None and not re.fullmatch(EXTENSION, wanted.extension):
            raise wrong("extension", f"{wanted.extension!r} is no extension; {EXTENSION_WORDS}")
        wanted = replace(
            wanted,
            to=self.number(wanted.to),
            from_=None if wanted.from_ is None else self.number(wanted.from_),
            send_at=None if wanted.send_at is None else moment(wanted.send_at),
            expires_at=None if wanted.expires_at is None else moment(wanted.expires_at),
        )
        if wanted.from_ is not None and not self._is_ours(wanted.from_) and self.doors.settings.doors.other_senders == "ignore":
            return replace(wanted, from_=None)
        return wanted

    def number(self, written: str) -> str:
        """As `numbers.recipient` reads it, with the plus sign that clients of this door leave out."""
        if self.doors.settings.doors.bare_numbers == "international":
            return international(written)
        return numbers.with_plus(written, self.doors.settings.numbers.country)

    def kept(self, number: str | None) -> str | None:
        """A number in a filter as the store spells it; what is none stays, and finds nothing."""
        if not number:
            return None
        try:
            return numbers.recipient(self.number(plus(number).strip()), self.doors.settings.numbers.country)
        except BadValue:
            return number

    def _is_ours(self, written: str) -> bool:
        try:
            number = numbers.recipient(written, self.doors.settings.numbers.country)
        except BadValue:
            return False
        return any(facts.number == number for facts in self.doors.channels())


def _require_characters(name: str, value: str | None) -> None:
    if value is None:
        return
    if "\0" in value or any("\ud800" <= character <= "\udfff" for character in value):
        raise Refused(Why.TEXT if name == "text" else Why.VALUE, f"{name}: holds what is no character", name)
    if len(value) > _LONGEST.get(name, len(value)):
        raise wrong(name, f"is longer than {_LONGEST[name]} characters")
