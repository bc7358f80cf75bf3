"""Other people's SMS APIs in front of the same gateway: one file each, off unless the configuration opens them.

What they share stands in `entry` (keys, addresses, handing texts on), `refused` (why not) and `reading`.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint

from gateway.web.compat import (
    dinstar,
    integra,
    jasmin,
    kannel,
    plain,
    playsms,
    smseagle,
    smsgate,
    telnyx,
    twilio,
    vonage,
    wildix,
)
from gateway.web.doors import Doors

MAKERS: dict[str, Callable[[Doors], Blueprint]] = {
    "telnyx": telnyx.blueprint,
    "plain": plain.blueprint,
    "integra": integra.blueprint,
    "kannel": kannel.blueprint,
    "twilio": twilio.blueprint,
    "vonage": vonage.blueprint,
    "smseagle": smseagle.blueprint,
    "smsgate": smsgate.blueprint,
    "wildix": wildix.blueprint,
    "playsms": playsms.blueprint,
    "jasmin": jasmin.blueprint,
    "dinstar": dinstar.blueprint,
}


def blueprints(doors: Doors) -> list[Blueprint]:
    """Those of the doors that are open, in the order given above."""
    return [make(doors) for name, make in MAKERS.items() if name in doors.settings.doors.open]
