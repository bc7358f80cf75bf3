"""Who would have the next text, as clients see it."""

from __future__ import annotations

from gateway.clock import moment
from gateway.core.outlook import PoolOutlook, Stand
from gateway.web.api.limits import refusal_json


def pool_outlook_json(found: PoolOutlook) -> dict[str, object]:
    return {
        "next": found.next,
        "until": moment(found.until),
        "refusal": found.refusal,
        "refusals": [refusal_json(one) for one in found.refusals],
        "channels": [stand_json(one) for one in found.channels],
    }


def stand_json(found: Stand) -> dict[str, object]:
    return {
        "channel": found.channel,
        "may_send": found.may,
        "standing": found.standing,
        "reason": found.reason,
        "until": moment(found.until),
    }
