"""What the audit keeps of a change to a webhook: never its secret, nor what addresses and options may hide of one."""

from __future__ import annotations

from typing import Any

from gateway.records import Webhook
from gateway.store import Database, audit

AT_THE_BOX = "simrack webhook"  # who changed it, where no key did
_FIELDS = ("url", "events", "channels", "format", "options", "enabled")


def noted(
    db: Database, now: float, by: str, action: str, before: Webhook | None, after: Webhook | None, new_secret: bool = False
) -> None:
    """One row, unless nothing became different."""
    told = [_shown(before), _shown(after)]
    if before is not None and after is not None:
        changed = [name for name in _FIELDS if getattr(before, name) != getattr(after, name)] + ["secret"] * new_secret
        if not changed:
            return
        told[1] = {**(told[1] or {}), "changed": changed}
    about = after or before
    assert about is not None
    audit.note(db, now, by, f"webhook.{action}", f"webhook:{about.id}", *told)


def _shown(webhook: Webhook | None) -> dict[str, Any] | None:
    """The query of an address, headers and bodies may carry passwords: of options the names alone."""
    if webhook is None:
        return None
    return {
        "url": webhook.url.partition("?")[0],
        "events": list(webhook.events),
        "channels": list(webhook.channels),
        "format": webhook.format,
        "options": sorted(webhook.options),
        "enabled": webhook.enabled,
    }
