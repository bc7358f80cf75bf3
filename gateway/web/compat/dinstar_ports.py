"""The Dinstar door's calls about ports: what they are, pausing and reviving them, and service codes that are asked for later.

Changing a port and dialling need a key with scope admin, as everywhere.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable, Mapping
from typing import Any

from flask import Response

from gateway.errors import SimrackError
from gateway.records import ChannelFacts, ChannelState, Key, UssdReply
from gateway.web.compat import dinstar_reading as reading
from gateway.web.compat.dinstar_json import Shapes
from gateway.web.compat.refused import Refused, Why, missing, wrong
from gateway.web.doors import Doors

log = logging.getLogger("simrack.web")

_MOST_USSD = 60
_CODE = re.compile(r"[0-9*#+]+")
_SENT, _BUSY, _NOT_REGISTERED = 200, 486, 503


class Ports:
    def __init__(self, doors: Doors, shapes: Shapes) -> None:
        self._doors = doors
        self._shapes = shapes
        self._places = doors.settings.doors.ports_of(doors.settings.channel_names)
        self._ussd = _Ussd(doors.ussd)
        self._actions: dict[str, Callable[[str, str], object]] = {
            "lock": lambda name, who: doors.fitness.pause(name, who, "locked through the Dinstar door"),
            "block": lambda name, who: doors.fitness.pause(name, who, "blocked through the Dinstar door"),
            "unlock": lambda name, who: doors.fitness.resume(name, who, "unlocked through the Dinstar door"),
            "unblock": lambda name, who: doors.fitness.resume(name, who, "unblocked through the Dinstar door"),
            "reset": doors.unpark,
        }

    def info(self, key: Key) -> Response:
        asked = reading.asked_for()
        wanted = [name.strip() for name in str(asked.get("info_type") or "").strip("[]").split(",") if name.strip()]
        facts = self._facts(asked)
        return self._shapes.said(200, {"info": [self._shapes.port_info(one, wanted) for one in facts]})

    def change(self, key: Key) -> Response:
        asked = reading.asked_for()
        _require_admin(key)
        deed = self._actions.get(str(asked.get("action")))
        if deed is None:
            raise Refused(Why.BODY, f"action: is none of {', '.join(self._actions)}", "action")
        if asked.get("port") in (None, "", []):
            raise missing("port")
        for facts in self._facts(asked):
            deed(facts.name, key.name)
        return self._shapes.said(200)

    def send_ussd(self, key: Key) -> Response:
        given = reading.table()
        _require_admin(key)
        text, command = given.get("text") or "", str(given.get("command") or "send")
        if not isinstance(text, str) or command not in ("send", "cancel") or given.get("port") in (None, "", []):
            raise Refused(Why.BODY, "port, or text, or command is wrong")
        if len(text.encode("utf-8", "replace")) > _MOST_USSD:
            raise reading.too_much("text", f"has more than {_MOST_USSD} bytes")
        if command == "send" and not _CODE.fullmatch(text):
            raise wrong("text", "is no service code")
        told = [{"port": self._places[facts.name], "status": self._told(facts, text, command)} for facts in self._facts(given)]
        return self._shapes.said(202, {"result": told})

    def ussd_replies(self, key: Key) -> Response:
        _require_admin(key)
        replies = ((facts.name, self._ussd.reply(facts.name)) for facts in self._facts(reading.asked_for()))
        shown = [{"port": self._places[name], "text": text} for name, text in replies if text is not None]
        return self._shapes.said(200, {"reply": shown})

    def _told(self, facts: ChannelFacts, text: str, command: str) -> int:
        if command == "cancel":
            self._ussd.forget(facts.name)
            return _SENT
        if facts.state is not ChannelState.READY:
            return _NOT_REGISTERED
        return _SENT if self._ussd.dial(facts.name, text) else _BUSY

    def _facts(self, asked: Mapping[str, Any]) -> list[ChannelFacts]:
        """Of the ports that are named, or of all. Raises Refused for one that is not there."""
        known = {self._places[facts.name]: facts for facts in self._doors.channels() if facts.name in self._places}
        wanted = reading.whole_numbers("port", asked.get("port"))
        for port in wanted or ():
            if port not in known:
                raise Refused(Why.BODY, f"port: there is no port {port}", "port")
        return [known[port] for port in (sorted(known) if wanted is None else wanted)]


class _Ussd:
    """Dials without keeping the asker: the answer waits until it is asked for. One code at a time on each channel."""

    def __init__(self, dial: Callable[[str, str], UssdReply]) -> None:
        self._dial = dial
        self._lock = threading.Lock()
        self._pending: dict[str, object] = {}
        self._replies: dict[str, str] = {}

    def dial(self, channel: str, code: str) -> bool:
        """False while an earlier code waits for its answer."""
        mine = object()
        with self._lock:
            if channel in self._pending:
                return False
            self._pending[channel] = mine
            self._replies.pop(channel, None)
        threading.Thread(target=self._wait, args=(channel, code, mine), name=f"ussd:{channel}", daemon=True).start()
        return True

    def reply(self, channel: str) -> str | None:
        with self._lock:
            return self._replies.get(channel)

    def forget(self, channel: str) -> None:
        """Nobody wants the answer any more."""
        with self._lock:
            self._pending.pop(channel, None)
            self._replies.pop(channel, None)

    def _wait(self, channel: str, code: str, mine: object) -> None:
        text = None
        try:
            text = self._dial(channel, code).text
        except SimrackError as fault:
            log.info("dinstar: no answer to a service code over %s: %s", channel, fault)
        finally:
            with self._lock:
                if self._pending.get(channel) is mine:
                    del self._pending[channel]
                    if text is not None:
                        self._replies[channel] = text


def _require_admin(key: Key) -> None:
    # Not 403, which clients read as a login that failed.
    if not key.may("admin"):
        raise Refused(Why.CONFLICT, f"the key {key.name!r} lacks the scope 'admin'")
