"""The HTTP API of a Dinstar box (UC2000, DWG2000; "Dinstar GSM Gateway HTTP API", v201910), with our channels as its ports.

`encoding` is not needed: each text goes in the alphabet it fits. A key hears of what it sent itself. Login: `dinstar_digest`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, request

from gateway.core.dinstar_desk import MOST_NUMBERS
from gateway.errors import BadValue
from gateway.numbers import recipient
from gateway.records import Key, SendRequest
from gateway.store import dinstar_door
from gateway.store.dinstar_door import NO_END, Asked
from gateway.web.answers import answer
from gateway.web.compat import dinstar_reading as reading
from gateway.web.compat.dinstar_digest import Login
from gateway.web.compat.dinstar_json import Shapes
from gateway.web.compat.dinstar_ports import Ports
from gateway.web.compat.dinstar_status import performance
from gateway.web.compat.entry import Entry
from gateway.web.compat.reading import truth
from gateway.web.compat.refused import Refused, Why, missing, wrong
from gateway.web.doors import Doors

_MOST_BYTES = 1500
_PLACE = "#param#"
_MOST_RESULTS = 1000
_QUEUE_COUNTED_EVERY_S = 1.0
_SHARE_OF_COUNTING = 100  # of the time, one part in so many goes into counting
_POST, _EITHER = ("POST",), ("GET", "POST")

View = Callable[[Key], Response]


def blueprint(doors: Doors) -> Blueprint:
    shapes = Shapes(doors.settings.doors.dinstar_sn, doors.settings.doors.ports_of(doors.settings.channel_names))
    login = Login(doors.store.keys.dinstar, doors.store.keys.find, doors.clock.monotonic)

    def say(refused: Refused) -> Response:
        response = shapes.refusal(refused)
        if refused.why is Why.CREDENTIALS:
            response.headers["WWW-Authenticate"] = login.challenge(refused)
        return response

    entry = Entry("dinstar", doors, say)
    bp = entry.blueprint("/api")
    texts, ports = _Texts(entry, doors, shapes), Ports(doors, shapes)

    def offer(call: str, methods: tuple[str, ...], scope: str, view: View) -> None:
        # A client may ask by the wrong method first, to be asked for its login.
        def answered() -> Response:
            key = entry.allowed(login.key(), scope)
            if request.method not in methods:
                raise Refused(Why.METHOD, f"{call} is asked by {' or '.join(methods)}")
            return view(key)

        bp.add_url_rule(f"/{call}", call, answered, methods=["GET", "POST"])

    offer("send_sms", _POST, "send", texts.send)
    offer("stop_sms", _EITHER, "send", texts.stop)
    offer("query_sms_result", _EITHER, "read", texts.results)
    offer("query_sms_deliver_status", _EITHER, "read", texts.deliveries)
    offer("query_sms_in_queue", _EITHER, "read", texts.in_queue)
    offer("query_incoming_sms", _EITHER, "read", texts.incoming)
    offer("get_port_info", _EITHER, "read", ports.info)
    offer("set_port_info", _EITHER, "read", ports.change)
    offer("send_ussd", _POST, "read", ports.send_ussd)
    offer("query_ussd_reply", _EITHER, "read", ports.ussd_replies)
    offer("get_cdr", _POST, "read", texts.calls)
    offer("get_status", _POST, "read", lambda key: answer(performance(Path(doors.settings.store.path))))
    return bp


class _Texts:
    def __init__(self, entry: Entry, doors: Doors, shapes: Shapes) -> None:
        self._entry = entry
        self._doors = doors
        self._shapes = shapes
        self._channels = {port: name for name, port in doors.settings.doors.ports_of(doors.settings.channel_names).items()}
        self._queued = 0
        self._count_at = 0.0  # monotonic; when the queue is counted again

    def send(self, key: Key) -> Response:
        messages = self._entry.accept(self._wanted(reading.table()), key)
        task = self._doors.dinstar.task_of([message.id for message in messages])
        return self._shapes.said(202, {"sms_in_queue": self._roughly_queued(len(messages)), "task_id": task})

    def stop(self, key: Key) -> Response:
        task = reading.whole_number("task_id", reading.asked_for().get("task_id"))
        if task is None:
            raise missing("task_id")
        self._doors.dinstar.stop(task, key.id)
        return self._shapes.said(200)

    def results(self, key: Key) -> Response:
        asked, spelt = self._asked(key, reading.asked_for())
        found = self._doors.store.read(lambda db: dinstar_door.results(db, asked, _MOST_RESULTS))
        return self._shapes.said(200, {"result": [self._shapes.result(one, spelt) for one in found]})

    def deliveries(self, key: Key) -> Response:
        asked, spelt = self._asked(key, reading.asked_for())
        found = self._doors.store.read(lambda db: dinstar_door.deliveries(db, asked, _MOST_RESULTS))
        return self._shapes.said(200, {"result": [self._shapes.delivery(one, spelt) for one in found]})

    def in_queue(self, key: Key) -> Response:
        return self._shapes.said(200, {"in_queue": _waiting(self._doors)})

    def calls(self, key: Key) -> Response:
        """There are none."""
        return self._shapes.said(200, {"cdr": []})

    def incoming(self, key: Key) -> Response:
        """With incoming_sms_id it reads on from there; without, it shows the newest, or what was not read yet."""
        asked = reading.asked_for()
        flag, after = reading.flag(asked.get("flag")), reading.whole_number("incoming_sms_id", asked.get("incoming_sms_id"))
        ports = reading.whole_numbers("port", asked.get("port"))
        channels = list(self._channels.values()) if ports is None else self._names(ports)
        read, since = self._doors.store.read, after or 0
        marks = read(lambda db: dinstar_door.read_to(db, key.id, channels))
        counts = {
            "read": read(lambda db: dinstar_door.count(db, {one: (0, mark) for one, mark in marks.items()})),
            "unread": read(lambda db: dinstar_door.count(db, {one: (mark, NO_END) for one, mark in marks.items()})),
        }
        if flag == "unread":
            found = self._doors.dinstar.unread(key.id, channels, ports is None, since, _MOST_RESULTS)
        else:
            spans = {one: (since, mark if flag == "read" else NO_END) for one, mark in marks.items()}
            found = read(lambda db: dinstar_door.incoming(db, spans, _MOST_RESULTS, newest=after is None))
        smsc = {facts.name: facts.smsc for facts in self._doors.channels()}
        return self._shapes.said(200, {"sms": [self._shapes.incoming(one, smsc) for one in found], **counts})

    # What requests hold

    def _wanted(self, given: Mapping[str, Any]) -> list[SendRequest]:
        text, param = given.get("text"), given.get("param")
        param = [param] if isinstance(param, dict) else param
        if not isinstance(text, str) or not text:
            raise missing("text")
        if not isinstance(param, list) or not param or not all(isinstance(each, dict) for each in param):
            raise missing("param")
        if len(param) > MOST_NUMBERS:
            raise reading.too_much("param", f"holds more than {MOST_NUMBERS} numbers")
        report = "request_status_report" not in given or truth(given["request_status_report"])
        return [self._one(text, each, report, given.get("port")) for each in param]

    def _one(self, text: str, given: Mapping[str, Any], report: bool, port: Any) -> SendRequest:
        number, ref = given.get("number"), reading.whole_number("user_id", given.get("user_id"))
        if not isinstance(number, str | int) or isinstance(number, bool) or not str(number).strip():
            raise Refused(Why.TO, "number: is missing", "number")
        text = _filled(text, given.get("text_param"))
        if len(text.encode("utf-8", "replace")) > _MOST_BYTES:
            raise reading.too_much("text", f"has more than {_MOST_BYTES} bytes")
        # One client writes its port beside the number.
        ports = reading.whole_numbers("port", given.get("port", port))
        return SendRequest(
            str(number).strip(),
            text,
            channel=None if ports is None else ",".join(self._usable(ports)),
            pool=(self._doors.settings.doors.dinstar_pool or None) if ports is None else None,
            report=report,
            client_ref=str(ref) if ref else None,
        )

    def _usable(self, ports: list[int]) -> list[str]:
        names = self._names(ports)
        if not names:
            raise wrong("port", "is none of ours")
        return names

    def _names(self, ports: list[int]) -> list[str]:
        return [self._channels[port] for port in dict.fromkeys(ports) if port in self._channels]

    def _asked(self, key: Key, given: Mapping[str, Any]) -> tuple[Asked, dict[str, str]]:
        """And how the asker spells the numbers, by how they are kept."""
        user_ids, ports = reading.user_ids(given.get("user_id")), reading.whole_numbers("port", given.get("port"))
        numbers = reading.numbers(given.get("number"))
        spelt = {self._kept(number): number for number in numbers or ()}
        return Asked(
            key.id,
            user_ids=None if user_ids is None else [str(one) for one in user_ids],
            numbers=None if numbers is None else list(spelt),
            channels=None if ports is None else self._names(ports),
            after=reading.moment("time_after", given.get("time_after")),
            before=reading.moment("time_before", given.get("time_before")),
        ), spelt

    def _kept(self, written: str) -> str:
        """What is no number finds nothing."""
        try:
            return recipient(self._entry.number(written.strip()), self._doors.settings.numbers.country)
        except BadValue:
            return written.encode("ascii", "replace").decode()  # half a surrogate pair is no text to the store

    def _roughly_queued(self, added: int) -> int:
        """To count a long queue takes its time: it is done now and then, by one thread, while the others go on."""
        began = self._doors.clock.monotonic()
        if began < self._count_at:
            self._queued += added
            return self._queued
        self._count_at = math.inf
        try:
            self._queued = _waiting(self._doors)
        finally:
            ended = self._doors.clock.monotonic()
            self._count_at = ended + max(_QUEUE_COUNTED_EVERY_S, (ended - began) * _SHARE_OF_COUNTING)
        return self._queued


def _waiting(doors: Doors) -> int:
    sizes = doors.queue()
    return sizes.get("queued", 0) + sizes.get("sending", 0)


def _filled(text: str, values: Any) -> str:
    """With each place taken by its value; a value is not looked at again."""
    if values in (None, [], ""):
        return text
    if not isinstance(values, list):
        values = [values]
    if not all(isinstance(value, str | int | float) for value in values):
        raise wrong("text_param", "holds what is no text")
    pieces = text.split(_PLACE)
    if len(values) < len(pieces) - 1:
        raise wrong("text_param", f"holds {len(values)} values for {len(pieces) - 1} places")
    return pieces[0] + "".join(f"{value}{piece}" for value, piece in zip(values, pieces[1:], strict=False))
