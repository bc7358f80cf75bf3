"""`/v1/traffic`: one pause or drain over all channels, as the signals SIGUSR1, SIGRTMIN and SIGUSR2 set and end it."""

from __future__ import annotations

from collections.abc import Callable

from apiflask import APIBlueprint
from flask import Response, g

from gateway.web.answers import answer
from gateway.web.api.channel_schemas import ChannelList, TrafficIn
from gateway.web.auth import Guard
from gateway.web.channel_json import channels_json
from gateway.web.doors import Doors
from gateway.web.problems import documented

_BODY = (400, 401, 403, 413, 415, 422, 503)


def blueprint(doors: Doors, guard: Guard) -> APIBlueprint:
    bp = APIBlueprint("traffic", __name__, url_prefix="/v1/traffic", tag="Channels")

    def change(path: str, summary: str, description: str, apply: Callable[[str, str], None]) -> None:
        @bp.post(path, endpoint=path.strip("/"))
        @guard.needs("admin")
        @bp.input(TrafficIn, arg_name="wanted")
        @bp.output(ChannelList)
        @bp.doc(summary=summary, description=description, security="bearer", responses=documented(*_BODY))
        def changed(wanted: TrafficIn) -> Response:
            apply(g.key.name, wanted.reason)
            return answer({"data": channels_json(doors)})

    everywhere = "One pause over all of them; what is on the air may end. Holds until it is ended, over restarts too."
    change("/pause", "Pause all channels", everywhere, doors.fitness.pause_all)
    change(
        "/drain",
        "Drain all channels",
        "Each sends what is bound to it, and takes nothing from pools. Holds until it is ended, over restarts too.",
        doors.fitness.drain_all,
    )
    change(
        "/resume",
        "End the pause or drain of all channels",
        "A channel that is paused for itself stays paused.",
        doors.fitness.resume_all,
    )

    return bp
