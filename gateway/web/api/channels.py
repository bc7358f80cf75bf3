"""`/v1/channels`: what is known of each SIM now. Changes nothing."""

from __future__ import annotations

from dataclasses import asdict
from typing import Literal

from apiflask import APIBlueprint
from flask import Response

from gateway.errors import NotFound
from gateway.records import ChannelFacts
from gateway.web.answers import answer
from gateway.web.auth import Guard
from gateway.web.doors import Doors
from gateway.web.problems import documented
from gateway.web.schemas import Out


class ChannelOut(Out):
    name: str
    state: Literal["starting", "ready", "unregistered", "lost", "parked", "paused"]
    reason: str
    port: str
    number: str
    imei: str
    imsi: str
    iccid: str
    manufacturer: str
    model: str
    revision: str
    family: str
    operator: str
    registration: str
    signal_dbm: int | None
    smsc: str


class ChannelList(Out):
    data: list[ChannelOut]


def blueprint(doors: Doors, guard: Guard) -> APIBlueprint:
    bp = APIBlueprint("channels", __name__, url_prefix="/v1/channels", tag="Channels")

    @bp.get("")
    @guard.needs("read")
    @bp.output(ChannelList)
    @bp.doc(summary="List the channels", security="bearer", responses=documented(401, 403))
    def find() -> Response:
        return answer({"data": [channel_json(facts) for facts in doors.channels()]})

    @bp.get("/<name>")
    @guard.needs("read")
    @bp.output(ChannelOut)
    @bp.doc(summary="One channel", security="bearer", responses=documented(401, 403, 404))
    def get(name: str) -> Response:
        for facts in doors.channels():
            if facts.name == name:
                return answer(channel_json(facts))
        raise NotFound(f"there is no channel {name}")

    return bp


def channel_json(facts: ChannelFacts) -> dict[str, object]:
    return {**asdict(facts), "state": facts.state.value}
