"""Webhooks as clients of android-sms-gateway register them: an address and one event each. They are webhooks of ours, in the format
`sms-gate`, and are seen and changed as all others are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response

from gateway.core.webhook_changes import ALL_EVENTS
from gateway.core.webhooks import require_known
from gateway.errors import BadValue
from gateway.records import EventType, Webhook
from gateway.web.answers import answer, nothing
from gateway.web.compat.entry import Entry
from gateway.web.compat.reading import bearer, document, password
from gateway.web.compat.refused import Refused, Why, from_value, missing, wrong
from gateway.web.compat.smsgate_device import FORMAT
from gateway.web.doors import Doors

_EVENTS = {
    "sms:received": (EventType.MESSAGE_RECEIVED,),
    "sms:sent": (EventType.MESSAGE_SENT,),
    "sms:delivered": (EventType.MESSAGE_DELIVERED,),
    "sms:failed": (EventType.MESSAGE_UNDELIVERED, EventType.MESSAGE_FAILED),
}


def add_to(bp: Blueprint, entry: Entry, doors: Doors) -> None:
    webhooks = doors.webhooks

    def registered() -> list[dict[str, Any]]:
        return [row for webhook in webhooks.all() if webhook.format == FORMAT and webhook.enabled for row in _shown(webhook)]

    def admin() -> str:
        """The name of the key that asks."""
        return entry.key(password() or bearer(), "admin").name

    @bp.get("/webhooks")
    def hooks() -> Response:
        admin()
        return answer(registered())

    @bp.post("/webhooks")
    def register() -> Response:
        """What is registered already, as programs do whenever they start, stays the one it is."""
        by = admin()
        url, event, device = _asked(document())
        for row in registered():
            if (row["url"], row["event"], row["deviceId"]) == (url, event, device):
                return answer(row, 201)
        try:
            require_known([device] if device else [], doors.settings.channel_names)
            made, secret = webhooks.add(url, _EVENTS[event], [device] if device else [], FORMAT, by=by)
        except BadValue as fault:
            raise from_value(fault, "") from fault
        return answer({**_row(made, event), "signingKey": secret}, 201)

    @bp.delete("/webhooks/<webhook_id>")
    def unregister(webhook_id: str) -> Response:
        by = admin()
        if webhooks.get(webhook_id).format != FORMAT:
            raise Refused(Why.NOT_FOUND, f"there is no webhook {webhook_id} of this door")
        webhooks.remove(webhook_id, by)
        return nothing()


def _asked(given: Mapping[str, Any]) -> tuple[str, str, str | None]:
    url, event, device = given.get("url"), given.get("event"), given.get("deviceId") or given.get("device_id")
    if not isinstance(url, str) or not url:
        raise missing("url")
    if event not in _EVENTS:
        raise wrong("event", f"is not told here; {', '.join(_EVENTS)} are")
    if device is not None and not isinstance(device, str):
        raise wrong("deviceId", "is no name of a channel")
    return url, event, device


def _shown(webhook: Webhook) -> list[dict[str, Any]]:
    """One of ours may hear of several events."""
    wanted = set(webhook.events)
    return [_row(webhook, name) for name, ours in _EVENTS.items() if ALL_EVENTS in wanted or wanted & set(ours)]


def _row(webhook: Webhook, event: str) -> dict[str, Any]:
    return {"id": webhook.id, "url": webhook.url, "event": event, "deviceId": webhook.channels[0] if webhook.channels else None}
