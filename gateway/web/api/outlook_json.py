"""Who would have the next text, as clients see it."""

from __future__ import annotations

from gateway.clock import moment
from gateway.core.limits.view import LimitsView
from gateway.core.outlook import Outlook, PoolOutlook, Stand
from gateway.web.api.limits import refusal_json
from gateway.web.doors import Doors


def outlook_of(doors: Doors) -> Outlook:
    view = LimitsView(doors.limits, doors.store, doors.clock, doors.fitness.standing)
    numbers, fitness = doors.settings.numbers, doors.fitness
    return Outlook(doors.store, numbers, doors.clock, doors.pools, doors.channels, fitness, view, doors.turns)


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
