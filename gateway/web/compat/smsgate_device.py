"""What clients of android-sms-gateway ask of the telephone itself: its inbox once more, its settings, logs and health.

Received texts are kept here, so its inbox is told again from them, to the webhooks that were registered here; nothing is read anew
from a SIM. Settings stand in the configuration: what is true of them is shown, and nothing is changed. Tokens are not given out.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response

from gateway.core.webhook_changes import ALL_EVENTS
from gateway.records import Direction, EventType, Message
from gateway.store.messages import MessageFilter
from gateway.web.answers import answer
from gateway.web.compat.entry import Entry
from gateway.web.compat.reading import bearer, document, iso, password
from gateway.web.compat.refused import Refused, Why, missing, wrong
from gateway.web.doors import Doors

FORMAT = "sms-gate"
MOST_TOLD = 1000
_SETTINGS = {"messages": {"processing_order": "FIFO"}, "webhooks": {"internet_required": False}}
_NO_TOKENS = "tokens are not given out; use a key of `simrack key` as password, or as Bearer"
_NO_CHANGE = "settings stand in the configuration of simrack; they are not changed from here"
_NO_REMOVAL = "devices are the channels of the configuration; they are not removed from here"
_ABSENT = (
    ("POST", "/auth/token", _NO_TOKENS),
    ("POST", "/auth/token/refresh", _NO_TOKENS),
    ("DELETE", "/auth/token/<_>", _NO_TOKENS),
    ("PUT", "/settings", _NO_CHANGE),
    ("PATCH", "/settings", _NO_CHANGE),
    ("DELETE", "/devices/<_>", _NO_REMOVAL),
)


def add_to(bp: Blueprint, entry: Entry, doors: Doors) -> None:
    @bp.post("/inbox/refresh")
    def refresh() -> Response:
        """All that came in is here already: unless webhooks are asked for, as its documents have it, nobody is told."""
        by, texts, asked = received()
        if asked == "Individual":
            _tell(texts, by, doors)
        return answer({}, 202)

    @bp.post("/messages/inbox/export")
    def export() -> Response:
        by, texts, _ = received()
        _tell(texts, by, doors)
        return answer({}, 202)

    def received() -> tuple[str, list[Message], object]:
        """Who asks, what came in at that time, and which webhooks are to be told."""
        by, given = entry.key(password() or bearer(), "admin").name, document()
        return by, _received(given.get("deviceId"), iso(given, "since"), iso(given, "until"), doors), given.get("webhookDelivery")

    @bp.get("/settings")
    def settings() -> Response:
        entry.key(password() or bearer(), "read")
        return answer(_SETTINGS)

    @bp.get("/logs")
    def logs() -> Response:
        """The log of the gateway is the machine's, and is not told to clients."""
        entry.key(password() or bearer(), "read")
        return answer([])

    def health() -> Response:
        return answer({"status": "pass", "version": "1", "releaseId": 1, "checks": {}})

    for path in ("/health", "/health/live", "/health/ready", "/health/startup"):
        bp.add_url_rule(path, "health", health, methods=["GET"])
    for method, path, reason in _ABSENT:
        bp.add_url_rule(path, f"{method} {path}", _refusing(reason), methods=[method])


def _refusing(reason: str) -> Callable[..., Response]:
    def refuse(**_: str) -> Response:
        raise Refused(Why.ABSENT, reason)

    return refuse


def _received(device: object, since: float | None, until: float | None, doors: Doors) -> list[Message]:
    """Oldest first."""
    if since is None or until is None:
        raise missing("since" if since is None else "until")
    if device and device not in doors.settings.channel_names:
        raise wrong("deviceId", f"there is no device {device!r}")
    wanted = MessageFilter(direction=Direction.IN, since=since, until=until, channel=str(device) if device else None)
    found = doors.store.messages.find(wanted, None, MOST_TOLD)
    if found.next_cursor is not None:
        raise wrong("until", f"more than {MOST_TOLD} texts came since then; ask for a shorter time")
    return list(reversed(found.messages))


def _tell(texts: list[Message], by: str, doors: Doors) -> None:
    for webhook in doors.webhooks.all():
        hears = EventType.MESSAGE_RECEIVED in webhook.events or ALL_EVENTS in webhook.events
        if webhook.format != FORMAT or not webhook.enabled or not hears:
            continue
        ids = [text.id for text in texts if not webhook.channels or text.channel in webhook.channels]
        if ids:
            doors.replaying.replay(ids, webhook.id, by)
