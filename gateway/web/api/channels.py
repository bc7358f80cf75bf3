"""`/v1/channels`: what is known of each SIM now, how it does, whether it may take texts; service codes dialled over it."""

from __future__ import annotations

from apiflask import APIBlueprint
from flask import Response, g

from gateway.errors import NotFound
from gateway.records import ChannelFacts
from gateway.settings.spelling import nearest
from gateway.web.answers import answer
from gateway.web.api.asked import asked_number
from gateway.web.api.channel_schemas import ChannelList, ChannelOut, TrafficIn, UssdIn, UssdOut
from gateway.web.api.limits import refusal_json
from gateway.web.api.outlook_json import stand_json
from gateway.web.api.outlook_schemas import ChannelExplainOut, ChannelExplainQuery
from gateway.web.auth import Guard
from gateway.web.channel_json import channel_json, channels_json
from gateway.web.doors import Doors
from gateway.web.problems import documented

_BODY = (400, 401, 403, 413, 415, 422, 503)


def blueprint(doors: Doors, guard: Guard) -> APIBlueprint:
    bp = APIBlueprint("channels", __name__, url_prefix="/v1/channels", tag="Channels")
    outlook = doors.outlook

    @bp.get("")
    @guard.needs("read")
    @bp.output(ChannelList)
    @bp.doc(summary="List the channels", security="bearer", responses=documented(401, 403))
    def find() -> Response:
        return answer({"data": channels_json(doors)})

    @bp.get("/<name>")
    @guard.needs("read")
    @bp.output(ChannelOut)
    @bp.doc(summary="One channel", security="bearer", responses=documented(401, 403, 404))
    def get(name: str) -> Response:
        return answer(channel_json(doors, _found(doors, name)))

    @bp.get("/<name>/explain")
    @guard.needs("read")
    @bp.input(ChannelExplainQuery, location="query", arg_name="query")
    @bp.output(ChannelExplainOut)
    @bp.doc(
        summary="May a channel send now, and what says no",
        security="bearer",
        responses=documented(401, 403, 404, 422),
    )
    def explain(name: str, query: ChannelExplainQuery) -> Response:
        facts = _found(doors, name)
        found, shown = outlook.of_channel(facts, asked_number(doors, query.to), query.parts), channel_json(doors, facts)
        more = {"health": shown["health"], "pools": shown["pools"], "refusals": [refusal_json(one) for one in found.refusals]}
        return answer({**stand_json(found), **more})

    @bp.post("/<name>/ussd")
    @guard.needs("admin")
    @bp.input(UssdIn, arg_name="wanted")
    @bp.output(UssdOut)
    @bp.doc(
        summary="Dial a service code and wait for the network's words, up to half a minute",
        security="bearer",
        responses=documented(400, 401, 403, 404, 409, 413, 415, 422, 502, 503, 504),
    )
    def ussd(name: str, wanted: UssdIn) -> Response:
        reply = doors.ussd(name, wanted.code)
        return answer({"text": reply.text, "open": reply.open})

    @bp.post("/<name>/unpark")
    @guard.needs("admin")
    @bp.output(ChannelOut)
    @bp.doc(
        summary="A person has seen to this channel: try it again now",
        description="Ends the quarantine of a modem that nothing had revived. Without effect on a channel that is not parked.",
        security="bearer",
        responses=documented(401, 403, 404),
    )
    def unpark(name: str) -> Response:
        found = _found(doors, name)
        doors.unpark(name, g.key.name)
        return answer(channel_json(doors, found))

    _of_one(bp, doors, guard)
    return bp


def _of_one(bp: APIBlueprint, doors: Doors, guard: Guard) -> None:
    @bp.post("/<name>/pause")
    @guard.needs("admin")
    @bp.input(TrafficIn, arg_name="wanted")
    @bp.output(ChannelOut)
    @bp.doc(
        summary="Let a channel take nothing more; what is on the air may end",
        description="Holds until somebody resumes it, over restarts too.",
        security="bearer",
        responses=documented(*_BODY, 404),
    )
    def pause(name: str, wanted: TrafficIn) -> Response:
        doors.fitness.pause(name, g.key.name, wanted.reason)
        return answer(channel_json(doors, _found(doors, name)))

    @bp.post("/<name>/drain")
    @guard.needs("admin")
    @bp.input(TrafficIn, arg_name="wanted")
    @bp.output(ChannelOut)
    @bp.doc(
        summary="Let a channel send what is bound to it, and pause then",
        security="bearer",
        responses=documented(*_BODY, 404),
    )
    def drain(name: str, wanted: TrafficIn) -> Response:
        doors.fitness.drain(name, g.key.name, wanted.reason)
        return answer(channel_json(doors, _found(doors, name)))

    @bp.post("/<name>/resume")
    @guard.needs("admin")
    @bp.input(TrafficIn, arg_name="wanted")
    @bp.output(ChannelOut)
    @bp.doc(
        summary="Let a channel take texts again",
        description="Ends a pause, a rest and a block, and its SIM begins anew. While all channels are paused, resume all of them.",
        security="bearer",
        responses=documented(*_BODY, 404, 409),
    )
    def resume(name: str, wanted: TrafficIn) -> Response:
        doors.fitness.resume(name, g.key.name, wanted.reason)
        return answer(channel_json(doors, _found(doors, name)))


def _found(doors: Doors, name: str) -> ChannelFacts:
    for facts in doors.channels():
        if facts.name == name:
            return facts
    raise NotFound(f"there is no channel {name}; {nearest(name, doors.settings.channel_names)}")
